"""Saving: whole files, and the same bytes for the same figure.

A PNG is stored with a palette of at most 256 colours, at about a third of the bytes: the median cut of P.
Heckbert, SIGGRAPH 1982, doi:10.1145/800064.801294, without dithering. Figures are few flat colours and their
mixtures along edges. With at most 256 colours nothing changes; with more, mixtures and the shades of a colour
bar move a little, and where a flat colour would move the picture keeps all its colours.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from geosae.errors import InvalidInput
from geosae.figures.glyphs import set_literally
from geosae.figures.style import styled
from geosae.notebook import short_repr
from geosae.storage.arguments import checked_arguments
from geosae.storage.files import write_atomic
from geosae.storage.records import check_fields
from geosae.storage.structure import write_record

FORMATS = ("pdf", "png", "svg")
PNG_DPI = 220
FLAT = 1 / 1000
"""The share of a picture from which on a colour is flat, and not a mixture along an edge."""

# Dates and version strings are left out: they would change the bytes of an unchanged figure.
_METADATA: dict[str, dict[str, Any]] = {
    "pdf": {"CreationDate": None, "Creator": "geosae", "Producer": None},
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": "geosae"},
}


@dataclass(frozen=True, eq=False)
class Sheet:
    """A figure with the words that belong to it.

    Attributes
    ----------
    name
        File name without suffix.
    figure
        The drawing.
    title
        One line.
    caption
        What is plotted, with n, d, N, seeds and interval.
    alt
        What a reader who cannot see the picture needs to know.
    world
        The world that it is about; empty if it is about the whole run.
    """

    name: str
    figure: Figure
    title: str
    caption: str
    alt: str
    world: str = ""

    def __post_init__(self) -> None:
        check_fields(self, "the sheet")

    __repr__ = short_repr


@checked_arguments()
def render(figure: Figure, format: str) -> bytes:
    r"""Return the file's bytes; equal figures give equal bytes, whatever the time or the user's settings.

    Every text stands literally (`geosae.figures.glyphs`).

    Raises
    ------
    InvalidInput
        If the format is not pdf, png or svg.

    Examples
    --------
    >>> from geosae.figures.style import blank
    >>> render(blank(), "png")[:4]
    b'\x89PNG'
    """
    if format not in FORMATS:
        raise InvalidInput(
            f"figures cannot be saved as {format!r}", remedy=f"use one of {', '.join(FORMATS)}"
        )
    buffer = io.BytesIO()
    with styled():
        set_literally(figure)
        engine = figure.get_layout_engine()
        if engine is not None and figure.axes:
            # Laying out again would start from the last result and move everything by a hair.
            engine.execute(figure)
            figure.set_layout_engine("none")
        figure.savefig(buffer, format=format, dpi=PNG_DPI, metadata=_METADATA[format])
    return with_palette(buffer.getvalue()) if format == "png" else buffer.getvalue()


def with_palette(png: bytes) -> bytes:
    """Return a PNG with a palette of at most 256 colours, or as it is where that would move a flat colour.

    Transparent pictures are returned as they are. The resolution is kept; no other metadata is written.

    Examples
    --------
    >>> from geosae.figures.style import blank
    >>> Image.open(io.BytesIO(render(blank(), "png"))).mode
    'P'
    """
    with Image.open(io.BytesIO(png)) as picture:
        resolution = picture.info.get("dpi", (PNG_DPI, PNG_DPI))
        colours = picture.convert("RGBA")
    if colours.getchannel("A").getextrema() != (255, 255):
        return png
    whole = colours.convert("RGB")
    reduced = whole.quantize(256, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    if _largest_moved(whole, reduced.convert("RGB")) >= FLAT:
        return png
    buffer = io.BytesIO()
    reduced.save(buffer, format="PNG", optimize=True, dpi=resolution)
    return buffer.getvalue()


def _largest_moved(before: Image.Image, after: Image.Image) -> float:
    """Return the greatest share of the picture that a colour has which is another one afterwards."""
    pixels = np.asarray(before)
    moved = pixels[(pixels != np.asarray(after)).any(axis=2)].astype(np.int64)
    codes = moved @ np.array([1 << 16, 1 << 8, 1])
    counts = np.unique(codes, return_counts=True)[1]
    return float(counts.max(initial=0)) / (before.width * before.height)


@checked_arguments()
def save(figure: Figure, stem: Path, formats: Sequence[str] = ("pdf", "png")) -> list[Path]:
    """Write the figure beside `stem` in each format, each file whole or absent, and return the paths.

    Raises
    ------
    InvalidInput
        If a format is unknown; nothing is written then.

    Examples
    --------
    >>> import tempfile
    >>> from geosae.figures.style import blank
    >>> [p.name for p in save(blank(), Path(tempfile.mkdtemp()) / "empty", ["png"])]
    ['empty.png']
    """
    files = [(stem.with_name(f"{stem.name}.{format}"), render(figure, format)) for format in formats]
    for path, data in files:
        write_atomic(path, data)
    return [path for path, _ in files]


def save_sheet(
    sheet: Sheet,
    folder: Path,
    formats: Sequence[str] = ("pdf", "png"),
    *,
    family: str = "",
    position: int = 0,
) -> list[Path]:
    """Write a sheet's figure and, beside it, NAME.json with title, caption, alternative text and its place.

    Returns the paths of the figure's files, without the JSON.
    """
    paths = save(sheet.figure, folder / sheet.name, formats)
    card = {
        "name": sheet.name,
        "family": family or sheet.name,
        "position": position,
        "world": sheet.world,
        "title": sheet.title,
        "caption": sheet.caption,
        "alt": sheet.alt,
        "width_in": float(sheet.figure.get_figwidth()),
        "files": [path.name for path in paths],
    }
    write_record(folder / f"{sheet.name}.json", card)
    return paths
