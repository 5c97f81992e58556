"""What the study of splitting answers, read off its stored numbers."""

import math
from collections import Counter
from collections.abc import Callable, Sequence

from geosae.experiments.gates import GATES, gate_name
from geosae.experiments.interval import Interval, mean_interval
from geosae.geometry.intervals import clopper_pearson
from geosae.studies.numbers import direction, mean_over_seeds, paired, per_seed
from geosae.studies.splitting_records import (
    CutKind,
    NeuronFates,
    Records,
    SplittingResult,
    clean_share,
    gates_of,
    kind_of_cut,
    largest_family,
    of_gate,
    of_worlds,
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
    """Return the predictions of P1 and P3 beside what was observed."""
    if not records:
        return []
    widths = records[0].settings.widths
    return [
        _never(records),
        _apart(records),
        _own_neurons(records, widths),
        _tiles(records, widths),
        _fate(records),
        _beyond_independence(records),
        _beyond_untrained(records),
    ]


def _never(records: Records) -> Answer:
    sentences: list[str] = []
    clean = 0
    for body, of_body in (("ball", of_worlds(records, "connected")), ("shell", of_worlds(records, "shell"))):
        cuts = [sae.cut for r in of_body for sae in r.result.trained]
        hits = sum(cut.clean for cut in cuts)
        near = sum(cut.kind == "split" for cut in cuts)
        high = float(clopper_pearson(hits, len(cuts), 0.05)[1]) if cuts else 1.0
        clean += hits
        sentences.append(
            f"The {body} is split cleanly by {hits} of {len(cuts)} SAEs (at most a share {high:.2f}, were "
            f"SAEs independent), though pieces that share and miss little were found in {near}"
        )
    return Answer(
        "P1",
        "A connected concept never splits into pieces that lie farther apart than the sample resolves.",
        f"{'. '.join(sentences)}.",
        "the prediction fails" if clean else "as predicted",
    )


def _apart(records: Records) -> Answer:
    balls, ball = of_worlds(records, "separated"), of_worlds(records, "connected")
    gain = mean_interval(paired(_clean_shares(balls), _clean_shares(ball)))
    untrained = mean_over_seeds(balls, lambda r: clean_share(r.untrained))
    shares = ", ".join(
        f"{gate_name(gate, sparsity)} {_mean(_clean_shares(of_gate(balls, gate, sparsity)))}"
        for gate, sparsity in gates_of(balls)
    )
    cuts = [sae.cut for r in balls for sae in r.result.trained if sae.cut.clean]
    four = sum(len(cut.pieces) == 4 for cut in cuts)
    return Answer(
        "P1",
        "Four balls apart are split cleanly more often than one ball is.",
        f"Paired difference of the shares of SAEs {gain}; by gate {shares}; untrained {untrained}. Of "
        f"{len(cuts)} clean splits {four} have four pieces.",
        direction(gain),
    )


def _clean_shares(records: Records) -> dict[int, float]:
    return per_seed(records, lambda r: clean_share(r.trained))


def _own_neurons(records: Records, widths: Sequence[int]) -> Answer:
    balls = of_worlds(records, "separated")
    narrowest = per_seed(balls, lambda r: r.trained[0].owned)
    widest = per_seed(balls, lambda r: r.trained[-1].owned)
    untrained = per_seed(balls, lambda r: r.untrained[-1].owned)
    gain = mean_interval(paired(widest, narrowest))
    by_training = mean_interval(paired(widest, untrained))
    possible = mean_interval([r.result.isolable for r in balls]).mean
    return Answer(
        "P1",
        "A wider SAE has neurons of their own for more of the four balls.",
        f"By certificate a half-space could have {possible:.2f} of the 4 balls to itself. {_mean(narrowest)} "
        f"have a neuron of their own at width {widths[0]}, {_mean(widest)} at width {widths[-1]}: paired "
        f"difference {gain}; trained minus untrained at width {widths[-1]} {by_training}.",
        direction(gain),
    )


def _tiles(records: Records, widths: Sequence[int]) -> Answer:
    # Where the gate sets how many neurons fire, it sets how many share a point: that would answer nothing.
    absolute = [r for r in of_worlds(records, "connected", "shell") if GATES[r.settings.gate].absolute]
    trained = per_seed(absolute, lambda r: r.trained[-1].cut.shared.value)
    untrained = per_seed(absolute, lambda r: r.untrained[-1].cut.shared.value)
    cuts = [sae.cut for r in absolute for sae in r.result.trained]
    tiled = sum(cut.kind == "tiled" for cut in cuts)
    return Answer(
        "2604.28119",
        "Reconstruction tiles a connected concept: more of its points lie in several partial regions than "
        "in an untrained SAE.",
        f"At width {widths[-1]} several ReLU neurons that have part of the concept fire on a share "
        f"{_mean(trained)} of the points of the ball and the shell, untrained {_mean(untrained)}. Over all "
        f"widths {tiled} of {len(cuts)} ReLU SAEs have no disjoint pieces of them.",
        # Where untrained SAEs tile as well, the gate does it, and not reconstruction.
        direction(mean_interval(paired(trained, untrained))),
    )


def _fate(records: Records) -> Answer:
    def shares(count: Callable[[NeuronFates], int]) -> dict[int, float]:
        return per_seed(records, lambda r: _share_of_neurons(r, count))

    whole, split = shares(lambda step: step.whole), shares(lambda step: step.split)
    clean, tiled = shares(lambda step: step.clean), shares(lambda step: step.tiled)
    partial = shares(lambda step: step.partial)
    gain = mean_interval(paired(split, whole))
    return Answer(
        "P1",
        "A wider SAE splits more of a narrower one's neurons than it keeps.",
        f"From one width to the next a share {_mean(whole)} is kept whole, {_mean(split)} split "
        f"(cleanly {_mean(clean)}), {_mean(tiled)} tiled, and {_mean(partial)} found again only in "
        f"part; split minus kept {gain}.",
        direction(gain),
    )


def _share_of_neurons(result: SplittingResult, count: Callable[[NeuronFates], int]) -> float:
    total = sum(step.total for step in result.splits)
    return sum(count(step) for step in result.splits) / total if total else math.nan


def _trained_families(records: Records) -> dict[int, float]:
    return per_seed(records, lambda r: share_beyond([sae.families for sae in r.trained]))


def _untrained_families(records: Records) -> dict[int, float]:
    return per_seed(records, lambda r: share_beyond([sae.families for sae in r.untrained]))


def _beyond_independence(records: Records) -> Answer:
    with_several = several(records)
    trained = _trained_families(with_several)
    permuted = per_seed(with_several, lambda r: share_beyond(r.permuted))
    gain = mean_interval(paired(trained, permuted))
    single = [r for r in records if r.settings.sparsity == 1]
    any_pair = sum(sae.families.beyond for r in single for sae in r.result.trained)
    return Answer(
        "P3",
        "More pairs of neurons fire together than independent neurons would; none where one neuron fires.",
        f"Share of pairs beyond chance {_mean(trained)}, among neurons permuted one by one "
        f"{_mean(permuted)}; paired difference {gain}. With Top-1, {any_pair} pairs.",
        "the prediction fails" if any_pair else direction(gain),
    )


def _beyond_untrained(records: Records) -> Answer:
    with_several = several(records)
    gain = _gain_in_families(with_several)
    by_gate = ", ".join(
        f"{GATES[gate].printed} {_gain_in_families(of_gate(with_several, gate))}"
        for gate in sorted({r.settings.gate for r in with_several})
    )
    trained = mean_over_seeds(with_several, lambda r: largest_family(r.trained))
    untrained = mean_over_seeds(with_several, lambda r: largest_family(r.untrained))
    return Answer(
        "P3",
        "Training forms families: more pairs fire together beyond chance than in an untrained SAE.",
        f"Trained minus untrained share of pairs {gain} ({by_gate}); the largest family has "
        f"{trained} neurons, untrained {untrained}.",
        direction(gain),
    )


def _gain_in_families(records: Records) -> Interval:
    return mean_interval(paired(_trained_families(records), _untrained_families(records)))


def _mean(by_seed: dict[int, float]) -> Interval:
    return mean_interval(list(by_seed.values()))
