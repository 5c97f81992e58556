"""The tables of a run as CSV and LaTeX, for papers: answers, comparisons, gaps, and means over seeds."""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from geosae.analysis.table import NOTIONS
from geosae.experiments import LEARNERS, UNKNOWN, Results, SummaryRow, load_results
from geosae.storage.files import write_atomic
from geosae.storage.tables import render
from geosae.studies.gaps import gaps
from geosae.studies.grid_answers import grid_decisions
from geosae.studies.run_answers import run_answers

ESCAPES = {"\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$",
           "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
           "<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}", '"': r"\textquotedbl{}",
           "`": r"\textasciigrave{}", "'": r"\textquotesingle{}"}  # fmt: skip
Rows = Sequence[Mapping[str, Any]]


def write_tables(folder: str | Path) -> list[Path]:
    """Write FOLDER/tables/NAME.csv and NAME.tex from stored results, and return their paths.

    Raises
    ------
    InvalidInput
        If the folder holds no results.
    """
    results = load_results(folder)
    paths: list[Path] = []
    tables = {
        "answers": _answers(results),
        "comparisons": _comparisons(results),
        "gaps": _gaps(results),
        "summary": _summary(results),
    }
    for name, rows in tables.items():
        if rows:
            for suffix, text in ((".csv", to_csv(rows)), (".tex", to_latex(rows))):
                path = results.folder / "tables" / f"{name}{suffix}"
                write_atomic(path, text.encode())
                paths.append(path)
    return paths


def to_csv(rows: Rows) -> str:
    r"""Return rows as CSV; what is not known is empty, and no text is a formula (`geosae.storage.tables`).

    Examples
    --------
    >>> to_csv([{"a": 1, "b": math.nan}])
    'a,b\n1,\n'
    """
    heads = list(rows[0])
    return render([heads, *([row[h] if _is_known(row[h]) else None for h in heads] for row in rows)])


def to_latex(rows: Rows) -> str:
    r"""Return rows as a LaTeX tabular with rules of booktabs; words are escaped.

    Examples
    --------
    >>> print(to_latex([{"gate_name": "Top-K", "share": 0.5}]))
    \begin{tabular}{ll}
    \toprule
    gate\_name & share \\
    \midrule
    Top-K & 0.5 \\
    \bottomrule
    \end{tabular}
    <BLANKLINE>
    """
    heads = list(rows[0])
    body = [" & ".join(_cell(row[h]) for h in heads) + r" \\" for row in rows]
    long = [h for h in heads if any(len(str(row[h])) > 40 for row in rows)]
    spec = "".join("p{0.3\\linewidth}" if h in long else "l" for h in heads)
    lines = [
        rf"\begin{{tabular}}{{{spec}}}", r"\toprule", " & ".join(map(_cell, heads)) + r" \\", r"\midrule",
        *body, r"\bottomrule", r"\end{tabular}",
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _cell(entry: Any) -> str:
    if not _is_known(entry):
        return "--"
    text = f"{entry:.3g}" if isinstance(entry, float) else " ".join(str(entry).splitlines())
    # After a row's \\\\, a [ or a * would be taken for its argument; a line break would end the paragraph.
    first = f"{{{text[0]}}}" if text[:1] in ("[", "*") else "".join(ESCAPES.get(c, c) for c in text[:1])
    rest = "".join(ESCAPES.get(c, c) for c in text[1:])
    return first + rest.replace("--", "-{}-").replace("--", "-{}-")


def _is_known(entry: Any) -> bool:
    return not isinstance(entry, float) or math.isfinite(entry)


def _answers(results: Results) -> Rows:
    answers = run_answers(results)
    groups = {"grid": answers.grid, **answers.studies}
    return [{"study": name, **vars(answer)} for name, group in groups.items() for answer in group]


def _comparisons(results: Results) -> Rows:
    return [
        {
            "id": decision.question.id, "subject": decision.question.subject,
            "world": each.world, "gate": each.gate, "seeds": len(each.by_seed),
            "mean": each.mean, "p": each.p, "family": decision.family, "side": comparison.side,
        }
        for decision in grid_decisions(results)
        for comparison in decision.comparisons
        for each in (comparison.differences,)
    ]  # fmt: skip


def _gaps(results: Results) -> Rows:
    return [
        {
            "world": g.world, "gate": g.gate, "sparsity": g.sparsity, "width": g.width, "learner": g.learner,
            "possible": g.possible.mean, "reached": g.reached.mean, "gap": g.gap.mean,
            "gap_low": g.gap.low, "gap_high": g.gap.high, "seeds": g.gap.n,
            **{name: g.baselines.get(name, UNKNOWN).mean for name in results.plan.baselines},
        }
        for g in gaps(results)
    ]  # fmt: skip


def _summary(results: Results) -> Rows:
    return [_summary_row(row) for row in results.summary.rows]


def _summary_row(row: SummaryRow) -> dict[str, Any]:
    metrics = row.measures.metrics
    columns: dict[str, Any] = {
        "world": row.world, "gate": row.gate, "width": row.width, "sparsity": row.sparsity,
        "baseline": row.baseline, "seeds": row.seeds,
        "l0": metrics.l0.mean, "fvu": metrics.fvu.mean, "mcc": metrics.mcc.mean,
    }  # fmt: skip
    for notion in NOTIONS:
        for learner in LEARNERS:
            learned = row.measures.notion(notion).learned(learner)
            share = UNKNOWN if learned is None else learned.share
            name = f"{notion}_{learner}"
            columns |= {name: share.mean, f"{name}_low": share.low, f"{name}_high": share.high}
    return columns
