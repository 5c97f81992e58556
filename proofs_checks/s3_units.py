r"""S3. Some unit of absolute neurons separates C exactly when no negative lies in Conv(C).

For finite X: each negative outside Conv(C) has a half-space that holds C and excludes it, so |X∖C| neurons
always suffice; a simplex's corners around the midpoints of its edges need them all. A negative in Conv(C)
lies in every model concept that holds C. S1's condition implies this one: a disk inside a ring of negatives
has this and not S1; a ring with negatives in its hole has neither.

X must be finite (or the negatives kept at a distance): a disk whose negatives fill an annulus right up to
it needs infinitely many neurons. Units of Top-K neurons are not bound by it (control).

Formulated in Zhang, Lin and Lee (2026), arXiv:2606.07007. The size is found by trying every grouping.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Float

from geosae.geometry.separation.separate_unit import separate_unit
from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._exact import hulls_meet, in_hull, rational
from proofs_checks._gates import Encoder, fired
from proofs_checks._planted import point_rows
from proofs_checks._runs import Labelled, closure_separates, remembered, sample_view, separable_concepts
from proofs_checks._small_units import fewest, simplex_edges

Part = Literal["exists", "suffice", "one implies many"]
MOST_SEPARATED = 300


@dataclass(frozen=True, eq=False)
class Case:
    """C and its negatives; `most` neurons are allowed, or a Top-K unit is at hand in place of all units.

    `limits` are no points of X: negatives besides those listed come as near to them as one likes.
    """

    inside: Float[np.ndarray, "Nc n"]
    outside: Float[np.ndarray, "Nb n"]
    part: Part
    label: str
    most: int | None = None
    forgotten: int = 0
    topk: tuple[Encoder, int, frozenset[int]] | None = None
    limits: Float[np.ndarray, "L n"] | None = None


def bound(case: Case) -> int:
    """Return 1 if no negative lies in Conv(C) and 0 if one does; or |X∖C|; or 1."""
    if case.part == "suffice":
        return len(case.outside) - case.forgotten
    positives = rational(case.inside.tolist())
    clear = not any(in_hull(x, positives) for x in rational(case.outside.tolist()))
    return int(clear)


def observe(case: Case) -> Observed:
    """Return whether a unit separates (or one neuron does), or the size of the smallest that does."""
    label = f"{case.label} [{case.part}]"
    positives, negatives = rational(case.inside.tolist()), rational(case.outside.tolist())
    if case.topk is not None:
        encoder, K, unit = case.topk
        on = [unit <= fired(encoder.z(x), K) for x in positives]
        off = [unit <= fired(encoder.z(x), K) for x in negatives]
        return Observed(int(all(on) and not any(off)), label)
    if case.part == "one implies many":
        return Observed(int(not hulls_meet(positives, negatives)), label, kind="upper")
    if case.part == "suffice" or case.most is not None:
        size = fewest(positives, negatives)
        if case.part == "suffice":
            return Observed(-1 if size is None else size, label, kind="upper")
        return Observed(int(size is not None and size <= (case.most or 0)), label)
    if not len(case.inside) or not len(case.outside):
        return Observed(1, label)
    # The complement of a finite intersection of open half-spaces is closed: it holds the limits, too.
    closed = case.outside if case.limits is None else np.vstack([case.outside, case.limits])
    return Observed(int(separate_unit(case.inside, closed).check().separable), label)


RING = [[5, 0], [3, 4], [0, 5], [-3, 4], [-5, 0], [-3, -4], [0, -5], [3, -4]]


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield rings, simplices that need all neurons, touching and empty sets, then random clouds."""
    disk = point_rows([[1, 0], [0, 1], [-1, -1]])
    yield Case(disk, point_rows(RING), "exists", "a disk in a ring of negatives: unit, no neuron")
    yield Case(disk, point_rows(RING), "one implies many", "a disk in a ring of negatives")
    yield Case(point_rows(RING), disk, "exists", "a ring with negatives in its hole: neither")
    yield Case(point_rows([[0, 0], [2, 0]]), point_rows([[1, 0]]), "exists", "a negative on an edge")
    yield Case(point_rows([[0, 0], [2, 0]]), point_rows([[2, 0]]), "exists", "a negative at a corner")
    yield Case(
        point_rows([[0, 0], [2, 0]]), point_rows([[3, 0]]), "one implies many", "three points of a line"
    )
    yield Case(point_rows([]), disk, "exists", "C is empty")
    yield Case(disk, point_rows([]), "exists", "no negatives")
    for n in (1, 2, 3):
        middles, corners = simplex_edges(n)
        label = f"edge midpoints against the {n + 1} corners, n={n}: all neurons needed, attained"
        yield Case(point_rows(middles, n), point_rows(corners, n), "suffice", label)
    for i in range(count):
        n, size = int(rng.integers(1, 4)), int(rng.integers(3, 9))
        cloud = rng.integers(-3, 4, (size, n)).astype(np.float64)
        cut = max(1, size - 4)
        part: Part = ("exists", "suffice", "one implies many")[i % 3]
        case = Case(cloud[:cut], cloud[cut:], part, f"random cloud {i}: n={n}, {cut} against {size - cut}")
        exists = replace(case, part="exists")
        # "suffice" speaks of separable concepts only.
        yield exists if part == "suffice" and bound(exists) == 0 else case


def infinite(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield negatives that close in on a point of C: none lies in Conv(C), no finite unit separates."""
    square = point_rows([[0, 0], [2, 0], [2, 2], [0, 2]])
    for size in (3, *(int(v) for v in rng.integers(3, 20, max(1, count // 10)))):
        near = 2 + 1.0 / np.arange(1, size)[:, None] * np.ones((1, 2))
        label = f"a square, and negatives that close in on a corner, {size - 1} of them listed"
        yield Case(square, near, "exists", label, limits=square[2:3])


def top_two(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a Top-2 neuron with a negative in the hull of the points on which it fires."""
    example = Encoder(((0,), (1,), (-1,)), (1, 2, 2))
    top2 = (example, 2, frozenset({0}))
    outer, middle = point_rows([[-2], [2]], 1), point_rows([[0]], 1)
    yield Case(outer, middle, "exists", "a Top-2 neuron around a negative", topk=top2)
    yield Case(outer, middle, "one implies many", "a Top-2 neuron around a negative", topk=top2)


def too_few(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield units allowed one neuron too few, and a bound that forgets a negative."""
    middle = point_rows([[0]], 1)
    for n in (1, 2, 3):
        middles, corners = simplex_edges(n)
        label = f"edge midpoints against {n + 1} corners, {n} neurons allowed"
        yield Case(point_rows(middles, n), point_rows(corners, n), "exists", label, most=n)
        yield Case(point_rows(middles, n), point_rows([*corners[1:]], n), "exists", label, most=n - 1)
        lost = Case(
            point_rows(middles, n), point_rows(corners, n), "suffice", "one corner not counted", forgotten=1
        )
        yield lost
    for i in range(max(1, count // 10)):
        far = int(rng.integers(2, 9))
        yield Case(
            middle, point_rows([[-far], [far]], 1), "exists", f"random slab {i}, one neuron allowed", most=1
        )


@remembered
def _separable(labelled: Labelled) -> bool:
    return separate_unit(labelled.inside, labelled.outside).separable


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the concepts that closure units separate exactly against those that S3 allows on the sample.

    Vacuous where it allows all.
    """
    if instance.neurons.gating != "absolute":
        return ()
    view = sample_view(instance)
    separated = closure_separates(view)
    allowed = separable_concepts(view, _separable, MOST_SEPARATED)
    label = f"{instance.label}: concepts of {len(view.names)} that units separate exactly"
    return [compare(Observed(len(separated), label), allowed, "upper", vacuous=allowed >= len(view.names))]


CLAIM = Claim(
    id="S3",
    statement=(
        "For finite X some unit of absolute neurons separates C if and only if no negative lies in "
        "Conv(C), and then |X∖C| neurons suffice."
    ),
    tex=(
        r"\exists M:\ \theta_M\cap X=C\iff\operatorname{Conv}(C)\cap(X\setminus C)=\emptyset;"
        r"\qquad m^*\le|X\setminus C|"
    ),
    hypotheses=(
        Hypothesis("X is finite", infinite),
        Hypothesis("absolute gating", top_two),
        Hypothesis("the unit may have a neuron for each negative", too_few),
    ),
    kind="equivalence",
    source="zhang2026geometric",
    figure="hulls_and_halfplanes",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
