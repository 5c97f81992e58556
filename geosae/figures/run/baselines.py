"""Trained SAEs beside their baselines, with intervals over seeds, at the sparsities where all were run."""

from collections.abc import Mapping, Sequence

import numpy as np

from geosae.experiments import BASELINES, GATES, Results, Row, estimate_at, gate_name
from geosae.figures.dots import Estimate, interval_dots
from geosae.figures.run.words import LABELS, LEARNERS, NOTIONS, baseline_name, level, setting, sheet_name
from geosae.figures.save import Sheet

FAMILY = "baselines"
ROOM = 44
"""So many rows of dots fit on a page, one above the other."""
MEASURES = {
    "share": ("share of concepts", "Share of concepts learned on held-out points."),
    "best_error": (
        "mean error",
        "Mean over concepts of the decisive (greatest) graded error on held-out points.",
    ),
}


def sheets(results: Results) -> list[Sheet]:
    """Return sheets with shares and with errors per world, of so many gates each as fit on a page."""
    found: list[Sheet] = []
    for world in results.worlds:
        parts = _parts(results, world)
        for number, rows in enumerate(parts, start=1):
            for key in MEASURES:
                part = f"-{number}" if len(parts) > 1 else ""
                found.append(_sheet(results, world, rows, key, part))
    return found


def _parts(results: Results, world: str) -> list[list[Row]]:
    """Divide the rows with baselines into pages, by gate."""
    by_gate: dict[str, list[Row]] = {}
    for row in results.compared(world):
        by_gate.setdefault(str(row["gate"]), []).append(row)
    room = max(1, int(ROOM / (len(_methods(results, world, "share")) + 1)))
    parts: list[list[Row]] = []
    for rows in by_gate.values():
        if parts and len(parts[-1]) + len(rows) <= room:
            parts[-1].extend(rows)
        else:
            parts.append(list(rows))
    return parts


def _sheet(results: Results, world: str, rows: Sequence[Row], key: str, part: str) -> Sheet:
    label, words = MEASURES[key]
    methods = _methods(results, world, key)
    settings = {(r["gate"], r["sparsity"]) for r in rows}
    several = {gate for gate, _ in settings if sum(g == gate for g, _ in settings) > 1}
    table: dict[str, dict[str, dict[str, Estimate]]] = {}
    for who, learner in LEARNERS.items():
        for notion in NOTIONS:
            table[f"{notion}, {learner}"] = {
                _label(row, several): _dots(results, row, methods, (notion, who, key)) for row in rows
            }
    # Errors of approximation are shares of ν(C) and may exceed 1.
    limits = {t: (0, 1) for t in table if key == "share" or not t.startswith("approximation")}
    figure = interval_dots(table, value_label=label, limits=limits)
    at = "; ".join(dict.fromkeys(gate_name(r["gate"], r["sparsity"]) for r in rows))
    beside = [BASELINES[b].words for b in methods if b in BASELINES]
    if key == "share":
        beside.append("the trained SAE judged on shuffled labels")
    caption = (
        f"{words} At {at}: the trained SAE, {', '.join(beside)}. Upper row: the best single neuron of each "
        "concept; lower row: its closure unit. Dots: means over seeds; bars: "
        f"{level(results)}, cut to the possible range; no bar where there is one seed. "
        f"{setting(results, world)}"
    )
    name = f"{sheet_name(FAMILY, results, world)}-{key.replace('_', '-')}{part}"
    return Sheet(name, figure, f"Trained beside baselines in {world}: {label}", caption, _alt(table), world)


def _label(row: Row, several: set[str]) -> str:
    symbol = GATES[row["gate"]].symbol
    at = f" {symbol} = {row['sparsity']:g}" if row["gate"] in several else ""
    return f"{gate_name(row['gate'])}{at} d = {row['width']}"


def _methods(results: Results, world: str, key: str) -> list[str]:
    """Return what is drawn, in one order, so that each has one place, colour and marker in a run."""
    have = {b for row in results.compared(world) for b in results.beside(row)}
    return ["trained", *(b for b in BASELINES if b in have), *([LABELS] if key == "share" else [])]


def _dots(
    results: Results, row: Row, methods: Sequence[str], place: tuple[str, str, str]
) -> dict[str, Estimate]:
    notion, who, key = place
    top = float("inf") if key == "best_error" and notion == "approximation" else 1.0
    beside = {"trained": row, **results.beside(row)}
    dots = {
        baseline_name(b): _estimate(beside.get(b, {}), "notions", notion, who, key, top=top) for b in methods
    }
    if LABELS in methods:
        shuffled = "shuffled" if who == "neurons" else "shuffled_units"
        dots[baseline_name(LABELS)] = _estimate(row, "notions", notion, shuffled)
    return dots


def _estimate(row: Row, *keys: str, top: float = 1.0) -> Estimate:
    found = estimate_at(row, *keys)
    if found is None:
        return Estimate(float("nan"))
    # One seed has no interval; what is stored then are the ends of the possible range.
    known = found["count"] > 1 and None not in (found["low"], found["high"])
    ends = [float(found[end]) if known else float("nan") for end in ("low", "high")]
    return Estimate(float(found["mean"]), ends[0], ends[1] if np.isnan(ends[1]) else min(ends[1], top))


def _alt(table: Mapping[str, Mapping[str, Mapping[str, Estimate]]]) -> str:
    words: list[str] = []
    for title, panel in table.items():
        means: dict[str, list[float]] = {}
        for dots in panel.values():
            for method, found in dots.items():
                if np.isfinite(found.mean):
                    means.setdefault(method, []).append(found.mean)
        shown = ", ".join(f"{method} {np.mean(values):.2f}" for method, values in means.items())
        words.append(f"{title}: {shown or 'not defined'}")
    return "Dots with intervals; means over the rows: " + "; ".join(words) + "."
