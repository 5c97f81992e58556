import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.text import Text

from geosae.errors import InvalidInput
from geosae.figures import UnitPicture, halfplanes, render, units_in_plane
from geosae.figures.halfplanes import MOST_POINTS, check_plane, thin
from geosae.figures.plane import corners, cut, edges_in, hull, window_of
from geosae.geometry.arrangements.halfspaces import HalfSpaces

SQUARE = (-1.0, 1.0, -1.0, 1.0)
small = st.integers(-3, 3)
clouds = st.lists(st.tuples(small, small), min_size=1, max_size=12).map(
    lambda p: np.array(p, dtype=np.float64)
)
lines = st.lists(st.tuples(small, small, small), max_size=5).map(
    lambda r: np.array(r, dtype=np.float64).reshape(-1, 3)
)


def area(polygon: np.ndarray) -> float:
    x, y = polygon[:, 0], polygon[:, 1]
    return float(0.5 * np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))


@given(clouds)
def test_the_hull_holds_every_point_and_turns_left_at_every_corner(points):
    corner = hull(points)
    assert {tuple(c) for c in corner} <= {tuple(p) for p in points}
    if len(corner) < 3:
        # A dot or a segment: all points lie between its ends.
        assert np.linalg.matrix_rank(points - points[0]) == len(corner) - 1
        return
    for a, b in zip(corner, np.roll(corner, -1, axis=0), strict=True):
        turn = (b[0] - a[0]) * (points[:, 1] - a[1]) - (b[1] - a[1]) * (points[:, 0] - a[0])
        assert turn.min() >= 0
    assert area(corner) > 0


@given(lines, st.integers(0, 2**32 - 1))
def test_a_cut_polygon_holds_exactly_the_points_of_all_half_planes(rows, seed):
    w, c = rows[:, :2], rows[:, 2]
    polygon = cut(corners(SQUARE), w, c)
    points = np.random.default_rng(seed).uniform(-1, 1, size=(200, 2))
    inside = np.all(points @ w.T + c >= 0, axis=1)
    if len(polygon) < 3:
        assert not inside.any()
        return
    edges = np.roll(polygon, -1, axis=0) - polygon
    turns = [
        e[0] * (points[:, 1] - p[1]) - e[1] * (points[:, 0] - p[0])
        for e, p in zip(edges, polygon, strict=True)
    ]
    least = np.min(turns, axis=0)
    clear = np.abs(least) > 1e-9
    assert np.array_equal(least[clear] > 0, inside[clear])


@given(lines)
def test_boundary_segments_lie_on_their_lines_and_on_the_windows_edge(rows):
    w, c = rows[:, :2], rows[:, 2]
    segments, crossing = edges_in(SQUARE, w, c)
    assert len(segments) == crossing.sum()
    for row, segment in zip(rows[crossing], segments, strict=True):
        assert np.allclose(segment @ row[:2] + row[2], 0)
        assert np.allclose(np.abs(segment).max(axis=1), 1)


def test_points_that_do_not_spread_still_get_a_window():
    left, right, bottom, top = window_of(np.zeros((3, 2)))
    assert left < 0 < right
    assert bottom < 0 < top


def scene(concepts: int = 3, points: int = 60):
    rng = np.random.default_rng(1)
    cloud = rng.normal(size=(points, 2))
    return cloud, rng.random((points, concepts)) < 0.4, [f"concept {k}" for k in range(concepts)]


@pytest.mark.parametrize("concepts", [1, 100])
@pytest.mark.parametrize("neurons", [0, 1, 40])
def test_half_planes_of_few_and_many_concepts_are_drawn(concepts, neurons):
    cloud, member, names = scene(concepts)
    rng = np.random.default_rng(2)
    half = HalfSpaces(rng.normal(size=(neurons, 2)), rng.normal(size=neurons))
    best = [k % neurons if neurons else -1 for k in range(concepts)]
    figure = halfplanes(half, cloud, member, names, highlight=best)
    assert render(figure, "png")
    labels = [text.get_text() for text in figure.legends[0].get_texts()]
    assert ("and 88 more" in labels) == (concepts == 100)


def test_ticks_point_to_the_side_where_the_neuron_fires():
    cloud, member, names = scene()
    half = HalfSpaces(np.array([[1.0, 0.0]]), np.array([-0.25]))
    figure = halfplanes(half, cloud, member, names)
    combs = figure.axes[0].collections[1].get_segments()
    assert combs
    assert all(foot[0] == pytest.approx(0.25) and end[0] > foot[0] for foot, end in combs)


def test_a_dead_row_a_concept_of_one_point_and_an_empty_concept_are_drawn():
    cloud = np.array([[0.0, 0.0], [1.0, 1.0]])
    member = np.array([[True, False], [False, False]])
    figure = halfplanes(HalfSpaces(np.zeros((1, 2)), np.ones(1)), cloud, member, ["dot", "nothing"])
    assert render(figure, "png")


def test_what_is_not_planar_or_does_not_fit_is_refused():
    cloud, member, names = scene()
    plane = HalfSpaces(np.ones((1, 2)), np.zeros(1))
    with pytest.raises(InvalidInput, match="plane"):
        halfplanes(HalfSpaces(np.ones((1, 3)), np.zeros(1)), cloud, member, names)
    with pytest.raises(InvalidInput, match=r"\(N, 2\)"):
        check_plane(np.zeros((4, 3)), np.zeros((4, 3), dtype=bool), names)
    with pytest.raises(InvalidInput, match="names"):
        halfplanes(plane, cloud, member, names[:2])
    with pytest.raises(InvalidInput, match="highlight"):
        halfplanes(plane, cloud, member, names, highlight=[0, 0, 1])
    with pytest.raises(InvalidInput, match="no unit"):
        units_in_plane(plane, [], cloud, member, names)


def test_units_show_missed_points_and_false_alarms():
    cloud = np.array([[-0.5, 0.0], [0.5, 0.0], [0.6, 0.1], [-0.6, 0.1]])
    member = np.array([[True], [True], [False], [False]])
    figure = units_in_plane(
        HalfSpaces(np.array([[1.0, 0.0]]), np.zeros(1)), [UnitPicture(0, (0,))], cloud, member, ["C"]
    )
    drawn = {
        line.get_marker(): len(line.get_xdata())
        for line in figure.axes[0].lines
        if line.get_linestyle() == "None"
    }
    assert drawn["x"] == 1  # (0.6, 0.1) is held wrongly
    assert drawn["o"] == 1  # (-0.5, 0) is missed


@pytest.mark.parametrize("absolute", [True, False])
def test_no_unit_holds_nothing_and_shades_nothing(absolute: bool):
    cloud, member, names = scene(concepts=1)
    half = HalfSpaces(np.array([[1.0, 0.0]]), np.zeros(1))
    neurons = half if absolute else half.contains
    figure = units_in_plane(neurons, [UnitPicture(0, ())], cloud, member, names)
    (ax,) = figure.axes
    drawn = {x.get_marker(): len(x.get_xdata()) for x in ax.lines if x.get_linestyle() == "None"}
    assert (drawn["x"], drawn["o"]) == (0, member.sum())  # no false alarm, and every point of it is missed
    assert [patch for patch in ax.patches if patch.get_alpha() == 0.3] == []


def test_titles_of_panels_are_cut_to_their_width():
    cloud, member, names = scene(concepts=4)
    pictures = [UnitPicture(k, (0,), "a name that goes on and on and on and on\nlearned") for k in range(4)]
    half = HalfSpaces(np.array([[1.0, 0.0]]), np.zeros(1))
    figure = units_in_plane(half, pictures, cloud, member, names)
    figure.draw_without_rendering()
    for ax in figure.axes:
        (title,) = [text for text in ax.findobj(Text) if text.get_text().startswith("a name")]
        assert title.get_text().endswith("…\nlearned")
        assert title.get_window_extent().x1 <= ax.get_window_extent().x1 + 1


def test_a_gate_without_half_planes_is_drawn_from_where_it_fires():
    cloud, member, names = scene()

    def fires(x):
        return np.stack(
            [np.abs(x[:, 0]) > 1, np.ones(len(x), dtype=bool), np.zeros(len(x), dtype=bool)], axis=1
        )

    pictures = [UnitPicture(0, (0, 1)), UnitPicture(1, (1,)), UnitPicture(2, (2,)), UnitPicture(0, ())]
    figure = units_in_plane(fires, pictures, cloud, member, names)
    assert render(figure, "png")


def test_thinning_is_random_and_never_grows():
    cloud = np.random.default_rng(3).normal(size=(5 * MOST_POINTS, 2))
    some = thin(cloud)
    assert len(some) == MOST_POINTS
    # Every second point is of another kind; a sample of a fifth has both kinds alike.
    cloud[::2, 0], cloud[1::2, 0] = 0.0, 1.0
    assert abs(thin(cloud)[:, 0].mean() - 0.5) < 0.05
    assert np.array_equal(thin(some), some)
