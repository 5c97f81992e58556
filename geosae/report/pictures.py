"""The drawn figures of a run, put into the page as data: nothing is loaded from anywhere."""

from dataclasses import dataclass
from pathlib import Path

from geosae.report.pages import data_uri
from geosae.storage.structure import read_record

KINDS = {"svg": "image/svg+xml", "png": "image/png"}
"""What a page can show, the sharper first."""
SCREEN = 122
"""Pixels of the screen per inch of the figure."""


@dataclass(frozen=True)
class FigureCard:
    """What stands beside a drawn figure in NAME.json."""

    name: str
    family: str
    position: int
    title: str
    caption: str
    alt: str
    world: str
    width_in: float
    files: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A drawn figure of a run, to be shown on a page."""

    card: FigureCard
    folder: Path

    @property
    def width(self) -> int:
        """Its width on the screen, in pixels."""
        return round(self.card.width_in * SCREEN)

    @property
    def is_wide(self) -> bool:
        """Whether it needs more than half of the page."""
        return self.card.width_in > 4

    @property
    def source(self) -> str | None:
        """The file as an address that holds its bytes; None if it was drawn in no format for pages."""
        for kind, mime in KINDS.items():
            path = self.folder / f"{self.card.name}.{kind}"
            if path.is_file():
                return data_uri(path.read_bytes(), mime)
        return None


def figures_in(folder: Path) -> list[Figure]:
    """Return the figures drawn into a folder, in their own order within each family."""
    cards = [read_record(path, FigureCard) for path in sorted(folder.glob("*.json"))]
    return [Figure(card, folder) for card in sorted(cards, key=lambda card: (card.family, card.position))]
