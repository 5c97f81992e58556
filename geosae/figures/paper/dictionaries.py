"""Two SAEs on one draw: how their dictionaries agree, and what concepts matched neurons share."""

from collections.abc import Callable, Mapping

from geosae.experiments import Results, gate_name
from geosae.experiments.interval import Interval
from geosae.figures.dots import interval_dots
from geosae.figures.paper.lines import INTERVALS, seeds_of
from geosae.figures.save import Sheet
from geosae.studies.dictionaries import STUDY, TOLERANCE
from geosae.studies.dictionaries_answers import WORDS, pairs_of, worlds_of
from geosae.studies.dictionaries_records import (
    WORLDS,
    Arm,
    PairResult,
    Records,
    agreement,
    anywhere_share,
    certified_share,
    permuted_share,
    random_agreement,
    same_share,
    truth_agreement,
)
from geosae.studies.numbers import mean_over_seeds

FAMILY = "dictionaries"
Rows = dict[str, dict[str, Interval]]


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    trained = pairs_of(records, "trained")
    if not trained:
        return []
    table = {
        "mean |cosine| between seeds": _arms(records, agreement),
        "with the true directions": _arms(records, truth_agreement),
        "concepts certified": _arms(records, certified_share),
        "of these, in the other SAE": _shares(records),
    }
    for world, row in table["mean |cosine| between seeds"].items():
        pairs = [pair for pair in trained if WORLDS[pair.settings.world].label == world]
        row["random directions"] = mean_over_seeds(pairs, random_agreement)
    figure = interval_dots(table, limits=dict.fromkeys(table, (0, 1)), columns=2)
    job = trained[0].settings
    caption = (
        "Two SAEs on one draw of a world, trained with other seeds. Above: mean |cosine| of their atoms, "
        "matched one to one, and of as many random directions; that of the first SAE's atoms with the "
        "world's directions, where it has any. Below: share of the concepts that a neuron of the first SAE, "
        f"chosen on the N = {job.points:,} points of the training, is certain to separate within "
        f"{TOLERANCE:g} on as many others, all at once (E4, Holm); and, of these concepts of trained SAEs, "
        "the share that the matched neuron of the second SAE separates within as much by count, that one of "
        "pairs permuted at random does, and that any neuron does, nothing where no concept is certified. "
        f"{'; '.join(_sae(world) for world in worlds_of(records))}; {job.steps} steps. "
        f"{seeds_of(trained)}. {INTERVALS}."
    )
    return [Sheet(FAMILY, figure, "Dictionaries between seeds", caption, _spoken(table))]


def _sae(world: str) -> str:
    """Return in words what stands in a row."""
    entry = WORLDS[world]
    gate = gate_name(entry.gate, entry.sparsity)
    return f"{entry.label}: p = {entry.concepts}, {gate}, d = {entry.width}"


def _arms(records: Records, number: Callable[[PairResult], float | None]) -> Rows:
    return {WORLDS[world].label: {words: _mean(records, arm, world, number) for arm, words in WORDS.items()}
            for world in worlds_of(records)}  # fmt: skip


def _shares(records: Records) -> Rows:
    shares = {
        "trained": same_share,
        "pairs permuted": permuted_share,
        "any neuron": anywhere_share,
    }
    return {WORLDS[world].label: {words: _mean(records, "trained", world, share)
            for words, share in shares.items()} for world in worlds_of(records)}  # fmt: skip


def _mean(records: Records, arm: Arm, world: str, number: Callable[[PairResult], float | None]) -> Interval:
    return mean_over_seeds(pairs_of(records, arm, world), number)


def _spoken(table: Mapping[str, Mapping[str, Mapping[str, Interval]]]) -> str:
    """Return all means in words."""
    parts: list[str] = []
    for title, rows in table.items():
        means = [
            f"{row} {words} {interval.mean:.2f}"
            for row, methods in rows.items()
            for words, interval in methods.items()
            if interval.n
        ]
        parts.append(f"{title}: {', '.join(means)}")
    return f"{'; '.join(parts)}."
