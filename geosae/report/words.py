"""The fixed prose of the report, and the lines of the method that depend on the run."""

from geosae.experiments import BASELINES, Results, gate_name
from geosae.report.numbers import number, plural

QUESTION = (
    "A human concept is a set of data points. A neuron of a sparse autoencoder (SAE) is the set of points on "
    "which it fires, and a unit of neurons the set on which all of them fire. Seen so, three questions have "
    "exact answers: does a neuron, or a unit, fire on all of the concept (detection)? On nothing else in the "
    "data (separation)? On nothing else anywhere (approximation)?",
    "How do the size of the SAE and its sparsity decide which concepts are learned, and how near do trained "
    "SAEs come to what geometry allows? Every world, grid and number below is this project's own design.",
)

NOTIONS_IN_WORDS = (
    ("detection", "the set of firing holds the whole concept, up to measure zero", "miss rate"),
    ("separation", "on the data it is the concept, up to measure zero", "miss rate and false-alarm rate"),
    ("approximation", "in the ambient space it is the concept's region, up to measure zero",
     "excess, shortfall and their sum, over the volume of the concept"),
)  # fmt: skip

CHECKS = (
    "Each statement is tried on constructed instances, extreme and degenerate ones among them, and each "
    "check "
    "also on controls that break a hypothesis: there it must report a violation, and a check whose control "
    "passes is itself called broken. Checks can refute a statement; they cannot prove it. “Exact” means "
    "decided in rational arithmetic, “certified” up to a rigorous η, “statistical” with a stated chance of a "
    "false alarm. Slack is how much room a bound left: nonnegative exactly when it holds, and zero where "
    "it is "
    "attained.",
    "Trained SAEs are instances too. A bound that holds on them with much room says little about them; how "
    "near they come to it is the result.",
)


def method(results: Results) -> list[str]:
    """Return the lines of the method: data, SAEs, measurement and intervals, with the run's own numbers."""
    plan = results.plan
    lines: list[str] = []
    for world in results.worlds:
        records = results.records_of(world)
        if not records:
            continue
        data = results.dataset(records[0])
        widths = sorted({int(r["cell"]["width"]) for r in records})
        sparsities = {
            gate: sorted({r["cell"]["sparsity"] for r in records if r["cell"]["gate"] == gate})
            for gate in dict.fromkeys(str(r["cell"]["gate"]) for r in records)
        }
        gates = "; ".join(
            f"{gate_name(g)} {', '.join(f'{s:g}' for s in values)}" for g, values in sparsities.items()
        )
        seeds = len({r["cell"]["seed"] for r in records})
        lines.append(
            f"{world}: n = {data.dim} dimensions, N = {number(data.size)} points, "
            f"p = {plural(len(data.names), 'concept')}; widths d = {', '.join(map(str, widths))}; "
            f"sparsities {gates}; {plural(seeds, 'seed')}."
        )
    beside = [BASELINES[b].words for b in plan.baselines] + ["the trained SAE judged on shuffled labels"]
    alpha = plan.analysis.get("alpha", 0.05)
    return [
        *lines,
        "Each SAE is trained on one half of the points. The other half, which it never saw, is halved again: "
        "one part chooses each concept's closure unit (the neurons that detect it), the other gives the "
        "errors.",
        f"A notion holds at tolerance ε = {number(plan.tolerance)} when its graded errors are at most ε. "
        "Within one "
        "SAE the Clopper–Pearson intervals hold at once for all concepts, neurons and units with "
        "probability at "
        f"least {number(1 - float(alpha))}.",
        f"Over seeds: means with {100 * float(results.summary.get('level', 0.95)):.0f} % Student-t "
        "intervals; with "
        "one seed there is no interval.",
        f"Beside the trained SAEs stand, in the same tables: {', '.join(beside)}.",
    ]
