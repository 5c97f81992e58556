"""Bad parameters are refused by name."""

import geosae_synthetic
import numpy as np
import pytest

from geosae.errors import InvalidInput

CASES = [
    ("no-such-world", 2, {}, "unknown world 'no-such-world'"),
    ("nested-bals", 2, {}, "the nearest valid one is 'nested-balls'"),
    ("nested-balls", 2, {"dept": 3}, "unknown parameter 'dept'; the nearest valid one is 'depth'"),
    ("nested-balls", 0, {}, "dimension of a world is 0; it must be between 1 and"),
    ("nested-balls", 2, {"depth": 0}, r"depth = 0: an integer in \[1"),
    ("nested-balls", 2, {"depth": 2.5}, "depth = 2.5: an integer"),
    ("nested-balls", 2, {"depth": True}, "depth = True"),
    ("nested-balls", 2, {"ratio": 1.0}, r"ratio = 1.0: a number in \(0, 1\)"),
    ("nested-balls", 2, {"ratio": float("nan")}, "ratio = nan"),
    ("nested-balls", 2, {"background": 0.0}, "background = 0.0"),
    ("disjoint-balls", 2, {"gap": -0.1}, "gap = -0.1"),
    ("disjoint-balls", 2, {"radius": 0.0}, "radius = 0.0"),
    ("disjoint-balls", 2, {"radius": 1.2}, "1.2 with gaps 0.05 cannot lie in the box"),
    ("disjoint-balls", 2, {"concepts": 300, "radius": 0.2}, "300 balls of radius up to 0.2"),
    ("disjoint-balls", 2, {"concepts": 7, "radius": 0.34, "gap": 0.0}, "no placement of 7 balls"),
    ("disjoint-balls", 2, {"concepts": 1, "background": 0.0}, "one ball without background"),
    ("overlapping-balls", 1, {}, "dim ≥ 2"),
    ("overlapping-balls", 2, {"depth": 1}, "depth = 1"),
    ("overlapping-balls", 2, {"offset": 1.0}, "offset = 1.0"),
    ("ball-tree", 2, {"branching": 8, "ratio": 0.4}, "8 children of ratio 0.4.*\n.*use ratio ≤ 0.2"),
    ("ball-tree", 1, {"branching": 3}, "3 directions do not exist on a line"),
    ("ball-tree", 3, {"depth": 16, "branching": 2, "ratio": 0.3}, "65535 balls"),
    ("disk-in-ring", 1, {}, "dim ≥ 2"),
    ("disk-in-ring", 2, {"gap": 0.0}, "gap = 0.0"),
    ("ring-around-disk", 2, {"width": -1.0}, "width = -1.0"),
    ("polytopes", 4, {"facets": 4}, "at least 5 facets"),
    ("polytopes", 4, {"facets": 6}, r"use 5 \+ k·3 facets, such as 5 or 8"),
    ("polytopes", 13, {}, "dim ≤ 12"),
    ("ball-union", 2, {"balls": 1}, "balls = 1"),
    ("ball-union", 2, {"distance": 0.0}, "distance = 0.0"),
    ("superposition", 2, {"directions": "orthonormal"}, "32 orthonormal directions do not exist in "
        "dimension 2"),
    ("superposition", 2, {"directions": "best"}, "one of random, orthonormal"),
    ("superposition", 2, {"rate": 0.5, "zipf": 2.0}, "first feature to fire with probability"),
    ("superposition", 2, {"pairs": 20}, "need at least 40 features"),
    ("superposition", 2, {"low": 2.0, "high": 1.0}, "empty range"),
    ("superposition", 2, {"rate": 1e-9}, "'feature 1' holds no point"),
    ("convex", 2, {"shape": "blob"}, "one of ball, ellipsoid"),
    ("convex", 2, {"gap": -0.1}, "gap = -0.1"),
    ("convex", 2, {"arrangement": "touching", "gap": 0.0}, "touching bodies need gap > 0"),
    ("convex", 2, {"arrangement": "touching", "concepts": 9, "radius": 0.3}, "9 touching bodies"),
    ("convex", 2, {"arrangement": "nested", "background": 0.0}, "largest concept would be everything"),
    ("convex", 2, {"arrangement": "overlapping", "concepts": 5}, "5 concepts do not make groups of 2"),
    ("convex", 2, {"concepts": 300, "radius": 0.2}, "300 balls of radius up to 0.2"),
    ("convex", 2, {"shape": "cone", "aspect": 1.0}, "a cone of aspect 1 is no cone"),
    ("convex", 13, {"shape": "polytope"}, "2 ≤ dim ≤ 12, not 13"),
    ("convex", 3, {"shape": "polytope", "facets": 3}, "at least 4 facets"),
    ("slabs", 1, {}, "dim ≥ 2"),
    ("slabs", 2, {"height": 1.0}, "height = 1.0"),
    ("non-convex", 2, {"shape": "helix"}, "a helix needs dim ≥ 3, not 2"),
    ("non-convex", 2, {"shape": "spiral", "turns": 0.6}, "at least one turn, not 0.6"),
    ("non-convex", 2, {"background": 0.0}, "background = 0.0"),
    ("two-moons", 2, {"width": 0.7, "shift": 0.7}, "moons of width 0.7 at shift 0.7 touch"),
    ("two-spirals", 2, {"turns": 0.5}, "turns = 0.5"),
    ("checkerboard", 2, {"axes": 3}, "3 axes do not exist in dimension 2"),
    ("week", 2, {"days": 4}, "days = 4"),
    ("week", 2, {"gap": 0.0}, "gap = 0.0"),
    ("absorption", 2, {}, "dim ≥ 3, not 2"),
    ("absorption", 5, {"parents": 2}, "need dim ≥ 6, not 5"),
    ("absorption", 3, {"position": "inside", "children": 1}, "needs two of them"),
    ("absorption", 3, {"frequency": 0.5}, "2 exclusive children cannot each fire"),
    ("absorption", 3, {"noise": 0.5}, "noise of radius 0.5 joins rays"),
    ("absorption", 3, {"variation": 0.577}, "variation = 0.577"),
    ("absorption", 20, {"children": 6, "siblings": "independent"}, "64 rays"),
    ("random-labels", 2, {"concepts": 0}, "concepts = 0"),
    ("conflicts", 2, {"distance": 1.005}, "meet the ball"),
    ("conflicts", 2, {"graph": "cross", "distance": 1.01}, "only touch"),
    ("gaussian-clusters", 2, {"truncate": 3.0}, "cut at 3 deviations of 0.149 overlap"),
    ("gaussian-clusters", 2, {"truncate": 2.0, "precision": "single"}, "draws whole Gaussians"),
    ("heterogeneous-clusters", 4, {"dimensions": "2,x"}, "no list of integers"),
    ("heterogeneous-clusters", 4, {"dimensions": "2,5"}, "from 1 to 4"),
    ("formal-context", 2, {"context": "taxonomy-1x3"}, "no context 'taxonomy-1x3'"),
    ("formal-context", 2, {"context": "taxonomy-3x9"}, "no context 'taxonomy-3x9'"),
    ("formal-context", 2, {"context": "boolean-11"}, "no context 'boolean-11'"),
    ("formal-context", 2, {"context": "nothing"}, "no context 'nothing'"),
    ("formal-context", 2, {"context": "missing.cxt"}, "missing.cxt cannot be read"),
    ("formal-context", 2, {"context": "chain-2"}, "one ball, which is everything"),
    ("formal-context", 1, {"context": "boolean-3"}, "was found in dimension 1"),
    ("formal-context", 2, {"context": "chain-3", "concepts": "attributes"}, "no object has the attribute "
        "'0'"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "dim", "params", "message"), CASES)
def test_refused_by_name(name: str, dim: int, params: dict, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        geosae_synthetic.make(name, points=300, dim=dim, rng=np.random.default_rng(0), **params)


@pytest.mark.parametrize("points", [0, 3])
def test_too_few_points_are_refused(points: int) -> None:
    with pytest.raises(InvalidInput, match=r"must be at least 1|too few"):
        geosae_synthetic.make("disjoint-balls", points=points, dim=2, rng=np.random.default_rng(0))


def test_twins_in_a_context_are_refused(tmp_path) -> None:
    path = tmp_path / "twins.csv"
    path.write_text(",m,n\ng,X,.\nh,X,.\n")
    with pytest.raises(InvalidInput, match="'g' and 'h' have the same attributes"):
        geosae_synthetic.make(
            "formal-context", points=100, dim=2, rng=np.random.default_rng(0), context=str(path)
        )


def test_every_refused_case_names_a_world_that_works_otherwise() -> None:
    for name in geosae_synthetic.names():
        assert any(case[0] == name for case in CASES), f"no refusal of {name} is tested"
