"""A GPU at work: step time, a grid of 256 SAEs and an analysis pass, beside SAELens and sparsify.

    python benchmarks/gpu.py [--repeats 5]

Where torch sees a GPU, everything runs there and the page docs/measured/gpu.md is written. Where it sees
none, the same runs small on the CPU, so that the script is known to work; its figures say nothing about a
GPU, and no page is written.

Steps: milliseconds per training step of one Top-K SAE, batches on the device beforehand, the same for all
methods, which alternate; a warm-up of three steps of another model is outside. Grid: SAEs that differ in seed
and learning rate, in SAE steps per second: stacked into one product of matrices, or one after the other (a
part of them). All make their models and train them; `train_grid`, as a user calls it, measures every SAE on
32,768 points in float64 on the CPU at its end and stores it, too. Analysis: points per second whose firing
sets are computed and counted against the concepts, in float32 on the device; beside it the firing sets that
every report uses (`Neurons.fires`, float64 on the CPU). Wall-clock time, the device synchronised before and
after; medians and ranges.
"""

import argparse
import math
import os
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import torch
from peers_training import PEERS, Case, quiet
from training import METHODS as TRAINERS
from training import points

from geosae.sae.config import TrainConfig
from geosae.sae.device import gpu_name, resolve_device
from geosae.sae.gates import TopK
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import neurons_of
from geosae.sae.training.grid import train_grid
from geosae.sae.training.inputs import prepare_inputs, sample_of
from geosae.sae.training.spec import training_spec
from geosae.sae.training.stacked import Stack
from geosae.sae.training.state import TrainingState

PAGE = Path("docs/measured/gpu.md")
# Numba's kernel is for CPUs; the other libraries of the extra `peers` are in benchmarks/training.py.
STEPS = ("geosae, torch", "plain torch, dense autograd", "SAELens", "SAELens, sparse, no rescaling",
         "sparsify (its module, our loop)")  # fmt: skip
# So many rows of a stream are drawn; longer streams repeat them.
DRAWN = 65_536


@dataclass(frozen=True)
class Sizes:
    """What is run: cases of single SAEs, the case of a grid, and an analysis."""

    cases: tuple[Case, ...]
    grid: Case
    rates: int
    alone: int
    """So many members of the grid are trained one after the other."""
    rows: int
    exact_rows: int
    """So many points are counted in float64 on the CPU."""
    width: int
    concepts: int


LARGE = Sizes(
    cases=(
        Case("64 × 512", 64, 256, 512, 8, 1024, 500, (3e-3,)),
        Case("768 × 32,768", 768, 2048, 32_768, 32, 8192, 50, (1e-3,)),
    ),
    grid=Case("grid", 64, 256, 512, 8, 1024, 300, (), seeds=16),
    rates=16,
    alone=8,
    rows=1_000_000,
    exact_rows=20_000,
    width=4096,
    concepts=64,
)
SMALL = Sizes(
    cases=(
        Case("16 × 64", 16, 32, 64, 4, 256, 30, (3e-3,)),
        Case("64 × 1,024", 64, 128, 1024, 8, 512, 5, (1e-3,)),
    ),
    grid=Case("grid", 16, 32, 64, 4, 128, 20, (), seeds=2),
    rates=4,
    alone=4,
    rows=20_000,
    exact_rows=5_000,
    width=256,
    concepts=8,
)


def timed(device: torch.device, work: Callable[[], object]) -> float:
    """Return the wall-clock seconds of some work, the device's included."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    start = time.perf_counter()
    work()
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter() - start


def stream_of(case: Case, seed: int) -> torch.Tensor:
    """Return the batches of a case as one table on its device."""
    count = case.steps * case.batch
    drawn, _ = points(case, min(DRAWN, count), seed)
    return drawn.repeat(-(-count // len(drawn)), 1)[:count].to(case.device)


def spread(numbers: list[float], digits: int = 3) -> str:
    """Return median and range."""
    low, middle, high = min(numbers), statistics.median(numbers), max(numbers)
    return f"{middle:.{digits}g} ({low:.{digits}g}–{high:.{digits}g})"


def steps(case: Case, device: torch.device, methods: list[str], repeats: int) -> Iterator[str]:
    """Yield the rows of one case: milliseconds per step of each method, and times geosae's."""
    stream = stream_of(case, 1)
    lr = case.lrs[0]
    taken: dict[str, list[float]] = {method: [] for method in methods}
    with quiet():
        for turn in range(-1, repeats):
            for method in list(taken):
                try:
                    fit, _ = TRAINERS[method][0](case, lr, turn % 100)
                    batches = stream if turn >= 0 else stream[: 3 * case.batch]
                    milliseconds = 1e3 * timed(device, lambda fit=fit, batches=batches: fit(batches))
                except torch.OutOfMemoryError:
                    del taken[method]
                    continue
                if turn >= 0:
                    taken[method].append(milliseconds / case.steps)
    ours = statistics.median(taken.get(methods[0], [math.nan]))
    where = f"{case.name}, k = {case.k}, batch {case.batch}"
    for method in methods:
        if method not in taken:
            yield f"| {where} | {method} | out of memory | – | – |"
            continue
        middle = statistics.median(taken[method])
        speeds = f"{spread(taken[method])} | {case.batch / middle:.4g} | {middle / ours:.2f}"
        yield f"| {where} | {method} | {speeds} |"


def grid(sizes: Sizes, device: torch.device, methods: list[str], repeats: int) -> Iterator[str]:
    """Yield the rows of the grid: SAE steps per second, stacked and one after the other."""
    case = replace(sizes.grid, device=device.type)
    cloud = stream_of(replace(case, device="cpu", steps=max(1, DRAWN // case.batch)), 1).numpy()
    config = TrainConfig(
        TopK(case.k), case.width, case.steps, case.batch, log_every=case.steps, kernel="torch"
    )
    configs = [replace(config, lr=float(lr)) for lr in np.geomspace(1e-3, 1e-2, sizes.rates)]
    seeds = list(range(case.seeds))
    few = [replace(config, lr=float(lr)) for lr in np.geomspace(1e-3, 1e-2, sizes.alone)]

    def stacked() -> None:
        sample = sample_of(cloud, config)
        members = [(config, seed) for config in configs for seed in seeds]
        specs = [training_spec(config, case.dim, device.type) for config, _ in members]
        inputs = prepare_inputs(cloud, sample, specs[0], 0)
        pairs = zip(specs, members, strict=True)
        states = [TrainingState.begin(spec, inputs.source, inputs.u, seed) for spec, (_, seed) in pairs]
        Stack(states).run()

    def whole() -> None:
        train_grid(cloud, configs, seeds, device=device.type, stack=True)

    def apart() -> None:
        train_grid(cloud, few, [0], device=device.type, stack=False)

    rows: list[tuple[str, int, Callable[[], None]]] = [
        ("geosae, stacked", len(configs) * len(seeds), stacked),
        ("geosae, `train_grid`, stacked", len(configs) * len(seeds), whole),
        ("geosae, `train_grid`, one after the other", sizes.alone, apart),
    ]
    stream = stream_of(case, 1)
    for method in methods:
        if method in PEERS:
            rows.append((f"{method}, one after the other", sizes.alone, in_turn(case, method, few, stream)))
    taken: dict[str, list[float]] = {name: [] for name, _, _ in rows}
    with quiet():
        for name, count, work in rows * repeats:
            taken[name].append(count * case.steps / timed(device, work))
    ours = statistics.median(taken[rows[0][0]])
    for name, count, _ in rows:
        rate = statistics.median(taken[name])
        yield f"| {name} | {count} | {spread(taken[name])} | {ours / rate:.2f} |"


def in_turn(case: Case, method: str, configs: list[TrainConfig], stream: torch.Tensor) -> Callable[[], None]:
    """Return the work of training one SAE of another library after the other, making them included."""

    def work() -> None:
        for config in configs:
            TRAINERS[method][0](case, config.lr, 0)[0](stream)

    return work


Fires = Callable[[torch.Tensor], torch.Tensor]


def encoders(sizes: Sizes, case: Case) -> Iterator[tuple[str, Fires]]:
    """Yield what tells on a batch which neurons fire, for each library that is installed."""
    sae = random_sae(case, sizes.width).to(case.device)
    yield "geosae, float32", lambda x: sae.encode(x) != 0
    if find_spec("sae_lens"):
        from sae_lens import TopKTrainingSAE, TopKTrainingSAEConfig

        lens = TopKTrainingSAE(
            TopKTrainingSAEConfig(d_in=case.dim, d_sae=sizes.width, k=case.k, device=case.device)
        )
        yield "SAELens", lambda x: lens.encode(x) != 0
    if find_spec("sparsify"):
        from sparsify import SparseCoder
        from sparsify.config import SparseCoderConfig

        coder = SparseCoder(
            case.dim, SparseCoderConfig(num_latents=sizes.width, k=case.k), device=case.device
        )

        def fires(x: torch.Tensor) -> torch.Tensor:
            top = coder.encode(x)
            fired = torch.zeros(len(x), sizes.width, dtype=torch.bool, device=x.device)
            return fired.scatter_(1, top.top_indices, top.top_acts > 0)

        yield "sparsify", fires


def random_sae(case: Case, width: int) -> SparseAutoencoder:
    """Return a Top-K SAE with normal weights."""
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((width, case.dim)).astype(np.float32) / np.sqrt(case.dim)
    sae = SparseAutoencoder(case.dim, width, TopK(case.k))
    zeros = np.zeros(case.dim, np.float32)
    sae.set_weights(W_enc=rows, b_enc=np.zeros(width, np.float32), W_dec=rows, b_dec=zeros, b_pre=zeros)
    return sae


@torch.no_grad()
def counted(fires: Fires, cloud: torch.Tensor, labels: torch.Tensor, batch: int) -> torch.Tensor:
    """Return how often each neuron fires inside each concept."""
    hits = 0
    for x, inside in zip(cloud.split(batch), labels.split(batch), strict=True):
        hits = hits + fires(x).float().T @ inside
    return torch.as_tensor(hits)


def analysis(sizes: Sizes, device: torch.device, repeats: int) -> Iterator[str]:
    """Yield the rows of the analysis: points per second."""
    case = replace(sizes.cases[0], device=device.type)
    drawn, directions = points(case, min(DRAWN, sizes.rows), 2)
    cloud = drawn.repeat(-(-sizes.rows // len(drawn)), 1)[: sizes.rows].to(device)
    normals = torch.from_numpy(directions[: sizes.concepts].astype(np.float32)).to(device)
    labels = (cloud @ normals.T > 0.5).float()
    batch = max(1, (1 << 26) // sizes.width)
    rates: dict[str, list[float]] = {}
    with quiet():
        for name, fires in encoders(sizes, case):
            counted(fires, cloud[:batch], labels[:batch], batch)
            rates[name] = [
                sizes.rows / timed(device, lambda fires=fires: counted(fires, cloud, labels, batch))
                for _ in range(repeats)
            ]
    neurons = neurons_of(random_sae(case, sizes.width))
    few = cloud[: sizes.exact_rows].cpu().numpy()
    inside = labels[: sizes.exact_rows].cpu().numpy()

    def exact() -> None:
        _ = neurons.fires(few).T.astype(np.float32) @ inside

    rates["geosae, float64 on the CPU"] = [
        sizes.exact_rows / timed(torch.device("cpu"), exact) for _ in range(repeats)
    ]
    ours = statistics.median(rates["geosae, float32"])
    for name, speeds in rates.items():
        yield f"| {name} | {spread(speeds)} | {ours / statistics.median(speeds):.2f} |"


def machine(device: torch.device) -> str:
    """Return the sentence that says where the figures come from."""
    card = gpu_name(device)
    where = f"{card}, CUDA {torch.version.cuda}" if card else f"the CPU ({platform.machine()})"
    libraries = {dist for name, (_, module, dist) in PEERS.items() if name in STEPS and find_spec(module)}
    there = ", ".join(f"{dist} {version(dist)}" for dist in ("torch", *sorted(libraries)))
    return (
        f"`python benchmarks/gpu.py` on {where}, {os.cpu_count()} cores, {platform.system()}, "
        f"Python {platform.python_version()}, {there}, {date.today()}."
    )


def body(sizes: Sizes, device: torch.device, repeats: int) -> Iterator[str]:
    """Yield the page, line by line, each table as soon as it is measured."""
    methods = [method for method in STEPS if find_spec(TRAINERS[method][1])]
    yield from ("# A GPU, measured", "", machine(device), "")
    yield from str(__doc__).split("\n\n", 3)[3].strip().splitlines()
    missing = [method for method in STEPS if method not in methods]
    if missing:
        yield from ("", f"Not installed: {', '.join(missing)}.")
    yield from (
        "",
        "## A training step",
        "",
        "| dimension × width | method | ms/step | k points/s | × geosae |",
    )
    yield "|---|---|---|---|---|"
    for case in sizes.cases:
        yield from steps(replace(case, device=device.type), device, methods, repeats)
    case = sizes.grid
    yield from ("", f"## A grid of {case.seeds * sizes.rates} SAEs", "")
    yield (
        f"Dimension {case.dim}, width {case.width}, k = {case.k}, batch {case.batch}, {case.steps} steps: "
        f"{case.seeds} seeds × {sizes.rates} learning rates."
    )
    yield from ("", "| method | SAEs trained | SAE steps/s | × geosae, stacked |", "|---|---|---|---|")
    yield from grid(sizes, device, methods, max(1, repeats // 2))
    yield from ("", "## An analysis pass", "")
    yield f"{sizes.rows:,} points, width {sizes.width}, k = {sizes.cases[0].k}, {sizes.concepts} concepts."
    yield from ("", "| method | points/s | × geosae, float32 |", "|---|---|---|")
    yield from analysis(sizes, device, repeats)


def main() -> None:
    """Print the page; write it where a GPU was measured."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--repeats", type=int, default=5)
    asked = parser.parse_args()
    device = resolve_device("auto")
    on_gpu = device.type == "cuda"
    print(f"device: {gpu_name(device) or 'cpu'}")
    if not on_gpu:
        print("torch sees no GPU: these are small sizes on the CPU, and no page is written\n")
    lines: list[str] = []
    for line in body(LARGE if on_gpu else SMALL, device, asked.repeats):
        lines.append(line)
        print(line, flush=True)
    if on_gpu:
        PAGE.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
