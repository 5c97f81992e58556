import csv
import json
from dataclasses import replace

import matplotlib as mpl
import pytest
from figures.made_runs import learned, result, write_run
from figures.made_runs import plan as made_plan

from geosae.cli.sources import make_world
from geosae.experiments import (
    BASELINES,
    UNKNOWN,
    Cell,
    Interval,
    Results,
    Summary,
    load_results,
    parse_plan,
    run,
)
from geosae.figures.draw import draw
from geosae.figures.paper.families import PAPER
from geosae.figures.paper.lines import draw_series
from geosae.figures.style import blank
from geosae.report import write_report
from geosae.report.exports import to_latex, write_tables
from geosae.studies.gaps import gaps
from geosae.studies.grid_answers import all_answers, matched_l0
from geosae.studies.registry import all_studies

PLAN = """
widths = [8]
seeds = 2
tolerance = 0.1
baselines = ["untrained"]
[train]
steps = 40
[analysis]
ambient_samples = 500
[[worlds]]
name = "disjoint-balls"
points = 600
dim = 2
[[gates]]
name = "topk"
sparsity = [1, 2]
baseline_sparsity = [1, 2]
[[gates]]
name = "relu"
sparsity = [0.01, 0.3]
baseline_sparsity = [0.3]
[[studies]]
name = "feasibility"
[[studies]]
name = "approximation"
dims = [2]
others = ["shell 2"]
most = 24
widths = [8]
steps = 30
points = 400
[[studies]]
name = "capacity"
width = 4
dim = 4
concepts = [4, 12]
other_dims = [3]
dim_concepts = 12
budgets = [2]
depth = 3
chain_budgets = [1, 2]
chain_width = 6
chain_held_out = 400
steps = 30
points = 400
per_concept = 40
[[studies]]
name = "phase"
dim = 4
features = [8]
sparsities = [2, 4]
width_features = 8
width_sparsity = 2
widths = [0.5]
scaled = [[2, 4, 1]]
asked = 4
steps = 30
points = 300
held_out = 600
[[studies]]
name = "naming"
p = 12
dims = [4, 8]
sparsities = [2]
gaussian_sparsities = [2]
axis_dim = 8
axis_sparsity = 2
axis_features = [8, 16]
features = 4
codes = 2
draws = 20
learned_p = 8
learned_dims = [4, 6]
learned_sparsities = [2]
gates = ["topk", "relu"]
others = []
steps = 30
points = 600
[[studies]]
name = "dynamics"
cases = ["superposition-16"]
steps = [10]
rates = [0.01, 0.03]
points = 600
[[studies]]
name = "splitting"
margins = [0.4]
widths = [4, 8]
gates = {topk = [2]}
steps = 30
points = 600
[[studies]]
name = "absorption"
variations = [0.1]
gates = {topk = [2]}
steps = 30
points = 600
pair_gates = {relu = [0.1, 0.3]}
pair_variations = [0.0, 0.4]
pair_steps = 30
pair_points = 400
[[studies]]
name = "hedging"
widths = [3, 12]
gates = {topk = [2]}
child_rates = [0.5]
pair_widths = [1, 2]
steps = 30
points = 600
[[studies]]
name = "lattices"
truths = ["random-10"]
base = "random-10"
gates = {topk = [2]}
widths = [8, 4]
steps = [30]
spreads = [0.5]
tolerances = [0.1]
points = 300
[[studies]]
name = "failures"
budgets = [1, 4]
crowd_gates = ["mp", "batchtopk"]
tree_gates = {relu = 0.1, batchtopk = 1}
steps = 30
points = 600
[[studies]]
name = "linear-features"
features = 32
dim = 16
roots = 0
width = 16
gates = {batchtopk = [2], matryoshka = [2]}
steps = 10
batch = 32
points = 1024
[[studies]]
name = "dictionaries"
trained_on = ["superposition-24", "balls"]
steps = 10
points = 1024
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("paper")
    seen = []
    run(parse_plan(PLAN, "small"), out, make_world=make_world, studies=all_studies, outline=seen.append)
    assert seen[0].jobs > 0
    assert seen[0].jobs_done == 0
    return out


def test_every_family_is_drawn_the_same_twice_with_a_caption_that_says_how(folder):
    first = {path: path.read_bytes() for path in draw(folder, ("pdf", "png"), only=list(PAPER))}
    # The study of hedging has a second sheet.
    assert {path.stem.split("-disjoint")[0] for path in first} == {*PAPER, "hedging-pairs"}
    assert {path: path.read_bytes() for path in draw(folder, ("pdf", "png"), only=list(PAPER))} == first
    for name in PAPER:
        caption = json.loads((folder / "figures" / f"{name}.json").read_text())["caption"]
        for word in ("seeds", "N = ", "interval"):
            assert word in caption, (name, word)


def test_the_report_shows_each_study_with_its_question_figure_and_answers(folder):
    draw(folder, ("png",), only=list(PAPER))
    text = write_report(folder).read_text()
    results = load_results(folder)
    for name, answers in all_answers(results).items():
        assert answers, name
    for name in PAPER:
        assert text.count(f'id="figure-{name}"') == 1
    assert text.count("the prediction fails") + text.count("as predicted") + text.count("undecided") >= 10


def test_each_kind_of_sae_stands_at_its_own_best_sparsity_in_the_headline(folder):
    results = load_results(folder)
    for gap in gaps(results):
        tried = {"relu": (0.3,), "topk": (1, 2)}[gap.gate]
        for kind, mean in {"trained": gap.reached, **gap.baselines}.items():
            means = [
                row.measures.separation.learned(gap.learner).share.mean
                for row in results.rows_of(gap.world, kind)
                if row.gate == gap.gate and row.sparsity in tried
            ]
            assert mean.mean == pytest.approx(max(means)), (gap.gate, kind)


def test_tables_come_as_csv_and_latex(folder):
    paths = write_tables(folder)
    assert {p.name for p in paths} == {
        f"{n}.{s}" for n in ("answers", "comparisons", "gaps", "summary") for s in ("csv", "tex")
    }
    with (folder / "tables" / "gaps.csv").open() as file:
        rows = list(csv.DictReader(file))
    results = load_results(folder)
    assert len(rows) == len(gaps(results)) == 4
    for row, gap in zip(rows, gaps(results), strict=True):
        assert float(row["gap"]) == gap.gap.mean == pytest.approx(gap.possible.mean - gap.reached.mean)
    tex = (folder / "tables" / "summary.tex").read_text()
    assert tex.count(r"\\") == len(results.summary.rows) + 1
    assert to_latex([{"a_b": "5 % & more"}]).count(r"\%") == 1


def test_a_resumed_run_does_no_job_again_and_has_the_same_bytes(folder):
    files = {p: p.read_bytes() for p in (folder / "studies").rglob("*.json")}
    seen = []
    run(parse_plan(PLAN, "small"), folder, make_world=make_world, studies=all_studies, outline=seen.append)
    assert seen[0].jobs_done == seen[0].jobs
    assert {p: p.read_bytes() for p in (folder / "studies").rglob("*.json")} == files


def test_gates_are_compared_at_equal_l0_only_where_both_have_been(tmp_path):
    def cell_result(gate, sparsity, l0, error):
        cell = Cell("w", "nowhere", {}, 0, gate, sparsity, 8, 0)
        whole = result(cell, ("concept",))
        separation = replace(whole.measures.separation, neurons=learned(0.0, error, 1.0))
        metrics = replace(whole.measures.metrics, l0=l0)
        return replace(whole, measures=replace(whole.measures, metrics=metrics, separation=separation))

    relu = [cell_result("relu", 0.1, 1.0, 0.2), cell_result("relu", 0.01, 4.0, 0.4)]
    # At L0 = 2, halfway in log L0, ReLU's error is 0.3; L0 = 8 lies outside of its range.
    topk = [cell_result("topk", 2, 2.0, 0.25), cell_result("topk", 8, 8.0, 9.0)]
    results = Results(tmp_path, made_plan("w"), (*relu, *topk), {}, (), Summary(()))
    assert matched_l0(results, "w", "neurons") == {0: pytest.approx(0.05)}


def test_the_grid_answers_wherever_there_are_baselines(tmp_path):
    results = load_results(write_run(tmp_path, seeds=(0, 1, 2)))
    assert not results.studies
    answers = [answer for answer in all_answers(results)["grid"] if answer.id == "baseline"]
    for name in results.plan.baselines:
        beaten = BASELINES[name].expected.rstrip(".")
        verdicts = [answer.verdict for answer in answers if answer.prediction.startswith(beaten)]
        # Shares by neurons and units, and errors.
        assert verdicts == ["as predicted"] * 3
    assert all_answers(replace(results, plan=replace(results.plan, baselines=()))) == {}


def test_intervals_are_cut_to_the_range_and_unknown_means_left_out():
    with mpl.rc_context():
        ax = blank().subplots()
        draw_series(ax, {"a": [(1.0, Interval(0.5, -3.0, 4.0, 2)), (2.0, UNKNOWN)]},
                    within=(0.0, 1.0))  # fmt: skip
        (bars,) = ax.collections
        (segment,) = bars.get_segments()
    assert segment[:, 1].tolist() == [0.0, 1.0]
