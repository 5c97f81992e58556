r"""R5. Identifiable, yet not nameable: basis pursuit reads all codes, and no absolute neuron names feature 1.

Let a_2 … a_p be orthonormal, t² of them, and a_1 = (1/t)Σ a_j: unit columns, n = t², p = t² + 1. v = (1/t, …)
has mass t and entries at most 1, and is the only combination: feature 1 is unnameable at k iff t ≤ k (S10).
ker A is spanned by h = (−1, 1/t, …); its k largest entries carry 1 + (k−1)/t of 1 + t, so that every k-sparse
code is the only least ‖z′‖₁ with Az′ = Az iff t² − t > 2(k−1). With t = k both hold for every k ≥ 3: a
one-layer absolute encoder must fail where an iterative one does not. At k = 2 there is a tie, k + 2/k = 3.

Under (2k−1)κ < 1 there is no such gap: codes are returned (R2), and every feature is named, by b = a_i (S10).
If all features are named, all codes z ≥ 0 are returned (S11e): the gap never goes the other way.

Naming is decided by the library's certificates, which are checked, and by all codes where these are few;
recovery by the circuits of the kernel, exactly. Controls: k < 3; more columns, so that the mass exceeds k;
more active features than k; columns that are not of length 1. On a trained SAE: the share of planted features
that can be named and the share of the sample's codes that are returned, side by side; where all can be named,
all must be returned.

Status: exact; ours. That encoders fall short of optimal codes (the amortisation gap) is known from
experiments; here it is forced by geometry. Open: how common such features are among the columns of trained
decoders.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Literal

import numpy as np
from jaxtyping import Int

from geosae.geometry import name_feature, name_features, recover_code
from geosae.verification import Claim, Evidence, Hypothesis, Kind, Number, Observed, TrainedInstance, compare
from proofs_checks._circuits import circuits, greatest_share
from proofs_checks._dictionaries import rational_columns
from proofs_checks._naming import all_codes, told_apart
from proofs_checks._superposed import superposed

Part = Literal["gap", "names", "pursuit", "coherent"]
FEW = 5
"""Up to so many features all codes are enumerated."""
MOST_CODES, MOST_COLUMNS = 12, 128
"""Codes of a sample that are put to basis pursuit, and columns of the largest dictionary."""


@dataclass(frozen=True, eq=False)
class Case:
    """A dictionary of integers (features in rows), k, and t where it is a mean of t² orthogonal columns.

    Each of the last fields breaks a hypothesis: how many features are active, the t that is claimed, and
    whether the columns are taken for unit vectors as they are.
    """

    part: Part
    label: str
    features: Int[np.ndarray, "p n"]
    k: int
    t: int = 0
    active: int | None = None
    claimed: int | None = None
    unit: bool = True


def bound(case: Case) -> Number:
    """Return what t and k, or the coherence, say."""
    t = case.t if case.claimed is None else case.claimed
    if case.part == "gap":
        return 1
    if case.part == "names":
        return int(t > case.k)
    if case.part == "pursuit":
        return int(t * t - t > 2 * (case.k - 1))
    return int((2 * case.k - 1) * _coherence(case) < 1)


def _coherence(case: Case) -> Fraction:
    """Return the largest |⟨a_i, a_j⟩| of columns of one length, over its square (less in the control)."""
    gram = case.features @ case.features.T
    size = int(gram[0, 0]) if case.unit else 100 * int(gram[0, 0])
    return Fraction(int(np.abs(gram - np.diag(np.diag(gram))).max()), size)


def observe(case: Case) -> Observed:
    """Decide by certificates or all codes whether features are named, by circuits whether codes return."""
    k = case.k if case.active is None else case.active
    kinds: dict[Part, Kind] = {"gap": "existence", "names": "equivalence", "pursuit": "equivalence"}
    value = {
        "gap": lambda: returned(case.features, k) and not named(case.features, k),
        "names": lambda: named(case.features, k),
        "pursuit": lambda: returned(case.features, k),
        "coherent": lambda: returned(case.features, k) and all_named(case.features, k),
    }[case.part]()
    return Observed(int(value), f"{case.label}, k={case.k} [{case.part}]", kind=kinds.get(case.part, "lower"))


def named(features: Int[np.ndarray, "p n"], k: int) -> bool:
    """Tell whether a neuron names the first feature."""
    if len(features) <= FEW:
        return told_apart(rational_columns(features), 0, list(all_codes(len(features), k)))
    return name_feature(features.T.astype(np.float64), 0, k).check().nameable


def all_named(features: Int[np.ndarray, "p n"], k: int) -> bool:
    """Tell whether every feature is named."""
    return all(verdict.check().nameable for verdict in name_features(features.T.astype(np.float64), k))


def returned(features: Int[np.ndarray, "p n"], k: int) -> bool:
    """Tell whether every code of at most k non-zeros is the only shortest one of its point."""
    return greatest_share(circuits(features), k) < Fraction(1, 2)


def _mean(t: int, rng: np.random.Generator | None = None) -> Int[np.ndarray, "p n"]:
    """Return (1/t)Σ a_j and t² orthogonal a_j of one length: axes in some order, turned in a plane."""
    n = t * t
    axes = np.eye(n, dtype=np.int64)
    if rng is not None:
        axes = axes[rng.permutation(n)] * rng.choice((-1, 1), n)
        if n > 1:
            # A turn by the angle of 3 + 4i in one plane; all is scaled by 5, so that entries stay whole.
            plane = np.eye(n, dtype=np.int64) * 5
            plane[:2, :2] = [[3, -4], [4, 3]]
            axes = axes @ plane
    return np.vstack([axes.sum(axis=0), t * axes])


def _signs(p: int, n: int, rng: np.random.Generator) -> Int[np.ndarray, "p n"]:
    return rng.choice((-1, 1), (p, n))


def _fixed() -> Iterator[Case]:
    for k in (3, 4, 5, 6):
        yield Case("gap", f"the mean of {k * k} axes", _mean(k), k, k)
    for t, k in ((1, 1), (1, 2), (2, 1), (2, 2), (3, 2), (2, 3), (3, 3), (4, 4), (5, 2)):
        for part in ("names", "pursuit"):
            yield Case(part, f"the mean of {t * t} axes", _mean(t), k, t)  # pyright: ignore[reportArgumentType]
    corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    for k in (1, 2):
        yield Case("coherent", "the corners of a tetrahedron", corners, k)
    yield Case("coherent", "an orthonormal basis", np.array([[1, 1], [1, -1]]), 2)


def _random(part: Part, i: int, rng: np.random.Generator) -> Case:
    if part == "coherent":
        n, p = int(rng.choice((3, 4, 5, 7, 9, 11))), int(rng.integers(2, 6))
        return Case(part, f"{p} sign vectors in R^{n} ({i})", _signs(p, n, rng), int(rng.integers(1, 3)))
    if part == "gap":
        t = k = int(rng.integers(3, 6))
    else:
        # Every second pursuit is the tie, t = k = 2.
        t, k = (2, 2) if part == "pursuit" and i % 2 else (int(rng.integers(1, 5)), int(rng.integers(1, 5)))
    return Case(part, f"the mean of {t * t} orthonormal columns ({i})", _mean(t, rng), k, t)


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield means of axes for small t and k, then turned ones, and sign vectors."""
    yield from _fixed()
    parts: tuple[Part, ...] = ("gap", "names", "pursuit", "coherent")
    for i in range(count):
        yield _random(parts[i % len(parts)], i // len(parts), rng)


def small_k(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield k = 1 and k = 2: equal columns, and a tie."""
    for i in range(max(2, count // 10)):
        k = 1 + i % 2
        yield Case("gap", f"the mean of {k * k} columns ({i})", _mean(k, rng), k, k)


def larger_mass(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield the mean of (k+1)² columns: its mass is k + 1, and it is named."""
    for i in range(max(2, count // 10)):
        k = 3 + i % 2
        case = Case("gap", f"the mean of {(k + 1) ** 2} columns ({i})", _mean(k + 1, rng), k, k + 1)
        yield case
        yield replace(case, part="names", claimed=k)


def more_active(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield codes of more features than k."""
    for i in range(max(2, count // 10)):
        t = 3 + i % 2
        most = (t * t - t) // 2 + 1
        label = f"the mean of {t * t} columns, up to {most} active ({i})"
        yield Case("pursuit", label, _mean(t, rng), t, t, active=most)
        corners = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]]) * rng.choice((-1, 1), 3)
        yield Case("coherent", f"the corners of a tetrahedron, two active ({i})", corners, 1, active=2)


def other_lengths(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield columns so short that their products are small: two equal ones, and the mean of nine."""
    for i in range(max(2, count // 10)):
        column = _signs(1, int(rng.integers(2, 6)), rng)
        case = Case("coherent", f"two equal columns of a tenth ({i})", np.vstack([column, column]), 1)
        yield replace(case, unit=False)
        case = Case("coherent", f"the mean of nine columns, all of a tenth ({i})", _mean(3, rng), 3)
        yield replace(case, unit=False)


def check_run(instance: TrainedInstance) -> list[Evidence]:
    """Count the codes of the sample that basis pursuit over the planted dictionary returns (z ≥ 0).

    Beside it stands the share of planted features that a neuron can name at the sample's k. Where all can be
    named all must be returned; elsewhere it is vacuous. What counts is which features are on.
    """
    world = superposed(instance)
    if world is None or world.columns.A.shape[1] > MOST_COLUMNS:
        return []
    k = world.sparsities[-1]
    members = instance.dataset.membership
    patterns = np.unique(members[members.any(axis=1)], axis=0)
    rng = np.random.default_rng(0)
    tried = patterns[rng.permutation(len(patterns))[:MOST_CODES]]
    able = world.nameable(k)
    everything = bool(able.all()) and len(able) == world.columns.A.shape[1]
    back = sum(
        recover_code(world.columns.A, z.astype(np.float64), nonnegative=True).recovered is True for z in tried
    )
    label = f"{instance.label}: codes of at most {k} planted features that are returned, of {len(tried)}"
    label += f" ({int(able.sum())} of {len(able)} features nameable)"
    limit = len(tried) if everything else 0
    return [compare(Observed(back, label), limit, "lower", vacuous=not everything)]


def _other(part: Part, formula: Callable[[Case], bool]) -> Callable[[Case], Number]:
    return lambda case: int(formula(case)) if case.part == part else bound(case)


CLAIM = Claim(
    id="R5",
    statement=(
        "For a_1 = (1/t)Σ a_j over t² orthonormal columns, feature 1 is unnameable at k iff t ≤ k, and basis "
        "pursuit returns all k-sparse codes iff t² − t > 2(k−1): with t = k, both for every k ≥ 3. Where "
        "(2k−1)κ < 1, all codes are returned and all features named."
    ),
    tex=(
        r"\forall k\ge3\ \exists A\in\mathbb R^{k^2\times(k^2+1)}:\ "
        r"\operatorname*{arg\,min}_{Az'=Az}\|z'\|_1=\{z\}\ (\|z\|_0\le k),"
        r"\ \text{and no half-space names feature }1"
    ),
    hypotheses=(
        Hypothesis("k ≥ 3", small_k),
        Hypothesis("the mass of the combination is at most k", larger_mass),
        Hypothesis("at most k features are active", more_active),
        Hypothesis("the columns have length 1", other_lengths),
    ),
    kind="existence",
    source="donoho2003,gribonval2003",
    figure="amortisation_gap",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "t ≥ k for t > k": _other("names", lambda case: (case.claimed or case.t) >= case.k),
        "a tie is returned": _other("pursuit", lambda case: case.t * case.t - case.t >= 2 * (case.k - 1)),
        "t² for t² − t": _other("pursuit", lambda case: case.t * case.t > 2 * (case.k - 1)),
        "kκ for (2k−1)κ": _other("coherent", lambda case: case.k * _coherence(case) < 1),
    },
)
