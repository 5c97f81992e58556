"""Separability against its peers, side by side in one run; writes docs/measured/geometry.md.

    OMP_NUM_THREADS=1 python benchmarks/geometry.py            # everything (about 20 minutes)
    OMP_NUM_THREADS=1 python benchmarks/geometry.py --quick    # the small sizes only, nothing is written

Times are CPU seconds of the process (on a shared machine wall time measures the neighbours), medians over
repeats. A peer runs in a process of its own with a limit on its CPU time; what exceeds it is shown as ">
limit". Ours includes the certificate; its independent check is a column of its own.
"""

import argparse
import datetime as dt
import multiprocessing
import os
import platform
import resource
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import cvxpy
import numpy as np
from scipy.optimize import linprog
from sklearn.svm import LinearSVC

from geosae.geometry import UnitSeparated, separate, separate_unit
from geosae.geometry.separation.separate_many import separate_many

LIMIT = 60
KINDS = ("separable", "barely separable", "one point flipped")
Clouds = tuple[np.ndarray, np.ndarray]


def clouds(count: int, dim: int, kind: str, seed: int = 0) -> Clouds:
    """Return normal points on both sides of a hyperplane with a gap of 1, or none; or one point flipped."""
    rng = np.random.default_rng(seed)
    points = rng.standard_normal((count, dim))
    normal = rng.standard_normal(dim)
    normal /= np.linalg.norm(normal)
    side = points @ normal > 0
    if kind != "barely separable":
        points += np.where(side, 0.5, -0.5)[:, None] * normal
    if kind == "one point flipped":
        # In high dimension hardly any sample point is inside the hull of the others: put one at the centre.
        inner = np.flatnonzero(side)
        points[inner[0]] = points[inner[1:]].mean(axis=0)
        side[inner[0]] = False
    return points[side], points[~side]


def full_lp(A: np.ndarray, B: np.ndarray) -> object:
    """Feasibility of <w, a> + b >= 1, <w, b> + b <= -1 on all points (HiGHS): no margin, no certificate."""
    rows = np.vstack([np.column_stack([-A, -np.ones(len(A))]), np.column_stack([B, np.ones(len(B))])])
    return linprog(np.zeros(rows.shape[1]), A_ub=rows, b_ub=-np.ones(len(rows)), bounds=(None, None)).status


def full_margin_lp(A: np.ndarray, B: np.ndarray) -> object:
    """Solve for the largest margin in the maximum norm, on all points (HiGHS)."""
    n = A.shape[1]
    ones_a, ones_b = np.ones(len(A)), np.ones(len(B))
    rows = np.vstack([np.column_stack([-A, -ones_a, ones_a]), np.column_stack([B, ones_b, ones_b])])
    cost = np.zeros(n + 2)
    cost[-1] = -1
    bounds = [(-1, 1)] * n + [(None, None)] * 2
    return linprog(cost, A_ub=rows, b_ub=np.zeros(len(rows)), bounds=bounds).status


def clarabel(A: np.ndarray, B: np.ndarray) -> object:
    """Solve the hard-margin problem on all points (cvxpy, Clarabel)."""
    w, b = cvxpy.Variable(A.shape[1]), cvxpy.Variable()
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum_squares(w)), [A @ w + b >= 1, B @ w + b <= -1])
    problem.solve(solver=cvxpy.CLARABEL)
    return problem.status


def svc(A: np.ndarray, B: np.ndarray) -> object:
    """Fit a linear support vector machine, hard by a large C; it decides nothing and certifies nothing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        labels = np.arange(len(A) + len(B)) < len(A)
        return LinearSVC(C=1e6, dual="auto").fit(np.vstack([A, B]), labels).coef_


PEERS: dict[str, Callable[[np.ndarray, np.ndarray], object]] = {
    "linprog, feasibility": full_lp,
    "linprog, margin": full_margin_lp,
    "cvxpy + Clarabel": clarabel,
    "LinearSVC(C=1e6)": svc,
}


def cpu(call: Callable[[], object], repeats: int = 1) -> float:
    """Return the median CPU seconds of a call."""
    seconds: list[float] = []
    for _ in range(repeats):
        start = time.process_time()
        call()
        seconds.append(time.process_time() - start)
    return float(np.median(seconds))


def _peer(name: str, size: tuple[int, int], kind: str, answer: "multiprocessing.Queue[float]") -> None:
    resource.setrlimit(resource.RLIMIT_CPU, (LIMIT + 30, LIMIT + 31))
    pair = clouds(*size, kind)
    first = cpu(lambda: PEERS[name](*pair))
    repeats = min(2, int(LIMIT / 4 / max(first, 0.01)))
    answer.put(float(np.median([first, *(cpu(lambda: PEERS[name](*pair)) for _ in range(repeats))])))


def peer(name: str, size: tuple[int, int], kind: str) -> float:
    """Time a peer in a process of its own; inf where it exceeds the limit."""
    context = multiprocessing.get_context("fork")
    answer: multiprocessing.Queue[float] = context.Queue()
    process = context.Process(target=_peer, args=(name, size, kind, answer))
    process.start()
    process.join()
    seconds = answer.get() if process.exitcode == 0 else np.inf
    return seconds if seconds <= LIMIT else np.inf


def versus(sizes: list[tuple[int, int]]) -> list[str]:
    """Time one neuron (S1) against every peer."""
    lines = [
        "| points | kind | ours | check | " + " | ".join(PEERS) + " |",
        "|---|---|---|---|" + "---|" * len(PEERS),
    ]
    for size in sizes:
        for kind in KINDS:
            A, B = clouds(*size, kind)
            verdict = separate(A, B).check()
            if verdict.separable is (kind == "one point flipped"):
                raise AssertionError(f"wrong verdict at {size}, {kind}")
            ours, check = cpu(lambda A=A, B=B: separate(A, B), 5), cpu(verdict.check, 5)
            cells = [f"{size[0]} × {size[1]}", kind, f"{ours:.3f} s", f"{check:.3f} s"]
            for name in PEERS:
                seconds = peer(name, size, kind)
                over = f"> {LIMIT} s (> {LIMIT / ours:.0f}×)"
                cells.append(over if np.isinf(seconds) else f"{seconds:.2f} s ({seconds / ours:.1f}×)")
            lines.append("| " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
    return lines


def scaling(counts: list[int], dim: int = 64) -> list[str]:
    """Measure how time grows with the number of points, and the peak memory beside the input."""
    lines = ["| points | kind | ours | (input + peak) / input |", "|---|---|---|---|"]
    for kind in KINDS:
        seconds: list[float] = []
        for count in counts:
            A, B = clouds(count, dim, kind)
            seconds.append(cpu(lambda A=A, B=B: separate(A, B), 3))
            tracemalloc.start()
            separate(A, B)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            share = 1 + peak / (A.nbytes + B.nbytes)
            lines.append(f"| {count} × {dim} | {kind} | {seconds[-1]:.3f} s | {share:.2f} |")
            print(lines[-1], flush=True)
        slope = np.polyfit(np.log(counts), np.log(seconds), 1)[0]
        lines.append(f"| slope, {counts[0]} to {counts[-1]} | {kind} | **{slope:.2f}** | |")
        print(lines[-1], flush=True)
    return lines


def units(sample: int = 40) -> list[str]:
    """Time a unit (S3) for 10⁴ negatives and 10³ positives in 32-D against one linear program each."""
    rng = np.random.default_rng(1)
    A = rng.standard_normal((1000, 32))
    mixed = [rng.standard_normal((9800, 32)), 0.3 * rng.standard_normal((200, 32))]
    negatives = {
        "the same normal law": rng.standard_normal((10_000, 32)),
        "the same, 2 % deep inside": np.vstack(mixed),
        "the same, shrunk to 0.75": 0.75 * rng.standard_normal((10_000, 32)),
        "shell of radius 9 to 12": _shell(rng, 10_000, 32, 9.0, 12.0),
    }
    lines = [
        "| negatives | inside | half-spaces | ours | check | linprog loop | ratio |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, B in negatives.items():
        verdict = separate_unit(A, B).check()
        ours, check = cpu(lambda B=B: separate_unit(A, B), 3), cpu(verdict.check)
        some = B[rng.choice(len(B), sample, replace=False)]
        loop = len(B) / sample * cpu(lambda some=some: _loop(A, some))
        inside = 0 if isinstance(verdict, UnitSeparated) else len(verdict.inside)
        cells = [name, str(inside), str(len(verdict.halfspaces)), f"{ours:.2f} s", f"{check:.2f} s"]
        lines.append("| " + " | ".join([*cells, f"{loop:.0f} s", f"{loop / ours:.0f}×"]) + " |")
        print(lines[-1], flush=True)
    return lines


def _loop(A: np.ndarray, some: np.ndarray) -> None:
    """Ask of each point by a linear program whether it is in Conv(A)."""
    equations = np.vstack([A.T, np.ones(len(A))])
    for point in some:
        linprog(np.zeros(len(A)), A_eq=equations, b_eq=np.append(point, 1.0))


def _shell(rng: np.random.Generator, count: int, dim: int, low: float, high: float) -> np.ndarray:
    points = rng.standard_normal((count, dim))
    return points * (rng.uniform(low, high, count) / np.linalg.norm(points, axis=1))[:, None]


def many(count: int = 20_000, dim: int = 64, concepts: int = 64) -> list[str]:
    """Time many concepts that share their points, at once and one by one."""
    rng = np.random.default_rng(2)
    points = rng.standard_normal((count, dim))
    membership = points @ rng.standard_normal((dim, concepts)) > 0
    together = cpu(lambda: separate_many(points, membership), 3)
    single = cpu(lambda: [separate(points[mask], points[~mask]) for mask in membership.T])
    return [
        f"{concepts} half-space concepts on {count} × {dim} points: {together:.2f} s by `separate_many`, "
        f"{single:.2f} s one by one ({single / together:.1f}×)."
    ]


def main() -> None:
    """Run and write the table."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--out", type=Path, default=Path("docs/measured/geometry.md"))
    options = parser.parse_args()
    if options.quick:
        versus([(2000, 16)])
        return
    before = os.getloadavg()[0]
    sections = [
        ("One neuron against peers", versus([(2000, 16), (20_000, 64), (100_000, 128)])),
        ("Growth with the number of points", scaling([10_000, 30_000, 100_000, 300_000, 1_000_000])),
        ("Units: 10⁴ negatives, 10³ positives, 32-D", units()),
        ("Many concepts", many()),
    ]
    head = [
        "# Geometry: separability, measured",
        "",
        "    OMP_NUM_THREADS=1 python benchmarks/geometry.py",
        "",
        f"One run, {dt.datetime.now(dt.UTC):%d %B %Y}, {os.cpu_count()} cores "
        f"({platform.machine()}), Python {platform.python_version()}, numpy {np.__version__}; the "
        f"machine was shared with other work (load {before:.0f} at the start).",
        "",
        *(__doc__ or "").strip().splitlines()[5:],
        f"The limit is {LIMIT} s. The loop of linear programs is timed on 40 negatives drawn at random and",
        "scaled up. At 10⁶ × 64 only ours is timed: the peers take minutes there.",
    ]
    body = [line for title, lines in sections for line in ("", f"## {title}", "", *lines)]
    options.out.write_text("\n".join([*head, *body]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
