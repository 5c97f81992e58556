"""Learning and interpretation as relations, and implications learned beside implications true."""

from collections.abc import Callable, Sequence

from matplotlib.axes import Axes

from geosae.experiments import Results, gate_name
from geosae.figures.paper.lattices_sizes import sizes
from geosae.figures.paper.lines import legend_below, seeds_of
from geosae.figures.save import Sheet
from geosae.figures.style import COLOURS, COLUMN, panels, styled
from geosae.studies.lattices import STUDY
from geosae.studies.lattices_records import (
    ARM_NAMES,
    DEGREES,
    Arm,
    Learning,
    Reached,
    Records,
    base_of,
    over_truths,
    read,
)
from geosae.studies.numbers import mean_over_seeds

FAMILY = "lattices-maps"
BARS: Sequence[Arm] = ("planted", "trained", "untrained", "frozen_decoder")
BLUES = ("#eaf3fb", "#b5d4ea", "#6baed6", "#2171b5", "#08306b")
RULES = ("true", "false", "no case")
RULE_COLOURS = (COLOURS[3], COLOURS[1], "#d4d4d4")


def sheets(results: Results) -> list[Sheet]:
    """Return a sheet for each gate, or none where the study was not run."""
    records = STUDY.records(results.studies.get(STUDY.name, ()))
    gates = list(dict.fromkeys(r.settings.gate for r in records))
    bases = [base for gate in gates if (base := base_of(records, gate)) is not None]
    if not bases:
        return []
    with styled():
        figure, grid = panels(2 * len(bases), 2, width=COLUMN, height=2.2 * len(bases) + 1.0)
        for base, above, below in zip(bases, grid[::2], grid[1::2], strict=True):
            runs = _with_planted(records, base)
            name = gate_name(base.gate)
            _stacked(above[0], runs, _neurons, DEGREES, BLUES, f"{name}: neurons/concept")
            _stacked(above[1], runs, _concepts, DEGREES, BLUES, "concepts/neuron")
            _stacked(below[0], runs, _true_rules, RULES, RULE_COLOURS, f"{name}: true rules")
            _stacked(below[1], runs, _learned_rules, RULES, RULE_COLOURS, "learned rules")
            for ax in (above[1], below[1]):
                ax.set_yticklabels([])
        legend_below(figure, [grid[0][0], grid[1][0]], 4)
    caption = (
        "Left and right above: how many certified neurons a concept has, and how many concepts a neuron, as "
        "shares. Below: of the implications between concepts in the true context (whoever has these, has "
        "those too) the share that holds in the learned one, fails there, or has no case there; and of the "
        "learned ones the share true, false, or without a case in the true context (no bar: no rule). Means "
        "over truths of "
        f"`formal-context` and seeds. {sizes(bases, records)} {seeds_of(records)}; their intervals stand in "
        "the answers."
    )
    alt = "; ".join(_spoken(_with_planted(records, base), base) for base in bases)
    return [Sheet(FAMILY, figure, "Maps and rules", caption, f"{alt}.")]


def _with_planted(records: Records, base: Learning) -> Records:
    runs = [r for at in over_truths(records, base).values() for r in at]
    return [r for r in runs if "planted" in r.result.arms]


Shares = Callable[[Reached], Sequence[float]]


def _neurons(reached: Reached) -> Sequence[float]:
    return _of_whole(reached.neurons_per_concept)


def _concepts(reached: Reached) -> Sequence[float]:
    return _of_whole(reached.concepts_per_neuron)


def _true_rules(reached: Reached) -> Sequence[float]:
    rules = reached.rules
    return _of_whole((rules.kept, rules.broken, rules.silent))


def _learned_rules(reached: Reached) -> Sequence[float]:
    rules = reached.rules
    if rules.true is None or rules.false is None or rules.baseless is None:
        return [float("nan")] * 3
    return _of_whole((rules.true, rules.false, rules.baseless))


def _of_whole(counts: Sequence[int]) -> list[float]:
    whole = sum(counts)
    return [count / whole if whole else float("nan") for count in counts]


def _means(runs: Records, arm: Arm, shares: Shares, count: int) -> list[float]:
    def part(index: int) -> Callable[[Reached], float]:
        return lambda reached: shares(reached)[index]

    return [mean_over_seeds(runs, read(arm, part(i))).mean for i in range(count)]


def _stacked(
    ax: Axes, runs: Records, shares: Shares, classes: Sequence[str], colours: Sequence[str], title: str
) -> None:
    for row, arm in enumerate(reversed(BARS)):
        left = 0.0
        for label, share, colour in zip(
            classes, _means(runs, arm, shares, len(classes)), colours, strict=True
        ):
            ax.barh(row, share, left=left, color=colour, edgecolor="white", lw=0.4, height=0.75, label=label)
            left += share
    ax.set_yticks(range(len(BARS)), [ARM_NAMES[arm].split()[0] for arm in reversed(BARS)])
    ax.set_xlim(0, 1)
    ax.set_xticks([0, 0.5, 1])
    ax.set_title(title)


def _spoken(runs: Records, base: Learning) -> str:
    parts = [
        f"{ARM_NAMES[arm]}, neurons that detect so many concepts: "
        + ", ".join(
            f"{share:.2f} {word}"
            for word, share in zip(DEGREES, _means(runs, arm, _concepts, len(DEGREES)), strict=True)
        )
        for arm in BARS
    ]
    return f"{gate_name(base.gate)}: {'; '.join(parts)}"
