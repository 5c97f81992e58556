"""What `geosae run` ends with: the answer in a few sentences, and a table of what is learned of concepts."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from geosae.cli._console import COLUMNS, number

if TYPE_CHECKING:
    from geosae.experiments import Interval, Learner, Measures, Results, SummaryRow
    from geosae.studies.comparisons import Comparison, Decision

NAMES_LISTED = 4
"""A sentence names at most so many worlds."""
HEAD = ("neuron", "≤ 4", "any", "L0", "FVU")
NAME_WIDTH = 22


@dataclass(frozen=True)
class Group:
    """The trained SAEs of one world and gate at one setting, and all that stands beside them.

    Attributes
    ----------
    trained
        The trained SAEs, means over seeds.
    beside
        The name and the measures of each of the baselines at this setting.
    """

    trained: "SummaryRow"
    beside: "tuple[tuple[str, Measures[Interval]], ...]"

    @property
    def name(self) -> str:
        """The world and the gate."""
        from geosae.experiments import gate_name

        return f"{self.trained.world}, {gate_name(self.trained.gate)}"

    @property
    def concepts(self) -> int | None:
        """How many concepts were tested; None where separation was not measured."""
        neurons = self.trained.measures.separation.neurons
        return None if neurons is None or not neurons.tested.n else round(neurons.tested.mean)

    def share(self, learner: "Learner") -> float | None:
        """Return the share of concepts that a learner separates, a mean over seeds; None if not measured."""
        return _share(self.trained.measures, learner)


def groups(results: "Results") -> list[Group]:
    """Return each world and gate at one setting that all SAEs share, by a rule that looks at no result.

    The setting is the greatest width that all gates of the world have, and of the sparsities that have
    baselines the first of the plan.
    """
    from geosae.experiments import BASELINES
    from geosae.studies.gaps import shared_width

    chosen: list[Group] = []
    for world in results.worlds:
        rows = results.compared(world) or results.rows_of(world, "trained")
        pairs = [(row.gate, row.width) for row in rows]
        for gate in dict.fromkeys(row.gate for row in rows):
            width = shared_width(pairs, gate)
            trained = next(row for row in rows if (row.gate, row.width) == (gate, width))
            baselines = results.baselines_of(trained).items()
            beside = tuple((BASELINES[name].printed, row.measures) for name, row in baselines)
            chosen.append(Group(trained, beside))
    return chosen


def _share(measures: "Measures[Interval]", learner: "Learner") -> float | None:
    learned = measures.separation.learned(learner)
    return None if learned is None or not learned.share.n else learned.share.mean


def table_lines(results: "Results") -> list[str]:
    """Return the table: for each world and gate a line that says where, and one for each kind of SAE."""
    from geosae.experiments import LEARNERS, gate_name

    lines = ["".ljust(NAME_WIDTH) + "".join(title.rjust(8) for title in HEAD)]
    for group in groups(results):
        row = group.trained
        count = "" if group.concepts is None else f", {group.concepts} concepts"
        setting = f"{gate_name(row.gate, row.sparsity)}, {row.width} neurons{count}"
        lines += [f"{_short(row.world, COLUMNS - len(setting) - 2)}: {setting}"]
        for name, measures in (("trained", row.measures), *group.beside):
            shares = [_share(measures, learner) for learner in LEARNERS]
            metrics = measures.metrics
            numbers = [*(number(share, 2) for share in shares), _mean(metrics.l0, 1), _mean(metrics.fvu, 3)]
            lines.append(_line(name, numbers))
        floors = [row.measures.separation.floor(learner) for learner in LEARNERS]
        lines.append(_line("shuffled labels", [_mean(floor, 2) for floor in floors]))
    return lines


def _mean(interval: "Interval", digits: int) -> str:
    return number(interval.mean if interval.n else None, digits)


def _line(name: str, numbers: Sequence[str]) -> str:
    return f"  {name}".ljust(NAME_WIDTH) + "".join(text.rjust(8) for text in numbers)


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def table_words(results: "Results") -> str:
    """Return what stands above the table."""
    return (
        f"Share of the concepts certified as separated within ε = {results.plan.tolerance:g} on held-out "
        "points: by one neuron, by a unit of ≤ 4 neurons, by a unit of any size. L0: active neurons per "
        "point. FVU: variance unexplained. Means over seeds, at the greatest width and the first sparsity "
        "with baselines. Shuffled labels: of the trained SAE, the labels exchanged between points. "
        "–: not measured."
    )


def answer(results: "Results") -> str:
    """Return what the run says, in two or three sentences: what is learned most, and where training helps."""
    from geosae.studies.grid_answers import grid_decisions

    decisions = grid_decisions(results)
    return " ".join(filter(None, [_most(results), _against_baseline(results, decisions), _power(decisions)]))


def _most(results: "Results") -> str:
    measured = [(share, group) for group in groups(results) if (share := group.share("neurons")) is not None]
    if not measured:
        return "Separation was not measured in any world."
    best_share, best = max(measured, key=lambda pair: pair[0])
    if best_share == 0:
        return (
            f"Single neurons of trained SAEs separate no concept in {len(measured)} pairs of world and gate."
        )
    none = sum(share == 0 for share, _ in measured)
    return (
        f"Single neurons of trained SAEs separate most in {best.name}: {best_share:.0%} of {best.concepts} "
        f"concepts; nothing in {none} of {len(measured)} pairs of world and gate."
    )


def _against_baseline(results: "Results", decisions: "Sequence[Decision]") -> str:
    """Say where training helps and where it hurts, beside the first baseline of the plan."""
    from geosae.experiments import BASELINES
    from geosae.studies.baseline_questions import SHARES

    if not results.plan.baselines:
        return ""
    baseline = BASELINES[results.plan.baselines[0]].printed
    subjects = [f"Trained against {baseline}, {quantity.words}" for quantity in SHARES]
    by_learner = [d for subject in subjects for d in decisions if d.question.subject == subject]
    parts = [
        f"{learner} more concepts in {_named(decision.on('above'))} "
        f"and fewer in {_named(decision.on('below'))} of {len(decision.comparisons)}"
        for learner, decision in zip(("one neuron", "units of any size"), by_learner, strict=False)
        if decision.family
    ]
    if not parts:
        return ""
    return (
        f"Beside {baseline} SAEs, paired over seeds, trained ones separate by {', by '.join(parts)}; the "
        "others are not apart."
    )


def _named(comparisons: "Sequence[Comparison]") -> str:
    names = [comparison.name for comparison in comparisons[:NAMES_LISTED]]
    if len(comparisons) > NAMES_LISTED:
        names.append(f"{len(comparisons) - NAMES_LISTED} more")
    return f"{len(comparisons)} ({'; '.join(names)})" if names else "0"


def _power(decisions: "Sequence[Decision]") -> str:
    """Say what so few seeds can tell: among many comparisons a difference must be many times its spread."""
    from geosae.studies.comparisons import least_ratio

    every = [comparison.differences.by_seed for decision in decisions for comparison in decision.comparisons]
    if not every:
        return ""
    seeds, family = max(map(len, every)), decisions[0].family
    if not family:
        return "With one seed nothing can be told apart."
    ratio = least_ratio(seeds, family)
    return (
        f"With {seeds} seeds and {family} comparisons that hold at once, the first to be apart needs a mean "
        f"difference of {number(ratio, 0 if ratio >= 10 else 1)} times its spread over seeds."
    )
