r"""
A disk inside a ring: no neuron, but a unit
===========================================

No half-plane holds the disk and nothing of the ring (S1 fails: every hull that contains the ring contains the disk).
A *unit* of half-planes can do it (S3), and with a gap :math:`\gamma` between disk and ring the smallest one has
:math:`\lceil \pi / \arccos(1/(1+\gamma)) \rceil` members (S4). Both verdicts carry certificates, checked exactly.
"""

# %%
# A world whose truth is known
# ----------------------------
import numpy as np
from geosae_synthetic import make

from geosae.figures import halfplanes, units_in_plane
from geosae.figures.units import UnitPicture
from geosae.geometry import separate, separate_unit, smallest_unit

world = make("disk-in-ring", points=400, dim=2, gap=0.5, rng=np.random.default_rng(0))
disk, ring = world.points[world.membership[:, 0]], world.points[~world.membership[:, 0]]
print(world.truth[0])

# %%
# One neuron: a certificate that none exists
# ------------------------------------------
# At most :math:`n + 2 = 4` points, with rational weights, give both hulls a common point.
verdict = separate(disk, ring).check()
print(type(verdict).__name__, len(verdict.points_a) + len(verdict.points_b), "points")

# %%
# A unit: the half-planes, and the fewest of them
# -----------------------------------------------
unit = separate_unit(disk, ring).check()
fewest = smallest_unit(disk, ring, exact=True).check()
print(
    f"a unit of {len(unit.halfspaces)} separates; the smallest has {fewest.lower} to {fewest.upper} members"
)

figure = halfplanes(fewest.unit, world.points, world.membership, world.names)

# %%
# What the unit carves out of the plane
# -------------------------------------
# No point of the ring is left inside, and none of the disk is missed.
picture = UnitPicture(0, tuple(range(len(fewest.unit))), f"|M| = {len(fewest.unit)}")
carved = units_in_plane(fewest.unit, [picture], world.points, world.membership, world.names)
