"""What `geosae analyse` says of concepts: what could separate them, and who detects them best beside whom."""

import math
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from geosae.cli._console import number, paragraph, say, table

if TYPE_CHECKING:
    from geosae.analysis import Alignment, ConceptAnswer
    from geosae.analysis.detectors import ConceptDetectors, Detector
    from geosae.analysis.separability import ConceptSeparability
    from geosae.data.dataset import ConceptDataset

WIDEST = 14
"""A concept's name takes at most so many characters of a line."""
DRAWS = 9
"""Random labels beside each separated concept."""
TOLERANCES = (0.05, 0.1, 0.2, 0.3)
"""The tolerances at which it is said whether a neuron is certified, in every analysis."""


def short(name: str) -> str:
    """Return a name that fits into a column."""
    return name if len(name) <= WIDEST else name[: WIDEST - 1] + "…"


def print_separability(dataset: "ConceptDataset", alignment: "Alignment", seed: int) -> None:
    """Print what is known of the concepts before any SAE: their size, and what could separate them."""
    import numpy as np

    from geosae.analysis.separability import separabilities

    verdicts = separabilities(dataset, np.random.default_rng(seed), draws=DRAWS)
    rows = [
        [short(row.concept), str(row.positives), str(row.needed), *_possible(verdict)]
        for row, verdict in zip(alignment.answers("separation", "units"), verdicts, strict=True)
    ]
    say("Concepts: held-out points, the fewest that could certify a separation (E5),")
    say("and what an absolute gate could separate without error (S1: a neuron, S3: a")
    say("unit), each verdict with a certificate that was checked:")
    table(["concept", "points", "needed", "possible", "proof"], rows)
    if any(verdict is not None and verdict.random is not None for verdict in verdicts):
        paragraph(
            f"k/{DRAWS}: k of {DRAWS} random labellings of about the size have as great a margin; vac. "
            "(vacuous): one of them is separated at all. out: misses and alarms per point of the concept of "
            "that very half-space on other points."
        )
    warnings = {verdict.warning for verdict in verdicts if verdict is not None and verdict.warning}
    for warning in sorted(warnings):
        say(f"S8: {warning}")
    say()


def _possible(verdict: "ConceptSeparability | None") -> list[str]:
    from geosae.geometry.separation.certificate import Separated

    if verdict is None:
        return ["–", "all points or none"]
    verdict.check()
    proof = verdict.one_neuron
    if not isinstance(proof, Separated):
        meet = f"hulls meet in {len(proof.points_a) + len(proof.points_b)} points"
        return [verdict.possible, f"{meet}, {verdict.inside} inside" if verdict.inside else meet]
    parts = [f"margin {proof.margin:.2g}"]
    if verdict.random is not None:
        rank = f"{verdict.random.exceeded_by(proof.margin)}/{len(verdict.random.margins)}"
        parts.append(rank + " vac." * verdict.vacuous)
    if verdict.held_out is not None:
        parts.append(f"out {number(verdict.held_out.miss, 2)} {number(verdict.held_out.alarm, 2)}")
    return [verdict.possible, "; ".join(parts)]


BESIDE: "dict[Detector, str]" = {
    "shuffled labels": "shuf",
    "untrained": "untr",
    "half-space": "half",
    "channel": "chan",
    "mean difference": "mean",
    "probe": "prob",
}
"""What stands beside a concept's neuron, and the title of its column."""


def print_detectors(rows: "Sequence[ConceptDetectors]", alignment: "Alignment", fvu_fit: float) -> None:
    """Print each concept's best neuron by F1 with a fitted threshold, beside the F1 of what is no SAE."""
    paragraph(
        "The neuron of greatest F1 for each concept, firing above a threshold, both chosen on the fit half "
        "and measured on the other; then the F1 under shuffled labels, of the untrained SAE, of random "
        "half-spaces that fire as often, of the best channel, the difference of means, and a logistic probe. "
        "s⁺: the least ε at which the neuron chosen for separation is certified. *: no better than a trivial "
        "answer. More in detectors.csv."
    )
    by_name = {row.concept: row for row in alignment.answers("separation", "neurons")}
    table(
        ["concept", "neuron", "F1", "MCC", *BESIDE.values(), "s⁺"],
        [_line(row, by_name[row.concept]) for row in rows],
    )
    paragraph(summary(rows, alignment, fvu_fit))
    say()


def _line(row: "ConceptDetectors", answer: "ConceptAnswer") -> list[str]:
    best = row.of("neuron")
    if best is None:
        return [short(row.concept), *["–"] * (3 + len(BESIDE)), "–"]
    mark = "" if row.beats_trivial == "yes" else "*"
    cells = [f"{best.member}{mark}"]
    cells += [number(value, 2) for value in (best.f1, best.mcc)]
    scores = (row.of(detector) for detector in BESIDE)
    cells += ["–" if score is None else number(score.f1, 2) for score in scores]
    return [short(row.concept), *cells, number(answer.least_tolerance, 2)]


def summary(rows: "Sequence[ConceptDetectors]", alignment: "Alignment", fvu_fit: float) -> str:
    """Return in sentences how the SAE's neurons do beside the others."""
    parts = [f"FVU {number(fvu_fit)} on the fit half, {number(alignment.fvu)} on the other."]
    detectors: list[Detector] = ["neuron", *BESIDE]
    medians: list[str] = []
    for detector in detectors:
        scores = [score for row in rows if (score := row.of(detector)) is not None]
        if scores:
            medians.append(f"{detector} {number(median(score.f1 for score in scores), 2)}")
    parts.append(f"Median F1: {', '.join(medians)}.")
    better = sum(row.beats_trivial == "yes" for row in rows)
    parts.append(f"{better} of {len(rows)} concepts have a neuron that is better than a trivial answer.")
    answers = alignment.answers("separation", "neurons")
    certified = [sum(row.least_tolerance <= at for row in answers) for at in TOLERANCES]
    words = ", ".join(f"{count} at {at:g}" for count, at in zip(certified, TOLERANCES, strict=True))
    parts.append(f"Concepts with a neuron certified to separate them within ε: {words}.")
    return " ".join(parts)


def write_detectors(rows: "Sequence[ConceptDetectors]", out: Path) -> None:
    """Write detectors.csv: a line for each concept, detector and rule."""
    from geosae.storage.files import write_atomic
    from geosae.storage.tables import render

    fields = ("detector", "rule", "member", "threshold", "hits", "fired", "positives", "points")
    measures = ("miss", "alarm", "precision", "f1", "mcc", "auc", "firing_rate")
    lines: list[list[Any]] = [["concept", *fields, *measures, "trivial_f1", "better_than_trivial"]]
    for row in rows:
        for score in row.scores:
            cells = [getattr(score, name) for name in (*fields, *measures)]
            lines.append([row.concept, *cells, row.trivial_f1, row.beats_trivial == "yes"])
    blank = [["" if isinstance(c, float) and math.isnan(c) else c for c in line] for line in lines]
    write_atomic(out / "detectors.csv", render(blank).encode())
