"""A sweep: gates × sparsities × widths × seeds on one data set, and its summary."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any

from geosae.errors import InvalidInput
from geosae.experiments.interval import Interval, mean_interval
from geosae.experiments.plan import (
    GateEntry,
    SAESetting,
    check_integers,
    refuse_repeated,
    refuse_too_many,
    settings_of,
)
from geosae.experiments.plan_file import gates_of, seeds_of, widths_of
from geosae.experiments.sae_config import config_of
from geosae.sae.config import TrainConfig
from geosae.sae.device import Device, checked_device
from geosae.storage.records import check_fields
from geosae.storage.structure import entry
from geosae.storage.tables import render
from geosae.storage.toml_file import read_text, toml_table
from geosae.validation import refuse_unknown

# What a sweep measures, each with the range of the quantity.
RANGES = {"fvu": (0.0, math.inf), "l0": (0.0, math.inf), "dead_share": (0.0, 1.0), "mcc": (0.0, 1.0)}


@dataclass(frozen=True)
class Sweep:
    """A grid of SAEs on one data set.

    Examples
    --------
    >>> sweep = Sweep((GateEntry("topk", (2, 8)), GateEntry("relu", (0.1,))), widths=(4, 8), seeds=(0, 1))
    >>> len(sweep.settings())  # k = 8 needs 8 neurons
    5
    """

    gates: tuple[GateEntry, ...]
    widths: tuple[int, ...]
    seeds: tuple[int, ...]
    train: Mapping[str, Any] = field(default_factory=dict[str, Any])
    device: Device = "cpu"

    def __post_init__(self) -> None:
        check_fields(self, "the sweep")
        check_integers(self.widths, "widths", "the sweep", least=1)
        check_integers(self.seeds, "seeds", "the sweep", least=0)
        refuse_repeated([gate.name for gate in self.gates], "gates", "the sweep")
        settings = sum(len(gate.widths or self.widths) * len(gate.sparsity) for gate in self.gates)
        refuse_too_many(settings * len(self.seeds), "the sweep")

    def settings(self) -> tuple[SAESetting, ...]:
        """Return the settings in a fixed order; a gate that keeps more neurons than there are is left out."""
        by_gate = (settings_of(gate.name, gate.widths or self.widths, gate.sparsity) for gate in self.gates)
        return tuple(chain.from_iterable(by_gate))

    def configs(self) -> list[TrainConfig]:
        """Return the configuration of each setting.

        Raises
        ------
        InvalidInput
            If a training setting is not valid.
        """
        return [config_of(s.gate, s.sparsity, s.width, "trained", self.train) for s in self.settings()]


def parse_sweep(text: str) -> Sweep:
    """Return the sweep that a TOML text describes: widths, seeds, device, [train], [[gates]], as in a plan.

    Raises
    ------
    InvalidInput
        If the text is not TOML, a key is unknown (the nearest valid one is named), missing, or holds a
        value of another type, or nothing is left to train.

    Examples
    --------
    >>> sweep = parse_sweep('''
    ... widths = [16, 32]
    ... seeds = 3
    ... [train]
    ... steps = 100
    ... [[gates]]
    ... name = "topk"
    ... sparsity = [2, 4]
    ... ''')
    >>> len(sweep.settings()), sweep.seeds
    (4, (0, 1, 2))
    """
    table = toml_table(text, "the sweep")
    refuse_unknown(table, ("gates", "widths", "seeds", "train", "device"), "the sweep")
    sweep = Sweep(
        gates=gates_of(table, "the sweep"),
        widths=widths_of(table, "the sweep"),
        seeds=seeds_of(table, "the sweep"),
        train=entry(table, "train", dict[str, Any], "the sweep", {}),
        device=checked_device(entry(table, "device", str, "the sweep", "cpu"), "the sweep"),
    )
    if not sweep.settings():
        raise InvalidInput("the sweep has no SAE", causes="every k is larger than every width")
    return sweep


def load_sweep(path: Path | str) -> Sweep:
    """Return the sweep of a TOML file.

    Raises
    ------
    InvalidInput
        If there is no such file, or it is no valid sweep.
    """
    return parse_sweep(read_text(Path(path)))


@dataclass(frozen=True)
class SweepRow:
    """Mean and Student-t interval over the seeds of each measure, at one setting."""

    setting: SAESetting
    seeds: int
    fvu: Interval
    l0: Interval
    dead_share: Interval
    mcc: Interval


def summarise_sweep(sweep: Sweep, measured: Sequence[Mapping[str, float | None]]) -> list[SweepRow]:
    """Return a row per setting: mean and Student-t interval over seeds of each measure.

    `measured` has an entry per setting and seed, seeds running fastest.

    Examples
    --------
    >>> sweep = Sweep((GateEntry("topk", (2,)),), widths=(4,), seeds=(0, 1))
    >>> row, = summarise_sweep(sweep, [{"fvu": 0.25}, {"fvu": 0.75}])
    >>> row.setting.width, row.fvu.mean, row.fvu.n, row.mcc.n
    (4, 0.5, 2, 0)
    """
    rows: list[SweepRow] = []
    count = len(sweep.seeds)
    for index, setting in enumerate(sweep.settings()):
        runs = measured[index * count : (index + 1) * count]
        intervals = {name: mean_interval([run.get(name) for run in runs], RANGES[name]) for name in RANGES}
        rows.append(SweepRow(setting, count, **intervals))
    return rows


def sweep_csv(rows: Sequence[SweepRow]) -> str:
    """Return the rows of a summary as CSV: for each measure its mean and the ends of its interval."""
    heads = ["gate", "sparsity", "width", "seeds"]
    titles = [*heads, *(title for name in RANGES for title in (name, f"{name}_low", f"{name}_high"))]
    table_rows: list[list[Any]] = [titles]
    for row in rows:
        intervals: list[Interval] = [getattr(row, name) for name in RANGES]
        limits = [limit for i in intervals for limit in (i.mean, i.low, i.high)]
        values = ["" if not math.isfinite(limit) else limit for limit in limits]
        table_rows.append([row.setting.gate, row.setting.sparsity, row.setting.width, row.seeds, *values])
    return render(table_rows)
