"""Formal contexts by name: the standard contexts of some finite lattices (Ganter & Wille 1999, §1.2)."""

import re
from itertools import combinations
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from geosae.errors import InvalidInput
from geosae.fca.context import FormalContext
from geosae.storage.arguments import checked_arguments

_NAMES = (
    "boolean-K (K ≤ 10), chain-K (2 ≤ K ≤ 500), M3 … M500, N5, divisors-K (2 ≤ K ≤ 10⁶), "
    "taxonomy-BxD (B ≥ 2 branches, depth D ≥ 2, Bᴰ⁻¹ ≤ 512 leaves)"
)
_MOST_LEAVES = 512


def standard_context(order: Bool[np.ndarray, "L L"], labels: tuple[str, ...]) -> FormalContext:
    """Return the reduced context (J(L), M(L), ≤) of a finite lattice, given its order (entry (i, j): i ≤ j).

    Its objects are the join-irreducible elements (one lower cover), its attributes the meet-irreducible
    ones (one upper cover). No context with fewer objects or attributes has this concept lattice.

    Examples
    --------
    >>> chain = np.triu(np.ones((3, 3), dtype=bool))
    >>> standard_context(chain, ("a", "b", "c")).objects
    ('b', 'c')
    """
    strict = order & ~np.eye(len(order), dtype=bool)
    covers = strict & ~((strict.astype(np.float64) @ strict.astype(np.float64)) > 0)
    joins = np.flatnonzero(covers.sum(axis=0) == 1)
    meets = np.flatnonzero(covers.sum(axis=1) == 1)
    return FormalContext(
        tuple(labels[j] for j in joins), tuple(labels[m] for m in meets), order[np.ix_(joins, meets)]
    )


@checked_arguments()
def context_named(name: str) -> FormalContext:
    """Return the standard context of a lattice by name, or the context in a file .cxt, .csv or .json.

    Names: boolean-K (subsets of K elements), chain-K (K elements), MK (K atoms that are coatoms), N5 (the
    pentagon), divisors-K (the divisors of K by divisibility), taxonomy-BxD (the tree of depth D in which
    each node has B children: its leaves are the objects, its nodes below the root the attributes).

    Raises
    ------
    InvalidInput
        If there is no such name or file.

    Examples
    --------
    >>> context_named("boolean-3").incidence.sum(), context_named("N5").objects
    (np.int64(6), ('a', 'b', 'c'))
    """
    if Path(name).suffix.lower() in (".cxt", ".csv", ".json"):
        return FormalContext.read(name)
    match = re.fullmatch(r"(boolean-|chain-|divisors-|M)(\d{1,7})", name)
    if name == "N5":
        return _pentagon()
    tree = re.fullmatch(r"taxonomy-(\d{1,3})x(\d{1,2})", name)
    if tree is not None:
        return _taxonomy(name, int(tree.group(1)), int(tree.group(2)))
    if match is None:
        raise InvalidInput(
            f"there is no context {name!r}", remedy=f"known are {_NAMES}, and paths of files .cxt"
        )
    kind, number = match.group(1), int(match.group(2))
    least, most, build = {
        "boolean-": (1, 10, _boolean),
        "chain-": (2, 500, _chain),
        "M": (3, 500, _modular),
        "divisors-": (2, 10**6, _divisors),
    }[kind]
    if not least <= number <= most:
        raise InvalidInput(f"there is no context {name!r}", remedy=f"known are {_NAMES}")
    return build(number)


def _boolean(k: int) -> FormalContext:
    # Atoms below coatoms: atom i lies below the coatom that leaves out j iff i ≠ j.
    return FormalContext.from_array(
        ~np.eye(k, dtype=bool), [f"{i + 1}" for i in range(k)], [f"not {j + 1}" for j in range(k)]
    )


def _chain(k: int) -> FormalContext:
    return standard_context(np.triu(np.ones((k, k), dtype=bool)), tuple(f"{i}" for i in range(k)))


def _modular(k: int) -> FormalContext:
    labels = [f"atom {i + 1}" for i in range(k)]
    return FormalContext.from_array(np.eye(k, dtype=bool), labels, labels)


def _pentagon() -> FormalContext:
    # Bottom < a < b < top and bottom < c < top.
    order = np.eye(5, dtype=bool)
    order[0, :] = order[:, 4] = True
    order[1, 2] = True
    return standard_context(order, ("bottom", "a", "b", "c", "top"))


def _taxonomy(name: str, branching: int, depth: int) -> FormalContext:
    if branching < 2 or depth < 2 or branching ** (depth - 1) > _MOST_LEAVES:
        raise InvalidInput(f"there is no context {name!r}", remedy=f"known are {_NAMES}")
    leaves = np.arange(branching ** (depth - 1))
    labels: list[str] = []
    columns: list[Bool[np.ndarray, "G"]] = []
    for level in range(1, depth):
        below = branching ** (depth - 1 - level)
        for node in range(branching**level):
            labels.append(_path(node, branching, level))
            columns.append(leaves // below == node)
    objects = [f"leaf {_path(leaf, branching, depth - 1)}" for leaf in leaves.tolist()]
    return FormalContext.from_array(np.column_stack(columns), objects, labels)


def _path(node: int, branching: int, level: int) -> str:
    return ".".join(str(node // branching**step % branching + 1) for step in reversed(range(level)))


def _divisors(number: int) -> FormalContext:
    divisors = [d for d in range(1, number + 1) if number % d == 0]
    order = np.eye(len(divisors), dtype=bool)
    for (i, small), (j, large) in combinations(enumerate(divisors), 2):
        order[i, j] = large % small == 0
    return standard_context(order, tuple(str(d) for d in divisors))
