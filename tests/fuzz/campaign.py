"""`make fuzz MINUTES=10`: every reader of files under a coverage-guided fuzzer, each its share of time.

Nothing but InvalidInput may come out of a reader: no other error, no warning, no input that takes more than
ten seconds or 768 MiB. What breaks that is written into the folder of findings, named with the command that
replays it, and makes the command exit with 1. Needs atheris, of which there is no build for Python 3.12 and
later.
"""

import argparse
import importlib.util
import json
import os
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
LOST = ("timeout-", "oom-", "crash-", "slow-unit-", "leak-")
"""How libFuzzer names an input that ended the process, or that nearly did."""
TABLE = ("reader", "inputs", "read", "refused", "seconds", "slowest (s)", "findings")


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def why_not() -> str | None:
    """Return why nothing can be fuzzed here, or None."""
    if sys.version_info[:2] != (3, 11):
        return (
            f"atheris 3.0.0 is built for Python 3.11 and this is {sys.version_info[0]}.{sys.version_info[1]}"
        )
    return None if importlib.util.find_spec("atheris") else "atheris is not installed (extra 'fuzz')"


def fuzzed(name: str, seconds: float, folder: Path) -> dict[str, Any]:
    """Fuzz one reader in a process of its own; where an input ends it, another goes on."""
    from fuzz import changes, readers, target

    folder.mkdir(parents=True, exist_ok=True)
    start = time.monotonic()
    while (left := int(start + seconds - time.monotonic())) > 0:
        # A copy of this process: the readers are instrumented once.
        child = os.fork()
        if child == 0:
            log = os.open(folder / "log.txt", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(log, 1)
            os.dup2(log, 2)
            try:
                target.fuzz(readers.READERS[name], readers.outcome, changes.variant, left, folder)
            finally:
                os._exit(70)
        _, status = os.waitpid(child, 0)
        if os.waitstatus_to_exitcode(status) == 0:
            break
        if not any(folder.glob("notes-*.json")):
            raise SystemExit(
                f"the fuzzer of {name} did not start:\n{(folder / 'log.txt').read_text()[-2000:]}"
            )
    counts: Counter[str] = Counter()
    slowest, kinds = 0.0, dict[str, str]()
    for path in folder.glob("notes-*.json"):
        table = json.loads(path.read_text())
        kinds |= table.pop("kinds")
        slowest = max(slowest, table.pop("slowest"))
        counts.update(table)
    ended = {path.name: path.name for path in (folder / "findings").glob("*") if path.name.startswith(LOST)}
    return {
        "reader": name, "inputs": counts["executions"], "read": counts["read"], "refused": counts["refused"],
        "seconds": round(time.monotonic() - start), "slowest (s)": slowest, "findings": kinds | ended,
    }  # fmt: skip


def replay(name: str, path: Path) -> None:
    """Read one input with warnings as errors, so that what went wrong is shown."""
    import tempfile
    import warnings

    from fuzz.readers import READERS, outcome

    warnings.simplefilter("error")
    say(outcome(READERS[name], path.read_bytes(), Path(tempfile.mkdtemp())))


def listed(rows: list[dict[str, Any]]) -> str:
    """Return the counts as a table of Markdown."""
    lines = ["| " + " | ".join(TABLE) + " |", "|---" + "|---:" * (len(TABLE) - 1) + "|"]
    for row in rows:
        cells = [row[title] if title != "findings" else len(row[title]) for title in TABLE]
        lines.append(
            "| " + " | ".join(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in cells) + " |"
        )
    return "\n".join(lines)


START, END = "<!-- fuzzing: written by tests/fuzz/campaign.py --page -->", "<!-- end of fuzzing -->"


def write_table(page: Path, rows: list[dict[str, Any]]) -> None:
    """Put the counts between the two marks of a page, or at its end where it has none yet."""
    text = page.read_text(encoding="utf-8")
    before, _, rest = text.partition(START)
    after = rest.partition(END)[2] or "\n"
    table = f"{START}\n\n{listed(rows)}\n\n{END}"
    page.write_text(f"{before.rstrip()}\n\n{table}{after}", encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="for all readers together")
    parser.add_argument("--only", action="append", help="a reader; may be repeated")
    parser.add_argument("--out", type=Path, default=ROOT / ".fuzz", help="where inputs and findings are kept")
    parser.add_argument("--page", type=Path, help="a page of the documentation to write the counts into")
    parser.add_argument("--replay", nargs=2, metavar=("READER", "FILE"), help="read one input again")
    options = parser.parse_args()
    sys.path[:0] = [str(ROOT), str(ROOT / "synthetic"), str(ROOT / "tests")]
    if options.replay:
        replay(options.replay[0], Path(options.replay[1]))
        return 0
    reason = why_not()
    if reason is not None:
        say(f"skipped: {reason}")
        return 0
    import atheris
    from fuzz.target import INSTRUMENTED

    with atheris.instrument_imports(include=list(INSTRUMENTED), enable_loader_override=False):
        from fuzz.readers import READERS
    names = options.only or list(READERS)
    rows: list[dict[str, Any]] = []
    for name in names:
        folder = options.out / name.replace(" ", "-").replace(",", "").replace(".", "")
        rows.append(fuzzed(name, options.minutes * 60 / len(names), folder))
        row = rows[-1]
        say(f"{name}: {row['inputs']:,} inputs in {row['seconds']} s, {len(row['findings'])} findings")
        for kind, file in row["findings"].items():
            path = folder / "findings" / file
            say(f"  {kind}\n    {sys.executable} {Path(__file__)} --replay '{name}' '{path}'")
    (options.out / "table.md").write_text(listed(rows) + "\n")
    say(listed(rows))
    if options.page:
        write_table(options.page, rows)
    return 1 if any(row["findings"] for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
