"""Trained SAEs beside their baselines, with intervals over seeds, at the sparsities where all were run."""

from collections.abc import Mapping, Sequence

import numpy as np

from geosae.experiments import Results
from geosae.figures.dots import Estimate, interval_dots
from geosae.figures.run.words import (
    BASELINES,
    GATES,
    LEARNERS,
    NOTIONS,
    SYMBOLS,
    Row,
    estimate,
    level,
    rows_of,
    setting,
    sheet_name,
    worlds,
)
from geosae.figures.save import Sheet

FAMILY = "baselines"
MEASURES = {
    "share": ("share of concepts", "Share of concepts learned on held-out points."),
    "best_error": (
        "mean error",
        "Mean over concepts of the decisive (greatest) graded error on held-out points.",
    ),
}


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet per world with shares and one with errors; none for a world without baselines."""
    found: list[Sheet] = []
    for world in worlds(results):
        rows = rows_of(results, world)
        compared = {(r["gate"], r["sparsity"]) for r in rows if r["baseline"] != "trained"}
        chosen = [r for r in rows if (r["gate"], r["sparsity"]) in compared]
        if not chosen:
            continue
        at = ", ".join(f"{SYMBOLS.get(g, g)} = {s:g} ({GATES.get(g, g)})" for g, s in sorted(compared))
        for key, (label, words) in MEASURES.items():
            table = {
                f"{notion}, {learner}": _panel(chosen, notion, who, key)
                for who, learner in LEARNERS.items()
                for notion in NOTIONS
            }
            # Errors of approximation are shares of ν(C) and may exceed 1.
            limits = {t: (0, 1) for t in table if key == "share" or not t.startswith("approximation")}
            figure = interval_dots(table, value_label=label, limits=limits)
            caption = (
                f"{words} At {at}: the trained SAE, an untrained one, one trained with a frozen random "
                "decoder"
                f"{', and the trained SAE judged on shuffled labels' if key == 'share' else ''}. Upper "
                "row: the "
                "best single neuron of each concept; lower row: its closure unit. Dots: means over seeds; "
                "bars: "
                f"{level(results)}, cut to the possible range; no bar where there is one seed. "
                f"{setting(results, world)}"
            )
            name = f"{sheet_name(FAMILY, results, world)}-{key.replace('_', '-')}"
            title = f"Trained beside baselines in {world}: {label}"
            found.append(Sheet(name, figure, title, caption, _alt(table, key), world))
    return found


def _panel(rows: Sequence[Row], notion: str, who: str, key: str) -> dict[str, dict[str, Estimate]]:
    panel: dict[str, dict[str, Estimate]] = {}
    for row in rows:
        label = f"{GATES.get(row['gate'], row['gate'])} d = {row['width']}"
        # All methods from the start, so that each has one place, colour and marker.
        methods = panel.setdefault(label, {name: Estimate(float("nan")) for name in _methods(key)})
        name = BASELINES.get(str(row["baseline"]), str(row["baseline"]))
        top = float("inf") if key == "best_error" and notion == "approximation" else 1.0
        methods[name] = _estimate(row, "notions", notion, who, key, top=top)
        if row["baseline"] == "trained" and key == "share":
            shuffled = "shuffled" if who == "neurons" else "shuffled_units"
            methods[BASELINES["shuffled"]] = _estimate(row, "notions", notion, shuffled)
    return panel


def _methods(key: str) -> list[str]:
    return ["trained", *(name for kind, name in BASELINES.items() if key == "share" or kind != "shuffled")]


def _estimate(row: Row, *keys: str, top: float = 1.0) -> Estimate:
    found = estimate(row, *keys)
    if found is None:
        return Estimate(float("nan"))
    # One seed has no interval; what is stored then are the ends of the possible range.
    known = found["count"] > 1 and None not in (found["low"], found["high"])
    ends = [float(found[end]) if known else float("nan") for end in ("low", "high")]
    return Estimate(float(found["mean"]), ends[0], ends[1] if np.isnan(ends[1]) else min(ends[1], top))


def _alt(table: Mapping[str, Mapping[str, Mapping[str, Estimate]]], key: str) -> str:
    sign = 1.0 if key == "share" else -1.0
    words: list[str] = []
    for title, panel in table.items():
        wins = [
            sign * methods["trained"].mean > max(sign * e.mean for m, e in methods.items() if m != "trained")
            for methods in panel.values()
            if not any(np.isnan(e.mean) for e in methods.values())
        ]
        words.append(f"{title}: trained better than every baseline in {sum(wins)} of {len(wins)} settings")
    return "Dots with intervals. " + "; ".join(words) + "."
