"""
Every lattice is the detection lattice of some autoencoder
==========================================================

Statement F4: a finite lattice with :math:`|J|` join-irreducible and :math:`|M|` meet-irreducible elements is the detection
lattice of a ReLU autoencoder with :math:`|M|` neurons, and of none with fewer. Here the pentagon N₅ is planted and read
back from the neurons' firing sets.
"""

# %%
import numpy as np
from geosae_synthetic import context_named, planted_halfspaces

import geosae
from geosae.figures import lattice_diagram

context = context_named("N5")
points, halfspaces = planted_halfspaces(context)
print(f"{len(points)} concepts in dimension {points.shape[1]}, {len(halfspaces)} neurons")

# %%
# Each concept is one point here; a neuron detects it when it fires there.
fires = halfspaces.contains(points)
assert np.array_equal(fires, context.incidence)
lattice = geosae.concept_lattice(geosae.FormalContext.from_array(fires))
print(len(lattice), "formal concepts, as N₅ has")
figure = lattice_diagram(lattice, title="N₅ from a planted ReLU autoencoder")

# %%
# Any formal context has a lattice: here all subsets of three attributes.
cube = geosae.concept_lattice(context_named("boolean-3"))
picture = lattice_diagram(cube, title="the Boolean lattice B₃")
