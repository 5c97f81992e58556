r"""P1. A connected concept has no split with a margin: pieces lie as close as its points are linked.

If every two points of C are linked by steps of at most ε inside C, and C is divided into two non-empty
parts, some step crosses: two points of different parts are at most ε apart. So a hyperplane between the
parts has a margin of at most ε/2. For a connected compact C (ε → 0) there is no split into two closed parts
at all: the exact content behind "convex concepts do not split". A piece that one neuron cuts out of X must
satisfy S1.

Neurons of a trained SAE may still tile a connected concept with *overlapping* regions: the statement is
about partitions. It is ours; squared distances are exact, and the linking step is a bottleneck of the
spanning tree.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

import numpy as np

from geosae.verification import Claim, Hypothesis, Observed
from proofs_checks._exact import dot, hull_distance_squared, minus


@dataclass(frozen=True)
class Case:
    """The two parts of a concept; `within` measures the linking step inside the first part only.

    `left_out` are points of the concept in neither part.
    """

    first: tuple[tuple[int, ...], ...]
    second: tuple[tuple[int, ...], ...]
    label: str
    within: bool = False
    left_out: tuple[tuple[int, ...], ...] = ()


def bound(case: Case) -> Fraction:
    """Return ε², the squared linking step of the concept: the margin is at most ε/2."""
    return Fraction(linking_step(case.first if case.within else (*case.first, *case.left_out, *case.second)))


def observe(case: Case) -> Observed:
    """Return four times the squared margin: the squared distance of the hulls of the two parts."""
    return Observed(hull_distance_squared(case.first, case.second), case.label)


def linking_step(points: Sequence[tuple[int, ...]]) -> Fraction:
    """Return the least squared step with which one can walk between any two of the points.

    Examples
    --------
    >>> linking_step([(0,), (1,), (3,)])
    Fraction(4, 1)
    """
    left, step = list(points[1:]), Fraction(0)
    reached = [points[0]]
    while left:
        pairs = ((dot(d, d), q) for p in reached for q in left for d in [minus(p, q)])
        length, nearest = min(pairs, key=lambda pair: pair[0])
        step = max(step, length)
        reached.append(nearest)
        left.remove(nearest)
    return step


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield two points and chains on a line (attained), then random clouds cut by a hyperplane."""
    yield Case(((0,),), ((1,),), "two points: attained")
    yield Case(((0,), (2,), (4,)), ((6,), (8,)), "a chain of steps of 2, cut: attained")
    yield Case(((0, 0), (0, 1)), ((1, 0), (1, 1)), "a square of points, cut in half: attained")
    yield Case(((0,), (1,)), ((4,),), "steps of 1 and 3, cut at the longest: attained")
    yield Case(((0, 0), (4, 0)), ((2, 0),), "interleaved parts: no margin")
    drawn: set[tuple[tuple[int, ...], ...]] = set()
    while len(drawn) < count:
        i, n = len(drawn), int(rng.integers(1, 3))
        points = {tuple(x) for x in rng.integers(-5, 6, (int(rng.integers(2, 8)), n)).tolist()}
        cloud = tuple(sorted(points))
        if len(cloud) < 2 or cloud in drawn:
            continue
        drawn.add(cloud)
        cut = min(max(1, len(cloud) // 2), 4)
        yield Case(cloud[:cut], cloud[cut : cut + 4], f"random cloud {i}: n={n}, {len(cloud)} points")


def unlinked(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield two clusters whose linking step is measured inside one of them: the concept is not connected."""
    near = tuple((k,) for k in range(3))
    yield Case(near, ((4,), (5,)), "two clusters, 2 apart, linked inside by steps of 1", within=True)
    tens = tuple((k * 1000,) for k in range(3))
    yield Case(tens, ((3001,),), "the next point is a thousandth farther away", within=True)
    for i in range(max(1, count // 10)):
        far = int(rng.integers(4, 50))
        yield Case(near, ((far,), (far + 1,)), f"random cluster {i} at {far}", within=True)


def incomplete(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the ends of a chain as the two parts, its middle in neither."""
    for length in (3, *(int(v) for v in rng.integers(3, 9, max(1, count // 10)))):
        middle = tuple((k,) for k in range(1, length - 1))
        yield Case(((0,),), ((length - 1,),), f"the two ends of a chain of {length}", left_out=middle)


def _nearest(case: Case) -> Fraction:
    points = (*case.first, *case.second)
    return min(dot(d, d) for p, q in combinations(points, 2) for d in [minus(p, q)])


CLAIM = Claim(
    id="P1",
    statement="If steps of length ε link a concept, no partition into two parts has a margin above ε/2.",
    tex=(
        r"C=C_1\sqcup C_2,\ C_i\ne\emptyset,\ C\text{ linked by steps}\le\varepsilon\ \Longrightarrow\ "
        r"\gamma(C_1,C_2)\le\varepsilon/2"
    ),
    hypotheses=(
        Hypothesis("all of the concept is linked by steps of at most ε", unlinked),
        Hypothesis("the parts are a partition", incomplete),
    ),
    kind="upper",
    source="zhang2026geometric",
    figure="splitting",
    observe=observe,
    bound=bound,
    instances=instances,
    scales=(0.99, 1.01),
    mutants={"the shortest distance of two points": _nearest},
)
