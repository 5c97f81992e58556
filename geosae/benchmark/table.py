"""Score cards side by side: a row for each arm of each setting, means and intervals over cards of one SAE."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from geosae.benchmark.numbers import KINDS
from geosae.benchmark.score import ARMS, SCORE, ScoreCard
from geosae.errors import InvalidInput
from geosae.experiments.interval import Interval, mean_interval
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.storage.structure import read_record

SCORE_FILE = "score.json"


@dataclass(frozen=True)
class TableRow:
    """One arm on one setting: the mean of each number over cards, with its interval.

    Attributes
    ----------
    benchmark
        Setting, version and size.
    sae
        The name on the cards.
    arm
        "sae", "shuffled labels", "untrained", "frozen decoder", "planted" or "probe".
    cards
        How many cards the means are over.
    released
        Whether all of them are of released bytes.
    numbers
        Every number by name.
    missing
        Why the arm could not be had; empty if it could.
    """

    benchmark: str
    sae: str
    arm: str
    cards: int
    released: bool
    numbers: Mapping[str, Interval]
    missing: str

    __repr__ = short_repr


@checked_arguments()
def read_cards(paths: Sequence[Path]) -> tuple[ScoreCard, ...]:
    """Read score cards, from the files or the folders that hold a score.json.

    Raises
    ------
    InvalidInput
        If one is missing, damaged or no score card, or there is none.
    """
    cards: list[ScoreCard] = []
    for path in paths:
        file = path / SCORE_FILE if path.is_dir() else path
        card = read_record(file, ScoreCard)
        if card.format != SCORE:
            raise InvalidInput(f"{file} is of the format {card.format!r}; this is {SCORE}")
        cards.append(card)
    if not cards:
        raise InvalidInput("'paths' is empty: there is no score card to put into a table")
    return tuple(cards)


@checked_arguments()
def score_table(cards: Sequence[ScoreCard]) -> tuple[TableRow, ...]:
    """Return a row for each setting, SAE and arm; cards of the same SAE on the same bytes become one row.

    Raises
    ------
    InvalidInput
        If cards of one setting were scored on different bytes, at different tolerances or levels: such
        numbers cannot be compared.
    """
    groups: dict[tuple[str, str], list[ScoreCard]] = {}
    for card in cards:
        groups.setdefault((card.benchmark, card.sae), []).append(card)
    for benchmark in {card.benchmark for card in cards}:
        ways = {
            (card.benchmark_hash, card.tolerance, card.alpha) for card in cards if card.benchmark == benchmark
        }
        if len(ways) > 1:
            raise InvalidInput(
                f"cards of {benchmark} were scored in {len(ways)} different ways",
                causes="other bytes, another tolerance or another level",
                remedy="score all of them anew: geosae bench score",
            )
    rows: list[TableRow] = []
    for (benchmark, sae), group in groups.items():
        # In the order of ARMS, which JSON does not keep.
        arms = [arm for arm in ARMS if any(arm in card.arms for card in group)]
        rows += [_row(benchmark, sae, arm, group) for arm in arms]
    return tuple(rows)


def _row(benchmark: str, sae: str, arm: str, cards: Sequence[ScoreCard]) -> TableRow:
    present = [card.arms[arm] for card in cards if arm in card.arms]
    return TableRow(
        benchmark=benchmark,
        sae=sae,
        arm=arm,
        cards=len(present),
        released=all(card.released for card in cards),
        numbers={
            name: mean_interval(
                [getattr(each.numbers, name) for each in present],
                (kind.low, math.inf if kind.high is None else kind.high),
            )
            for name, kind in KINDS.items()
        },
        missing=next((each.missing for each in present if each.missing), ""),
    )


def flat(rows: Sequence[TableRow]) -> list[dict[str, str | float | int]]:
    """Return rows for CSV: each number with the ends of its interval, in columns of their own."""
    table: list[dict[str, str | float | int]] = []
    for row in rows:
        line: dict[str, str | float | int] = {
            "benchmark": row.benchmark, "sae": row.sae, "arm": row.arm, "cards": row.cards,
        }  # fmt: skip
        for name, interval in row.numbers.items():
            line[name] = interval.mean
            line[f"{name} low"], line[f"{name} high"] = (
                (interval.low, interval.high) if interval.is_bounded else (float("nan"), float("nan"))
            )
        table.append(line)
    return table
