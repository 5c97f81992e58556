"""The analysis at the size of an SAE, beside one float32 encode of the same points, in one process.

    OMP_NUM_THREADS=1 python -P benchmarks/analysis_scale.py [--points 20000] [--repeats 3] [--write]

An SAE of 32 768 neurons over 768 dimensions reads random float32 points; each of the concepts holds one or
two points in a hundred and shifts them along a direction of its own, and every other concept has a neuron
that looks along it. The encode is one `torch.mm` into a kept buffer, 256 points at a time, and nothing else.
The analysis is the whole of `analyse`: both halves, units, and the same under shuffled labels. The two take
turns, one thread, and processor time counts: the ratio is that of an analysis to the mean of the encodes
before and after it. Each row of the table is a process of its own, whose peak memory holds everything:
imports, points, SAE and buffer.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from geosae.analysis import analyse
from geosae.data.dataset import ConceptDataset
from geosae.sae.gates import ReLU, TopK
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import Neurons, neurons_of

PAGE = Path(__file__).parents[1] / "docs" / "measured" / "analysis_scale.md"
DIM, WIDTH, K, BLOCK = 768, 32_768, 32, 256
SHIFT = 6.0
"""How far a concept shifts its points, in standard deviations of a pre-activation."""
THRESHOLD = 2.5
"""Of the ReLU: in standard deviations again; some 200 neurons exceed it."""
TEXT = """# The analysis at the size of an SAE

    {command}

{day}, {cores} cores (load {load:.1f} at the start), {cpu}, Python {python}, numpy {numpy}, torch {torch},
one thread, {points:,} points, medians of {repeats} turns.

{doc}

| gate | L0 | concepts | one encode, CPU s | analysis, CPU s | ratio | peak, GiB |
|---|---|---|---|---|---|---|
{rows}
"""


def main() -> None:
    """Measure every case in a process of its own and print the page; with --write, keep it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=20_000)
    parser.add_argument("--concepts", type=int, nargs="+", default=[256, 1000])
    parser.add_argument("--gates", nargs="+", default=["topk", "relu"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", help="measure this gate with the first number of concepts, here")
    args = parser.parse_args()
    if args.one:
        print(json.dumps(measured(args.one, args.points, args.concepts[0], args.repeats)))
        return
    load = os.getloadavg()[0]
    rows: list[str] = []
    for gate in args.gates:
        for concepts in args.concepts:
            command = [sys.executable, "-P", __file__, "--one", gate, "--concepts", str(concepts)]
            command += ["--points", str(args.points), "--repeats", str(args.repeats)]
            printed = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
            rows.append(row(json.loads(printed.splitlines()[-1])))
            print(rows[-1], flush=True)
    text = TEXT.format(
        command=f"OMP_NUM_THREADS=1 python -P benchmarks/analysis_scale.py --points {args.points} "
        f"--repeats {args.repeats} --write",
        day=time.strftime("%d %B %Y"), cores=os.cpu_count(), load=load, cpu=platform.machine(),
        python=platform.python_version(), numpy=np.__version__, torch=torch.__version__, points=args.points,
        repeats=args.repeats, doc=(__doc__ or "").split("\n\n", 2)[2].strip(), rows="\n".join(rows),
    )  # fmt: skip
    print(text)
    if args.write:
        PAGE.write_text(text, encoding="utf-8")


def row(found: dict[str, float | str]) -> str:
    """Return one case's line of the table."""
    line = "| {gate} | {l0:.0f} | {concepts} | {encode:.2f} | {analysis:.2f} | **{ratio:.2f}** | {peak:.2f} |"
    return line.format(**found)


def measured(gate: str, points: int, concepts: int, repeats: int) -> dict[str, float | str]:
    """Measure one case; the ratio is the median of the turns' ratios."""
    torch.set_num_threads(1)
    rng = np.random.default_rng([points, concepts])
    directions = unit_rows(rng, concepts)
    data = dataset(points, directions, rng)
    neurons = planted(gate, directions, data.points, rng)
    weights = torch.from_numpy(neurons.affine.w.astype(np.float32))
    cloud, buffer = torch.from_numpy(data.points), torch.empty(BLOCK, WIDTH)

    def encode() -> None:
        for start in range(0, points, BLOCK):
            block = cloud[start : start + BLOCK]
            torch.mm(block, weights.T, out=buffer[: len(block)])

    # Compiled loops are loaded before the clock starts, as in a process that has analysed before.
    few = np.arange(min(points, 2048))
    analyse(neurons, ConceptDataset(data.points[few], data.membership[few], data.names, allow_trivial=True))
    encodes, analyses = [seconds(encode)], list[float]()
    l0 = 0.0
    for _ in range(repeats):
        clock = time.process_time()
        l0 = analyse(neurons, data).l0
        analyses.append(time.process_time() - clock)
        encodes.append(seconds(encode))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**30 if sys.platform == "darwin" else 2**20)
    # Each analysis is held against the mean of the encodes before and after it.
    ratios = [2 * whole / sum(encodes[i : i + 2]) for i, whole in enumerate(analyses)]
    return {
        "gate": gate, "l0": l0, "concepts": concepts, "encode": statistics.median(encodes),
        "analysis": statistics.median(analyses), "ratio": statistics.median(ratios), "peak": peak,
    }  # fmt: skip


def seconds(run: Callable[[], object]) -> float:
    """Return the processor time of a call."""
    clock = time.process_time()
    run()
    return time.process_time() - clock


def unit_rows(rng: np.random.Generator, rows: int) -> np.ndarray:
    """Return random unit vectors."""
    drawn = rng.standard_normal((rows, DIM), dtype=np.float32)
    drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
    return drawn


def planted(gate: str, directions: np.ndarray, cloud: np.ndarray, rng: np.random.Generator) -> Neurons:
    """Return the SAE's neurons; the first look along every other concept's direction."""
    encoder = unit_rows(rng, WIDTH)
    encoder[: len(directions[::2])] = directions[::2]
    sae = SparseAutoencoder(DIM, WIDTH, TopK(K) if gate == "topk" else ReLU())
    spread = np.sqrt(np.square(cloud).sum() / cloud.size)
    bias = np.full(WIDTH, 0.0 if gate == "topk" else -THRESHOLD * spread, dtype=np.float32)
    sae.set_weights(W_enc=encoder, W_dec=encoder, b_enc=bias)
    return neurons_of(sae)


def dataset(points: int, directions: np.ndarray, rng: np.random.Generator) -> ConceptDataset:
    """Return normal points, shifted along the directions of the concepts that hold them."""
    concepts = len(directions)
    membership = rng.random((points, concepts)) < rng.uniform(0.01, 0.02, concepts)
    cloud = rng.standard_normal((points, DIM), dtype=np.float32)
    cloud += SHIFT * (membership.astype(np.float32) @ directions)
    return ConceptDataset(cloud, membership, tuple(f"c{k}" for k in range(concepts)))


if __name__ == "__main__":
    main()
