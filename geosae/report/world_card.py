"""Dataset cards as pages: what a data set is, how it was made, what is true in it, and its picture."""

from dataclasses import dataclass

from geosae.data.dataset import ConceptDataset
from geosae.data.order import cover_edges
from geosae.data.truth import ConceptTruth
from geosae.report.pages import render, with_code

_LISTED = 64
"""At most so many concepts, and inclusions, are listed on a page."""


@dataclass(frozen=True)
class Construction:
    """What a world says of itself, in words.

    Attributes
    ----------
    summary, distribution, truth
        What it is; the distribution of its points; what is true in it, with the closed forms.
    steps
        How it is built, one after the other.
    parameters
        For each: name, value, unit, range, meaning.
    """

    summary: str
    steps: tuple[str, ...]
    distribution: str
    truth: str
    parameters: tuple[tuple[str, str, str, str, str], ...]


@dataclass(frozen=True)
class Picture:
    """A drawing as the bytes of a PNG file, its caption, and its text for who cannot see it."""

    png: bytes
    caption: str
    alt: str
    width: int = 430


@dataclass(frozen=True)
class Inclusion:
    """A concept that lies inside another; `declared` if not only on the sample."""

    child: str
    parent: str
    declared: bool


@dataclass(frozen=True)
class CardFacts:
    """What a card lists of its data set: the first rows of the tables, and of how many inclusions.

    Attributes
    ----------
    parameters
        For each parameter of the world: name, value, unit, range, meaning.
    truth
        For each concept: name, points, and the cells of `truth_cells`.
    edges, edge_count
        The inclusions of the cover relation that are listed, and how many there are.
    """

    parameters: tuple[tuple[str, ...], ...]
    truth: tuple[tuple[str, ...], ...]
    edges: tuple[Inclusion, ...]
    edge_count: int


def card_page(title: str, data: ConceptDataset, construction: Construction | None, picture: Picture) -> str:
    """Return a dataset card as one document that loads nothing.

    Parameters
    ----------
    title
        Its heading.
    data
        The data set.
    construction
        What its world says of itself; None where it comes from no world.
    picture
        Its drawing.

    Examples
    --------
    >>> import numpy as np
    >>> data = ConceptDataset(np.eye(2), np.eye(2) > 0, ("a", "<b>"))
    >>> "&lt;b&gt;" in card_page("mine", data, None, Picture(b"", "", ""))
    True
    """
    facts = card_facts(data, construction)
    return render(
        "world_card.html.j2", title=title, data=data, construction=construction, facts=facts, picture=picture
    )


def card_facts(data: ConceptDataset, construction: Construction | None) -> CardFacts:
    """Return what a card lists of a data set.

    Examples
    --------
    >>> import numpy as np
    >>> inside = np.array([[True, True], [True, False], [False, False]])
    >>> data = ConceptDataset(np.zeros((3, 2)), inside, ("a", "b"))
    >>> card_facts(data, None).edges
    (Inclusion(child='b', parent='a', declared=False),)
    """
    parameters = construction.parameters if construction else ()
    truths = data.truth or (None,) * len(data.names)
    sizes = data.membership.sum(axis=0).tolist()
    rows = zip(data.names[:_LISTED], sizes, truths, strict=False)
    pairs = [(data.names[child], data.names[parent]) for child, parent in cover_edges(data.hierarchy)]
    declared = set(data.declared_subsets)
    return CardFacts(
        parameters=tuple((*row[:4], with_code(row[4])) for row in parameters),
        truth=tuple((name, str(size), *truth_cells(truth)) for name, size, truth in rows),
        edges=tuple(Inclusion(*pair, declared=pair in declared) for pair in pairs[:_LISTED]),
        edge_count=len(pairs),
    )


def truth_cells(truth: ConceptTruth | None) -> list[str]:
    """Return what is known of a concept: convex, e_irr, S1, S3, m*, overlap depth.

    Examples
    --------
    >>> truth_cells(ConceptTruth(convex=False, error_interval=(0.1, 0.25), unit_interval=(2, None)))
    ['no', '0.1 … 0.25', '–', '–', '≥ 2', '–']
    """
    if truth is None:
        return ["–"] * 6
    error = "–" if truth.irreducible_error is None else f"{truth.irreducible_error:.6g}"
    if truth.irreducible_error is None and truth.error_interval is not None:
        error = " … ".join(f"{bound:.6g}" for bound in truth.error_interval)
    size = "–" if truth.smallest_unit is None else str(truth.smallest_unit)
    if truth.smallest_unit is None and truth.unit_interval is not None:
        low, high = truth.unit_interval
        size = f"≥ {low}" if high is None else f"{low} … {high}"
    depth = "–" if truth.overlap_depth is None else str(truth.overlap_depth)
    return [_word(truth.convex), error, _word(truth.one_neuron), _word(truth.unit), size, depth]


def _word(fact: bool | None) -> str:
    return "–" if fact is None else "yes" if fact else "no"
