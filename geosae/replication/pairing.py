"""The numbers of two runs, side by side: a row for each measure, a column for each seed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from jaxtyping import Bool, Float, Int

from geosae.errors import InvalidInput
from geosae.replication.per_seed import Place, Values, is_word

if TYPE_CHECKING:
    from geosae.experiments.plan import Plan

# A range that is smaller than this share of the values is rounding.
ROUNDING = 1e-9


@dataclass(frozen=True, eq=False)
class Table:
    """The measures of two runs that can be compared.

    Attributes
    ----------
    places, known
        What each row is, and its value for each seed that has one.
    values
        The same, scaled to [0, 1] row by row; NaN where a seed has no value.
    seeds, first
        The columns, and which of them are of the first run.
    strata
        Seeds with the same number have been put to the same use.
    names, parts
        The parts, and to which of them each row belongs.
    constant, too_few
        How many measures of a part are left out, because all seeds agree or too few seeds have a value.
    """

    places: tuple[Place, ...]
    known: tuple[Mapping[int, float], ...]
    values: Float[np.ndarray, "M S"]
    seeds: tuple[int, ...]
    first: Bool[np.ndarray, " S"]
    strata: Int[np.ndarray, " S"]
    names: tuple[str, ...]
    parts: Int[np.ndarray, " M"]
    constant: Mapping[str, int]
    too_few: Mapping[str, int]

    def sides(self, row: int) -> tuple[list[float], list[float]]:
        """Return the values of a row in the first run and in the second, seed after seed."""
        known = self.known[row]
        columns = [(s, bool(f)) for s, f in zip(self.seeds, self.first, strict=True) if s in known]
        return [known[s] for s, f in columns if f], [known[s] for s, f in columns if not f]


def table_of(values: Values, first: "Plan", second: "Plan") -> Table:
    """Return the measures of two runs that can be compared; their plans tell which seed is whose.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    one, other = first.seeds_by_part(), second.seeds_by_part()
    own = {seed for seeds in one.values() for seed in seeds}
    seeds = sorted(own | {seed for seeds in other.values() for seed in seeds})
    uses = [tuple(part for part in one if s in one[part] or s in other[part]) for s in seeds]
    kept: dict[Place, dict[int, float]] = {}
    constant: dict[str, int] = {}
    too_few: dict[str, int] = {}
    for place, known in values.items():
        mine = sum(seed in own for seed in known)
        few, fixed = min(mine, len(known) - mine) < 2, _is_constant(list(known.values()))
        if not few and not fixed:
            kept[place] = known
        elif not (fixed and is_word(place[2])):  # a word that never changes is a name
            left = too_few if few else constant
            left[place[0]] = left.get(place[0], 0) + 1
    if not kept:
        raise InvalidInput(
            "no measure of the two runs can be compared",
            causes="a single seed in a run, or values that never vary",
            remedy="run the plan on two seeds or more, better five",
        )
    names = tuple(dict.fromkeys(place[0] for place in kept))
    return Table(
        places=tuple(kept),
        known=tuple(kept.values()),
        values=_scaled(np.array([[known.get(s, np.nan) for s in seeds] for known in kept.values()])),
        seeds=tuple(seeds),
        first=np.array([s in own for s in seeds]),
        strata=np.array([sorted(set(uses)).index(use) for use in uses]),
        names=names,
        parts=np.array([names.index(place[0]) for place in kept]),
        constant=constant,
        too_few=too_few,
    )


def _is_constant(values: list[float]) -> bool:
    return max(values) - min(values) <= ROUNDING * max(abs(v) for v in values)


def _scaled(rows: Float[np.ndarray, "M S"]) -> Float[np.ndarray, "M S"]:
    low, high = np.nanmin(rows, axis=1, keepdims=True), np.nanmax(rows, axis=1, keepdims=True)
    return (rows - low) / (high - low)
