"""What the study of linear features answers: recovered directions and learned sets, beside their floors."""

from collections.abc import Callable, Iterator

from geosae.experiments.gates import Gate, gate_name
from geosae.experiments.interval import Interval
from geosae.experiments.jobs import StudyRecord
from geosae.studies.comparisons import Question
from geosae.studies.judged import judge, question_by_seed
from geosae.studies.linear_features_records import (
    Arm,
    DirectionsJob,
    Records,
    SaeJob,
    SaeRecords,
    SaeResult,
    Separated,
    certified_share,
    explained,
    f1,
    mcc,
    within_share,
)
from geosae.studies.numbers import differences, mean_over_seeds, of_kind, per_seed
from geosae.studies.study import Answer

Number = Callable[[SaeResult], float]
PUBLISHED = (
    "published at 16,384 features, 768 dimensions, 4,096 latents, L0 25 and 200 million samples: F1 0.88, "
    "MCC 0.79 (Matryoshka), 0.73, 0.76 (BatchTopK), 0.56 (L1); F1 0.97 since, with a LISTA-like encoder, "
    "Matryoshka and a falling K"
)


def saes_of(records: Records, arm: Arm, gate: Gate | None = None) -> SaeRecords:
    """Return the SAEs of one arm, of one gate if it is given."""
    return [
        r
        for r in of_kind(records, SaeJob, SaeResult)
        if r.settings.arm == arm and gate in (None, r.settings.gate)
    ]


def gates_of(records: Records) -> list[tuple[Gate, float | int]]:
    """Return the gates with their sparsities, in order."""
    return list(dict.fromkeys((r.settings.gate, r.settings.sparsity) for r in saes_of(records, "trained")))


def directions_of(records: Records) -> list[StudyRecord[DirectionsJob, Separated]]:
    """Return what the true directions separate with the best thresholds."""
    return of_kind(records, DirectionsJob, Separated)


def answers(records: Records) -> list[Answer]:
    """Return the predictions beside what was observed; all comparisons hold at once."""
    return judge([*_recovery(records), *_sets(records), *_short(records), *_matryoshka(records)])


def _beyond(records: Records, number: Number, other: Arm) -> dict[str, dict[int, float]]:
    """Return by gate and seed how much greater a number is in trained SAEs than in another arm."""
    return {
        gate_name(gate, sparsity): differences(
            per_seed(saes_of(records, "trained", gate), number),
            per_seed(saes_of(records, other, gate), number),
        )
        for gate, sparsity in gates_of(records)
    }


def _arms(records: Records, number: Number) -> str:
    """Return the means of a number by gate: trained, untrained, with a frozen decoder."""
    parts: list[str] = []
    for gate, sparsity in gates_of(records):
        means = [
            mean_over_seeds(saes_of(records, arm, gate), number)
            for arm in ("trained", "untrained", "frozen_decoder")
        ]
        parts.append(f"{gate_name(gate, sparsity)} {means[0]}, untrained {means[1]}, frozen {means[2]}")
    return "; ".join(parts)


def _recovery(records: Records) -> Iterator[Question]:
    numbers: dict[str, Number] = {"F1": f1, "MCC": mcc, "explained variance": explained}
    for words, number in numbers.items():
        yield question_by_seed(
            "2602.14687",
            f"Training recovers linear features beyond SAEs with a frozen decoder ({words}).",
            "Trained minus frozen",
            _beyond(records, number, "frozen_decoder"),
            f"{words}: {_arms(records, number)}{f' ({PUBLISHED})' if words == 'F1' else ''}. ",
        )


def _sets(records: Records) -> Iterator[Question]:
    arms: dict[Arm, str] = {"untrained": "untrained SAEs", "frozen_decoder": "SAEs with a frozen decoder"}
    for other, words in arms.items():
        shuffled = mean_over_seeds(
            saes_of(records, "trained"), lambda result: result.sets.shuffled / result.sets.features
        )
        yield question_by_seed(
            "E4",
            f"One neuron separates more of the features within 0.1 after training than in {words}.",
            f"Share of testable features, certified at once, trained minus {words}",
            _beyond(records, certified_share, other),
            f"Of all features, by count: {_arms(records, within_share)}; shuffled labels {shuffled}. Of "
            f"those with points enough to be certified: {_arms(records, certified_share)}. ",
        )


def _short(records: Records) -> Iterator[Question]:
    """Compare with the true directions: what half-spaces along them separate with the best thresholds."""
    possible = directions_of(records)
    if not possible:
        return
    able = per_seed(possible, lambda sets: sets.certified / sets.testable if sets.testable else None)
    rows = {
        gate_name(gate, sparsity): differences(
            able, per_seed(saes_of(records, "trained", gate), certified_share)
        )
        for gate, sparsity in gates_of(records)
    }
    yield question_by_seed(
        "E4",
        "Trained SAEs separate fewer features than the true directions with the best thresholds.",
        "Directions minus trained",
        rows,
        f"Share of testable features that the true directions separate: {_directions(records)}. ",
    )


def _directions(records: Records) -> Interval:
    return mean_over_seeds(
        directions_of(records), lambda sets: sets.certified / sets.testable if sets.testable else None
    )


def _matryoshka(records: Records) -> Iterator[Question]:
    gates = dict(gates_of(records))
    if not {"matryoshka", "batchtopk"} <= gates.keys():
        return
    numbers: dict[str, Number] = {
        "F1": f1,
        "explained variance": explained,
        "certified sets": certified_share,
    }
    rows = {
        words: differences(
            *(per_seed(saes_of(records, "trained", gate), number) for gate in ("matryoshka", "batchtopk"))
        )
        for words, number in numbers.items()
    }
    yield question_by_seed(
        "2602.14687",
        "Matryoshka recovers more than BatchTopK at the same K, as published (F1), and as sets.",
        "Matryoshka minus BatchTopK",
        {words: by_seed for words, by_seed in rows.items() if words != "explained variance"},
        f"Explained variance: {_arms(records, explained)}. ",
    )
