"""Training speed: geosae's loop beside a dense torch autograd loop, side by side in one run.

    OMP_NUM_THREADS=1 python benchmarks/training.py [--cases toy A B] [--runs 5] [--write]

Both loops start at the same weights, draw the same batches and use the same Adam, so their losses must agree
at the first steps; that is checked before anything is timed. CPU seconds of one thread, methods alternating,
medians. Case A is (dimension 64, 256 features, 512 neurons, k = 8, batch 1024, 500 steps), case B (256, 1024
features, 4096 neurons, k = 16, batch 2048, 60 steps), toy (4, 8 features, 32 neurons, k = 2, batch 256, 1000
steps).
"""

import argparse
import platform
import statistics
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import torch

from geosae.sae.adam import Adam, learning_rate
from geosae.sae.config import TrainConfig
from geosae.sae.descent import Descent
from geosae.sae.frame import frame_of
from geosae.sae.gates import ReLU, TopK
from geosae.sae.parameters import Parameters, remove_parallel, renormalise

CASES = {
    # name: dimension, features, neurons, k, batch, steps, points
    "toy": (4, 8, 32, 2, 256, 1000, 20_000),
    "A": (64, 256, 512, 8, 1024, 500, 100_000),
    "B": (256, 1024, 4096, 16, 2048, 60, 50_000),
}


def cloud(dim: int, features: int, count: int) -> torch.Tensor:
    """Sparse sums of random unit directions, four active on average, in the training frame."""
    rng = np.random.default_rng(0)
    directions = rng.standard_normal((features, dim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    points = np.empty((count, dim))
    for start in range(0, count, 10_000):
        rows = slice(start, start + 10_000)
        on = rng.random((len(points[rows]), features)) < min(4 / features, 0.25)
        points[rows] = (on * rng.uniform(0.5, 1.5, on.shape)) @ directions
    return torch.from_numpy(frame_of(points, "mean", rng).inward(points))


def ours(config: TrainConfig, u: torch.Tensor) -> list[float]:
    """Train with geosae's loop; return the logged errors."""
    run = Descent.begin(config, u, 0)
    run.run()
    return [line["error"] for line in run.log]


def dense_torch(config: TrainConfig, u: torch.Tensor) -> list[float]:
    """Train with autograd through dense matrices; return the errors at the same steps."""
    run = Descent.begin(config, u, 0)
    at, errors = run.at, [run.log[0]["error"]]
    adam = Adam(at, config.beta1, config.beta2, config.eps)
    gradient = Parameters.zeros(config.width, u.shape[1])
    leaves = [weights.detach().requires_grad_() for weights in (at.W_enc, at.b_enc, at.W_dec, at.b_dec)]
    views = (gradient.W_enc, gradient.b_enc, gradient.W_dec, gradient.b_dec)
    for step, x in enumerate(run.batches(config.steps), start=1):
        w_enc, b_enc, w_dec, b_dec = leaves
        z = torch.addmm(b_enc, x - b_dec, w_enc.T)
        if isinstance(config.gate, TopK):
            top = z.topk(config.gate.k, dim=1)
            a = torch.zeros_like(z).scatter(1, top.indices, top.values.relu())
        else:
            a = z.relu()
        loss = (torch.addmm(b_dec, a, w_dec) - x).square().sum() / len(x)
        if config.gate.penalty:
            loss = loss + config.gate.penalty * a.sum() / len(x)
        for view, value in zip(views, torch.autograd.grad(loss, leaves), strict=True):
            view.copy_(value)
        remove_parallel(gradient.W_dec, at.W_dec)
        adam.step(at, gradient, learning_rate(config, step))
        renormalise(at.W_dec)
        if step % config.log_every == 0 or step == config.steps:
            run.step = step
            errors.append(float(run.line()["error"]))
    return errors


METHODS = {"geosae": ours, "dense torch, autograd": dense_torch}


def same_start(config: TrainConfig, u: torch.Tensor) -> None:
    """Refuse to time loops that do not do the same: losses of the first ten steps must agree."""
    early = replace(config, steps=10, log_every=1)
    curves = [method(early, u) for method in METHODS.values()]
    worst = max(abs(a - b) / b for a, b in zip(*curves, strict=True))
    if not worst < 1e-4:
        raise SystemExit(f"the loops differ by {worst:.2g} within ten steps: nothing to compare")


def measure(name: str, gate: ReLU | TopK, runs: int) -> list[str]:
    """Time every method on one case, alternating; return table rows."""
    dim, features, width, _, batch, steps, count = CASES[name]
    u = cloud(dim, features, count)
    # No neuron dies within these runs' patience: both loops do the same work, AuxK apart.
    config = TrainConfig(gate, width, steps, batch, lr=3e-3, dead_after=2**62, log_every=max(1, steps // 5))
    same_start(config, u)
    seconds: dict[str, list[float]] = {method: [] for method in METHODS}
    final: dict[str, float] = {}
    for _ in range(runs):
        for method, run in METHODS.items():
            start = time.process_time()
            final[method] = run(config, u)[-1]
            seconds[method].append(time.process_time() - start)
    rows: list[str] = []
    for method, times in seconds.items():
        middle = statistics.median(times)
        row = [name, gate.kind, method, f"{middle:.2f}", f"{min(times):.2f}–{max(times):.2f}"]
        row += [f"{1e3 * middle / steps:.3g}", f"{steps * batch / middle / 1e3:.3g}", f"{final[method]:.4f}"]
        rows.append("| " + " | ".join(row) + " |")
    return rows


def main() -> None:
    """Print the table; with --write, keep it in docs/measured/training.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=["toy", "A"])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    lines = [
        "| case | gate | method | CPU s, median | range | ms/step | k samples/s | error at the end |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name in args.cases:
        gates = [TopK(CASES[name][3])] + ([ReLU(0.03)] if name == "toy" else [])
        for gate in gates:
            lines += measure(name, gate, args.runs)
    table = "\n".join(lines)
    print(table)
    if args.write:
        head = (
            "# Training speed, measured\n\n`OMP_NUM_THREADS=1 python benchmarks/training.py --cases "
            f"{' '.join(args.cases)} --runs {args.runs} --write` on {platform.machine()}, "
            f"{platform.system()}, torch {torch.__version__}, {date.today()}. One thread, alternating. "
            "The error is mean squared error over variance.\n\n"
        )
        Path("docs/measured").mkdir(exist_ok=True)
        Path("docs/measured/training.md").write_text(head + table + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
