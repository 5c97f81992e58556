"""Known failures: mixing at too low an L0, matching pursuit where features crowd, absorption under trees."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.experiments.jobs import Record
from geosae.figures.paper.lines import INTERVALS, Series, draw_series, in_octaves, seeds_of, values_of
from geosae.figures.save import Sheet
from geosae.figures.style import MUTED, PAGE, colour, marker, panels, styled
from geosae.studies.failures import CROWD, DIM, FEATURES, TREE_DIM
from geosae.studies.numbers import Mean, mean_of, per_seed, select

FAMILY = "failures"
MIXING = {"mcc": "MCC", "mean_second": "mean second cosine", "explained_variance": "explained variance"}
CROWDED = {"explained_variance": "explained variance", "f1_score": "F1", "mcc": "MCC"}
ABSORBED = {
    "effect": ("absorption: excess silence", (-0.5, 1.05)),
    "cosine": ("absorption: cosine(child's atom, parent)", (-0.5, 1.05)),
}
# One colour per gate in the whole figure.
_ORDER = ("topk", "mp", "batchtopk", "matryoshka", "relu")


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = results.studies.get("failures", ())
    if not records:
        return []
    parts = [select(records, part=part) for part in ("mixing", "crowd", "trees")]
    with styled():
        figure, grid = panels(3, 3, width=PAGE, height=6.0)
        for own, row, draw in zip(parts, grid, (_mixing, _crowd, _trees), strict=True):
            if own:
                draw(own, row)
    alt = (
        "Top: recovery, mixing and explained variance against K, trained and with a frozen decoder. Middle: "
        "explained variance, F1 and MCC by gate in few and in more dimensions. Bottom: silence of the "
        "parent's neuron and direction of the child's atom, with and without hierarchy, gate by gate."
    )
    return [Sheet(FAMILY, figure, "Known failures, reproduced", _caption(parts), alt)]


def _caption(parts: Sequence[Sequence[Record]]) -> str:
    mixing, crowd, trees = parts
    words: list[str] = []
    if mixing:
        one = mixing[0]["settings"]
        words.append(
            f"Top, mixing: {FEATURES} correlated features, n = {DIM}, N = {one['points']:,} points, d = "
            f"{one['width']}, Top-K; dotted: the true mean L0, {_true_l0(mixing):.1f}."
        )
    if crowd:
        one = crowd[0]["settings"]
        words.append(
            f"Middle, crowding: {CROWD} features under the law of SynthSAEBench (arXiv 2602.14687), n = "
            f"{' and '.join(f'{n:g}' for n in values_of(crowd, 'dim'))}, N = {10 * one['points']:,}, d = "
            f"{one['width']}, K = {one['k']} (true mean L0 {_true_l0(crowd):.1f})."
        )
    if trees:
        one = trees[0]["settings"]
        low, *high = values_of(trees, "variation")
        words.append(
            f"Bottom, absorption: parents with a child each, orthonormal, n = {TREE_DIM}, N = "
            f"{4 * one['points']:,}, d = {one['width']} = number of features. Excess silence: share of the "
            "points with parent and child where the parent's neuron is silent, less the same share where the "
            f"child does not fire; 1 is absorption. Dotted: 0 and 0.71, the cosine of c + p with p. "
            f"Coefficient of variation of magnitudes {low:g}"
            + (f", or {high[-1]:g} where said." if high else ".")
        )
    every = [r for part in parts for r in part]
    half = "Half of the points to train on, half to measure on"
    return f"{' '.join(words)} World superposition. {half}; {seeds_of(every)}. {INTERVALS}."


def _true_l0(records: Sequence[Record]) -> float:
    return mean_of([r["result"]["true_l0"] for r in records]).value


def _means(records: Sequence[Record], key: str) -> Mean:
    return mean_of(list(per_seed(records, lambda r: r[key]).values()))


def _mixing(records: Sequence[Record], row: Sequence[Axes]) -> None:
    budgets = values_of(records, "k")
    kinds = {"trained": "Top-K", "frozen_decoder": "Top-K, frozen decoder"}
    for ax, (key, label) in zip(row, MIXING.items(), strict=True):
        series: dict[str, Series] = {
            name: [(k, _means(select(records, baseline=kind, k=k), key)) for k in budgets]
            for kind, name in kinds.items()
        }
        draw_series(ax, series, spread=0.04, within=(0.0, 1.0))
        in_octaves(ax, budgets)
        ax.axvline(_true_l0(records), color=MUTED, lw=0.8, ls=":")
        ax.set_ylim(0, 1)
        ax.set_xlabel("K")
        ax.set_title(f"mixing: {label}")
    row[1].legend(loc="upper right", frameon=True, edgecolor="none", framealpha=1.0)


def _crowd(records: Sequence[Record], row: Sequence[Axes]) -> None:
    dims = values_of(records, "dim")
    gates = list(dict.fromkeys(str(r["settings"]["gate"]) for r in records))
    for ax, (key, label) in zip(row, CROWDED.items(), strict=True):
        for i, gate in enumerate(gates):
            own = [(n, _means(select(records, gate=gate, dim=n), key)) for n in dims]
            known = [(n, m) for n, m in own if m.count]
            first = _ORDER.index(gate) if gate in _ORDER else len(_ORDER) + i
            shift = 1 + 0.05 * (i - (len(gates) - 1) / 2)
            draw_series(ax, {gate_name(gate): [(n * shift, m) for n, m in known]}, first=first)
        in_octaves(ax, dims)
        ax.set_xlim(dims[0] / 1.25, dims[-1] * 1.25)
        ax.set_xlabel("dimension n")
        ax.set_title(f"crowding: {label}")
    low, high = row[0].get_ylim()
    row[0].set_ylim(low, high + 0.35 * (high - low))  # room for the legend
    row[0].legend(loc="upper right")


def _trees(records: Sequence[Record], row: Sequence[Axes]) -> None:
    gates = {str(r["settings"]["gate"]): r["settings"]["k"] for r in records}
    low, *high = values_of(records, "variation")
    groups: dict[str, Sequence[Record]] = {
        "hierarchy": select(records, trees=True, baseline="trained", variation=low),
        "same rates, no hierarchy": select(records, trees=False, baseline="trained", variation=low),
        "hierarchy, untrained": select(records, baseline="untrained", variation=low),
    }
    if high:
        words = f"hierarchy, magnitudes vary ({high[-1]:g})"
        groups[words] = select(records, trees=True, baseline="trained", variation=high[-1])
    for ax, (key, (label, limits)) in zip(row, ABSORBED.items(), strict=False):
        rows = {
            gate_name(gate, k): {name: _means(select(own, gate=gate), key) for name, own in groups.items()}
            for gate, k in gates.items()
        }
        _dots(ax, rows, limits)
        ax.set_title(label)
        for at in (0.0,) if key == "effect" else (0.0, 0.5**0.5):
            ax.axvline(at, color=MUTED, lw=0.8, ls=":")
    row[1].set_yticklabels([])
    handles, labels = row[0].get_legend_handles_labels()
    row[2].set_axis_off()
    row[2].legend(handles, labels, loc="center left")


def _dots(ax: Axes, rows: Mapping[str, Mapping[str, Mean]], limits: tuple[float | int, float | int]) -> None:
    """Draw a row per gate, and in it a dot with its interval per group, cut at the limits."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    for j, name in enumerate(names):
        own = [row[name] for row in rows.values()]
        heights = np.arange(len(rows)) + 0.7 * ((j + 0.5) / len(names) - 0.5)
        for mean, y in zip(own, heights, strict=True):
            if mean.count and np.isfinite(mean.low):
                ends = np.clip([mean.low, mean.high], *limits)
                ax.plot(ends, [y, y], color=colour(j), lw=1.0)
        values = [mean.value if mean.count else np.nan for mean in own]
        ax.plot(values, heights, marker(j), color=colour(j), ms=3.6, ls="", label=name, mec="white", mew=0.3)
    ax.set_yticks(range(len(rows)), list(rows))
    ax.tick_params(axis="y", length=0)
    ax.set_ylim(len(rows) - 0.5, -0.5)
    ax.set_xlim(*limits)
