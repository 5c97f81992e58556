"""Time and peak memory of one analysis: N points, d neurons, p concepts, random planted ReLU neurons.

    python benchmarks/analysis.py --points 1000000 --neurons 4096 --concepts 256 --dim 64

Points are float32 and normal, concepts are random half-spaces, so nothing is read from disk. Prints one JSON
object. The peak is the whole process's, data and imports included.
"""

import argparse
import json
import os
import platform
import resource
import sys
import time

import numpy as np

from geosae.analysis import LEARNERS, analyse
from geosae.data.dataset import ConceptDataset
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae.model import SparseAutoencoder
from geosae.sae.neurons import neurons_of


def _gib() -> float:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # Kilobytes on Linux, bytes on macOS.
    return peak / (2**30 if sys.platform == "darwin" else 2**20)


def _dataset(size: int, dim: int, concepts: int, rng: np.random.Generator) -> ConceptDataset:
    points = rng.standard_normal((size, dim), dtype=np.float32)
    normals = rng.standard_normal((dim, concepts), dtype=np.float32)
    offsets = np.sqrt(dim) * rng.uniform(0.0, 2.0, concepts).astype(np.float32)
    membership = np.empty((size, concepts), dtype=bool)
    for start in range(0, size, 50_000):
        rows = slice(start, start + 50_000)
        membership[rows] = points[rows] @ normals > offsets
    return ConceptDataset(points, membership, tuple(f"c{k}" for k in range(concepts)))


def main() -> None:
    """Run one analysis and print its figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    for name, value in (("points", 100_000), ("neurons", 1024), ("concepts", 64), ("dim", 64), ("seed", 0)):
        parser.add_argument(f"--{name}", type=int, default=value)
    asked = parser.parse_args()
    rng = np.random.default_rng(asked.seed)
    dataset = _dataset(asked.points, asked.dim, asked.concepts, rng)
    weights = rng.standard_normal((asked.neurons, asked.dim))
    planted = HalfSpaces(weights, -np.sqrt(asked.dim) * rng.uniform(0.0, 2.0, asked.neurons))
    neurons = neurons_of(SparseAutoencoder.planted(planted))

    before, start, load = _gib(), time.perf_counter(), os.getloadavg()[0]
    used = time.process_time()
    alignment = analyse(neurons, dataset)
    used = time.process_time() - used
    counted = time.perf_counter() - start
    start = time.perf_counter()
    for notion in alignment.notions:
        for learner in LEARNERS:
            alignment.answers(notion, learner)
    rows = time.perf_counter() - start
    start = time.perf_counter()
    _ = alignment.detection.errors, alignment.separation.errors
    intervals = time.perf_counter() - start
    print(
        json.dumps(
            {
                **vars(asked),
                "cores": os.cpu_count(),
                "load_at_start": round(load, 2),
                "python": platform.python_version(),
                "numpy": np.__version__,
                "seconds_counting": round(counted, 1),
                "cpu_seconds_counting": round(used, 1),
                "seconds_answers": round(rows, 1),
                "seconds_all_intervals": round(intervals, 1),
                "gib_before_analysis": round(before, 2),
                "gib_peak": round(_gib(), 2),
                "l0": alignment.l0,
            },
            indent=2,
        )
    )


if __name__ == "__main__":
    main()
