"""Concept lattices and stable families: time and memory, beside the peers, in one run.

    OMP_NUM_THREADS=1 python benchmarks/lattice.py [--limit 60] [--write]

Every case runs in a process of its own, which reports its processor time and its peak memory; compiled code
is loaded and warmed on a small context before the clock starts. geosae and pyfim are timed three times in
turn, and the least time of each counts: what else the machine does can only add. `concepts` is stopped after
--limit seconds of processor time, and then "at least" is said. pyfim (pip install 'geosae[peers]') lists
closed item sets without covers. The planted contexts are described in `planted` below.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

FAMILIES = """\
Leaves: 320 concepts under 20 groups that are no concepts themselves, a neuron for one concept or one group.
Nested: the concepts themselves form a forest, and a neuron for a concept fires on all below it; there a
parent alone is closed only by its false crosses (7.7 of 3 840 on average), and all but one of the false
members of the stable families looked at were such single concepts. No θ parts them from the true ones: at
θ = 8 precision reaches .78 and recall falls to .95. A grounded family also asks for θ neurons *nearest* to
each concept, or for an intersection of such concepts, and nearly all of them go.
Both contexts have 2 % of the crosses missed and 0.2 % false; θ is given, or chosen by chance."""
HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "measured" / "lattice.md"


def random_context(rows: int, columns: int, density: float) -> np.ndarray:
    """Return independent crosses, the same in every process."""
    return np.random.default_rng([rows, columns]).random((rows, columns)) < density


def planted(
    leaves: int, neurons: int, groups: int, seed: int, *, nested: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return the true context and one with 2 % of its crosses missed and 0.2 % of the others false.

    Leaves: every concept hangs under one of `groups` groups, which form a random forest and are no concepts
    themselves; each neuron stands for one concept or one group. Nested: the concepts themselves form a random
    forest (sixteen roots, each later one below a random earlier one), and each neuron stands for one of them:
    it fires on all that lie below. Neurons are shared out evenly.
    """
    rng = np.random.default_rng(seed)
    if nested:
        nodes = np.eye(leaves, dtype=bool)
        for i in range(16, leaves):
            nodes[:, i] |= nodes[:, rng.integers(0, i)]
    else:
        above = [int(rng.integers(0, g)) if g and rng.random() < 0.7 else -1 for g in range(groups)]
        extents = np.zeros((groups, leaves), dtype=bool)
        for i, group in enumerate(rng.integers(0, groups, leaves).tolist()):
            while group >= 0:
                extents[group, i], group = True, above[group]
        nodes = np.concatenate([np.eye(leaves, dtype=bool), extents[extents.any(axis=1)]])
    true = nodes[rng.permutation(np.resize(np.arange(len(nodes)), neurons))].T
    noisy = np.where(true, rng.random(true.shape) >= 0.02, rng.random(true.shape) < 0.002)
    return true, noisy


def crosses_of(case: str) -> np.ndarray:
    """Return the crosses of a named case."""
    if case == "mushroom":
        from geosae.fca.context import FormalContext

        return FormalContext.read(HERE / "data" / "mushroom.cxt").incidence
    rows, columns, density = case.split()
    return random_context(int(rows), int(columns), float(density))


def ours(case: str) -> dict[str, Any]:
    """Build the whole lattice with covers."""
    from geosae.fca import concept_lattice
    from geosae.fca.context import FormalContext

    context = FormalContext.from_array(crosses_of(case))
    concept_lattice(FormalContext.from_array(random_context(10, 8, 0.4)), engine="fast")
    clock = time.process_time()
    lattice = concept_lattice(context, cap=4_000_000, engine="fast")
    return {
        "seconds": time.process_time() - clock,
        "concepts": len(lattice),
        "covers": lattice.cover_count,
    }


def ints(case: str) -> dict[str, Any]:
    """Do the same in plain Python."""
    from geosae.fca import concept_lattice
    from geosae.fca.context import FormalContext

    context = FormalContext.from_array(crosses_of(case))
    clock = time.process_time()
    lattice = concept_lattice(context, engine="ints")
    return {
        "seconds": time.process_time() - clock,
        "concepts": len(lattice),
        "covers": lattice.cover_count,
    }


def package(case: str) -> dict[str, Any]:
    """Build the lattice with the package `concepts`, the shorter side as objects."""
    import concepts

    crosses = crosses_of(case)
    crosses = crosses.T if crosses.shape[0] > crosses.shape[1] else crosses
    names = [f"o{i}" for i in range(crosses.shape[0])], [f"a{i}" for i in range(crosses.shape[1])]
    context = concepts.Context(*names, crosses.tolist())
    clock = time.process_time()
    found = len(context.lattice)
    return {"seconds": time.process_time() - clock, "concepts": found}


def pyfim(case: str) -> dict[str, Any]:
    """List closed item sets with pyfim, by the faster of its two best algorithms; no covers."""
    import fim

    rows = [np.flatnonzero(row).tolist() for row in crosses_of(case)]
    seconds, found = [], 0
    for algorithm in (fim.eclat, fim.fpgrowth):
        clock = time.process_time()
        found = len(algorithm(rows, target="c", supp=-1, zmin=0, report="a"))
        seconds.append(time.process_time() - clock)
    return {"seconds": min(seconds), "concepts": found}


def family(case: str) -> dict[str, Any]:
    """Mine the stable family of a planted context at a θ, or choose it, and hold it against the truth."""
    from geosae.fca import concept_lattice, stable_family
    from geosae.fca.context import FormalContext

    leaves, neurons, groups, seed, theta, shape, kind = case.split()
    grounded = kind == "grounded"
    true, noisy = planted(int(leaves), int(neurons), int(groups), int(seed), nested=shape == "nested")
    context = FormalContext.from_array(noisy)
    warm = planted(320, 300, 5, 0)[1]
    stable_family(FormalContext.from_array(warm), 4, grounded=grounded)
    truth = {e for e in concept_lattice(FormalContext.from_array(true)).extents if 0 < len(e) < len(noisy)}
    clock = time.process_time()
    found = stable_family(context, "auto" if theta == "auto" else int(theta), grounded=grounded)
    seconds = time.process_time() - clock
    mined = {tuple(np.flatnonzero(row).tolist()) for row in found.extents}
    mined = {e for e in mined if 0 < len(e) < len(noisy)}
    return {
        "seconds": seconds,
        "theta": found.theta,
        "true": len(truth),
        "concepts": len(mined),
        "recall": len(truth & mined) / len(truth),
        "precision": len(truth & mined) / max(1, len(mined)),
    }


WORK = {"ours": ours, "ints": ints, "concepts": package, "pyfim": pyfim, "family": family}


def measured(what: str, case: str, limit: int) -> dict[str, Any]:
    """Run one case in a process of its own; a process that uses up its time is killed by the system."""

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_CPU, (limit, limit))

    done = subprocess.run(
        [sys.executable, __file__, "--one", what, case],
        capture_output=True,
        text=True,
        preexec_fn=limited,
        check=False,
    )
    found = (
        json.loads(done.stdout) if done.returncode == 0 else {"seconds": None, "error": done.stderr[-300:]}
    )
    print(what, case, found, flush=True)
    return found


def seconds_of(found: dict[str, Any], limit: int) -> str:
    """Return the time for the table."""
    if found["seconds"] is None:
        return f"> {limit}" if not found["error"] else "failed"
    return f"{found['seconds']:.2f}"


def main() -> None:
    """Run all cases and print the page."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--limit", type=int, default=60)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--one", nargs=2)
    asked = parser.parse_args()
    if asked.one:
        found = WORK[asked.one[0]](asked.one[1])
        found["mib"] = round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10)
        print(json.dumps(found))
        return
    load = os.getloadavg()[0]
    lines = ["## Whole lattices", "", _whole_head(), "|---|---|---|---|---|---|---|---|---|"]
    for case in ("100 100 0.3", "200 100 0.2", "1000 100 0.1", "500 500 0.05", "mushroom"):
        lines.append(_whole_row(case, asked.limit))
    big = measured("ours", "100 100 0.44", 600)
    lines += ["", "## Two million concepts", "", _big(big)]
    lines += [
        "",
        "## Stable families",
        "",
        FAMILIES,
        "",
        "| context | seed | family | θ | s | true | found | recall | precision | peak MiB |",
    ]
    lines += ["|---|---|---|---|---|---|---|---|---|---|"]
    for size in ("320 3840 20", "1024 32768 60"):
        for shape in ("leaves", "nested"):
            for seed in ("0", "1", "2") if size.startswith("320") else ("0",):
                for kind in ("stable", "grounded"):
                    for theta in ("5", "auto") if size.startswith("320") else ("12", "auto"):
                        lines.append(_family_row(size, shape, seed, theta, kind))
    page = _head(load, asked.limit) + "\n".join(lines) + "\n"
    print(page)
    if asked.write:
        PAGE.write_text(page, encoding="utf-8")


def _whole_head() -> str:
    return (
        "| context | concepts | covers | geosae, s (peak MiB) | geosae without numba, s | `concepts`, s | "
        "`concepts` / geosae | pyfim without covers, s | geosae / pyfim |"
    )


def _whole_row(case: str, limit: int) -> str:
    peers = find_spec("fim") is not None
    times = [(measured("ours", case, 600), measured("pyfim", case, limit) if peers else None) for _ in "123"]
    own = min((one for one, _ in times), key=lambda one: one["seconds"])
    other = min((two for _, two in times if two), key=lambda two: two["seconds"], default=None)
    # Plain Python takes a minute where compiled code takes one or two seconds: timed on the two first cases.
    plain = measured("ints", case, limit) if case in ("100 100 0.3", "200 100 0.2") else None
    peer = measured("concepts", case, limit)
    ratio = (
        f"{peer['seconds'] / own['seconds']:.0f}" if peer["seconds"] else f"> {limit / own['seconds']:.0f}"
    )
    return (
        f"| {case} | {own['concepts']} | {own['covers']} | {own['seconds']:.2f} ({own['mib']}) | "
        f"{seconds_of(plain, limit) if plain else '–'} | {seconds_of(peer, limit)} | {ratio} | "
        + (f"{other['seconds']:.2f} | {own['seconds'] / other['seconds']:.1f} |" if other else "– | – |")
    )


def _big(found: dict[str, Any]) -> str:
    return (
        f"Random 100 × 100, density 0.44, with covers: {found['concepts']} concepts, "
        f"{found['covers']} covers, {found['seconds']:.1f} s, peak {found['mib']} MiB of the whole process."
    )


def _family_row(size: str, shape: str, seed: str, theta: str, kind: str) -> str:
    found = measured("family", f"{size} {seed} {theta} {shape} {kind}", 600)
    rows, columns, _ = size.split()
    if found["seconds"] is None:
        return (
            f"| {rows} × {columns} {shape} | {seed} | {kind} | {theta} | refused or out of time | | | | | |"
        )
    how = " (chosen)" if theta == "auto" else ""
    return (
        f"| {rows} × {columns} {shape} | {seed} | {kind} | {found['theta']}{how} | "
        f"{found['seconds']:.2f} | {found['true']} | {found['concepts']} | {found['recall']:.3f} | "
        f"{found['precision']:.3f} | {found['mib']} |"
    )


def _head(load: float, limit: int) -> str:
    return f"""# Concept lattices

    OMP_NUM_THREADS=1 python benchmarks/lattice.py --limit {limit} --write

Processor seconds of one thread, every case in a process of its own, {time.strftime("%d %B %Y")},
{os.cpu_count()} cores (load {load:.1f} at the start), Python {platform.python_version()},
numpy {np.__version__}. Compiled code was loaded from its cache before the clock started.
`concepts` was stopped after {limit} s; of geosae and pyfim, run in turn, the least of three times counts.

"""


if __name__ == "__main__":
    main()
