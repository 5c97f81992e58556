"""Formal concept analysis: read a context, get its concept lattice, compare, lay out and export lattices.

A `FormalContext` is read from a file or built from an array; `concept_lattice` returns all its concepts with
their order. Where these are too many, `stable_family`, `iceberg` and `aoc_poset` return some of them, as a
`ConceptFamily`. `compare` says how much of a true lattice is in a learned one, `implication_basis` which
attributes follow from which, `layered` and `additive` where to draw the nodes, and `to_concepts` hands a
lattice to the package `concepts`. Nothing here knows of autoencoders.
"""

from geosae.fca.additive import additive as additive
from geosae.fca.build import Count as Count
from geosae.fca.build import TooManyConcepts as TooManyConcepts
from geosae.fca.build import concept_lattice as concept_lattice
from geosae.fca.build import count_concepts as count_concepts
from geosae.fca.compare import LatticeComparison as LatticeComparison
from geosae.fca.compare import compare as compare
from geosae.fca.context import Clarified as Clarified
from geosae.fca.context import FormalContext as FormalContext
from geosae.fca.families import ConceptFamily as ConceptFamily
from geosae.fca.families import aoc_poset as aoc_poset
from geosae.fca.implications import Implication as Implication
from geosae.fca.implications import implication_basis as implication_basis
from geosae.fca.implications import stable_core as stable_core
from geosae.fca.interop_concepts import to_concepts as to_concepts
from geosae.fca.lattice import Concept as Concept
from geosae.fca.lattice import ConceptLattice as ConceptLattice
from geosae.fca.layout import Layout as Layout
from geosae.fca.layout import layered as layered
from geosae.fca.nested import NestedContext as NestedContext
from geosae.fca.nested import nested as nested
from geosae.fca.nested import sizes_along as sizes_along
from geosae.fca.null_models import permuted as permuted
from geosae.fca.null_models import swapped as swapped
from geosae.fca.relations import closures as closures
from geosae.fca.scores import deltas as deltas
from geosae.fca.scores import separation_index as separation_index
from geosae.fca.scores import stability as stability
from geosae.fca.scores import stability_bounds as stability_bounds
from geosae.fca.stable import choose_theta as choose_theta
from geosae.fca.stable import iceberg as iceberg
from geosae.fca.stable import stable_family as stable_family
