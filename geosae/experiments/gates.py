"""The gates that plans and commands name: kind, knob of sparsity, printed name and symbol; no torch here."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Gate = Literal[
    "relu",
    "relu-tanh",
    "relu-sqrt",
    "topk",
    "jumprelu",
    "gated",
    "batchtopk",
    "matryoshka",
    "mp",
    "spade",
    "abstopk",
]


@dataclass(frozen=True)
class KnownGate:
    """A gate as plans name it.

    Attributes
    ----------
    kind
        The kind of `geosae.sae.gates` that decides activations.
    knob
        The setting of that kind that a plan calls its sparsity.
    printed, symbol
        The gate's name and the sparsity's symbol in tables and figures.
    whole
        Whether the sparsity is a number of neurons (an integer from 1 to the width); else a weight ≥ 0.
    fixed
        Settings that the name stands for.
    around
        The kind that wraps it, if one does, and the settings that are the wrapper's.
    own_encoder
        Whether it has an encoder that could be frozen while the decoder moves.
    absolute
        Whether a finished SAE's neurons are decided each by itself, so that they have half-spaces.
    """

    kind: str
    knob: str
    printed: str
    symbol: str
    whole: bool = False
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    around: tuple[str, tuple[str, ...]] | None = None
    own_encoder: bool = True
    absolute: bool = True


GATES: Mapping[str, KnownGate] = {
    "relu": KnownGate("relu", "l1", "ReLU", "λ"),
    "relu-tanh": KnownGate("relu", "l1", "ReLU (tanh)", "λ", fixed={"shape": "tanh"}),
    "relu-sqrt": KnownGate("relu", "l1", "ReLU (√)", "λ", fixed={"shape": "sqrt"}),
    "topk": KnownGate("topk", "k", "Top-K", "K", whole=True, absolute=False),
    "jumprelu": KnownGate("jumprelu", "l0", "JumpReLU", "λ"),
    "gated": KnownGate("gated", "l1", "Gated", "λ"),
    "batchtopk": KnownGate("batchtopk", "k", "BatchTopK", "K", whole=True),
    "matryoshka": KnownGate(
        "batchtopk", "k", "Matryoshka", "K", whole=True, around=("matryoshka", ("shares",))
    ),
    "mp": KnownGate("mp", "k", "Matching pursuit", "K", whole=True, own_encoder=False, absolute=False),
    "spade": KnownGate("spade", "scale", "SpaDE", "scale", absolute=False),
    "abstopk": KnownGate("abstopk", "k", "AbsTopK", "K", whole=True, absolute=False),
}


def gate_name(gate: str, sparsity: float | int | None = None) -> str:
    """Return a gate's printed name, with its sparsity if given.

    Examples
    --------
    >>> gate_name("topk", 4), gate_name("relu", 0.1), gate_name("relu")
    ('Top-K, K = 4', 'ReLU, λ = 0.1', 'ReLU')
    """
    known = GATES[gate]
    return known.printed if sparsity is None else f"{known.printed}, {known.symbol} = {sparsity:g}"


def gate_record(gate: str, sparsity: float | int | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record that `geosae.sae.gates.gate_from_dict` reads; no sparsity: the gate's default.

    What the name and the grid decide cannot be overridden by a setting beside it.

    Examples
    --------
    >>> gate_record("relu-tanh", 0.1, {})
    {'kind': 'relu', 'shape': 'tanh', 'l1': 0.1}
    >>> gate_record("matryoshka", 4, {"shares": [0.5, 1.0], "aux_k": 2})
    {'kind': 'matryoshka', 'shares': [0.5, 1.0], 'inner': {'kind': 'batchtopk', 'aux_k': 2, 'k': 4}}
    """
    known = GATES[gate]
    knobs = {} if sparsity is None else {known.knob: sparsity}
    if known.around is None:
        return {**settings, "kind": known.kind, **known.fixed, **knobs}
    wrapper, its_own = known.around
    inner = {key: value for key, value in settings.items() if key not in its_own}
    outer = {key: value for key, value in settings.items() if key in its_own}
    return {"kind": wrapper, **outer, "inner": {"kind": known.kind, **inner, **known.fixed, **knobs}}
