"""Many linear features: what is recovered as directions and what is separated as sets, beside the floors."""

from collections.abc import Callable, Mapping

from geosae.experiments import Results, gate_name
from geosae.experiments.interval import Interval
from geosae.figures.dots import interval_dots
from geosae.figures.paper.lines import INTERVALS, seeds_of
from geosae.figures.save import Sheet
from geosae.studies.linear_features import STUDY, TOLERANCE
from geosae.studies.linear_features_answers import directions_of, gates_of, saes_of
from geosae.studies.linear_features_records import (
    Arm,
    Records,
    SaeResult,
    Separated,
    certified_share,
    explained,
    f1,
    half_share,
    mcc,
    within_share,
)
from geosae.studies.numbers import mean_over_seeds

FAMILY = "linear-features"
WORDS: Mapping[Arm, str] = {
    "trained": "trained",
    "untrained": "untrained",
    "frozen_decoder": "frozen decoder",
}
RECOVERED: Mapping[str, Callable[[SaeResult], float]] = {
    "F1": f1,
    "MCC": mcc,
    "explained variance": explained,
}
SETS: Mapping[str, tuple[Callable[[SaeResult], float], Callable[[Separated], float]]] = {
    "separated within 0.5": (half_share, lambda sets: sets.within_half / sets.features),
    "separated within 0.1": (within_share, lambda sets: sets.within / sets.features),
    "within 0.1, certified": (
        certified_share,
        lambda sets: sets.certified / sets.testable if sets.testable else float("nan"),
    ),
}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    trained = saes_of(records, "trained")
    if not trained:
        return []
    table = {title: _rows(records, number) for title, number in RECOVERED.items()}
    for title, (of_sae, of_directions) in SETS.items():
        table[title] = _rows(records, of_sae)
        table[title]["true directions"] = {
            "true directions": mean_over_seeds(directions_of(records), of_directions)
        }
    figure = interval_dots(table, value_label="share", limits=dict.fromkeys(table, (0, 1)), outer_labels=True)
    job = trained[0].settings
    world = job.world
    active = mean_over_seeds(trained, lambda result: result.recovery.true_l0).mean
    caption = (
        f"p = {world.features:,} features in n = {world.dim} dimensions under SynthSAEBench's law, "
        f"{active:.1f} active at a time; d = {job.width} latents, a stream of {job.steps * job.batch:,} "
        "points seen once. Above: mean F1 of latents, mean |cosine| of atoms matched one to one with "
        "directions, explained variance. Below: share of all features that one neuron, chosen on "
        f"N = {world.points:,} points, separates on as many others (misses and alarms per point of the "
        f"feature at most 0.5, or {TOLERANCE:g}); and, of the features with points enough, the share for "
        "which this is certain, all at once (E4, Holm). True directions: half-spaces along them with the "
        "thresholds that labels teach. "
        f"{seeds_of(trained)}. {INTERVALS}."
    )
    return [Sheet(FAMILY, figure, "Many linear features: directions and sets", caption, _spoken(table))]


def _rows(records: Records, number: Callable[[SaeResult], float]) -> dict[str, dict[str, Interval]]:
    return {
        gate_name(gate, sparsity): {
            words: mean_over_seeds(saes_of(records, arm, gate), number) for arm, words in WORDS.items()
        }
        for gate, sparsity in gates_of(records)
    }


def _spoken(table: Mapping[str, Mapping[str, Mapping[str, Interval]]]) -> str:
    """Return all means in words."""
    parts: list[str] = []
    for title, rows in table.items():
        means = [
            f"{row}{'' if row == arm else f' {arm}'} {interval.mean:.2f}"
            for row, arms in rows.items()
            for arm, interval in arms.items()
            if interval.n
        ]
        parts.append(f"{title}: {', '.join(means)}")
    return f"{'; '.join(parts)}."
