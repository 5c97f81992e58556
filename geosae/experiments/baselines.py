"""The baselines of a plan, and with which trained SAE each of them is compared."""

from typing import Literal

from geosae.experiments.gates import GATES, Gate
from geosae.sae.baseline_kinds import BASELINES
from geosae.sae.baseline_kinds import Baseline as ComparedWith

__all__ = ["BASELINES", "USUAL", "Baseline", "place_of"]

Baseline = Literal["trained", ComparedWith]
"""What a cell of a plan holds: a trained SAE or a baseline."""

USUAL: tuple[Baseline, ...] = ("untrained", "frozen_decoder")
"""What a plan has that names none."""


def place_of(
    baseline: str, gate: Gate, sparsity: float | int, width: int
) -> tuple[Gate, float | int, int] | None:
    """Return gate, sparsity and width of the baseline of a trained SAE; None if it has no such baseline.

    Trained baselines have the gate, sparsity and width of the SAE itself; matching pursuit has no encoder to
    freeze. Constructed ones have their own: PCA keeps as many components as the gate keeps neurons, or all
    where it sets no number; k-means has one active neuron; the planted and the supervised SAE are ReLU SAEs
    without penalty. The width of a constructed baseline says with which SAEs it is compared: it may have
    fewer neurons.

    Examples
    --------
    >>> place_of("pca", "batchtopk", 4, 64), place_of("kmeans", "relu", 0.1, 64)
    (('abstopk', 4, 64), ('topk', 1, 64))
    >>> place_of("frozen_encoder", "mp", 4, 64)
    """
    if baseline == "pca":
        return "abstopk", max(1, int(sparsity)) if GATES[gate].whole else width, width
    if baseline == "kmeans":
        return "topk", 1, width
    if baseline in ("planted", "supervised"):
        return "relu", 0.0, width
    if baseline == "frozen_encoder" and not GATES[gate].own_encoder:
        return None
    return gate, sparsity, width
