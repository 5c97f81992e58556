"""A disk whose negatives lie in a ring around it, and a ring whose negatives lie in its hole."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from geosae.data.truth import ConceptTruth
from geosae.geometry.approximation.measures import UniformBall, UniformBox
from geosae.geometry.arrangements.counting import ring_unit_size
from geosae.geometry.regions.registry import Ball, Shell
from geosae_synthetic.nonconvex import times_cube
from geosae_synthetic.spec import Parameter, World
from geosae_synthetic.world_sample import WorldSample, memberships, scatter


def _disk_in_ring(points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]) -> WorldSample:
    inner = 1.0 + params["gap"]
    outer = inner + params["width"]
    disk = times_cube(Ball(np.zeros(2), 1.0), dim)
    ring = times_cube(Shell(np.zeros(2), inner, outer), dim)
    cloud = scatter(points, [disk, ring], rng)
    high = np.concatenate([np.full(2, outer), np.ones(dim - 2)])
    size = ring_unit_size(params["gap"], whole=True)
    return WorldSample(
        cloud,
        memberships(cloud, [disk]),
        ("disk",),
        regions=(disk,),
        ambient=UniformBox(-high, high),
        truth=(ConceptTruth(True, 0.0, one_neuron=False, unit=True, smallest_unit=size, overlap_depth=1),),
        rows=((0,), ()),
        facts={"ring": ring.to_dict()},
    )


def _ring_around_disk(
    points: int, dim: int, rng: np.random.Generator, params: Mapping[str, Any]
) -> WorldSample:
    inner = 1.0 + params["gap"]
    outer = inner + params["width"]
    disk, ring = Ball(np.zeros(dim), 1.0), Shell(np.zeros(dim), inner, outer)
    cloud = scatter(points, [disk, ring], rng)
    error = (inner / outer) ** dim
    return WorldSample(
        cloud,
        memberships(cloud, [ring]),
        ("ring",),
        regions=(ring,),
        ambient=UniformBall(np.zeros(dim), outer),
        truth=(ConceptTruth(False, error, one_neuron=False, unit=False, overlap_depth=1),),
        rows=((0,), ()),
        facts={"disk": disk.to_dict()},
    )


_PARAMETERS = (
    Parameter("gap", 0.5, "distance between disk and ring", unit="disk radii", low=0, open_low=True),
    Parameter("width", 0.5, "thickness of the ring", unit="disk radii", low=0, open_low=True),
)

WORLDS = (
    World(
        name="disk-in-ring",
        summary="A disk with all its negatives in a ring around it: no single neuron separates, a unit does.",
        steps=(
            "The concept is the unit disk of the first two coordinates, times [−1, 1]ⁿ⁻².",
            "The negatives fill the ring 1 + gap ≤ |(x₁, x₂)| ≤ 1 + gap + width, times [−1, 1]ⁿ⁻².",
            "ν is uniform on the box around both.",
        ),
        distribution="Half uniform on the disk's cylinder, half uniform on the ring's; nothing elsewhere.",
        truth="Convex, e_irr = 0, S1 fails, S3 holds, and m* = ⌊π / arccos(1/(1+gap))⌋ + 1: a half-space "
        "that holds the closed disk excludes less than the angle 2·arccos(1/(1+gap)) of the inner circle.",
        parameters=_PARAMETERS,
        least_dim=2,
        build=_disk_in_ring,
    ),
    World(
        name="ring-around-disk",
        summary="A ring (in Rⁿ a shell) with its negatives in the hole: no unit separates it.",
        steps=(
            "The concept is the shell 1 + gap ≤ |x| ≤ 1 + gap + width.",
            "The negatives fill the unit ball in its hole.",
            "ν is uniform on the ball of the shell's outer radius.",
        ),
        distribution="Half uniform on the shell, half uniform on the ball in its hole; nothing elsewhere.",
        truth="Not convex, S1 and S3 fail, and e_irr = ((1 + gap)/(1 + gap + width))ⁿ exactly: the hole's "
        "share of ν.",
        parameters=_PARAMETERS,
        least_dim=2,
        build=_ring_around_disk,
    ),
)
