"""Naming of features (S10), with proofs, beside the plain programs without; writes docs/measured/naming.md.

    OMP_NUM_THREADS=1 python -P benchmarks/naming.py [--quick]

Random unit columns. Times are CPU seconds per feature, the mean over the features asked: all of them for ours
at 64 × 512, elsewhere and for the peers some drawn at random. Ours includes the exact certificate; its
independent check is a column of its own. The peers solve a program and prove nothing: "n + 2p" is S10's,
with b and the parts of two sums of largest entries as variables (2(p − 1) rows), by scipy's linprog and,
written with sum_largest, by cvxpy and Clarabel; "all columns" is our own program of n + 2 rows with every
column in it from the start. Every verdict of a peer is compared with ours.
"""

import argparse
import os
import platform
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import cvxpy
import numpy as np
from scipy import sparse
from scipy.optimize import linprog

from geosae.geometry import AllNamed, Named, NotAllNamed, Unnameable, name_all_features, name_features

PAGE = Path(__file__).parents[1] / "docs" / "measured" / "naming.md"
SIZES = ((16, 128), (32, 256), (64, 512))
GROWTH = (128, 512, 2048, 8192)
BAR = 0.3
ASKED, BY_PEERS = 24, 6


def columns(n: int, p: int) -> np.ndarray:
    """Return random unit columns."""
    A = np.random.default_rng([n, p]).standard_normal((n, p))
    return A / np.linalg.norm(A, axis=0)


def plain(A: np.ndarray, i: int, k: int) -> bool:
    """Decide by S10's program of n + 2p variables whether max g(b) over −1 ≤ b ≤ 1 is above 0."""
    target, others = A[:, i], np.delete(A, i, axis=1)
    n, m = others.shape
    cost = np.concatenate([-target, [k - 1, k], np.ones(2 * m)])
    unit, none = sparse.identity(m), sparse.csr_array((m, m))
    ones, zeros = np.ones((m, 1)), np.zeros((m, 1))
    rows = [[-others.T, -ones, zeros, -unit, none], [others.T, zeros, -ones, none, -unit]]
    bounds = [(-1, 1)] * n + [(0, None)] * (2 + 2 * m)
    solution = linprog(cost, A_ub=sparse.block_array(rows).tocsr(), b_ub=np.zeros(2 * m), bounds=bounds)
    return bool(-solution.fun > 1e-7)


def modelled(A: np.ndarray, i: int, k: int) -> bool:
    """Decide by the same program as cvxpy has it."""
    b = cvxpy.Variable(len(A))
    others = np.delete(A, i, axis=1).T @ b
    load = cvxpy.sum_largest(cvxpy.pos(others), k) + cvxpy.sum_largest(cvxpy.neg(others), k - 1)
    problem = cvxpy.Problem(cvxpy.Maximize(A[:, i] @ b - load), [cvxpy.norm_inf(b) <= 1])
    problem.solve(solver=cvxpy.CLARABEL)
    return bool(problem.value > 1e-6)


def whole(A: np.ndarray, i: int, k: int) -> bool:
    """Decide by max τ: τ·a_i = Σ v_j a_j over admissible v, every column in it."""
    others = np.delete(A, i, axis=1)
    n, m = others.shape
    equations = np.column_stack([-A[:, i], others, -others])
    masses = np.zeros((2, 2 * m + 1))
    masses[0, 1 : m + 1] = masses[1, m + 1 :] = 1
    cost = np.zeros(2 * m + 1)
    cost[0] = -1
    bounds = [(0, None)] + [(0, 1)] * (2 * m)
    solution = linprog(cost, A_ub=masses, b_ub=[k, k - 1], A_eq=equations, b_eq=np.zeros(n), bounds=bounds)
    return bool(-solution.fun < 1)


PEERS: dict[str, Callable[[np.ndarray, int, int], bool]] = {
    "n + 2p, linprog": plain,
    "n + 2p, cvxpy": modelled,
    "all columns, linprog": whole,
}


def cpu(call: Callable[[], object]) -> float:
    """Return the CPU seconds of a call."""
    start = time.process_time()
    call()
    return time.process_time() - start


def some(p: int, number: int) -> list[int]:
    """Return the numbers of some features."""
    return np.random.default_rng(p).choice(p, min(p, number), replace=False).tolist()


def versus(quick: bool) -> list[str]:
    """Time ours, its check and the peers; stop at a verdict that differs."""
    heads = ["n × p", "k", "named", "ours, s", "check, s", *(f"{name}, s" for name in PEERS)]
    lines = [f"| {' | '.join(heads)} |", "|" + "---|" * len(heads)]
    for n, p in SIZES[: 2 if quick else None]:
        A = columns(n, p)
        for k in (2, 3, 8):
            features = some(p, p if p == SIZES[-1][1] else ASKED)
            verdicts: list[Named | Unnameable] = []
            ours = cpu(lambda: verdicts.extend(name_features(A, k, features=features))) / len(features)  # noqa: B023
            check = cpu(lambda: [verdict.check() for verdict in verdicts]) / len(features)  # noqa: B023
            if any(isinstance(verdict, Unnameable) and verdict.grade != "exact" for verdict in verdicts):
                raise AssertionError("a verdict is not exact")
            nameable = {verdict.feature: verdict.nameable for verdict in verdicts}
            cells = [f"{n} × {p}", f"{k}", f"{sum(nameable.values())} of {len(features)}"]
            cells += [f"{ours:.4f}", f"{check:.4f}"]
            for peer in PEERS.values():
                answers: list[bool] = []
                few = features[:BY_PEERS]
                seconds = cpu(lambda: answers.extend(peer(A, i, k) for i in few)) / len(few)  # noqa: B023
                if answers != [nameable[i] for i in few]:
                    raise AssertionError(f"another verdict at {n} × {p}, k = {k}")
                cells.append(f"{seconds:.3f} ({seconds / ours:.1f}×)")
            lines.append("| " + " | ".join(cells) + " |")
            print(lines[-1], flush=True)
    return lines


def growth(quick: bool) -> list[str]:
    """Measure how time grows with p in 64 dimensions, of ours and of the programs with all columns."""
    names = ("all columns, linprog", "n + 2p, linprog")
    lines = [f"| n × p | ours, s | {names[0]}, s | {names[1]}, s |", "|---|---|---|---|"]
    sizes, seconds = GROWTH[: 2 if quick else None], []
    for p in sizes:
        A, features = columns(64, p), some(p, ASKED)
        few = features[:BY_PEERS]
        times = [cpu(lambda: [name_features(A, k, features=features) for k in (2, 4)]) / (2 * len(features))]  # noqa: B023
        for name in names:
            peer = PEERS[name]
            times.append(cpu(lambda: [peer(A, i, k) for i in few for k in (2, 4)]) / (2 * len(few)))  # noqa: B023
        seconds.append(times)
        cells = [f"{time:.3f} ({time / times[0]:.1f}×)" for time in times[1:]]
        lines.append(f"| 64 × {p} | {times[0]:.3f} | {cells[0]} | {cells[1]} |")
        print(lines[-1], flush=True)
    slopes = np.polyfit(np.log(sizes), np.log(np.array(seconds)), 1)[0]
    lines.append("| slope in p | " + " | ".join(f"**{slope:.2f}**" for slope in slopes) + " |")
    return lines


def together(quick: bool) -> list[str]:
    """Time S11(a)'s question about all features at once beside S10's about each; stop where they differ."""
    lines = [
        "| n × p | k | all named | all at once, s | its check, s | each alone, s |",
        "|---|---|---|---|---|---|",
    ]
    for n, p in ((16, 32), (32, 128)) if quick else ((32, 128), (64, 160), (64, 512)):
        A = columns(n, p)
        for k in (1, 2, 3, 8):
            verdicts: list[AllNamed | NotAllNamed] = []
            alone: list[Named | Unnameable] = []
            seconds = cpu(lambda: verdicts.append(name_all_features(A, k)))  # noqa: B023
            check = cpu(lambda: verdicts[0].check())  # noqa: B023
            each = cpu(lambda: alone.extend(name_features(A, k)))  # noqa: B023
            if all(verdict.nameable for verdict in alone) is not verdicts[0].all_named:
                raise AssertionError(f"another verdict at {n} × {p}, k = {k}")
            answer = "yes" if verdicts[0].all_named else "no"
            lines.append(f"| {n} × {p} | {k} | {answer} | {seconds:.2f} | {check:.3f} | {each:.1f} |")
            print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Run and write the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="the small sizes only, nothing is written")
    quick = parser.parse_args().quick
    load = os.getloadavg()[0]
    plain(columns(8, 16), 0, 2), modelled(columns(8, 16), 0, 2)  # what is loaded at the first call
    tables = versus(quick), growth(quick), together(quick)
    if quick:
        return
    lines = [
        "# Naming features: a program with its proof, measured",
        "",
        "    OMP_NUM_THREADS=1 python -P benchmarks/naming.py",
        "",
        f"{date.today():%-d %B %Y}, {os.cpu_count()} cores (load {load:.1f} at the start), "
        f"Python {platform.python_version()}, numpy {np.__version__}, one thread.",
        "",
        *(__doc__ or "").strip().splitlines()[4:],
        "",
        "## Beside the plain programs",
        "",
        *tables[0],
        "",
        "## Growth with the number of features, k = 2 and 4",
        "",
        f"Ours asked about {ASKED} features, what all features share included. The bar is {BAR} s a feature "
        "at 64 × 512, certificates included, and a cost near linear in p.",
        "",
        *tables[1],
        "",
        "## All features at once (S11a)",
        "",
        "Seconds of all features together, by `name_all_features` and by `name_features`. A yes asks for a "
        "row for every feature; where the rows of least spread do not serve, each is a program of its own. A "
        "no asks for one feature without a neuron, and the one that promises least comes first.",
        "",
        *tables[2],
    ]
    PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
