"""Superposition: p features as columns in n dimensions, and what neurons and probes read out of their sums.

A dictionary is an array of shape (n, p) whose columns are the directions of the features; a code has at most
k non-zero entries, and the points are the sums of its columns. Verdicts come with exact certificates.
"""

from geosae.geometry.superposition.frames import Dimensions as Dimensions
from geosae.geometry.superposition.frames import Frame as Frame
from geosae.geometry.superposition.frames import feature_dimensions as feature_dimensions
from geosae.geometry.superposition.frames import frame_of as frame_of
from geosae.geometry.superposition.frames import least_coherence as least_coherence
from geosae.geometry.superposition.frames import welch as welch
