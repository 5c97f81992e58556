"""How often chance is certified, and how often a good neuron is (theory E4): writes docs/measured/edges.md.

    PYTHONPATH=tests python -P benchmarks/edges.py [--draws 100]

Random labels of few and of many points on trained SAEs, dense ReLU neurons among them; then neurons of known
errors. Beside the certified edges stands the old relation, "the estimate is within ε".
"""

import argparse
import os
import platform
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import geosae_synthetic
import numpy as np
from analysis.chance import certified_of_planted, edges_of_random_labels
from jaxtyping import Bool

from geosae.sae import BatchTopK, Gate, ReLU, TopK, TrainConfig, neurons_of
from geosae.sae.training.train import train

PAGE = Path(__file__).parent.parent / "docs" / "measured" / "edges.md"
SIZES = (2, 5, 12, 60, 300, 1000)
POINTS = 8000
EPSILON = 0.05
WAYS = {
    "edges": "certified, any neuron",
    "neurons": "certified, chosen neuron",
    "units": "certified, chosen unit",
    "point edges": "within ε, any neuron",
}


def tables() -> Iterator[tuple[str, Bool[np.ndarray, "N d"]]]:
    """Yield who fires on 8,000 points of superposition that the SAEs were not trained on."""
    world = geosae_synthetic.make(
        "superposition", dim=16, features=32, active=2, points=20_000, rng=np.random.default_rng(0)
    )
    gates: dict[str, Gate] = {
        "ReLU, λ = 0.01": ReLU(l1=0.01),
        "Top-K, K = 4": TopK(k=4),
        "BatchTopK, K = 2": BatchTopK(k=2),
    }
    unseen = world.points[12_000 : 12_000 + POINTS]
    for name, gate in gates.items():
        config = TrainConfig(gate=gate, width=64, steps=1000)
        fires = neurons_of(train(world.points[:12_000], config, 0, device="cpu").sae).fires(unseen)
        # Two more, which fire on 97 % and on 99 % of the points: the kind that "detects" everything.
        rng = np.random.default_rng(1)
        dense = rng.random((POINTS, 2)) < [0.97, 0.99]
        yield f"{name}, densest neuron {fires.mean(axis=0).max():.2f}", fires
        if isinstance(gate, ReLU):
            yield f"{name}, with neurons of .97 and .99", np.hstack([fires, dense])


def of_chance(draws: int) -> Iterator[str]:
    """Yield the lines of the table of random labels: in how many of the draws something was "learned"."""
    yield "| SAE | notion | way | " + " | ".join(f"{size}" for size in SIZES) + " |"
    yield "|---|---|---|" + "---|" * len(SIZES)
    for name, table in tables():
        counts: dict[str, list[int]] = {}
        for size in SIZES:
            results = [edges_of_random_labels(table, size, EPSILON, seed) for seed in range(draws)]
            for key in results[0]:
                counts.setdefault(key, []).append(sum(result[key] for result in results))
        for notion in ("detection", "separation"):
            for way, words in WAYS.items():
                cells = " | ".join(map(str, counts[f"{notion}, {way}"]))
                yield f"| {name} | {notion} | {words} | {cells} |"


def of_power(draws: int) -> Iterator[str]:
    """Yield the lines of the table of planted neurons."""
    yield "| true m = a | positives | certified pairs | of | draws with any |"
    yield "|---|---|---|---|---|"
    for error in (EPSILON / 5, 2 * EPSILON):
        for size in (400, 800):
            counts = [certified_of_planted(size, error, EPSILON, seed) for seed in range(draws)]
            yield f"| {error:g} | {size} | {sum(counts)} | {6 * draws} | {sum(c > 0 for c in counts)} |"


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--draws", type=int, default=100)
    draws = parser.parse_args().draws
    place = f"{date.today()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    lines = [
        "# Certified edges: chance, and power", "",
        f"`PYTHONPATH=tests python -P benchmarks/edges.py --draws {draws}`. {place}.", "",
        f"**Random labels.** A concept of so many random points among 4,000 held-out ones (as many again on "
        f"the fit half), {draws} draws each, ε = {EPSILON:g}, α = .05: in how many draws it was learned. At "
        f"the nominal level at most about {0.05 * draws:g} are to be expected. “Within ε” is the relation of "
        "versions before certification.", "",
        *of_chance(draws), "",
        f"**Neurons of known errors.** Six disjoint concepts with a neuron each, twelve pairs (detection and "
        f"separation), {draws} draws, ε = {EPSILON:g}: how many separations are certified. Computed power of "
        "one pair at level α/12: .958 with 400 positives, 1.0 with 800.", "",
        *of_power(draws), "",
    ]  # fmt: skip
    PAGE.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
