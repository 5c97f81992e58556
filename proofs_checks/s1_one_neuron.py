r"""S1. One neuron with an absolute gate separates C from X∖C exactly when their convex hulls are disjoint.

For finite (or compact) sets: disjoint compact convex sets have a strictly separating hyperplane; and a
half-space that holds C, its complement holding X∖C, keeps the hulls apart. The half-space is open, its
complement closed: for finite sets nothing depends on it. An empty C or X∖C has an empty hull, and a
half-space that holds nothing (or all of X) separates it.

One side is decided by the library's `separate`, whose witness is checked here again; the other by a rational
simplex method of this package. Formulated in Zhang, Lin and Lee (2026), arXiv:2606.07007; the theorem on
strict separation is Minkowski's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

import numpy as np
from jaxtyping import Float, Int

from geosae.geometry.separation.certificate import Inseparable, Separated
from geosae.geometry.separation.separate import separate
from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._exact import dot, hulls_meet, in_hull, rational
from proofs_checks._planted import point_rows
from proofs_checks._runs import Labelled, pair_errors, remembered, sample_view, separable_concepts

# A trained SAE's concepts are held against their hulls on so many points, drawn at random.
MOST_SEPARATED = 1500


@dataclass(frozen=True, eq=False)
class Encoder:
    """Particular neurons in place of all half-spaces: a unit of them, under Top-K if `top_k` is K."""

    w: Int[np.ndarray, "d n"]
    c: Int[np.ndarray, " d"]
    unit: tuple[int, ...]
    top_k: int | None = None

    def holds(self, points: Float[np.ndarray, "N n"]) -> list[bool]:
        """Tell at which points all neurons of the unit fire (small integers: exact)."""
        z = points @ self.w.T + self.c
        fires = z > 0
        if self.top_k is not None:
            order = np.argsort(-z, axis=1, kind="stable")[:, : self.top_k]
            among = np.zeros_like(fires)
            np.put_along_axis(among, order, True, axis=1)
            fires &= among
        return [bool(row[list(self.unit)].all()) for row in fires]


@dataclass(frozen=True, eq=False)
class Case:
    """The points of C and of X∖C, one per row; with `encoder` only that is tried, not every half-space.

    `limits` are no points of X: infinitely many negatives come as near to them as one likes. The complement
    of an open half-space is closed, so one that holds those negatives holds their limits.
    """

    inside: Float[np.ndarray, "Nc n"]
    outside: Float[np.ndarray, "Nb n"]
    label: str
    encoder: Encoder | None = None
    limits: Float[np.ndarray, "L n"] | None = None


def bound(case: Case) -> int:
    """Return 1 if the hulls are disjoint, 0 if they meet."""
    return int(not hulls_meet(rational(case.inside.tolist()), rational(case.outside.tolist())))


def observe(case: Case) -> Observed:
    """Return 1 if a half-space (or the encoder at hand) separates, 0 if none does."""
    if case.encoder is not None:
        fits = all(case.encoder.holds(case.inside)) and not any(case.encoder.holds(case.outside))
        return Observed(int(fits), case.label)
    if not len(case.inside) or not len(case.outside):
        return Observed(1, case.label)
    closed = case.outside if case.limits is None else np.vstack([case.outside, case.limits])
    verdict = separate(case.inside, closed).check()
    return Observed(_proved(verdict), case.label)


def _proved(verdict: Separated | Inseparable) -> int:
    """Check the witness once more, with plain fractions, and say which way it decides."""
    if isinstance(verdict, Separated):
        w = rational([verdict.w.tolist()])[0] if verdict.rational is None else verdict.rational.normal
        b = Fraction(verdict.b) if verdict.rational is None else verdict.rational.offset
        above = all(dot(w, a) + b > 0 for a in rational(verdict.A.tolist()))
        if not above or any(dot(w, x) + b > 0 for x in rational(verdict.B.tolist())):
            raise ArithmeticError("the hyperplane does not separate")
        return 1
    sums = [
        [dot(weights, [p[i] for p in rational(points[rows].tolist())]) for i in range(points.shape[1])]
        for points, rows, weights in (
            (verdict.A, verdict.points_a, verdict.weights_a),
            (verdict.B, verdict.points_b, verdict.weights_b),
        )
    ]
    convex = all(sum(w) == 1 and min(w) >= 0 for w in (verdict.weights_a, verdict.weights_b))
    if verdict.grade != "exact" or not convex or sums[0] != sums[1]:
        raise ArithmeticError("the common point is not one")
    return 0


SQUARE = ((0, 0), (2, 0), (2, 2), (0, 2))


def _fixed() -> Iterator[Case]:
    square, right = point_rows(SQUARE), np.array([1.0, 0.0])
    yield Case(square, square + 2 * right, "squares that share an edge")
    yield Case(square, square + 2, "squares that share a corner")
    yield Case(square, square + (2 + 2**-40) * right, "squares 2⁻⁴⁰ apart")
    yield Case(square, square, "the same points twice")
    yield Case(point_rows([[1, 1]]), square, "a point in the middle of the negatives")
    yield Case(point_rows([[0, 0]]), point_rows([[0, 0]]), "one point, in C and not in C")
    yield Case(point_rows([[1, 0]]), point_rows([[0, 0], [2, 0]]), "three points of a line, C in the middle")
    yield Case(point_rows([[0, 0]]), point_rows([[1, 0], [2, 0]]), "three points of a line, C at the end")
    yield Case(point_rows([]), square, "C is empty")
    yield Case(square, point_rows([]), "X∖C is empty")
    yield Case(point_rows([[0], [3]], 1), point_rows([[1]], 1), "the line, a negative between")
    yield Case(point_rows([[0], [3]], 1), point_rows([[3]], 1), "the line, one point in both")
    ring = point_rows([[5, 0], [3, 4], [0, 5], [-3, 4], [-5, 0], [-3, -4], [0, -5], [3, -4]])
    yield Case(point_rows([[1, 0], [0, 1], [-1, -1]]), ring, "a disk in a ring of negatives")
    yield Case(ring, point_rows([[9, 0], [9, 9]]), "a ring, negatives outside only")
    yield Case(square * 2**30, square * 2**30 + (2**31 + 1) * right, "large coordinates, a gap of 1")


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield touching, nested, degenerate and empty sets, then small random integer clouds."""
    yield from _fixed()
    for i in range(count):
        n, size = int(rng.integers(1, 5)), int(rng.integers(2, 14))
        points = rng.integers(-3, 4, (size, n)).astype(np.float64)
        split = int(rng.integers(1, size))
        if i % 3 == 0:
            # Along a direction, so that separable sets and sets that just touch are not rare.
            points = points[np.argsort(points @ rng.integers(-2, 3, n), kind="stable")]
        yield Case(points[:split], points[split:], f"random cloud {i}: n={n}, {split} against {size - split}")


def infinite(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the point 0 among the negatives 1/k of all k: the hulls are disjoint, no half-line separates."""
    some, zero = point_rows([[2.0**-k] for k in range(8)], 1), point_rows([[0]], 1)
    yield Case(zero, some, "0 against all 1/k", limits=zero)
    for i in range(max(1, count // 10)):
        n, side = int(rng.integers(1, 4)), int(rng.integers(1, 5))
        corner = np.zeros((1, n))
        cloud = np.vstack([side * np.eye(n) * 2.0**-k for k in range(4)])
        yield Case(corner, cloud, f"random cloud {i} that closes in on a point of C: n={n}", limits=corner)


def other_gates(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield separation by what is no single neuron with an absolute gate: Top-2, and units of two."""
    top2 = Encoder(np.array([[0], [1], [-1]]), np.array([1, 2, 2]), (0,), top_k=2)
    outer, middle = point_rows([[-2], [2]], 1), point_rows([[0]], 1)
    yield Case(outer, middle, "a Top-2 neuron fires on both sides of the negatives", top2)
    slab = Encoder(np.array([[1], [-1]]), np.array([1, 1]), (0, 1))
    yield Case(middle, outer, "a unit of two neurons cuts out the middle", slab)
    for i in range(max(1, count // 10)):
        far = int(rng.integers(2, 9))
        n = int(rng.integers(1, 4))
        flat = np.zeros((2, n), dtype=np.int64)
        flat[:, 0] = [1, -1]
        unit = Encoder(flat, np.array([1, 1]), (0, 1))
        out = np.zeros((2, n))
        out[:, 0] = [-far, far]
        yield replace(Case(np.zeros((1, n)), out, f"random slab {i}: n={n}"), encoder=unit)


def unbiased(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a point beyond another on a ray from o: without a bias no neuron tells them apart."""
    ray = Encoder(np.array([[1]]), np.array([0]), (0,))
    yield Case(point_rows([[2]], 1), point_rows([[1]], 1), "without a bias no neuron tells 2 from 1", ray)


@remembered
def _separable(labelled: Labelled) -> bool:
    return separate(labelled.inside, labelled.outside).check().separable


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the concepts that single neurons separate exactly against those whose hulls are disjoint.

    Nothing is claimed for a relative gate, and then nothing is returned. Vacuous where all hulls
    are disjoint.
    """
    if instance.neurons.gating != "absolute":
        return ()
    view = sample_view(instance)
    miss, alarms = pair_errors(view)
    separated = int(((miss == 0) & (alarms == 0)).any(axis=1).sum())
    allowed = separable_concepts(view, _separable, MOST_SEPARATED)
    label = f"{instance.label}: concepts of {len(view.names)} that one neuron separates exactly"
    return [compare(Observed(separated, label), allowed, "upper", vacuous=allowed >= len(view.names))]


CLAIM = Claim(
    id="S1",
    statement="A half-space separates finite sets C and X∖C if and only if their convex hulls are disjoint.",
    tex=(
        r"\exists\,w,c:\ C\subset\{\langle w,x\rangle+c>0\},\ X\setminus C\subset\{\langle w,x\rangle+c\le0\}"
        r"\iff \operatorname{Conv}(C)\cap\operatorname{Conv}(X\setminus C)=\emptyset"
    ),
    hypotheses=(
        Hypothesis("C and X∖C are finite (or compact)", infinite),
        Hypothesis("one neuron, with an absolute gate", other_gates),
        Hypothesis("the neuron has a bias", unbiased),
    ),
    kind="equivalence",
    source="zhang2026geometric",
    figure="hulls_and_halfplanes",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "no negative in Conv(C), the condition for units": lambda case: int(
            not any(in_hull(x, rational(case.inside.tolist())) for x in rational(case.outside.tolist()))
        ),
        "no common point of the sets themselves": lambda case: int(
            not set(map(tuple, case.inside.tolist())) & set(map(tuple, case.outside.tolist()))
        ),
    },
)
