"""The headline: what is possible, what training reaches, and what the baselines reach, world by world."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from matplotlib.figure import Figure

from geosae.experiments import BASELINES, Gate, Interval, Learner, Results, gate_name
from geosae.figures.dots import interval_dots
from geosae.figures.paper.lines import sizes_of
from geosae.figures.run.captions import decimals, interval_phrase, world_sheet_name
from geosae.figures.save import Sheet
from geosae.studies.gaps import Gap, gaps

FAMILY = "oracle-gap"
PANELS: Mapping[Learner, str] = {"neurons": "separation, one neuron", "units": "separation, a unit"}
POSSIBLE = "possible (certified or found)"
USUAL: tuple[Gate, ...] = ("relu", "topk")


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet over all worlds for the usual gates, and one per world with more gates."""
    table = gaps(results)
    usual = [gap for gap in table if gap.gate in USUAL]
    drawn = [_overview(results, usual)] if usual else []
    for world in results.worlds:
        in_world = [gap for gap in table if gap.world == world]
        if len({gap.gate for gap in in_world}) > len(USUAL):
            drawn.append(_gates(results, world, in_world))
    return drawn


def _overview(results: Results, table: Sequence[Gap]) -> Sheet:
    figure = _dots(
        table, lambda gap: gap.world, lambda gap: gate_name(gap.gate), lambda gap: f"{gate_name(gap.gate)}, "
    )
    worlds = list(dict.fromkeys(gap.world for gap in table))
    widths = ", ".join(f"{w}: d = {next(gap.width for gap in table if gap.world == w)}" for w in worlds)
    caption = f"{_words(results, table)} {sizes_of(results, worlds)} {widths}. {interval_phrase(results)}."
    alt = "; ".join(
        f"{gap.world}, {PANELS[gap.learner]}, {gate_name(gap.gate)}: {decimals(gap.reached.mean)} of "
        f"{decimals(gap.possible.mean)}"
        for gap in table
    )
    return Sheet(FAMILY, figure, "What is possible and what training reaches", caption, alt)


def _gates(results: Results, world: str, table: Sequence[Gap]) -> Sheet:
    figure = _dots(table, lambda gap: gate_name(gap.gate), lambda _: "trained", lambda _: "")
    caption = (
        f"{_words(results, table)} {sizes_of(results, [world])} d = {table[0].width}. "
        f"{interval_phrase(results)}."
    )
    alt = "; ".join(
        f"{gate_name(gap.gate)} {decimals(gap.reached.mean)} of {decimals(gap.possible.mean)}"
        for gap in table
    )
    title = f"What is possible and what each gate reaches: {world}"
    return Sheet(world_sheet_name(FAMILY, results, world), figure, title, caption, alt, world)


def _dots(
    table: Sequence[Gap],
    row_label: Callable[[Gap], str],
    trained_label: Callable[[Gap], str],
    baseline_prefix: Callable[[Gap], str],
) -> Figure:
    """Draw what is possible, what training reaches and what baselines reach, a panel per learner."""
    drawn: dict[str, dict[str, dict[str, Interval]]] = {title: {} for title in PANELS.values()}
    for gap in table:
        row = drawn[PANELS[gap.learner]].setdefault(row_label(gap), {POSSIBLE: _cut(gap.possible)})
        row[trained_label(gap)] = _cut(gap.reached)
        for baseline, share in gap.baselines.items():
            row[baseline_prefix(gap) + BASELINES[baseline].printed] = _cut(share)
    return interval_dots(
        drawn, value_label="share of concepts separated", limits=dict.fromkeys(drawn, (0, 1)), columns=2
    )


def _cut(share: Interval) -> Interval:
    """Return the interval within the range of a share."""
    return replace(share, low=max(0.0, share.low), high=min(1.0, share.high))


def _words(results: Results, table: Sequence[Gap]) -> str:
    tried = "; ".join(
        f"{gate_name(gate)}: {', '.join(f'{s:g}' for s in sparsities)}"
        for gate, sparsities in _tried(results, table).items()
    )
    return (
        f"Share of concepts separated at tolerance ε = {results.plan.tolerance:g}. Possible: by certificate "
        "on all points of the draw (S1 for a half-space, S3 for a unit of any size), or by a half-space "
        "found to hold within ε. Trained SAEs and baselines are measured on points they never saw, each "
        f"kind at the sparsity at which it reaches most, of the same ({tried}). Neurons of relative gates "
        "(Top-K and its kin) are no half-spaces and may do more than one can."
    )


def _tried(results: Results, table: Sequence[Gap]) -> dict[str, list[float | int]]:
    """Return the sparsities that trained SAEs and baselines could be best at, by gate."""
    pairs = sorted({pair for g in table for pair in results.plan.compared(g.world)}, key=str)
    pairs = pairs or sorted({(g.gate, g.sparsity) for g in table}, key=str)
    gates = dict.fromkeys(g.gate for g in table)
    return {gate: sorted(s for name, s in pairs if name == gate) for gate in gates}
