"""A sweep: gates × sparsities × widths × seeds on one data set, and its summary."""

import csv
import io
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

from geosae.errors import InvalidInput
from geosae.experiments.plan import GateEntry, Setting, settings_of
from geosae.experiments.plan_file import gates_of, seeds_of, widths_of
from geosae.experiments.sae_config import config_of
from geosae.experiments.summary import LEVEL, estimate_range
from geosae.sae.config import TrainConfig
from geosae.storage.records import typed
from geosae.validation import refuse_unknown

MEASURES = ("fvu", "l0", "dead_share", "mcc")


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

    def settings(self) -> tuple[Setting, ...]:
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
    """Return the sweep that a TOML text describes: widths, seeds, [train] and [[gates]], as in a plan.

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
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(f"the sweep is not TOML: {error}") from error
    refuse_unknown(table, ("gates", "widths", "seeds", "train"), "the sweep")
    sweep = Sweep(
        gates=gates_of(table, "the sweep"),
        widths=widths_of(table, "the sweep"),
        seeds=seeds_of(table, "the sweep"),
        train=typed(table, "train", dict, "the sweep", {}),
    )
    if not sweep.settings():
        raise InvalidInput("the sweep has no SAE", causes="every k is larger than every width")
    return sweep


def summarise_sweep(sweep: Sweep, measured: Sequence[Mapping[str, float | None]]) -> list[dict[str, Any]]:
    """Return a row per setting: mean and Student-t interval over seeds of each measure.

    `measured` has an entry per setting and seed, seeds running fastest.

    Examples
    --------
    >>> sweep = Sweep((GateEntry("topk", (2,)),), widths=(4,), seeds=(0, 1))
    >>> row, = summarise_sweep(sweep, [{"fvu": 0.25}, {"fvu": 0.75}])
    >>> row["width"], row["fvu"]["mean"], row["fvu"]["count"], row["mcc"]
    (4, 0.5, 2, None)
    """
    rows: list[dict[str, Any]] = []
    count = len(sweep.seeds)
    for index, setting in enumerate(sweep.settings()):
        runs = measured[index * count : (index + 1) * count]
        estimates = {name: estimate_range(name, [run.get(name) for run in runs]) for name in MEASURES}
        head = {"gate": setting.gate, "sparsity": setting.sparsity, "width": setting.width}
        rows.append({**head, "seeds": count, "level": LEVEL, **estimates})
    return rows


def sweep_csv(rows: Sequence[Mapping[str, Any]]) -> str:
    """Return the rows of a summary as CSV: for each measure its mean and the ends of its interval."""
    heads = ["gate", "sparsity", "width", "seeds"]
    ends = ("mean", "low", "high")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [*heads, *(name if end == "mean" else f"{name}_{end}" for name in MEASURES for end in ends)]
    )
    for row in rows:
        values = [(row[name] or {}).get(end) for name in MEASURES for end in ends]
        writer.writerow([*(row[head] for head in heads), *("" if v is None else v for v in values)])
    return text.getvalue()
