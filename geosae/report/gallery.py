"""A gallery of worlds: every picture with its card, in one document that loads nothing."""

from collections.abc import Sequence
from dataclasses import dataclass

from geosae.data.dataset import ConceptDataset
from geosae.report.pages import render
from geosae.report.world_card import CardFacts, Construction, Picture, card_facts


@dataclass(frozen=True, eq=False)
class Exhibit:
    """One picture of the gallery with everything about it."""

    title: str
    world: str
    data: ConceptDataset
    construction: Construction
    picture: Picture

    @property
    def facts(self) -> CardFacts:
        """What its card lists."""
        return card_facts(self.data, self.construction)


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
    exhibits = [exhibit for _, _, members in families for exhibit in members]
    worlds = len({exhibit.world for exhibit in exhibits})
    return render("gallery.html.j2", families=families, worlds=worlds, pictures=len(exhibits))
