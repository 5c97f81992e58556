"""Baselines of a run in figures, tables and answers: each that the run has, and where it belongs."""

from dataclasses import replace

import pytest
from figures.made_runs import learned, result

from geosae.experiments import BASELINES, CellResult, Results, load_results, summarise
from geosae.figures.run.baselines import sheets
from geosae.figures.run.size_tables import SizeTables
from geosae.report.pages import ENVIRONMENT
from geosae.studies.run_answers import run_answers
from geosae.studies.study import Answer


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Results:
    """A run of two gates with all baselines; its numbers are made, its data set is real."""
    from figures.made_runs import write_run

    usual = load_results(write_run(tmp_path_factory.mktemp("run"), seeds=(0, 1, 2, 3)))
    plan = replace(usual.plan, baselines=tuple(BASELINES))
    names = usual.dataset(usual.cells[0]).names
    cells = [
        result(cell, names, neurons=3 if cell.baseline == "planted" else cell.width) for cell in plan.cells()
    ]
    return replace(usual, plan=plan, cells=tuple(cells), summary=summarise(cells))


def test_every_baseline_has_its_dots_and_its_words(results: Results):
    drawn = sheets(results)
    assert [sheet.name for sheet in drawn] == [
        f"baselines-{measure}-{gate}" for gate in ("topk", "relu") for measure in ("share", "best-error")
    ]
    for sheet in drawn:
        for known in BASELINES.values():
            assert known.words in sheet.caption
            assert f"{known.printed} " in sheet.alt
        assert ("shuffled labels" in sheet.caption) == ("share" in sheet.name)
        # Two widths; what was not measured (approximation) has no panel.
        axes = sheet.figure.axes
        assert [tick.get_text() for tick in axes[0].get_yticklabels()] == ["d = 2", "d = 4"]
        assert {ax.get_title(loc="left").split(",")[0] for ax in axes} == {"detection", "separation"}
        assert len(axes) == 2 * 3
    legend = [text.get_text() for text in drawn[0].figure.legends[0].get_texts()]
    assert legend == ["trained", *(known.printed for known in BASELINES.values()), "shuffled labels"]


def test_errors_of_separation_have_one_scale_for_all_learners_and_no_end_at_one(results: Results):
    """Alarms are counted per point of the concept: an error can be 3."""
    neurons = learned(0.0, 3.0, 3.0)
    cells = [
        replace(c, measures=replace(c.measures, separation=replace(c.measures.separation, neurons=neurons)))
        for c in results.cells
    ]
    drawn = sheets(replace(results, cells=tuple(cells), summary=summarise(cells)))
    for sheet in drawn:
        ends = {ax.get_title(loc="left"): ax.get_xlim()[1] for ax in sheet.figure.axes}
        top = 1.0 if "share" in sheet.name else 3.0
        assert {title: end for title, end in ends.items() if "separation" in title} == pytest.approx(
            {f"separation, {learner}": 1.03 * top for learner in ("neuron", "unit of ≤ 4", "unit")}
        )
        assert ends["detection, unit"] == pytest.approx(1.03)


def test_maps_set_the_usual_ones_and_the_ceiling_apart(results: Results):
    tables = SizeTables(results, "plane", ["topk", "relu"], "share")
    assert tables.strips("topk") == ["untrained", "frozen_decoder", "planted", "labels"]
    assert tables.widths == [2, 4]
    assert tables.compared() == [("relu", 0.1), ("topk", 1)]
    assert tables.strip("topk", "neurons", "detection", "planted").tolist() == [0.0, 0.0]


def test_tables_call_constructed_ones_by_what_they_are(results: Results):
    tables = ENVIRONMENT.get_template("tables.html.j2").module
    for table in (tables.shares(results, "plane"), tables.quality(results, "plane")):
        for known in BASELINES.values():
            assert f"<td>{known.printed}</td>" in table
    # (The first cell of a row is its head.)
    assert '–</th><td class="n">3</td><td>planted</td>' in tables.quality(results, "plane")


def test_the_table_of_shares_has_four_counts_and_the_floor(results: Results):
    """A quarter is learned, a half is not, an eighth is undecided, and an eighth has no unit."""
    quarter = replace(learned(0.25, 0.1, 4.0), not_learned=0.5, undecided=0.125, no_unit=0.125)
    cells = [
        replace(
            each,
            measures=replace(
                each.measures,
                separation=replace(
                    each.measures.separation, small_units=quarter, shuffled_small_units=0.0625
                ),
            ),
        )
        for each in results.cells
    ]
    tables = ENVIRONMENT.get_template("tables.html.j2").module
    table = str(tables.shares(replace(results, summary=summarise(cells)), "plane"))
    counts = "".join(f'<td class="n">{x}</td>' for x in ("0.25 [0.25, 0.25]", "0.5", "0.12", "0.12"))
    detection, separation = table.split('class="caption">Separation: shares')
    assert "Approximation: shares" not in table  # it was not measured
    of_units = [row for row in separation.split("<tr>") if "<td>unit of ≤ 4</td>" in row]
    assert len(of_units) == separation.count("<td>neuron</td>") > 0
    for row in of_units:
        assert counts + '<td class="n">0.062 [0.062, 0.062]</td>' in row.replace("\n", "")
    assert counts not in detection.replace("\n", "")


def on_shares(results: Results) -> dict[str, Answer]:
    """The answers on the share of concepts that units separate, or neurons for a ceiling of these."""
    answers = [answer for answer in run_answers(results).grid if answer.id == "baseline"]
    # One judge: each prediction has one answer.
    assert [a.prediction for a in answers] == list(dict.fromkeys(a.prediction for a in answers))
    by_name = {name: known.expected.rstrip(".") for name, known in BASELINES.items()}
    return {
        name: answer
        for name, expected in by_name.items()
        for answer in answers
        if answer.prediction.startswith(expected) and "share of concepts" in answer.prediction
    }


def test_a_baseline_is_judged_where_it_stands(results: Results):
    answers = on_shares(results)
    assert set(answers) == set(BASELINES)
    # In the made run trained SAEs learn all and baselines nothing, at both gates and in all four seeds.
    for name, known in BASELINES.items():
        assert (
            "trained more in 2 (plane, Top-K: 1; plane, ReLU: 1), not apart in 0" in answers[name].observation
        )
        assert answers[name].verdict == ("the prediction fails" if known.ceiling else "as predicted")


def test_a_ceiling_above_trained_saes_is_nobodys_failure(results: Results):
    others = {"trained": 0.0, "planted": 1.0, "pca": 1.0}
    cells = [with_share(cell, others.get(cell.cell.baseline, 0.0)) for cell in results.cells]
    answers = on_shares(replace(results, cells=tuple(cells), summary=summarise(cells)))
    assert answers["planted"].verdict == "as predicted"
    assert "trained more in 0, not apart in 0, trained fewer in 2" in answers["planted"].observation
    assert answers["pca"].verdict == "the prediction fails"
    assert answers["kmeans"].verdict == "undecided"


def with_share(result: CellResult, share: float) -> CellResult:
    """The same result, with this share of concepts learned by neurons and by units."""
    each = learned(share, 0.1, 3.0)
    detection = replace(result.measures.detection, neurons=each, units=each)
    separation = replace(result.measures.separation, neurons=each, units=each)
    return replace(result, measures=replace(result.measures, detection=detection, separation=separation))
