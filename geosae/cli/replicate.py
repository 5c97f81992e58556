"""`geosae replicate`: whether two runs of one plan on different seeds say the same."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geosae.cli._console import number, paragraph, say, table, warn

if TYPE_CHECKING:
    from geosae.experiments import Interval
    from geosae.replication import Replication
    from geosae.replication.record import Pair, PartCount


def replicate(
    first: Annotated[Path, typer.Argument(help="The folder of a run.")],
    second: Annotated[Path, typer.Argument(help="The folder of the same plan on other seeds.")],
    worst: Annotated[int, typer.Option(min=0, help="How many of the most different pairs are shown.")] = 10,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write every pair and every answer to this file.")
    ] = None,
) -> None:
    """Compare two runs of one plan on different seeds: intervals, settings, answers.

    Make the second run with `geosae run PLAN --shift-seeds 100`. Exit status 1 if an answer is contradicted,
    or if something differs beyond chance after correction for all that was compared.
    """
    from geosae.experiments import load_results
    from geosae.replication import replicate as compare
    from geosae.storage.files import check_output_file, write_json

    check_output_file(json_file)
    replication = compare(load_results(first), load_results(second))
    if json_file is not None:
        write_json(json_file, replication.to_dict())
    _show_parts(replication)
    _show_worst(replication.pairs[:worst], len(replication.pairs))
    _show_answers(replication)
    _conclude(replication)


def _show_parts(replication: "Replication") -> None:
    say("pairs of means over seeds, and how far apart the two runs lie in each part:")
    head = ["part", "pairs", "between", "usual", "p"]
    table(head, [*map(_row, replication.parts), ["all", str(len(replication.pairs)), "", "", ""]])
    paragraph(
        "between: share of the variance over seeds that lies between the runs; usual: the same where seeds "
        "are shuffled between the runs; p corrected for all parts"
    )
    ways = (
        f"all {replication.labellings} ways" if replication.exact else f"{replication.labellings} random ways"
    )
    paragraph(f"{ways} of shuffling the seeds between the runs")
    for words, name in (
        ("pairs left out, equal for every seed of both runs", "constant"),
        ("pairs left out, known for fewer than two seeds of a run", "too_few"),
        ("jobs that both runs have, seed included (not compared)", "same_jobs"),
        ("jobs that both runs have and whose results differ", "same_jobs_differ"),
    ):
        counts = [f"{part.part} {n}" for part in replication.parts if (n := getattr(part, name))]
        if counts:
            paragraph(f"{words}: {', '.join(counts)}")


def _row(part: "PartCount") -> list[str]:
    shares = (part.explained, part.usual, part.adjusted)
    return [part.part, str(part.pairs), *(number(share, 3) for share in shares)]


def _show_worst(pairs: "tuple[Pair, ...]", many: int) -> None:
    if not pairs:
        return
    say()
    paragraph(
        f"the most different of {many} pairs, each with its p corrected for all pairs, its p alone, "
        "Welch's t, and the mean with its interval in the first and in the second run:"
    )
    for pair in pairs:
        numbers = (
            f"p {number(pair.adjusted, 3)}, alone {number(pair.p, 5)}, t {number(pair.welch, 1)}: "
            f"{_mean(pair.first)} | {_mean(pair.second)}"
        )
        paragraph(f"- {pair.part}, {pair.measure}, {pair.setting}: {numbers}", indent="  ")


def _mean(interval: "Interval") -> str:
    return f"{interval.mean:.3g} [{interval.low:.3g}, {interval.high:.3g}]"


def _show_answers(replication: "Replication") -> None:
    if not replication.answers:
        return
    say()
    paragraph("answers: " + ", ".join(f"{many} {kind}" for kind, many in replication.counts().items()))
    for answer in sorted(replication.answers, key=lambda answer: answer.agreement != "contradict"):
        if answer.agreement != "agree":
            verdicts = f"{answer.first or '–'} | {answer.second or '–'}"
            paragraph(
                f"- {answer.agreement} ({verdicts}): {answer.part}, {answer.id}: {answer.prediction}",
                indent="  ",
            )


def _conclude(replication: "Replication") -> None:
    say()
    if not replication.decisive:
        warn(
            f"so few seeds cannot show any difference: no p below {replication.least:.3g} is possible; "
            "five seeds in each run are enough"
        )
    if replication.holds:
        pairs = len(replication.pairs)
        if replication.decisive:
            say(f"no difference beyond chance in {pairs} pairs; no answer is contradicted")
        else:
            say(f"no difference can be told in {pairs} pairs; no answer is contradicted")
        return
    for part in replication.different_parts:
        warn(
            f"{part.part}: the runs differ more than chance allows (p = {part.adjusted:.2g} after correction)"
        )
    for pair in replication.different_pairs:
        where = f"{pair.part}, {pair.measure}, {pair.setting}"
        warn(f"{where}: differs beyond chance (p = {pair.adjusted:.2g} after correction)")
    for answer in replication.contradicted:
        warn(
            f"{answer.part}, {answer.id}: {answer.first!r} in the first run, {answer.second!r} in the second"
        )
    raise typer.Exit(1)
