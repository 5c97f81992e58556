"""Trained SAEs around balls: the excess of the neurons that hold one, against the best of as many (A2)."""

from collections.abc import Sequence
from fractions import Fraction

import numpy as np
from jaxtyping import Bool, Float

from geosae.geometry import Ball, HalfSpaces, UniformBox
from geosae.verification import Evidence, Observed, TrainedInstance, compare
from proofs_checks._balls import ball_volume, cap_excess
from proofs_checks._polygons import area, cut_all
from proofs_checks._runs import fitted_units, sample_view, share_at_most

# Far above the rounding of the closed forms and of a half-space's distance from a center.
ROUNDING = 1e-12
# The largest dimension in which the cap bound is known in closed form here.
MOST_DIMENSIONS = 5
# Ambient points drawn, and the probability that their count misleads.
DRAWN = 20_000
FALSE_ALARM = 1e-10
# The points must not depend on the SAE: a stream that nothing else draws from.
STREAM = (20_000, 162)


def excess_around_balls(instance: TrainedInstance) -> Sequence[Evidence]:
    """Hold the excess of units around a ball against that of the best polyhedron with as many facets.

    The units: the largest that detects all of the ball in the ambient space, and two that are fitted to the
    sample, around the ball of the same center that they do hold. Half-spaces of the box of the ambient
    measure count as facets too; neurons whose half-space holds the whole box do not. In the plane the area
    is exact; above, it is at most the upper end of an interval, wrong with probability 1e-10.
    """
    data, ambient = instance.dataset, instance.dataset.ambient
    if instance.neurons.gating != "absolute" or not 2 <= data.dim <= MOST_DIMENSIONS:
        return ()
    balls = {name: r for name, r in zip(data.names, data.regions, strict=False) if isinstance(r, Ball)}
    if not balls or not isinstance(ambient, UniformBox):
        return ()
    halves = instance.neurons.half_spaces()
    fires = instance.neurons.fires(ambient.sample(DRAWN, np.random.default_rng(STREAM)))
    cutting, view = _cutting(halves, ambient), sample_view(instance)
    fitted = fitted_units(view)
    evidence: list[Evidence] = []
    for name, ball in balls.items():
        reach = _reach(halves, ball.center)
        units = {"the largest unit": reach >= ball.radius}
        fitted_here = [f.unit for f in fitted if view.names[f.concept] == name]
        units |= {f"fitted unit {i}": unit for i, unit in enumerate(fitted_here)}
        for which, chosen in units.items():
            unit = chosen & cutting
            radius = min(float(reach[unit].min(initial=ball.radius)), _room(ambient, ball.center))
            if radius <= 0 or not unit.any():
                continue  # the box alone says nothing about the SAE
            sides = int(unit.sum()) + 2 * data.dim
            least = radius**data.dim * cap_excess(sides, data.dim)
            label = f"{instance.label}: {name}, {which}, {sides - 2 * data.dim} neurons and the box"
            theta = np.all(fires[:, unit], axis=1)
            around = _excess(
                halves.take(np.flatnonzero(unit)), theta, Ball(ball.center, radius), ambient, label
            )
            evidence.append(compare(around, least, "lower"))
    return evidence


def _room(box: UniformBox, center: Float[np.ndarray, " n"]) -> float:
    """Return the distance from a point to the faces of the box."""
    return float(np.minimum(center - box.low, box.high - center).min())


def _reach(halves: HalfSpaces, center: Float[np.ndarray, " n"]) -> Float[np.ndarray, " d"]:
    """Return the radius of the ball that each half-space surely holds, whatever the rounding."""
    lengths = np.linalg.norm(halves.w, axis=1)
    inside = halves.w @ center + halves.c
    doubt = ROUNDING * (lengths * (1 + np.linalg.norm(center)) + np.abs(halves.c))
    flat = np.where(inside > 0, np.inf, -np.inf)
    return np.where(lengths > 0, (inside - doubt) / np.where(lengths > 0, lengths, 1), flat)


def _cutting(halves: HalfSpaces, box: UniformBox) -> Bool[np.ndarray, " d"]:
    """Tell which half-spaces leave out a corner of the box."""
    worst = np.minimum(halves.w * box.low, halves.w * box.high).sum(axis=1) + halves.c
    return worst < 0


def _excess(
    halves: HalfSpaces, theta: Bool[np.ndarray, " N"], ball: Ball, box: UniformBox, label: str
) -> Observed:
    """Return the volume of the unit in the box without the ball's: exactly, or the end of an interval."""
    ball_size = ball.radius**box.dim * ball_volume(box.dim)
    if box.dim > 2:
        whole = float(np.prod(box.high - box.low))
        value = whole * share_at_most(int(theta.sum()), len(theta), FALSE_ALARM) - ball_size
        return Observed(value, label, "statistical", false_alarm=FALSE_ALARM)
    (left, low), (right, high) = (tuple(Fraction(float(v)) for v in end) for end in (box.low, box.high))
    corners = [(left, low), (right, low), (right, high), (left, high)]
    lines = [
        (Fraction(float(a)), Fraction(float(b)), Fraction(float(c)))
        for (a, b), c in zip(halves.w, halves.c, strict=True)
    ]
    return Observed(
        area(cut_all(corners, lines)) - Fraction(ball_size), label, "certified", ROUNDING * (1 + ball_size)
    )
