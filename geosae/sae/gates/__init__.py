"""Gates: one file each, with its paper; the index and the way back from JSON."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from geosae.geometry._door import InvalidInput
from geosae.sae._keys import checked_keys, checked_types
from geosae.sae.gates.gate import Gate, Gating, activate, half_spaces_of
from geosae.sae.gates.relu import ReLU
from geosae.sae.gates.topk import TopK, largest_positive

__all__ = [
    "GATES",
    "Gate",
    "Gating",
    "ReLU",
    "TopK",
    "activate",
    "gate_from_dict",
    "half_spaces_of",
    "largest_positive",
]

GATES: dict[str, type[ReLU] | type[TopK]] = {gate.kind: gate for gate in (ReLU, TopK)}


def gate_from_dict(record: Mapping[str, Any]) -> ReLU | TopK:
    """Build a gate from its kind and knobs.

    Raises
    ------
    InvalidInput
        If the kind is missing or unknown, a knob is unknown (the nearest valid one is named) or of a wrong
        type.

    Examples
    --------
    >>> gate_from_dict({"kind": "topk", "k": 4}).k
    4
    """
    kind = record.get("kind")
    if not isinstance(kind, str) or kind not in GATES:
        raise InvalidInput(f"there is no gate of kind {kind!r}", remedy=f"use one of {', '.join(GATES)}")
    gate = GATES[kind]
    knobs = {key: value for key, value in record.items() if key != "kind"}
    checked_keys(knobs, [field.name for field in fields(gate)], f"the gate '{kind}'")
    if kind == "topk" and "k" not in knobs:
        raise InvalidInput(
            "the gate 'topk' comes without its k", remedy='give k, as in {"kind": "topk", "k": 4}'
        )
    return gate(**checked_types(knobs, gate, f"the gate '{kind}'"))
