"""Lattices of some tens to some thousands of concepts, beside the package `concepts`, in one process.

    OMP_NUM_THREADS=1 python -P benchmarks/small_lattices.py [--repeats 5] [--write]

The compiled engine is loaded and run once before the clock starts, as in any process that has built a larger
lattice. The three ways take turns, and medians of processor time count: geosae as it chooses by itself,
geosae in plain Python, and `concepts`. The last column is a fresh process, in which nothing is loaded: geosae
as it chooses by itself, from the call to the lattice, the median of as many processes.
"""

import argparse
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import concepts
import numpy as np

from geosae.fca import FormalContext, concept_lattice

PAGE = Path(__file__).parents[1] / "docs" / "measured" / "small_lattices.md"
CASES = (
    (10, 10, 0.3),
    (20, 20, 0.3),
    (30, 30, 0.3),
    (34, 34, 0.3),
    (50, 50, 0.2),
    (50, 50, 0.3),
    (60, 60, 0.3),
    (100, 100, 0.15),
)
COLD = """
import sys, time
import numpy as np
from geosae.fca import FormalContext, concept_lattice
rows, columns, density = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
crosses = np.random.default_rng([rows, columns]).random((rows, columns)) < density
context = FormalContext.from_array(crosses)
clock = time.process_time()
concept_lattice(context)
print(time.process_time() - clock)
"""
TEXT = """# Small lattices

    {command}

{day}, {cores} cores (load {load:.1f} at the start), Python {python}, numpy {numpy}, one thread.

{doc}

| context | concepts | geosae, ms | plain Python, ms | `concepts`, ms | `concepts` / geosae | fresh, ms |
|---|---|---|---|---|---|---|
{rows}
"""


def main() -> None:
    """Measure every case and print the page; with --write, keep it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    load = os.getloadavg()[0]
    concept_lattice(FormalContext.from_array(np.eye(9, dtype=bool)), engine="fast")
    rows = [row(case, args.repeats) for case in CASES]
    text = TEXT.format(
        command=f"OMP_NUM_THREADS=1 python -P benchmarks/small_lattices.py --repeats {args.repeats} --write",
        day=time.strftime("%d %B %Y"), cores=os.cpu_count(), load=load, python=platform.python_version(),
        numpy=np.__version__, doc=(__doc__ or "").split("\n\n", 2)[2].strip(), rows="\n".join(rows),
    )  # fmt: skip
    print(text)
    if args.write:
        PAGE.write_text(text, encoding="utf-8")


def row(case: tuple[int, int, float], repeats: int) -> str:
    """Return one context's line of the table."""
    lines, columns, density = case
    crosses = np.random.default_rng([lines, columns]).random((lines, columns)) < density
    context = FormalContext.from_array(crosses)
    names = [f"o{i}" for i in range(lines)], [f"a{i}" for i in range(columns)]
    ways: tuple[Callable[[], int], ...] = (
        lambda: len(concept_lattice(context)),
        lambda: len(concept_lattice(context, engine="ints")),
        lambda: len(concepts.Context(*names, crosses.tolist()).lattice),
    )
    times: list[list[float]] = [[] for _ in ways]
    sizes: set[int] = set()
    for _ in range(repeats):
        for way, spent in zip(ways, times, strict=True):
            clock = time.process_time()
            sizes.add(way())
            spent.append(1000 * (time.process_time() - clock))
    (size,) = sizes
    own, plain, peer = (statistics.median(spent) for spent in times)
    command = [sys.executable, "-c", COLD, *map(str, case)]
    cold = [
        subprocess.run(command, capture_output=True, text=True, check=True).stdout for _ in range(repeats)
    ]
    fresh = 1000 * statistics.median(map(float, cold))
    print(case, size, own, plain, peer, fresh, flush=True)
    return (
        f"| {lines} × {columns}, {density:g} | {size:,} | {own:.2f} | {plain:.2f} | {peer:.1f} | "
        f"{peer / own:.0f} | {fresh:.1f} |"
    )


if __name__ == "__main__":
    main()
