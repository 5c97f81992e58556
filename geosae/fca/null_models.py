"""Random contexts with the margins of a context and nothing else of it: what a comparison yields by chance.

Margins by swaps: A. Gionis, H. Mannila, T. Mielikäinen and P. Tsaparas, Assessing data mining results via
swap randomization, ACM TKDD 1 (2007), doi:10.1145/1297332.1297338; done many at a time by trades between two
rows: G. Strona et al., A fast and unbiased procedure to randomize ecological binary matrices with fixed row
and column totals, Nature Communications 5 (2014), doi:10.1038/ncomms5114.
"""

import numpy as np

from geosae.fca.context import FormalContext
from geosae.storage.arguments import checked_arguments
from geosae.validation import NATURAL


@checked_arguments()
def permuted(context: FormalContext, rng: np.random.Generator) -> FormalContext:
    """Deal the crosses of every attribute anew over the objects: column sums stay.

    Examples
    --------
    >>> context = FormalContext.from_array([[True, False], [True, False], [False, True]])
    >>> permuted(context, np.random.default_rng(0)).incidence.sum(axis=0).tolist()
    [2, 1]
    """
    return FormalContext(context.objects, context.attributes, rng.permuted(context.incidence, axis=0))


@checked_arguments(trades=NATURAL)
def swapped(context: FormalContext, rng: np.random.Generator, trades: int = 5) -> FormalContext:
    """Mix the crosses so that row sums and column sums stay, by so many trades per object.

    In a trade two objects pool the attributes that only one of them has, and deal them anew. A context that
    its margins determine, such as a chain, comes back unchanged.

    Examples
    --------
    >>> context = FormalContext.from_array(np.random.default_rng(0).random((6, 9)) < 0.5)
    >>> mixed = swapped(context, np.random.default_rng(1)).incidence
    >>> [bool((mixed.sum(axis=k) == context.incidence.sum(axis=k)).all()) for k in (0, 1)]
    [True, True]
    """
    # Trade along the shorter side: fewer, longer trades.
    transposed = len(context.objects) > len(context.attributes)
    matrix = (context.incidence.T if transposed else context.incidence).copy()
    if len(matrix) > 1:
        for _ in range(trades * len(matrix)):
            i, j = rng.choice(len(matrix), 2, replace=False)
            only_one = np.flatnonzero(matrix[i] & ~matrix[j])
            pool = np.concatenate([only_one, np.flatnonzero(matrix[j] & ~matrix[i])])
            dealt = rng.permutation(pool)
            matrix[i, pool], matrix[j, pool] = False, False
            matrix[i, dealt[: len(only_one)]] = True
            matrix[j, dealt[len(only_one) :]] = True
    return FormalContext(context.objects, context.attributes, matrix.T if transposed else matrix)
