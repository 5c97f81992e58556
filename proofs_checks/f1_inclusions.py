r"""F1. Approximation implies separation implies detection, exactly; at a tolerance with a price.

With exact errors and μ ≪ ν: ν(θ△C) = 0 gives μ(θ△C) = 0, hence μ(C∖θ) = μ(θ∖C) = 0, hence detection. At ε >
0 separation still implies detection, by definition. Approximation implies it up to how ν weighs the
support: where μ ≤ κν, μ(C∖θ)/μ(C) ≤ κ·ε·ν(C)/μ(C), and this is attained.

"Separation" must be read up to null sets, μ(C∖θ) = 0, not as C ⊂ θ: an open model concept approximates a
closed concept exactly and misses its boundary (control). And μ ≪ ν is needed: an atom where ν has none
breaks it (control). The relations are those of formal concept analysis (Ganter and Wille, 1999).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from jaxtyping import Bool, Int

from geosae.verification import Claim, Evidence, Hypothesis, Number, Observed, TrainedInstance, compare
from proofs_checks._runs import pair_errors, sample_view

Part = Literal["exact", "transfer"]


@dataclass(frozen=True, eq=False)
class Case:
    """Integer weights of μ and ν on finitely many atoms, model concepts (rows) and a concept."""

    mu: Int[np.ndarray, " N"]
    nu: Int[np.ndarray, " N"]
    thetas: Bool[np.ndarray, "d N"]
    concept: Bool[np.ndarray, " N"]
    part: Part
    label: str
    pointwise: bool = False

    def mass(self, weights: Int[np.ndarray, " N"], where: Bool[np.ndarray, " N"]) -> int:
        """Return the weight of a set."""
        return int(weights[where].sum())


def bound(case: Case) -> Number:
    """Return 0 broken inclusions; or κ·ε·ν(C)/μ(C), ε the first model concept's approximation error."""
    if case.part == "exact":
        return 0
    charged = case.nu > 0
    kappa = max(Fraction(int(m), int(n)) for m, n in zip(case.mu[charged], case.nu[charged], strict=True))
    return (
        kappa * case.mass(case.nu, case.thetas[0] ^ case.concept) / Fraction(case.mass(case.mu, case.concept))
    )


def observe(case: Case) -> Observed:
    """Count the pairs that break an inclusion, or return the miss rate of the first model concept."""
    label = f"{case.label} [{case.part}]"
    C = case.concept
    if case.part == "transfer":
        return Observed(Fraction(case.mass(case.mu, C & ~case.thetas[0]), case.mass(case.mu, C)), label)
    broken = 0
    for theta in case.thetas:
        approximates = case.mass(case.nu, theta ^ C) == 0
        missed = case.mass(case.mu, C & ~theta)
        holds = not (C & ~theta).any() if case.pointwise else missed == 0
        separates = holds and case.mass(case.mu, theta & ~C) == 0
        broken += (approximates and not separates) + (separates and missed > 0)
    return Observed(broken, label)


def _draw(rng: np.random.Generator, label: str, part: Part) -> Case:
    size = int(rng.integers(2, 9))
    nu = rng.integers(0, 3, size)
    mu = np.where(nu > 0, rng.integers(0, 3, size), 0)
    concept = rng.random(size) < 0.5
    # Model concepts that differ from C on few atoms, so that all three relations occur.
    thetas = concept ^ (rng.random((6, size)) < 0.2)
    return Case(mu, nu, thetas, concept, part, label)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield a miss on a null set, the attained transfer, the empty concept, then random weights."""
    ones = np.ones(4, dtype=np.int64)
    C = np.array([True, True, False, False])
    edge = np.array([1, 0, 1, 1])
    yield Case(
        edge, edge, np.array([[True, False, False, False]]), C, "exact", "a miss on a null set of both"
    )
    yield Case(ones, ones, np.array([C, ~C]), C, "exact", "equality and complement")
    yield Case(
        ones, ones, np.zeros((1, 4), dtype=np.bool_), np.zeros(4, dtype=np.bool_), "exact", "empty concept"
    )
    half = np.array([[True, False, False, False]])
    yield Case(ones, ones, half, C, "transfer", "half missed, μ = ν: attained")
    yield Case(np.array([1, 3, 1, 1]), ones, half, C, "transfer", "the heavy half missed, κ = 3: attained")
    number = 0
    while number < count:
        part: Part = "transfer" if number % 2 else "exact"
        case = _draw(rng, f"random weights {number}", part)
        if part == "exact" or case.mass(case.mu, case.concept) > 0:
            yield case
            number += 1


def unseen_atoms(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield atoms of μ that ν does not see."""
    C = np.array([True, True, False])
    off = np.array([[True, False, False]])
    mu, nu = np.array([1, 1, 1]), np.array([1, 0, 1])
    yield Case(mu, nu, off, C, "exact", "an atom of μ where ν has none")
    # Two of three atoms of C are missed, and ν sees only the heavy one: one part in 200 is not accounted for.
    light, heavy_only = np.array([200, 1, 200]), np.array([200, 0, 200])
    nothing = np.zeros((1, 3), dtype=np.bool_)
    yield Case(light, heavy_only, nothing, C, "transfer", "a light atom of μ where ν has none")
    for i in range(max(1, count // 10)):
        heavy = int(rng.integers(1, 9))
        yield Case(
            np.array([heavy, 1, 1]), nu * heavy, off, C, "exact", f"random atom {i} of share 1/{heavy + 2}"
        )


def pointwise(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield open model concepts of closed concepts, which miss a boundary of measure zero."""
    for size in (3, *(int(v) for v in rng.integers(3, 12, max(1, count // 10)))):
        C = np.arange(size) < size - 1
        weights = np.ones(size, dtype=np.int64)
        weights[0] = 0
        off = (C & (np.arange(size) > 0))[None, :]
        label = f"an open θ, a closed C of {size - 1} atoms, read pointwise"
        yield Case(weights, weights, off, C, "exact", label, pointwise=True)


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the pairs that separate at ε against those that detect at ε: never more.

    Always vacuous: both are counted from one array of errors.
    """
    view = sample_view(instance)
    miss, alarms = pair_errors(view)
    detects = miss <= view.tolerance
    separates = detects & (alarms <= view.tolerance)
    label = f"{instance.label}: pairs that separate at ε={view.tolerance:g}, against pairs that detect"
    return [compare(Observed(int(separates.sum()), label), int(detects.sum()), "upper", vacuous=True)]


CLAIM = Claim(
    id="F1",
    statement=(
        "With exact errors and μ ≪ ν approximation implies separation, which implies detection; at a "
        "tolerance ε "
        "the miss rate is at most κ·ε·ν(C)/μ(C) where μ ≤ κν."
    ),
    tex=(
        r"R_{\mathrm{approx}}\subset R_{\mathrm{sep}}\subset R_{\mathrm{det}}\ (\varepsilon=0,\ "
        r"\mu\ll\nu);\qquad "
        r"\frac{\mu(C\setminus\theta)}{\mu(C)}\le\kappa\,\frac{\nu(\theta\mathbin\triangle C)}{\mu(C)}"
    ),
    hypotheses=(
        Hypothesis("μ ≪ ν (transfer: μ ≤ κν)", unseen_atoms),
        Hypothesis("separation is read up to μ-null sets", pointwise),
    ),
    kind="upper",
    source="ganter1999",
    figure="notions",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    scales={"exact": None, "transfer": (0.99, 1.01)},
)
