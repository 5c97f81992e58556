r"""R4. Energy: (min‖a_i‖² − κ(s−1))‖z‖² ≤ ‖Az‖² ≤ (max‖a_i‖² + κ(s−1))‖z‖² for z on a support of s columns.

κ = max |⟨a_i, a_j⟩| over the pairs of the support, min and max over its columns; z may have any signs. ‖Az‖²
= Σ‖a_i‖²z_i² + Σ_{i≠j} z_iz_j⟨a_i, a_j⟩, and 2|z_iz_j| ≤ z_i² + z_j² bounds the second sum by κ(s−1)‖z‖² (or:
the eigenvalues of the Gram matrix lie in Gershgorin's discs). Equality: equal lengths, all products −κ below
and +κ above, z = (1, …, 1), signs turned together. The lower bound is empty where κ(s−1) ≥ min‖a_i‖².

‖Az‖² from coordinates, in Fractions. Controls: a length taken for all columns, with one of them longer or
shorter; κ of the columns off the support; s − 1 for s. Status: exact, and classical (Gershgorin, 1931). Open:
nothing; sharper are the extreme eigenvalues of the Gram matrix of the support.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations
from typing import Literal

import numpy as np

from geosae.verification import Claim, Evidence, Hypothesis, Kind, Number, Observed, TrainedInstance, compare
from proofs_checks._dictionaries import Columns, random_columns, rational_columns
from proofs_checks._exact import dot
from proofs_checks._frames import identity, reflected, scaled
from proofs_checks._runs import some_rows

Part = Literal["lower", "upper"]
PARTS: tuple[Part, ...] = ("lower", "upper")
# In trained SAEs so many points are looked at.
MOST_POINTS = 256


@dataclass(frozen=True, eq=False)
class Case:
    """Columns, and a code with an entry for each; the support is where it is not 0.

    The other fields are for controls: one length² for all columns, κ of the columns off the support, and
    another s.
    """

    part: Part
    label: str
    columns: Columns
    code: tuple[Fraction, ...]
    attained: bool = False
    length: Fraction | None = None
    coherence: Literal["on the support", "off it"] = "on the support"
    less: int = 0

    def support(self) -> Columns:
        """Return the columns of the support."""
        return tuple(a for a, z in zip(self.columns, self.code, strict=True) if z)


def _kappa(columns: Columns) -> Fraction:
    return max((abs(dot(a, b)) for a, b in combinations(columns, 2)), default=Fraction(0))


def bound(case: Case) -> Number:
    """Return what ‖Az‖² is at least, or at most."""
    support = case.support()
    sizes = [dot(a, a) for a in support] if case.length is None else [case.length]
    others = tuple(a for a, z in zip(case.columns, case.code, strict=True) if not z)
    kappa = _kappa(support if case.coherence == "on the support" else others)
    spread = kappa * (len(support) - 1 - case.less)
    energy = sum((z * z for z in case.code), Fraction(0))
    return energy * (min(sizes) - spread if case.part == "lower" else max(sizes) + spread)


def observe(case: Case) -> Observed:
    """Sum the squares of the coordinates of Az."""
    pairs = list(zip(case.columns, case.code, strict=True))
    x = [sum((z * a[r] for a, z in pairs), Fraction(0)) for r in range(len(case.columns[0]))]
    kind: Kind = "tight" if case.attained else case.part
    return Observed(dot(x, x), f"{case.label} [{case.part}]", kind=kind)


def _spread(s: int, along: Fraction, common: Fraction) -> Columns:
    """Return s columns along·e_i + common·(1, …, 1): of one length, with equal products."""
    return tuple(tuple(along * x + common for x in row) for row in identity(s))


def _fixed() -> Iterator[Case]:
    for part in PARTS:
        yield Case(
            part,
            "an orthogonal basis",
            _spread(3, Fraction(2), Fraction(0)),
            (Fraction(1),) * 3,
            attained=True,
        )
        yield Case(part, "one column", ((Fraction(3), Fraction(4)),), (Fraction(-2),), attained=True)
        unequal = ((Fraction(1), Fraction(0)), (Fraction(0), Fraction(3)))
        for code in ((Fraction(1), Fraction(100)), (Fraction(100), Fraction(1))):
            yield Case(part, "orthogonal columns of lengths 1 and 3", unequal, code)
        equal = ((Fraction(1), Fraction(2)),) * 3
        yield Case(part, "a column three times", equal, (Fraction(1),) * 3, attained=part == "upper")
        yield Case(part, "a column three times, cancelled", equal, (Fraction(1), Fraction(1), Fraction(-2)))
        yield Case(
            part,
            "a zero column",
            ((Fraction(0), Fraction(0)), (Fraction(1), Fraction(0))),
            (Fraction(1),) * 2,
        )


def _attaining(part: Part, i: int, rng: np.random.Generator) -> Case:
    s = int(rng.integers(2, 6))
    # Products are 2αβ + sβ²: negative for β between −2α/s and 0.
    share = Fraction(int(rng.integers(1, 20)), 20)
    common = -2 * share / s if part == "lower" else share
    columns = reflected(rng, scaled(_spread(s, Fraction(1), common), Fraction(int(rng.integers(1, 9)), 3)))
    signs = [int(t) for t in rng.choice((-1, 1), s)]
    columns = tuple(tuple(t * x for x in a) for t, a in zip(signs, columns, strict=True))
    size = Fraction(int(rng.integers(1, 9)), 4)
    return Case(part, f"equal products {i}: s={s}", columns, tuple(t * size for t in signs), attained=True)


def _random(part: Part, i: int, rng: np.random.Generator) -> Case:
    n, p = int(rng.integers(1, 5)), int(rng.integers(1, 7))
    code = [Fraction(int(z), 3) for z in rng.integers(-4, 5, p)]
    code[0] += not any(code)
    label = f"random instance {i}: n={n}, p={p}"
    return Case(part, label, rational_columns(random_columns(rng, n, p)), tuple(code))


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield bases, equal and zero columns, what attains either side, then random small integers."""
    yield from _fixed()
    for i in range(max(2, count // 10)):
        for part in PARTS:
            yield _attaining(part, i, rng)
    for i in range(count):
        yield _random(PARTS[i % 2], i, rng)


def another_length(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield orthogonal columns of length 1, one of them doubled or halved, and length 1 assumed for all."""
    for i in range(max(2, count // 10)):
        s = int(rng.integers(2, 5))
        axes: Columns = tuple(tuple(row) for row in identity(s))
        code = (Fraction(int(rng.integers(2, 9))), *[Fraction(1)] * (s - 1))
        sides: tuple[tuple[Part, Fraction], ...] = (("upper", Fraction(2)), ("lower", Fraction(1, 2)))
        for part, factor in sides:
            columns = (tuple(factor * x for x in axes[0]), *axes[1:])
            case = Case(part, f"one column times {factor} ({i})", columns, code)
            yield replace(case, length=Fraction(1))


def other_columns(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield κ of the columns off the support, which are orthogonal."""
    for i in range(max(2, count // 10)):
        for part in PARTS:
            case = _attaining(part, i, rng)
            zeros = (Fraction(0),) * 2
            rows = [Fraction(0)] * len(case.columns[0])
            others = ((*rows, Fraction(1), Fraction(0)), (*rows, Fraction(0), Fraction(1)))
            columns = (*((*a, *zeros) for a in case.columns), *others)
            case = replace(case, columns=columns, code=(*case.code, *zeros), label=f"κ off the support ({i})")
            yield replace(case, attained=False, coherence="off it")


def one_less(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield s − 1 in the place of s, where the bound is attained."""
    for i in range(max(2, count // 10)):
        for part in PARTS:
            case = _attaining(part, i, rng)
            yield replace(case, attained=False, less=1, label=f"s − 1 for s ({i}, s={len(case.code)})")


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the energy of x̂ − b_dec at random points between its bounds, from the atoms that are active there.

    Of either bound the point is shown that comes nearest to it. Certified: eta covers the rounding of the
    activations to float32. Vacuous where the lower bound is at most 0 at every point.
    """
    neurons = instance.neurons
    decoder, b_dec = np.asarray(neurons.decoder, dtype=np.float64), neurons.b_dec
    points = instance.dataset.points[some_rows(instance.dataset.size, MOST_POINTS)].astype(np.float64)
    acts, made = neurons.activations(points).astype(np.float64), neurons.reconstruct(points)
    nearest: dict[Part, tuple[float, float, float, float]] = {}
    empty = looked_at = 0
    for code, reconstruction in zip(acts, made, strict=True):
        active = np.flatnonzero(code)
        if not active.size:
            continue
        looked_at += 1
        gram, z = decoder[active] @ decoder[active].T, code[active]
        sizes = np.diagonal(gram)
        kappa = float(np.abs(gram - np.diag(sizes)).max())
        spread, energy = kappa * (len(active) - 1), float(z @ z)
        observed = float(((reconstruction - b_dec) ** 2).sum())
        low, high = (float(sizes.min()) - spread) * energy, (float(sizes.max()) + spread) * energy
        whole = float(np.abs(z) @ np.sqrt(sizes)) ** 2 + float(
            reconstruction @ reconstruction + b_dec @ b_dec
        )
        eta = 2.0**-20 * (high + whole)
        empty += low <= 0
        bounds: tuple[tuple[Part, float, float], ...] = (
            ("lower", low, observed - low),
            ("upper", high, high - observed),
        )
        for part, limit, gap in bounds:
            slack = (gap + eta) / (high + eta)
            # An empty lower bound is shown only where all are.
            rank = slack + (part == "lower" and low <= 0)
            if part not in nearest or rank < nearest[part][0]:
                nearest[part] = (rank, observed, limit, eta)
    evidence: list[Evidence] = []
    for part, (_, observed, limit, eta) in nearest.items():
        beside = f", empty at {empty} of {looked_at} points" if part == "lower" else ""
        label = f"{instance.label}: energy of a reconstruction, nearest to its {part} bound{beside}"
        evidence.append(
            compare(
                Observed(observed, label, "certified", eta),
                limit,
                part,
                vacuous=part == "lower" and limit <= 0,
            )
        )
    return evidence


CLAIM = Claim(
    id="R4",
    statement=(
        "For a code z on s columns, (min‖a_i‖² − κ(s−1))‖z‖² ≤ ‖Az‖² ≤ (max‖a_i‖² + κ(s−1))‖z‖², κ the "
        "largest product of two of these columns."
    ),
    tex=(
        r"\bigl(\min_{i\in S}\|a_i\|^2-\kappa(s-1)\bigr)\|z\|^2\le\|Az\|^2\le "
        r"\bigl(\max_{i\in S}\|a_i\|^2+\kappa(s-1)\bigr)\|z\|^2"
    ),
    hypotheses=(
        Hypothesis("the lengths are those of the columns", another_length),
        Hypothesis("κ is that of the support", other_columns),
        Hypothesis("s columns are active", one_less),
    ),
    kind="upper",
    source="gershgorin1931",
    figure="energy",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "κs for κ(s−1)": lambda case: bound(replace(case, less=case.less - 1)),
        "the mean length for the extreme one": lambda case: bound(
            replace(case, length=sum((dot(a, a) for a in case.support()), Fraction(0)) / len(case.support()))
        ),
    },
    scales=(0.99, 1.01),
)
