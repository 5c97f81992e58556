"""A gallery of worlds: every picture with its card, in one document that loads nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from geosae.data.dataset import ConceptDataset
from geosae.report.markup import Markup, details, page, tag, with_code
from geosae.report.style import STYLE
from geosae.report.world_card import CARD, Construction, Picture, card_parts, identity, sections

_GRID = """
main.wide,.wide-page,nav,footer{max-width:78rem}
.gallery{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:1.4rem;
align-items:start}
.gallery article{border:1px solid var(--line);border-radius:8px;padding:.9rem 1rem;min-width:0}
.gallery h3{margin:.1rem 0 .2rem}.gallery figure{margin:.8rem 0}
.gallery article:has(details[open]){grid-column:1/-1}
.gallery details h4{margin:1rem 0 .3rem}
"""


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One picture of the gallery with everything about it."""

    title: str
    world: str
    data: ConceptDataset
    construction: Construction
    picture: Picture


def gallery_page(families: Sequence[tuple[str, str, Sequence[Exhibit]]]) -> str:
    """Return the gallery as one document.

    Parameters
    ----------
    families
        For each family its name, what it is for, and its exhibits.

    Examples
    --------
    >>> gallery_page([("Convex", "All of one piece.", [])]).count("<h2")
    1
    """
    count = sum(len(exhibits) for _, _, exhibits in families)
    names = [(f"family-{k}", name) for k, (name, _, _) in enumerate(families, start=1)]
    worlds = len({exhibit.world for _, _, exhibits in families for exhibit in exhibits})
    lead = (
        f"{worlds} worlds in {len(families)} families, {count} pictures: data sets whose truth is known as "
        "sets. Open a card for construction, parameters and truth."
    )
    body = [
        tag("header", tag("h1", "Gallery of worlds"), tag("p", lead, cls="lead"), cls="wide-page"),
        sections(names),
        tag("main", [_family(*pair) for pair in zip(names, families, strict=True)], cls="wide"),
        tag("footer", "Made by geosae worlds gallery. Everything on this page is in this file."),
    ]
    return page("Gallery of worlds", STYLE + CARD + _GRID, body)


def _family(place: tuple[str, str], family: tuple[str, str, Sequence[Exhibit]]) -> Markup:
    name, words, exhibits = family
    cards = tag("div", [_exhibit(exhibit) for exhibit in exhibits], cls="gallery")
    return tag("section", tag("h2", name), tag("p", words), cards, id=place[0])


def _exhibit(exhibit: Exhibit) -> Markup:
    data = exhibit.data
    head = tag("p", tag("code", exhibit.world), f", n = {data.dim}, N = {data.size}")
    summary = tag("p", with_code(exhibit.construction.summary))
    card = details("Card", card_parts(data, exhibit.construction, "h4"), identity(data))
    return tag("article", tag("h3", exhibit.title), head, summary, exhibit.picture.markup(), card)
