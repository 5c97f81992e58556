"""What a gate is: the rule by which pre-activations z become activations a (theory §0, G1)."""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal, NamedTuple

import torch
from jaxtyping import Bool, Float, Shaped

from geosae.notebook import short_repr

Gating = Literal["absolute", "relative"]


class GateParameter(NamedTuple):
    """A weight that a gate adds to those of encoder and decoder, such as thresholds.

    Parameters
    ----------
    initial
        Its value at the start, in the unit of standardised points.
    per_neuron
        Whether there is one number per neuron, or one in all.
    positive
        Whether training moves its logarithm, so that it stays positive.
    scales
        Whether it is measured in the unit of activations (a threshold), and so grows with the data's scale.
    trained
        Whether training moves it; otherwise `Gate.calibrate` sets it, or it keeps its initial value.
    least_rate
        The peak learning rate at which it is trained where the run's own is lower.
    """

    initial: float
    per_neuron: bool = True
    positive: bool = False
    scales: bool = True
    trained: bool = True
    least_rate: float = 0.0


class Weights(NamedTuple):
    """The numbers of an SAE as a gate sees them: trained views, or a finished model's.

    W_enc and W_dec have a row per neuron; `extra` holds what `Gate.parameters` names, of shape (d,) or (1,).
    """

    W_enc: Float[torch.Tensor, "d n"]
    b_enc: Float[torch.Tensor, " d"]
    W_dec: Float[torch.Tensor, "d n"]
    b_dec: Float[torch.Tensor, " n"]
    extra: Mapping[str, torch.Tensor]

    __repr__ = short_repr


@dataclass(frozen=True)
class AuxK:
    """The auxiliary loss coefficient · Σ‖e − ê‖² / Σ‖e − mean e‖² on dead neurons, with e = u − û held fixed.

    ê = W_decᵀ a_aux, where a_aux holds the k largest positive pre-activations of dead neurons at each point.
    Where the residual does not vary (one point, or a perfect reconstruction) the quotient is 0/0 and counts
    as 0. Gao et al., arXiv 2406.04093 (2024), section A.2.
    """

    k: int
    coefficient: float


class Batch(NamedTuple):
    """What the loss is taken on.

    Parameters
    ----------
    u
        Standardised points.
    inputs
        The points less the pre-bias; a tied pre-bias receives its gradient through them.
    dead
        The neurons that are dead, or None where none is.
    prefixes
        Widths of the prefixes whose reconstructions are scored (Matryoshka); None scores the whole alone.
    aux
        The auxiliary loss on the dead neurons, if there is one.
    """

    u: Float[torch.Tensor, "B n"]
    inputs: Float[torch.Tensor, "B n"]
    dead: Bool[torch.Tensor, " d"] | None = None
    prefixes: tuple[int, ...] | None = None
    aux: AuxK | None = None

    __repr__ = short_repr


class Parts(NamedTuple):
    """The parts of the loss on one batch (0-dimensional, differentiable) and the activations."""

    error: torch.Tensor
    penalty: torch.Tensor
    aux: torch.Tensor
    a: Float[torch.Tensor, "B d"]

    __repr__ = short_repr


class Variant(NamedTuple):
    """A further word for a gate with some of its parameters fixed, and its name in tables and figures."""

    word: str
    printed: str
    fixed: Mapping[str, Any]


@dataclass(frozen=True)
class Gate(ABC):
    """A rule from pre-activations to activations, with the loss by which it is trained.

    A gate is a frozen dataclass of its settings. It states whether each neuron is decided by itself (absolute
    gating: activation regions are half-spaces) or by comparison with the others (relative gating). Every
    gate is positively homogeneous: activations of s·z, with its scaling parameters multiplied by s, are s·a.
    """

    kind: ClassVar[str]
    """The word of the gate in records, plans and commands."""
    gating: ClassVar[Gating]
    printed: ClassVar[str]
    """Its name in tables and figures."""
    sparsity_parameter: ClassVar[str]
    """The name of the parameter that sets how sparse the activations are."""
    symbol: ClassVar[str]
    """The symbol of that parameter in tables and figures."""
    whole: ClassVar[bool] = False
    """Whether it is a number of neurons (an integer from 1 to the width); otherwise it is a number ≥ 0."""
    fractional: ClassVar[bool] = False
    """Whether that number of neurons is a mean over points, which need not be an integer."""
    variants: ClassVar[tuple[Variant, ...]] = ()
    """Further words for the gate with some of its parameters fixed."""
    usual_inner: ClassVar["type[Gate] | None"] = None
    """The inner gate where a plan names this one, for a gate around another gate."""
    decoder: ClassVar[Literal["unit", "free"]] = "unit"
    """Whether the decoder's atoms have norm 1 unless the config says otherwise."""
    free_from: ClassVar[int | None] = None
    """From how many neurons on the atoms are free all the same; None for never."""
    decoder_reason: ClassVar[str | None] = None
    """Why the decoder must be as `decoder` says, for a gate that allows nothing else."""
    own_encoder: ClassVar[bool] = True
    """Whether there is an encoder that could be frozen while the decoder moves."""
    prototypes: ClassVar[bool] = False
    """Whether encoder and decoder start at random points instead of random directions."""

    @property
    @abstractmethod
    def sparsity(self) -> int | None:
        """The largest number of neurons that can be active at one point, where the gate sets one."""

    @property
    @abstractmethod
    def parameters(self) -> Mapping[str, GateParameter]:
        """The weights that this gate adds to those of encoder and decoder, by name."""

    @abstractmethod
    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return the activations at inference of the pre-activations z; a neuron is active where a ≠ 0."""

    @abstractmethod
    def thresholds(self, weights: Weights) -> torch.Tensor | None:
        """Return θ with {z_i > θ_i} the activation region of neuron i; None under relative gating."""

    @abstractmethod
    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return the parts of the training loss on a batch, differentiable in the weights."""

    @abstractmethod
    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return, by name, the weights that inference needs and that are set after training, from points.

        `inputs` is a sample of the points, less the pre-bias.
        """

    def movement(self, weights: Weights) -> Mapping[str, float]:
        """Return, by name, how far training moved the gate's own parameters; nothing where none matters.

        `weights` are those of training, in units of standardised points.
        """
        return {}

    def warning(self, metrics: Mapping[str, float]) -> str | None:
        """Return what to know of a training whose metrics, with those of `movement`, are given; else None."""
        return None

    def to_dict(self) -> dict[str, Any]:
        """Return the kind and the settings, ready for JSON."""
        return {"kind": self.kind} | {f.name: _plain(getattr(self, f.name)) for f in fields(self)}


def pre_activations(weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Float[torch.Tensor, "N d"]:
    """Return z = W_enc·inputs + b_enc, one row per point, in the type of the weights."""
    return torch.addmm(weights.b_enc, inputs, weights.W_enc.T).to(weights.b_enc.dtype)


def above(
    z: Float[torch.Tensor, "N d"], threshold: torch.Tensor, dtype: torch.dtype | None = None
) -> Shaped[torch.Tensor, "N d"]:
    """Return 1 where z is greater than the threshold (one, one per row or one per neuron).

    In the type of z unless another is asked for.

    Numbers, not bools: torch multiplies floats by floats several times faster on a CPU.

    Examples
    --------
    >>> above(torch.tensor([[1.0, 2.0, 3.0]]), torch.tensor([[2.0]])).tolist()
    [[0.0, 0.0, 1.0]]
    """
    return torch.gt(z.detach(), threshold.detach(), out=torch.empty_like(z, dtype=dtype))


def _plain(value: Any) -> Any:
    if isinstance(value, Gate):
        return value.to_dict()
    return list(value) if isinstance(value, tuple) else value
