r"""R2. Exact recovery: when (2k − 1)κ < 1, every k-sparse code is the only shortest one of its point.

Unit columns of coherence κ. For h ∈ ker A, h_i = −Σ_{j≠i} ⟨a_i, a_j⟩h_j gives (1+κ)|h_i| ≤ κ‖h‖₁: k entries
of h carry at most kκ/(1+κ) of ‖h‖₁, less than half exactly when (2k−1)κ < 1. If no h ∈ ker A has half of
itself on k features, ‖z + h‖₁ > ‖z‖₁ for every k-sparse z, so z is the only minimiser of ‖z′‖₁ subject to Az′
= Az (for z ≥ 0 also among z′ ≥ 0); and conversely. One z: it is so iff some y has ⟨y, a_j⟩ = sign z_j on the
support S, |⟨y, a_j⟩| < 1 off it, and A is injective on S. All k-sparse z are determined by Az at all iff
every 2k columns are independent. Equality: the simplex of p vectors has kernel (1, …, 1), and k entries carry
k/p = kκ/(1+κ). At p = 2k it has (2k−1)κ = 1 and recovery fails: two codes of equal norm.

Decided by the circuits of the kernel (`_circuits`): no linear program. Columns of one length in integers have
rational κ, and recovery does not depend on that length. The library's certificates, whose equations are
checked here, are held against the circuits, for one code and for all. Beyond κ: the library's p linear
programs ask that the k largest ε_i*(1) (R1) sum to less than ½, which is weaker than k·max_i ε_i*(1) < ½; so
a linear read-out with errors below ½ at k implies recovery at k. Controls: two equal columns of length 1/10
with their plain product for κ; the simplex (half of it mirrored, for z ≥ 0); one non-zero more.

Status: exact, and classical (Donoho and Elad, Gribonval and Nielsen, 2003; the programs: Juditsky and
Nemirovski, 2011). Open: certificates for all codes where neither p programs nor all sets decide.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import Literal

import numpy as np
from jaxtyping import Int

from geosae.geometry.superposition.frames import frame_of
from geosae.geometry.superposition.recovery import recover_all, recover_code
from geosae.geometry.superposition.recovery_certificate import Recovered, Unrecovered
from geosae.verification import Claim, Evidence, Hypothesis, Kind, Number, Observed, TrainedInstance, compare
from proofs_checks._circuits import circuits, greatest_share, only_shortest
from proofs_checks._dictionaries import random_columns, rational_columns, whole
from proofs_checks._exact import dot, rank
from proofs_checks._frames import reflected, simplex
from proofs_checks._runs import some_rows

Part = Literal["share", "codes", "nonnegative", "certificate", "all", "determined"]
PARTS: tuple[Part, ...] = ("share", "codes", "nonnegative", "certificate", "all", "determined")
# In trained SAEs so many codes are tried, each by a linear program, among so many atoms.
MOST_CODES, MOST_ATOMS = 6, 1024
# Products of unit vectors in floats are this near to the true ones.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Case:
    """Features (rows here), the number of non-zeros, and the signs of one code.

    Fields for controls: another code than the bound is told of, more non-zeros, a claim that (2k − 1)κ < 1,
    and columns shortened by a factor whose plain products are taken for κ.
    """

    part: Part
    label: str
    features: Int[np.ndarray, "p n"]
    k: int = 1
    signs: tuple[int, ...] = ()
    tried: tuple[int, ...] = ()
    attained: bool = False
    more: int = 0
    claimed: bool = False
    shrunk: int | None = None

    def coherence(self) -> Fraction:
        """Return κ of columns of one length; of plain products, if they were made shorter by a factor."""
        columns = rational_columns(self.features)
        size = dot(columns[0], columns[0]) if self.shrunk is None else Fraction(self.shrunk**2)
        return max((abs(dot(a, b)) / size for a, b in combinations(columns, 2)), default=Fraction(0))

    def codes(self) -> Iterator[tuple[int, ...]]:
        """Yield the signs of every code of at most k (in a control more) non-zeros, one of each pair ±."""
        p = len(self.features)
        both = (1,) if self.part == "nonnegative" else (1, -1)
        for size in range(1, min(p, self.k + self.more) + 1):
            for support in combinations(range(p), size):
                for rest in product(both, repeat=size - 1):
                    entries = dict(zip(support, (1, *rest), strict=True))
                    yield tuple(entries.get(j, 0) for j in range(p))


def _certified(case: Case) -> bool:
    """Tell whether the library recovers the code, or all codes, by a certificate that holds."""
    A = case.features.T.astype(np.float64)
    if case.part == "all":
        verdict = recover_all(A, case.k).check()
        if verdict.recovered is None:
            raise ArithmeticError("all codes of a small dictionary are left open")
        return verdict.recovered
    verdict = recover_code(A, np.array(case.signs, dtype=np.float64))
    columns = rational_columns(case.features)
    if isinstance(verdict, Recovered):
        products = [dot(verdict.y, a) for a in columns]
        support = [a for a, s in zip(columns, case.signs, strict=True) if s]
        proved = all(c == s if s else abs(c) < 1 for c, s in zip(products, case.signs, strict=True))
        if not (proved and rank(support) == len(support)):
            raise ArithmeticError("the certificate y does not hold")
        return True
    if not isinstance(verdict, Unrecovered):
        raise ArithmeticError("a small dictionary is left open")
    h = dict(zip(verdict.places.tolist(), verdict.weights, strict=True))
    balanced = all(sum(v * columns[j][r] for j, v in h.items()) == 0 for r in range(len(columns[0])))
    rise = sum(case.signs[j] * v if case.signs[j] else abs(v) for j, v in h.items())
    if not (h and balanced and rise <= 0):
        raise ArithmeticError("the certificate h does not hold")
    return False


def bound(case: Case) -> Number:
    """Return kκ/(1+κ), all codes where (2k−1)κ < 1, or what the library or the ranks say."""
    if case.part == "share":
        kappa = case.coherence()
        return case.k * kappa / (1 + kappa)
    if case.part in ("codes", "nonnegative"):
        return int(case.claimed or (2 * case.k - 1) * case.coherence() < 1)
    if case.part == "determined":
        size = min(2 * case.k, len(case.features))
        return int(all(rank(columns) == size for columns in combinations(case.features.tolist(), size)))
    return int(_certified(case))


def observe(case: Case) -> Observed:
    """Read off the circuits how much k entries carry, or the share of codes that are the only shortest."""
    equivalences = ("certificate", "all", "determined")
    kind: Kind = "equivalence" if case.part in equivalences else "upper" if case.part == "share" else "lower"
    if case.attained:
        kind = "tight"
    return Observed(_value(case), f"{case.label}, k={case.k} [{case.part}]", kind=kind)


def _value(case: Case) -> Number:
    found, k = circuits(case.features), case.k + case.more
    if case.part == "share":
        return greatest_share(found, k)
    if case.part == "all":
        return int(greatest_share(found, k) < Fraction(1, 2))
    if case.part == "determined":
        return int(not any(_collision(case, h, k) for h in found))
    if case.part == "certificate":
        return int(only_shortest(found, case.tried or case.signs))
    nonnegative = case.part == "nonnegative"
    returned = [only_shortest(found, signs, nonnegative=nonnegative) for signs in case.codes()]
    return Fraction(sum(returned), len(returned))


def _collision(case: Case, h: Sequence[int], k: int) -> bool:
    """Tell whether a circuit splits into two codes of k non-zeros, and that they have one point."""
    places = [j for j, v in enumerate(h) if v]
    if len(places) > 2 * k:
        return False
    first, second = ({j: h[j] for j in half} for half in (places[:k], places[k:]))
    points = [
        [sum(v * int(case.features[j, r]) for j, v in code.items()) for r in range(case.features.shape[1])]
        for code in (first, second)
    ]
    if points[0] != [-x for x in points[1]]:
        raise ArithmeticError("a circuit is not in the kernel")
    return True


def _turned(rng: np.random.Generator, p: int) -> Int[np.ndarray, "p n"]:
    """Return a simplex, turned, with some of its corners replaced by their mirror images."""
    signs = rng.choice((-1, 1), p)
    return signs[:, None] * whole(reflected(rng, simplex(p)))


def _two_simplices(rng: np.random.Generator) -> Int[np.ndarray, "p n"]:
    """Return two simplices of four in orthogonal spaces, turned each by itself, signs at random."""
    zeros = (Fraction(0),) * 4
    first, second = reflected(rng, simplex(4)), reflected(rng, simplex(4))
    both = (*((*a, *zeros) for a in first), *((*zeros, *a) for a in second))
    return rng.choice((-1, 1), (8, 1)) * whole(both)


def _of_one_length(rng: np.random.Generator, n: int, p: int) -> Int[np.ndarray, "p n"]:
    """Return arrangements of one vector, with signs."""
    entries = rng.integers(0, 4, n)
    entries[0] += not entries.any()
    return np.array([rng.permutation(entries) * rng.choice((-1, 1), n) for _ in range(p)])


def _every(label: str, features: Int[np.ndarray, "p n"], k: int) -> Iterator[Case]:
    p = len(features)
    signs = tuple(int(j < k) for j in range(p))
    for part in PARTS:
        yield Case(part, label, features, k, signs if part == "certificate" else ())


def _fixed() -> Iterator[Case]:
    yield from _every("an orthogonal basis", np.eye(3, dtype=np.int64), 2)
    yield from _every("one column", np.array([[2]]), 1)
    for k in (1, 2):
        yield from _every("a column twice", np.array([[1, 2], [1, 2], [2, -1]]), k)
        yield from _every(
            "sixteen axes and their mean",
            np.vstack([4 * np.eye(16, dtype=np.int64), np.ones((1, 16), dtype=np.int64)]),
            k,
        )
    for k in (1, 2, 3):
        yield replace(next(_every("a simplex of 2k", whole(simplex(2 * k)), k)), attained=True)
    general = np.array([[1, t, t * t] for t in range(4)])
    yield Case("determined", "four columns of R³ in general position", general, 2)
    for part in ("certificate", "all", "determined"):
        yield Case(part, "a zero column", np.array([[1, 0], [0, 0], [0, 1]]), 1, (1, 0, 0))
        yield Case(part, "on a zero column", np.array([[1, 0], [0, 0], [0, 1]]), 1, (0, 1, 0))


def _attaining(i: int, rng: np.random.Generator) -> Iterator[Case]:
    p = int(rng.integers(3, 8))
    corners = _turned(rng, p)
    k = int(rng.integers(1, p + 1))
    yield Case("share", f"simplex {i} of {p}, turned", corners, k, attained=True)
    # The largest k with (2k − 1)κ < 1, and the signs that are hardest.
    k = (p - 1) // 2
    for part in ("codes", "nonnegative", "all"):
        yield Case(part, f"simplex {i} of {p}, turned", corners, k)
    signs = [int(s) for s in rng.choice((-1, 1), p)]
    chosen = set(rng.choice(p, k, replace=False).tolist())
    code = tuple(s if j in chosen else 0 for j, s in enumerate(signs))
    yield Case("certificate", f"simplex {i} of {p}, turned", corners, k, code)


def _random(part: Part, i: int, rng: np.random.Generator) -> Case:
    n, p, k = int(rng.integers(2, 4)), int(rng.integers(2, 7)), int(rng.integers(1, 4))
    label = f"random instance {i}: n={n}, p={p}"
    if part in ("share", "codes", "nonnegative"):
        features = _of_one_length(rng, n, p)
        if i % 3 == 0:
            features = _two_simplices(rng)
            label = f"random instance {i}: two simplices of 4 apart"
        return Case(part, label, features, 1 if part != "share" else k)
    features = random_columns(rng, n, p)
    signs = tuple(int(s) for s in rng.choice((-1, 0, 0, 1), p))
    return Case(part, label, features, k, signs if part == "certificate" else ())


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield bases, equal columns, simplices with signs turned, and random columns of one length or any."""
    yield from _fixed()
    for i in range(max(2, count // 10)):
        yield from _attaining(i, rng)
    for i in range(count):
        yield _random(PARTS[i % len(PARTS)], i, rng)


def short_columns(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield two equal columns of length 1/10, whose plain product is taken for κ."""
    for i in range(max(2, count // 10)):
        n = int(rng.integers(2, 5))
        features = np.eye(n, dtype=np.int64)[[0, *range(n)]] * int(rng.integers(1, 9))
        for part in ("share", "codes", "nonnegative"):
            case = Case(part, f"two equal columns of length 1/10 in R^{n} ({i})", features)
            yield replace(case, shrunk=10 * int(features[0, 0]))


def at_equality(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield simplices of 2k corners: (2k − 1)κ = 1, claimed to be less."""
    for i in range(max(2, count // 10)):
        k = int(rng.integers(1, 4))
        corners = whole(reflected(rng, simplex(2 * k)))
        yield Case("codes", f"a simplex of {2 * k} ({i})", corners, k, claimed=True)
        # Where half of the corners are mirrored, z ≥ 0 on one half ties with z ≥ 0 on the other.
        mirrored = corners * np.repeat((1, -1), k)[:, None]
        yield Case(
            "nonnegative", f"a simplex of {2 * k}, half of it mirrored ({i})", mirrored, k, claimed=True
        )


def one_more(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield codes with one non-zero more than the bound is told of."""
    for i in range(max(2, count // 10)):
        k = int(rng.integers(1, 3))
        corners = whole(reflected(rng, simplex(2 * k + 1)))
        label = f"one more than {k} on a simplex of {2 * k + 1} ({i})"
        for part in ("share", "codes", "all"):
            yield Case(part, label, corners, k, more=1)
        mirrored = corners * np.array([-1] * (k + 1) + [1] * k)[:, None]
        yield Case("nonnegative", f"{label}, mirrored", mirrored, k, more=1)
        signs = tuple(int(j < k) for j in range(2 * k + 1))
        longer = tuple(int(j <= k) for j in range(2 * k + 1))
        yield Case("certificate", label, corners, k, signs, longer)
        # Any 2k of these are independent, and 2k + 2 of them are not.
        points = rng.choice(40, 2 * k + 2, replace=False)
        moments = np.array([[int(t) ** r for r in range(2 * k)] for t in points])
        yield Case(
            "determined", f"one more than {k}: moments of {2 * k + 2} points ({i})", moments, k, more=1
        )


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Count the codes of the SAE itself that are the only shortest ones over its decoder's atoms.

    Atoms are brought to length 1. A few random points are tried, each with the signs of its own activations.
    All must be returned where (2k − 1)κ < 1, k the most that are active there. Vacuous elsewhere. No evidence
    for very wide SAEs, or where nothing is active.
    """
    decoder = np.asarray(instance.neurons.decoder, dtype=np.float64)
    live = decoder.any(axis=1)
    if not live.any() or live.sum() > MOST_ATOMS:
        return []
    atoms = decoder[live] / np.linalg.norm(decoder[live], axis=1, keepdims=True)
    points = instance.dataset.points[some_rows(instance.dataset.size, MOST_CODES)].astype(np.float64)
    codes = np.sign(instance.neurons.activations(points)[:, live])
    codes = codes[codes.any(axis=1)]
    if not len(codes):
        return []
    k, kappa = int(np.abs(codes).sum(axis=1).max()), frame_of(atoms.T).coherence
    promised = (2 * k - 1) * (kappa + ROUNDING) < 1 - ROUNDING
    returned = sum(recover_code(atoms.T, code).recovered is True for code in codes)
    where = f"(2k−1)κ = {(2 * k - 1) * kappa:.3g}"
    label = f"{instance.label}: codes of at most {k} atoms that are returned, of {len(codes)}, {where}"
    observed = Observed(returned, label)
    return [compare(observed, len(codes) if promised else 0, "lower", vacuous=not promised)]


CLAIM = Claim(
    id="R2",
    statement=(
        "For unit columns k entries of any h ∈ ker A carry at most kκ/(1+κ) of ‖h‖₁; where (2k−1)κ < 1 every "
        "k-sparse z is the only minimiser of ‖z′‖₁ subject to Az′ = Az; and all k-sparse z are determined by "
        "Az iff every 2k columns are independent."
    ),
    tex=(
        r"(2k-1)\kappa<1\ \Longrightarrow\ \operatorname*{arg\,min}_{Az'=Az}\|z'\|_1=\{z\}\ \ (\|z\|_0\le k);"
        r"\qquad \frac{T_k(|h|)}{\|h\|_1}\le\frac{k\kappa}{1+\kappa}\ \ (h\in\ker A)"
    ),
    hypotheses=(
        Hypothesis("the columns have length 1", short_columns),
        Hypothesis("(2k − 1)κ < 1", at_equality),
        Hypothesis("at most k entries are not 0", one_more),
    ),
    kind="lower",
    source="donoho2003,gribonval2003,juditsky2011",
    figure="recovery",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "2kκ < 1 + κ/2 for (2k−1)κ < 1": lambda case: (
            int(case.claimed or (2 * case.k - Fraction(3, 2)) * case.coherence() < 1)
            if case.part == "codes"
            else bound(case)
        ),
        "kκ for kκ/(1+κ)": lambda case: case.k * case.coherence() if case.part == "share" else bound(case),
        "every k columns for every 2k": lambda case: (
            bound(replace(case, k=(case.k + 1) // 2)) if case.part == "determined" else bound(case)
        ),
    },
    scales={"share": (0.99, 1.01), **dict.fromkeys(PARTS[1:])},
)
