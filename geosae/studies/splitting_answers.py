"""What the study of splitting answers, read off its stored numbers."""

import math
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from geosae.experiments.gates import GATES, gate_name
from geosae.experiments.interval import Interval, mean_interval
from geosae.geometry.intervals import clopper_pearson
from geosae.studies.comparisons import Question
from geosae.studies.judged import judge, question_by_seed
from geosae.studies.numbers import differences, mean_over_seeds, per_seed
from geosae.studies.splitting_records import (
    CutKind,
    NeuronFates,
    Records,
    SaeResult,
    SplittingResult,
    clean_share,
    gates_of,
    kind_of_cut,
    largest_family,
    margins_of,
    of_gate,
    of_worlds,
    planted_share,
    several,
    share_beyond,
)
from geosae.studies.study import Answer


def kinds(records: Records, index: int) -> Counter[CutKind]:
    """Return how often trained SAEs have the concept in each kind of cut, at the width of this index."""
    cuts = [r.result.trained[index].cut for r in records]
    return Counter(kind_of_cut(cut.kind, cut.clean) for cut in cuts)


def fates(records: Records, index: int) -> Counter[CutKind]:
    """Return what became of the neurons of the width of this index in the SAE of the next width."""
    total: Counter[CutKind] = Counter()
    for record in records:
        step = record.result.splits[index]
        total["whole"] += step.whole
        total["clean"] += step.clean
        total["cut"] += step.split - step.clean
        total["tiled"] += step.tiled
        total["partial"] += step.partial
    return total


def answers(records: Records) -> list[Answer]:
    """Return the predictions of P1 and P3 beside what was observed; all comparisons hold at once."""
    if not records:
        return []
    widths = records[0].settings.widths
    compared = [
        *_apart(records),
        _own_neurons(records, widths),
        _tiles(records, widths),
        _fate(records),
        *_families(records),
    ]
    return [_never(records), *judge(compared)]


ARMS: Mapping[str, Callable[[SplittingResult], tuple[SaeResult, ...]]] = {
    "trained": lambda result: result.trained,
    "untrained": lambda result: result.untrained,
    "frozen decoder": lambda result: result.frozen,
}
"""The SAEs of an arm, by words for it."""


def _never(records: Records) -> Answer:
    """Count clean splits of what is connected: none may be; and of parts nearer than the sample resolves."""
    sentences: list[str] = []
    clean = 0
    for body, of_body in (("ball", of_worlds(records, "connected")), ("shell", of_worlds(records, "shell"))):
        cuts = [sae.cut for r in of_body for saes in ARMS.values() for sae in saes(r.result)]
        hits = sum(cut.clean for cut in cuts)
        near = sum(cut.kind == "split" for cut in cuts)
        high = float(clopper_pearson(hits, len(cuts), 0.05)[1]) if cuts else 1.0
        clean += hits
        sentences.append(
            f"The {body} is split cleanly by {hits} of {len(cuts)} SAEs, trained or not (at most a share "
            f"{high:.2f}, were SAEs independent), though pieces that share and miss little were found in "
            f"{near}"
        )
    unresolved = [r.result for r in records if r.result.planted and not r.result.planted.clean]
    near_cuts = [sae.cut for result in unresolved for saes in ARMS.values() for sae in saes(result)]
    sentences.append(
        "Two balls nearer than the sample resolves are split cleanly by "
        f"{sum(cut.clean for cut in near_cuts)} of {len(near_cuts)}"
    )
    return Answer(
        "P1",
        "A connected concept never splits into pieces that lie farther apart than the sample resolves.",
        f"{'. '.join(sentences)}.",
        "the prediction fails" if clean else "as predicted",
    )


def clean_by_seed(records: Records, arm: str) -> dict[int, float]:
    """Return by seed the share of an arm's SAEs, over widths and gates, that split the concept cleanly."""
    return per_seed(records, lambda r: clean_share(ARMS[arm](r)))


def _apart(records: Records) -> list[Question]:
    asked: list[Question] = []
    control = of_worlds(records, "connected")
    for gate, sparsity in gates_of(records):
        for other in ("untrained", "frozen decoder"):
            rows: dict[str, dict[int, float]] = {}
            lead: list[str] = []
            for margin in margins_of(records):
                at = of_gate(of_worlds(records, "separated", margin=margin), gate, sparsity)
                connected = of_gate(control, gate, sparsity)
                gains = [
                    differences(clean_by_seed(at, arm), clean_by_seed(connected, arm))
                    for arm in ("trained", other)
                ]
                if planted_share(at).mean >= 0.5:
                    # Below what the sample resolves nothing can be clean; that is counted elsewhere.
                    rows[f"margin {margin:g}"] = differences(*gains)
                lead.append(
                    f"{margin:g}: {_mean(clean_by_seed(at, 'trained'))} against "
                    f"{_mean(clean_by_seed(at, other))} (the parts themselves {planted_share(at).mean:.2f})"
                )
            words = "untrained SAEs" if other == "untrained" else "SAEs with a frozen decoder"
            asked.append(
                question_by_seed(
                    "P1",
                    f"{gate_name(gate, sparsity)}: training splits cleanly what lies apart, and not one "
                    f"ball, beyond {words}.",
                    f"Two balls minus one ball, trained minus {other}",
                    rows,
                    f"Share of SAEs over widths, by margin: {'; '.join(lead)}. ",
                )
            )
    return asked


def _own_neurons(records: Records, widths: Sequence[int]) -> Question:
    rows: dict[str, dict[int, float]] = {}
    lead: list[str] = []
    for margin in margins_of(records):
        balls = of_worlds(records, "separated", margin=margin)
        narrow, wide = (
            [
                per_seed(balls, lambda r, arm=arm, i=i: ARMS[arm](r)[i].owned)
                for arm in ("trained", "untrained")
            ]
            for i in (0, -1)
        )
        rows[f"margin {margin:g}"] = differences(
            differences(wide[0], narrow[0]), differences(wide[1], narrow[1])
        )
        possible = mean_interval([r.result.isolable for r in balls]).mean
        lead.append(f"{margin:g}: {_mean(narrow[0])} to {_mean(wide[0])} of {possible:.2f} possible")
    return question_by_seed(
        "P1",
        "A wider SAE has neurons of their own for more of the two balls, beyond what width does untrained.",
        f"Width {widths[-1]} minus width {widths[0]}, trained minus untrained",
        rows,
        f"Balls with a neuron of their own, from width {widths[0]} to {widths[-1]}, by margin: "
        f"{'; '.join(lead)}. ",
    )


def _tiles(records: Records, widths: Sequence[int]) -> Question:
    # Where the gate sets how many neurons fire, it sets how many share a point: that would answer nothing.
    absolute = [r for r in of_worlds(records, "connected", "shell") if GATES[r.settings.gate].absolute]
    trained, untrained = (
        per_seed(absolute, lambda r, arm=arm: ARMS[arm](r)[-1].cut.shared.value)
        for arm in ("trained", "untrained")
    )
    cuts = [sae.cut for r in absolute for sae in r.result.trained]
    tiled = sum(cut.kind == "tiled" for cut in cuts)
    return question_by_seed(
        "2604.28119",
        "Reconstruction tiles a connected concept: more of its points lie in several partial regions than "
        "in an untrained SAE.",
        # Where untrained SAEs tile as well, the gate does it, and not reconstruction.
        "Trained minus untrained",
        {"ball and shell": differences(trained, untrained)},
        f"At width {widths[-1]} several ReLU neurons that have part of the concept fire on a share "
        f"{_mean(trained)} of the points of the ball and the shell, untrained {_mean(untrained)}. Over all "
        f"widths {tiled} of {len(cuts)} ReLU SAEs have no disjoint pieces of them. ",
    )


def _fate(records: Records) -> Question:
    def shares(count: Callable[[NeuronFates], int]) -> dict[int, float]:
        return per_seed(records, lambda r: _share_of_neurons(r, count))

    whole, split = shares(lambda step: step.whole), shares(lambda step: step.split)
    clean, tiled = shares(lambda step: step.clean), shares(lambda step: step.tiled)
    partial = shares(lambda step: step.partial)
    return question_by_seed(
        "P1",
        "A wider SAE splits more of a narrower one's neurons than it keeps.",
        "Split minus kept",
        {"all worlds": differences(split, whole)},
        f"From one width to the next a share {_mean(whole)} is kept whole, {_mean(split)} split "
        f"(cleanly {_mean(clean)}), {_mean(tiled)} tiled, and {_mean(partial)} found again only in part. ",
    )


def _families(records: Records) -> list[Question]:
    """Ask for pairs beyond chance where several neurons may fire: against permuted and untrained ones."""
    with_several = several(records)
    trained = _trained_families(with_several)
    permuted = per_seed(with_several, lambda r: share_beyond(r.permuted))
    sizes = [mean_over_seeds(with_several, lambda r, arm=arm: largest_family(ARMS[arm](r))) for arm in ARMS]
    gates = sorted({r.settings.gate for r in with_several})
    return [
        question_by_seed(
            "P3",
            "More pairs of neurons fire together than independent neurons would.",
            "Trained minus permuted",
            {"all worlds": differences(trained, permuted)},
            f"Share of pairs beyond chance {_mean(trained)}, among neurons permuted one by one "
            f"{_mean(permuted)}. ",
        ),
        question_by_seed(
            "P3",
            "Training forms families: more pairs fire together beyond chance than in an untrained SAE.",
            "Trained minus untrained",
            {GATES[gate].printed: _gain_in_families(of_gate(with_several, gate)) for gate in gates},
            f"The largest family has {sizes[0]} neurons, untrained {sizes[1]}, with a frozen decoder "
            f"{sizes[2]}. ",
        ),
    ]


def _share_of_neurons(result: SplittingResult, count: Callable[[NeuronFates], int]) -> float:
    total = sum(step.total for step in result.splits)
    return sum(count(step) for step in result.splits) / total if total else math.nan


def _trained_families(records: Records) -> dict[int, float]:
    return per_seed(records, lambda r: share_beyond([sae.families for sae in r.trained]))


def _untrained_families(records: Records) -> dict[int, float]:
    return per_seed(records, lambda r: share_beyond([sae.families for sae in r.untrained]))


def _gain_in_families(records: Records) -> dict[int, float]:
    return differences(_trained_families(records), _untrained_families(records))


def _mean(by_seed: dict[int, float]) -> Interval:
    return mean_interval(list(by_seed.values()))
