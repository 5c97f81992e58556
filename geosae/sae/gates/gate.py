"""What a gate is: the rule by which pre-activations z become activations a (theory §0, G1)."""

from abc import ABC, abstractmethod
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Float

from geosae.geometry.halfspaces import HalfSpaces, NoHalfSpace

Gating = Literal["absolute", "relative"]


class Gate(ABC):
    """A rule that keeps some pre-activations and silences the others: a = z on a support S(z), 0 off it.

    A gate is a frozen dataclass of its knobs. It states whether each neuron is decided by itself (absolute
    gating: activation regions are half-spaces) or by comparison with the others (relative gating).
    """

    kind: ClassVar[str]
    gating: ClassVar[Gating]

    @abstractmethod
    def support(self, z: Float[torch.Tensor, "N d"]) -> Float[torch.Tensor, "N d"]:
        """Return 1 where a neuron is active and 0 elsewhere, in the type of z; active implies z > 0.

        Almost everywhere this is also the derivative ∂a/∂z. (Numbers, not bools: torch multiplies floats
        by floats several times faster on a CPU.)
        """

    @property
    @abstractmethod
    def penalty(self) -> float:
        """The weight λ of the penalty λ Σ_i a_i ‖W_dec,i‖ in the training loss."""

    @property
    @abstractmethod
    def sparsity(self) -> int | None:
        """The largest number of neurons that can be active at one point, where the gate sets one."""

    @abstractmethod
    def to_dict(self) -> dict[str, Any]:
        """Return the kind and the knobs, ready for JSON."""


def activate(gate: Gate, z: Float[torch.Tensor, "N d"]) -> Float[torch.Tensor, "N d"]:
    """Return the activations a of the pre-activations z: z where the gate keeps it, 0 elsewhere.

    Examples
    --------
    >>> from geosae.sae.gates import ReLU
    >>> activate(ReLU(), torch.tensor([[1.5, -2.0]])).tolist()
    [[1.5, -0.0]]
    """
    return z * gate.support(z)


def above(z: Float[torch.Tensor, "N d"], bar: Float[torch.Tensor, "#N 1"]) -> Float[torch.Tensor, "N d"]:
    """Return 1 where z is greater than its row's bar and 0 elsewhere, in the type of z.

    Examples
    --------
    >>> above(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[2.0]])).tolist()
    [[0.0, 0.0, 1.0]]
    """
    return torch.gt(z, bar, out=torch.empty_like(z))


def half_spaces_of(gate: Gate, w: Float[np.ndarray, "d n"], c: Float[np.ndarray, " d"]) -> HalfSpaces:
    """Return the activation regions {⟨w_i, x⟩ + c_i > 0} of an absolute gate (theory G1).

    Raises
    ------
    NoHalfSpace
        If the gate is relative: whether a neuron fires then depends on the other neurons.

    Examples
    --------
    >>> from geosae.sae.gates import ReLU
    >>> len(half_spaces_of(ReLU(), np.eye(2), np.zeros(2)))
    2
    """
    if gate.gating == "relative":
        raise NoHalfSpace(
            f"neurons behind the gate '{gate.kind}' have no half-space: its gating is relative, so whether a "
            "neuron fires depends on the other neurons' pre-activations too. Its activation region lies "
            "inside {⟨w_i, x⟩ + c_i > 0}, may be smaller and need not be convex (theory G1, G2). Ask fires()."
        )
    return HalfSpaces(w, c)
