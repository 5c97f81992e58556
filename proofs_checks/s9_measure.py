r"""S9. The linear separability measure: negatives that no half-space around C can exclude, over |C|.

LSM(C) = min over half-spaces H ⊃ C of #(negatives in H)/|C| (arXiv 2606.08721). It is zero iff S1 holds,
and negatives in Conv(C) can never be excluded. Here every set of negatives is tried; the library's
certified interval is held against the result from both sides. |C| > 0 for the quotient to exist; H must
hold all of C: half-spaces that may miss C do better (control).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from geosae.geometry.separation.best_halfspace import separability_measure
from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._exact import Rational, hulls_meet, in_hull
from proofs_checks._runs import sample_view, some_rows
from proofs_checks._small_units import excludable

Part = Literal["zero", "hull", "low", "high"]
MOST_MEASURED = 600


@dataclass(frozen=True)
class Case:
    """C and its negatives.

    The half-spaces need not hold the first `spared` points of C; the library does not get the last `hidden`
    negatives; with `limits` infinitely many negatives, which are not listed, close in on points not in X.
    """

    inside: tuple[tuple[Rational, ...], ...]
    outside: tuple[tuple[Rational, ...], ...]
    part: Part
    label: str
    spared: int = 0
    hidden: int = 0
    limits: tuple[tuple[Rational, ...], ...] = ()


def bound(case: Case) -> int:
    """Return whether S1 fails, the number of negatives in Conv(C), or an end of the library's interval."""
    if case.part == "zero":
        return int(hulls_meet(case.inside, case.outside))
    if case.part == "hull":
        return sum(in_hull(x, case.inside) for x in case.outside)
    visible = case.outside[: len(case.outside) - case.hidden]
    a, b = (np.array([[float(v) for v in x] for x in cloud]) for cloud in (case.inside, visible))
    measure = separability_measure(a, b).check()
    return measure.kept_low if case.part == "low" else measure.kept_high


def observe(case: Case) -> Observed:
    """Return LSM·|C| by trying all sets of negatives, or whether it is positive."""
    label = f"{case.label} [{case.part}]"
    # The complement of an open half-space is closed: what it excludes near a limit, it excludes there.
    negatives = (*case.outside, *case.limits)
    possible = excludable(case.inside[case.spared :], negatives)
    most = max((chosen.bit_count() for chosen, fine in enumerate(possible) if fine), default=0)
    remaining = len(negatives) - most
    if case.part == "zero":
        return Observed(int(remaining > 0), label, kind="equivalence")
    return Observed(remaining, label, kind="upper" if case.part == "high" else "lower")


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a slab, negatives inside and outside, a repeated point, then random clouds."""
    parts: tuple[Part, ...] = ("zero", "hull", "low", "high")
    for inside, outside, label in (
        (((0,), (1,)), ((2,), (3,)), "separable on a line"),
        (((0,),), ((1,), (-1,)), "a point between two negatives: one stays"),
        (((0, 0), (4, 0), (0, 4)), ((1, 1), (1, 2), (9, 9)), "two negatives in the hull: attained"),
        (((0, 0), (2, 0)), ((1, 0), (1, 1), (1, -1)), "a negative on the segment"),
        (((5, 5),), ((5, 5),), "the same point in both"),
    ):
        for part in parts:
            yield Case(inside, outside, part, label)
    for i in range(count):
        n, size = int(rng.integers(1, 4)), int(rng.integers(1, 6))
        inside = tuple(tuple(x) for x in rng.integers(-2, 3, (int(rng.integers(1, 6)), n)).tolist())
        outside = tuple(tuple(x) for x in rng.integers(-3, 4, (size, n)).tolist())
        yield Case(inside, outside, parts[i % 4], f"random clouds {i}: n={n}, {size} negatives")


def infinite(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield negatives that close in on a point of C: the hulls are disjoint, and LSM is not zero."""
    yield Case(((0,),), ((4,), (2,), (1,)), "zero", "0 against all 4/2^k", limits=((0,),))
    for i in range(max(1, count // 10)):
        size = int(rng.integers(2, 5))
        cloud = tuple((8 * k, 4 * k) for k in range(1, size))
        label = f"random ray {i} that closes in on C, {size - 1} of it listed"
        yield Case(((0, 0), (-3, 1)), cloud, "zero", label, limits=((0, 0),))


def spared(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield half-spaces that may miss a point of C."""
    segment = ((0,), (4,))
    yield Case(segment, ((1,),), "hull", "an end of C need not be held", spared=1)
    yield Case(segment, ((1,),), "low", "an end of C need not be held", spared=1)
    yield Case(((0,),), ((1,), (-1,)), "zero", "a point that need not be held", spared=1)
    for i in range(max(1, count // 10)):
        far = int(rng.integers(1, 9))
        yield Case(((0,),), ((far,), (-far,)), "zero", f"random pair {i}, the point not held", spared=1)


def hidden(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a negative kept from the engine."""
    yield Case(((0,),), ((1,), (-1,)), "high", "a negative kept from the engine", hidden=1)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the false alarms of the best single detecting neuron against the certified lower end of LSM.

    On random points of the sample, per concept that some neuron detects there without a miss. Vacuous where
    the lower end is zero.
    """
    if instance.neurons.gating != "absolute":
        return ()
    view = sample_view(instance)
    rows = some_rows(len(view.points), MOST_MEASURED)
    part = view._replace(points=view.points[rows], fires=view.fires[rows], concepts=view.concepts[rows])
    evidence: list[Evidence] = []
    for k, name in enumerate(part.names):
        inside = part.concepts[:, k]
        detecting = np.all(part.fires[inside], axis=0)
        if not inside.any() or inside.all() or not detecting.any():
            continue
        alarms = int(part.fires[~inside][:, detecting].sum(axis=0).min())
        low = separability_measure(part.points[inside], part.points[~inside], rounds=20).check().kept_low
        label = f"{instance.label}: {name}, false alarms per point of C by one neuron"
        size = int(inside.sum())
        share = Observed(Fraction(alarms, size), label)
        evidence.append(compare(share, Fraction(low, size), "lower", vacuous=low == 0))
    return evidence


CLAIM = Claim(
    id="S9",
    statement=(
        "The linear separability measure is zero exactly when one half-space separates, and at least the "
        "number "
        "of negatives in Conv(C) over |C|."
    ),
    tex=(
        r"\mathrm{LSM}(C)=\min_{H\supset C}\frac{|H\cap(X\setminus C)|}{|C|};\quad "
        r"\mathrm{LSM}=0\iff\text{S1};\quad \mathrm{LSM}\ge\frac{|\operatorname{Conv}(C)\cap(X\setminus "
        r"C)|}{|C|}"
    ),
    hypotheses=(
        Hypothesis("C and X∖C are finite", infinite),
        Hypothesis("the half-spaces hold all of C", spared),
        Hypothesis("the engine is given every negative", hidden),
    ),
    kind="lower",
    source="kirchberger1903",
    figure="separability_measure",
    observe=observe,
    bound=bound,
    instances=instances,
)
