"""Evidence: one instance of a statement, what was observed there, what the statement allows, and how surely.

The three grades are never mixed: *exact* compares rationals (a float is one), *certified* knows the
observed value up to a rigorous eta, *statistical* may raise a false alarm with a stated probability.
"""

import math
from dataclasses import asdict, dataclass
from fractions import Fraction
from typing import Any, Literal

from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.storage.records import check_fields

Number = int | Fraction | float
Kind = Literal["tight", "upper", "lower", "existence", "equivalence"]
Grade = Literal["exact", "certified", "statistical"]
Sense = Literal["<=", ">=", "=="]

SENSE: dict[Kind, Sense] = {
    "tight": "==",
    "equivalence": "==",
    "upper": "<=",
    "lower": ">=",
    # An object is exhibited; what it attains is at least what the statement promises.
    "existence": ">=",
}


@dataclass(frozen=True)
class Observed:
    """What was measured on one instance: a number, how surely it is known, and which instance it was.

    `kind` overrides the claim's own kind where a statement has parts of several kinds.

    Examples
    --------
    >>> Observed(3, "three disjoint concepts").grade
    'exact'
    """

    value: Number
    instance: str
    grade: Grade = "exact"
    eta: float = 0.0
    false_alarm: float = 0.0
    kind: Kind | None = None

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, "what was observed")
        if isinstance(self.value, float) and not math.isfinite(self.value):
            raise InvalidInput(f"the observed value of {self.instance!r} is {self.value}")
        if (self.eta != 0.0) != (self.grade == "certified"):
            raise InvalidInput(f"{self.instance!r}: eta = {self.eta} with grade {self.grade!r}")
        if (self.false_alarm != 0.0) != (self.grade == "statistical"):
            raise InvalidInput(f"{self.instance!r}: false alarm {self.false_alarm} with grade {self.grade!r}")
        if self.eta < 0 or not 0 <= self.false_alarm < 1:
            raise InvalidInput(f"{self.instance!r}: eta {self.eta}, false alarm {self.false_alarm}")


@dataclass(frozen=True)
class Evidence:
    """One instance held against one statement; `slack` is nonnegative exactly when it holds.

    It is *vacuous* where it could not have been violated: the bound is at least the greatest value that could
    have been observed there (at most the least, for a lower bound), or both sides come from one array. That
    it holds then says nothing; summaries count such instances apart.

    Examples
    --------
    >>> compare(Observed(2, "two"), 3, "upper").slack
    1.0
    """

    instance: str
    observed: float
    bound: float
    slack: float
    holds: bool
    grade: Grade
    eta: float = 0.0
    false_alarm: float = 0.0
    vacuous: bool = False

    __repr__ = short_repr

    @property
    def tightness(self) -> float | None:
        """Observed over bound: 1 where the statement is attained; None where the bound is zero."""
        return None if self.bound == 0 else self.observed / self.bound

    def to_dict(self) -> dict[str, Any]:
        """Return a JSON-ready record, tightness included."""
        return asdict(self) | {"tightness": self.tightness}


@checked_arguments()
def compare(
    observed: Observed, bound: Number, kind: Kind, *, flipped: bool = False, vacuous: bool = False
) -> Evidence:
    """Hold an observation against its bound, in exact rational arithmetic, in the sense of its kind.

    A certified observation counts as a violation only when the violation exceeds eta. `flipped` turns the
    inequality round (an equality into its negation); only the mutation audit uses it. `vacuous` says that
    nothing observed there could have violated the bound; a violation is never vacuous.

    Examples
    --------
    >>> compare(Observed(Fraction(1, 3), "a third"), 0.3333333333333333, "lower").holds
    True
    >>> compare(Observed(4, "four"), 3, "upper").holds
    False
    """
    if isinstance(bound, float) and not math.isfinite(bound):
        raise InvalidInput(f"the bound for {observed.instance!r} is {bound}")
    sense = SENSE[observed.kind or kind]
    value, limit, eta = Fraction(observed.value), Fraction(bound), Fraction(observed.eta)
    gap = limit - value if sense == "<=" else value - limit
    slack = eta - abs(gap) if sense == "==" else eta + gap
    if flipped:
        # "!=" has no natural slack beyond yes and no; a reversed inequality has the reversed gap.
        slack = (Fraction(1) if slack < 0 else Fraction(-1)) if sense == "==" else eta - gap
    return Evidence(
        instance=observed.instance,
        observed=as_float(value),
        bound=as_float(limit),
        slack=as_float(slack),
        holds=slack >= 0,
        grade=observed.grade,
        eta=observed.eta,
        false_alarm=observed.false_alarm,
        vacuous=vacuous and slack >= 0,
    )


@checked_arguments()
def as_float(value: Number) -> float:
    """Round to a float that keeps the sign: saturated beyond the float range, never rounded to zero.

    Examples
    --------
    >>> as_float(Fraction(-1, 10**400)) < 0
    True
    >>> as_float(10**400)
    1.7976931348623157e+308
    """
    try:
        rounded = float(value)
    except OverflowError:
        return math.copysign(1.7976931348623157e308, 1 if value > 0 else -1)
    if rounded == 0.0 and value != 0:
        return math.copysign(5e-324, 1 if value > 0 else -1)
    return rounded
