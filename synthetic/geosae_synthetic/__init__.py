"""Benchmark worlds: concepts as sets of points, with regions, hierarchy and the truth in closed form."""

from geosae_synthetic.contexts import context_named as context_named
from geosae_synthetic.dimension import realise as realise
from geosae_synthetic.planted import planted_halfspaces as planted_halfspaces
from geosae_synthetic.recheck import verify as verify
from geosae_synthetic.registry import describe as describe
from geosae_synthetic.registry import make as make
from geosae_synthetic.registry import names as names
from geosae_synthetic.registry import true_context as true_context
from geosae_synthetic.streams import stream as stream
from geosae_synthetic.streams import stream_names as stream_names
