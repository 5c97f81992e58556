"""`geosae replicate`: whether two runs of one plan on different seeds say the same."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from geosae.cli._console import number, say, table, warn

if TYPE_CHECKING:
    from geosae.replication import Replication
    from geosae.replication.record import Pair, PartCount


def replicate(
    first: Annotated[Path, typer.Argument(help="The folder of a run.")],
    second: Annotated[Path, typer.Argument(help="The folder of the same plan on other seeds.")],
    worst: Annotated[int, typer.Option(min=0, help="How many of the worst disagreements are shown.")] = 10,
    json_file: Annotated[
        Path | None, typer.Option("--json", help="Write every pair and every answer to this file.")
    ] = None,
) -> None:
    """Compare two runs of one plan on different seeds: intervals, settings, answers.

    Make the second run with `geosae run PLAN --shift-seeds 100`. Exit status 1 if an answer is contradicted,
    or if something differs beyond chance after correction for all that was compared.
    """
    from geosae.experiments import Results
    from geosae.replication import replicate as compare
    from geosae.storage.files import write_json

    found = compare(load_results(first), load_results(second))
    if json_file is not None:
        write_json(json_file, found.to_dict())
    _tell_parts(found)
    _tell_worst(found.disjoint[:worst], len(found.disjoint))
    _tell_answers(found)
    _conclude(found)


def _tell_parts(found: "Replication") -> None:
    say("pairs of means over seeds, whose 95 % Student-t intervals overlap or do not:")
    head = ["part", "pairs", "overlap", "share", "normal", "shuffled", "95 % of shuffles"]
    head += ["between", "usual", "p"]
    many = sum(part.overlapping for part in found.parts)
    blank = [""] * (len(head) - 6)
    whole = [
        "all",
        str(len(found.pairs)),
        str(many),
        number(found.share),
        "",
        number(found.share_shuffled),
        *blank,
    ]
    table(head, [*(_row(part) for part in found.parts), whole])
    say("normal: share expected of normal values of one law; shuffled: the share where seeds are shuffled")
    say("between the runs, and where 95 % of the shuffles lie; between: share of the variance that lies")
    say("between the runs, and usual, the same where seeds are shuffled; p corrected for all parts")
    ways = f"all {found.labellings} ways" if found.exact else f"{found.labellings} ways, drawn at random,"
    say(f"{ways} of shuffling the seeds between the runs")
    for words, name in (
        ("pairs left out, equal for every seed of both runs", "constant"),
        ("pairs left out, known for fewer than two seeds of a run", "too_few"),
        ("pairs of two different points, neither with any spread (counted as disjoint)", "points_apart"),
        ("jobs that both runs have, seed included (not compared)", "same_jobs"),
        ("jobs that both runs have and whose results differ", "same_jobs_differ"),
    ):
        told = [f"{part.part} {n}" for part in found.parts if (n := getattr(part, name))]
        if told:
            say(f"{words}: {', '.join(told)}")


def _row(part: "PartCount") -> list[str]:
    shares = [number(v, 3) for v in (part.share, part.expected, part.shuffled)]
    return [
        part.part, str(part.pairs), str(part.overlapping), *shares,
        f"{number(part.low, 3)} to {number(part.high, 3)}",
        *(number(v, 3) for v in (part.explained, part.usual, part.adjusted)),
    ]  # fmt: skip


def _tell_worst(pairs: "tuple[Pair, ...]", many: int) -> None:
    if not pairs:
        return
    say()
    say(f"the worst of {many} pairs whose intervals do not overlap (p of this pair alone, then corrected):")
    rows = [
        [number(p.p, 5), number(p.adjusted, 3), number(p.welch, 1), _mean(p, "first"), _mean(p, "second"),
         p.part, p.measure, p.setting]
        for p in pairs
    ]  # fmt: skip
    table(["p", "corrected", "Welch t", "first", "second", "part", "measure", "setting"], rows)


def _mean(pair: "Pair", side: str) -> str:
    mean = pair.first if side == "first" else pair.second
    return f"{mean.value:.3g} [{mean.low:.3g}, {mean.high:.3g}]"


def _tell_answers(found: "Replication") -> None:
    if not found.answers:
        return
    say()
    say("answers: " + ", ".join(f"{many} {kind}" for kind, many in found.counts().items()))
    rows = [
        [a.agreement, a.part, a.id, a.first or "–", a.second or "–", a.prediction]
        for a in sorted(found.answers, key=lambda a: a.agreement != "contradict")
        if a.agreement != "agree"
    ]
    if rows:
        table(["", "part", "id", "first", "second", "prediction"], rows)


def _conclude(found: "Replication") -> None:
    say()
    if not found.decisive:
        warn(
            f"so few seeds cannot show any difference: no p below {found.least:.3g} is possible; "
            "five seeds in each run are enough"
        )
    if found.holds:
        chance = "no difference beyond chance" if found.decisive else "no difference can be told"
        say(f"{chance} in {len(found.pairs)} pairs; no answer is contradicted")
        return
    for part in found.different_parts:
        warn(
            f"{part.part}: the runs differ more than chance allows (p = {part.adjusted:.2g} after correction)"
        )
    for pair in found.different_pairs:
        where = f"{pair.part}, {pair.measure}, {pair.setting}"
        warn(f"{where}: differs beyond chance (p = {pair.adjusted:.2g} after correction)")
    for answer in found.contradicted:
        warn(
            f"{answer.part}, {answer.id}: {answer.first!r} in the first run, {answer.second!r} in the second"
        )
    raise typer.Exit(1)
