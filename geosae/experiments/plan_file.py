"""Plans as TOML files, read strictly, and the presets that come with geosae."""

from collections.abc import Mapping
from dataclasses import fields
from importlib import resources
from pathlib import Path
from typing import Any, cast

import tomli_w

from geosae.analysis import AnalysisConfig
from geosae.errors import InvalidInput
from geosae.experiments.baselines import BASELINES, USUAL, Baseline
from geosae.experiments.gates import GATES, Gate
from geosae.experiments.plan import (
    CheckEntry,
    GateEntry,
    Plan,
    StudyEntry,
    WorldEntry,
    refuse_repeated,
    refuse_too_many,
)
from geosae.sae.device import checked_device
from geosae.storage.arguments import checked_arguments
from geosae.storage.structure import entries, entry, from_table, to_json
from geosae.storage.toml_file import read_text, toml_table
from geosae.validation import nearest, refuse_unknown

Table = Mapping[str, Any]


def preset_names() -> tuple[str, ...]:
    """Return the names of the plans that come with geosae.

    Examples
    --------
    >>> "quickstart" in preset_names()
    True
    """
    folder = resources.files("geosae.experiments") / "presets"
    return tuple(sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")))


@checked_arguments()
def load_plan(name: str | Path) -> Plan:
    """Return the plan of a preset's name or of a TOML file.

    Raises
    ------
    InvalidInput
        If there is neither such a preset nor such a file, or the file is no valid plan.

    Examples
    --------
    >>> load_plan("quickstart").title
    'quickstart'
    """
    path = Path(name)
    if str(name) in preset_names():
        source = resources.files("geosae.experiments") / "presets" / f"{name}.toml"
        return parse_plan(source.read_text(encoding="utf-8"), str(name))
    if not path.is_file():
        close = nearest(str(name), preset_names())
        raise InvalidInput(
            f"there is no plan {str(name)!r}: neither a file nor a preset; the nearest preset is {close!r}",
            remedy=f"name a TOML file or one of the presets: {', '.join(preset_names())}",
        )
    return parse_plan(read_text(path), path.stem)


@checked_arguments()
def parse_plan(text: str, title: str = "") -> Plan:
    """Return the plan that a TOML text describes.

    Raises
    ------
    InvalidInput
        If the text is not TOML, a key is unknown (the nearest valid one is named), missing, or holds a
        value of another type.

    Examples
    --------
    >>> plan = parse_plan('''
    ... widths = [4]
    ... seeds = 3
    ... [[worlds]]
    ... name = "nested-balls"
    ... points = 500
    ... [[gates]]
    ... name = "topk"
    ... sparsity = [1, 2]
    ... ''')
    >>> plan.seeds, dict(plan.worlds[0].params)
    ((0, 1, 2), {'points': 500})
    """
    where = "the plan"
    table = toml_table(text, where)
    valid = (
        "title",
        "worlds",
        "gates",
        "widths",
        "seeds",
        "baselines",
        "tolerance",
        "train_share",
        "train",
        "analysis",
        "checks",
        "studies",
        "device",
    )
    refuse_unknown(table, valid, where)
    worlds = tuple(_world(t) for t in tables(table, "worlds", where))
    plan = Plan(
        title=entry(table, "title", str, where, title),
        worlds=worlds,
        gates=gates_of(table, where),
        widths=widths_of(table, where),
        seeds=seeds_of(table, where),
        baselines=_baselines(table),
        tolerance=entry(table, "tolerance", float, where, 0.05),
        train_share=entry(table, "train_share", float, where, 0.5),
        train=entry(table, "train", dict[str, Any], where, {}),
        analysis=_analysis(entry(table, "analysis", dict[str, Any], where, {})),
        checks=_checks(entry(table, "checks", dict[str, Any], where, {})),
        studies=tuple(_study(t) for t in tables(table, "studies", where)) if "studies" in table else (),
        device=checked_device(entry(table, "device", str, where, "cpu"), where),
    )
    try:
        cells = plan.cells()
    except InvalidInput:
        raise
    except (TypeError, ValueError) as error:
        raise InvalidInput(f"the plan holds a value that JSON cannot express: {error}") from error
    if not cells:
        raise InvalidInput("the plan has no cell", causes="every k is larger than every width")
    return plan


def _baselines(table: Table) -> tuple[Baseline, ...]:
    if table.get("baselines") == []:
        return ()
    names = entries({"baselines": list(USUAL), **table}, "baselines", str, "the plan")
    refuse_unknown(names, BASELINES, "the plan", "baseline")
    return cast("tuple[Baseline, ...]", names)


def _world(table: Table) -> WorldEntry:
    """All keys that are not the plan's own go to the maker of the world, which knows which it takes."""
    name = entry(table, "name", str, "a world")
    where = f"the world {name!r}"
    keys = {"name", "label", "data_seed", "widths", "sparsity", "train", "gates", "baselines"}
    sparsity: Table = entry(table, "sparsity", dict[str, Any], where, {})
    gates: list[Gate] = [gate_called(str(gate), f"{where}, sparsity") for gate in sparsity]
    return WorldEntry(
        label=entry(table, "label", str, where, name),
        source=name,
        params={key: value for key, value in table.items() if key not in keys},
        data_seed=entry(table, "data_seed", int, where) if "data_seed" in table else None,
        widths=widths_of(table, where) if "widths" in table else (),
        sparsity={gate: sparsities(sparsity, gate, gate, f"{where}, sparsity") for gate in gates},
        train=entry(table, "train", dict[str, Any], where, {}),
        gates=tuple(gate_called(g, where) for g in entries(table, "gates", str, where))
        if "gates" in table
        else (),
        baselines=entry(table, "baselines", bool, where, True),
    )


def _study(table: Table) -> StudyEntry:
    """All keys but the name and the seeds are the study's settings, which it checks itself."""
    name = entry(table, "name", str, "a study")
    settings = {key: value for key, value in table.items() if key not in ("name", "seeds")}
    return StudyEntry(name, settings, seeds_of(table, f"the study {name!r}") if "seeds" in table else ())


def _analysis(table: Table) -> Table:
    """Return the settings of the analysis; tolerance and seed are the plan's, the chunk is nobody's."""
    ours = {field.name for field in fields(AnalysisConfig)} - {"tolerance", "seed", "chunk"}
    refuse_unknown(table, ours, "[analysis]")
    from_table(AnalysisConfig, table, "[analysis]")
    return table


def _checks(table: Table) -> CheckEntry:
    single = isinstance(table.get("claims"), str)
    return from_table(CheckEntry, {**table, "claims": [table["claims"]]} if single else table, "[checks]")


def tables(table: Table, key: str, where: str) -> list[Table]:
    """Return a list of tables, which must be there and hold at least one.

    Raises
    ------
    InvalidInput
        If it is not.
    """
    rows = entry(table, key, list[Any], where)
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise InvalidInput(f"{where}: {key} must be a list of tables", remedy=f"write [[{key}]] above each")
    return rows


def widths_of(table: Table, where: str) -> tuple[int, ...]:
    """Return the widths: a list of integers.

    Raises
    ------
    InvalidInput
        If they are no list of integers.
    """
    return entries(table, "widths", int, where)


def seeds_of(table: Table, where: str) -> tuple[int, ...]:
    """Return the seeds: a list, or a number of them counted from 0; three if nothing is said.

    Raises
    ------
    InvalidInput
        If there is none, or one occurs twice.
    """
    value = table.get("seeds", 3)
    if isinstance(value, int) and not isinstance(value, bool):
        if value < 1:
            raise InvalidInput(f"{where}: seeds must be positive, not {value}")
        refuse_too_many(value, f"{where}: seeds")
        return tuple(range(value))
    return entries(table, "seeds", int, where)


def sparsities(table: Table, key: str, gate: Gate, where: str) -> tuple[float | int, ...]:
    """Return a gate's sparsities, of the type that the gate takes; the entry made of them checks their range.

    Raises
    ------
    InvalidInput
        If there is none, or one is of another type.
    """
    known = GATES[gate]
    return entries(table, key, (int | float if known.fractional else int) if known.whole else float, where)


def gate_called(name: str, where: str) -> Gate:
    """Return the name of a gate.

    Raises
    ------
    InvalidInput
        If there is no such gate; the nearest valid one is named.
    """
    refuse_unknown([name], GATES, where, "gate")
    return name


def gates_of(table: Table, where: str) -> tuple[GateEntry, ...]:
    """Return the gates with their sparsities and those of their baselines, each gate once.

    Raises
    ------
    InvalidInput
        If there is none, or an entry is not valid.
    """
    rows = tables(table, "gates", where)
    refuse_repeated([str(row.get("name")) for row in rows], "gates", where)
    return tuple(_gate(row, where) for row in rows)


def _gate(table: Table, owner: str) -> GateEntry:
    name = gate_called(entry(table, "name", str, "a gate"), owner)
    where = f"the gate {name!r}"
    refuse_unknown(table, ("name", "sparsity", "baseline_sparsity", "widths"), where)
    sparsity = sparsities(table, "sparsity", name, where)
    compared = None
    if "baseline_sparsity" in table:
        compared = sparsities(table, "baseline_sparsity", name, where)
    return GateEntry(name, sparsity, compared, widths_of(table, where) if "widths" in table else ())


@checked_arguments()
def plan_toml(plan: Plan) -> str:
    """Return the TOML text of a plan; `parse_plan` gives the same plan back.

    Examples
    --------
    >>> from geosae.experiments.plan_file import load_plan, parse_plan
    >>> parse_plan(plan_toml(load_plan("quickstart"))) == load_plan("quickstart")
    True
    """
    table = plan.to_dict()
    table["worlds"] = [_world_table(world) for world in plan.worlds]
    table["gates"] = [_given(to_json(gate)) for gate in plan.gates]
    table["studies"] = [{"name": s.name, **s.settings, **_given({"seeds": s.seeds})} for s in plan.studies]
    return tomli_w.dumps(table if plan.studies else {k: v for k, v in table.items() if k != "studies"})


def _world_table(world: WorldEntry) -> dict[str, Any]:
    """Return a world with its parameters beside the plan's own keys, as a plan has it."""
    settings = {"data_seed": world.data_seed, "widths": world.widths, "sparsity": world.sparsity}
    settings |= {"train": world.train, "gates": world.gates}
    settings |= {} if world.baselines else {"baselines": False}
    return {"name": world.source, "label": world.label, **world.params, **_given(settings)}


def _given(table: Mapping[str, Any]) -> dict[str, Any]:
    """Leave out what says nothing: None, and what is empty."""
    return {key: value for key, value in table.items() if value not in (None, (), [], {})}
