"""Floor 0: pure mathematics on numpy arrays."""

from geosae.geometry._door import InvalidInput as InvalidInput
from geosae.geometry.halfspaces import HalfSpaces as HalfSpaces
from geosae.geometry.halfspaces import NoHalfSpace as NoHalfSpace
from geosae.geometry.intervals import clopper_pearson as clopper_pearson
from geosae.geometry.intervals import ratio_interval as ratio_interval
