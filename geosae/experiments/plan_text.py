"""The canonical TOML text of a plan: what is stored in the folder of a run."""

import json
from collections.abc import Mapping
from typing import Any, cast

from geosae.experiments.plan import Plan


def plan_toml(plan: Plan) -> str:
    """Return the TOML text of a plan; `parse_plan` gives the same plan back.

    Examples
    --------
    >>> from geosae.experiments.plan_file import load_plan, parse_plan
    >>> parse_plan(plan_toml(load_plan("quickstart"))) == load_plan("quickstart")
    True
    """
    entries = plan.to_dict()
    lines = [
        f"{key} = {_value(entries[key])}" for key in ("title", "widths", "seeds", "baselines", "tolerance")
    ]
    lines += [f"{key} = {_value(entries[key])}" for key in ("train", "analysis", "checks")]
    for world in plan.worlds:
        own = {"name": world.source, "label": world.label, **world.params}
        own |= {} if world.data_seed is None else {"data_seed": world.data_seed}
        own |= {k: v for k in ("widths", "sparsity", "train", "gates") if (v := getattr(world, k))}
        lines += ["", "[[worlds]]", *(f"{_key(k)} = {_value(v)}" for k, v in own.items())]
    for gate in plan.gates:
        compared = {} if gate.baseline_sparsity is None else {"baseline_sparsity": gate.baseline_sparsity}
        own = {"name": gate.name, "sparsity": gate.sparsity, **compared}
        own |= {"widths": gate.widths} if gate.widths else {}
        lines += ["", "[[gates]]", *(f"{k} = {_value(v)}" for k, v in own.items())]
    for study in plan.studies:
        own = {"name": study.name, **study.settings, **({"seeds": study.seeds} if study.seeds else {})}
        lines += ["", "[[studies]]", *(f"{_key(k)} = {_value(v)}" for k, v in own.items())]
    return "\n".join(lines) + "\n"


def _key(key: str) -> str:
    return key if key.replace("_", "").replace("-", "").isalnum() and key.isascii() else _value(key)


def _value(value: Any) -> str:
    """JSON's strings, numbers and truth values are TOML's, save for the character DEL."""
    if isinstance(value, Mapping):
        return (
            "{"
            + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in cast("Mapping[str, Any]", value).items())
            + "}"
        )
    if isinstance(value, list | tuple):
        return "[" + ", ".join(_value(v) for v in cast("list[Any]", value)) + "]"
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
