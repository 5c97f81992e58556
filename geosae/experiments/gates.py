"""The gates that plans and commands name, each with its words for tables, figures and captions."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

from geosae.errors import InvalidInput
from geosae.sae.gates import GATES as CLASSES
from geosae.sae.gates import Gate as GateClass
from geosae.storage.arguments import checked_arguments
from geosae.validation import as_float, refuse_unknown

Gate: TypeAlias = str
"""The word for a gate: a key of `GATES`."""


@dataclass(frozen=True)
class KnownGate:
    """A gate as plans name it.

    Attributes
    ----------
    printed
        The gate's name in tables and figures.
    inner
        The gate that decides activations, and that has the sparsity.
    fixed
        Settings of it that the word implies.
    outer
        The gate around it, if there is one.
    """

    printed: str
    inner: type[GateClass]
    fixed: Mapping[str, Any] = field(default_factory=dict[str, Any])
    outer: type[GateClass] | None = None

    @property
    def kind(self) -> str:
        """The kind of the gate that decides activations."""
        return self.inner.kind

    @property
    def sparsity_parameter(self) -> str:
        """The parameter that a plan calls the gate's sparsity."""
        return self.inner.sparsity_parameter

    @property
    def symbol(self) -> str:
        """The symbol of the sparsity in tables and figures."""
        return self.inner.symbol

    @property
    def whole(self) -> bool:
        """Whether the sparsity is a number of neurons, an integer from 1 to the width; else a number ≥ 0."""
        return self.inner.whole

    @property
    def fractional(self) -> bool:
        """Whether that number is a mean over points, which need not be an integer."""
        return self.inner.fractional

    @property
    def own_encoder(self) -> bool:
        """Whether there is an encoder that could be frozen while the decoder moves."""
        return self.inner.own_encoder

    @property
    def absolute(self) -> bool:
        """Whether a finished SAE's neurons are decided each by itself, so that they have half-spaces."""
        return self.inner.gating == "absolute"

    def fits(self, sparsity: float | int, width: int) -> bool:
        """Return whether the gate does not keep more neurons than there are."""
        return not self.whole or sparsity <= width


def _known(gate: type[GateClass]) -> dict[str, KnownGate]:
    if gate.usual_inner is not None:
        return {gate.kind: KnownGate(gate.printed, gate.usual_inner, outer=gate)}
    variants = {v.word: KnownGate(v.printed, gate, v.fixed) for v in gate.variants}
    return {gate.kind: KnownGate(gate.printed, gate), **variants}


GATES: Mapping[str, KnownGate] = {
    word: known for gate in CLASSES.values() for word, known in _known(gate).items()
}
"""Every gate by the word that plans and commands name it by, made from the classes."""


def checked_sparsities(gate: Gate, values: Sequence[float | int], where: str) -> tuple[float | int, ...]:
    """Return a gate's sparsities, each in the type and range that the gate takes.

    Raises
    ------
    InvalidInput
        If there is no such gate (the nearest is named), or a value does not fit it or occurs twice.

    Examples
    --------
    >>> checked_sparsities("topk", [2, 4], "the plan"), checked_sparsities("relu", [1], "the plan")
    ((2, 4), (1.0,))
    """
    refuse_unknown([gate], GATES, where, "gate")
    known = GATES[gate]
    checked: list[float | int] = []
    for value in values:
        counted = known.whole and not known.fractional
        if counted and not isinstance(value, int):
            raise InvalidInput(f"{where} holds {value}, and {gate} keeps a whole number of neurons")
        if not math.isfinite(as_float(value)):
            raise InvalidInput(f"{where} holds {value}, which is not finite")
        if value < counted or (known.fractional and value == 0):
            raise InvalidInput(f"{where} holds {value}, which is too small for {gate}")
        checked.append(int(value) if known.whole and value == int(value) else float(value))
    if len(set(checked)) != len(checked):
        raise InvalidInput(f"{where} names the same value twice: {checked}")
    return tuple(checked)


@checked_arguments()
def gate_name(gate: str, sparsity: int | float | None = None) -> str:
    """Return a gate's printed name, with its sparsity if given.

    Examples
    --------
    >>> gate_name("topk", 4), gate_name("relu", 0.1), gate_name("relu")
    ('Top-K, K = 4', 'ReLU, λ = 0.1', 'ReLU')
    """
    refuse_unknown([gate], GATES, "the name", "gate")
    entry = GATES[gate]
    if sparsity is None:
        return entry.printed
    return f"{entry.printed}, {entry.symbol} = {as_float(sparsity) + 0.0:g}"  # no minus before a zero


def gate_record(gate: str, sparsity: int | float | None, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record that `geosae.sae.gates.gate_from_dict` reads; no sparsity: the gate's default.

    What the word and the grid decide cannot be overridden by a setting.

    Examples
    --------
    >>> gate_record("relu-tanh", 0.1, {})
    {'kind': 'relu', 'shape': 'tanh', 'l1': 0.1}
    >>> gate_record("matryoshka", 4, {"shares": [0.5, 1.0], "aux_k": 2})
    {'kind': 'matryoshka', 'shares': [0.5, 1.0], 'inner': {'kind': 'batchtopk', 'aux_k': 2, 'k': 4}}
    """
    entry = GATES[gate]
    decided = {**entry.fixed, **({} if sparsity is None else {entry.sparsity_parameter: sparsity})}
    if entry.outer is None:
        return {**settings, "kind": entry.kind, **decided}
    names = {parameter.name for parameter in fields(entry.outer)} - {"inner"}
    inner = {key: value for key, value in settings.items() if key not in names}
    outer = {key: value for key, value in settings.items() if key in names}
    return {"kind": entry.outer.kind, **outer, "inner": {"kind": entry.kind, **inner, **decided}}
