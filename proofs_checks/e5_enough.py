r"""E5. Points of C that an edge needs: ln(1/ℓ)/(−ln(1−ε)) for detection, ln(1/ℓ)/ln(1+ε) for separation.

Without any error the two p-values of E4 are (1−ε)^N and (1+ε)^{−N}; both grow with the misses and the
alarms. So below the number nothing can be certified at ℓ, whatever is observed ("cannot be certified",
never "not separated"), and from it on a pair without errors is. With P pairs and the level α for all of
them, Holm's first step asks for ℓ = α/P; a pair beside others that are certain asks for no more than ℓ =
α, which is the weakest need of any rule. Necessary and far from sufficient: at the number itself a pair
with m = a = .02 is certified at ε = .05 among 12 pairs with probability .01.

The numbers are found by trying N = 0, 1, 2, … with Holm's rule on exact p-values, and compared with the
closed form, whose logarithms are enclosed; where (1−ε)^N = ℓ exactly, N is enough. Two controls: P pairs
at ℓ = α; and the odds of the misses, ε of C, for the alarms.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from flint import arb, fmpq

from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks import _edges
from proofs_checks._graded import pair_counts, run_tolerance
from proofs_checks._runs import fitted_units, sample_view

Part = Literal["detection", "separation", "weakest", "below"]
ALPHA = Fraction(1, 20)


@dataclass(frozen=True)
class Case:
    """A tolerance, the level for all pairs together, and the number of pairs.

    In a control the level is not divided, or the alarms are held against the odds of the misses.
    """

    part: Part
    label: str
    tolerance: Fraction
    alpha: Fraction = ALPHA
    pairs: int = 1
    divided: bool = True
    odds: Literal["ε/(1+ε) of C ∪ θ", "ε of C"] = "ε/(1+ε) of C ∪ θ"

    def level(self) -> Fraction:
        """Return the ℓ of the statement: α/P, or α where the other pairs are certain."""
        return self.alpha if self.part == "weakest" else self.alpha / self.pairs

    def certified(self, misses: int, alarms: int, positives: int) -> bool:
        """Tell whether Holm's rule certifies a pair among others without errors (or among certain ones)."""
        p = _edges.miss_p_value(misses, positives, self.tolerance)
        if self.part != "detection":
            rate = _edges.alarm_share(self.tolerance)
            trials = positives + alarms
            if self.odds == "ε of C":
                rate, trials = self.tolerance, positives
            p = max(p, _edges.at_most(alarms, trials, rate))
        if not self.divided:
            return p <= self.alpha
        rest = Fraction(0)
        if self.part != "weakest":
            rest = p if not misses and not alarms else Fraction(1)
        return _edges.holm([p] + [rest] * (self.pairs - 1), self.alpha)[0]


def least_positives(level: Fraction, tolerance: Fraction, *, detection: bool) -> int:
    """Return the least integer N ≥ ln(1/ℓ)/(−ln(1−ε)), or ≥ ln(1/ℓ)/ln(1+ε), from enclosed logarithms.

    Examples
    --------
    >>> twentieth = Fraction(1, 20)
    >>> least_positives(twentieth, twentieth, detection=True)
    59
    >>> least_positives(twentieth / 12, twentieth, detection=False)
    113
    """
    factor = 1 - tolerance if detection else 1 / (1 + tolerance)
    if level >= 1:
        return 0
    if factor == 0:
        return 1
    quotient = _log(level) / _log(factor)
    ceiling = quotient.ceil().unique_fmpz()
    if ceiling is not None:
        return int(ceiling)
    # The quotient is within the ball's width of an integer: an exact power decides.
    nearest = round(float(quotient.mid()))
    return nearest if factor**nearest <= level else nearest + 1


def _log(value: Fraction) -> arb:
    return arb(fmpq(value.numerator, value.denominator)).log()


def bound(case: Case) -> int:
    """Return the least number of the closed form; for "below" 0."""
    if case.part == "below":
        return 0
    return least_positives(case.level(), case.tolerance, detection=case.part == "detection")


def observe(case: Case) -> Observed:
    """Return the least N at which a pair without errors is certified, or count what should not occur."""
    label = f"{case.label} [{case.part}]"
    if case.part == "below":
        return Observed(_certified_below(case), label)
    least = 0
    while not case.certified(0, 0, least):
        least += 1
    return Observed(least, label)


def _certified_below(case: Case) -> int:
    """Count the outcomes that are certified with fewer positives than the number of separation."""
    needed = least_positives(case.level(), case.tolerance, detection=False)
    sizes = {needed - 1, needed // 2} if needed > 1 else set[int]()
    # The p-values grow with both counts: where none of the least is certified, no greater one is.
    return sum(
        case.certified(misses, alarms, size)
        for size in sizes
        for misses in range(min(size, 4) + 1)
        for alarms in range(5)
    )


TABLE = ((1, 20), (1, 10))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the table of the theory, levels that are a power, degenerate levels, then random ones."""
    parts: tuple[Part, ...] = ("detection", "separation", "weakest", "below")
    for numerator, denominator in TABLE:
        for pairs in (1, 12, 500):
            for part in parts[:3]:
                tolerance = Fraction(numerator, denominator)
                yield Case(part, f"ε={tolerance}, {pairs} pairs", tolerance, pairs=pairs)
    half, one = Fraction(1, 2), Fraction(1)
    yield Case("detection", "(1/2)³ = 1/8: three are enough", half, Fraction(1, 8))
    yield Case("detection", "a hair below (1/2)⁴⁰: 41", half, Fraction(10**9 - 1, 10**9 * 2**40))
    yield Case("separation", "(1+1)⁻⁵ = 1/32: five are enough", one, Fraction(1, 32))
    yield Case("separation", "(3/2)⁻⁷ over 4 pairs", half, 4 * Fraction(2, 3) ** 7, pairs=4)
    yield Case("detection", "ε = 1: one point is enough", one, pairs=3)
    for part in parts[:2]:
        yield Case(part, "ℓ = 1: none is needed", half, one)
    yield Case("below", "ε=1/20, 12 pairs", Fraction(1, 20), pairs=12)
    for i in range(count):
        part = parts[i % len(parts)]
        tolerance = Fraction(int(rng.integers(1, 20)), 20)
        alpha, pairs = Fraction(1, int(rng.integers(2, 200))), int(rng.integers(1, 40))
        yield Case(part, f"random {i}: ε={tolerance}, α={alpha}, {pairs} pairs", tolerance, alpha, pairs)


def undivided(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield many pairs, each certified at ℓ = α: fewer points suffice than any of them needs."""
    for part in ("detection", "separation"):
        yield Case(part, "500 pairs at ℓ = α", Fraction(1, 20), pairs=500, divided=False)
    yield Case("below", "500 pairs at ℓ = α", Fraction(1, 20), pairs=500, divided=False)
    for i in range(max(1, count // 10)):
        tolerance, pairs = Fraction(int(rng.integers(1, 6)), 20), int(rng.integers(4, 100))
        yield Case("separation", f"{pairs} pairs at ℓ = α ({i})", tolerance, pairs=pairs, divided=False)


def odds_of_misses(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield alarms held against ε of C: at ε = .05 among 500 pairs 180 points, where 189 are needed."""
    yield Case("separation", "180 where 189 are needed", Fraction(1, 20), pairs=500, odds="ε of C")
    yield Case("weakest", "59 where 62 are needed", Fraction(1, 20), pairs=500, odds="ε of C")
    for i in range(max(1, count // 10)):
        tolerance, pairs = Fraction(int(rng.integers(1, 8)), 20), int(rng.integers(20, 100))
        label = f"ε={tolerance} of C, {pairs} pairs ({i})"
        yield Case("separation", label, tolerance, pairs=pairs, odds="ε of C")


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the number of points of each concept with a certified neuron or unit against the weakest need.

    At ℓ = α, which no rule for several pairs can undercut; a concept without a certificate says nothing.
    Always vacuous: the certificate and the number come from the same counts.
    """
    view, evidence = sample_view(instance), list[Evidence]()
    misses, alarms = pair_counts(view)
    units, tolerance = fitted_units(view), run_tolerance(view)
    for k, name in enumerate(view.names):
        positives = int(view.concepts[:, k].sum())
        pairs = list(zip(misses[k].tolist(), alarms[k].tolist(), strict=True))
        pairs += [(unit.misses, unit.alarms) for unit in units if unit.concept == k and unit.unit.any()]
        few = _edges.most_misses(positives, tolerance, ALPHA)
        few_alarms = _edges.most_alarms(positives, tolerance, ALPHA)
        for notion, certified in (
            ("detection", any(m <= few for m, _ in pairs)),
            ("separation", any(m <= few and a <= few_alarms for m, a in pairs)),
        ):
            if certified:
                least = least_positives(ALPHA, tolerance, detection=notion == "detection")
                where = f"points of a concept with certified {notion}, ε={float(tolerance):g}"
                label = f"{instance.label}: {name}, {where}"
                evidence.append(compare(Observed(positives, label), least, "lower", vacuous=True))
    return evidence


CLAIM = Claim(
    id="E5",
    statement=(
        "Without any error an edge can be certified at level ℓ exactly from N_C ≥ ln(1/ℓ)/(−ln(1−ε)) points "
        "of C on (detection), N_C ≥ ln(1/ℓ)/ln(1+ε) (separation); with fewer, no outcome is certified."
    ),
    tex=(
        r"N_C\ \ge\ \frac{\ln(1/\ell)}{-\ln(1-\varepsilon)}\ \text{(detection)},\qquad "
        r"N_C\ \ge\ \frac{\ln(1/\ell)}{\ln(1+\varepsilon)}\ \text{(separation)},\qquad \ell=\alpha/P"
    ),
    hypotheses=(
        Hypothesis("ℓ is the level of each pair, α/P in Holm's first step", undivided),
        Hypothesis("the alarms are held against the odds ε/(1+ε) of C ∪ θ", odds_of_misses),
    ),
    kind="tight",
    source="clopper1934,holm1979",
    figure="enough_positives",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "−ln(1−ε) for separation": lambda case: (
            least_positives(case.level(), case.tolerance, detection=True)
            if case.part == "separation"
            else bound(case)
        ),
        "ln(1+ε) for detection": lambda case: (
            least_positives(case.level(), case.tolerance, detection=False)
            if case.part == "detection"
            else bound(case)
        ),
        "ℓ = α/P beside certain pairs": lambda case: (
            least_positives(case.alpha / case.pairs, case.tolerance, detection=False)
            if case.part == "weakest"
            else bound(case)
        ),
        "1/ε times ln(1/ℓ), the first order": lambda case: (
            math.ceil(-math.log(case.level()) / case.tolerance) if case.part == "detection" else bound(case)
        ),
    },
)
