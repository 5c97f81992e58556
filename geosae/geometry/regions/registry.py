"""All kinds of regions in one place, and reading one from its JSON description.

A region that is imported here is known to `region_from_dict` by its `kind`.
"""

from collections.abc import Mapping
from dataclasses import fields
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
from geosae.storage.arguments import checked_arguments

_CLASSES: dict[str, Any] = {cls.kind: cls for cls in Region.__subclasses__()}


def _read_field(annotation: Any, value: Any) -> Any:
    if annotation is Region:
        return region_from_dict(value)
    if annotation == tuple[Region, ...]:
        return tuple(region_from_dict(part) for part in value)
    if annotation not in (bool, int, float):
        return np.asarray(value, dtype=np.float64)
    fits = isinstance(value, bool) == (annotation is bool) and isinstance(value, int | float)
    if not fits or (annotation is int and not isinstance(value, int)):
        raise TypeError(f"{value!r} is no {annotation.__name__}")
    return value


@checked_arguments()
def region_from_dict(description: Mapping[str, Any]) -> Region:
    """Build the region that `Region.to_dict` described.

    Raises
    ------
    InvalidInput
        If the kind is unknown, or a field is missing or of another type.

    Examples
    --------
    >>> region_from_dict({"kind": "ball", "center": [0.0, 0.0], "radius": 1.0}).volume
    3.141592653589793
    """
    kind = description.get("kind") if isinstance(description, Mapping) else None
    if not isinstance(kind, str) or kind not in _CLASSES:
        raise InvalidInput(
            f"the description has the kind {kind!r}, which is none of a region",
            remedy=f"use one of {', '.join(sorted(_CLASSES))}",
        )
    cls = _CLASSES[kind]
    try:
        return cls(**{f.name: _read_field(f.type, description[f.name]) for f in fields(cls)})
    except KeyError as error:
        raise InvalidInput(f"the description of a {kind} lacks the field {error}") from error
    except (TypeError, OverflowError, ValueError) as error:
        if isinstance(error, InvalidInput):
            raise
        raise InvalidInput(f"the description of a {kind} holds what is no number: {error}") from error
