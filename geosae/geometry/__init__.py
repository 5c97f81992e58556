"""Floor 0: pure mathematics on numpy arrays."""

from geosae.geometry._door import InvalidInput as InvalidInput
from geosae.geometry.halfspaces import HalfSpaces as HalfSpaces
from geosae.geometry.halfspaces import NoHalfSpace as NoHalfSpace
from geosae.geometry.intervals import clopper_pearson as clopper_pearson
from geosae.geometry.intervals import ratio_interval as ratio_interval
from geosae.geometry.measures import Gaussian as Gaussian
from geosae.geometry.measures import Measure as Measure
from geosae.geometry.measures import UniformBall as UniformBall
from geosae.geometry.measures import UniformBox as UniformBox
from geosae.geometry.measures import measure_from_dict as measure_from_dict
from geosae.geometry.sets import AffineImage as AffineImage
from geosae.geometry.sets import Ball as Ball
from geosae.geometry.sets import Box as Box
from geosae.geometry.sets import Cap as Cap
from geosae.geometry.sets import Capsule as Capsule
from geosae.geometry.sets import Ellipsoid as Ellipsoid
from geosae.geometry.sets import Polygon as Polygon
from geosae.geometry.sets import Polytope as Polytope
from geosae.geometry.sets import Product as Product
from geosae.geometry.sets import Region as Region
from geosae.geometry.sets import Shell as Shell
from geosae.geometry.sets import Union as Union
from geosae.geometry.sets import l_shape as l_shape
from geosae.geometry.sets import region_from_dict as region_from_dict
from geosae.geometry.sets import star_polygon as star_polygon
