"""Worlds: points per second, and the superposition generator beside SAELens' at the size of SynthSAEBench.

    OMP_NUM_THREADS=1 python benchmarks/worlds.py [--rounds 5] [--rows 8192] [--write]

Processor seconds of one thread, both sides in one process, alternating. SAELens (pip install sae-lens)
is given our directions, rates, factor, magnitudes and forest, so that both draw from one law, which is then
compared; of its two modes (dense and sparse coefficients) and batch sizes the fastest one counts.
"""

import argparse
import os
import platform
import sys
import time
import warnings
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from geosae_synthetic import make, stream
from geosae_synthetic.coherence import overlaps
from geosae_synthetic.copula import from_correlation, low_rank
from geosae_synthetic.features import Features
from geosae_synthetic.stream_sources import FeatureSource
from geosae_synthetic.synthsaebench import synthsaebench

PAGE = Path(__file__).parent.parent / "docs" / "measured" / "worlds.md"
Draw = Callable[[int], Any]


def timed(work: Callable[[], int]) -> float:
    """Return rows per processor second."""
    clock = time.process_time()
    rows = work()
    return rows / (time.process_time() - clock)


def spread(values: list[float], unit: float = 1.0) -> str:
    """Return the median with the least and the largest."""
    low, mid, high = min(values) / unit, median(values) / unit, max(values) / unit
    return f"{mid:.3g} ({low:.3g}–{high:.3g})"


def plain_worlds(rounds: int) -> list[str]:
    """Return the rows of the table of balls and Gaussians at n = 32."""
    cases = {
        "balls, a quarter background": ("disjoint-balls", {"concepts": 4}),
        "balls, no background": ("disjoint-balls", {"concepts": 4, "background": 0.0}),
        "balls nested three deep": ("nested-balls", {"depth": 3}),
        "isotropic Gaussian clusters": ("gaussian-clusters", {}),
    }
    opened = {
        name: stream(world, 0, points=10**9, dim=32, **params) for name, (world, params) in cases.items()
    }
    speeds: dict[str, tuple[list[float], list[float]]] = {name: ([], []) for name in cases}
    for turn in range(rounds + 1):
        for name, points in opened.items():
            step, start = points.source.rows, turn * 10**7
            spans = [(start + k * step, start + (k + 1) * step) for k in range(64)]
            bare = timed(lambda points=points, spans=spans: sum(len(points.rows(*span)) for span in spans))
            spans = spans[:16]
            told = timed(
                lambda points=points, spans=spans: sum(len(points.block(*span).points) for span in spans)
            )
            if turn:  # the first turn warms up
                speeds[name][0].append(bare)
                speeds[name][1].append(told)
    lines = [
        f"| {name} | {spread(bare, 1e6)} | {spread(told, 1e6)} |" for name, (bare, told) in speeds.items()
    ]
    for world in ("disjoint-balls", "gaussian-clusters"):
        for precision in ("single", "double"):
            # The first turn warms up here too; membership is part of a data set that is made.
            paces = [timed(lambda w=world, p=precision: len(made(w, p))) for _ in range(rounds + 1)][1:]
            lines.append(f"| {world}, made with precision {precision} | – | {spread(paces, 1e6)} |")
    return lines


def made(world: str, precision: str) -> np.ndarray:
    """Make 400 000 points of a world, as one data set with its membership and truth."""
    rng = np.random.default_rng(0)
    return make(world, points=400_000, dim=32, rng=rng, precision=precision).points


def peer_of(world: Features, sparse: bool) -> tuple[Draw, Draw]:
    """Return SAELens' generator of points and of coefficients, with everything as in our world."""
    import torch
    from sae_lens.synthetic import ActivationGenerator, FeatureDictionary, LowRankCorrelationMatrix
    from sae_lens.synthetic.hierarchy import HierarchyConfig, generate_hierarchy

    torch.set_num_threads(1)
    torch.manual_seed(0)
    count, dim = world.directions.shape
    modifier = None
    if world.forest.depth:
        roots = int((world.forest.parent < 0).sum() - (count - 85 * (world.forest.exclusive.sum() // 21)))
        config = HierarchyConfig(roots, 4, 3, mutually_exclusive_portion=1.0)
        hierarchy = generate_hierarchy(count, config, seed=0)
        edges = {(c.feature_index, r.feature_index) for r in hierarchy.roots for c in r.children}
        if not edges < set(world.forest.edges):
            raise SystemExit("the two forests differ")
        modifier = hierarchy.modifier
    single = {"dtype": torch.float32}
    if world.copula.rank == count - 1:
        matrix: Any = torch.tensor(world.copula.correlation, **single)
    else:
        factor = torch.tensor(world.copula.factor, **single)
        matrix = LowRankCorrelationMatrix(factor, torch.tensor(world.copula.remainder, **single))
    generator = ActivationGenerator(
        count,
        torch.tensor(world.rates, **single),
        torch.tensor(world.magnitudes.spread, **single),
        torch.tensor(world.magnitudes.mean, **single),
        modifier,
        matrix,
        use_sparse_tensors=sparse,
    )
    book = FeatureDictionary(count, dim, initializer=None, seed=0)
    book.feature_vectors.data = torch.tensor(world.directions)

    def points(rows: int) -> Any:
        with torch.no_grad():
            return book(generator.sample(rows))

    return points, generator.sample


def race(world: Features, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Return rows per second of both sides, alternating; each peer mode runs for about `seconds`."""
    source = FeatureSource(world)
    rng = np.random.Generator(np.random.SFC64(0))
    speeds: dict[str, list[float]] = {"geosae": []}
    peers: dict[str, tuple[Draw, int]] = {}
    # Where every batch begins with a factorisation, one mode and few rounds must do.
    whole = world.copula.rank == len(world.rates) - 1
    rounds = min(rounds, 2) if whole else rounds
    for sparse, batches in ((False, (256,)),) if whole else ((False, (64, 256, 1024)), (True, (64, 256))):
        draw, _ = peer_of(world, sparse)
        for batch in batches:
            peers[f"{'sparse' if sparse else 'dense'}, batch {batch}"] = (draw, batch)
    for turn in range(rounds + 1):
        own = timed(lambda: sum(len(source.points(source.rows, rng)) for _ in range(8)))
        if turn:
            speeds["geosae"].append(own)
        for name, (draw, batch) in peers.items():
            pace = timed(lambda draw=draw, batch=batch: len(draw(batch)))
            times = min(20, int(seconds * pace / batch))
            if turn:
                more = [timed(lambda draw=draw, batch=batch: len(draw(batch))) for _ in range(times)]
                speeds.setdefault(name, []).append(1 / float(np.mean([1 / p for p in [pace, *more]])))
    return speeds


def laws(world: Features, rows: int) -> list[str]:
    """Compare the two sides' firing, feature by feature and pair by pair, on `rows` rows each."""
    _, coefficients = peer_of(world, sparse=False)
    rng = np.random.Generator(np.random.SFC64(1))
    step, count = 512, len(world.rates)
    fires, sums = {"ours": [], "peer": []}, {"ours": [], "peer": []}
    sides: dict[str, Callable[[int], np.ndarray]] = {
        "ours": lambda k: world.coefficients(k, rng).toarray(),
        "peer": lambda k: coefficients(k).numpy(),
    }
    watched = np.unique(np.concatenate([np.arange(640), np.arange(640, count, 97)]))
    totals = {name: np.zeros(count) for name in sides}
    pairs = {name: np.zeros((len(watched), len(watched))) for name in sides}
    for _ in range(rows // step):
        for name, side in sides.items():
            held = side(step)
            on = held > 0
            totals[name] += on.sum(axis=0)
            few = on[:, watched].astype(np.float32)
            pairs[name] += few.T @ few
            fires[name].append(on.sum(axis=1))
            sums[name].append((held @ world.directions).astype(np.float64))
    done = rows // step * step
    number = {name: np.concatenate(parts) for name, parts in fires.items()}
    points = {name: np.concatenate(parts) for name, parts in sums.items()}
    upper = np.triu_indices(len(watched), 1)
    firing = differences(totals["ours"], totals["peer"], done)
    firing_together = differences(pairs["ours"][upper], pairs["peer"][upper], done)
    rows_of = {
        "features firing in a point, mean ± standard error": (
            f"{n.mean():.2f} ± {n.std() / done**0.5:.2f}" for n in number.values()
        ),
        "their standard deviation": (f"{n.std():.2f}" for n in number.values()),
        "mean length of a point": (f"{np.linalg.norm(x, axis=1).mean():.2f}" for x in points.values()),
        "total variance of the points": (f"{x.var(axis=0).sum():.1f}" for x in points.values()),
    }
    lines = ["| | geosae | SAELens |", "|---|---|---|"]
    lines += [f"| {name} | {' | '.join(values)} |" for name, values in rows_of.items()]
    return [
        *lines,
        "",
        f"Firing rates of {len(firing)} features (at least 20 firings in all), difference in standard "
        f"errors: root mean square {np.sqrt((firing**2).mean()):.3f}, largest {np.abs(firing).max():.2f}. Of "
        f"{len(firing_together)} pairs of {len(watched)} features: root mean square "
        f"{np.sqrt((firing_together**2).mean()):.3f}, largest {np.abs(firing_together).max():.2f}. "
        f"Samples of one law would give about 1 and, at the largest, about "
        f"{np.sqrt(2 * np.log(len(firing))):.1f} and "
        f"{np.sqrt(2 * np.log(len(firing_together))):.1f}.",
    ]


def differences(ours: np.ndarray, peer: np.ndarray, rows: int) -> np.ndarray:
    """Return the differences of two proportions in standard errors, where there are enough cases."""
    enough = ours + peer >= 20
    rate = (ours + peer)[enough] / (2 * rows)
    return (ours - peer)[enough] / rows / np.sqrt(2 * rate * (1 - rate) / rows)


def matrix_world(count: int) -> Features:
    """Return a world with a full correlation matrix, which SAELens factorises at every batch."""
    rng = np.random.default_rng(0)
    base = synthsaebench(rng, features=count, dim=256, roots=0, compensate=False, steps=0)
    copula = from_correlation(low_rank(count, 25, 0.1, rng).correlation)
    rough = low_rank(count, count - 1, 0.5 / count**0.5, rng).correlation
    copula = from_correlation(0.5 * rough + 0.5 * copula.correlation)
    return Features(base.directions, base.rates, copula, base.forest, base.magnitudes)


def main() -> None:
    """Measure and print the page."""
    reader = argparse.ArgumentParser(description=__doc__)
    reader.add_argument("--rounds", type=int, default=5)
    reader.add_argument("--rows", type=int, default=8192, help="rows of each side whose laws are compared")
    reader.add_argument("--write", action="store_true", help="write docs/measured/worlds.md")
    asked = reader.parse_args()
    warnings.simplefilter("ignore")
    load = os.getloadavg()[0]
    lines = [
        "## Balls and Gaussians in 32 dimensions",
        "",
        "| world | million points/s | with membership |",
    ]
    lines += ["|---|---|---|", *plain_worlds(asked.rounds), ""]
    if find_spec("sae_lens") is None:
        print("\n".join(lines), "SAELens is not installed: the rest is left out.", sep="\n", file=sys.stderr)
        return
    lines += beside(asked.rounds, asked.rows)
    page = head(asked, load) + "\n".join(lines) + "\n"
    print(page)
    if asked.write:
        PAGE.write_text(page, encoding="utf-8")


def beside(rounds: int, rows: int) -> list[str]:
    """Return the sections that need SAELens."""
    published = synthsaebench(np.random.default_rng(0))
    cases = {
        "published: 16 384 features, 768 d, rank 25, rates compensated": published,
        "the same, rates not compensated": synthsaebench(np.random.default_rng(0), compensate=False),
        "2 048 features, 256 d, full correlation matrix": matrix_world(2048),
    }
    lines = [
        "## Superposition beside SAELens",
        "",
        "| setting | geosae, rows/s | SAELens, rows/s | its mode | geosae / SAELens |",
        "|---|---|---|---|---|",
    ]
    notes = list[str]()
    for name, world in cases.items():
        speeds = race(world, rounds, 1.0)
        own = speeds.pop("geosae")
        best = max(speeds, key=lambda mode: median(speeds[mode]))
        ratio = [a / b for a, b in zip(own, speeds[best], strict=True)]
        lines.append(f"| {name} | {spread(own)} | {spread(speeds[best])} | {best} | {spread(ratio)} |")
        notes.append(f"{name}: " + "; ".join(f"{mode} {spread(v)}" for mode, v in speeds.items()))
    lines += ["", "All modes of SAELens, rows/s:", "", *(f"- {note}" for note in notes)]
    overlap = float(overlaps(published.directions).mean())
    lines += ["", "## The same law", ""]
    lines += [f"The published setting, {rows} rows of each side. Mean max overlap of the directions:"]
    lines += [f"{overlap:.4f} (published: about 0.15; random ones have nearly the same).", ""]
    lines += laws(published, rows)
    endless = stream("synthsaebench-16k", 0, points=10**9, dim=768)
    endless.rows(0, 2048)
    before = resident()
    peak = before
    for start in range(10**8, 10**9, 10**7):
        endless.rows(start, start + 2048)
        peak = max(peak, resident())
    lines += [
        "",
        f"A stream of 10⁹ points, read at {(10**9 - 10**8) // 10**7} places after the first: the process's "
        f"memory was {before:.0f} MiB after the first read and at most {peak:.0f} MiB after the others.",
    ]
    return lines


def head(asked: argparse.Namespace, load: float) -> str:
    """Return the top of the page."""
    return f"""# Worlds

    OMP_NUM_THREADS=1 python benchmarks/worlds.py --rounds {asked.rounds} --rows {asked.rows} --write

Processor seconds of one thread, both sides in one process and alternating, {asked.rounds} rounds after one to
warm up: median (least–largest). {time.strftime("%d %B %Y")}, {os.cpu_count()} cores (load {load:.1f} at the
start), Python {platform.python_version()}, numpy {np.__version__}, sae-lens {_version("sae-lens")},
torch {_version("torch")}. SAELens is given our directions, rates, correlations, magnitudes and forest. With
a low-rank factor it draws normal numbers for all features; with a full matrix it builds the distribution
anew, and so factorises the matrix, at every batch.

"""


def resident() -> float:
    """Return the memory of this process, MiB."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def _version(package: str) -> str:
    return version(package) if find_spec(package.replace("-", "_")) else "not installed"


if __name__ == "__main__":
    main()
