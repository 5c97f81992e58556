from pathlib import Path

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from geosae.errors import InvalidInput
from geosae.fca import concept_lattice, iceberg
from geosae.fca.context import FormalContext
from geosae.figures import Diagram, lattice_diagram, lattice_pair, line_diagram, line_diagrams, render
from geosae.figures.labels import Request, crossed, overlaps, place_labels
from geosae.figures.lattice import LARGE_UP_TO, NAMES_UP_TO, label_texts

DATA = Path(__file__).parents[1] / "fca" / "data"


def boxes(figure):
    """The extents of all drawn texts, measured by the renderer at another resolution than they were "
    "placed at."""
    figure.set_dpi(220)
    renderer = FigureCanvasAgg(figure).get_renderer()
    found = []
    for text in [t for ax in figure.axes for t in ax.texts]:
        text.set_path_effects([])
        box = text.get_window_extent(renderer)
        found.append((text.get_text(), (box.x0, box.y0, box.x1, box.y1)))
    return found


def overlap(a, b) -> bool:
    return bool(overlaps(np.array([a]), np.array([b]))[0, 0])


def assert_nothing_overlaps(figure):
    found = boxes(figure)
    if found:
        array = np.array([box for _, box in found], dtype=np.float64)
        clashes = np.argwhere(np.triu(overlaps(array, array), k=1))
        assert [(found[i][0], found[j][0]) for i, j in clashes] == []
    width, height = figure.get_size_inches() * 220
    for text, (left, bottom, right, top) in found:
        assert left >= 0, text
        assert bottom >= 0, text
        assert right <= width, text
        assert top <= height, text


def random_lattice(objects: int, attributes: int, density: float, seed: int):
    rng = np.random.default_rng(seed)
    rows = rng.random((objects, attributes)) < density
    names = [f"a concept called {i}" for i in range(objects)]
    return concept_lattice(FormalContext.from_array(rows, names, [f"n{i}" for i in range(attributes)]))


@pytest.mark.parametrize(
    ("shape", "density", "seed"),
    [((4, 4), 0.5, 0), ((8, 30), 0.3, 1), ((10, 10), 0.45, 2), ((12, 64), 0.2, 3)],
)
def test_labels_never_overlap(shape, density, seed):
    lattice = random_lattice(*shape, density, seed)
    assert_nothing_overlaps(lattice_diagram(lattice))


def test_about_sixty_nodes_keep_their_names_apart():
    for seed in range(100):
        lattice = random_lattice(9, 12, 0.5, seed)
        if 50 <= len(lattice) <= LARGE_UP_TO:
            break
    assert 50 <= len(lattice) <= LARGE_UP_TO
    figure = lattice_diagram(lattice)
    assert_nothing_overlaps(figure)
    drawn = " ".join(text for text, _ in boxes(figure))
    # Placement may shorten or drop labels; here most objects must be named.
    assert sum(f"called {i}" in drawn.replace("\n", " ") for i in range(9)) >= 7


def nodes_of(figure):
    """Centres and radii of the drawn nodes, in points; halves of a node count once."""
    found = {}
    for mark in figure.axes[0].lines:
        if mark.get_marker() in ("o", "D"):
            radius = mark.get_markersize() / 2 + mark.get_markeredgewidth() / 2
            found[float(mark.get_xdata()[0]), float(mark.get_ydata()[0])] = radius
    return np.array(list(found)), np.array(list(found.values()))


def assert_nodes_are_free(figure, count):
    """No node touches a node, and no label a node."""
    places, radii = nodes_of(figure)
    assert len(places) == count
    gaps = np.sqrt(((places[:, None] - places[None]) ** 2).sum(axis=-1)) - radii[:, None] - radii[None]
    np.fill_diagonal(gaps, 1.0)
    assert gaps.min() >= -1e-6
    scale = 72 / 220
    labels = np.array([box for _, box in boxes(figure)]) * scale
    nearest = np.clip(places[None], labels[:, None, :2], labels[:, None, 2:])
    assert (np.sqrt(((nearest - places[None]) ** 2).sum(axis=-1)) - radii[None]).min() > -0.5


def test_nothing_overlaps_at_two_hundred_nodes_of_a_random_context():
    crosses = np.random.default_rng(10).random((16, 22)) < 0.38
    lattice = concept_lattice(FormalContext.from_array(crosses))
    assert 190 <= len(lattice) <= NAMES_UP_TO
    figure = lattice_diagram(lattice)
    assert_nothing_overlaps(figure)
    assert_nodes_are_free(figure, len(lattice))
    # Every label is a name, and none was left out.
    assert {text for text, _ in boxes(figure)} == {
        *(f"g{i}" for i in range(16)),
        *(f"m{i}" for i in range(22)),
    }


def test_nothing_overlaps_at_two_hundred_nodes_of_a_real_context():
    context = FormalContext.read(DATA / "segments.cxt")
    family = next(f for s in range(140, 0, -1) if len(f := iceberg(context, s)) >= 150)
    assert 150 <= len(family) <= NAMES_UP_TO
    figure = lattice_diagram(family)
    assert_nothing_overlaps(figure)
    assert_nodes_are_free(figure, len(family))


def test_beyond_two_hundred_nodes_attributes_are_counted():
    lattice = random_lattice(16, 22, 0.42, 3)
    assert NAMES_UP_TO < len(lattice) <= 400
    figure = lattice_diagram(lattice)
    assert_nothing_overlaps(figure)
    drawn = [text for text, _ in boxes(figure)]
    names = {name for labels in lattice.attribute_labels for name in labels if len(labels) == 1}
    many = [len(labels) for labels in lattice.attribute_labels if len(labels) > 1]
    assert {text for text in drawn if text.startswith("n") and text[1:].isdigit()} == names
    assert sorted(text for text in drawn if text.startswith("×")) == sorted(f"×{count}" for count in many)


def test_no_label_is_a_count_of_one():
    crosses = np.random.default_rng(2).random((20, 20)) < 0.4
    crosses[:, 1] = crosses[:, 0]
    lattice = concept_lattice(FormalContext.from_array(crosses))
    assert NAMES_UP_TO < len(lattice) <= 400
    texts = {text for text, _ in boxes(lattice_diagram(lattice))}
    assert texts & {"×2"}
    assert not texts & {"1", "×1"}


def test_one_node_no_attribute_and_a_hundred_concepts_are_drawn():
    for rows in (np.zeros((1, 1), dtype=bool), np.ones((1, 1), dtype=bool), np.zeros((3, 2), dtype=bool)):
        figure = lattice_diagram(concept_lattice(FormalContext.from_array(rows)))
        assert_nothing_overlaps(figure)
    antichain = FormalContext.from_array(np.eye(100, dtype=bool))
    assert_nothing_overlaps(lattice_diagram(concept_lattice(antichain)))


def test_what_finds_no_room_is_counted_on_the_page():
    crowd = Diagram(
        np.array([[i * 0.001, 0.0] for i in range(40)]), [], below=[[f"a long name {i}"] for i in range(40)]
    )
    figure = line_diagram(crowd, width=2.0)
    assert any("left out for want of room" in text for text, _ in boxes(figure))
    assert_nothing_overlaps(figure)


def test_the_pair_marks_the_extents_that_both_have():
    names = ["a", "b", "c"]
    true = concept_lattice(FormalContext.from_array(np.eye(3, dtype=bool), names, names))
    learned = concept_lattice(FormalContext.from_array(np.eye(3, dtype=bool)[:, :2], names, ["n0", "n1"]))
    figure = lattice_pair(true, learned)
    markers = [line.get_marker() for line in figure.axes[0].lines]
    # {c} is an extent of the true one only.
    assert markers.count("D") >= 1
    assert [line.get_marker() for line in figure.axes[1].lines].count("D") == 0
    assert_nothing_overlaps(figure)


def test_reduced_labels_stand_once_each():
    context = FormalContext.from_array([[True, False], [True, True]], ["fish", "frog"], ["swims", "legs"])
    texts = [text for text, _ in boxes(lattice_diagram(concept_lattice(context)))]
    assert sorted(texts) == ["fish", "frog", "legs", "swims"]


def test_a_diagram_that_does_not_fit_is_refused():
    points = np.zeros((2, 2))
    with pytest.raises(InvalidInput, match="do not fit"):
        Diagram(points, [], below=[["a"]])
    with pytest.raises(InvalidInput, match="cover"):
        Diagram(points, [(0, 2)])
    with pytest.raises(InvalidInput, match="titles"):
        line_diagrams([Diagram(points, [])], [])


def test_placing_prefers_its_own_node_and_reports_what_it_drops():
    nodes = np.array([[50.0, 50.0], [60.0, 50.0]])
    asks = [Request(0, ("left",), "below"), Request(1, ("right",), "below"), Request(0, ("x" * 99,), "above")]
    placed, dropped = place_labels(
        nodes, np.full(2, 2.0), asks, lambda t: (5.0 * len(t), 7.0), (0.0, 0.0, 110.0, 100.0)
    )
    assert [p.text for p in placed] == ["left", "right"]
    assert [d.texts[0] for d in dropped] == ["x" * 99]
    assert not overlap(placed[0].box, placed[1].box)


def test_a_label_belongs_to_one_node_only():
    """One that would be centred between two nodes is led to its own by a line."""
    nodes = np.array([[40.0, 50.0], [60.0, 50.0]])
    # The only free places beside the first node lie right between the two.
    page = (38.0, 46.0, 62.0, 54.0)
    placed, dropped = place_labels(
        nodes, np.full(2, 2.0), [Request(0, ("name",), "below")], lambda _: (14.0, 6.0), page
    )
    assert (placed, len(dropped)) == ([], 1)
    crowd = np.array([[x, y] for x in (40.0, 60.0, 80.0) for y in (30.0, 42.0, 54.0)])
    asks = [Request(i, (f"n{i}",), "below") for i in range(9)]
    placed, _ = place_labels(crowd, np.full(9, 2.0), asks, lambda _: (8.0, 5.0), (0.0, 0.0, 120.0, 90.0))
    assert len(placed) >= 6
    for label in placed:
        x0, y0, x1, y1 = label.box
        gaps = np.hypot(*(crowd - np.clip(crowd, (x0, y0), (x1, y1))).T)
        first, second = np.sort(gaps)[:2]
        assert label.led or (np.argmin(gaps) == label.request.node and second - first >= 1.0)


def test_edges_are_avoided_where_there_is_a_choice():
    nodes, edge = np.array([[50.0, 50.0]]), np.array([[[50.0, 50.0], [50.0, 0.0]]])
    ask = [Request(0, ("name",), "below")]
    page = (0.0, 0.0, 100.0, 100.0)
    placed, _ = place_labels(nodes, np.array([2.0]), ask, lambda t: (20.0, 7.0), page, edge)
    assert crossed(np.array(placed[0].box), edge) == 0


def test_label_texts_get_shorter_and_keep_their_count():
    for count in (1, 2, 3, 40):
        texts = label_texts([f"neuron{i}" for i in range(count)])
        assert [len(t) for t in texts] == sorted((len(t) for t in texts), reverse=True)
        if count > 1:
            assert texts[-1] == f"×{count}"


def test_equal_lattices_give_equal_bytes():
    lattice = random_lattice(6, 9, 0.4, 5)
    assert render(lattice_diagram(lattice), "pdf") == render(lattice_diagram(lattice), "pdf")
