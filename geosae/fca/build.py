"""Build concept lattices with covers, on bits, by an engine of our own.

Every pair of a concept (A, B) and an attribute m outside B is closed once, as in close-by-one: S. O.
Kuznetsov 1993; P. Krajca, J. Outrata and V. Vychodil 2008; In-Close, S. Andrews 2014,
doi:10.1007/978-3-319-08389-6_5; FCbO, J. Outrata and V. Vychodil, Information Sciences 185 (2012),
doi:10.1016/j.ins.2011.09.023. Those recognise a concept met before by a canonicity test, which says *that* it
was met. Covers need to know *which* one it was, so here a table of sums of random marks answers both
questions, and each answer is verified. All A ∩ m′ of one A are counted in one pass over the rows of A
(occurrence deliver: T. Uno, M. Kiyomi and H. Arimura, LCM, FIMI 2004).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Int

from geosae.errors import InvalidInput
from geosae.fca import _enumerate_numba
from geosae.fca._enumerate_python import PackedConcepts, enumerate_ints
from geosae.fca._rows import BitRows, DerivedRows, ListRows
from geosae.fca.bitsets import select_columns, unpack_words
from geosae.fca.context import FormalContext
from geosae.fca.lattice import ConceptLattice
from geosae.fca.relations import merged
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import SECONDS, WIDE

Engine = Literal["auto", "ints", "fast"]
Progress = Callable[[int, int], None]
LOADED, COLD = 64, 5_000
"""Up to so many concepts plain integers are faster: where the compiled engine is loaded, and where it is not.

Loading it takes as long as plain integers take for some 10 000 concepts; where nobody knows how many there
are, half of that is risked."""


class TooManyConcepts(InvalidInput):
    """There are more concepts than the cap or the time allows: `at_least` so many."""

    def __init__(self, at_least: int, context: FormalContext, reason: str = "cap") -> None:
        super().__init__(
            f"this context of {len(context.objects)} objects × {len(context.attributes)} attributes has at "
            f"least {at_least} concepts" + (", and the time is over" if reason == "time" else ""),
            causes="noise: a few wrong crosses multiply concepts",
            remedy="raise cap= or seconds=, ask for a stricter relation (a smaller tolerance), or look at "
            "stable_family, iceberg or aoc_poset, which need no whole lattice",
        )
        self.at_least = at_least
        self.reason = reason


@dataclass(frozen=True)
class Count:
    """How many concepts a context has: exactly, or at least so many."""

    found: int
    complete: bool
    stopped: str = ""
    """Why the count stopped: "cap", "time", or nothing."""

    __repr__ = short_repr

    def __str__(self) -> str:
        return f"{self.found} concepts" if self.complete else f"at least {self.found} concepts"


@runtime_checkable
class HasContext(Protocol):
    """What gives its formal context: an alignment of `geosae.analysis`, whose usual one is of detection."""

    def context(self, notion: Literal["detection"]) -> FormalContext:
        """Return the context of a notion."""
        ...


@checked_arguments(cap=WIDE, seconds=SECONDS)
def concept_lattice(
    context: FormalContext | HasContext,
    *,
    cap: int = 200_000,
    seconds: float = float("inf"),
    engine: Engine = "auto",
    progress: Progress | None = None,
) -> ConceptLattice:
    """Return all formal concepts (A, B), A′ = B and B′ = A, ordered by extent, with their covers.

    Equal rows and columns are merged before the work and separated after it; the shorter side is packed.

    Parameters
    ----------
    context
        Objects × attributes; of an alignment, the context of detection.
    cap
        The most concepts to accept. 2 million take about 1 GiB.
    seconds
        The most time to spend.
    engine
        "ints" (plain Python), "fast" (numba, the extra `geosae[fast]`), or "auto": ints up to 64 concepts (up
        to 5 000 in a process that has not loaded numba's engine yet), then numba if it is installed.
    progress
        Called with the concepts expanded and found so far.

    Raises
    ------
    TooManyConcepts
        If there are more than `cap`, or the time is over: the message says "at least N".
    InvalidInput
        If the cap leaves no room for one concept, or the engine is not installed.

    Examples
    --------
    >>> cube = FormalContext.from_array([[False, True, True], [True, False, True], [True, True, False]])
    >>> lattice = concept_lattice(cube)
    >>> len(lattice), lattice.top.intent, lattice.bottom.extent
    (8, (), ())
    """
    if not isinstance(context, FormalContext):
        context = context.context("detection")
    search = Search.of(context, short_objects=len(context.objects) <= len(context.attributes))
    concepts = search.run(cap=cap, seconds=seconds, engine=engine, progress=progress)
    if concepts.stopped:
        at_least = cap + 1 if concepts.stopped == "cap" else len(concepts)
        raise TooManyConcepts(at_least, context, concepts.stopped)
    return search.lattice(concepts)


@checked_arguments(cap=WIDE, seconds=SECONDS)
def count_concepts(
    context: FormalContext | HasContext,
    *,
    cap: int = 200_000,
    seconds: float = float("inf"),
    engine: Engine = "auto",
) -> Count:
    """Count the concepts of a context, up to a cap and for a time, and say whether these are all.

    Examples
    --------
    >>> print(count_concepts(FormalContext.from_array(~np.eye(10, dtype=bool)), cap=500))
    at least 501 concepts
    """
    if not isinstance(context, FormalContext):
        context = context.context("detection")
    search = Search.of(context, short_objects=len(context.objects) <= len(context.attributes))
    concepts = search.run(cap=cap, seconds=seconds, engine=engine)
    at_least = cap + 1 if concepts.stopped == "cap" else len(concepts)
    return Count(at_least, not concepts.stopped, concepts.stopped)


@dataclass(frozen=True, eq=False)
class Search:
    """A context for the engines: clarified, and transposed so that the sets B are of its short side."""

    context: FormalContext
    crosses: Bool[np.ndarray, "l s"]
    """Classes of the long side × classes of the short side."""
    weights: Int[np.ndarray, "l"]
    which: Int[np.ndarray, "S"]
    """The class of every element of the short side."""
    short_objects: bool

    @classmethod
    def of(cls, context: FormalContext, *, short_objects: bool) -> "Search":
        """Clarify a context, with the objects or the attributes as its short side."""
        matrix = context.incidence.T if short_objects else context.incidence
        rows, long = merged(matrix)
        columns, which = merged(rows.T)
        return cls(context, columns.T, np.bincount(long, minlength=len(rows)), which, short_objects)

    def run(
        self,
        *,
        cap: int,
        seconds: float = float("inf"),
        engine: Engine = "auto",
        least: int = 0,
        progress: Progress | None = None,
    ) -> PackedConcepts:
        """Find the concepts whose long side weighs at least `least`."""
        if cap < 1:
            raise InvalidInput(f"a cap of {cap} concepts leaves no room for one")
        if engine == "fast" and not _enumerate_numba.available():
            raise InvalidInput("numba is not installed", remedy="pip install 'geosae[fast]'")
        deadline = time.monotonic() + seconds
        if engine != "fast":
            slow = engine == "ints" or not _enumerate_numba.available()
            most = cap if slow else min(cap, LOADED if _enumerate_numba.loaded() else COLD)
            concepts = enumerate_ints(self.crosses, self.weights, least=least, cap=most, deadline=deadline)
            if slow or concepts.stopped != "cap" or most == cap:
                return concepts
        return _enumerate_numba.enumerate_fast(
            self.crosses, self.weights, least=least, cap=cap, deadline=deadline, progress=progress
        )

    def members(self, concepts: PackedConcepts) -> Bool[np.ndarray, "m S"]:
        """Return the set B of every concept over all elements of the short side."""
        return unpack_words(concepts.sets, self.crosses.shape[1])[:, self.which]

    def lattice(self, concepts: PackedConcepts) -> ConceptLattice:
        """Return the concepts as a lattice: by growing extent, equal rows and columns separated again."""
        words = select_columns(concepts.sets, self.crosses.shape[1], self.which)
        counts = np.bitwise_count(words).sum(axis=1, dtype=np.int64)
        sizes = counts if self.short_objects else concepts.supports
        order = np.lexsort((*_lexicographic(words), sizes))
        rank = np.empty(len(order), dtype=np.int64)
        rank[order] = np.arange(len(order))
        short = BitRows(words[order], len(self.which))
        crosses = self.context.incidence.T if self.short_objects else self.context.incidence
        long = DerivedRows(short, crosses, concepts.supports[order])
        upper = _upper(concepts, rank, smaller_above=self.short_objects)
        extents, intents = (short, long) if self.short_objects else (long, short)
        return ConceptLattice(self.context, extents, intents, upper)


def _lexicographic(words: np.ndarray) -> list[np.ndarray]:
    """Return keys, the weightiest last, that order sets of one size as their sorted tuples are ordered."""
    # The set with the smaller first difference comes first: bit 0 is the weightiest, and 1 precedes 0.
    octets = np.ascontiguousarray(words, dtype="<u8").view(np.uint8)
    flipped = np.packbits(np.unpackbits(octets, bitorder="little"), bitorder="big").reshape(octets.shape)
    return list(~np.ascontiguousarray(flipped).view(">u8").astype(np.uint64).T[::-1])


def _upper(concepts: PackedConcepts, rank: Int[np.ndarray, "m"], *, smaller_above: bool) -> ListRows:
    """Return the upper covers of each concept, renumbered by rank and sorted."""
    source = rank[np.repeat(np.arange(len(concepts.start) - 1), np.diff(concepts.start))]
    target = rank[concepts.covers]
    low, high = (source, target) if smaller_above else (target, source)
    order = np.lexsort((high, low))
    ends = np.cumsum(np.bincount(low, minlength=len(rank)))
    return ListRows(np.concatenate([[0], ends]).astype(np.int64), high[order].astype(np.int32))
