"""What the study of dictionaries answers: agreement between seeds, and concepts followed along it."""

from collections.abc import Callable, Iterator, Mapping

from geosae.experiments.interval import Interval
from geosae.studies.comparisons import Question
from geosae.studies.dictionaries_records import (
    WORLDS,
    Arm,
    Followed,
    Records,
    agreement,
    anywhere_share,
    permuted_share,
    random_agreement,
    same_share,
    truth_agreement,
)
from geosae.studies.judged import judge, question_by_seed
from geosae.studies.numbers import differences, mean_over_seeds, per_seed
from geosae.studies.study import Answer

CONSISTENCY = "2505.20254"
WORDS: Mapping[Arm, str] = {
    "trained": "trained",
    "untrained": "untrained",
    "frozen_decoder": "frozen decoder",
}


def pairs_of(records: Records, arm: Arm, world: str | None = None) -> Records:
    """Return the pairs of one arm, of one world if it is given."""
    return [r for r in records if r.settings.arm == arm and world in (None, r.settings.world)]


def worlds_of(records: Records) -> list[str]:
    """Return the worlds, in order."""
    return list(dict.fromkeys(r.settings.world for r in records))


def answers(records: Records) -> list[Answer]:
    """Return the predictions beside what was observed; all comparisons hold at once."""
    return judge([*_agreement(records), *_concepts(records)])


def _agreement(records: Records) -> Iterator[Question]:
    parts: list[str] = []
    for world in worlds_of(records):
        means = [f"{words} {_mean(records, arm, world)}" for arm, words in WORDS.items()]
        random = mean_over_seeds(pairs_of(records, "trained", world), random_agreement)
        truth = mean_over_seeds(pairs_of(records, "trained", world), truth_agreement)
        known = f"; trained with the true directions {truth}" if truth.n else ""
        parts.append(f"{WORLDS[world].label}: {', '.join(means)}, random {random}{known}")
    yield question_by_seed(
        CONSISTENCY,
        "The dictionaries of two trained SAEs agree more than two random ones.",
        "Mean |cosine| of matched atoms, trained minus random",
        {
            WORLDS[world].label: differences(
                per_seed(pairs_of(records, "trained", world), agreement),
                per_seed(pairs_of(records, "trained", world), random_agreement),
            )
            for world in worlds_of(records)
        },
        f"{'. '.join(parts)}. ",
    )
    yield question_by_seed(
        CONSISTENCY,
        "The dictionaries of two trained SAEs agree more than those of two untrained ones.",
        "Trained minus untrained",
        {
            WORLDS[world].label: differences(
                per_seed(pairs_of(records, "trained", world), agreement),
                per_seed(pairs_of(records, "untrained", world), agreement),
            )
            for world in worlds_of(records)
        },
        "Frozen decoders agree as untrained ones do by construction: they are not compared. ",
    )


def _mean(records: Records, arm: Arm, world: str) -> Interval:
    return mean_over_seeds(pairs_of(records, arm, world), agreement)


def _concepts(records: Records) -> Iterator[Question]:
    """Compare where a neuron is certified of something; elsewhere there is no concept to follow."""
    yield question_by_seed(
        "E4",
        "A neuron matched with one that is certified of a concept separates the same concept more often than "
        "if the pairs are permuted at random.",
        "Share of the certified concepts of trained SAEs, matched minus permuted",
        {
            WORLDS[world].label: differences(
                per_seed(pairs_of(records, "trained", world), same_share),
                per_seed(pairs_of(records, "trained", world), permuted_share),
            )
            for world in worlds_of(records)
        },
        "".join(f"{_followed(records, world)}. " for world in worlds_of(records)),
    )


def _followed(records: Records, world: str) -> str:
    parts: list[str] = []
    for arm, words in WORDS.items():
        pairs = pairs_of(records, arm, world)
        certified = _total(pairs, lambda each: each.certified)
        part = f"{words} {certified} of {_total(pairs, lambda each: each.concepts)} concepts certified"
        if certified:
            shares = [mean_over_seeds(pairs, share) for share in (same_share, permuted_share, anywhere_share)]
            part += f" (matched {shares[0]}, permuted {shares[1]}, any neuron {shares[2]})"
        parts.append(part)
    shuffled = _total(pairs_of(records, "trained", world), lambda each: each.shuffled)
    return f"{WORLDS[world].label}, all seeds: {', '.join(parts)}, shuffled labels {shuffled}"


def _total(pairs: Records, number: Callable[[Followed], int]) -> int:
    return sum(number(pair.result.followed) for pair in pairs)
