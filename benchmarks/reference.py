"""Reference scores of geosae-bench-1: nine gates on every setting at size s, over seeds.

    OMP_NUM_THREADS=1 python -P benchmarks/reference.py --cards FOLDER [--settings …] [--seeds 5] [--write]

Every gate has 64 neurons, K = 2 where it has a K, 2,000 steps of 256 points, and the defaults for the rest. A
seed is that of the training, of permuted labels, and of the untrained SAE beside; frozen decoder, planted SAE
and probe stand once per setting and seed, beside Top-K. A card that is in the folder is not made again, so
that the command goes on where it was interrupted. --write keeps the page docs/measured/benchmark.md, from
all cards in the folder.
"""

import argparse
import platform
import tempfile
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from geosae.benchmark import SETTINGS, load_benchmark, make_files, read_cards, score, score_table
from geosae.benchmark.score import RIVALS, ScoreCard
from geosae.benchmark.table import SCORE_FILE, TableRow
from geosae.cli.sources import make_world
from geosae.experiments.interval import mean_interval
from geosae.report.numbers import interval_text, number
from geosae.sae.config import TrainConfig
from geosae.sae.gates import gate_from_dict
from geosae.sae.training.train import train
from geosae.storage.structure import write_record

PAGE = Path(__file__).parents[1] / "docs" / "measured" / "benchmark.md"
GATES: dict[str, dict[str, Any]] = {
    "Top-K": {"kind": "topk", "k": 2},
    "ReLU": {"kind": "relu", "l1": 0.1},
    "JumpReLU": {"kind": "jumprelu", "l0": 0.01},
    "Gated": {"kind": "gated", "l1": 0.1},
    "BatchTopK": {"kind": "batchtopk", "k": 2},
    "Matryoshka": {"kind": "matryoshka", "inner": {"kind": "batchtopk", "k": 2}},
    "Matching pursuit": {"kind": "mp", "k": 2},
    "SpaDE": {"kind": "spade"},
    "AbsTopK": {"kind": "abstopk", "k": 2},
}
WIDTH, STEPS = 64, 2_000
COLUMNS = {
    "l0": "L0", "fvu": "FVU", "separated_by_neurons": "neurons", "separated_by_units": "units",
    "least_of_units": "s⁺", "f1_of_neurons": "F1, neurons", "f1_of_units": "F1, units", "mcc": "MCC",
    "lattice_recall": "extents", "lattice_precision": "true ones", "implication_gain": "rules",
}  # fmt: skip
TEXT = """# Reference scores of geosae-bench-1

    {command}

{day}, {cpu}, Python {python}, numpy {numpy}, torch {torch}.

{doc}

neurons, units: share of the concepts certified as separated within .05; s⁺: median of the least ε at which
units are certified; F1: of the neuron, the unit of greatest F1; extents, true ones: recall and precision of
the lattice; rules: implications kept, true minus untrue. Means over seeds with Student-t intervals. What the
settings ask: {{doc}}`../benchmark`.

## At a glance

Mean F1 of the best neuron of each concept: of the trained SAE, with + (·, −) where it is certainly above (not
certainly beside, certainly below) that of the untrained SAE of the same seed: the 95 % Student-t interval of
the differences. Beside: a frozen decoder under Top-K, what was planted, and the probe.

{glance}

What this says, for neurons of these sizes and budgets alone. Where concepts are features (hedging, the
superposition settings, feature-trees) training lifts the single neurons of every gate but SpaDE,
BatchTopK's most; and yet in superposition-1, where S10's half-spaces separate every feature without an
error and the probe nearly does, no gate is certified on more than a sixth of them. Where concepts are
regions of few dimensions (balls to splits) random directions of an untrained Top-K or SpaDE serve as well
as learned ones, or better: the reconstruction asks for tiles, not for the concepts. BatchTopK and
Matryoshka are never certainly below their own start, which is low since it fires on few points; ReLU's
fires on half of them.
{tables}"""


def main() -> None:
    """Make the cards that are missing, and print the tables; with --write, keep the page."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=Path, required=True, help="a folder for the score cards")
    parser.add_argument("--settings", nargs="+", default=list(SETTINGS), choices=list(SETTINGS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    for name in args.settings:
        with tempfile.TemporaryDirectory() as place:
            make_files(SETTINGS[name], "s", Path(place) / "files", make_world)
            benchmark = load_benchmark(Path(place) / "files")
            points = np.asarray(benchmark.points("train"))
            for seed in range(args.seeds):
                for label, gate in GATES.items():
                    file = args.cards / name / f"{gate['kind']}-{seed}" / SCORE_FILE
                    if file.is_file():
                        continue
                    config = TrainConfig(gate_from_dict(gate), WIDTH, STEPS)
                    sae = train(points, config, seed).sae
                    rivals = RIVALS if label == "Top-K" else RIVALS[:1]
                    write_record(file, score(sae, benchmark, name=label, seed=seed, rivals=rivals))
                    print(name, label, seed, flush=True)
    tables = "\n".join(table(name, args.cards / name) for name in SETTINGS if (args.cards / name).is_dir())
    text = TEXT.format(
        command="OMP_NUM_THREADS=1 python -P benchmarks/reference.py --cards FOLDER --write",
        day=date.today().strftime("%d %B %Y"),
        cpu=platform.machine(),
        python=platform.python_version(),
        numpy=version("numpy"),
        torch=version("torch"),
        doc=str(__doc__).split("\n\n")[2].strip(),
        glance=glance(args.cards),
        tables=tables,
    )
    print(text)
    if args.write:
        PAGE.write_text(text, encoding="utf-8")


def glance(folder: Path) -> str:
    """Return the table of the F1 of neurons: settings against gates, with signs against untrained SAEs."""
    lines = [
        "| setting | " + " | ".join(GATES) + " | frozen | planted | probe |",
        "|" + "---|" * (len(GATES) + 4),
    ]
    for name in SETTINGS:
        if not (folder / name).is_dir():
            continue
        cards = read_cards(sorted((folder / name).iterdir()))
        row = [name]
        for label in GATES:
            of_gate = [card for card in cards if card.sae == label]
            gains = mean_interval([f1(card, "sae") - f1(card, "untrained") for card in of_gate])
            sign = "+" if gains.low > 0 else "−" if gains.high < 0 else "·"
            row.append(f"{mean_interval([f1(card, 'sae') for card in of_gate]).mean:.2f} {sign}")
        others = [card for card in cards if card.sae == "Top-K"]
        for arm in ("frozen decoder", "planted", "probe"):
            row.append(number(mean_interval([f1(card, arm) for card in others]).mean, 2))
        lines.append("| " + " | ".join(row) + " |")
    return "\n".join(lines)


def f1(card: ScoreCard, arm: str) -> float:
    """Return the mean F1 of an arm's neurons."""
    return card.arms[arm].numbers.f1_of_neurons


def table(name: str, folder: Path) -> str:
    """Return the table of a setting: every gate, its floors, and once what knew the truth."""
    rows = score_table(read_cards(sorted(folder.iterdir())))
    order = {label: place for place, label in enumerate(GATES)}
    head = ["SAE", "arm", "seeds", *COLUMNS.values()]
    lines = [
        f"\n## {name}\n",
        SETTINGS[name].asks,
        "",
        "| " + " | ".join(head) + " |",
        "|" + "---|" * len(head),
    ]
    for row in sorted(rows, key=lambda row: order[row.sae]):
        lines.append("| " + " | ".join(cells(row)) + " |")
    return "\n".join(lines)


def cells(row: TableRow) -> list[str]:
    """Return a row's cells: an arm that could not be had is left empty."""
    if row.missing:
        return [row.sae, row.arm, str(row.cards), *[""] * len(COLUMNS)]
    return [row.sae, row.arm, str(row.cards), *(interval_text(row.numbers[column]) for column in COLUMNS)]


if __name__ == "__main__":
    main()
