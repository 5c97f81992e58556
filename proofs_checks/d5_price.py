r"""D5. The price of detection: the least μ(θ)/μ(C) among the θ of a family that miss at most ε of C.

Write π_ε(C) for it; the family are neurons, units, or all half-spaces. μ(θ)/μ(C) = 1 − m + a (N1). So π_ε
≥ 1 − ε; the minimum falls as ε or the family grows; s ≤ ε for some θ makes π_ε ≤ 1 + ε; and a minimiser
has a = π_ε − 1 + m ≤ (π_ε − 1) + ε, hence s ≤ max(0, π_ε − 1) + ε. (Where π_ε < 1 the excess counts as 0:
θ ⊂ C that misses exactly ε has π_ε = 1 − ε and s = ε.) At ε = 0: the closure unit is the cheapest of all
units (D3), and π_0 = 1 exactly when some θ of the family separates C. Over all half-spaces π_0 = 1 + LSM
(S9). The empty unit, which belongs to no family, has the price 1/μ(C); where nothing misses as little as
ε there is no price.

All units are tried. Three controls: the least price of all θ, however much they miss; the least miss of
one θ with the least price of another; and the price in a part of the family, held against a θ of the
whole. The statement is ours.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Literal

import numpy as np
from jaxtyping import Bool

from geosae.geometry.separation.best_halfspace import separability_measure
from geosae.verification import Claim, Evidence, Hypothesis, Number, Observed, TrainedInstance, compare
from proofs_checks._exact import Rational
from proofs_checks._graded import alarm, count, miss, pair_counts, price, run_tolerance, separation_error
from proofs_checks._planted import closure_unit, model_concept, random_planted
from proofs_checks._runs import fitted_units, sample_view
from proofs_checks._small_units import excludable

Part = Literal[
    "floor", "ceiling", "tolerance", "family", "alarms", "error", "exact", "closure", "empty", "half-spaces"
]  # fmt: skip
FAMILY: tuple[Part, ...] = (
    "floor", "ceiling", "tolerance", "family", "alarms", "error", "exact", "closure", "empty",
)  # fmt: skip
Theta = Bool[np.ndarray, " N"]


@dataclass(frozen=True, eq=False)
class Case:
    """Which neurons fire on which points, a concept, a tolerance, and the size of the largest units.

    `wider` is the greater tolerance that part "tolerance" compares with, `cloud` the points of C and the
    others for all half-spaces, `attained` says that equality is claimed. In a control `chosen` says how the
    minimum is taken, and `narrowed` that what is observed is of the first neuron alone (of the half-spaces
    x₁ > t alone).
    """

    part: Part
    label: str
    fires: Bool[np.ndarray, "N d"]
    concept: Theta
    tolerance: Fraction = Fraction(0)
    most: int = 1
    wider: Fraction = Fraction(1)
    cloud: tuple[tuple[tuple[Rational, ...], ...], ...] = ()
    attained: bool = False
    chosen: Literal["m ≤ ε", "any θ", "miss and price of two θ"] = "m ≤ ε"
    narrowed: bool = False

    def family(self, most: int) -> list[Theta]:
        """Return the model concepts of all units of one to so many neurons."""
        d = self.fires.shape[1]
        units = (unit for q in range(1, min(most, d) + 1) for unit in combinations(range(d), q))
        return [model_concept(self.fires, np.isin(np.arange(d), unit)) for unit in units]

    def detecting(self, tolerance: Fraction, most: int) -> list[Theta]:
        """Return those of the family that miss at most so much of the concept."""
        thetas = self.family(most)
        if self.chosen == "any θ":
            return thetas
        within = [theta for theta in thetas if miss(theta, self.concept) <= tolerance]
        return thetas if within and self.chosen == "miss and price of two θ" else within

    def price(self, tolerance: Fraction, most: int) -> Fraction:
        """Return π_ε, and more than the price of any set of points where no θ misses as little as ε."""
        prices = [price(theta, self.concept) for theta in self.detecting(tolerance, most)]
        return min(prices, default=Fraction(len(self.concept) + 1, count(self.concept)))

    def minimisers(self) -> list[Theta]:
        """Return the θ whose price is π_ε."""
        least = self.price(self.tolerance, self.most)
        thetas = self.detecting(self.tolerance, self.most)
        return [theta for theta in thetas if price(theta, self.concept) == least]


def bound(case: Case) -> Number:
    """Return what the part allows, from the tolerance, or from another minimum, or from the closure unit."""
    if case.part == "half-spaces":
        return 1 + Fraction(_measured(case)[0], len(case.cloud[0]))
    own = case.price(case.tolerance, case.most)
    everything = model_concept(case.fires, closure_unit(case.fires, case.concept))
    return {
        "floor": 1 - case.tolerance,
        "ceiling": 1 + case.tolerance,
        "tolerance": own,
        "family": own,
        "alarms": own - 1 + case.tolerance,
        "error": max(Fraction(0), own - 1) + case.tolerance,
        "exact": int(any(separation_error(theta, case.concept) == 0 for theta in case.family(case.most))),
        "closure": price(everything, case.concept),
        "empty": 1 / Fraction(count(case.concept), len(case.concept)),
    }[case.part]


def _measured(case: Case) -> tuple[int, int]:
    inside, outside = (np.array([[float(v) for v in x] for x in cloud]) for cloud in case.cloud)
    measure = separability_measure(inside, outside).check()
    return measure.kept_low, measure.kept_high


def _first_alone(case: Case) -> Case:
    return replace(case, fires=case.fires[:, :1]) if case.narrowed else case


def observe(case: Case) -> Observed:
    """Return a minimum by trying all units or all half-spaces, or the worst error of its minimisers."""
    label = f"{case.label} [{case.part}]"
    if case.part == "half-spaces":
        possible = excludable(*case.cloud)
        most = max((negatives.bit_count() for negatives, fine in enumerate(possible) if fine), default=0)
        firing = sum(map(len, case.cloud)) - most
        if case.narrowed:
            firing = sum(x[0] >= min(case.cloud[0])[0] for cloud in case.cloud for x in cloud)
        low, high = _measured(case)
        # The library's measure is an interval; where it is a number, equality is claimed.
        return Observed(Fraction(firing, len(case.cloud[0])), label, kind="tight" if low == high else "lower")
    if case.part in ("exact", "closure", "empty"):
        return Observed(_exact_value(case), label, kind="equivalence" if case.part == "exact" else "tight")
    value = _first_alone(case).price(case.tolerance, case.most)
    if case.part == "tolerance":
        value = _first_alone(case).price(case.wider, case.most)
    elif case.part == "family":
        # A control compares what detects with what need not.
        limited = replace(_first_alone(case), chosen="m ≤ ε")
        value = limited.price(case.tolerance, case.most + 1)
    elif case.part == "alarms":
        value = max((alarm(theta, case.concept) for theta in case.minimisers()), default=Fraction(0))
    elif case.part == "error":
        value = max(
            (separation_error(theta, case.concept) for theta in case.minimisers()), default=Fraction(0)
        )
    elif case.part == "ceiling" and not any(
        separation_error(theta, case.concept) <= case.tolerance for theta in case.family(case.most)
    ):
        value = Fraction(0)  # nothing is claimed
    sense = "lower" if case.part == "floor" else "upper"
    return Observed(value, label, kind="tight" if case.attained else sense)


def _exact_value(case: Case) -> Number:
    if case.part == "exact":
        return int(_first_alone(case).price(case.tolerance, case.most) == 1)
    if case.part == "empty":
        members = np.zeros(case.fires.shape[1], dtype=np.bool_)
        members[: int(case.narrowed)] = True
        return price(model_concept(case.fires, members), case.concept)
    # The closure unit may be empty: then so is the list of detecting units, and both are all of X.
    all_of_x = Fraction(len(case.concept), count(case.concept))
    return min(_first_alone(case).price(Fraction(0), case.fires.shape[1]), all_of_x)


def _counted(
    part: Part,
    label: str,
    size: int,
    neurons: Sequence[tuple[int, int]],
    tolerance: Fraction,
    **options: object,
) -> Case:
    """Return a case of `size` points of C and as many others, each neuron with so many misses and alarms."""
    rows = np.arange(2 * size)
    fires = [((rows >= missed) & (rows < size)) | (rows >= 2 * size - alarms) for missed, alarms in neurons]
    return Case(part, label, np.array(fires).T, rows < size, tolerance, **options)  # pyright: ignore[reportArgumentType]


TWENTIETH = Fraction(1, 20)


def _fixed() -> Iterator[Case]:
    yield _counted("floor", "a neuron that misses ε and nothing else: attained", 20, [(1, 0), (0, 3)],
                   TWENTIETH, attained=True)  # fmt: skip
    yield _counted("floor", "θ = C at ε = 0: attained", 5, [(0, 0)], Fraction(0), attained=True)
    yield _counted("ceiling", "alarms of exactly ε: attained", 20, [(0, 1), (2, 0)], TWENTIETH, attained=True)
    yield _counted("tolerance", "nothing cheaper at 2ε: attained", 20, [(1, 0), (3, 0)], TWENTIETH,
                   wider=2 * TWENTIETH, attained=True)  # fmt: skip
    yield _counted("family", "a unit of two nested neurons: attained", 20, [(0, 2), (0, 5)], TWENTIETH,
                   attained=True)  # fmt: skip
    for part in ("alarms", "error"):
        label = "m = ε, s = a = η + ε: attained"
        yield _counted(part, label, 20, [(1, 3), (0, 5)], TWENTIETH, attained=True)
    yield _counted("error", "m = ε, a = 0, π < 1: s is ε, not η + ε", 20, [(1, 0)], TWENTIETH, attained=True)
    yield _counted("exact", "one neuron with as many alarms as misses, beside one that detects", 4,
                   [(0, 1), (1, 1)], Fraction(0))  # fmt: skip
    yield _counted("tolerance", "θ = C at every ε: attained", 20, [(0, 0)], TWENTIETH, wider=2 * TWENTIETH,
                   attained=True)  # fmt: skip
    equality: dict[Part, list[tuple[int, int]]] = {
        "floor": [(1, 0), (0, 3)], "ceiling": [(0, 1), (2, 0)], "tolerance": [(1, 0), (3, 0)],
        "family": [(0, 2), (0, 5)], "alarms": [(1, 3), (0, 5)], "error": [(1, 3), (0, 5)],
    }  # fmt: skip
    for size in (*range(5, 20), *range(21, 26)):
        for part, neurons in equality.items():
            within = Fraction(1, size)
            label = f"attained at ε = {within}"
            yield _counted(part, label, size, neurons, within, wider=2 * within, attained=True)
    yield Case("empty", "a fifth of X", np.ones((5, 1), np.bool_), np.arange(5) < 1)
    for neurons, label in (
        ([(0, 0)], "θ = C"),
        ([(0, 8)], "always on"),
        ([(8, 0)], "dead"),
        ([], "no neurons"),
    ):
        fires = _counted("exact", label, 8, neurons or [(8, 0)], Fraction(0)).fires[:, : len(neurons)]
        for part in FAMILY:
            yield Case(part, label, fires, np.arange(16) < 8, Fraction(0))
    clouds = (
        ((((0,), (1,)), ((2,), (3,))), "separable on a line"),
        ((((0,),), ((1,), (-1,))), "a point between two negatives"),
        ((((0, 0), (4, 0), (0, 4)), ((1, 1), (1, 2), (9, 9))), "two negatives in the hull"),
        ((((5, 5),), ((5, 5),)), "the same point in both"),
    )
    for cloud, label in clouds:
        yield _half_spaces(cloud, label)


def _half_spaces(cloud: tuple[tuple[tuple[Rational, ...], ...], ...], label: str) -> Case:
    return Case("half-spaces", label, np.zeros((0, 0), np.bool_), np.zeros(0, np.bool_), cloud=cloud)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield what attains each bound, dead and constant neurons, clouds, then random encoders."""
    yield from _fixed()
    parts = (*FAMILY, "half-spaces")
    for i in range(count):
        part = parts[i % len(parts)]
        if part == "half-spaces":
            n = int(rng.integers(1, 3))
            sizes = int(rng.integers(1, 5)), int(rng.integers(1, 5))
            cloud = tuple(tuple(tuple(x) for x in rng.integers(-3, 4, (size, n)).tolist()) for size in sizes)
            yield _half_spaces(cloud, f"random cloud {i}: n={n}")
            continue
        model = random_planted(rng, points=int(rng.integers(2, 25)), dim=2, width=int(rng.integers(1, 6)))
        fires = model.fires()
        concept = model_concept(fires, rng.random(model.width) < 0.5) ^ (rng.random(len(fires)) < 0.1)
        concept[rng.integers(len(fires))] = True
        tolerance, wider = sorted(Fraction(int(v), 12) for v in rng.integers(0, 12, 2))
        label = f"random encoder {i}: d={model.width}, N={len(fires)}, ε={tolerance}"
        tolerance = Fraction(0) if part == "exact" else tolerance
        yield Case(part, label, fires, concept, tolerance, int(rng.integers(1, 4)), wider)


def any_miss(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the minimum over all θ, however much they miss: it falls below 1 − ε."""
    yield _counted("floor", "a dead neuron", 20, [(20, 0)], TWENTIETH, chosen="any θ")
    yield _counted("floor", "one miss too many", 20, [(2, 0), (0, 1)], TWENTIETH, chosen="any θ")
    yield _counted("family", "half of C for the price of C", 20, [(10, 0), (0, 0)], TWENTIETH, chosen="any θ")
    yield _counted("exact", "as many alarms as misses", 20, [(4, 4)], Fraction(0), chosen="any θ")
    for i in range(max(1, count // 10)):
        size = int(rng.integers(4, 30))
        missed = int(rng.integers(2, size))
        label = f"random: {missed} of {size} missed ({i})"
        yield _counted("floor", label, size, [(missed, 0)], Fraction(1, size), chosen="any θ")


def two_thetas(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the least miss of one θ with the least price of another."""
    pair = "miss and price of two θ"
    yield _counted("floor", "always on, and dead", 20, [(0, 20), (20, 0)], TWENTIETH, chosen=pair)
    yield _counted("exact", "always on, and as many alarms as misses", 20, [(0, 20), (4, 4)], Fraction(0),
                   chosen=pair)  # fmt: skip
    for part in ("error", "alarms"):
        neurons = [(0, 20), (10, 5)]
        yield _counted(part, "always on, and half of C", 20, neurons, TWENTIETH, chosen=pair)
    for i in range(max(1, count // 10)):
        size = int(rng.integers(4, 30))
        missed = int(rng.integers(2, size))
        neurons = [(0, int(rng.integers(1, size))), (missed, 0)]
        label = f"random: all of C by one, {missed} of {size} missed by another ({i})"
        yield _counted("floor", label, size, neurons, Fraction(1, size), chosen=pair)


def another_family(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield prices of the first neuron alone, held against what another θ of the family gives."""
    parts: tuple[Part, ...] = ("ceiling", "tolerance", "family", "exact", "closure", "empty")
    for part in parts:
        case = _counted(part, "the first neuron alone", 20, [(0, 10), (0, 0)], TWENTIETH, narrowed=True)
        yield replace(case, tolerance=Fraction(0)) if part == "exact" else case
    yield replace(_half_spaces((((0,),), ((1,),)), "only half-lines to the right"), narrowed=True)
    for i in range(max(1, count // 10)):
        size = int(rng.integers(4, 30))
        neurons = [(0, int(rng.integers(2, size + 1))), (0, 1)]
        label = f"random: the first of two neurons alone ({i})"
        yield _counted("ceiling", label, size, neurons, Fraction(1, size), narrowed=True)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold π_ε of neurons and of fitted units against 1 − ε, and the s of what attains it against the price.

    At the run's tolerance and at 0; a family in which nothing misses as little as that has no price there.
    Always vacuous: both sides come from one array of firing, and what is read off is the price.
    """
    view, evidence = sample_view(instance), list[Evidence]()
    misses, alarms = pair_counts(view)
    units = [unit for unit in fitted_units(view) if unit.unit.any()]
    for k, name in enumerate(view.names):
        size = count(view.concepts[:, k])
        firing = view.fires.sum(axis=0)
        neurons = list(zip(firing.tolist(), misses[k].tolist(), alarms[k].tolist(), strict=True))
        # A single neuron is a unit, too.
        both = neurons + [
            (count(model_concept(view.fires, u.unit)), u.misses, u.alarms) for u in units if u.concept == k
        ]
        for family, thetas in (("neurons", neurons), ("units", both)):
            for tolerance in sorted({Fraction(0), run_tolerance(view)}):
                detecting = [theta for theta in thetas if theta[1] <= int(tolerance * size)]
                if not detecting:
                    continue
                points, missed, false = min(detecting)
                least, worst = Fraction(points, size), Fraction(max(missed, false), size)
                label = f"{instance.label}: {name}, price of detection by {family}, ε={float(tolerance):g}"
                evidence.append(compare(Observed(least, label), 1 - tolerance, "lower", vacuous=True))
                promised = max(Fraction(0), least - 1) + tolerance
                error = Observed(worst, f"{label}: s of the cheapest")
                evidence.append(compare(error, promised, "upper", vacuous=True))
    return evidence


CLAIM = Claim(
    id="D5",
    statement=(
        "The least μ(θ)/μ(C) among θ that miss at most ε of C is at least 1−ε, at most 1+ε if s ≤ ε for some "
        "θ, and its minimiser has s ≤ max(0, π_ε−1)+ε; π_0 = 1 exactly when C is separated."
    ),
    tex=(
        r"\pi_\varepsilon(C)=\min_{m(\theta,C)\le\varepsilon}\frac{\mu(\theta)}{\mu(C)}\ \ge\ 1-\varepsilon,"
        r"\qquad "
        r"s\le\varepsilon\Rightarrow\pi_\varepsilon\le1+\varepsilon,\qquad "
        r"s(\theta^*)\le\max(0,\pi_\varepsilon-1)+\varepsilon,\qquad \pi_0=1\iff C\text{ separated}"
    ),
    hypotheses=(
        Hypothesis("θ misses at most ε of the concept", any_miss),
        Hypothesis("the miss and the price are those of the same θ", two_thetas),
        Hypothesis("the minimum is taken over the whole family", another_family),
    ),
    kind="tight",
    source="ganter1999",
    figure="price_of_detection",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "s ≤ η + ε, with η = π − 1 below 0": lambda case: (
            case.price(case.tolerance, case.most) - 1 + case.tolerance
            if case.part == "error"
            else bound(case)
        ),
        "π ≥ 1": lambda case: 1 if case.part == "floor" else bound(case),
        "π ≤ 1": lambda case: 1 if case.part == "ceiling" else bound(case),
        "separated within ε = 1/2 is enough": lambda case: (
            int(
                any(
                    separation_error(theta, case.concept) <= Fraction(1, 2)
                    for theta in case.family(case.most)
                )
            )
            if case.part == "exact"
            else bound(case)
        ),
        "the empty unit has the price 1": lambda case: 1 if case.part == "empty" else bound(case),
    },
    scales={part: None if part == "exact" else (0.99, 1.01) for part in (*FAMILY, "half-spaces")},
)
