"""Training speed: geosae beside the libraries and beside plain torch, side by side in one run.

    python benchmarks/training.py [--cases A B grid] [--methods …] [--repeats 5] [--keep RUNS] [--write]

Case A: dimension 64, 256 features, 512 neurons, k = 8, batch 1024, 500 steps. Case B: 256, 1024 features,
4096 neurons, k = 16, batch 2048, 60 steps. Case grid: 32 SAEs (8 seeds × 4 rates), one after the other, of
dimension 32, 128 features, 128 neurons, k = 4, batch 1024, 300 steps each.

Every measurement is a fresh process with one thread; methods alternate, the whole round is repeated, and the
table gives medians and ranges. Counted are CPU seconds (user and system) of the training loop on a stream
that is in memory, the same batches in the same order for all: drawing points, importing, building the model,
compiling (numba) and a warm-up of three steps on another model are outside. Rates are constant, and the first
round trains at all rates of the case: FVU (on points not trained on) and MCC (the mean |cosine| of the best
one-to-one matching of features and atoms) are those of each method's best rate, by FVU. The libraries are
those of the extra `peers`, where installed; a method that is not is named and left out. With --keep every
measurement is appended to a file, and a later call goes on where this one was interrupted. --write keeps the
page docs/measured/training_speed.md. Load is the machine's, from other processes, when a measurement began.
"""

import argparse
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import torch
from peers_training import PEERS, Case, Fit, Result, quiet
from scipy.optimize import linear_sum_assignment

from geosae.sae.training.spec import SPARSE_WIDTH

CASES = {
    case.name: case
    for case in (
        Case("A", 64, 256, 512, 8, 1024, 500, (3e-3, 1e-3, 8e-3)),
        Case("B", 256, 1024, 4096, 16, 2048, 60, (3e-3, 1e-3, 8e-3)),
        Case("grid", 32, 128, 128, 4, 1024, 300, (1e-3, 2e-3, 4e-3, 8e-3), seeds=8),
    )
}
ACTIVE, HELD_OUT = 4.0, 8192
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def points(case: Case, count: int, seed: int) -> tuple[torch.Tensor, np.ndarray]:
    """Sparse sums of random unit directions, four active on average, centred, of unit spread; directions."""
    directions = np.random.default_rng(0).standard_normal((case.features, case.dim))
    directions /= np.linalg.norm(directions, axis=1, keepdims=True)
    rng = np.random.default_rng(seed)
    share, x = ACTIVE / case.features, np.empty((count, case.dim), np.float32)
    for start in range(0, count, 8192):
        shape = (min(8192, count - start), case.features)
        on = rng.random(shape) < share
        x[start : start + 8192] = (on * rng.uniform(0.5, 1.5, shape)) @ directions
    # Of one such sum: mean Σ p v̄, and spread² = Σ p E[v²] − p² v̄² (directions are orthogonal on average).
    spread = np.sqrt(case.features * (share * 13 / 12 - share**2))
    return torch.from_numpy(
        (x - share * directions.sum(axis=0)).astype(np.float32) / np.float32(spread)
    ), directions


def geosae(kernel: str) -> Callable[[Case, float, int], tuple[Fit, Result]]:
    """Return geosae's step with a kernel in its loop: silence counted, no log lines, as for all."""

    def method(case: Case, lr: float, seed: int) -> tuple[Fit, Result]:
        from geosae.sae.config import TrainConfig
        from geosae.sae.gates import TopK
        from geosae.sae.training.adam import Adam
        from geosae.sae.training.parameters import initial
        from geosae.sae.training.spec import training_spec
        from geosae.sae.training.step import step_of

        gate = TopK(case.k)
        config = TrainConfig(gate, case.width, case.steps, case.batch, lr=lr, kernel=kernel)
        at, start = (
            initial(config, torch.empty(1, case.dim, device=case.device), torch.Generator().manual_seed(seed))
            for _ in range(2)
        )
        step = step_of(
            training_spec(config, case.dim, case.device),
            at,
            Adam(at, config.beta1, config.beta2, config.eps),
            start,
        )

        def fit(stream: torch.Tensor) -> None:
            silent = torch.zeros(case.width, dtype=torch.int64, device=case.device)
            for u in stream.split(case.batch):
                dead = silent >= 10_000_000  # dictionary_learning's patience: none is, within these runs
                losses = step.take(u, lr, dead if bool(dead.any()) else None)
                silent.add_(len(u)).masked_fill_(losses.fired, 0)

        def reconstruct(u: torch.Tensor) -> torch.Tensor:
            z = torch.addmm(at.b_enc, u - at.b_dec, at.W_enc.T)
            return torch.addmm(at.b_dec, z * gate.support(z), at.W_dec)

        return fit, lambda: (reconstruct, at.W_dec.cpu().numpy())

    return method


def plain_torch(case: Case, lr: float, seed: int) -> tuple[Fit, Result]:
    """Hand-written torch as anyone would: dense autograd, torch's Adam, unit atoms."""
    generator = torch.Generator().manual_seed(seed)
    atoms = torch.randn(case.width, case.dim, generator=generator)
    atoms = (atoms / atoms.norm(dim=1, keepdim=True)).to(case.device)
    w_enc, w_dec = (torch.nn.Parameter(scale * atoms) for scale in (0.1, 1.0))
    b_enc, b_dec = (
        torch.nn.Parameter(torch.zeros(size, device=case.device)) for size in (case.width, case.dim)
    )
    optimizer = torch.optim.Adam([w_enc, b_enc, w_dec, b_dec], lr=lr)

    def forward(x: torch.Tensor) -> torch.Tensor:
        z = torch.addmm(b_enc, x - b_dec, w_enc.T)
        top = z.topk(case.k, dim=1, sorted=False)
        return torch.addmm(b_dec, torch.zeros_like(z).scatter(1, top.indices, top.values.relu()), w_dec)

    def fit(stream: torch.Tensor) -> None:
        for x in stream.split(case.batch):
            optimizer.zero_grad()
            ((forward(x) - x).square().sum() / len(x)).backward()
            with torch.no_grad():
                w_dec.grad -= (w_dec.grad * w_dec).sum(dim=1, keepdim=True) * w_dec
                optimizer.step()
                w_dec.div_(w_dec.norm(dim=1, keepdim=True))

    return fit, lambda: (forward, w_dec.detach().cpu().numpy())


METHODS = {
    "geosae, numba": (geosae("numba"), "numba", "numba"),
    "geosae, torch": (geosae("torch"), "torch", "torch"),
    "geosae, torch-sparse": (geosae("torch-sparse"), "torch", "torch"),
    "plain torch, dense autograd": (plain_torch, "torch", "torch"),
    **PEERS,
}


def measure(case: Case, method: str, rates: int) -> dict[str, Any]:
    """Train the SAEs of a case at its first rates, in this process; the seconds are for one SAE."""
    torch.set_num_threads(1)
    make = METHODS[method][0]
    stream, directions = points(case, case.steps * case.batch, 1)
    held_out, _ = points(case, HELD_OUT, 2)
    with quiet():
        warm = make(case, case.lrs[0], 99)
        warm[0](stream[: 3 * case.batch])
    seconds, quality = 0.0, {}
    for lr in case.lrs[:rates]:
        fvu, mcc = [], []
        for seed in range(case.seeds):
            fit, result = make(case, lr, seed)
            with quiet():
                start = time.process_time()
                fit(stream)
                seconds += time.process_time() - start
            reconstruct, atoms = result()
            with torch.no_grad():
                left = (held_out - reconstruct(held_out)).square().sum()
            fvu.append(float(left / (held_out - held_out.mean(dim=0)).square().sum()))
            norms = np.linalg.norm(atoms, axis=1, keepdims=True)
            cosines = np.abs(directions @ (atoms / np.maximum(norms, 1e-12)).T)
            mcc.append(float(cosines[linear_sum_assignment(-cosines)].mean()))
        quality[f"{lr:g}"] = [float(np.median(fvu)), float(np.median(mcc))]
    return {"seconds": seconds / (rates * case.seeds), "quality": quality}


def table(case: Case, runs: dict[str, list[dict[str, Any]]]) -> list[str]:
    """Return the rows of a case; the last column divides by geosae's median."""
    rows = [
        f"\n## Case {case.name}: dimension {case.dim}, {case.features} features, {case.width} neurons, "
        f"k = {case.k}, batch {case.batch}, {case.steps} steps"
        + (f", {case.seeds * len(case.lrs)} SAEs" if case.seeds > 1 else "")
        + f"; rates {', '.join(f'{lr:g}' for lr in sorted(case.lrs))}",
        "",
        "| method | runs | CPU s per SAE, median | range | ms/step | k samples/s | best rate | FVU | MCC "
        "| × geosae, numba | load |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    medians = {
        method: statistics.median(r["seconds"] for r in found) for method, found in runs.items() if found
    }
    ours = medians.get("geosae, numba", float("nan"))
    for method, found in runs.items():
        if not found:
            continue
        middle, all_seconds = medians[method], [r["seconds"] for r in found]
        best, (fvu, mcc) = min(found[0]["quality"].items(), key=lambda item: item[1][0])
        cells = [method, str(len(found)), f"{middle:.2f}", f"{min(all_seconds):.2f}–{max(all_seconds):.2f}"]
        cells += [f"{1e3 * middle / case.steps:.3g}", f"{case.steps * case.batch / middle / 1e3:.3g}", best]
        load = statistics.median(r["load"] for r in found)
        cells += [f"{fvu:.3f}", f"{mcc:.3f}", f"{middle / ours:.1f}", f"{load:.1f}"]
        rows.append("| " + " | ".join(cells) + " |")
    return rows


def kept(file: Path | None, case: Case, methods: list[str]) -> dict[str, list[dict[str, Any]]]:
    """Return the measurements of a case that a file holds, in order, by method."""
    runs: dict[str, list[dict[str, Any]]] = {method: [] for method in methods}
    if file is not None and file.is_file():
        for line in file.read_text().splitlines():
            name, method, record = json.loads(line)
            if name == case.name and method in runs:
                runs[method].append(record)
    return runs


def alternate(
    case: Case, methods: list[str], repeats: int, file: Path | None
) -> dict[str, list[dict[str, Any]]]:
    """Run every method in a process of its own, in turn, and the whole round again."""
    runs = kept(file, case, methods)
    for turn in range(repeats):
        for method in methods:
            if len(runs[method]) > turn:
                continue
            load = os.getloadavg()[0]
            rates = len(case.lrs) if turn == 0 or case.seeds > 1 else 1
            command = [sys.executable, __file__, "--one", method, "--cases", case.name, "--rates", str(rates)]
            done = subprocess.run(command, capture_output=True, text=True, env=os.environ | ONE_THREAD)
            if done.returncode:
                raise SystemExit(f"{method}, case {case.name}, failed:\n{done.stderr[-3000:]}")
            runs[method].append(json.loads(done.stdout.splitlines()[-1]) | {"load": load})
            if file is not None:
                with file.open("a") as out:
                    out.write(json.dumps([case.name, method, runs[method][-1]]) + "\n")
            print(case.name, method, runs[method][-1], flush=True)
    return runs


def compiling() -> str:
    """Return what numba costs once per machine and once per process: CPU seconds to a first step."""
    code = """if True:
        import time, torch
        from geosae.sae.training.adam import Adam
        from geosae.sae.config import TrainConfig
        from geosae.sae.gates import TopK
        from geosae.sae.training.parameters import Parameters
        from geosae.sae.training.spec import training_spec
        start = time.process_time()
        from geosae.sae.training.numba.sparse import SparseStep
        at = Parameters.zeros(64, 512)
        spec = training_spec(TrainConfig(TopK(4), 64), 512)
        SparseStep(spec, at, Adam(at, 0.9, 0.999, 1e-8)).take(torch.ones(9, 512), 0.1)
        print(time.process_time() - start)
    """
    with tempfile.TemporaryDirectory() as cache:
        env = os.environ | ONE_THREAD | {"NUMBA_CACHE_DIR": cache}
        cold, warm = (
            float(
                subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, env=env).stdout
            )
            for _ in range(2)
        )
    return f"Import of numba and first step, CPU seconds: {cold:.1f} cold, {warm:.1f} once compiled."


def page(body: list[str], missing: list[str], command: str) -> str:
    """Return the whole page, with what is needed to do it again."""
    there = [f"{dist} {version(dist)}" for _, module, dist in METHODS.values() if find_spec(module)]
    cpu = next(
        (
            line.split(":")[1].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    head = [
        "# Training speed, measured",
        "",
        f"`{command}` on {cpu} ({os.cpu_count()} cores, one thread used), {platform.system()}, "
        f"Python {platform.python_version()}, {', '.join(dict.fromkeys(there))}, {date.today()}.",
        "",
        *(str(__doc__).split("\n\n", 2)[2].strip().splitlines()),
    ]
    return "\n".join(head + ([f"\nNot installed: {', '.join(missing)}."] if missing else []) + body) + "\n"


def main() -> None:
    """Print the tables; with --write, keep them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cases", nargs="+", choices=list(CASES), default=list(CASES))
    parser.add_argument("--methods", nargs="+", choices=list(METHODS), default=list(METHODS))
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="a file for the measurements, read if it is there")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", choices=list(METHODS), help=argparse.SUPPRESS)
    parser.add_argument("--rates", type=int, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measure(CASES[args.cases[0]], args.one, args.rates)))
        return
    methods = [method for method in args.methods if find_spec(METHODS[method][1])]
    missing = [method for method in args.methods if method not in methods]
    body: list[str] = []
    for name in args.cases:
        case = CASES[name]
        # This kernel is for wide SAEs only.
        fitting = [m for m in methods if m != "geosae, torch-sparse" or case.width >= SPARSE_WIDTH]
        body += table(case, alternate(case, fitting, args.repeats, args.keep))
    if "geosae, numba" in methods:
        body += ["", compiling()]
    print("\n".join(body))
    if args.write:
        how = f"--repeats {args.repeats}" if args.keep is None else "--keep RUNS, in several calls,"
        command = f"python benchmarks/training.py --cases {' '.join(args.cases)} {how} --write"
        Path("docs/measured").mkdir(exist_ok=True)
        Path("docs/measured/training_speed.md").write_text(page(body, missing, command), encoding="utf-8")


if __name__ == "__main__":
    main()
