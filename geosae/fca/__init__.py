"""Formal contexts and their concept lattices: read, mined, compared and laid out."""

from geosae.fca.additive import additive as additive
from geosae.fca.build import TooManyConcepts as TooManyConcepts
from geosae.fca.build import concept_lattice as concept_lattice
from geosae.fca.build import count_concepts as count_concepts
from geosae.fca.compare import LatticeComparison as LatticeComparison
from geosae.fca.compare import compare as compare
from geosae.fca.implications import Implication as Implication
from geosae.fca.implications import implication_basis as implication_basis
from geosae.fca.implications import stable_core as stable_core
from geosae.fca.lattice import Concept as Concept
from geosae.fca.lattice import ConceptLattice as ConceptLattice
from geosae.fca.layout import Layout as Layout
from geosae.fca.layout import layered as layered
from geosae.fca.nested import NestedContext as NestedContext
from geosae.fca.nested import nested as nested
from geosae.fca.nested import sizes_along as sizes_along
from geosae.fca.scores import deltas as deltas
from geosae.fca.scores import separation_index as separation_index
from geosae.fca.scores import stability as stability
from geosae.fca.scores import stability_bounds as stability_bounds
from geosae.fca.stable import choose_theta as choose_theta
from geosae.fca.stable import iceberg as iceberg
from geosae.fca.stable import stable_family as stable_family
