"""The study behind the learning rate and the decoder of `TrainConfig`, at sizes beyond toys.

    OMP_NUM_THREADS=1 python -P benchmarks/rates.py --keep FILE [--cases …] [--seeds 0 1 2 3 4] [--write]

Points are as in benchmarks/training.py: sparse sums of random unit directions, four active on average.
Cases grid (32 dimensions, 128 neurons), A (64, 512) and B (256, 4096) chose the defaults; C (128, 2048) and D
(384, 3072) were looked at only afterwards. Each is trained for its budget of steps and for three times as
many, with the schedule of `TrainConfig`. Modes: "unit" keeps the decoder's atoms at norm 1, "atoms ×2" and
"atoms ×4" let them learn at a multiple of the rate (`decoder_lr`), "free" leaves them free and starts them at
norm 0.1.

On 8,192 points that were not trained on: FVU; MCC, the mean |cosine| of the best one-to-one matching of
features and atoms; the share of neurons that fire at all; and separation, the median over features of the
least s = max(m, a) of any neuron (theory N1): m the share of the feature's points that the neuron misses, a
its false alarms per such point. An untrained SAE stands beside. Every run is one line of FILE, and a later
call goes on with what is missing.
"""

import argparse
import itertools
import json
import os
import platform
import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.optimize import linear_sum_assignment

from geosae.sae.config import TrainConfig, default_lr
from geosae.sae.gates import Gate, ReLU, TopK
from geosae.sae.training.adam import Adam, learning_rate
from geosae.sae.training.parameters import Parameters, initial
from geosae.sae.training.spec import training_spec
from geosae.sae.training.step import step_of

ACTIVE, HELD_OUT = 4.0, 8192
MODES: dict[str, dict[str, Any]] = {
    "unit": {"decoder_norm": "unit"},
    "atoms ×2": {"decoder_norm": "unit", "decoder_lr": 2.0},
    "atoms ×4": {"decoder_norm": "unit", "decoder_lr": 4.0},
    "free": {"decoder_norm": "free"},
}
RATES = (1e-3, 2e-3, 4e-3, 8e-3, 1.6e-2, 3.2e-2)
MEASURES = ("fvu", "mcc", "separation", "used")


@dataclass(frozen=True)
class Size:
    """A size of problem."""

    dim: int
    features: int
    width: int
    k: int
    batch: int
    steps: int


CASES = {
    "grid": Size(32, 128, 128, 4, 1024, 300),
    "A": Size(64, 256, 512, 8, 1024, 500),
    "B": Size(256, 1024, 4096, 16, 2048, 60),
    "C": Size(128, 512, 2048, 8, 1024, 200),
    "D": Size(384, 1024, 3072, 16, 2048, 80),
}
CHOSEN = """## What was chosen

A free decoder that starts at norm 0.1 separates better than unit atoms or as well in all cases, at either
budget, and its FVU is lower or the same; in cases B and C more neurons stay in use at the longer one.
Its MCC is greater, or less by at most 0.003. A multiple of the rate for unit atoms (`decoder_lr`) recovers
still more features in case B and separates no better than unit atoms do at their best rate: it stays at 1.
So Top-K's decoder is free from 128 neurons on. Below, on the toy worlds of the page on training defaults,
unit atoms have the lower loss, and stay.

Rates from 0.008 up kill neurons in wide SAEs, and smaller ones are too slow for short runs: 0.03 up to 128
neurons, then 0.03 · 128/width, not below 0.005. At 4,096 neurons 0.008 has the lower FVU in a short run,
at several times the share of unused neurons. The tables hold the rates that were tried; 0.0075 (A) and
0.005 (B) lie between two of them.

Read s against its floors: the untrained SAE has 0.81 to 0.88, a neuron that never fires has 1. The ReLU (λ
= 0.03, one seed) is not sparse at these sizes and stays above the untrained one: its tables say nothing of
separation, and its decoder is left as it was. They are here for the rate, which is every gate's: at 4,096
neurons 0.016 and more leave next to no neuron alive."""
PAGE = Path(__file__).parents[1] / "docs" / "measured" / "rates.md"


@dataclass(frozen=True)
class Job:
    """One run of the study."""

    case: str
    gate: str
    budget: int
    mode: str
    lr: float
    seed: int


def points(size: Size, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return points (count, n), which features are active at each (count, f), and the directions."""
    directions = np.random.default_rng(0).standard_normal((size.features, size.dim))
    directions = (directions / np.linalg.norm(directions, axis=1, keepdims=True)).astype(np.float32)
    share = ACTIVE / size.features
    x, active = np.empty((count, size.dim), np.float32), np.empty((count, size.features), bool)
    for start in range(0, count, 8192):
        rows = slice(start, min(start + 8192, count))
        shape = (rows.stop - rows.start, size.features)
        active[rows] = rng.random(shape, dtype=np.float32) < share
        x[rows] = (active[rows] * rng.uniform(0.5, 1.5, shape).astype(np.float32)) @ directions
    spread = np.sqrt(size.features * (share * 13 / 12 - share**2))
    return (x - share * directions.sum(axis=0)) / np.float32(spread), active, directions


def config_of(job: Job) -> TrainConfig:
    """Return the settings of a run; a rate of 0 stands for the untrained SAE."""
    size = CASES[job.case]
    gate: Gate = TopK(size.k) if job.gate == "topk" else ReLU(l1=0.03)
    settings = {"lr": job.lr or None, "baseline": None if job.lr else "untrained"} | MODES[job.mode]
    return TrainConfig(gate, size.width, size.steps * job.budget, size.batch, **settings)


def run(job: Job) -> dict[str, float]:
    """Train one SAE on a stream of fresh points and measure it on others."""
    size, config = CASES[job.case], config_of(job)
    spec = training_spec(config, size.dim)
    generator = torch.Generator().manual_seed(job.seed)
    rng = np.random.default_rng([job.seed, 1])
    first = torch.from_numpy(points(size, 4096, rng)[0])
    at = initial(config, first, generator)
    start = Parameters.of(at.flat.clone(), config.width, size.dim, config.gate.parameters)
    step = step_of(spec, at, Adam(at, config.beta1, config.beta2, config.eps), start)
    silent = torch.zeros(config.width, dtype=torch.int64)
    for number in range(1, config.steps + 1 if job.lr else 1):
        u = torch.from_numpy(points(size, size.batch, rng)[0])
        dead = silent >= config.dead_after
        losses = step.take(u, learning_rate(config, number), dead if bool(dead.any()) else None)
        silent.add_(len(u)).masked_fill_(losses.fired, 0)
    return measured(size, config.gate, at)


@torch.no_grad()
def measured(size: Size, gate: Gate, at: Parameters) -> dict[str, float]:
    """Return FVU, MCC, separation and the share of used neurons on held-out points."""
    held_out, active, directions = points(size, HELD_OUT, np.random.default_rng(2))
    u = torch.from_numpy(held_out)
    a = gate.encode(torch.addmm(at.b_enc, u - at.b_dec, at.W_enc.T), at.weights(gate))
    left = (u - torch.addmm(at.b_dec, a, at.W_dec)).square().sum()
    atoms = at.W_dec.numpy()
    atoms = atoms / np.maximum(np.linalg.norm(atoms, axis=1, keepdims=True), 1e-12)
    cosines = np.abs(directions @ atoms.T)
    fires, inside = (a != 0).float(), torch.from_numpy(active).float()
    hits, fired, positives = inside.T @ fires, fires.sum(dim=0), inside.sum(dim=0)[:, None]
    s = torch.maximum(positives - hits, fired - hits) / positives
    return {
        "fvu": float(left / (u - u.mean(dim=0)).square().sum()),
        "mcc": float(cosines[linear_sum_assignment(-cosines)].mean()),
        "separation": float(s.amin(dim=1).median()),
        "used": float((fired > 0).float().mean()),
        "l0": float(fires.sum(dim=1).mean()),
    }


def kept(file: Path) -> dict[Job, dict[str, float]]:
    """Return the runs that a file holds."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.is_file() else []
    return {Job(**job): numbers for job, numbers in map(json.loads, lines)}


def study(jobs: Iterable[Job], file: Path) -> None:
    """Do the runs that the file does not hold yet."""
    done = kept(file)
    for job in jobs:
        if job in done:
            continue
        clock = time.process_time()
        numbers = run(job) | {"seconds": time.process_time() - clock}
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps([vars(job), numbers]) + "\n")
        print(job, {key: round(number, 4) for key, number in numbers.items()}, flush=True)


def table(case: str, gate: str, runs: dict[Job, dict[str, float]]) -> list[str]:
    """Return the table of one case: medians over seeds, with the range."""
    groups: dict[tuple[int, str, float], list[dict[str, float]]] = {}
    for job, numbers in runs.items():
        if (job.case, job.gate) == (case, gate):
            groups.setdefault((job.budget, job.mode, job.lr), []).append(numbers)
    lines = [
        "| budget | decoder | lr | seeds | FVU | MCC | separation, median s | used neurons |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for (budget, mode, lr), found in sorted(groups.items()):
        cells = [f"{budget}×", mode if lr else "untrained", f"{lr:g}" if lr else "–", str(len(found))]
        lines.append("| " + " | ".join(cells + [_spread([n[key] for n in found]) for key in MEASURES]) + " |")
    return lines


def _spread(values: list[float]) -> str:
    return f"{statistics.median(values):.3f} ({min(values):.3f}–{max(values):.3f})"


def page(runs: dict[Job, dict[str, float]]) -> str:
    """Return the page for the documentation."""
    place = f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores, {date.today()}"
    command = "OMP_NUM_THREADS=1 python -P benchmarks/rates.py --keep FILE --write"
    parts = ["# Learning rate and decoder, beyond toys", f"`{command}`, in several calls, on {place}."]
    parts += [(__doc__ or "").split("\n\n", 2)[2].strip(), CHOSEN]
    for case, gate in itertools.product(CASES, ("topk", "relu")):
        if any((job.case, job.gate) == (case, gate) for job in runs):
            size = CASES[case]
            parts.append(
                f"## Case {case}, {'Top-K' if gate == 'topk' else 'ReLU'}: {size.dim} dimensions, "
                f"{size.features} features, {size.width} neurons\n\n"
                f"Default rate at this width: {default_lr(size.width):.2g}."
            )
            parts.append("\n".join(table(case, gate, runs)))
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Run what is missing; with --write, keep the page docs/measured/rates.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="a file of runs, read if it is there")
    parser.add_argument("--cases", nargs="*", choices=list(CASES), default=list(CASES))
    parser.add_argument("--gates", nargs="+", choices=("topk", "relu"), default=["topk"])
    parser.add_argument("--budgets", nargs="+", type=int, default=[1, 3])
    parser.add_argument("--modes", nargs="+", choices=list(MODES), default=list(MODES))
    parser.add_argument("--rates", nargs="+", type=float, default=list(RATES), help="0 is the untrained SAE")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(range(5)))
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    grid = itertools.product(args.seeds, args.cases, args.gates, args.budgets, args.modes, args.rates)
    jobs = (Job(case, gate, budget, mode, lr, seed) for seed, case, gate, budget, mode, lr in grid)
    study(jobs, args.keep)
    if args.write:
        PAGE.write_text(page(kept(args.keep)), encoding="utf-8")
        print(f"wrote {PAGE}")


if __name__ == "__main__":
    main()
