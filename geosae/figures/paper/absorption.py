"""Absorption: how silent the parent's neuron is on a child at the edge and on one inside, gate by gate."""

from collections.abc import Mapping

from geosae.experiments import Results, gate_name
from geosae.experiments.interval import Interval, mean_interval
from geosae.experiments.jobs import StudyRecord
from geosae.figures.dots import interval_dots
from geosae.figures.paper.lines import seeds_of
from geosae.figures.save import Sheet
from geosae.studies.absorption import (
    POSITIONS,
    STUDY,
    AbsorptionJob,
    AbsorptionResult,
    Position,
    Records,
    mean_effect,
)
from geosae.studies.numbers import per_seed

FAMILY = "absorption"
WORDS: Mapping[Position, str] = {
    "extreme": "child at the edge",
    "inside": "child inside the hull of its siblings",
}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get("absorption", ()))
    if not records:
        return []
    table: dict[str, dict[str, dict[str, Interval]]] = {}
    for variation in sorted({r.settings.variation for r in records}):
        rows = _by_gate([r for r in records if r.settings.variation == variation])
        table[f"variation of magnitudes {variation:g}"] = {
            label: {
                WORDS[position]: _excess([r for r in group if r.settings.position == position])
                for position in POSITIONS
            }
            for label, group in rows.items()
        }
    figure = interval_dots(
        table, value_label="excess silence on the child", limits=dict.fromkeys(table, (-1, 1))
    )
    settings = records[0].settings
    pairs = [pair for r in records if r.result.absolute for pair in r.result.pairs]
    exact = sum(bool(pair.exact) and not pair.can for pair in pairs)
    caption = (
        "Share of the child's points on which the parent's neuron is silent, less the same share on its "
        f"siblings: 1 is absorption, 0 none. A magnitude scales a whole point, parent and child "
        f"alike. By certificate, {sum(not pair.can for pair in pairs)} of {len(pairs)} "
        f"pairs in SAEs with absolute gates cannot be absorbed by a half-space; {exact} of these are. World "
        f"absorption: n = {settings.dim}, N = {settings.points:,} points (half to train on, half to measure "
        f"on), d = {settings.width}; {seeds_of(records)}. Bars: 95 % Student-t intervals of the mean over "
        "seeds."
    )
    alt = "Dots with intervals per gate, for children at the edge and inside, one panel per variation."
    return [Sheet(FAMILY, figure, "Absorption by position of the child", caption, alt)]


def _by_gate(records: Records) -> dict[str, list[StudyRecord[AbsorptionJob, AbsorptionResult]]]:
    groups: dict[str, list[StudyRecord[AbsorptionJob, AbsorptionResult]]] = {}
    for record in records:
        groups.setdefault(gate_name(record.settings.gate, record.settings.sparsity), []).append(record)
    return groups


def _excess(records: Records) -> Interval:
    return mean_interval(list(per_seed(records, mean_effect).values()), (-1.0, 1.0))
