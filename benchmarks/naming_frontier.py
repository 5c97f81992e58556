"""How many features single neurons can name at once: the bound of S11d, columns found, and random ones.

    OMP_NUM_THREADS=1 python -P benchmarks/naming_frontier.py [--search MINUTES]

*Found* columns let every feature be named. They were searched for by gradient descent on the softened
interference of all features, max over i of (k·max c⁺ + (k−1)·max c⁻)/c_i (S11a), rows tied to the columns or
free, and rounded to integers; each dictionary is kept in benchmarks/data/naming_columns.npz and proved anew
here, feature by feature, by certificates in exact arithmetic. A better search can only lower n. `--search`
goes on searching where n is above the bound, for so many minutes, and keeps what is better.

*Random* columns are independent unit vectors: n at which half of the features can be named, between the two
sizes around it, of 48 features of two draws; and δ, where theory puts it for Gaussian columns: the
statistical dimension of the cone of S10's kernel vectors (Amelunxen, Lotz, McCoy and Tropp, 2014), estimated
here from 4,000 Gaussian vectors.

*Trained* SAEs (48 neurons, 12,000 points, 3,000 steps, three seeds) on sums of exactly two of 48 features in
24 dimensions, directions of low coherence, amplitude 1, no noise: all 48 can be named at k = 2. Counted are
the features that some row names with its neuron's own threshold (absolute gates), and with the best one.
"""

import argparse
import platform
import time
from datetime import date
from pathlib import Path

import geosae_synthetic
import numpy as np
import torch

import geosae
from geosae.analysis import fvu
from geosae.figures.save import save
from geosae.figures.style import MUTED, PAGE, colour, marker, panels, styled
from geosae.geometry import most_named, name_features, named_by, naming_dimensions
from geosae.sae import BatchTopK, JumpReLU, ReLU, TopK, TrainConfig

ROOT = Path(__file__).parents[1]
DATA = ROOT / "benchmarks" / "data" / "naming_columns.npz"
PAGE_FILE = ROOT / "docs" / "measured" / "naming_frontier.md"
FIGURE = ROOT / "docs" / "images" / "naming-frontier"
SIZES = (16, 32, 64, 128)
SPARSITIES = (2, 3, 4, 6)
STEPS, SCALE = 4000, 2**12
WORLD = {
    "features": 48, "active": 2, "directions": "low-coherence", "magnitudes": "constant", "noise": 0.0
}  # fmt: skip
DRAWS, ASKED, GAUSSIANS = 2, 24, 4000
Found = dict[tuple[int, int], np.ndarray]
"""Integer columns, shape (n, p), for p and k."""


def stored() -> Found:
    """Return the columns that were found so far."""
    if not DATA.exists():
        return {}
    with np.load(DATA) as file:
        return {tuple(map(int, name.split("-"))): file[name] for name in file.files}  # pyright: ignore


def all_named(columns: np.ndarray, k: int) -> bool:
    """Tell whether every feature is named, by checked certificates."""
    return all(verdict.check().nameable for verdict in name_features(columns.astype(np.float64), k))


def descend(
    p: int, k: int, n: int, seed: int, *, tied: bool, near: np.ndarray | None = None
) -> tuple[float, np.ndarray]:
    """Return the least interference that descent finds, and the columns: anew, or near others."""
    start = np.random.default_rng([p, k, n, seed]).standard_normal((n, p))
    if near is not None:
        unit = near / np.linalg.norm(near, axis=0)
        start = np.linalg.svd(unit)[0].T[:n] @ unit + 0.02 * start
    A = torch.tensor(start / np.linalg.norm(start, axis=0), requires_grad=True)
    B = A if tied else A.detach().clone().requires_grad_(True)
    optimiser = torch.optim.Adam([A] if tied else [A, B])
    diagonal = torch.eye(p, dtype=torch.bool)
    least, columns = np.inf, start
    for step in range(STEPS):
        sharpness = 10 * 30 ** (step / STEPS)
        optimiser.param_groups[0]["lr"] = 0.02 * (1 - step / STEPS) ** 0.7 + 1e-4
        products = B.T @ A
        ratios = (products / products.diagonal()[:, None]).masked_fill(diagonal, 0.0)
        above, below = ratios.clamp(min=0), (-ratios).clamp(min=0)
        worst = float((k * above.amax(1) + (k - 1) * below.amax(1)).detach().max())
        if worst < least and float(products.diagonal().detach().min()) > 0:
            least, columns = worst, A.detach().numpy().copy()
        rows = k * torch.logsumexp(sharpness * above, 1) + (k - 1) * torch.logsumexp(sharpness * below, 1)
        loss = torch.logsumexp(rows, 0) / sharpness
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        with torch.no_grad():
            A /= A.norm(dim=0)
    return least, columns


def search(minutes: float) -> None:
    """Look for columns in fewer dimensions, cell by cell, and keep what is proved."""
    torch.set_num_threads(1)
    found, end, seed = stored(), time.monotonic() + 60 * minutes, 0
    while time.monotonic() < end:
        for p in SIZES:
            for k in SPARSITIES:
                least = naming_dimensions(p, k)
                now = found[p, k].shape[0] if (p, k) in found else p
                if now == least or time.monotonic() > end:
                    continue
                # Turn about: anew, with half of the gap left, or from what was found, a dimension less.
                anew = seed % 3 == 0 or (p, k) not in found
                n = least + (now - least) // (4 if (p, k) not in found else 2) if anew else now - 1
                near = None if anew else found[p, k]
                ratio, columns = descend(p, k, n, seed, tied=seed % 2 == 0, near=near)
                print(
                    f"p = {p}, k = {k}: n = {n} (bound {least}, found {now}), ratio {ratio:.4f}", flush=True
                )
                if ratio < 1:
                    whole = np.round(columns / np.abs(columns).max() * SCALE).astype(np.int16)
                    if all_named(whole, k):
                        found[p, k] = whole
                        np.savez_compressed(DATA, **{f"{a}-{b}": c for (a, b), c in sorted(found.items())})
        seed += 1


def share(p: int, k: int, n: int) -> float:
    """Return the share of features of random unit columns that can be named."""
    named = 0
    for draw in range(DRAWS):
        A = np.random.default_rng([p, n, draw]).standard_normal((n, p))
        A /= np.linalg.norm(A, axis=0)
        named += sum(v.nameable for v in name_features(A, k, features=range(ASKED if p > ASKED else p)))
    return named / (DRAWS * min(ASKED, p))


def half_share(p: int, k: int) -> float:
    """Return where the share passes one half, linearly between the two sizes around it."""
    low, high = 1, p
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if share(p, k, middle) < 0.5 else (low, middle)
    before, after = share(p, k, low), share(p, k, high)
    return low + (0.5 - before) / (after - before)


def statistical_dimension(p: int, k: int) -> float:
    """Return δ = p − E dist²(g, C), C = {h : |h_j| ≤ t, Σh⁺ ≤ kt, Σh⁻ ≤ (k−1)t, t = −h_i ≥ 0}."""
    g = np.random.default_rng([p, k]).standard_normal((GAUSSIANS, p))
    low, high = np.zeros(GAUSSIANS), np.full(GAUSSIANS, 20.0)
    golden = (5**0.5 - 1) / 2
    for _ in range(60):  # the squared distance is convex in t
        left, right = high - golden * (high - low), low + golden * (high - low)
        less = _squared_distance(g, left, k) < _squared_distance(g, right, k)
        low, high = np.where(less, low, left), np.where(less, right, high)
    return p - float(_squared_distance(g, (low + high) / 2, k).mean())


def _squared_distance(g: np.ndarray, t: np.ndarray, k: int) -> np.ndarray:
    total = (g[:, 0] + t) ** 2
    for sign, mass in ((1, k), (-1, k - 1)):
        part = np.maximum(sign * g[:, 1:], 0)
        low, high = np.zeros(len(g)), part.max(axis=1)
        for _ in range(50):  # soft threshold at which the clipped entries have the mass
            middle = (low + high) / 2
            over = np.clip(part - middle[:, None], 0, t[:, None]).sum(axis=1) > mass * t
            low, high = np.where(over, middle, low), np.where(over, high, middle)
        inside = np.clip(part - high[:, None], 0, t[:, None])
        total = total + ((part - inside) ** 2).sum(axis=1)
    return total


def draw(found: Found, halves: dict[tuple[int, int], float]) -> None:
    """Draw the bound against n with what was found, and the share of random columns at p = 64."""
    with styled():
        figure, [[left, right]] = panels(1, 2, width=PAGE, height=2.9)
        dimensions = np.arange(4, 100)
        for index, k in enumerate(SPARSITIES):
            bound = [most_named(int(n), k) for n in dimensions]
            left.plot(dimensions, bound, color=colour(index), lw=1.0)
            points = sorted((columns.shape[0], p) for (p, at), columns in found.items() if at == k)
            left.plot(*zip(*points, strict=True), marker(index), color=colour(index), label=f"k = {k}")
            points = [(halves[p, k], p) for p in SIZES]
            left.plot(
                *zip(*points, strict=True), marker(index), color=colour(index), mfc="white", ls=":", lw=0.8
            )
        left.set(xscale="log", yscale="log", xlim=(4, 100), ylim=(8, 300))
        left.set_xticks(ticks := [4, 8, 16, 32, 64], list(map(str, ticks)), minor=False)
        left.set_yticks(ticks := [8, *SIZES, 256], list(map(str, ticks)), minor=False)
        left.minorticks_off()
        left.set(xlabel="dimension n", ylabel="features p")
        left.legend(loc="lower right")
        grid = np.arange(4, 64, 3)
        for index, k in enumerate(SPARSITIES):
            right.plot(grid, [share(64, k, int(n)) for n in grid], color=colour(index), lw=1.0)
            delta = statistical_dimension(64, k)
            right.plot([delta], [0.5], marker(index), color=colour(index))
            right.axvline(naming_dimensions(64, k), color=colour(index), lw=0.8, ls="--")
        right.axhline(0.5, color=MUTED, lw=0.6)
        right.set(xlim=(0, 64), ylim=(-0.02, 1.02), xlabel="dimension n", ylabel="share nameable, p = 64")
        save(figure, FIGURE, ("png",))


def trained() -> list[str]:
    """Count what the rows of trained SAEs name, with their own thresholds and with the best."""
    gates = [ReLU(0.03), ReLU(0.1), ReLU(0.3), JumpReLU(), BatchTopK(2), TopK(2)]
    lines = ["| gate | own threshold | best threshold for the row | FVU |", "|---|---|---|---|"]
    for gate in gates:
        own, best, errors = [], [], []
        for seed in range(3):
            rng = np.random.default_rng(seed)
            data = geosae_synthetic.make("superposition", points=12_000, dim=24, rng=rng, **WORLD)
            A = data.directions.T
            if seed == 0 and not all_named(A, 2):
                raise AssertionError("some feature of the world cannot be named")
            sae = geosae.train(data.points, TrainConfig(gate, 48, steps=3000), seed).sae
            neurons = geosae.neurons_of(sae)
            absolute = neurons.gating == "absolute"
            # Under an absolute gate the half-spaces, thresholds included; else what comes before the gate.
            rows = neurons.half_spaces() if absolute else neurons.affine
            naming = named_by(A, rows.w, rows.c, 2)
            own.append(str(naming.features(best=False).sum()) if absolute else "–")
            best.append(str(naming.features().sum()))
            errors.append(f"{fvu(data.points, neurons.reconstruct(data.points)):.2f}")
        label = f"{gate.printed}, {gate.symbol} = {getattr(gate, gate.sparsity_parameter)}"
        lines.append(f"| {label} | {', '.join(own)} | {', '.join(best)} | {', '.join(errors)} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    """Search if asked to, prove what was found, and write the page and the figure."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--search", type=float, default=0.0, metavar="MINUTES")
    search(parser.parse_args().search)
    found = stored()
    lines = [
        "| p | k | bound (S11d) | found | random, half of them | δ |",
        "|---|---|---|---|---|---|",
    ]
    halves: dict[tuple[int, int], float] = {}
    for p in SIZES:
        for k in SPARSITIES:
            columns = found[p, k]
            if columns.shape[1] != p or not all_named(columns, k):
                raise AssertionError(f"the columns kept for p = {p}, k = {k} do not let all be named")
            halves[p, k] = half_share(p, k)
            cells = [p, k, naming_dimensions(p, k), columns.shape[0], f"{halves[p, k]:.1f}"]
            lines.append(f"| {' | '.join(map(str, cells))} | {statistical_dimension(p, k):.1f} |")
            print(lines[-1], flush=True)
    draw(found, halves)
    head = [
        "# The frontier of naming, measured",
        "",
        "    OMP_NUM_THREADS=1 python -P benchmarks/naming_frontier.py",
        "",
        f"{date.today():%-d %B %Y}, Python {platform.python_version()}, numpy {np.__version__}.",
        "",
        *(__doc__ or "").strip().splitlines()[4:],
        "",
        "## Dimensions in which all of p features can be named",
        "",
    ]
    tail = ["", "## What trained rows name, of 48 features", "", *trained()]
    PAGE_FILE.write_text("\n".join([*head, *lines, *tail]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
