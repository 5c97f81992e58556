"""The regions of floor 0 in one place, and the way back from their JSON descriptions."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from geosae.errors import InvalidInput
from geosae.geometry.regions.axial import Cap as Cap
from geosae.geometry.regions.axial import Capsule as Capsule
from geosae.geometry.regions.axial import Cone as Cone
from geosae.geometry.regions.axial import Slab as Slab
from geosae.geometry.regions.base import Region as Region
from geosae.geometry.regions.checkerboard import Checkerboard as Checkerboard
from geosae.geometry.regions.combined import AffineImage as AffineImage
from geosae.geometry.regions.combined import Product as Product
from geosae.geometry.regions.combined import Union as Union
from geosae.geometry.regions.curves import AnnularSector as AnnularSector
from geosae.geometry.regions.curves import Spiral as Spiral
from geosae.geometry.regions.moon import Moon as Moon
from geosae.geometry.regions.polygons import Polygon as Polygon
from geosae.geometry.regions.polygons import l_shape as l_shape
from geosae.geometry.regions.polygons import star_polygon as star_polygon
from geosae.geometry.regions.polytopes import Box as Box
from geosae.geometry.regions.polytopes import Polytope as Polytope
from geosae.geometry.regions.round import Ball as Ball
from geosae.geometry.regions.round import Ellipsoid as Ellipsoid
from geosae.geometry.regions.round import Shell as Shell
from geosae.geometry.regions.tubes import Helix as Helix
from geosae.geometry.regions.tubes import Torus as Torus


def _array(values: Any) -> Any:
    return np.asarray(values, dtype=np.float64)


def _parts(description: Mapping[str, Any]) -> tuple[Region, ...]:
    return tuple(region_from_dict(part) for part in description["parts"])


_KINDS: dict[str, Callable[[Mapping[str, Any]], Region]] = {
    "ball": lambda d: Ball(_array(d["center"]), d["radius"]),
    "ellipsoid": lambda d: Ellipsoid(_array(d["center"]), _array(d["axes"])),
    "shell": lambda d: Shell(_array(d["center"]), d["inner"], d["outer"]),
    "cap": lambda d: Cap(_array(d["center"]), d["radius"], _array(d["axis"]), d["height"]),
    "capsule": lambda d: Capsule(_array(d["center"]), d["radius"], _array(d["end"]), d["end_radius"]),
    "box": lambda d: Box(_array(d["low"]), _array(d["high"])),
    "polytope": lambda d: Polytope(_array(d["vertices"])),
    "polygon": lambda d: Polygon(_array(d["vertices"])),
    "cone": lambda d: Cone(_array(d["center"]), d["radius"], _array(d["axis"]), d["height"]),
    "slab": lambda d: Slab(_array(d["center"]), d["radius"], _array(d["axis"]), d["low"], d["high"]),
    "moon": lambda d: Moon(_array(d["center"]), d["radius"], _array(d["axis"]), d["offset"], d["bite"]),
    "torus": lambda d: Torus(_array(d["center"]), d["radius"], d["thickness"], bool(d["filled"])),
    "helix": lambda d: Helix(d["radius"], d["thickness"], d["pitch"], d["height"]),
    "annular_sector": lambda d: AnnularSector(
        _array(d["center"]), d["inner"], d["outer"], d["direction"], d["half_angle"], bool(d["filled"])
    ),
    "spiral": lambda d: Spiral(d["growth"], d["width"], d["start"], d["end"], bool(d["filled"])),
    "checkerboard": lambda d: Checkerboard(
        _array(d["low"]), _array(d["high"]), d["cells"], bool(d["odd"]), bool(d["filled"])
    ),
    "union": lambda d: Union(_parts(d), bool(d["disjoint"])),
    "product": lambda d: Product(_parts(d)),
    "affine_image": lambda d: AffineImage(
        region_from_dict(d["region"]), _array(d["matrix"]), _array(d["shift"])
    ),
}


def region_from_dict(description: Mapping[str, Any]) -> Region:
    """Build the region that `Region.to_dict` described.

    Raises
    ------
    InvalidInput
        If the kind is unknown or a field is missing.

    Examples
    --------
    >>> region_from_dict({"kind": "ball", "center": [0.0, 0.0], "radius": 1.0}).volume
    3.141592653589793
    """
    kind = description.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise InvalidInput(f"{kind!r} is not a kind of region", remedy=f"use one of {', '.join(_KINDS)}")
    try:
        return _KINDS[kind](description)
    except KeyError as error:
        raise InvalidInput(f"the description of a {kind} lacks the field {error}") from error
