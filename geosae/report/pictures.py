"""The drawn figures of a run, put into the page as data: nothing is loaded from anywhere."""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from geosae.report.markup import Markup, tag
from geosae.storage.files import read_json

KINDS = {"svg": "image/svg+xml", "png": "image/png"}
"""What a page can show, the sharper first."""
SCREEN = 122
"""Pixels of the screen per inch of the figure."""

Card = Mapping[str, Any]


def cards(folder: Path) -> list[Card]:
    """Return the captions of the figures in a folder, in their own order within each family."""
    found = [read_json(path) for path in sorted(folder.glob("*.json"))]
    return sorted(
        (c for c in found if "caption" in c), key=lambda c: (c.get("family", ""), c.get("position", 0))
    )


def picture(folder: Path, card: Card) -> Markup:
    """Return a figure with caption and alternative text; a note where its file is missing."""
    name = str(card["name"])
    file = next((folder / f"{name}.{kind}" for kind in KINDS if (folder / f"{name}.{kind}").is_file()), None)
    caption = tag("figcaption", tag("b", str(card["title"]), ". "), str(card["caption"]))
    if file is None:
        return tag("figure", tag("p", f"({name}: drawn in no format that a page can show)"), caption)
    data = base64.b64encode(file.read_bytes()).decode("ascii")
    wide = float(card.get("width_in", 6.8)) > 4
    image = tag(
        "img",
        src=f"data:{KINDS[file.suffix[1:]]};base64,{data}",
        alt=str(card["alt"]),
        width=str(round(float(card.get("width_in", 6.8)) * SCREEN)),
        **({"cls": "wide"} if wide else {}),
    )
    frame = tag("div", image, cls="scroll", tabindex="0", role="region", aria_label=str(card["title"]))
    return tag("figure", frame, caption, id=f"figure-{name}")
