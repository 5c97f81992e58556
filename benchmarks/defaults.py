"""The study behind the defaults of `TrainConfig` at toy sizes: learning rate, initial norm, and the rest.

    OMP_NUM_THREADS=1 python benchmarks/defaults.py [--seeds 5] [--workers 2] [--write]

First a full grid of learning rate × initial norm × steps; then, around the chosen point, one knob at a time.
A run is scored by the loss that its gate minimises (mean squared error over variance, plus the L1 penalty of
a ReLU), measured at the end, plus 0.001, divided by the best such value that any run of the same world, gate
and steps reached: differences below a thousandth of the variance hardly count. A setting's score is the
geometric mean of these quotients over worlds, gates and seeds (1 is best).
The rule: the least score at 1000 steps decides; settings within 2 % of it are equal, and among equals the one
with fewer dead neurons is taken.
"""

import argparse
import itertools
import math
import os
import platform
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import geosae_synthetic
import numpy as np
from scipy.optimize import linear_sum_assignment

from geosae.data.dataset import ConceptDataset
from geosae.sae.config import TrainConfig
from geosae.sae.gates import ReLU, TopK
from geosae.sae.neurons import neurons_of
from geosae.sae.train import train

WORLDS = {"disk-in-ring": 2, "overlapping-balls": 3, "nested-balls": 8, "superposition": 8}
GATES = {"topk": TopK(k=4), "relu": ReLU(l1=0.03)}
WIDTH, POINTS = 32, 5000
RATES, NORMS, STEPS = (1e-3, 3e-3, 1e-2, 3e-2), ("matched", 1.0, 0.1), (300, 1000)
FLOOR = 1e-3

# One knob at a time, around the defaults.
VARIANTS: dict[str, dict[str, Any]] = {
    "defaults": {},
    "free decoder": {"decoder_norm": "free"},
    "free decoder, norm 0.1": {"decoder_norm": "free", "init_norm": 0.1},
    "b_pre apart from b_dec": {"tied_bias": False},
    "centre: mean": {"pre_bias": "mean"},
    "centre: zero": {"pre_bias": "zero"},
    "cosine": {"schedule": "cosine"},
    "constant rate": {"schedule": "constant"},
    "decay over all steps": {"decay": 1.0},
    "decay over the last fifth": {"decay": 0.2},
    "no warm-up": {"warmup": 0.0},
    "batch 64": {"batch_size": 64},
    "batch 1024": {"batch_size": 1024},
    "beta2 0.99": {"beta2": 0.99},
    "resample every 100": {"resample_every": 100, "dead_after": 5000},
    "dead after 5000": {"dead_after": 5000},
    "no AuxK": {"gate": TopK(k=4, aux_coefficient=0)},
    "AuxK with 8": {"gate": TopK(k=4, aux_k=8), "dead_after": 5000},
}

Job = tuple[str, str, int, dict[str, Any]]


def world(name: str) -> ConceptDataset:
    """Return the points of one world of the study."""
    return geosae_synthetic.make(name, points=POINTS, dim=WORLDS[name], rng=np.random.default_rng(0))


def one(job: Job) -> dict[str, float]:
    """Train one SAE; return its loss, FVU, L0, dead share and, where directions are known, MCC."""
    name, gate, seed, knobs = job
    data = world(name)
    config = TrainConfig(**{"gate": GATES[gate], "width": WIDTH, "steps": 1000, **knobs})
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
    """Run every setting on every world, gate and seed; return (world, gate, steps, record) by setting."""
    keys, jobs = [], []
    for key, knobs in settings.items():
        for name, gate, seed in itertools.product(WORLDS, GATES, range(seeds)):
            if "gate" in knobs and gate != "topk":
                continue
            keys.append((key, name, gate, knobs.get("steps", 1000)))
            jobs.append((name, gate, seed, knobs))
    out: dict[Any, list[tuple]] = defaultdict(list)
    for (key, name, gate, steps), record in zip(keys, pool.map(one, jobs, chunksize=4), strict=True):
        out[key].append((name, gate, steps, record))
    return out


def scores(results: dict[Any, list[tuple]]) -> dict[Any, dict[str, float]]:
    """Return each setting's score and mean metrics."""
    best: dict[tuple, float] = defaultdict(lambda: math.inf)
    for runs in results.values():
        for name, gate, steps, record in runs:
            best[name, gate, steps] = min(best[name, gate, steps], record["loss"] + FLOOR)
    table: dict[Any, dict[str, float]] = {}
    for key, runs in results.items():
        logs = {
            gate: [math.log((r["loss"] + FLOOR) / best[n, g, s]) for n, g, s, r in runs if g == gate]
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
            "dead, Top-K": mean(r["dead_share"] for _, g, _, r in runs if g == "topk"),
            "dead, ReLU": mean(r["dead_share"] for _, g, _, r in runs if g == "relu"),
            "MCC, Top-K": mean(r["mcc"] for _, g, _, r in runs if g == "topk" and "mcc" in r),
            "MCC, ReLU": mean(r["mcc"] for _, g, _, r in runs if g == "relu" and "mcc" in r),
        }
    return table


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


def page(seeds: int, grids: dict[int, str], variants: str) -> str:
    """Return the page for the documentation."""
    place = f"{platform.machine()} {platform.system()}, {os.cpu_count()} cores"
    default = TrainConfig(gate=TopK(k=4), width=WIDTH)
    parts = [
        "# How the training defaults were chosen",
        f"`OMP_NUM_THREADS=1 python benchmarks/defaults.py --seeds {seeds} --write` on {place}.",
        (__doc__ or "").split("\n\n", 2)[2].strip(),
        f"Worlds {', '.join(f'{name} (n = {dim})' for name, dim in WORLDS.items())}, {POINTS} points each, "
        f"{WIDTH} neurons, Top-K with k = 4 and ReLU with λ = 0.03, {seeds} seeds; MCC on superposition.",
        f"Defaults now: lr {default.lr:g}, init_norm {default.init_norm}, steps {default.steps}.",
    ]
    for steps, text in grids.items():
        parts += [f"## Learning rate and initial norm, {steps} steps", text]
    parts += ["## One knob at a time, 1000 steps", variants]
    return "\n\n".join(parts) + "\n"


def main() -> None:
    """Run the study and print its page; with --write, keep it in docs/measured/training_defaults.md."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    with ProcessPoolExecutor(args.workers) as pool:
        settings = {
            (steps, lr, norm): {"steps": steps, "lr": lr, "init_norm": norm}
            for steps, lr, norm in itertools.product(STEPS, RATES, NORMS)
        }
        table = scores(study(settings, args.seeds, pool))
        grids = {
            steps: markdown(
                {key[1:]: row for key, row in table.items() if key[0] == steps},
                ["lr", "init_norm"],
                lambda key: [f"{key[0]:g}", str(key[1])],
            )
            for steps in STEPS
        }
        print(grids[1000], flush=True)
        variants = markdown(scores(study(VARIANTS, args.seeds, pool)), ["setting"], lambda key: [str(key)])
    text = page(args.seeds, grids, variants)
    print(text)
    if args.write:
        Path("docs/measured/training_defaults.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
