"""Dataset cards as pages: what a data set is, how it was made, what is true in it, and its picture."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from geosae.data.dataset import ConceptDataset
from geosae.data.order import cover_edges
from geosae.data.truth import ConceptTruth
from geosae.report.markup import Child, Markup, details, page, table, tag, with_code
from geosae.report.style import STYLE

_LISTED = 64
"""At most so many concepts, and inclusions, are listed on a page."""

CARD = """
code.long{overflow-wrap:anywhere}.identity p{margin:.2rem 0;font-size:.86rem}
.edges{columns:14rem;font-size:.9rem}
"""
"""What cards need besides the style sheet of the report."""


@dataclass(frozen=True)
class Construction:
    """What a world tells of itself, in words.

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

    def markup(self) -> Markup:
        """Return it as part of a page, the bytes within."""
        data = base64.b64encode(self.png).decode("ascii")
        image = tag("img", src=f"data:image/png;base64,{data}", alt=self.alt, width=str(self.width))
        return tag("figure", tag("div", image, cls="scroll"), tag("figcaption", self.caption))


def card_page(title: str, data: ConceptDataset, construction: Construction | None, picture: Picture) -> str:
    """Return a dataset card as one document that loads nothing.

    Parameters
    ----------
    title
        Its heading.
    data
        The data set.
    construction
        What its world tells of itself; None where it comes from no world.
    picture
        Its drawing.

    Examples
    --------
    >>> import numpy as np
    >>> data = ConceptDataset(np.eye(2), np.eye(2) > 0, ("a", "<b>"))
    >>> "&lt;b&gt;" in card_page("mine", data, None, Picture(b"", "", ""))
    True
    """
    lead = construction.summary if construction else "A data set of concepts as sets of points."
    body = [
        tag("header", tag("h1", title), tag("p", lead, cls="lead")),
        tag("main", picture.markup(), card_parts(data, construction), identity(data)),
        tag("footer", "Dataset card by geosae. Everything on this page is in this file."),
    ]
    return page(f"{title}: dataset card", STYLE + CARD, body)


def card_parts(data: ConceptDataset, construction: Construction | None, level: str = "h2") -> list[Markup]:
    """Return construction, parameters, truth and hierarchy of a data set under headings of that level."""
    parts: list[Markup] = []
    if construction is not None:
        steps = tag("ol", [tag("li", with_code(step)) for step in construction.steps])
        parts += [tag(level, "Construction"), steps]
        parts += [tag("p", tag("b", "Points: "), with_code(construction.distribution))]
        if construction.parameters:
            columns = ["parameter", "value", "unit", "range", "meaning"]
            rows = [[*row[:4], with_code(row[4])] for row in construction.parameters]
            parts += [tag(level, "Parameters"), table(columns, rows, prose=[3, 4])]
    parts += [tag(level, "Concepts and their truth"), _truth_table(data)]
    if construction is not None:
        parts += [tag("p", tag("b", "Closed forms: "), with_code(construction.truth))]
    return [*parts, tag(level, "Hierarchy"), _hierarchy(data)]


def identity(data: ConceptDataset) -> Markup:
    """Return what fixes the bytes: content hash, seed, version, sizes."""
    version = data.provenance.get("version")
    lines = {
        "content hash (SHA-256)": data.content_hash,
        "seed": "not recorded" if data.seed is None else str(data.seed),
        "made by": "unknown" if version is None else f"geosae {version}",
        "points": f"{data.size} in dimension {data.dim}, {data.points.dtype}",
        "concepts": str(len(data.names)),
    }
    items = [tag("p", tag("b", f"{name}: "), tag("code", value, cls="long")) for name, value in lines.items()]
    return tag("div", tag("p", "What fixes the bytes:"), items, cls="identity")


def _truth_table(data: ConceptDataset) -> Markup:
    truth = data.truth or (None,) * len(data.names)
    sizes = data.membership.sum(axis=0).tolist()
    rows = [
        [name, str(size), *truth_cells(one)]
        for name, size, one in zip(data.names[:_LISTED], sizes, truth, strict=False)
    ]
    more = len(data.names) - len(rows)
    caption = "Of the regions; – is not known, or has no finite value."
    if more > 0:
        caption += f" The first {_LISTED} of {len(data.names)} concepts."
    columns = [
        "concept",
        "points",
        "convex",
        "e_irr",
        "one neuron (S1)",
        "a unit (S3)",
        "m*",
        "overlap depth",
    ]
    return table(columns, rows, caption=caption, numeric=[1, 3, 6, 7])


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


def _hierarchy(data: ConceptDataset) -> Markup:
    names = data.names
    edges = cover_edges(data.hierarchy)
    if not edges:
        return tag("p", "No concept of the sample lies inside another.")
    declared = set(data.declared_subsets)
    lines: list[Child] = []
    for child, parent in edges[:_LISTED]:
        known = (names[child], names[parent]) in declared
        lines.append(tag("li", f"{names[child]} ⊂ {names[parent]}", "" if known else " (on the sample)"))
    listed = tag("ul", lines, cls="edges")
    if len(edges) <= 12:
        return listed
    more = f", the first {_LISTED} of them" if len(edges) > _LISTED else ""
    return details(f"{len(edges)} inclusions{more}", listed)


def sections(names: Sequence[tuple[str, str]]) -> Markup:
    """Return the list of contents: pairs of an element's id and its title."""
    return tag("nav", tag("ul", [tag("li", tag("a", title, href=f"#{anchor}")) for anchor, title in names]))
