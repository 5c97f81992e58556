"""The settings of geosae-bench-1: which world, at which sizes, and what each asks of an SAE.

A setting is frozen: its seed follows from its name, version and size, so that the bytes are the same wherever
they are made. A changed byte is a new version.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.validation import refuse_unknown

BENCHMARK = "geosae-bench-1"
Size = Literal["s", "m", "l"]
SIZES: tuple[Size, ...] = get_args(Size)
Split = Literal["train", "fit", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
Scope = Literal["regions", "features", "clusters", "real"]

POINTS: Mapping[Size, tuple[int, int, int]] = {
    "s": (8_192, 4_096, 4_096),
    "m": (40_960, 16_384, 16_384),
    "l": (409_600, 32_768, 32_768),
}
"""Points to train on, to choose neurons and units by, and to judge them on."""


@dataclass(frozen=True)
class Setting:
    """A question put to an SAE: a world at three sizes.

    Attributes
    ----------
    name
        By which it is called.
    asks
        What it asks, in a sentence.
    world
        The name of the world it is drawn from ("digits": the real ones that scikit-learn ships).
    scope
        What a concept is: a region of the space, the activity of a feature, a cluster, or a real label.
    sizes
        The dimension and the world's parameters at each size.
    version
        Raised with every changed byte.
    """

    name: str
    asks: str
    world: str
    scope: Scope
    sizes: Mapping[Size, Mapping[str, Any]]
    version: int = 1

    __repr__ = short_repr

    def seed(self, size: Size) -> int:
        """Return the seed of a size: 48 bits of the SHA-256 of benchmark, name, version and size.

        Examples
        --------
        >>> setting("balls").seed("s") != setting("balls").seed("m")
        True
        """
        text = f"{BENCHMARK}/{self.name}/{self.version}/{size}"
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:6], "big")


def _grown(
    small: Mapping[str, Any], medium: Mapping[str, Any], large: Mapping[str, Any], **common: Any
) -> Mapping[Size, Mapping[str, Any]]:
    """Return the parameters of the three sizes, with those that are common to all."""
    return {"s": {**small, **common}, "m": {**medium, **common}, "l": {**large, **common}}


BOOLEAN: Mapping[str, Any] = {"low": 1.0, "high": 1.0, "noise": 0.0}
"""Features that are there or not, without noise: the codes of which S10 speaks."""

SETTINGS: Mapping[str, Setting] = {
    each.name: each
    for each in (
        Setting(
            "balls",
            "Do single units learn convex concepts that lie apart?",
            "disjoint-balls",
            "regions",
            _grown(
                {"dim": 4, "concepts": 8, "radius": 0.3},
                {"dim": 8, "concepts": 16, "radius": 0.35},
                {"dim": 16, "concepts": 32, "radius": 0.4},
                gap=0.1,
            ),
        ),
        Setting(
            "polytopes",
            "Are concepts that F half-spaces bound exactly approximated by units of about F neurons?",
            "polytopes",
            "regions",
            _grown(
                {"dim": 3, "concepts": 6, "facets": 8},
                {"dim": 4, "concepts": 10, "facets": 11},
                {"dim": 6, "concepts": 16, "facets": 17},
            ),
        ),
        Setting(
            "overlap",
            "Can concepts that share points be told apart (S7: as many neurons as concepts meet)?",
            "overlapping-balls",
            "regions",
            _grown(
                {"dim": 3, "groups": 2, "depth": 3},
                {"dim": 4, "groups": 4, "depth": 4},
                {"dim": 6, "groups": 6, "depth": 5},
            ),
        ),
        Setting(
            "chain",
            "How deep a chain of nested concepts is learned (S7: no deeper than the sparsity)?",
            "nested-balls",
            "regions",
            _grown(
                {"dim": 3, "depth": 4, "ratio": 0.7},
                {"dim": 4, "depth": 6, "ratio": 0.75},
                {"dim": 6, "depth": 8, "ratio": 0.85},
            ),
        ),
        Setting(
            "tree",
            "Is a tree of nested regions learned, and its order kept?",
            "ball-tree",
            "regions",
            _grown(
                {"dim": 3, "depth": 3, "branching": 2},
                {"dim": 5, "depth": 3, "branching": 3},
                {"dim": 8, "depth": 4, "branching": 3},
            ),
        ),
        Setting(
            "union",
            "How near does anything come to a concept that is not convex (A1: e_irr is known)?",
            "ball-union",
            "regions",
            _grown({"dim": 3, "balls": 3}, {"dim": 4, "balls": 5}, {"dim": 6, "balls": 8}, distance=1.0),
        ),
        Setting(
            "shell",
            "What is made of a hollow concept, whose hole no unit can leave out?",
            "non-convex",
            "regions",
            _grown({"dim": 3}, {"dim": 4}, {"dim": 6}, shape="shell"),
        ),
        Setting(
            "checkerboard",
            "Is XOR, which no unit separates, answered with no?",
            "checkerboard",
            "regions",
            _grown({"dim": 2, "axes": 2}, {"dim": 3, "axes": 3}, {"dim": 4, "axes": 4}, cells=2),
        ),
        Setting(
            "ring",
            "Is a disk, all of whose negatives surround it, separated by a unit (S4: by how few)?",
            "disk-in-ring",
            "regions",
            _grown({"dim": 2}, {"dim": 3}, {"dim": 4}, gap=0.5),
        ),
        Setting(
            "week",
            "How is a cyclic concept split into days?",
            "week",
            "regions",
            _grown({"dim": 2}, {"dim": 4}, {"dim": 16}),
        ),
        Setting(
            "splits",
            "Does a concept whose pieces lie apart by a planted margin split along them (P1)?",
            "ball-union",
            "regions",
            _grown({"dim": 3, "balls": 3}, {"dim": 4, "balls": 5}, {"dim": 6, "balls": 8}, distance=2.5),
        ),
        Setting(
            "absorption-edge",
            "Does a parent's neuron fall silent on children at the edge of its family (P2: it can)?",
            "absorption",
            "features",
            _grown(
                {"dim": 8, "parents": 2, "children": 2},
                {"dim": 16, "parents": 4, "children": 3},
                {"dim": 24, "parents": 6, "children": 3},
                position="extreme",
                frequency=0.2,
            ),
        ),
        Setting(
            "absorption-inside",
            "The same with children in the hull of their siblings (P2: no absolute neuron can)?",
            "absorption",
            "features",
            _grown(
                {"dim": 8, "parents": 2, "children": 2},
                {"dim": 16, "parents": 4, "children": 3},
                {"dim": 24, "parents": 6, "children": 3},
                position="inside",
                frequency=0.2,
            ),
        ),
        Setting(
            "hedging",
            "Are features that mostly come in pairs told apart, or merged (P5, P7)?",
            "superposition",
            "features",
            _grown(
                {"dim": 16, "features": 24, "pairs": 8, "rate": 0.1},
                {"dim": 32, "features": 64, "pairs": 24, "rate": 0.05},
                {"dim": 48, "features": 192, "pairs": 80, "rate": 0.02},
                child_rate=0.8,
            ),
        ),
        Setting(
            "superposition-1",
            "Are features learned where theory lets single neurons name them (S10), K ≪ n < p?",
            "superposition",
            "features",
            _grown(
                {"dim": 16, "features": 32, "active": 2},
                {"dim": 32, "features": 128, "active": 2},
                {"dim": 48, "features": 256, "active": 2},
                **BOOLEAN,
            ),
        ),
        Setting(
            "superposition-2",
            "The same beyond what single neurons can name: what is learned within a tolerance?",
            "superposition",
            "features",
            _grown(
                {"dim": 16, "features": 48, "active": 4},
                {"dim": 32, "features": 128, "active": 6},
                {"dim": 48, "features": 256, "active": 8},
                **BOOLEAN,
            ),
        ),
        Setting(
            "feature-trees",
            "The law of SynthSAEBench: Zipf rates, trees of features, children that exclude one another.",
            "superposition",
            "features",
            _grown(
                {"dim": 24, "features": 80, "roots": 16, "branching": 3, "rate": 0.06},
                {"dim": 48, "features": 160, "roots": 32, "branching": 3, "rate": 0.04},
                {"dim": 64, "features": 320, "roots": 64, "branching": 3, "rate": 0.02},
                depth=1,
                exclusive=0.5,
                zipf=0.5,
            ),
        ),
        Setting(
            "lattice-tree",
            "Is the concept lattice of a taxonomy recovered (F4: some SAE has it)?",
            "formal-context",
            "regions",
            _grown(
                {"dim": 6, "context": "taxonomy-2x4"},
                {"dim": 8, "context": "taxonomy-3x4"},
                {"dim": 12, "context": "taxonomy-2x7"},
                concepts="attributes",
            ),
        ),
        Setting(
            "lattice-divisors",
            "Is a lattice with many overlapping concepts recovered: the divisors of a number?",
            "formal-context",
            "regions",
            _grown(
                {"context": "divisors-72"},
                {"context": "divisors-5040"},
                {"context": "divisors-720720"},
                dim=8,
                concepts="attributes",
            ),
        ),
        Setting(
            "clusters",
            "Are clusters of different intrinsic dimension learned alike?",
            "heterogeneous-clusters",
            "clusters",
            _grown({"dim": 16}, {"dim": 32}, {"dim": 64}),
        ),
        Setting(
            "digits",
            "Real data: the 1,797 handwritten digits that scikit-learn ships (one size, called s, m and l).",
            "digits",
            "real",
            _grown({}, {}, {}),
        ),
    )
}
"""All settings by name."""


@checked_arguments()
def setting(name: str) -> Setting:
    """Return a setting by its name.

    Raises
    ------
    InvalidInput
        If there is no such setting; the nearest name is given.

    Examples
    --------
    >>> setting("superposition-2").sizes["s"]
    {'dim': 16, 'features': 48, 'active': 4, 'low': 1.0, 'high': 1.0, 'noise': 0.0}
    """
    refuse_unknown([name], SETTINGS, f"{BENCHMARK}: 'name'", "setting")
    return SETTINGS[name]
