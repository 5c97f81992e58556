"""The headline: what is possible, what training reaches, and what the baselines reach, world by world."""

from geosae.experiments import BASELINES, Results, gate_name
from geosae.figures.dots import Estimate, interval_dots
from geosae.figures.paper.lines import sizes_of
from geosae.figures.run.words import level, slug
from geosae.figures.save import Sheet
from geosae.studies.gaps import Gap, gaps
from geosae.studies.numbers import Mean

FAMILY = "oracle-gap"
PANELS = {"neurons": "separation, one neuron", "units": "separation, a unit"}
POSSIBLE = "possible (certified or found)"
USUAL = ("relu", "topk")


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet over all worlds for the usual gates, and one per world with more gates."""
    found = gaps(results)
    usual = [g for g in found if g.gate in USUAL]
    if not found:
        return []
    made = [_overview(results, usual)] if usual else []
    for world in results.worlds:
        own = [g for g in found if g.world == world]
        if len({g.gate for g in own}) > len(USUAL):
            made.append(_gates(results, world, own))
    return made


def _overview(results: Results, found: list[Gap]) -> Sheet:
    table: dict[str, dict[str, dict[str, Estimate]]] = {}
    for learner, title in PANELS.items():
        rows: dict[str, dict[str, Estimate]] = {}
        for gap in (g for g in found if g.learner == learner):
            row = rows.setdefault(gap.world, {POSSIBLE: _estimate(gap.possible)})
            row[gate_name(gap.gate)] = _estimate(gap.reached)
            for name, mean in gap.baselines.items():
                row[f"{gate_name(gap.gate)}, {BASELINES[name].printed}"] = _estimate(mean)
        table[title] = rows
    figure = interval_dots(
        table, value_label="share of concepts separated", limits=dict.fromkeys(table, (0, 1)), columns=2
    )
    worlds = list(dict.fromkeys(g.world for g in found))
    widths = ", ".join(f"{w}: d = {next(g.width for g in found if g.world == w)}" for w in worlds)
    caption = f"{_words(results, found)} {sizes_of(results, worlds)} {widths}. {level(results)}."
    alt = "; ".join(
        f"{g.world}, {PANELS[g.learner]}, {gate_name(g.gate)}: {g.reached.value:.2f} of "
        f"{g.possible.value:.2f}"
        for g in found
    )
    return Sheet(FAMILY, figure, "What is possible and what training reaches", caption, alt)


def _gates(results: Results, world: str, found: list[Gap]) -> Sheet:
    table: dict[str, dict[str, dict[str, Estimate]]] = {}
    for learner, title in PANELS.items():
        rows: dict[str, dict[str, Estimate]] = {}
        for gap in (g for g in found if g.learner == learner):
            row = rows.setdefault(gate_name(gap.gate), {POSSIBLE: _estimate(gap.possible)})
            row["trained"] = _estimate(gap.reached)
            for name, mean in gap.baselines.items():
                row[BASELINES[name].printed] = _estimate(mean)
        table[title] = rows
    figure = interval_dots(
        table, value_label="share of concepts separated", limits=dict.fromkeys(table, (0, 1)), columns=2
    )
    caption = f"{_words(results, found)} {sizes_of(results, [world])} d = {found[0].width}. {level(results)}."
    alt = "; ".join(f"{gate_name(g.gate)} {g.reached.value:.2f} of {g.possible.value:.2f}" for g in found)
    title = f"What is possible and what each gate reaches: {world}"
    return Sheet(f"{FAMILY}-{slug(world)}", figure, title, caption, alt, world)


def _words(results: Results, found: list[Gap]) -> str:
    tried = "; ".join(
        f"{gate_name(gate)}: {', '.join(f'{s:g}' for s in sparsities)}"
        for gate, sparsities in _tried(results, found).items()
    )
    return (
        f"Share of concepts separated at tolerance ε = {results.plan.tolerance:g}. Possible: by certificate "
        "on all points of the draw (S1 for a half-space, S3 for a unit of any size), or by a half-space "
        "found to hold within ε. Trained SAEs and baselines are measured on points they never saw, each "
        f"kind at the sparsity at which it reaches most, of the same ({tried}). Neurons of relative gates "
        "(Top-K and its kin) are no half-spaces and may do more than one can."
    )


def _tried(results: Results, found: list[Gap]) -> dict[str, list[float | int]]:
    """Return the sparsities that trained SAEs and baselines could be best at, by gate."""
    pairs = sorted({pair for g in found for pair in results.plan.compared(g.world)}, key=str)
    pairs = pairs or sorted({(g.gate, g.sparsity) for g in found}, key=str)
    gates = dict.fromkeys(g.gate for g in found)
    return {gate: sorted(s for name, s in pairs if name == gate) for gate in gates}


def _estimate(mean: Mean) -> Estimate:
    return Estimate(mean.value, max(0.0, mean.low), min(1.0, mean.high))
