"""What is known of a concept in closed form, and what exactly each word of it says."""

from dataclasses import asdict, dataclass
from typing import Any

from geosae.geometry._door import InvalidInput


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

    def to_dict(self) -> dict[str, Any]:
        """Return the five statements, ready for JSON.

        Examples
        --------
        >>> ConceptTruth(unit=True).to_dict()["unit"]
        True
        """
        return asdict(self)


def truth_from_dict(value: dict[str, Any] | None) -> ConceptTruth | None:
    """Rebuild a truth from its dictionary.

    Raises
    ------
    InvalidInput
        If a statement is unknown or they contradict one another.

    Examples
    --------
    >>> truth_from_dict({"convex": True})
    ConceptTruth(convex=True, irreducible_error=None, one_neuron=None, unit=None, smallest_unit=None)
    """
    if value is None:
        return None
    known = ConceptTruth.__dataclass_fields__
    for key in value:
        if key not in known:
            raise InvalidInput(f"a truth states {key!r}; known are {', '.join(known)}")
    return ConceptTruth(**value)
