import json
import re

import numpy as np
import pytest

from geosae.errors import InvalidInput
from geosae.experiments import UNKNOWN, Interval, LogLine, mean_interval
from geosae.figures import bound_vs_observed, interval_dots, render, training_curves
from geosae.figures.bounds import HUGE, Point, sense
from geosae.storage.structure import from_json, to_json
from geosae.verification import Evidence, Observed, compare


def upper(observed, bound):
    return compare(Observed(observed, "an instance"), bound, "upper")


def test_evidence_is_drawn_alike_before_and_after_it_was_stored():
    record = compare(Observed(2, "two"), 3, "upper")
    stored = from_json(Evidence, json.loads(json.dumps(to_json(record))), "the evidence")
    assert render(bound_vs_observed({"S5": [record]}), "png") == render(
        bound_vs_observed({"S5": [stored]}), "png"
    )


@pytest.mark.parametrize(
    ("kind", "expected"), [("upper", "<="), ("lower", ">="), ("tight", "=="), ("existence", ">=")]
)
def test_the_forbidden_side_is_read_off_the_slacks(kind, expected):
    observed = {"upper": (1, 5), "lower": (4, 9), "existence": (4, 9), "tight": (3, 3)}[kind]
    points = [Point(float(o), 3.0, compare(Observed(o, "x"), 3, kind).slack) for o in observed]
    assert sense(points) == expected


def test_a_violation_is_marked_and_stands_on_the_forbidden_side():
    figure = bound_vs_observed({"S5": [upper(4, 3), upper(1, 3)]})
    assert "violated" in [t.get_text() for t in figure.legends[0].get_texts()]
    assert "violated" not in [
        t.get_text() for t in bound_vs_observed({"S5": [upper(1, 3)]}).legends[0].get_texts()
    ]


@pytest.mark.parametrize(
    "values",
    [
        [(0, 0)], [(1, 1)], [(0, 1)], [(-2, 3)], [(1, 1e308)], [(5e-324, 1.0)], [(1e-40, 0.1), (0.05, 0.1)],
        [(0, 8), (0, 16), (0, 32)], [(k, 2**k) for k in range(1, 60)], [(1, 1)] * 5000,
    ],
)  # fmt: skip
def test_extreme_values_are_drawn_inside_finite_axes(values):
    figure = bound_vs_observed({"X": [upper(o, b) for o, b in values]})
    assert render(figure, "png")
    ax = figure.axes[0]
    assert np.isfinite([*ax.get_xlim(), *ax.get_ylim()]).all()
    assert ax.get_xlim() == ax.get_ylim()
    for collection in ax.collections:
        offsets = np.asarray(collection.get_offsets())
        if len(offsets) and not np.array_equal(offsets, [[0, 0]]):
            assert (offsets >= min(ax.get_xlim())).all()
            assert (offsets <= max(HUGE, *ax.get_xlim())).all()


def test_nothing_to_draw_is_refused():
    with pytest.raises(InvalidInput, match="no evidence"):
        bound_vs_observed({"S5": []})
    with pytest.raises(InvalidInput, match="no rows"):
        interval_dots({"a": {}})
    with pytest.raises(InvalidInput, match="none of loss"):
        training_curves({"a": [[LogLine(0)]]})


def test_curves_show_the_mean_and_range_of_seeds_at_common_steps():
    logs = {"K = 1": [[LogLine(0, fvu=1.0), LogLine(5, fvu=0.5)], [LogLine(0, fvu=3.0)]]}
    ax = training_curves(logs).axes[0]
    assert ax.lines[0].get_xdata().tolist() == [0]
    assert ax.lines[0].get_ydata().tolist() == [2.0]
    band = ax.collections[0].get_paths()[0].vertices
    assert (band[:, 1].min(), band[:, 1].max()) == (1.0, 3.0)


@pytest.mark.parametrize("loss", [0.0, -1.0, 1e-30, float("nan")])
def test_odd_logs_are_drawn(loss):
    log = [LogLine(s, loss=loss, l0=2.0) for s in range(3)]
    assert render(training_curves({"a": [log], "no runs": []}), "png")


def test_methods_keep_their_place_and_unknown_ends_draw_no_bar():
    trained, untrained = Interval(0.9, 0.8, 1.0, n=3), mean_interval([0.4])
    table = {"detection": {"d = 8": {"trained": trained, "untrained": untrained}}}
    ax = interval_dots(table).axes[0]
    assert [line.get_xdata()[0] for line in ax.lines] == [0.9, 0.4]
    segments = [s for c in ax.collections for s in c.get_segments()]
    assert [s[:, 0].tolist() for s in segments] == [[0.8, 1.0]]


def test_all_unknown_and_many_rows_are_drawn():
    table = {f"p{i}": {f"row {k}": {"a": UNKNOWN, "b": UNKNOWN} for k in range(30)} for i in range(4)}
    assert render(interval_dots(table, limits={"p0": (0, 1)}), "png")


def test_powers_at_the_bounds_are_plain_characters():
    """No text of a figure is set as mathematics, so no tick may be spelled in it."""
    evidence = [
        compare(Observed(value, f"instance {value}"), 2 * value, "upper") for value in (1e-5, 1e-2, 1.0, 1e6)
    ]
    figure = bound_vs_observed({"D4": evidence})
    figure.draw_without_rendering()
    ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
    # Which powers have a tick differs between releases of matplotlib.
    assert any(re.match("10[⁻⁴⁵⁶]", tick) for tick in ticks), ticks
    assert not any("$" in tick for tick in ticks)
