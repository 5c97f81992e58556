"""One reader under atheris; `campaign.py` calls it in a process of its own for each.

What goes wrong is noted once for each kind of error and place, with its input, and the run goes on; what
hangs ends the process, and libFuzzer keeps that input.
"""

import json
import os
import random
import resource
import sys
import tempfile
import time
import traceback
import warnings
from pathlib import Path
from typing import Any

import atheris

INSTRUMENTED = (
    "geosae.storage",
    "geosae.data",
    "geosae.sae.interop",
    "geosae.sae.checkpoint",
    "geosae.sae.weights_file",
    "geosae.sae.folder",
    "geosae.sae.config",
    "geosae.sae.gates",
    "geosae.sae.training.checkpoint_state",
    "geosae.fca.formats",
    "geosae.fca.context",
    "geosae.fca.lattice",
    "geosae.experiments",
    "geosae.analysis.stored",
    "geosae.analysis.alignment",
    "geosae.analysis.counts",
    "geosae.analysis.sae_metrics",
    "geosae.analysis.answers",
    "geosae.geometry.regions",
    "geosae.geometry.approximation.measures",
    "geosae.validation",
    "tomllib",
)
ROOM = 768 << 20
"""Bytes of address space that reading one input may take beyond what the process has at its start."""
LARGEST_INPUT = 1 << 17
SECONDS_PER_INPUT = 10


class Notes:
    """What has been seen, written to a file as it comes: the process may be ended at any moment."""

    def __init__(self, path: Path, findings: Path) -> None:
        self.path, self.findings = path, findings
        self.table: dict[str, Any] = {"executions": 0, "read": 0, "refused": 0, "no file": 0, "slowest": 0.0}
        self.kinds: dict[str, str] = {}
        self.written = time.monotonic()

    def count(self, kind: str, seconds: float) -> None:
        self.table["executions"] += 1
        self.table[kind] = self.table.get(kind, 0) + 1
        self.table["slowest"] = max(self.table["slowest"], round(seconds, 2))
        if time.monotonic() - self.written > 1:
            self.write()

    def finding(self, kind: str, detail: str, data: bytes) -> None:
        if kind in self.kinds:
            return
        path = self.findings / f"error-{len(self.kinds)}-{os.getpid()}"
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(f"{kind}\n\n{detail}")
        self.kinds[kind] = path.name
        self.write()

    def write(self) -> None:
        self.written = time.monotonic()
        self.path.write_text(json.dumps({**self.table, "kinds": self.kinds}))


def where(error: BaseException) -> str:
    """Return the kind of an error, and the innermost line of the library that it passed."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/geosae/" in f.filename]
    place = f"{Path(frames[-1].filename).name}:{frames[-1].name}" if frames else "outside"
    return f"{type(error).__name__} in {place}"


def fuzz(reader: Any, outcome: Any, variant: Any, seconds: int, folder: Path) -> None:
    """Fuzz a reader for so many seconds; never returns."""
    work = Path(tempfile.mkdtemp(dir=folder))
    inputs, findings = folder / "corpus", folder / "findings"
    for each in (inputs, findings):
        each.mkdir(exist_ok=True)
    for number, seed in enumerate(reader.seeds(work)):
        (inputs / f"seed-{number}").write_bytes(seed)
    notes = Notes(folder / f"notes-{os.getpid()}.json", findings)

    def one_input(data: bytes) -> None:
        start = time.monotonic()
        with warnings.catch_warnings(record=True) as remarks:
            warnings.simplefilter("always")
            try:
                kind = outcome(reader, data, work)
            except Exception as error:
                kind = "errors"
                notes.finding(where(error), "".join(traceback.format_exception(error)), data)
        for remark in remarks:
            kind = "errors"
            place = f"{Path(remark.filename).name}:{remark.lineno}"
            notes.finding(f"{remark.category.__name__} at {place}", str(remark.message), data)
        notes.count(kind, time.monotonic() - start)

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        rng = random.Random(seed)
        made = variant(reader.syntax, data, rng) if rng.random() < 0.95 else atheris.Mutate(data, most)
        return made if len(made) <= most else data[:most]

    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + ROOM, size + ROOM))
    arguments = [
        sys.argv[0],
        str(inputs),
        f"-max_total_time={seconds}",
        f"-timeout={SECONDS_PER_INPUT}",
        f"-artifact_prefix={findings}/",
        f"-max_len={LARGEST_INPUT}",
        "-len_control=0",
        "-verbosity=0",
        "-rss_limit_mb=0",
        "-seed=1",
    ]
    atheris.Setup(arguments, one_input, **({"custom_mutator": mutate} if reader.syntax else {}))
    notes.write()
    atheris.Fuzz()
