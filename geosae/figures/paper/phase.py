"""The phase diagram of features over K/n and p/n with the theory's borders."""

from collections.abc import Callable, Sequence
from fractions import Fraction

import matplotlib.patheffects as effects
import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from geosae.experiments import Results, gate_name
from geosae.figures.heatmap import colour_bar, draw_heatmap
from geosae.figures.paper.lines import legend_below, seeds_of
from geosae.figures.paper.naming_phase import height
from geosae.figures.save import Sheet
from geosae.figures.style import COLUMN, INK, blank, colour, styled
from geosae.geometry import most_named
from geosae.studies.certified_counts import TOLERANCE
from geosae.studies.numbers import mean_over_seeds
from geosae.studies.phase import STUDY
from geosae.studies.phase_answers import neurons_of, units_of
from geosae.studies.phase_records import (
    Cells,
    Records,
    can_be_identity,
    cells_of,
    diagram_of,
    main_dimension,
    some,
)

FAMILY = "phase"
DIFFERENCES = "RdBu"
"""Blue: training has more. White: no difference."""


def sheets(results: Results) -> list[Sheet]:
    """Return the one sheet, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    return [_diagram(diagram_of(records), main_dimension(records))] if records else []


def _diagram(records: Records, n: int) -> Sheet:
    cells = cells_of(records)
    ps, ks = (sorted({getattr(c.settings, axis) for c in cells}) for axis in ("p", "k"))
    maps = [("batchtopk", neurons_of, "BatchTopK, d = p, by one neuron")]
    if some(cells, gate="relu", arm="trained"):
        maps.append(("relu", units_of, "ReLU, d = 2p, by units of any size"))
    alt: list[str] = []
    with styled():
        figure = blank(COLUMN, (0.22 * len(ps) + 0.75) * len(maps) + 0.85)
        axes: list[Axes] = list(figure.subplots(len(maps), 1, squeeze=False)[:, 0])
        rows, columns = [f"{p} = {_times(p, n)}" for p in ps], [f"{k}\n{Fraction(k, n)}" for k in ks]
        for ax, (gate, share, title) in zip(axes, maps, strict=True):
            of_gate = some(cells, gate=gate)
            gains = np.array([[_gain(some(of_gate, p=p, k=k), share) for k in ks] for p in ps])
            draw_heatmap(
                ax, gains, rows, columns, limits=(-1.0, 1.0), colours=DIFFERENCES,
                column_label=f"active features k = K, below K/n (n = {n})" if ax is axes[-1] else "",
            )  # fmt: skip
            ax.set_ylabel("features p")
            ax.set_title(title)
            alt.append(f"{title}: {_spoken(gains, ps, ks)}")
        _borders(axes[0], records, n, ps, ks)
        colour_bar(figure, axes, (-1, 1), DIFFERENCES, "trained less untrained")
        legend_below(figure, axes, 2)
    job = records[0].settings
    caption = (
        f"Share of p features (low coherence, exactly k active, amplitude 1, noise 0.01) in n = {n} "
        f"dimensions that is certified to be separated within ε = {TOLERANCE:g} (E4, Holm over an SAE's "
        "pairs, 95 %), trained less untrained SAEs. "
        + _absolute(cells)
        + f"Above: BatchTopK with K = k. S11: beyond the line no columns at all let every feature be named "
        f"on all codes of k. Certificate: where half of the features (of {job.features} asked about) are "
        "named by some half-space on all codes of exactly k (S10). Probe: where half-spaces fitted with "
        f"labels separate half of the features within {TOLERANCE:g}. Framed: K ≥ n, where the SAE can be the "
        f"identity. {_below(job.penalty) if len(maps) > 1 else ''}N = {job.points:,} points to train on, "
        f"{job.held_out:,} held out, half to choose on and half to judge; {job.steps:,} steps; "
        f"{seeds_of(records)}. With permuted labels a share of {max(c.result.shuffled for c in cells):.2f} "
        "at most is certified. The widest 95 % Student-t interval over seeds of a share by one neuron is "
        f"±{_widest(cells):.2f}."
    )
    return Sheet(FAMILY, figure, "Where training finds features", caption, f"{'; '.join(alt)}.")


def _times(p: int, n: int) -> str:
    return "n" if p == n else f"{p / n:g} n"


def _below(penalty: float) -> str:
    return (
        f"Below: {gate_name('relu', penalty)}, which has no budget and so can be the identity at every d ≥ n "
        "on bounded points. "
    )


def _widest(cells: Cells) -> float:
    """Return half the widest 95 % interval over seeds of a share by one trained BatchTopK neuron."""
    trained = some(cells, gate="batchtopk", arm="trained")
    places = {(c.settings.p, c.settings.k) for c in trained}
    each = [mean_over_seeds(some(trained, p=p, k=k), neurons_of) for p, k in places]
    return max(((m.high - m.low) / 2 for m in each if m.is_bounded), default=float("nan"))


def _absolute(cells: Cells) -> str:
    """Say what differences hide: the greatest shares of the baselines, and how units differ from neurons."""
    kinds = [("BatchTopK", "batchtopk", neurons_of)]
    if some(cells, gate="relu", arm="untrained"):
        kinds.append(("ReLU by units", "relu", units_of))
    parts = [
        f"{words} untrained up to {_greatest(some(cells, gate=gate, arm='untrained'), share):.2f}, with "
        f"frozen decoders up to {_greatest(some(cells, gate=gate, arm='frozen_decoder'), share):.2f}"
        for words, gate, share in kinds
    ]
    trained = some(cells, gate="batchtopk", arm="trained")
    more = sum(c.result.units > c.result.neurons for c in trained)
    return f"{'; '.join(parts)}. In {more} of {len(trained)} BatchTopK SAEs units have more than neurons. "


def _greatest(cells: Cells, share: Callable[..., float]) -> float:
    places = {(c.settings.p, c.settings.k) for c in cells}
    return max((mean_over_seeds(some(cells, p=p, k=k), share).mean for p, k in places), default=0.0)


def _gain(cells: Cells, share: Callable[..., float]) -> float:
    trained, untrained = (
        mean_over_seeds(some(cells, arm=arm), share).mean for arm in ("trained", "untrained")
    )
    return trained - untrained


def _spoken(gains: np.ndarray, ps: Sequence[int], ks: Sequence[int]) -> str:
    return "; ".join(
        f"p = {p}: "
        + ", ".join(f"{g:.2f} at k = {k}" for k, g in zip(ks, row, strict=True) if np.isfinite(g))
        for p, row in zip(ps, gains.tolist(), strict=True)
    )


def _borders(ax: Axes, records: Records, n: int, ps: Sequence[int], ks: Sequence[int]) -> None:
    cells = cells_of(records)

    def named(p: int, k: int) -> float:
        at = [r.result for r in records if (r.settings.p, r.settings.k) == (p, k)]
        return _mean([result.nameable / result.asked for result in at])

    def separated(p: int, k: int) -> float:
        return _mean([c.result.neurons for c in some(cells, arm="supervised", p=p, k=k)])

    halves = ((named, "--", "half named (certificate)"), (separated, ":", "half separated (probe)"))
    most = [most_named(n, k) for k in ks]  # for p ≥ 2k; the map has no p between k and 2k that it admits
    _steps(ax, [len(ps) if m is None else height(m, ps) for m in most], INK, "-", "S11: all named")
    for share, dashes, label in halves:
        _steps(ax, [_falls(ps, [share(p, k) for p in ps]) for k in ks], colour(1), dashes, label)
    for i, k in enumerate(ks):
        for j, p in enumerate(ps):
            if can_be_identity(n, p, k) and p > k:
                ax.add_patch(Rectangle((i + 0.05, j + 0.06), 0.9, 0.88, fill=False, ec=INK, lw=1.2))
    ax.plot([], [], "s", mfc="none", mec=INK, mew=1.2, ms=6, label="can be the identity")


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _falls(ps: Sequence[int], shares: Sequence[float]) -> float:
    """Return where on the map's axis a share that falls with p passes one half; 0 where it never has it."""
    above = [j for j, share in enumerate(shares) if share >= 0.5]
    if not above:
        return 0.0
    j = above[-1]
    if j + 1 == len(ps):
        return float(len(ps))
    return height(ps[j] + (ps[j + 1] - ps[j]) * (shares[j] - 0.5) / (shares[j] - shares[j + 1]), ps)


def _steps(ax: Axes, heights: Sequence[float], shade: str, dashes: str, label: str) -> None:
    halo = [effects.Stroke(linewidth=2.6, foreground="white"), effects.Normal()]
    xs = np.repeat(np.arange(len(heights) + 1), 2)[1:-1]
    ax.plot(xs, np.repeat(heights, 2), color=shade, ls=dashes, lw=1.3, label=label, path_effects=halo,
            clip_on=False)  # fmt: skip
