"""Floor 4: concept lattices of formal contexts, mined, compared and laid out."""

from geosae.lattice.additive import additive as additive
from geosae.lattice.build import TooManyConcepts as TooManyConcepts
from geosae.lattice.build import concept_lattice as concept_lattice
from geosae.lattice.build import count_concepts as count_concepts
from geosae.lattice.compare import LatticeComparison as LatticeComparison
from geosae.lattice.compare import compare as compare
from geosae.lattice.implications import Implication as Implication
from geosae.lattice.implications import implication_basis as implication_basis
from geosae.lattice.implications import stable_core as stable_core
from geosae.lattice.lattice import Concept as Concept
from geosae.lattice.lattice import ConceptLattice as ConceptLattice
from geosae.lattice.layout import Layout as Layout
from geosae.lattice.layout import layered as layered
from geosae.lattice.maps import learning_and_interpretation as learning_and_interpretation
from geosae.lattice.nested import NestedContext as NestedContext
from geosae.lattice.nested import along_tolerances as along_tolerances
from geosae.lattice.nested import levels_of as levels_of
from geosae.lattice.nested import nested as nested
from geosae.lattice.nested import sizes_along as sizes_along
from geosae.lattice.scores import deltas as deltas
from geosae.lattice.scores import separation_index as separation_index
from geosae.lattice.scores import stability as stability
from geosae.lattice.scores import stability_bounds as stability_bounds
from geosae.lattice.stable import choose_theta as choose_theta
from geosae.lattice.stable import iceberg as iceberg
from geosae.lattice.stable import stable_family as stable_family
