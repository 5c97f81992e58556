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
    places, by_seed
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
    by_seed: tuple[Mapping[int, float], ...]
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
        values = self.by_seed[row]
        columns = [(s, bool(f)) for s, f in zip(self.seeds, self.first, strict=True) if s in values]
        return [values[s] for s, f in columns if f], [values[s] for s, f in columns if not f]


def table_of(values: Values, first: "Plan", second: "Plan") -> Table:
    """Return the measures of two runs that can be compared; their plans tell which seed is whose.

    Raises
    ------
    InvalidInput
        If there is none.
    """
    parts_of_first, parts_of_second = first.seeds_by_part(), second.seeds_by_part()
    first_seeds = {seed for seeds in parts_of_first.values() for seed in seeds}
    seeds = sorted(first_seeds | {seed for seeds in parts_of_second.values() for seed in seeds})
    uses = [
        tuple(part for part in parts_of_first if s in parts_of_first[part] or s in parts_of_second[part])
        for s in seeds
    ]
    comparable: dict[Place, dict[int, float]] = {}
    constant: dict[str, int] = {}
    too_few: dict[str, int] = {}
    for (part, setting, measure), by_seed in values.items():
        in_first = sum(seed in first_seeds for seed in by_seed)
        few, fixed = min(in_first, len(by_seed) - in_first) < 2, _is_constant(list(by_seed.values()))
        if not few and not fixed:
            comparable[part, setting, measure] = by_seed
        elif not (fixed and is_word(measure)):  # a word that never changes is a name
            left_out = too_few if few else constant
            left_out[part] = left_out.get(part, 0) + 1
    if not comparable:
        raise InvalidInput(
            "no measure of the two runs can be compared",
            causes="a single seed in a run, or values that never vary",
            remedy="run the plan on two seeds or more, better five",
        )
    names = tuple(dict.fromkeys(part for part, _, _ in comparable))
    return Table(
        places=tuple(comparable),
        by_seed=tuple(comparable.values()),
        values=_scaled(np.array([[row.get(s, np.nan) for s in seeds] for row in comparable.values()])),
        seeds=tuple(seeds),
        first=np.array([s in first_seeds for s in seeds]),
        strata=np.array([sorted(set(uses)).index(use) for use in uses]),
        names=names,
        parts=np.array([names.index(part) for part, _, _ in comparable]),
        constant=constant,
        too_few=too_few,
    )


def _is_constant(values: list[float]) -> bool:
    return max(values) - min(values) <= ROUNDING * max(abs(v) for v in values)


def _scaled(rows: Float[np.ndarray, "M S"]) -> Float[np.ndarray, "M S"]:
    low, high = np.nanmin(rows, axis=1, keepdims=True), np.nanmax(rows, axis=1, keepdims=True)
    return (rows - low) / (high - low)
