r"""E2. Clopper–Pearson intervals at level α/(number of pairs) cover all true rates together.

C. J. Clopper and E. S. Pearson (1934): for a fixed rate p the interval misses it with probability at most
α. For m pairs at level α/m the chances of missing add up to at most α, whatever the dependence of the
pairs. The probabilities are finite sums of binomial terms and are computed here exactly, with the ends of
the library's intervals as they are; p just outside an end is where coverage is least.

The SAE must be fixed before the test points are drawn. A neuron chosen because it does best on the test
points is covered only by intervals that are simultaneous over all candidates (control: they are not).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from math import comb, nextafter
from typing import Literal

import numpy as np

from geosae.geometry.intervals import clopper_pearson
from geosae.verification import Claim, Hypothesis, Observed

Part = Literal["one", "together", "selected"]


@dataclass(frozen=True)
class Case:
    """N test points, the true rates, and the level; `used` is the level of each interval (default α/m).

    With `copies` > 1 every point is drawn that often: N of them are independent, and N·copies are counted.
    """

    size: int
    rates: tuple[Fraction, ...]
    alpha: float
    part: Part
    label: str
    used: float | None = None
    copies: int = 1

    def level(self) -> float:
        """Return the level of each interval."""
        return self.alpha / len(self.rates) if self.used is None else self.used


def bound(case: Case) -> Fraction:
    """Return 1 − α."""
    return 1 - Fraction(case.alpha)


def observe(case: Case) -> Observed:
    """Return the exact probability of covering: 1 − Σ misses, or that for the pair chosen on the test."""
    label = f"{case.label} [{case.part}]"
    if case.part == "selected":
        return Observed(_selected(case), label)
    missed = sum((1 - _coverage(case, p) for p in case.rates), Fraction(0))
    return Observed(1 - missed, label)


@lru_cache(maxsize=4096)
def _ends(size: int, level: float) -> tuple[tuple[float, float], ...]:
    low, high = clopper_pearson(np.arange(size + 1), np.full(size + 1, size), level)
    return tuple(zip(low.tolist(), high.tolist(), strict=True))


def _coverage(case: Case, p: Fraction) -> Fraction:
    return sum((_term(case.size, k, p) for k in _covering(case, p)), Fraction(0))


def _covering(case: Case, p: Fraction) -> list[int]:
    ends = _ends(case.size * case.copies, case.level())
    covers = [low <= p <= high for low, high in ends]
    return [k for k in range(case.size + 1) if covers[k * case.copies]]


def _term(size: int, k: int, p: Fraction) -> Fraction:
    return comb(size, k) * p**k * (1 - p) ** (size - k)


def _selected(case: Case) -> Fraction:
    """Return the coverage for the neuron with the fewest errors of several independent ones of equal rate."""
    p, m = case.rates[0], len(case.rates)
    terms = [_term(case.size, k, p) for k in range(case.size + 1)]
    above = [sum(terms[k:], Fraction(0)) for k in range(case.size + 2)]
    least = [above[k] ** m - above[k + 1] ** m for k in range(case.size + 1)]
    return sum((least[k] for k in _covering(case, p)), Fraction(0))


def _beside(size: int, k: int, alpha: float, *, upper: bool = True) -> Fraction:
    """Return a rate just outside the interval of k errors: there k has just ceased to cover."""
    low, high = _ends(size, alpha)[k]
    return Fraction(nextafter(high, 1.0) if upper else nextafter(low, 0.0))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield rates 0 and 1, rates just outside an end (the worst), many pairs, then random ones."""
    for tenths in range(19):
        p = Fraction(tenths, 18)
        yield Case(10, (p,), 0.05, "one", f"p = {p}, N = 10")
    for size in range(6, 24):
        label = f"the best of two beside an end, N={size}"
        yield Case(size, (_beside(size, size // 3, 0.025),) * 2, 0.05, "selected", label)
    yield Case(1, (Fraction(1, 2),), 0.05, "one", "a single test point")
    # The worst rates found by search: coverage 0.950003, 0.95013 and 0.97502.
    yield Case(56, (_beside(56, 0, 0.05),), 0.05, "one", "the worst rate found, N=56, k=0")
    yield Case(20, (_beside(20, 0, 0.0125),) * 4, 0.05, "together", "the worst four pairs found, N=20, k=0")
    yield Case(40, (_beside(40, 15, 0.025),) * 2, 0.05, "selected", "the worst best of two found, N=40, k=15")
    yield Case(20, (Fraction(1, 3),) * 4, 0.05, "together", "four pairs of one rate")
    yield Case(20, (Fraction(1, 10),) * 3, 0.05, "selected", "the best of three, simultaneous level")
    for i in range(count):
        size, m = int(rng.integers(1, 31)), int(rng.integers(1, 5))
        alpha = float(rng.choice([0.05, 0.01, 0.3]))
        if i % 2:
            k = int(rng.integers(0, size))
            p = _beside(size, k, alpha / m, upper=bool(i % 4 == 1))
            yield Case(size, (p,) * m, alpha, "together", f"{m} rates beside an end {i}, N={size}, α={alpha}")
        else:
            rates = tuple(Fraction(int(v), 40) for v in rng.integers(0, 41, m))
            yield Case(size, rates, alpha, "together", f"{m} random rates {i}, N={size}, α={alpha}")


def chosen(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the best of several, chosen on the test points, at the level of a pair fixed before."""
    third = (Fraction(1, 3),)
    yield Case(20, third * 3, 0.05, "selected", "the best of three at the single level: 0.948", used=0.05)
    for m in (5, *(int(v) for v in rng.integers(8, 30, max(1, count // 10)))):
        yield Case(20, third * m, 0.05, "selected", f"the best of {m} at the single level", used=0.05)


def undivided(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield levels not divided or a tenth too wide."""
    wide = _beside(41, 18, 0.055)
    yield Case(41, (wide,), 0.05, "one", "α a tenth too large: coverage 0.9456", used=0.055)
    wider = _beside(30, 11, 0.0137)
    yield Case(30, (wider,) * 4, 0.05, "together", "four pairs, α/m a tenth too large", used=0.0137)
    third = (Fraction(1, 3),)
    yield Case(20, third * 4, 0.05, "together", "four pairs, α not divided", used=0.05)
    for i in range(max(1, count // 10)):
        m = int(rng.integers(5, 12))
        label = f"random: {m} pairs, α not divided ({i})"
        yield Case(25, (Fraction(1, 5),) * m, 0.05, "together", label, used=0.05)


def doubled(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield test points drawn once and counted more often."""
    for copies in (2, *(int(v) for v in rng.integers(2, 6, max(1, count // 10)))):
        yield Case(20, (Fraction(1, 2),), 0.05, "one", f"20 points, each {copies} times", copies=copies)


CLAIM = Claim(
    id="E2",
    statement=(
        "Clopper–Pearson intervals at level α over the number of pairs cover all true rates with "
        "probability at least 1 − α."
    ),
    tex=r"\Pr\Big[\forall\,\text{pairs } j\le m:\ p_j\in\mathrm{CP}_{\alpha/m}(k_j,N)\Big]\ \ge\ 1-\alpha",
    hypotheses=(
        Hypothesis("the SAE and the pairs are fixed before the test points are drawn", chosen),
        Hypothesis("the level of each interval is α over the number of pairs", undivided),
        Hypothesis("test points are independent", doubled),
    ),
    kind="lower",
    source="clopper1934",
    figure="intervals",
    observe=observe,
    bound=bound,
    instances=instances,
    # Choosing the best is covered with 1 − α/2: only one tail can be missed by choosing.
    scales={"one": (0.99, 1.01), "together": (0.99, 1.01), "selected": (0.99, 1.03)},
)
