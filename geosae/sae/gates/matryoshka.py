"""Matryoshka: prefixes of the neurons reconstruct by themselves, at several widths at once, with any gate.

Bussmann et al., "Learning multi-level features with Matryoshka sparse autoencoders", arXiv 2503.17547 (2025).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float

from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.sae.gates.batchtopk import BatchTopK
from geosae.sae.gates.gate import Batch, Gate, GateParameter, Gating, Parts, Weights
from geosae.storage.records import check_fields


@dataclass(frozen=True)
class Matryoshka(Gate):
    """Another gate, trained on the sum of the errors of nested prefixes of the neurons.

    Activations are those of the inner gate; each prefix of the neurons, with the same bias, reconstructs
    the points, and all the squared errors are added up.

    Parameters
    ----------
    inner
        The gate that decides activations.
    shares
        The prefixes as shares of the width, rising, the last one 1; each holds at least one neuron.

    Examples
    --------
    >>> from geosae.sae.gates.topk import TopK
    >>> Matryoshka(TopK(k=4)).prefixes(64)
    (4, 8, 16, 32, 64)
    """

    kind: ClassVar[str] = "matryoshka"
    printed: ClassVar[str] = "Matryoshka"
    sparsity_parameter: ClassVar[str] = "inner"
    usual_inner: ClassVar[type[Gate] | None] = BatchTopK

    inner: Gate
    shares: tuple[float, ...] = (1 / 16, 1 / 8, 1 / 4, 1 / 2, 1.0)

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, f"the gate '{self.kind}'")
        if isinstance(self.inner, Matryoshka):
            raise InvalidInput("a Matryoshka gate within a Matryoshka gate", remedy="give all shares at once")
        if self.inner.kind == "spade":
            raise InvalidInput(
                "the activations of 'spade' sum to the same number at every point, so a prefix of them says "
                "nothing by itself",
                remedy="use another inner gate",
            )
        rising = all(a < b for a, b in zip((0.0, *self.shares), self.shares, strict=False))
        if not rising or not self.shares or self.shares[-1] != 1.0:
            raise InvalidInput(f"shares are {list(self.shares)}; they must rise from above 0 to 1")

    @property
    def gating(self) -> Gating:  # pyright: ignore[reportIncompatibleVariableOverride]
        """The gating of the inner gate."""
        return self.inner.gating

    @property
    def sparsity(self) -> int | None:
        """The sparsity of the inner gate."""
        return self.inner.sparsity

    @property
    def parameters(self) -> Mapping[str, GateParameter]:
        """The parameters of the inner gate."""
        return self.inner.parameters

    def prefixes(self, width: int) -> tuple[int, ...]:
        """Return the widths of the prefixes."""
        return tuple(sorted({max(1, round(share * width)) for share in self.shares}))

    def encode(self, z: Float[torch.Tensor, "N d"], weights: Weights) -> Float[torch.Tensor, "N d"]:
        """Return the activations of the inner gate."""
        return self.inner.encode(z, weights)

    def movement(self, weights: Weights) -> Mapping[str, float]:
        """Return what the inner gate says."""
        return self.inner.movement(weights)

    def warning(self, metrics: Mapping[str, float]) -> str | None:
        """Return what the inner gate says."""
        return self.inner.warning(metrics)

    def thresholds(self, weights: Weights) -> torch.Tensor | None:
        """Return the thresholds of the inner gate."""
        return self.inner.thresholds(weights)

    def objective(self, weights: Weights, batch: Batch) -> Parts:
        """Return the inner gate's parts, its error summed over the prefixes."""
        return self.inner.objective(weights, batch._replace(prefixes=self.prefixes(len(weights.b_enc))))

    def calibrate(self, weights: Weights, inputs: Float[torch.Tensor, "N n"]) -> Mapping[str, torch.Tensor]:
        """Return what the inner gate calibrates."""
        return self.inner.calibrate(weights, inputs)
