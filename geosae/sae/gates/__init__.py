"""Gates: the rules by which an SAE decides which neurons are active. One file each, with its paper."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any

from geosae.errors import InvalidInput
from geosae.sae.gates.abstopk import AbsTopK
from geosae.sae.gates.batchtopk import BatchTopK
from geosae.sae.gates.gate import AuxK, Batch, Gate, GateParameter, Gating, Parts, Weights, pre_activations
from geosae.sae.gates.gated import Gated
from geosae.sae.gates.jumprelu import JumpReLU
from geosae.sae.gates.largest import largest_positive
from geosae.sae.gates.matryoshka import Matryoshka
from geosae.sae.gates.pursuit import MatchingPursuit
from geosae.sae.gates.relu import ReLU
from geosae.sae.gates.spade import SpaDE
from geosae.sae.gates.topk import TopK
from geosae.storage.arguments import checked_arguments
from geosae.storage.records import checked_types
from geosae.validation import refuse_unknown

__all__ = [
    "GATES",
    "AbsTopK",
    "AuxK",
    "Batch",
    "BatchTopK",
    "Gate",
    "GateParameter",
    "Gated",
    "Gating",
    "JumpReLU",
    "MatchingPursuit",
    "Matryoshka",
    "Parts",
    "ReLU",
    "SpaDE",
    "TopK",
    "Weights",
    "gate_from_dict",
    "largest_positive",
    "pre_activations",
]

GATES: dict[str, type[Gate]] = {
    gate.kind: gate
    for gate in (ReLU, TopK, JumpReLU, Gated, BatchTopK, Matryoshka, MatchingPursuit, SpaDE, AbsTopK)
}
"""The registry: every gate by its kind."""


@checked_arguments()
def gate_from_dict(record: Mapping[str, Any]) -> Gate:
    """Build a gate from its kind and settings.

    Raises
    ------
    InvalidInput
        If the kind is missing or unknown, a setting is missing, unknown (the nearest valid one is named) or
        of a wrong type.

    Examples
    --------
    >>> gate_from_dict({"kind": "topk", "k": 4}).k
    4
    >>> gate_from_dict({"kind": "matryoshka", "inner": {"kind": "batchtopk", "k": 4}}).inner
    BatchTopK(k=4, aux_k=None, aux_coefficient=0.03125)
    """
    kind = record.get("kind") if isinstance(record, Mapping) else None
    if not isinstance(kind, str) or kind not in GATES:
        raise InvalidInput(
            f"the record has the kind {kind!r}, which is none of a gate",
            remedy=f"use one of {', '.join(GATES)}",
        )
    gate, of = GATES[kind], f"the gate '{kind}'"
    settings = {key: value for key, value in record.items() if key != "kind"}
    refuse_unknown(settings, [field.name for field in fields(gate)], of)
    for field in fields(gate):
        if field.default is MISSING and field.name not in settings:
            example = '"inner": {"kind": "topk", "k": 4}' if field.name == "inner" else f'"{field.name}": 4'
            raise InvalidInput(
                f"{of} comes without its {field.name}",
                remedy=f'give it, as in {{"kind": "{kind}", {example}}}',
            )
    if isinstance(settings.get("inner"), Mapping):
        settings["inner"] = gate_from_dict(settings["inner"])
    return gate(**checked_types(settings, gate, of))
