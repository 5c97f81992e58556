"""Floor 4: concept lattices of formal contexts, mined, compared and laid out."""

from geosae.lattice.build import TooManyConcepts as TooManyConcepts
from geosae.lattice.build import concept_lattice as concept_lattice
from geosae.lattice.build import count_concepts as count_concepts
from geosae.lattice.compare import LatticeComparison as LatticeComparison
from geosae.lattice.compare import compare as compare
from geosae.lattice.lattice import Concept as Concept
from geosae.lattice.lattice import ConceptLattice as ConceptLattice
from geosae.lattice.layout import Layout as Layout
from geosae.lattice.layout import layered as layered
