"""JumpReLU: a learned threshold per neuron, trained through straight-through estimators.

Rajamanoharan et al., "Jumping ahead: improving reconstruction fidelity with JumpReLU sparse autoencoders",
arXiv 2407.14435 (2024).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from jaxtyping import Float

from geosae.sae.gates.gate import Batch, Gate, GateParameter, Gating, Parts, Weights, above, pre_activations
from geosae.sae.gates.terms import checked_number, error
from geosae.storage.records import check_fields

# Adam moves log θ by at most about its rate at a step. At 3e-4, customary for the weights, a thousand steps
# leave θ near its start, whatever λ is; at this rate L0 falls with λ as it does at our own rate of 3e-2.
LEAST_RATE = 1e-2
# Below this share of the bandwidth λ has not acted yet: where half of the θ had moved less (runs of 20 to 100
# steps), L0 differed by less than 14 % between λ = 0.001 and 0.1; where half had moved 0.17 it fell with λ.
HARDLY = 0.1


@dataclass(frozen=True)
class JumpReLU(Gate):
    """Active where z_i > θ_i, with the value z_i there: an open half-space per neuron.

    The loss ‖x − x̂‖² + λ ‖a‖₀ has no slope in θ where there are finitely many points. The paper estimates
    the slope of its expectation from the points within half a bandwidth ε of the threshold (a rectangle
    kernel): ∂a_i/∂θ_i = −θ_i/ε and ∂‖a‖₀/∂θ_i = −1/ε there, 0 elsewhere. Training moves log θ, as there,
    at a peak rate of at least 0.01 whatever the learning rate: at a low one θ would stay where it starts, and
    λ would be without effect.

    Parameters
    ----------
    l0
        λ: the price of one active neuron at one point, in units of the data's variance.
    bandwidth
        ε, in units of the data's spread.
    threshold
        θ at the start, in the same unit.

    Examples
    --------
    >>> gate, z = JumpReLU(), torch.tensor([[0.4, 0.6]])
    >>> one, zero = torch.ones(2, 1), torch.zeros(2)
    >>> gate.encode(z, Weights(one, zero, one, zero[:1], {"threshold": torch.tensor([0.5, 0.5])})).tolist()
    [[0.0, 0.6...]]
    """

    kind: ClassVar[str] = "jumprelu"
    gating: ClassVar[Gating] = "absolute"
    printed: ClassVar[str] = "JumpReLU"
    sparsity_parameter: ClassVar[str] = "l0"
    symbol: ClassVar[str] = "λ"

    l0: float | int = 0.01
    bandwidth: float | int = 0.3
    threshold: float | int = 0.01

    def __post_init__(self) -> None:
        check_fields(self, f"the gate '{self.kind}'")
        checked_number(self.l0, "the penalty's weight l0")
        checked_number(self.bandwidth, "bandwidth", positive=True)
        checked_number(self.threshold, "threshold", positive=True)

    @property
    def sparsity(self) -> None:
        """None: any number of neurons can be active at once."""
        return

    @property
    def parameters(self) -> Mapping[str, GateParameter]:
        """The thresholds θ."""
        return {"threshold": GateParameter(float(self.threshold), positive=True, least_rate=LEAST_RATE)}

    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return z where it is greater than its threshold, 0 elsewhere."""
        return z * above(z, self.thresholds(weights))

    def thresholds(self, weights: Weights) -> torch.Tensor:
        """Return θ; one below 0 counts as 0, since the jump follows a ReLU."""
        return weights.extra["threshold"].clamp_min(0)

    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return error and λ ‖a‖₀, with straight-through slopes in the thresholds."""
        z, threshold = pre_activations(weights, batch.inputs), weights.extra["threshold"]
        a: torch.Tensor = _Jump.apply(z, threshold, float(self.bandwidth))  # pyright: ignore[reportAssignmentType]
        active: torch.Tensor = _Step.apply(z, threshold, float(self.bandwidth))  # pyright: ignore[reportAssignmentType]
        misfit = error(weights, a, batch)
        return Parts(misfit, self.l0 * active.sum() / len(z), torch.zeros_like(misfit), a)

    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return nothing: all weights are trained."""
        return {}

    def movement(self, weights: Weights) -> Mapping[str, float]:
        """Return the median over neurons of |θ − θ at the start|, in units of the bandwidth."""
        moved = (weights.extra["threshold"].detach().double() - self.threshold).abs().median()
        return {"threshold_moved": float(moved) / self.bandwidth}

    def warning(self, metrics: Mapping[str, float]) -> str | None:
        """Return that the price λ has had no effect, where half of the thresholds hardly moved.

        Examples
        --------
        >>> JumpReLU().warning({"threshold_moved": 0.5}), JumpReLU(l0=0).warning({"threshold_moved": 0.0})
        (None, None)
        """
        moved = metrics.get("threshold_moved")
        if moved is None or self.l0 == 0 or moved >= HARDLY:
            return None
        return (
            f"half of the thresholds θ moved by {moved:.2g} of the bandwidth or less from where they start, "
            f"so that L0 is that of the start, not of the price λ = {self.l0:g}: train for more steps, at a "
            "higher learning rate, or start from another threshold"
        )


class _Jump(torch.autograd.Function):
    """z·H(z − θ); its slope in θ is −θ/ε within half a bandwidth of the threshold (equation 11)."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, threshold: torch.Tensor, bandwidth: float) -> torch.Tensor:
        support = above(z, threshold)
        ctx.save_for_backward(support, _near(z, threshold, bandwidth), threshold)
        return z * support

    @staticmethod
    def backward(ctx: Any, slope: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        support, near, threshold = ctx.saved_tensors
        return slope * support, -threshold * (slope * near).sum(dim=0), None


class _Step(torch.autograd.Function):
    """H(z − θ); its slope in θ is −1/ε within half a bandwidth of the threshold, in z none (equation 12)."""

    @staticmethod
    def forward(ctx: Any, z: torch.Tensor, threshold: torch.Tensor, bandwidth: float) -> torch.Tensor:
        ctx.save_for_backward(_near(z, threshold, bandwidth))
        return above(z, threshold)

    @staticmethod
    def backward(ctx: Any, slope: torch.Tensor) -> tuple[None, torch.Tensor, None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        (near,) = ctx.saved_tensors
        return None, -(slope * near).sum(dim=0), None


def _near(z: torch.Tensor, threshold: torch.Tensor, bandwidth: float) -> torch.Tensor:
    return ((z - threshold).abs() < bandwidth / 2).to(z.dtype) / bandwidth
