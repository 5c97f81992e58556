"""Run by the tests beside it in a process of its own, where no hook checks types before the library does.

Reads from the standard input what to do and writes what came of it, both as JSON: `bombs` are read where
little more memory may be taken than there is, `found` are the inputs that once went wrong, `changes` are new
ones.
"""

import json
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOM = 512 << 20
"""Bytes of address space that a bomb may take."""


def attempted(attempt: Callable[[], Any]) -> tuple[str, str]:
    """Return what an attempt came to ("read", "refused", "no file", "raised", "warned") and its message."""
    from fuzz.shells import NoDescription

    from geosae.errors import InvalidInput

    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        try:
            attempt()
            kind, message = "read", ""
        except NoDescription:
            kind, message = "no file", ""
        except InvalidInput as error:
            kind, message = "refused", str(error)
        except BaseException as error:
            kind, message = "raised", "".join(traceback.format_exception(error)[-3:])
    return ("warned", str(remarks[0])) if remarks else (kind, message)


def bombs() -> dict[str, Any]:
    import numpy as np
    from fuzz.bombs import BOMBS, written

    import geosae
    from geosae.analysis import Alignment
    from geosae.data.sources import from_files, read_points
    from geosae.data.storage import load_dataset
    from geosae.experiments.plan_file import load_plan
    from geosae.experiments.results import log_line
    from geosae.experiments.sweep import load_sweep
    from geosae.fca import FormalContext
    from geosae.sae.interop import read
    from geosae.storage.files import read_json_lines
    from geosae.storage.structure import read_plain_record

    readers: dict[str, Callable[[Path], Any]] = {
        "data set": load_dataset,
        "alignment": Alignment.load,
        "foreign": read,
        "cfg": lambda path: read(path.parent),
        "points": read_points,
        "membership": lambda path: from_files(path.parent / "points.npy", path),
        "context": FormalContext.read,
        "plan": load_plan,
        "sweep": load_sweep,
        "record": read_plain_record,
        "own": lambda path: geosae.load(path.parent),
        "log": lambda path: [log_line(line, "the log") for line in read_json_lines(path)],
    }
    np.zeros(1)
    with tempfile.TemporaryDirectory() as folder:
        paths: dict[str, Path] = {}
        for number, (name, bomb) in enumerate(BOMBS.items()):
            (inside := Path(folder) / str(number)).mkdir()
            paths[name] = written(bomb, inside)
        size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (size + ROOM, size + ROOM))
        answers: dict[str, Any] = {}
        for name, path in paths.items():
            start = time.monotonic()
            kind, message = attempted(lambda path=path, name=name: readers[BOMBS[name].reader](path))
            answers[name] = [kind, message, time.monotonic() - start]
    return answers


def found() -> dict[str, Any]:
    from fuzz.findings import FINDINGS, edited
    from fuzz.readers import READERS

    answers: dict[str, Any] = {}
    for name, finding in FINDINGS.items():
        reader = READERS[finding.reader]
        with tempfile.TemporaryDirectory() as folder:
            data = edited(finding, reader.seeds(Path(folder)))
            answers[name] = attempted(
                lambda data=data, reader=reader, folder=folder: reader.attempt(data, Path(folder))
            )
    return answers


def changes(count: int) -> dict[str, Any]:
    """Read the seeds of every reader, and so many changes of them: the same in every run."""
    from fuzz.changes import variant
    from fuzz.readers import READERS

    answers: dict[str, Any] = {}
    for name, reader in READERS.items():
        rng = random.Random(name)
        with tempfile.TemporaryDirectory() as folder:
            work = Path(folder)
            seeds = reader.seeds(work)
            inputs = [*seeds, *(variant(reader.syntax, rng.choice(seeds), rng) for _ in range(count))]
            kinds = [
                attempted(lambda data=data, reader=reader, work=work: reader.attempt(data, work))
                for data in inputs
            ]
        wrong = [[i, *kind] for i, kind in enumerate(kinds) if kind[0] in ("raised", "warned")]
        answers[name] = {
            "seeds": [kind for kind, _ in kinds[: len(seeds)]],
            "kinds": [kind for kind, _ in kinds],
            "wrong": wrong,
        }
    return answers


if __name__ == "__main__":
    task = json.load(sys.stdin)
    done = {"bombs": bombs, "found": found, "changes": lambda: changes(task.get("count", 0))}[task["what"]]()
    json.dump(done, sys.stdout)
