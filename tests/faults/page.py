"""The table of the campaign in docs/measured/reliability.md, from the lines that the trials left.

    python tests/faults/page.py LOG

Only what lies between its two marks is written; the rest of the page is others'.
"""

import json
import platform
import sys
from collections import defaultdict
from datetime import date
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "measured" / "reliability.md"
BEGIN, END = "<!-- faults: written by tests/faults/page.py -->", "<!-- faults: end -->"
HEAD = "# Reliability, measured\n\n"
WHOLE = 100
SHORT = f"""

The campaign asks for {WHOLE} kills: this run of it was stopped before all of them had their turn,
and what the table lacks was not tried in it."""
OF_WORKERS = """
{ended} of the {commands} commands whose workers were killed ended by themselves with the right bytes."""
OTHERS = """ The
others said which task died (status 1), and the same command tried it again."""
SIGNALS = ("KILL", "TERM", "INT", "KILL or TERM")
WORDS = {
    ("KILL", "by the clock"): "kill -9",
    ("TERM", "by the clock"): "SIGTERM",
    ("INT", "by the clock"): "SIGINT",
    ("KILL", "at a write"): "kill -9",
    ("TERM", "at a write"): "SIGTERM",
    ("INT", "at a write"): "SIGINT",
    ("full", "injected"): "one write fails: disk full",
    ("full-from", "injected"): "disk full from a write on",
    ("full-every", "injected"): "every k-th write fails: disk full",
    ("readonly", "injected"): "read-only from a write on",
    ("full", "a small tmpfs"): "a real disk fills, twice",
    ("read-only", "chattr +i"): "folder made read-only",
    ("removed", "by the clock"): "folder removed",
    ("two at once", "by the clock"): "two processes at once",
    ("KILL or TERM", "a worker"): "a worker gets kill -9 or SIGTERM",
}

TEXT = """## Faults

    make test-faults

One run of the campaign, {day}, Python {python}, {system}, {minutes:.0f} minutes. Each trial begins in
a new folder, is disturbed, and then the same command is run to its end. It must end with status 0; all
files must have the bytes of an undisturbed run, and no other file may lie there; no process of the
session may live, and TMPDIR must be empty. A trial for which one of these is false fails the campaign:
the table counts what was tried, and all of it was resumed with equal bytes. Moments are drawn from fixed
seeds; what runs at such a moment depends on the machine.

**{kills} kills**: {clock} of commands by the clock, {writes} of commands at a write, {workers} of workers.\
{of_workers}{others}{short}

| command | what happened | moment | times | resumed, bytes equal |
|---|---|---|---|---|
{rows}

Left out of the comparison, by name: `run.json` (machine, seconds, how the run ended), `timing.json` and
`*.timing.json` (seconds), and the empty files `.lock` and `.drawing.lock`, which stay, and which the
system frees when their holder dies. Where all of a run is drawn, also `report.html`, which says how long
the run took. After a kill -9 of all processes at once nobody is left to remove the folder of Python's own
socket from TMPDIR (`pymp-…`, without content). `figures` draws three families here and `run` none; one
test draws all of them with one worker and with two.

As root, whom permissions do not bind, a read-only folder is one with the immutable flag (`chattr +i`), or
an injected EROFS. Faults are injected by `tests/faults/layer`, which Python loads in every process of a
command; the small disk is a tmpfs. Where a machine permits neither mounts nor the flag, those trials are
skipped and not counted.
"""


def page(lines: list[dict[str, object]]) -> str:
    """Return the section: a row for each command, disturbance and moment."""
    trials = [line for line in lines if "kills" in line]
    counts: defaultdict[tuple[str, str, str], int] = defaultdict(int)
    for line in trials:
        counts[str(line["what"]), str(line["how"]), str(line["moment"])] += number(line, "kills")
    rows = [
        f"| `{what}` | {WORDS[how, moment]} | {moment} | {count} | {count} |"
        for (what, how, moment), count in sorted(counts.items(), key=lambda item: (item[0][2], item[0]))
    ]
    kills = {
        moment: sum(count for (_, how, at), count in counts.items() if at == moment and how in SIGNALS)
        for moment in ("by the clock", "at a write", "a worker")
    }
    of_workers = [line for line in trials if line["moment"] == "a worker"]
    ended, commands = (
        sum(number(line, name) for line in of_workers) for name in ("ended_by_itself", "commands")
    )
    return TEXT.format(
        day=f"{date.today():%-d %B %Y}",
        python=platform.python_version(),
        system=platform.system(),
        minutes=next(float(str(line["minutes"])) for line in lines if "minutes" in line),
        kills=sum(kills.values()),
        clock=kills["by the clock"],
        writes=kills["at a write"],
        workers=kills["a worker"],
        of_workers=OF_WORKERS.format(ended=ended, commands=commands) if of_workers else "",
        others=OTHERS if ended < commands else "",
        rows="\n".join(rows),
        short="" if sum(kills.values()) >= WHOLE else SHORT,
    )


def number(line: dict[str, object], name: str) -> int:
    """Return a count that a line holds."""
    return int(str(line[name]))


def written(before: str, section: str) -> str:
    """Return the page with the section in its place; at the end where it has none yet."""
    block = f"{BEGIN}\n{section.rstrip()}\n{END}"
    if BEGIN in before and END in before:
        head, rest = before.split(BEGIN, 1)
        return head + block + rest.split(END, 1)[1]
    return (before.rstrip() + "\n\n" if before else HEAD) + block + "\n"


if __name__ == "__main__":
    log = [json.loads(line) for line in Path(sys.argv[1]).read_text(encoding="utf-8").splitlines()]
    old = PAGE.read_text(encoding="utf-8") if PAGE.exists() else ""
    PAGE.write_text(written(old, page(log)), encoding="utf-8")
    sys.stdout.write(f"{PAGE}\n")
