"""The study behind the defaults of `TrainConfig` at toy sizes: learning rate, initial norm, and the rest.

    OMP_NUM_THREADS=1 python benchmarks/defaults.py [--seeds 5] [--workers 2] [--write]

First a full grid of learning rate × initial norm; then, around the chosen point, one knob at a time.
A run is scored by the loss that its gate minimises (mean squared error over variance, plus the L1 penalty of
a ReLU), measured at the end, plus 0.001, divided by the best such value in its table for the same case and
gate: differences below a thousandth of the variance hardly count. A setting's score is the geometric mean of
these quotients over cases, gates and seeds (1 is best); a knob of one gate is scored on that gate alone.
Small real images (scikit-learn's digits) and a wider superposition stand beside the toys, so that no default
suits two dimensions alone. The rule: the least score decides; settings within 2 % of it are equal, and among
equals the one with the fewest dead neurons (both gates together) is taken.
"""

import argparse
import itertools
import math
import os
import platform
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from datetime import date
from pathlib import Path
from typing import Any

import geosae_synthetic
import numpy as np
from scipy.optimize import linear_sum_assignment

from geosae.data.dataset import ConceptDataset
from geosae.data.sources import digits
from geosae.sae.config import TrainConfig
from geosae.sae.gates import ReLU, TopK
from geosae.sae.neurons import neurons_of
from geosae.sae.training.train import train

# World, dimension, neurons.
CASES = {
    "disk-in-ring 2": ("disk-in-ring", 2, 32),
    "overlapping-balls 3": ("overlapping-balls", 3, 32),
    "nested-balls 8": ("nested-balls", 8, 32),
    "superposition 8": ("superposition", 8, 32),
    "superposition 32": ("superposition", 32, 64),
    "digits 64": ("digits", 64, 64),
}
GATES = {"topk": TopK(k=4), "relu": ReLU(l1=0.03)}
POINTS, STEPS = 5000, 1000
RATES, NORMS = (3e-3, 1e-2, 3e-2, 1e-1), ("matched", 1.0, 0.1)
FLOOR = 1e-3

# One knob at a time, around the chosen rate and norm.
VARIANTS: dict[str, dict[str, Any]] = {
    "as chosen": {},
    "free decoder": {"decoder_norm": "free"},
    "b_pre apart from b_dec": {"tied_bias": False},
    "centre: zero": {"pre_bias": "zero"},
    "cosine": {"schedule": "cosine"},
    "constant rate": {"schedule": "constant"},
    "decay over the last fifth": {"decay": 0.2},
    "300 steps": {"steps": 300},
    "3000 steps": {"steps": 3000},
    "no warm-up": {"warmup": 0.0},
    "batch 64": {"batch_size": 64},
    "beta2 0.99": {"beta2": 0.99},
    "resample every 100": {"resample_every": 100, "dead_after": 5000},
    "no AuxK": {"gate": TopK(k=4, aux_coefficient=0)},
    "AuxK with 8": {"gate": TopK(k=4, aux_k=8), "dead_after": 5000},
}

Job = tuple[str, str, int, dict[str, Any]]


def world(case: str) -> ConceptDataset:
    """Return the points of one case of the study."""
    name, dim, _ = CASES[case]
    if name == "digits":
        return digits()
    return geosae_synthetic.make(name, points=POINTS, dim=dim, rng=np.random.default_rng(0))


def one(job: Job) -> dict[str, float]:
    """Train one SAE; return its loss, FVU, L0, dead share and, where directions are known, MCC."""
    name, gate, seed, knobs = job
    data = world(name)
    config = TrainConfig(**{"gate": GATES[gate], "width": CASES[name][2], "steps": STEPS, **knobs})
    run = train(data.points, config, seed, device="cpu")
    last = run.log[-1]
    record = dict(run.metrics) | {"loss": last["error"] + last["penalty"]}
    if data.directions is not None:
        atoms = neurons_of(run.sae).decoder
        cosine = np.abs(data.directions @ atoms.T) / np.linalg.norm(atoms, axis=1)
        record["mcc"] = float(cosine[linear_sum_assignment(-cosine)].mean())
    return record


def study(
    settings: dict[Any, dict[str, Any]], seeds: int, pool: ProcessPoolExecutor
) -> dict[Any, list[tuple]]:
    """Run every setting on every world, gate and seed; return (case, gate, record) by setting."""
    keys, jobs = [], []
    for key, knobs in settings.items():
        for name, gate, seed in itertools.product(CASES, GATES, range(seeds)):
            if "gate" in knobs and gate != "topk":
                continue
            keys.append((key, name, gate))
            jobs.append((name, gate, seed, knobs))
    out: dict[Any, list[tuple]] = defaultdict(list)
    for (key, name, gate), record in zip(keys, pool.map(one, jobs, chunksize=4), strict=True):
        out[key].append((name, gate, record))
    return out


def scores(results: dict[Any, list[tuple]]) -> dict[Any, dict[str, float]]:
    """Return each setting's score and mean metrics."""
    best: dict[tuple[str, str], float] = defaultdict(lambda: math.inf)
    for runs in results.values():
        for name, gate, record in runs:
            best[name, gate] = min(best[name, gate], record["loss"] + FLOOR)
    table: dict[Any, dict[str, float]] = {}
    for key, runs in results.items():
        logs = {
            gate: [math.log((r["loss"] + FLOOR) / best[n, g]) for n, g, r in runs if g == gate]
            for gate in GATES
        }
        every = logs["topk"] + logs["relu"]
        table[key] = {
            "score": math.exp(mean(every)),
            "± (standard error)": math.exp(mean(every))
            * float(np.std(every, ddof=1))
            / math.sqrt(len(every)),
            "Top-K": math.exp(mean(logs["topk"])),
            "ReLU": math.exp(mean(logs["relu"])) if logs["relu"] else math.nan,
            "dead, Top-K": mean(r["dead_share"] for _, g, r in runs if g == "topk"),
            "dead, ReLU": mean(r["dead_share"] for _, g, r in runs if g == "relu"),
            "MCC, Top-K": mean(r["mcc"] for _, g, r in runs if g == "topk" and "mcc" in r),
            "MCC, ReLU": mean(r["mcc"] for _, g, r in runs if g == "relu" and "mcc" in r),
        }
    return table


def by_the_rule(table: dict[Any, dict[str, float]]) -> Any:
    """Return the setting that the rule takes: within 2 % of the least score, the fewest dead."""
    least = min(row["score"] for row in table.values())
    equals = {key: row for key, row in table.items() if row["score"] <= 1.02 * least}
    return min(equals, key=lambda key: equals[key]["dead, Top-K"] + equals[key]["dead, ReLU"])


def mean(values: Iterable[float]) -> float:
    """Return the mean, nan of nothing."""
    collected = list(values)
    return float(np.mean(collected)) if collected else math.nan


def markdown(table: dict[Any, dict[str, float]], heads: list[str], spell: Callable[[Any], list[str]]) -> str:
    """Return the table, best score first."""
    columns = list(next(iter(table.values())))
    lines = ["| " + " | ".join(heads + columns) + " |", "|" + "---|" * (len(heads) + len(columns))]
    for key, row in sorted(table.items(), key=lambda item: item[1]["score"]):
        cells = spell(key) + ["–" if math.isnan(value) else f"{value:.3f}" for value in row.values()]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def page(seeds: int, chosen: str, grid: str, variants: str) -> str:
    """Return the page for the documentation."""
    place = f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores, {date.today()}"
    cases = ", ".join(f"{case} ({width})" for case, (_, _, width) in CASES.items())
    parts = [
        "# How the training defaults were chosen",
        f"`OMP_NUM_THREADS=1 python benchmarks/defaults.py --seeds {seeds} --write` on {place}.",
        (__doc__ or "").split("\n\n", 2)[2].strip(),
        f"Cases with their dimension (and neurons): {cases}; {POINTS} points where they are made, Top-K with "
        f"k = 4, ReLU with λ = 0.03, {STEPS} steps, {seeds} seeds. MCC is over the superpositions.",
        f"Chosen by the rule: {chosen}.",
        "## Learning rate and initial norm",
        grid,
        "## One knob at a time, around the chosen rate and norm",
        variants,
    ]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Run the study and print its page; with --write, keep it in docs/measured/training_defaults.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    with ProcessPoolExecutor(args.workers) as pool:
        settings = {(lr, norm): {"lr": lr, "init_norm": norm} for lr, norm in itertools.product(RATES, NORMS)}
        results = scores(study(settings, args.seeds, pool))
        grid = markdown(results, ["lr", "init_norm"], lambda key: [f"{key[0]:g}", str(key[1])])
        print(grid, flush=True)
        lr, norm = by_the_rule(results)
        print(f"chosen: lr {lr:g}, init_norm {norm}", flush=True)
        around = {name: {"lr": lr, "init_norm": norm} | knobs for name, knobs in VARIANTS.items()}
        variants = markdown(scores(study(around, args.seeds, pool)), ["setting"], lambda key: [str(key)])
    text = page(args.seeds, f"lr {lr:g}, init_norm {norm}", grid, variants)
    print(text)
    if args.write:
        Path("docs/measured/training_defaults.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
