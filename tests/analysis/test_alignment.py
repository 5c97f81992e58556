"""Which level the edges of each notion are certified at."""

import numpy as np
import pytest
from analysis.planted import Planted

from geosae.analysis import AnalysisConfig, analyse
from geosae.data.dataset import ConceptDataset
from geosae.geometry.approximation.measures import UniformBox
from geosae.geometry.regions.registry import Box


@pytest.mark.parametrize("size", range(110, 190, 10))
def test_detection_and_separation_share_alpha_and_approximation_has_its_own(size):
    points = np.random.default_rng(size).uniform(-1, 1, (4 * size, 2))
    points[:, 0] = np.where(np.arange(4 * size) < size, 1, -1) * np.abs(points[:, 0])
    box = UniformBox(np.full(2, -1.0), np.full(2, 1.0))
    half = Box(np.array([0.0, -1.0]), np.array([1.0, 1.0]))
    data = ConceptDataset(points, points[:, :1] > 0, ("right",), regions=(half,), ambient=box)
    al = analyse(
        Planted(np.array([[1.0, 0.0]]), np.zeros(1)), data, AnalysisConfig(ambient_samples=size, floor=False)
    )
    # Errorless: (1/1.05)^n is at most α from 62 points on, at most α/2 from 76 on.
    n = int(al.counts.positives[0, 0])
    assert al.context("separation").incidence.tolist() == [[n >= 76]]
    fresh = int(al.approximation.counts.outer.positives[0, 0])
    assert al.context("approximation").incidence.tolist() == [[fresh >= 62 or n >= 76]]
