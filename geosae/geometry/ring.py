"""How many half-spaces carve a disk out of a ring of negatives (theory S4), decided without rounding."""

from flint import arb, ctx

from geosae.geometry._door import positive_number


def ring_unit_size(gap: float | int, *, whole: bool = False) -> int:
    """Return the size m* of the smallest unit that separates the unit disk from a ring of radius 1 + gap.

    A half-space around the closed disk cuts off less than 2·arccos(1/(1+gap)) of the ring. So a finite set of
    negatives on the ring, dense enough, needs exactly m* = ⌈π / arccos(1/(1+gap))⌉, the `whole` ring
    ⌊π / arccos(1/(1+gap))⌋ + 1: one more where the quotient is an integer, which for rational gaps happens at
    gap = 1 alone (Niven's theorem).

    Examples
    --------
    >>> ring_unit_size(0.25), ring_unit_size(1), ring_unit_size(1, whole=True)
    (5, 3, 4)
    """
    exact = positive_number(gap, "gap")
    if exact == 1.0:
        return 4 if whole else 3
    # cos(π/m) is rational for m ≤ 3 only, so no other float gap ties and more digits always decide.
    precision = 64
    while True:
        m = _ceiling(exact, precision)
        if m is not None:
            return m
        precision *= 2


def _ceiling(gap: float, precision: int) -> int | None:
    """Return ⌈π / arccos(1/(1+gap))⌉ if this many bits decide it."""
    before = ctx.prec
    ctx.prec = precision
    try:
        quotient = arb.pi() / (1 / (1 + arb(gap))).acos()
        ceiling = quotient.ceil()
        number = ceiling.unique_fmpz()
        return None if number is None else int(number)
    finally:
        ctx.prec = before
