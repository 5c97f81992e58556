"""What is known of a concept in closed form, and what exactly each word of it says."""

from dataclasses import asdict, dataclass
from typing import Any

from geosae.errors import InvalidInput
from geosae.storage.structure import from_json


@dataclass(frozen=True)
class ConceptTruth:
    """What is known of one concept; None says that it is not known (or that no finite number is right).

    All of it speaks of the *regions*: C is the concept's closed region, X the support of the distribution μ
    that the points are drawn from, ν the ambient measure. For a finite sample this is implied: a True
    carries over with certainty (a sample's hulls lie inside the regions' hulls); a False shows on a sample
    that is large enough, and a small one can be separable all the same (theory S8); the sample's smallest
    unit has at most `smallest_unit` neurons, almost surely.

    Attributes
    ----------
    convex
        Whether C is convex.
    irreducible_error
        e_irr = ν(Conv(C)∖C), a probability (theory A1).
    one_neuron
        Whether Conv(C) ∩ Conv(X∖C) = ∅, the condition of theory S1.
    unit
        Whether Conv(C) ∩ (X∖C) = ∅, the condition of theory S3.
    smallest_unit
        The least number m* of half-spaces with θ ∩ X = C up to sets of μ-measure zero (theory S4).
    error_interval
        (low, high) that holds e_irr, proved, where it is not known exactly.
    unit_interval
        (lower, upper) that holds m*, proved, where it is not known exactly; upper None: none is known.
    overlap_depth
        The greatest number of the world's concepts, this one counted, that share a point of C (theory S7).

    Examples
    --------
    >>> ConceptTruth(convex=True, irreducible_error=0.0).one_neuron is None
    True
    """

    convex: bool | None = None
    irreducible_error: float | None = None
    one_neuron: bool | None = None
    unit: bool | None = None
    smallest_unit: int | None = None
    error_interval: tuple[float, float] | None = None
    unit_interval: tuple[int, int | None] | None = None
    overlap_depth: int | None = None

    def __post_init__(self) -> None:
        """Refuse what theory excludes, so that no world can declare it."""
        error, size = self.irreducible_error, self.smallest_unit
        if error is not None and not 0.0 <= error <= 1.0:
            raise InvalidInput(f"an irreducible error is a probability, not {error}")
        if self.convex and error:
            raise InvalidInput(f"a convex concept has no irreducible error, and {error} is declared")
        if self.one_neuron and self.unit is False:
            raise InvalidInput("one neuron is declared to separate and no unit is: S1 implies S3")
        if size is not None and (size < 1 or self.unit is False or (size > 1 and self.one_neuron)):
            raise InvalidInput(f"a smallest unit of {size} neurons contradicts the other statements")
        self._check_intervals()
        if self.overlap_depth is not None and self.overlap_depth < 1:
            raise InvalidInput(f"an overlap depth counts the concept itself: it is not {self.overlap_depth}")

    def _check_intervals(self) -> None:
        if self.error_interval is not None:
            low, high = self.error_interval
            exact = self.irreducible_error
            if not 0.0 <= low <= high <= 1.0 or (self.convex and low > 0):
                raise InvalidInput(f"[{low}, {high}] holds no irreducible error of such a concept")
            if exact is not None and not low <= exact <= high:
                raise InvalidInput(f"the irreducible error {exact} lies outside its interval [{low}, {high}]")
        if self.unit_interval is not None:
            lower, upper = self.unit_interval
            size = self.smallest_unit
            empty = lower < 1 or (upper is not None and upper < lower) or self.unit is False
            if empty or (self.one_neuron and lower > 1):
                raise InvalidInput(f"a smallest unit in {self.unit_interval} contradicts other statements")
            if size is not None and (size < lower or (upper is not None and size > upper)):
                raise InvalidInput(f"the smallest unit {size} lies outside its interval {self.unit_interval}")

    def to_dict(self) -> dict[str, Any]:
        """Return the five statements, and the further ones that are made, ready for JSON.

        Examples
        --------
        >>> ConceptTruth(unit=True).to_dict()["unit"]
        True
        """
        statements = asdict(self)
        # Left out where nothing is said, so that cards written before there were intervals keep their hash.
        for key in _FURTHER:
            if statements[key] is None:
                del statements[key]
            elif isinstance(statements[key], tuple):
                statements[key] = list(statements[key])
        return statements


_FURTHER = ("error_interval", "unit_interval", "overlap_depth")


def truth_from_dict(value: dict[str, Any] | None) -> ConceptTruth | None:
    """Rebuild a truth from its dictionary.

    Raises
    ------
    InvalidInput
        If a statement is unknown or of another type, or they contradict one another.

    Examples
    --------
    >>> truth_from_dict({"error_interval": [0.1, 0.2]}).error_interval
    (0.1, 0.2)
    """
    if value is None:
        return None
    return from_json(ConceptTruth, value, "the truth of a concept")


def possible_in_words(truth: ConceptTruth | None) -> str:
    """Return by what an absolute gate could separate a concept's region exactly (S1, S3, S4).

    Examples
    --------
    >>> possible_in_words(ConceptTruth(one_neuron=True)), possible_in_words(None)
    ('by a neuron', '–')
    >>> possible_in_words(ConceptTruth(one_neuron=False, unit=True, smallest_unit=6))
    'by 6 neurons'
    >>> possible_in_words(ConceptTruth(unit=False)), possible_in_words(ConceptTruth(one_neuron=False))
    ('by none', 'not by a neuron')
    """
    if truth is None:
        return "–"
    if truth.one_neuron:
        return "by a neuron"
    if truth.unit is False:
        return "by none"
    if truth.unit:
        size = truth.smallest_unit
        return "by a unit" if size is None or size == 1 else f"by {size} neurons"
    return "not by a neuron" if truth.one_neuron is False else "–"
