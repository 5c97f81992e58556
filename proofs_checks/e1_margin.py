r"""E1. A separation with margin γ survives every movement of the points by less than γ.

⟨w, x + v⟩ + c ≥ ⟨w, x⟩ + c − ‖w‖·‖v‖ > 0 when ‖v‖ < γ ≤ (⟨w, x⟩ + c)/‖w‖; likewise on the other side. So a
neuron with margin γ detects the open γ-neighbourhood of C. Moving by exactly γ can put a point of C on the
hyperplane, where the neuron is silent (a negative on it is still silent: the two sides are not alike).

Elementary; normals with rational length keep all of it exact.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np

from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks._exact import Rational, dot
from proofs_checks._runs import sample_view

# Normals with an integer length.
NORMALS = (
    ((1,), 1),
    ((3, 4), 5),
    ((-5, 12), 13),
    ((0, 2), 2),
    ((2, -1, 2), 3),
    ((4, 4, 7), 9),
    ((1, 1, 1, 1), 2),
)
Part = Literal["survives", "neighbourhood"]


@dataclass(frozen=True)
class Case:
    """A neuron, the points of C and the negatives, and the step in units of γ towards the hyperplane.

    With `one_sided`, γ is that of C alone although the negatives move too.
    """

    w: tuple[int, ...]
    length: int
    c: Rational
    inside: tuple[tuple[Rational, ...], ...]
    outside: tuple[tuple[Rational, ...], ...]
    step: Fraction
    part: Part
    label: str
    one_sided: bool = False

    def margin(self) -> Fraction:
        """Return γ: the least distance of any point (of C only, for the neighbourhood) on its side."""
        near = [(dot(self.w, x) + self.c) / self.length for x in self.inside]
        if self.part == "survives" and not self.one_sided:
            near += [-(dot(self.w, x) + self.c) / self.length for x in self.outside]
        return min(near)


def bound(case: Case) -> int:
    """Return 0: no point changes sides."""
    return 0


def observe(case: Case) -> Observed:
    """Move every point straight towards the other side and count those that change sides."""
    reach = case.step * case.margin() / case.length
    moved_in = [[v - reach * u for v, u in zip(x, case.w, strict=True)] for x in case.inside]
    changed = sum(dot(case.w, x) + case.c <= 0 for x in moved_in)
    if case.part == "survives":
        moved_out = [[v + reach * u for v, u in zip(x, case.w, strict=True)] for x in case.outside]
        changed += sum(dot(case.w, x) + case.c > 0 for x in moved_out)
    return Observed(changed, f"{case.label} [{case.part}]")


def _random(rng: np.random.Generator, step: Fraction, label: str, *, single: bool = False) -> Case:
    w, length = NORMALS[int(rng.integers(len(NORMALS)))]
    # Half-integers keep every point off the hyperplane; the last point is on the positive side for sure.
    c = Fraction(int(rng.integers(-20, 21)) * 2 + 1, 2)
    points = [tuple(x) for x in rng.integers(-9, 10, (12, len(w))).tolist()] + [tuple(30 * u for u in w)]
    inside = tuple(x for x in points if dot(w, x) + c > 0)
    outside = tuple(x for x in points if dot(w, x) + c < 0)
    if single:
        nearest = min(inside, key=lambda x: dot(w, x))
        return Case(w, length, c, (nearest,), (), step, "neighbourhood", label)
    part: Part = "survives" if rng.random() < 0.5 else "neighbourhood"
    return Case(w, length, c, inside, outside, step, part, label)


ALMOST = Fraction(999_999, 1_000_000)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points moved by almost γ, a negative moved onto the hyperplane, then random clouds."""
    yield Case((1,), 1, 0, ((1,),), ((-1,),), ALMOST, "survives", "1 and −1, moved almost to 0")
    yield Case((3, 4), 5, 0, ((3, 4),), ((-3, -4),), ALMOST, "survives", "a normal of length 5")
    yield Case(
        (1,), 1, 0, ((2,),), ((-1,),), Fraction(1), "survives", "γ = 1: the negative ends on the hyperplane"
    )
    yield Case((1,), 1, 0, ((5,),), (), ALMOST, "neighbourhood", "one point, moved almost to 0")
    for i in range(count):
        step = ALMOST if i % 2 else Fraction(int(rng.integers(0, 100)), 100)
        yield _random(rng, step, f"random cloud {i}, step {step}·γ")


def too_far(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield movements by exactly γ and by a little more."""
    yield Case(
        (1,), 1, 0, ((1,),), ((-2,),), Fraction(1), "survives", "moved by exactly γ, onto the hyperplane"
    )
    more = Fraction(1_000_001, 1_000_000)
    yield Case((1,), 1, 0, ((2,),), ((-1,),), more, "survives", "a negative moved by a little more than γ")
    yield Case((3, 4), 5, 0, ((3, 4),), (), Fraction(1), "neighbourhood", "one point moved by exactly γ")
    for i in range(max(1, count // 10)):
        yield _random(rng, Fraction(1), f"random nearest point {i}, moved by exactly γ", single=True)


def one_sided(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield negatives nearer to the hyperplane than C, moved by almost the margin of C's side."""
    for i in range(max(1, count // 10)):
        near, far = sorted(int(v) for v in rng.choice(np.arange(1, 50), 2, replace=False))
        label = f"C at {far}, a negative at {-near}, moved by almost {far} ({i})"
        yield Case((1,), 1, 0, ((far,),), ((-near,),), ALMOST, "survives", label, one_sided=True)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Move the points of every concept that a neuron detects by 0.999 γ against that neuron."""
    if instance.neurons.gating != "absolute":
        return ()
    view, halfspaces = sample_view(instance), instance.neurons.half_spaces()
    values, lengths = halfspaces.values(view.points), np.linalg.norm(halfspaces.w, axis=1)
    evidence: list[Evidence] = []
    for k, name in enumerate(view.names):
        inside = view.concepts[:, k]
        least = np.where(lengths > 0, values[inside].min(axis=0) / np.maximum(lengths, 1e-300), 0.0)
        i = int(np.argmax(least))
        if least[i] <= 1e-6 * float(np.abs(view.points).max() + 1):
            continue  # no neuron detects it with a margin beyond rounding
        moved = view.points[inside] - 0.999 * least[i] * halfspaces.w[i] / lengths[i]
        lost = int((~instance.neurons.fires(moved)[:, i]).sum())
        label = f"{instance.label}: {name}, points lost when moved by 0.999 γ"
        evidence.append(compare(Observed(lost, label), 0, "upper"))
    return evidence


CLAIM = Claim(
    id="E1",
    statement="If all points move by less than the margin of a separating neuron, it still separates.",
    tex=(
        r"\|v_x\|<\gamma\ \Longrightarrow\ \langle w,x+v_x\rangle+c>0\ (x\in C),\quad "
        r"\langle w,x+v_x\rangle+c\le0\ (x\notin C);\qquad C+\gamma B^\circ\subset N_i"
    ),
    hypotheses=(
        Hypothesis("the movement is strictly less than γ", too_far),
        Hypothesis("γ counts both sides (C's side for the neighbourhood)", one_sided),
    ),
    kind="upper",
    source="kirchberger1903",
    figure="margins",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
)
