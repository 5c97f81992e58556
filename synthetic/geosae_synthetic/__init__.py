"""Benchmark worlds: concepts as sets of points, with regions, hierarchy and the truth in closed form."""

from geosae_synthetic.registry import describe as describe
from geosae_synthetic.registry import make as make
from geosae_synthetic.registry import names as names
