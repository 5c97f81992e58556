"""What jobs share: a world's two halves, and an SAE trained on points with geosae's defaults."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np
from jaxtyping import Float

from geosae.data.dataset import ConceptDataset
from geosae.experiments.jobs import MakeWorld
from geosae.sae.device import Device

if TYPE_CHECKING:
    from geosae.sae import Neurons

G = TypeVar("G", bound=str)


def two_halves(
    make_world: MakeWorld, name: str, params: Mapping[str, Any], seed: int
) -> tuple[ConceptDataset, ConceptDataset]:
    """Return a fresh draw of a world: the half to train on, and the half that the SAE never sees (E2)."""
    return two_parts(make_world, name, params, seed, 0.5)


def two_parts(
    make_world: MakeWorld, name: str, params: Mapping[str, Any], seed: int, train_share: float
) -> tuple[ConceptDataset, ConceptDataset]:
    """Return a fresh draw of a world: the share to train on, and what the SAE never sees (E2)."""
    data = make_world(name, params, np.random.default_rng(seed))
    return data.train_test_split(seed, train_share)


def trained(
    points: Float[np.ndarray, "N n"],
    gate: str,
    sparsity: float | int,
    width: int,
    seed: int,
    steps: int,
    *,
    device: Device,
    baseline: str = "trained",
) -> "Neurons":
    """Return the neurons of an SAE trained with geosae's defaults; one log line only, at the end."""
    from geosae.experiments.sae_config import config_of
    from geosae.sae import neurons_of
    from geosae.sae.training.train import train

    settings = {"steps": steps, "log_every": steps}
    config = config_of(gate, sparsity, width, baseline, settings)
    return neurons_of(train(points, config, seed, device=device).sae)


def l0_of(neurons: "Neurons", points: Float[np.ndarray, "N n"]) -> float:
    """Return the mean number of active neurons per point."""
    return float(neurons.fires(points).sum(axis=1).mean())


def gates_in(table: Mapping[G, Sequence[float | int]]) -> list[tuple[G, float | int]]:
    """Return the (gate, sparsity) pairs of a table of gate → sparsities, gate by gate.

    Examples
    --------
    >>> gates_in({"topk": [1, 2], "relu": [0.1]})
    [('topk', 1), ('topk', 2), ('relu', 0.1)]
    """
    return [(gate, sparsity) for gate, sparsities in table.items() for sparsity in sparsities]
