"""The table of verdicts: a line per statement, written as the verdicts come."""

from textwrap import shorten

from geosae.storage.arguments import checked_arguments
from geosae.verification.runner import Verdict

HEAD = ("id", "statement", "instances", "worst slack", "evidence", "control", "verdict", "seconds")
# Columns must be known before the verdicts are; a longer statement is cut at a word.
WIDTHS = (4, 64, 9, 11, 20, 9, 8, 7)
RIGHT = ("instances", "worst slack", "control", "seconds")


def heading() -> str:
    """Return the names of the columns, and a line below them.

    Examples
    --------
    >>> heading().split()[:3]
    ['id', 'statement', 'instances']
    """
    return _aligned(HEAD) + "\n" + "  ".join("-" * width for width in WIDTHS)


@checked_arguments()
def line(verdict: Verdict, statement: str) -> str:
    """Return the line of one verdict; where it does not hold, a second line says why."""
    cells = (
        verdict.id,
        shorten(statement, WIDTHS[1], placeholder=" …", break_on_hyphens=False),
        str(verdict.tried),
        "–" if verdict.worst_slack is None else f"{verdict.worst_slack:.3g}",
        "+".join(verdict.grades) or "–",
        f"{verdict.controls_refuted}/{verdict.controls_tried}",
        verdict.status,
        f"{verdict.seconds:.1f}",
    )
    return _aligned(cells) if verdict.status == "holds" else f"{_aligned(cells)}\n      {verdict.reason}"


def _aligned(cells: tuple[str, ...]) -> str:
    padded = (
        cell.rjust(width) if name in RIGHT else cell.ljust(width)
        for cell, width, name in zip(cells, WIDTHS, HEAD, strict=True)
    )
    return "  ".join(padded)
