"""Separability under threads of BLAS: one and two of them, with and without busy neighbours.

    python benchmarks/threads.py [--repeats 5] [--write]

20,000 points in 64 dimensions, as in benchmarks/geometry.py: `separate` (ours) beside HiGHS on all points
(scipy's linprog, which has no use for threads of BLAS). Every measurement is a fresh process in which
`geosae.parallel.using_threads` was asked for so many threads; settings alternate, and the table gives medians
and ranges. The neighbours are as many processes as there are cores, which meanwhile multiply matrices, a
thread each; what else runs on the machine comes on top. Wall time is what a user waits, CPU time what the
machine spends.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import date
from importlib.metadata import version
from pathlib import Path

SIZE, KIND = (20_000, 64), "barely separable"
BUSY = "import numpy as np\nx = np.ones((500, 500))\nwhile True: x @ x"


def measure(threads: int) -> dict[str, float]:
    """Return the seconds of both in this process: ours a median of five after one to warm up."""
    from geosae.parallel import using_threads

    seconds: dict[str, float] = {}
    with using_threads(threads):
        from geometry import clouds, full_lp

        from geosae.geometry import separate

        pair = clouds(*SIZE, KIND)
        separate(*pair)
        calls = (("ours", lambda: separate(*pair), 5), ("linprog", lambda: full_lp(*pair), 1))
        for name, call, repeats in calls:
            wall, cpu = [], []
            for _ in range(repeats):
                start = time.perf_counter(), time.process_time()
                call()
                wall.append(time.perf_counter() - start[0])
                cpu.append(time.process_time() - start[1])
            seconds |= {f"{name}, wall": statistics.median(wall), f"{name}, CPU": statistics.median(cpu)}
    return seconds


@contextmanager
def neighbours(count: int) -> Generator[None]:
    """Keep so many processes busy meanwhile."""
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    processes = [subprocess.Popen([sys.executable, "-c", BUSY], env=environment) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def table(runs: dict[tuple[str, int], list[dict[str, float]]]) -> list[str]:
    """Return a row per setting; the last column divides linprog's wall time by ours."""
    names = ("ours, wall", "ours, CPU", "linprog, wall", "linprog, CPU")
    rows = [
        "| neighbours | threads | " + " | ".join(names) + " | linprog / ours, wall |",
        "|---" * 7 + "|",
    ]
    for (load, threads), measured in runs.items():
        medians = {name: statistics.median(run[name] for run in measured) for name in names}
        cells = [load, str(threads)]
        for name in names:
            values = [run[name] for run in measured]
            cells.append(f"{medians[name]:.3f} s ({min(values):.3f}–{max(values):.3f})")
        cells.append(f"{medians['linprog, wall'] / medians['ours, wall']:.0f}×")
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def main() -> None:
    """Print the table; with --write, keep it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(args.one)))
        return
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    settings = [(name, threads) for name in ("none", f"{cores} busy") for threads in (1, 2)]
    runs: dict[tuple[str, int], list[dict[str, float]]] = {setting: [] for setting in settings}
    for _ in range(args.repeats):
        for name, threads in settings:
            with neighbours(0 if name == "none" else cores):
                command = [sys.executable, "-P", __file__, "--one", str(threads)]
                path = os.pathsep.join([str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")])
                done = subprocess.run(
                    command,
                    capture_output=True,
                    text=True,
                    check=True,
                    env={**os.environ, "PYTHONPATH": path},
                )
                runs[name, threads].append(json.loads(done.stdout))
                print(name, threads, runs[name, threads][-1], flush=True)
    rows = table(runs)
    print("\n".join(rows))
    if args.write:
        head = [
            "# Threads, measured",
            "",
            f"`python benchmarks/threads.py --repeats {args.repeats} --write` on {cores} cores "
            f"({platform.machine()}), Python {platform.python_version()}, numpy {version('numpy')}, scipy "
            f"{version('scipy')}, {date.today()}; load of the machine when it began: {load:.1f}.",
            "",
            *str(__doc__).split("\n\n", 2)[2].strip().splitlines(),
            "",
        ]
        Path("docs/measured/threads.md").write_text("\n".join(head + rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
