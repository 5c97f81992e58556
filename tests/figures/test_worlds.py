"""Worlds drawn: the view that is chosen, whose colour a point has, and what the caption says."""

from itertools import pairwise

import geosae_synthetic
import numpy as np
import pytest
from geosae_synthetic.showcase import FAMILIES
from matplotlib.path import Path

from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.figures import render
from geosae.figures.world_view import view_of
from geosae.figures.worlds import MOST_COLOURED, MOST_POINTS, _owners, world_picture


def make(name: str, dim: int, points: int = 600, **params) -> ConceptDataset:
    return geosae_synthetic.make(name, points=points, dim=dim, rng=np.random.default_rng(0), **params)


def test_up_to_three_dimensions_nothing_is_projected() -> None:
    for dim in (2, 3):
        data = make("disjoint-balls", dim)
        assert np.array_equal(view_of(data).points, data.points)
    line = make("disjoint-balls", 1, concepts=3)
    view = view_of(line)
    assert np.array_equal(view.points[:, 0], line.points[:, 0])
    assert np.array_equal(view.points[:, 1] > 0, line.membership.any(axis=1))


def test_above_three_dimensions_the_best_plane_of_the_concepts_points_is_shown() -> None:
    data = make("disjoint-balls", 6, radius=0.2, concepts=3, background=0.5)
    view = view_of(data)
    assert view.basis is not None
    assert np.allclose(view.basis.T @ view.basis, np.eye(2))
    inside = view.points[data.membership.any(axis=1)]
    best = inside.var(axis=0).sum()
    rng = np.random.default_rng(1)
    for _ in range(50):
        other, _ = np.linalg.qr(rng.standard_normal((6, 2)))
        assert (data.points[data.membership.any(axis=1)] @ other).var(axis=0).sum() <= best + 1e-9


def test_two_coordinates_can_be_asked_for() -> None:
    data = make("disjoint-balls", 5, radius=0.2)
    assert np.array_equal(view_of(data, (4, 2)).points, data.points[:, [3, 1]])
    for wrong in ((1, 1), (0, 2), (2, 6)):
        with pytest.raises(InvalidInput, match="not two different ones"):
            view_of(data, wrong)


def test_a_point_is_drawn_as_the_smallest_concept_that_holds_it() -> None:
    data = make("nested-balls", 2, depth=3)
    owners = _owners(data, 3)
    # In a chain the smallest is the deepest level, and −1 says that none holds it.
    assert np.array_equal(owners, data.membership.sum(axis=1) - 1)
    many = make("disjoint-balls", 2, 1000, concepts=12, radius=0.08)
    beyond = many.membership[:, MOST_COLOURED:].any(axis=1)
    assert np.array_equal(_owners(many, MOST_COLOURED) == MOST_COLOURED, beyond)
    labels = [text.get_text() for text in world_picture(many).figure.legends[0].get_texts()]
    assert labels[-2:] == ["4 more concepts", "in no concept"]


def test_captions_say_how_many_points_are_drawn_and_where() -> None:
    few, many = make("slabs", 2, 100), make("slabs", 7, 2000)
    assert world_picture(few).caption.startswith("100 of 100 points on the plane")
    assert "Shaded" in world_picture(few).caption
    caption = world_picture(many).caption
    assert caption.startswith(f"{MOST_POINTS} of 2000 points on the two principal directions")
    assert "Shaded" not in caption
    assert "slab 1 (" in world_picture(few).alt


def test_shading_is_the_oracles_word() -> None:
    figure = world_picture(make("ring-around-disk", 2)).figure
    collections = figure.axes[0].collections
    assert len(collections) == 2  # the shade and its boundary
    rings = [Path(ring) for ring in collections[0].get_paths()[0].to_polygons()]

    def shaded(x: float, y: float) -> bool:
        return sum(ring.contains_point((x, y)) for ring in rings) % 2 == 1

    assert shaded(1.75, 0.0)
    assert not shaded(0.0, 0.0)
    assert not shaded(1.3, 0.0)


def test_the_same_data_give_the_same_bytes() -> None:
    data = make("two-moons", 2)
    one, two = (render(world_picture(data).figure, "png") for _ in range(2))
    assert one == two


def test_every_world_is_shown_and_no_labels_overlap() -> None:
    shown = [exhibit for family in FAMILIES for exhibit in family.shown]
    assert {exhibit.world for exhibit in shown} == set(geosae_synthetic.names())
    for name in ("disjoint-balls", "ball-union", "week"):
        exhibit = next(one for one in shown if one.world == name)
        figure = world_picture(exhibit.make()).figure
        render(figure, "png")
        axes = figure.axes[0]
        for labels, side in ((axes.get_xticklabels(), "x"), (axes.get_yticklabels(), "y")):
            boxes = [label.get_window_extent() for label in labels if label.get_text()]
            ends = sorted((getattr(box, f"{side}0"), getattr(box, f"{side}1")) for box in boxes)
            assert all(a[1] <= b[0] for a, b in pairwise(ends)), (name, side)
        legend = figure.legends[0].get_window_extent()
        assert legend.y1 <= axes.get_tightbbox().y0 + 1
