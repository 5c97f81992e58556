r"""P2. When can a parent's neuron stay silent on a child: absolute neurons, Top-K; and what L1 gains.

There are two versions. One absolute neuron that fires on C_p∖C_c can be *silent on the child* iff
Conv(C_p∖C_c) ∩ Conv(C_c) = ∅; it can be silent *outside C_p too* (it fires on C_p∖C_c and nowhere else on
X) iff Conv(C_p∖C_c) ∩ Conv(C_c ∪ (X∖C_p)) = ∅: S1 for C_p∖C_c. Under either a child inside the hull of its
siblings is never absorbed by ReLU, JumpReLU or, its regions being convex, by Top-1; Top-K with 2 ≤ K < d can.

L1 incentive: with orthonormal parent p and child c a child's atom along c + δp reconstructs p + c at the
cost 1 − δ + √(1+δ²): 2 for δ = 0, √2 for δ = 1.

The condition is ours; the phenomenon is that of arXiv 2409.14507.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import isqrt
from typing import Literal

import numpy as np
from jaxtyping import Float

from geosae.geometry.separation.separate import separate
from geosae.verification import Claim, Evidence, Hypothesis, Number, Observed, TrainedInstance, compare
from proofs_checks._exact import Point, Rational, hulls_meet, solve
from proofs_checks._gates import Encoder, fired
from proofs_checks._runs import sample_view

Part = Literal["silent on the child", "feasible", "inside", "topk", "cost"]


@dataclass(frozen=True)
class Case:
    """Siblings C_p∖C_c, the child, the rest of X; an encoder whose neuron 0 is tried; δ for the cost."""

    siblings: tuple[tuple[Rational, ...], ...]
    child: tuple[tuple[Rational, ...], ...]
    rest: tuple[tuple[Rational, ...], ...]
    part: Part
    label: str
    encoder: Encoder | None = None
    K: int | None = None
    delta: Fraction = Fraction(0)
    parent: tuple[Rational, Rational] = (1, 0)

    def quiet(self) -> tuple[tuple[Rational, ...], ...]:
        """Return the points on which the neuron must not fire: the child, or all points but C_p∖C_c."""
        return self.child if self.part == "silent on the child" else (*self.child, *self.rest)

    def absorbed(self) -> int:
        """Count the child's points on which neuron 0 is silent, if it fires on all siblings (0 if not)."""
        if self.encoder is None or not all(self.fires(x) for x in self.siblings):
            return 0
        return sum(not self.fires(x) for x in self.child)

    def fires(self, x: Point) -> bool:
        """Tell whether neuron 0 fires at a point."""
        return self.encoder is not None and 0 in fired(self.encoder.z(x), self.K)


def bound(case: Case) -> Number:
    """Return whether the hulls are disjoint; 0 absorbed points; all of the child; or 1 − δ + √(1+δ²)."""
    if case.part in ("silent on the child", "feasible"):
        return int(not hulls_meet(case.siblings, case.quiet()))
    if case.part == "inside":
        return 0
    if case.part == "topk":
        return len(case.child)
    return 1 - case.delta + _root(1 + case.delta**2)


def _root(square: Fraction) -> Fraction:
    """Return the rational root; δ is always chosen so that there is one."""
    root = Fraction(isqrt(square.numerator), isqrt(square.denominator))
    if root * root != square:
        raise ArithmeticError(f"{square} is no rational square")
    return root


def observe(case: Case) -> Observed:
    """Return whether a neuron absorbs, how many points one absorbs, or the cost of the code of p + c."""
    label = f"{case.label} [{case.part}]"
    if case.part in ("silent on the child", "feasible"):
        if case.encoder is not None:
            silent = not any(case.fires(x) for x in case.quiet())
            return Observed(
                int(silent and all(case.fires(x) for x in case.siblings)), label, kind="equivalence"
            )
        others = _array(case.quiet(), case.siblings)
        verdict = separate(_array(case.siblings, case.siblings), others).check()
        return Observed(int(verdict.separable), label, kind="equivalence")
    if case.part in ("inside", "topk"):
        inside = case.part == "inside"
        return Observed(case.absorbed(), label, kind="upper" if inside else "existence")
    root = _root(1 + case.delta**2)
    atom = (case.delta / root, 1 / root)
    weights = solve([[case.parent[0], atom[0]], [case.parent[1], atom[1]]], [1, 1])
    if weights is None:
        raise ArithmeticError("the parent and its child's atom are parallel")
    return Observed(sum((abs(w) for w in weights), Fraction(0)), label, kind="tight")


def _array(points: Sequence[Point], like: Sequence[Point]) -> Float[np.ndarray, "N n"]:
    return np.array([[float(v) for v in x] for x in points]).reshape(len(points), len(like[0]))


TOP2 = Encoder(((0,), (1,), (-1,)), (1, 2, 2))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield children at the edge and inside, Top-K absorption, costs, then random families."""
    versions: tuple[Part, Part] = ("feasible", "silent on the child")
    for version in versions:
        yield Case(((0,), (1,)), ((2,),), ((-9,), (9,)), version, "a negative beyond the child")
        yield Case(((0,), (1,)), ((2,),), ((9,),), version, "a child at the edge of its family: feasible")
        yield Case(((0, 0), (2, 0)), ((1, 0),), ((9, 9),), version, "a child between its siblings")
        yield Case(((0, 0), (2, 2)), ((0, 2),), ((2, 0),), version, "siblings and the rest cross")
        yield Case(((0, 0), (1, 1)), ((2, 2),), (), version, "nothing outside the family: one condition")
    for far in range(2, 21):
        yield Case(((-far,), (far,)), ((0,),), (), "topk", f"Top-2: ±{far} fire, 0 does not", TOP2, 2)
    yield Case(((-2,), (2,)), ((0,), (Fraction(1, 2),)), (), "topk", "Top-2 absorbs two points", TOP2, 2)
    # 1 + δ² is a rational square: δ = 2m/(1 − m²) up to δ = 1.
    slopes = [Fraction(m, 50) for m in range(21)]
    for delta in (Fraction(20, 21), *(2 * m / (1 - m * m) for m in slopes)):
        yield Case((), (), (), "cost", f"δ = {delta}", delta=delta)
    for i in range(count):
        n = int(rng.integers(1, 4))
        cloud = [tuple(x) for x in rng.integers(-3, 4, (7, n)).tolist()]
        if i % 2:
            version = versions[i // 2 % 2]
            yield Case(
                tuple(cloud[:3]), tuple(cloud[3:5]), tuple(cloud[5:]), version, f"random family {i}: n={n}"
            )
            continue
        # Between two siblings: inside their hull by construction.
        ends = rng.integers(0, 4, (3, 2)).tolist()
        child = tuple(
            tuple(Fraction(a + b, 2) for a, b in zip(cloud[i], cloud[j], strict=True)) for i, j in ends
        )
        encoder = Encoder(tuple(tuple(w) for w in rng.integers(-3, 4, (4, n)).tolist()),
                          tuple(rng.integers(-3, 4, 4).tolist()))  # fmt: skip
        top = 1 if i % 4 else None
        label = f"random {'ReLU' if top is None else 'Top-1'} encoder {i}: n={n}, {len(child)} points inside"
        yield Case(tuple(cloud[:4]), child, (), "inside", label, encoder, top)


def top_two(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield Top-2 neurons for an absolute neuron."""
    versions: tuple[Part, Part] = ("feasible", "silent on the child")
    for version in versions:
        yield Case(((-2,), (2,)), ((0,),), (), version, "a Top-2 neuron around the child", TOP2, 2)
    yield Case(
        ((-2,), (2,)), ((0,),), (), "inside", "a Top-2 neuron absorbs a child inside the hull", TOP2, 2
    )
    for i in range(max(1, count // 10)):
        far = int(rng.integers(2, 20))
        yield Case(((-far,), (far,)), ((0,),), (), "inside", f"random Top-2 siblings {i}: ±{far}", TOP2, 2)


def all_kept(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield gates that cannot absorb: ReLU, and K = d."""
    yield Case(((-2,), (2,)), ((0,),), (), "topk", "ReLU cannot absorb between siblings", TOP2, None)
    yield Case(((-2,), (2,)), ((0,),), (), "topk", "K = d cannot absorb", TOP2, 3)


def slanted(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a parent that is not orthogonal to its child."""
    yield Case(
        (), (), (), "cost", "parent and child not orthogonal", parent=(Fraction(3, 5), Fraction(-4, 5))
    )


def too_much(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield δ > 1: the parent's own code must become negative, and costs its size."""
    for delta in (Fraction(4, 3), Fraction(12, 5), Fraction(15, 8)):
        yield Case((), (), (), "cost", f"δ = {delta}", delta=delta)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Count neurons that fire on all of C_p∖C_c and on none of a child inside its hull: none may.

    Per declared or observed pair of concepts, on the sample; pairs without a child point inside are left out.
    Vacuous where no neuron fires on all siblings, or none is silent on the child.
    """
    if instance.neurons.gating != "absolute":
        return ()
    view = sample_view(instance)
    evidence: list[Evidence] = []
    for p, parent in enumerate(view.names):
        for c, child in enumerate(view.names):
            inner, outer = view.concepts[:, c], view.concepts[:, p]
            siblings = outer & ~inner
            if p == c or (inner & ~outer).any() or siblings.sum() < 2:
                continue
            apart = separate(view.points[siblings][:800], view.points[inner][:200])
            if apart.separable:
                continue
            detecting, silent = view.fires[siblings].all(axis=0), ~view.fires[inner].any(axis=0)
            absorbing = int((detecting & silent).sum())
            vacuous = not detecting.any() or not silent.any()
            label = f"{instance.label}: {child} in {parent}, neurons that absorb it exactly"
            evidence.append(compare(Observed(absorbing, label), 0, "upper", vacuous=vacuous))
    return evidence


CLAIM = Claim(
    id="P2",
    statement=(
        "One absolute neuron that fires on a child's siblings can be silent on the child exactly if their "
        "hulls are disjoint, and outside the parent too exactly if the siblings' hull misses that of child "
        "and negatives; a child inside its siblings' hull is absorbed by Top-K with 2 ≤ K < d only."
    ),
    tex=(
        r"\exists i:\ C_p\setminus C_c\subset N_i,\ N_i\cap C_c=\emptyset\iff"
        r"\operatorname{Conv}(C_p\setminus C_c)\cap\operatorname{Conv}(C_c)=\emptyset;\qquad "
        r"\exists i:\ N_i\cap X=C_p\setminus C_c\iff\operatorname{Conv}(C_p\setminus C_c)\cap"
        r"\operatorname{Conv}(C_c\cup(X\setminus C_p))=\emptyset;"
        r"\qquad\text{cost}(\delta)=1-\delta+\sqrt{1+\delta^2}"
    ),
    hypotheses=(
        Hypothesis("feasibility and hull: absolute gating or Top-1", top_two),
        Hypothesis("absorption inside the hull: Top-K with 2 ≤ K < d", all_kept),
        Hypothesis("cost: parent and child orthonormal", slanted),
        Hypothesis("cost: 0 ≤ δ ≤ 1", too_much),
    ),
    kind="equivalence",
    source="zhang2026geometric",
    figure="absorption",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "siblings against the child alone": lambda case: (
            int(not hulls_meet(case.siblings, case.child)) if case.part == "feasible" else bound(case)
        ),
        "the negatives in the way of silence on the child": lambda case: (
            int(not hulls_meet(case.siblings, (*case.child, *case.rest)))
            if case.part == "silent on the child"
            else bound(case)
        ),
        "no gain from δ": lambda case: 2 if case.part == "cost" else bound(case),
    },
)
