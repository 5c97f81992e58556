"""What the explorer shows, as one tree of typed records: `explore.json`, in a schema that bears a version.

Numbers are the stored ones of the source; arrays are blocks that a browser unpacks by itself. Points, planes,
histograms and examples are read from the data set and the SAE's files.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from geosae.analysis import Notion
from geosae.analysis.round_trips import ConceptRoundTrip
from geosae.data.truth import ConceptTruth
from geosae.experiments import Cell
from geosae.experiments.cell_result import ConceptAnswers
from geosae.experiments.measures import MetricMeasures
from geosae.explorer.blocks import Block
from geosae.explorer.lattices import LatticePair
from geosae.notebook import short_repr
from geosae.storage.records import check_fields

SCHEMA = "geosae-explore-1"


@dataclass(frozen=True)
class Plane:
    """The plane in which something is drawn.

    Attributes
    ----------
    exact
        Whether the points lie in this plane, so that the picture leaves nothing out.
    words
        What the two axes are.
    origin
        (n,): the point that is drawn at 0.
    axes
        (2, n): coordinates are ⟨x − origin, axis⟩; orthonormal.
    shares
        The share of the variance of the points along each axis.
    """

    exact: bool
    words: str
    origin: Block
    axes: Block
    shares: tuple[float, float]

    __repr__ = short_repr


@dataclass(frozen=True)
class HullPoint:
    """A point of a convex combination: its coordinates (n,), its weight, and whether the concept holds it."""

    point: Block
    weight: float
    inside: bool

    __repr__ = short_repr


@dataclass(frozen=True)
class SampleVerdict:
    """What S1 and S3 say of a concept on random points of the data set, with what proves it.

    Attributes
    ----------
    possible
        What separates the concept there without error: one neuron, a unit, or neither.
    points
        How many points were judged.
    margin
        Of the separating hyperplane; nan where the hulls meet.
    normal, offset
        The hyperplane ⟨normal, x⟩ + offset = 0; None and nan where the hulls meet.
    common
        Where the hulls meet: points of both whose convex combinations are the same point.
    intruders
        How many other points lie in the concept's hull: no unit that misses nothing excludes them.
    intruder_points
        (k, n): the first of them.
    warning
        What S8 says of so few points; empty where the verdict says something.
    """

    possible: Literal["neuron", "unit", "neither"]
    points: int
    margin: float
    normal: Block | None
    offset: float
    common: tuple[HullPoint, ...]
    intruders: int
    intruder_points: Block | None
    warning: str

    __repr__ = short_repr


@dataclass(frozen=True)
class ConceptRecord:
    """One concept of a world: its size, what theory and the sample say of it, and the plane it is drawn in.

    `possible` says in words what could separate its region without error; "–" where nothing is known.
    """

    name: str
    points: int
    share: float
    truth: ConceptTruth | None
    possible: str
    above: tuple[int, ...]
    """The concepts that hold all of its points."""
    below: tuple[int, ...]
    """The concepts all of whose points it holds."""
    plane: Plane | None = None
    sample: SampleVerdict | None = None

    __repr__ = short_repr


@dataclass(frozen=True)
class PointSample:
    """The points that can be drawn: held-out points, `uniform` of them at random, others as examples.

    Attributes
    ----------
    uniform
        The first so many were drawn at random; the others were added for rare concepts and as examples.
    rows
        (k,): their numbers among the held-out points.
    coordinates
        (k, n), rounded to float32.
    membership
        (k, p).
    held_out
        How many held-out points there are.
    """

    uniform: int
    rows: Block
    coordinates: Block
    membership: Block
    held_out: int

    __repr__ = short_repr


@dataclass(frozen=True)
class AnswerColumn:
    """The answers of one SAE: the trained one, a baseline, or the trained one under shuffled labels."""

    name: str
    answers: ConceptAnswers

    __repr__ = short_repr


@dataclass(frozen=True)
class PairTable:
    """One notion for all concepts and single neurons, (p, d): the decisive error with its interval.

    Intervals hold at once for all pairs of the table (E2); an edge is a pair that is certified at the
    tolerance (E4). An end that is not finite is nan.
    """

    error: Block
    low: Block
    high: Block
    edges: Block

    __repr__ = short_repr


@dataclass(frozen=True)
class NeuronRecord:
    """One neuron: how often and how strongly it fires on the held-out points, and examples of them.

    Attributes
    ----------
    fired, density
        On how many points, and on which share.
    dead
        Whether it fires on no point.
    dense
        Whether it fires on more than half of them.
    mean, deviation, skewness, kurtosis, greatest
        Of its activations where it fires; the kurtosis of a normal variable is 3.
    histogram
        How many activations lie in each of equal bins from 0 to the greatest.
    ablation
        What setting it to 0 adds to the fraction of variance unexplained.
    top, random
        Where it fires most strongly, and where it fires, at random: numbers into the drawn points.
    nearest
        The atoms of the greatest cosine with its own, and these cosines.
    encoder_norm, decoder_norm
        ‖w_i‖ and the length of the atom.
    """

    fired: int
    density: float
    dead: bool
    dense: bool
    mean: float
    deviation: float
    skewness: float
    kurtosis: float
    greatest: float
    histogram: tuple[int, ...]
    ablation: float
    top: tuple[int, ...]
    random: tuple[int, ...]
    nearest: tuple[tuple[int, float], ...]
    encoder_norm: float
    decoder_norm: float

    __repr__ = short_repr


@dataclass(frozen=True)
class NeuronGeometry:
    """The neurons as geometry, and what they do at the drawn points.

    Attributes
    ----------
    half_spaces
        Whether each fires exactly where ⟨w, x⟩ + offset > 0. Behind a relative gate that is necessary only.
    weights, offsets
        (d, n) and (d,).
    second, origin
        (d, n) and (n,): the second axis of each neuron's plane, whose first is its weight's direction.
    shares
        (d, 2): the share of the points' variance along the two axes.
    activations
        (k, d): at the drawn points.
    """

    half_spaces: bool
    weights: Block
    offsets: Block
    second: Block
    origin: Block
    shares: Block
    activations: Block

    __repr__ = short_repr


@dataclass(frozen=True)
class SAERecord:
    """One SAE: its answers beside its baselines, its neurons, and its lattice.

    Attributes
    ----------
    label
        How captions call it.
    cell
        What decides it, where it is a cell of a run.
    tolerance, alpha
        ε, at which it was judged, and the chance that anything of one kind is wrong.
    fit_points, test_points
        Points that chose neurons and units, and points that judged them.
    metrics
        L0, FVU, dead and dense share, MCC.
    columns
        The answers of the trained SAE first.
    tables
        All single neurons, for each notion that was measured.
    approximation_reason
        Why approximation was not measured, or of which concepts.
    neurons
        A record per neuron; empty where the SAE's files are not there.
    geometry
        Likewise None.
    round_trips
        What becomes of each concept that is learned by its best neuron (F2), and its closure.
    lattices
        None where none were stored.
    python
        How to read it in Python.
    """

    label: str
    cell: Cell | None
    tolerance: float
    alpha: float
    fit_points: int
    test_points: int
    metrics: MetricMeasures[float]
    columns: tuple[AnswerColumn, ...]
    tables: Mapping[Notion, PairTable]
    approximation_reason: str
    width: int
    kept: tuple[int, ...]
    """The neurons that are here, by number, where not all of them are; tables and records have these."""
    fired: tuple[int, ...]
    """On how many points each neuron fires."""
    neurons: tuple[NeuronRecord, ...] = ()
    geometry: NeuronGeometry | None = None
    round_trips: tuple[ConceptRoundTrip, ...] = ()
    lattices: LatticePair | None = None
    python: str = ""

    __repr__ = short_repr

    def answers(self, column: int = 0) -> ConceptAnswers:
        """Return the answers of a column."""
        return self.columns[column].answers


@dataclass(frozen=True)
class WorldRecord:
    """One data set with its concepts, and the SAEs of it.

    Attributes
    ----------
    image
        Height and width where the points are images; None elsewhere.
    left_out
        The SAEs of the source that are not here, by name.
    """

    name: str
    size: int
    dim: int
    image: tuple[int, int] | None
    concepts: tuple[ConceptRecord, ...]
    points: PointSample | None
    saes: tuple[SAERecord, ...]
    left_out: tuple[str, ...] = ()

    __repr__ = short_repr


@dataclass(frozen=True)
class ExploreData:
    """Everything the explorer shows of a source.

    Attributes
    ----------
    title
        What the source is called.
    source
        Its folder.
    format
        The version of geosae that gathered it.
    notes
        What was left out, in sentences.
    schema
        The version of this tree.
    """

    title: str
    source: str
    format: str
    worlds: tuple[WorldRecord, ...]
    notes: tuple[str, ...] = ()
    schema: Literal["geosae-explore-1"] = field(default=SCHEMA)

    __repr__ = short_repr

    def __post_init__(self) -> None:
        check_fields(self, "the explorer's records")
