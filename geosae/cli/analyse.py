"""`geosae analyse`: what one sparse autoencoder has learned of the concepts of a data set."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from geosae.cli._console import bar, number, paragraph, say, table, warn
from geosae.cli.analyse_concepts import print_detectors, print_separability, short, write_detectors
from geosae.cli.convert import declared

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float

    from geosae.analysis import Alignment, ConceptAnswer, Learner, Notion
    from geosae.analysis.detectors import ConceptDetectors
    from geosae.data.dataset import ConceptDataset
    from geosae.sae.interop import CardComparison, Imported


@dataclass(frozen=True, eq=False)
class Floors:
    """What stands beside the numbers: the same labels permuted, and the untrained SAE where it can be had."""

    shuffled: "Alignment"
    untrained: "Alignment | None"


def analyse(
    sae: Annotated[Path, typer.Argument(help="The folder of an SAE: trained here, or as convert reads it.")],
    data: Annotated[
        Path,
        typer.Argument(
            help="A data set .npz; with --membership points .npy, .csv, or a folder of activations."
        ),
    ],
    out: Annotated[Path, typer.Option("--out", "-o", help="The folder to write.")],
    membership: Annotated[
        Path | None, typer.Option(help="Concepts of the points: .npy of booleans (N, p), or .csv with names.")
    ] = None,
    names: Annotated[
        Path | None, typer.Option(help="Names of the concepts of a .npy, one per line of a text file.")
    ] = None,
    tolerance: Annotated[
        list[float] | None, typer.Option(min=0.0, help="Tolerance of the notions; may be repeated.")
    ] = None,
    alpha: Annotated[float, typer.Option(help="Chance that any answer or interval is wrong.")] = 0.05,
    correction: Annotated[
        str, typer.Option(help="For many pairs: holm, or benjamini-yekutieli (share of wrong ones).")
    ] = "holm",
    test_share: Annotated[float, typer.Option(help="Share of the points that is held out.")] = 0.5,
    edges: Annotated[
        str, typer.Option(help="Of the contexts: certified, or point (within the tolerance).")
    ] = "certified",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the split and of ambient points.")] = 0,
) -> None:
    """Say which concepts are detected, separated, approximated: by one neuron, a unit of ≤ 4, any unit.

    Writes concepts.csv; detectors.csv, each concept's best neuron beside what is no SAE; and, for each
    tolerance, the alignment (.npz, .json) and the formal context of each notion. Shuffled labels stand
    beside every share, and the untrained SAE where geosae trained this one.
    """
    from geosae.analysis import AnalysisConfig
    from geosae.analysis import analyse as analyse_sae
    from geosae.analysis.certified import CORRECTIONS
    from geosae.analysis.detectors import concept_detectors
    from geosae.cli._files import read_dataset
    from geosae.sae.interop import NONE, compare_with_card, read
    from geosae.storage.folders import output_folder
    from geosae.validation import refuse_unknown

    refuse_unknown([edges], ("certified", "point"), "--edges", "kind of edge")
    refuse_unknown([correction], CORRECTIONS, "--correction", "correction")
    rule: Any = correction
    dataset = read_dataset(data, membership, names)
    imported = read(sae)
    with output_folder(out):
        _note_training(imported, dataset, test_share, seed)
        untrained = untrained_like(sae, dataset.points)
        if imported.source.format != "geosae":
            _print_card(imported.source.format, compare_with_card(imported, dataset.points, seed=seed))
        if imported.normalisation != NONE:
            warn(f"note: points are normalised first; neurons live in {imported.normalisation.space}")
            dataset = imported.prepare_dataset(dataset)
        tolerances = sorted(set(tolerance or [0.05]))
        alignments: list[Alignment] = []
        floors: list[Floors] = []
        for at in tolerances:
            config = AnalysisConfig(
                tolerance=at, alpha=alpha, correction=rule, test_share=test_share, seed=seed
            )
            with bar(f"analyse at {at:g}") as progress:
                alignments.append(analyse_sae(imported.neurons, dataset, config, progress=progress))
            _write(alignments[-1], out, f"-{at:g}" if len(tolerances) > 1 else "", edges)
            of_untrained = None if untrained is None else analyse_sae(untrained, dataset, config)
            floors.append(Floors(floor_of(alignments[-1]), of_untrained))
        _write_concepts(alignments, out)
        detectors = concept_detectors(
            imported.neurons, dataset, untrained=untrained, test_share=test_share, seed=seed
        )
        write_detectors(detectors, out)
        _print(alignments, floors, dataset, imported, seed, out, detectors)
    say(f"written to {out}")


def _note_training(imported: "Imported", dataset: "ConceptDataset", test_share: float, seed: int) -> None:
    """Say which of these points the SAE was trained on, as far as hashes tell."""
    from geosae.data.split import seeded_split
    from geosae.storage.files import content_hash

    if imported.source.trained_on is None:
        return
    if imported.source.trained_on == content_hash(dataset.points):
        warn("note: the SAE was trained on these very points; the answers describe them and no others")
        return
    fit, _ = seeded_split(dataset.size, test_share, seed)
    if imported.source.trained_on == content_hash(dataset.points[fit]):
        warn("note: the SAE was trained on the half that chooses; the held-out points are new to it")


def _print(
    alignments: "Sequence[Alignment]",
    floors: Sequence[Floors],
    dataset: "ConceptDataset",
    imported: "Imported",
    seed: int,
    out: Path,
    detectors: "Sequence[ConceptDetectors]",
) -> None:
    from geosae.analysis.detectors import fit_fvu

    for alignment, beside in zip(alignments, floors, strict=True):
        say(in_words(alignment, beside))
    say()
    test_share = alignments[0].test_points / dataset.size
    left = fit_fvu(imported.neurons, dataset, test_share=test_share, seed=seed)
    print_detectors(detectors, alignments[0], left)
    print_separability(dataset, alignments[0], seed)
    for alignment, beside in zip(alignments, floors, strict=True):
        _print_shares(alignment, beside)
    for alignment, beside in zip(alignments, floors, strict=True):
        _print_answers(alignment, beside)
    if alignments[0].ambient is not None and imported.neurons.gating == "absolute":
        _print_reach(alignments[0], dataset, seed, out)
    for line in LEGEND:
        say(line)
    if alignments[0].approximation_reason:
        say(f"approximation: {alignments[0].approximation_reason}")


def _print_card(origin: str, comparison: "CardComparison") -> None:
    """Print how an SAE of another library runs and does on the points, beside what its files declare."""
    normalised = "points are read as they are"
    if comparison.normalisation != "none":
        normalised = f"points pass through {comparison.normalisation} first"
    paragraph(f"{origin}: {comparison.rule}; {normalised}", "  ")
    inside = f" ({comparison.fvu_inside:.3g} as the SAE reads them)" * (comparison.normalisation != "none")
    paragraph(
        f"  on {comparison.points:,} of the points: L0 {comparison.l0:.4g}, FVU {comparison.fvu:.3g}{inside}",
        "    ",
    )
    said = "; ".join(declared(comparison.card)) or "nothing of L0, FVU or place"
    paragraph(f"  its files say: {said}", "    ")
    for trial in comparison.rules:
        paragraph(f"  by another rule, {trial.what}: L0 {trial.l0:.4g}, FVU {trial.fvu:.3g}", "    ")
    for warning in comparison.warnings:
        paragraph(f"warning: {warning.name}: {warning}", "  ", warn)
    say()


def floor_of(alignment: "Alignment") -> "Alignment":
    """Return the alignment under shuffled labels.

    Raises
    ------
    InvalidInput
        If it was not measured.
    """
    from geosae.errors import InvalidInput

    if alignment.floor is None:
        raise InvalidInput("the floor under shuffled labels was not measured")
    return alignment.floor


def untrained_like(sae: Path, points: "Float[np.ndarray, 'N n']") -> Any:
    """Return the SAE as it was before geosae trained it, started on these points; None for a foreign one."""
    from dataclasses import replace

    from geosae.sae.baseline_kinds import CONSTRUCTED
    from geosae.sae.checkpoint import CARD_FILE, load
    from geosae.sae.training.train import train

    if not (sae / CARD_FILE).is_file():
        return None
    trained = load(sae)
    if trained.config.baseline is not None and trained.config.baseline in (*CONSTRUCTED, "untrained"):
        return None
    return train(points, replace(trained.config, baseline="untrained"), trained.seed, device="cpu").sae


def in_words(alignment: "Alignment", floors: Floors) -> str:
    """Return the answer in two or three sentences."""
    p = len(alignment.concepts)
    by_neuron, by_unit = (_learned(alignment, "separation", learner) for learner in ("neurons", "units"))
    rows = alignment.answers("separation", "units")
    undecided = [row for row in rows if row.answer == "undecided"]
    few = [row for row in undecided if row.positives < row.needed]
    sentences = [
        f"At tolerance {alignment.tolerance:g}, {by_neuron} of {p} concepts are certified as "
        f"separated by one neuron and {by_unit} by a unit of any size "
        f"(shuffled labels: {_pair(floors.shuffled)}"
        + (f"; untrained: {_pair(floors.untrained)}" if floors.untrained is not None else "")
        + ")."
    ]
    if undecided:
        because = f", {len(few)} of them for want of held-out points" if few else ""
        sentences.append(f"{len(undecided)} stay undecided{because}.")
    sentences.append(f"The SAE has L0 {number(alignment.l0)} and FVU {number(alignment.fvu)}.")
    if alignment.metrics.warning:
        sentences.append(f"Note: {alignment.metrics.warning}.")
    return " ".join(sentences)


def _pair(alignment: "Alignment") -> str:
    by_neuron, by_unit = (_learned(alignment, "separation", learner) for learner in ("neurons", "units"))
    return f"{by_neuron} and {by_unit}"


def _print_reach(alignment: "Alignment", dataset: "ConceptDataset", seed: int, out: Path) -> None:
    """Print how small the excess of units of the chosen sizes can be (A1–A4); write the curves of A5."""
    import numpy as np

    from geosae.analysis.reach import reach
    from geosae.storage.files import write_atomic
    from geosae.storage.tables import render

    rows = reach(alignment, dataset, np.random.default_rng(seed))
    say("Excess of the chosen unit, and the least that as many half-spaces can have that")
    say("miss nothing: from a certified lower bound (0: none is known) to a unit that was")
    say("sought (–: none was, in so many dimensions or of so few):")
    table(
        ["concept", "|M|", "excess", "least from", "to", "out of reach"],
        [
            [
                short(row.concept), str(row.size), _error(row.excess), number(row.least_low, 2),
                "–" if row.least_high == float("inf") else number(row.least_high, 2),
                "yes" if row.out_of_reach else "no",
            ]
            for row in rows
        ],
    )  # fmt: skip
    say()
    table_rows: list[list[Any]] = [["concept", "misses", "false_alarms", "set"]]
    for row in rows:
        curve = row.curve
        for point in zip(curve.misses.tolist(), curve.false_alarms.tolist(), curve.sets, strict=True):
            table_rows.append([row.concept, *point])
    write_atomic(out / "misses-against-alarms.csv", render(table_rows).encode())


def _error(value: float) -> str:
    return f"{value:.0e}" if value >= 1000 else number(value, 2)


LEGEND = (
    "error: misses for detection, the greater of misses and alarms for separation,",
    "their sum for approximation; each per point of the concept. least ε: the least",
    "tolerance at which it is certified. price: the firing rate over the concept's",
    "share of the points. –: no unit was chosen, or none is certified at any ε.",
)
HEAD = ["concept", "by", "neurons", "answer", "error", "least ε", "price", "prec.", "fires"]


def _print_shares(alignment: "Alignment", floors: Floors) -> None:
    """Print how many concepts got which answer, by notion and learner, beside both floors."""
    from geosae.analysis import ANSWERS, LEARNER_NAMES

    rows: list[list[str]] = []
    for notion in alignment.notions:
        for learner, word in LEARNER_NAMES.items():
            counts = [
                sum(row.answer == each for row in alignment.answers(notion, learner)) for each in ANSWERS
            ]
            beside = [
                "–" if other is None else str(_learned(other, notion, learner))
                for other in (floors.shuffled, floors.untrained)
            ]
            rows.append([notion, word, *map(str, counts[:4]), *beside])
    say(f"Number of concepts by answer at tolerance {alignment.tolerance:g}; the last two: learned under")
    say(f"shuffled labels, and by the untrained SAE ({_rule(alignment)}):")
    table(["notion", "by", "learned", "not", "undec.", "–", "shuffled", "untrained"], rows)
    say()


def _rule(alignment: "Alignment") -> str:
    judged = alignment.judgement
    return f"{judged.pairs} pairs, {judged.correction} at {judged.alpha:g}"


def _learned(alignment: "Alignment", notion: "Notion", learner: "Learner") -> int:
    return sum(row.answer == "learned" for row in alignment.answers(notion, learner))


def _print_answers(alignment: "Alignment", floors: Floors) -> None:
    """Print a table per notion; what shuffled labels learn everywhere is left out, for it says nothing."""
    shares = alignment.counts.positives[:, 0] / alignment.test_points
    learners: tuple[Learner, ...] = ("neurons", "units")
    for notion in alignment.notions:
        say(f"{notion} at tolerance {alignment.tolerance:g}:")
        if all(floors.shuffled.share(notion, learner) == 1.0 for learner in learners):
            say("  left out: shuffled labels are learned as well")
            continue
        by_concept = zip(*(alignment.answers(notion, learner) for learner in learners), shares, strict=True)
        rows = [
            printed(row, learner, float(share))
            for *answers, share in by_concept
            for row, learner in zip(answers, learners, strict=True)
        ]
        table(HEAD, rows)
        say()


def printed(row: "ConceptAnswer", learner: "Learner", share: float) -> list[str]:
    """Return the row for the table on the terminal, as in `HEAD`; `share` is the concept's, of the points."""
    by = "neuron" if learner == "neurons" else f"unit {len(row.neurons)}" if row.neurons else "unit"
    answer = "–" if row.answer == "no unit" else row.answer
    return [
        short(row.concept),
        by,
        _first_neurons(row.neurons),
        answer,
        _error(row.error),
        number(row.least_tolerance, 2),
        number(row.price, 2),
        number(row.precision, 2),
        number(row.price * share, 3),
    ]


def _first_neurons(neurons: Sequence[int]) -> str:
    if not neurons:
        return "–"
    return " ".join(map(str, neurons[:2])) + (" …" if len(neurons) > 2 else "")


def _write(alignment: "Alignment", out: Path, suffix: str, edges: str) -> None:
    """Write an alignment and its contexts as soon as it is there: the next one may take as long again."""
    alignment.save(out / f"alignment{suffix}.npz")
    for notion in alignment.notions:
        kind: Any = edges
        alignment.context(notion, edges=kind).write(out / f"context-{notion}{suffix}.csv")


def _write_concepts(alignments: "Sequence[Alignment]", out: Path) -> None:
    from geosae.storage.files import write_atomic
    from geosae.storage.tables import render

    table_rows: list[list[Any]] = [["tolerance", *alignments[0].columns()]]
    for alignment in alignments:
        for row in zip(*alignment.columns().values(), strict=True):
            table_rows.append([alignment.tolerance, *(_cell(value) for value in row)])
    write_atomic(out / "concepts.csv", render(table_rows).encode())


def _cell(value: Any) -> Any:
    """Spell a unit as its neurons with spaces between, and what is not known as nothing."""
    if isinstance(value, tuple):
        return " ".join(str(i) for i in tuple[int, ...](value))
    return "" if value != value else value
