"""What commands print: bars and tables on a terminal, plain lines everywhere else."""

import io
import os
import sys
import textwrap
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

Progress = Callable[[int, int], None]
COLUMNS = 80
"""What is printed for people takes no more columns than this."""


@runtime_checkable
class Stream(Protocol):
    """What may be a terminal."""

    def isatty(self) -> bool:
        """Say whether it is one."""
        ...


def is_plain(stream: Stream) -> bool:
    """Return whether the stream is no terminal, or one that cannot move its cursor."""
    return (
        not stream.isatty()
        or os.environ.get("TERM", "") in ("", "dumb", "unknown")
        or "NO_COLOR" in os.environ
    )


def say(text: str = "") -> None:
    """Write one line to standard output."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def paragraph(text: str, indent: str = "", write: Callable[[str], None] | None = None) -> None:
    """Write sentences to standard output, in lines of at most 80 columns; a path is never broken.

    All lines but the first begin with `indent`. `write=warn` sends them to standard error.
    """
    for line in textwrap.wrap(
        text, COLUMNS, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    ):
        (write or say)(line)


def warn(text: str) -> None:
    """Write one line to standard error."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


@contextmanager
def bar(label: str) -> Generator[Progress]:
    """Show the progress of a task on standard error: a bar on a terminal, else a line for each tenth."""
    if is_plain(sys.stderr):
        yield _lines(label)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import Progress as RichProgress

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
        TimeElapsedColumn(), TextColumn("left"), TimeRemainingColumn(),
    )  # fmt: skip
    with RichProgress(*columns, console=Console(stderr=True)) as bars:
        task = bars.add_task(label, total=None)
        yield lambda done, total: bars.update(task, completed=done, total=total)


def _lines(label: str) -> Progress:
    start = time.monotonic()
    tenth = -1

    def progress(done: int, total: int) -> None:
        nonlocal tenth
        now = 10 if total == 0 else 10 * done // total
        if now > tenth:
            tenth = now
            warn(f"{label}: {done}/{total} ({time.monotonic() - start:.0f} s)")

    return progress


_PLAIN_RULE = "    \n    \n -  \n" + 5 * "    \n"
"""A box of rich without any lines but hyphens below the head."""


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table to standard output, its columns aligned: text to the left, numbers to the right.

    A terminal gets what fits into its width; everywhere else each row is one line of plain characters.
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    plain = is_plain(sys.stdout)
    rule = box.Box(_PLAIN_RULE, ascii=True) if plain else box.SIMPLE_HEAD
    grid = Table(box=rule, show_edge=False, pad_edge=False, padding=(0, 1, 0, 0))
    for i, title in enumerate(head):
        is_number = bool(rows) and all(_numeric(row[i]) for row in rows)
        justify = "right" if is_number else "left"
        # On a terminal a long cell goes on in the next line: nothing is cut.
        grid.add_column(Text(title), justify=justify, no_wrap=plain, overflow="fold")
    for row in rows:
        # As text, so that brackets are brackets and no markup.
        grid.add_row(*map(Text, row))
    if not plain:
        Console().print(grid)
        return
    lines = io.StringIO()
    Console(file=lines, width=10**6, color_system=None).print(grid)
    for line in lines.getvalue().splitlines():
        say(line.rstrip())


def _numeric(text: str) -> bool:
    return not text or text[0] in "-+.–" or text[0].isdigit()


def number(value: float | int | None, digits: int = 3) -> str:
    """Return a number for a table; what is not known is a dash.

    Examples
    --------
    >>> number(0.12345), number(None), number(7)
    ('0.123', '–', '7')
    """
    if value is None or value != value:
        return "–"
    return str(value) if isinstance(value, int) else f"{value:.{digits}f}"
