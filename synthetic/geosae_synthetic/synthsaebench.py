"""The published SynthSAEBench-16k setting, rebuilt from its description.

D. Chanin et al., SynthSAEBench: evaluating sparse autoencoders on scalable realistic synthetic data (2026),
arXiv 2602.14687. Its released model has weights of its own: what agrees is the law, not the draw.
"""

import numpy as np

from geosae.errors import InvalidInput
from geosae_synthetic.coherence import tight, unit_rows
from geosae_synthetic.copula import low_rank
from geosae_synthetic.features import Features
from geosae_synthetic.forest import compensated, grown
from geosae_synthetic.magnitudes import Magnitudes

RANK, SCALE = 25, 0.1
MOST, LEAST, EXPONENT = 0.4, 5e-4, 0.5
ROOTS, BRANCHING, DEPTH = 128, 4, 3


def zipf_between(features: int, exponent: float, least: float, most: float) -> np.ndarray:
    """Return rates i^−exponent, moved and scaled so that the first is `most` and the last `least`.

    Raises
    ------
    InvalidInput
        Unless 0 < least ≤ most ≤ 1.

    Examples
    --------
    >>> zipf_between(3, 1.0, 0.1, 0.4).round(3).tolist()
    [0.4, 0.175, 0.1]
    """
    if not 0 < least <= most <= 1:
        raise InvalidInput(f"rates from {least:g} to {most:g}: 0 < least ≤ most ≤ 1 is needed")
    weights = np.arange(1, features + 1, dtype=np.float64) ** -exponent
    if features == 1:
        return np.array([most])
    return least + (most - least) * (weights - weights[-1]) / (weights[0] - weights[-1])


def synthsaebench(
    rng: np.random.Generator,
    *,
    features: int = 16_384,
    dim: int = 768,
    roots: int = ROOTS,
    compensate: bool = True,
    steps: int = 5,
) -> Features:
    """Build the published setting: 16 384 features in 768 dimensions, about 34 of which fire at a time.

    Rates i^(−1/2) between 0.4 and 0.0005; a copula of rank 25 and scale 0.1; 128 trees, four children each,
    three levels, all siblings exclusive; magnitudes normal, means from 5 to 4, spreads |N(0.5, 0.5)|; unit
    directions moved towards a tight frame in `steps` steps; no bias. The children's rates are compensated:
    only so are the published 34 reached (without, 13 fire).

    Examples
    --------
    >>> world = synthsaebench(np.random.default_rng(0), features=1024, dim=48, roots=8)
    >>> world.directions.shape, world.forest.depth, world.copula.rank
    ((1024, 48), 3, 25)
    """
    forest = grown(features, roots, BRANCHING, DEPTH, 1.0, rng)
    copula = low_rank(features, RANK, SCALE, rng)
    rates = zipf_between(features, EXPONENT, LEAST, MOST)
    spread = np.abs(0.5 + 0.5 * rng.standard_normal(features))
    return Features(
        tight(unit_rows(rng.standard_normal((features, dim))), steps).astype(np.float32),
        compensated(rates, forest) if compensate else rates,
        copula,
        forest,
        Magnitudes("normal", np.linspace(5.0, 4.0, features), spread),
    )
