r"""F4. Every finite lattice is the detection lattice of a ReLU SAE, with |M(L)| neurons and no fewer.

Construction: put the join-irreducibles J(L) at affinely independent points (the origin and unit vectors of
R^{|J|−1}); half-spaces cut out any subset of them, so take for each meet-irreducible m the half-space that
holds exactly the j ≤ m. The concepts {j} then have the standard context of L (Ganter and Wille, 1999), whose
concept lattice is L. Lower bound: with d neurons the intents are a closure system on d elements, whose
meet-irreducibles (as extents) are extents of single neurons; dually for the concepts.

Detection may be exact or at any tolerance below one: the concepts are single points. What is realised must be
a lattice: of a poset with two least upper bounds the context has the completion, which has more elements.

A lattice with one element needs no concept and no neuron. Where |J| ≤ 1 the dimension |J| − 1 is not
positive and the realisation lives in R¹. The lower bound is decided by listing every closure system on
fewer elements; the realisation by an exact comparison of all extents with the down-sets of L.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from jaxtyping import Bool

from geosae.verification import Claim, Evidence, Hypothesis, Observed, TrainedInstance, compare
from proofs_checks import _lattices as lat
from proofs_checks._planted import Planted
from proofs_checks._runs import pair_errors, sample_view

# Closure systems are listed on at most this many elements: 2 480 on four.
LISTED = 4


Part = Literal["neurons", "fewest neurons", "fewest concepts"]
SEARCHES: tuple[Part, Part] = ("fewest neurons", "fewest concepts")


@dataclass(frozen=True, eq=False)
class Case:
    """A lattice and an encoder that is said to realise it, its k-th point being the k-th join-irreducible.

    Part "neurons" counts the realising encoder's width; "fewest neurons" and "fewest concepts" search.
    """

    order: lat.Order
    model: Planted
    part: Part
    label: str


def realise(order: lat.Order) -> Planted:
    """Plant the standard context of the lattice on affinely independent points."""
    joins, meets = lat.join_irreducibles(order), lat.meet_irreducibles(order)
    inside = order[np.ix_(joins, meets)]
    return shatter(inside)


def shatter(inside: Bool[np.ndarray, "J M"]) -> Planted:
    """Plant half-spaces (columns) that hold exactly the marked ones of affinely independent points (rows).

    Examples
    --------
    >>> inside = np.array([[True, False], [False, False], [True, True]])
    >>> (shatter(inside).fires() == inside).all()
    np.True_
    """
    count, width = inside.shape
    dim = max(count - 1, 1)
    points = np.vstack([np.zeros((1, dim)), np.eye(dim)])[:count].astype(np.int64)
    sign = np.where(inside, 1, -1).astype(np.int64)
    c = sign[0] if count else -np.ones(width, dtype=np.int64)
    w = np.zeros((width, dim), dtype=np.int64)
    w[:, : max(count - 1, 0)] = (sign[1:] - c).T
    return Planted(points, w, c)


def bound(case: Case) -> int:
    """Return |M(L)| (or |J(L)| for concepts)."""
    irreducible = lat.join_irreducibles if case.part == "fewest concepts" else lat.meet_irreducibles
    return len(irreducible(case.order))


def observe(case: Case) -> Observed:
    """Count the neurons of the realisation (−1 if it is none), or search for the fewest."""
    if case.part == "neurons":
        joins = lat.join_irreducibles(case.order)
        down = [sum(1 << k for k, j in enumerate(joins) if case.order[j, x]) for x in range(len(case.order))]
        good = len(case.model.points) == len(joins) and lat.extents(case.model.fires()) == sorted(down)
        return Observed(case.model.width if good else -1, f"{case.label} [realised by]")
    # Extents of k neurons, ordered by inclusion, are intents ordered the other way.
    order = case.order.T if case.part == "fewest neurons" else case.order
    return Observed(_fewest(order), f"{case.label} [{case.part}]")


def _fewest(order: lat.Order) -> int:
    for size in range(LISTED + 1):
        for system in lat.closure_systems(size):
            if len(system) == len(order) and lat.isomorphic(lat.order_of(system), order):
                return size
    return LISTED + 1


def _cases(order: lat.Order, label: str) -> Iterator[Case]:
    model = realise(order)
    yield Case(order, model, "neurons", label)
    for part in SEARCHES:
        case = Case(order, model, part, label)
        # Beyond LISTED + 1 the search could not tell the truth from "more".
        if bound(case) <= LISTED + 1 and len(order) <= 16:
            yield case


def instances(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield chains, Boolean lattices, M₃, N₅, divisor lattices, then random ones."""
    for length in (1, 2, 3, 4, 5, 6, 12):
        yield from _cases(lat.chain(length), f"chain of {length}")
    for atoms in (2, 3, 4, 6):
        yield from _cases(lat.boolean(atoms), f"Boolean lattice B{atoms}")
    for atoms in (3, 4, 5, 9):
        yield from _cases(lat.diamond(atoms), f"M{atoms}")
    yield from _cases(lat.pentagon(), "N5")
    uneven = lat.order_of([0b0000, 0b0001, 0b0010, 0b0011, 0b0100, 0b1111])
    yield from _cases(uneven, "six elements with |J| = 3 and |M| = 4")
    yield from _cases(uneven.T, "six elements with |J| = 4 and |M| = 3")
    for number in (12, 30, 36, 60, 64, 210, 360):
        yield from _cases(lat.divisors(number), f"divisors of {number}")
    for i in range(count):
        ground, generators = int(rng.integers(1, 7)), int(rng.integers(0, 9))
        order = lat.random_lattice(rng, ground, generators)
        yield from _cases(order, f"random lattice {i} with {len(order)} elements")


def _cut(case: Case, neurons: Sequence[int]) -> Case:
    model = Planted(case.model.points, case.model.w[list(neurons)], case.model.c[list(neurons)])
    return replace(case, model=model, label=f"{case.label}, one neuron missing")


def no_lattice(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield posets in which two elements have two least upper bounds."""
    for size in (2, 3, *(int(v) for v in rng.integers(2, 5, max(1, count // 10)))):
        # Bottom, `size` atoms, all of them below each of `size` coatoms, top.
        low = [1 << k for k in range(size)]
        high = [(1 << size) - 1 | 1 << (size + k) for k in range(size)]
        order = lat.order_of([0, *low, *high, (1 << 2 * size) - 1])
        label = f"{size} elements below {size} others: no lattice"
        yield Case(order, realise(order), "neurons", label)
        if size == 2:
            for part in SEARCHES:
                yield Case(order, realise(order), part, label)


def dependent(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield points that are affinely dependent."""
    # Three points on a line: no half-line holds the outer two without the middle one.
    line = Planted(np.array([[0], [1], [2]]), np.array([[-2], [1], [2]]), np.array([3, -3, -1]))
    yield Case(lat.boolean(3), line, "neurons", "B3 on three points of a line (affinely dependent)")


def other_width(count: int, rng: np.random.Generator) -> Iterator[Case]:
    """Yield realisations with a neuron missing, or one twice."""
    some = [
        (lat.boolean(3), "B3"), (lat.diamond(3), "M3"), (lat.pentagon(), "N5"), (lat.chain(2), "chain of 2"),
        (lat.chain(5), "chain of 5"), (lat.divisors(12), "divisors of 12"),
    ]  # fmt: skip
    for order, label in some:
        case = Case(order, realise(order), "neurons", label)
        for missing in range(case.model.width):
            yield _cut(case, [i for i in range(case.model.width) if i != missing])
        double = Planted(
            case.model.points,
            case.model.w[[*range(case.model.width), 0]],
            case.model.c[[*range(case.model.width), 0]],
        )
        yield replace(case, model=double, label=f"{label}, one neuron twice")
    for i in range(max(1, count // 10)):
        order = lat.random_lattice(rng, int(rng.integers(2, 6)), int(rng.integers(2, 7)))
        case = Case(order, realise(order), "neurons", f"random lattice {i}")
        if case.model.width:
            missing = int(rng.integers(case.model.width))
            yield _cut(case, [k for k in range(case.model.width) if k != missing])


def irreducible_columns(inside: Bool[np.ndarray, "p d"]) -> list[int]:
    """Return one neuron for each meet-irreducible of the context's lattice, by the column-intersection test.

    Examples
    --------
    >>> irreducible_columns(np.array([[1, 1, 1, 1], [0, 1, 0, 1], [0, 0, 0, 1]], dtype=bool))
    [0, 1]
    """
    columns: dict[bytes, int] = {}
    for i in range(inside.shape[1]):
        columns.setdefault(inside[:, i].tobytes(), i)
    distinct = list(columns.values())
    irreducible: list[int] = []
    for i in distinct:
        above = [j for j in distinct if j != i and (inside[:, i] <= inside[:, j]).all()]
        if (inside[:, above].all(axis=1) != inside[:, i]).any():
            irreducible.append(i)
    return irreducible


def check_run(instance: TrainedInstance) -> Sequence[Evidence]:
    """Count the neurons that the run's detection lattice needs, and realise it with exactly these.

    Tightness is the share of the width that the lattice needs. The count is always vacuous: the neurons are
    some of the d. The realisation is where the lattice needs none.
    """
    view = sample_view(instance)
    detects = pair_errors(view)[0] <= view.tolerance
    needed = irreducible_columns(detects)
    label = f"{instance.label}: neurons needed by the detection lattice at ε={view.tolerance:g}"
    evidence = [compare(Observed(len(needed), label), instance.neurons.width, "upper", vacuous=True)]
    if len(needed) <= 12:
        whole, small = lat.extents(detects), lat.extents(shatter(detects[:, needed]).fires())
        label = f"{instance.label}: extents of its lattice realised by {len(needed)} planted neurons"
        same = len(set(whole) & set(small)) if len(whole) == len(small) else -1
        evidence.append(compare(Observed(same, label), len(whole), "tight", vacuous=not needed))
    return evidence


CLAIM = Claim(
    id="F4",
    statement=(
        "Every finite lattice L is the detection lattice of a ReLU SAE with |J(L)| concepts and |M(L)| "
        "neurons, and no SAE with fewer neurons, or fewer concepts, has it."
    ),
    tex=(
        r"\forall L\ \exists\ \text{ReLU SAE},\ p=|J(L)|,\ n=\max(|J(L)|-1,1),\ d=|M(L)|:\ "
        r"\underline{\mathfrak B}(\mathcal C,[d],R_{\det})\cong L;\qquad "
        r"\underline{\mathfrak B}\cong L\Rightarrow d\ge|M(L)|,\ p\ge|J(L)|"
    ),
    hypotheses=(
        Hypothesis("L is a finite lattice", no_lattice),
        Hypothesis("the points are affinely independent", dependent),
        Hypothesis("each meet-irreducible has one neuron", other_width),
    ),
    kind="tight",
    source="ganter1999",
    figure="lattice_realisations",
    observe=observe,
    bound=bound,
    instances=instances,
    check_run=check_run,
    mutants={
        "every element but the top": lambda case: len(case.order) - 1,
        "|J(L)| for |M(L)|": lambda case: len(lat.join_irreducibles(case.order)),
    },
)
