"""What is shown: bars and tables on a terminal, plain lines everywhere else."""

import os
import sys
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from typing import Protocol, runtime_checkable

Progress = Callable[[int, int], None]


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
    with RichProgress(*columns, console=Console(stderr=True)) as shown:
        task = shown.add_task(label, total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


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


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Write a table to standard output, its columns aligned: text to the left, numbers to the right."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
    right = [bool(rows) and all(_numeric(row[i]) for row in rows) for i in range(len(head))]
    for number, row in enumerate(cells):
        shown = [c.rjust(w) if r else c.ljust(w) for c, w, r in zip(row, widths, right, strict=True)]
        say("  ".join(shown).rstrip())
        if number == 0:
            say("  ".join("-" * w for w in widths))


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
