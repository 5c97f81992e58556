"""A small case of integers for the recovery metrics, and what SAELens 6.54.12 says of it (torch 2.13.0).

Run with SAELens installed, this file prints the figures again.
"""

import numpy as np

VERSION = "6.54.12"
FIGURES: dict[str, float] = {
    "true_l0": 1.875,
    "sae_l0": 2.925,
    "dead_latents": 1,
    "shrinkage": 0.7504719511681862,
    "explained_variance": 0.5152512280657733,
    "mcc": 0.6775711569111486,
    "uniqueness": 0.375,
    "precision": 0.39521417021751404,
    "recall": 0.3515625298023224,
    "f1_score": 0.3656682074069977,
    "accuracy": 0.503125011920929,
}


def case() -> dict[str, np.ndarray]:
    """Eight latents, one dead, for five features in four dimensions, one never present; forty points."""
    rng = np.random.default_rng(20261122)
    directions = rng.integers(-3, 4, (5, 4)) + 0.5
    decoder = rng.integers(-3, 4, (8, 4)) + 0.25
    features = np.maximum(rng.integers(-3, 4, (40, 5)), 0).astype(float)
    features[:, 3] = 0
    latents = np.maximum(rng.integers(-4, 4, (40, 8)), 0).astype(float)
    # Two latents follow the features nearest to their atoms, up to a few slips; one is dead.
    latents[:, 0], latents[:, 5] = features[:, 0], np.where(np.arange(40) % 7 == 0, 1, features[:, 2])
    latents[:, 6] = 0
    points = features @ directions + 10
    points[3] = 0
    return {
        "directions": directions,
        "decoder": decoder,
        "features": features,
        "latents": latents,
        "points": points,
        "reconstruction": 0.75 * points + rng.integers(-2, 3, points.shape) / 2,
    }


def by_peer(case: dict[str, np.ndarray]) -> dict[str, float]:
    """Ask SAELens, in two batches."""
    import torch
    from sae_lens.evals import ExplainedVarianceCalculator
    from sae_lens.synthetic import evals

    held = {key: torch.tensor(value) for key, value in case.items()}
    sparse, true = evals.L0Calculator(), evals.L0Calculator()
    dead = evals.DeadLatentsCalculator(len(held["decoder"]))
    shrink, explained = evals.ShrinkageCalculator(), ExplainedVarianceCalculator()
    classes = evals.ClassificationMetricsCalculator(held["decoder"], held["directions"])
    for rows in (slice(0, 24), slice(24, 40)):
        true.add_batch(held["features"][rows])
        sparse.add_batch(held["latents"][rows])
        dead.add_batch(held["latents"][rows])
        shrink.add_batch(held["reconstruction"][rows], held["points"][rows])
        explained.add_batch(held["reconstruction"][rows], held["points"][rows])
        classes.add_batch(held["latents"][rows], held["features"][rows])
    found = classes.compute()
    return {
        "true_l0": true.compute(),
        "sae_l0": sparse.compute(),
        "dead_latents": dead.compute(),
        "shrinkage": shrink.compute(),
        "explained_variance": explained.compute(),
        "mcc": evals.mean_correlation_coefficient(held["decoder"], held["directions"]),
        "uniqueness": evals.feature_uniqueness(held["decoder"], held["directions"]),
        "precision": found.precision,
        "recall": found.recall,
        "f1_score": found.f1_score,
        "accuracy": found.accuracy,
    }


if __name__ == "__main__":
    import sys

    for name, value in by_peer(case()).items():
        sys.stdout.write(f'    "{name}": {value!r},\n')
