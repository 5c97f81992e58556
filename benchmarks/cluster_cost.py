"""The cost of a billion activations under a million latents and ten thousand concepts: measured, scaled up.

    python benchmarks/cluster_cost.py [--write]

Constants of one thread of this machine, CPU seconds, medians of five: the encoder's product in float32, the
choice of the k largest, counting who fires on which concept by a product of sparse matrices, and an empty
task on a pool of local processes (wall time of 100). All are measured small and scaled by what they grow
with, which is exact for the work and silent about what does not fit: memory, disks and networks are counted
in bytes beside them. Nothing of that size was run.
"""

import argparse
import os
import platform
import statistics
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from pathlib import Path

import numpy as np
import torch
from scipy import sparse

from geosae.parallel import Task, run_tasks, using_threads
from geosae.sae.gates.largest import largest_positive_places

POINTS, LATENTS, CONCEPTS = 1e9, 1e6, 1e4
DIM, ACTIVE, LABELS = 1024, 32, 10
"""Dimension of the activations; latents that fire and concepts that hold at a point."""


def cpu(call: Callable[[], object]) -> float:
    """Return the median CPU seconds of five calls after one."""
    call()
    seconds: list[float] = []
    for _ in range(5):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds)


def constants() -> dict[str, float]:
    """Return seconds per multiply-add, per pre-activation, per pair counted, and per empty task."""
    rows, width = 256, 32_768
    generator = torch.Generator().manual_seed(0)
    x, weights = (torch.randn(size, DIM, generator=generator) for size in (rows, width))
    z = torch.empty(rows, width)
    product = cpu(lambda: torch.mm(x, weights.T, out=z)) / (rows * width * DIM)
    choice = cpu(lambda: largest_positive_places(z, ACTIVE)) / (rows * width)
    rng, count = np.random.default_rng(0), 20_000
    fires = random_rows(rng, count, width, ACTIVE)
    holds = random_rows(rng, count, int(CONCEPTS), LABELS)
    counting = cpu(lambda: fires.T @ holds) / (count * ACTIVE * LABELS)
    tasks = [Task(os.getpid, (), lambda: True, print) for _ in range(100)]
    start = time.perf_counter()
    run_tasks(tasks, None, 1, [], lambda *_: None)
    return {
        "product": product,
        "choice": choice,
        "counting": counting,
        "task": (time.perf_counter() - start) / 100,
    }


def random_rows(rng: np.random.Generator, count: int, width: int, ones: int) -> sparse.csr_array:
    """Return rows with so many ones each, at random places."""
    columns = np.sort(rng.integers(0, width, (count, ones)), axis=1).ravel()
    values = np.ones(count * ones, np.int32)
    return sparse.csr_array((values, columns, np.arange(0, count * ones + 1, ones)), (count, width))


def page(measured: dict[str, float]) -> list[str]:
    """Return the two tables."""
    macs, pairs = POINTS * LATENTS * DIM, POINTS * ACTIVE * LABELS
    hours = {
        "product": macs * measured["product"] / 3600,
        "choice": POINTS * LATENTS * measured["choice"] / 3600,
        "counting": pairs * measured["counting"] / 3600,
    }
    bytes_ = {
        "activations, float32": POINTS * DIM * 4,
        "weights, encoder and decoder, float32": 2 * LATENTS * DIM * 4,
        "firing latents, a 4-byte index and a 4-byte value each": POINTS * ACTIVE * 8,
        "membership, a byte per point and concept (as `ConceptDataset` holds it)": POINTS * CONCEPTS,
        "membership, a 4-byte index per concept that holds": POINTS * LABELS * 4,
        "counts of all pairs, int32, one set of labels": LATENTS * CONCEPTS * 4,
        "one float64 table over all pairs (an `Alignment` has several)": LATENTS * CONCEPTS * 8,
    }
    return [
        "## Constants",
        "",
        "| | one thread of this machine |",
        "|---|---|",
        f"| product, float32, 256 × {DIM} × 32,768 | {2e-9 / measured['product']:.0f} GFLOP/s |",
        f"| the {ACTIVE} largest of 32,768 | {1e9 * measured['choice']:.1f} ns per pre-activation |",
        f"| counting, {ACTIVE} × {LABELS} pairs a point | {1e9 * measured['counting']:.0f} ns per pair |",
        f"| an empty task on local processes, their start included | {1e3 * measured['task']:.1f} ms |",
        "",
        "## Scaled up",
        "",
        f"{POINTS:,.0f} points in dimension {DIM}, {LATENTS:,.0f} latents of which {ACTIVE} fire, "
        f"{CONCEPTS:,.0f} concepts of which {LABELS} hold.",
        "",
        "| work | core hours |",
        "|---|---|",
        f"| encode: {2 * macs:.1e} floating-point operations | {hours['product']:,.0f} |",
        f"| choose the {ACTIVE} largest of each point | {hours['choice']:,.0f} |",
        f"| count {pairs:.1e} pairs, per set of labels | {hours['counting']:,.0f} |",
        "",
        "| what is held | size |",
        "|---|---|",
        *(f"| {name} | {size / 1e9:,.0f} GB |" for name, size in bytes_.items()),
    ]


def main() -> None:
    """Print the tables; with --write, keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    load = os.getloadavg()[0]
    with using_threads(1):
        rows = page(constants())
    print("\n".join(rows))
    if args.write:
        head = [
            "# The cost of a billion activations, scaled up",
            "",
            f"`python benchmarks/cluster_cost.py --write` on {os.cpu_count()} cores ({platform.machine()}), "
            f"torch {version('torch')}, scipy {version('scipy')}, {date.today()}; load of the machine: "
            f"{load:.1f}.",
            "",
            *str(__doc__).split("\n\n", 2)[2].strip().splitlines(),
            "",
        ]
        Path("docs/measured/cluster_cost.md").write_text("\n".join(head + rows) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
