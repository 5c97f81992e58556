"""Absorption: how silent the parent's neuron is on a child at the edge and on one inside, gate by gate."""

from collections.abc import Sequence

from geosae.experiments import Results, gate_name
from geosae.experiments.jobs import Record
from geosae.figures.dots import Estimate, interval_dots
from geosae.figures.paper.lines import seeds_of, values_of
from geosae.figures.save import Sheet
from geosae.studies.absorption import POSITIONS, mean_effect
from geosae.studies.numbers import mean_of, per_seed, select

FAMILY = "absorption"
WORDS = {"extreme": "child at the edge", "inside": "child inside the hull of its siblings"}


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("absorption", ())
    if not records:
        return []
    table: dict[str, dict[str, dict[str, Estimate]]] = {}
    for variation in values_of(records, "variation"):
        own = select(records, variation=variation)
        table[f"variation of magnitudes {variation:g}"] = {
            row: {WORDS[p]: _estimate(select(group, position=p)) for p in POSITIONS}
            for row, group in _rows(own).items()
        }
    figure = interval_dots(
        table, value_label="excess silence on the child", limits=dict.fromkeys(table, (-1, 1))
    )
    one = records[0]["settings"]
    pairs = [pair for r in records for pair in r["result"]["pairs"] if r["result"]["absolute"]]
    exact = sum(bool(p["exact"]) and not p["can"] for p in pairs)
    caption = (
        "Share of the child's points on which the parent's neuron is silent, less the same share on its "
        f"siblings: 1 is absorption, 0 none. A magnitude scales a whole point, parent and child "
        f"alike. By certificate, {sum(not p['can'] for p in pairs)} of {len(pairs)} "
        f"pairs in SAEs with absolute gates cannot be absorbed by a half-space; {exact} of these are. World "
        f"absorption: n = {one['dim']}, N = {one['points']:,} points (half to train on, half to measure on), "
        f"d = {one['width']}; {seeds_of(records)}. Bars: 95 % Student-t intervals of the mean over seeds."
    )
    alt = "Dots with intervals per gate, for children at the edge and inside, one panel per variation."
    return [Sheet(FAMILY, figure, "Absorption by position of the child", caption, alt)]


def _rows(records: Sequence[Record]) -> dict[str, list[Record]]:
    found: dict[str, list[Record]] = {}
    for record in records:
        label = gate_name(record["settings"]["gate"], record["settings"]["sparsity"])
        found.setdefault(label, []).append(record)
    return found


def _estimate(records: Sequence[Record]) -> Estimate:
    mean = mean_of(list(per_seed(records, mean_effect).values()))
    return Estimate(mean.value, max(-1.0, mean.low), min(1.0, mean.high))
