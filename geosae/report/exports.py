"""The tables of a run as CSV and LaTeX, for papers: answers, gaps, and the summary over seeds."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from geosae.experiments import Results
from geosae.storage.files import write_atomic
from geosae.studies.gaps import gaps
from geosae.studies.grid_answers import all_answers

ESCAPES = {"\\": r"\textbackslash{}", "_": r"\_", "%": r"\%", "&": r"\&", "#": r"\#", "$": r"\$",
           "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}  # fmt: skip
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
    for name, rows in {**_answers(results), **_gaps(results), "summary": _summary(results)}.items():
        if rows:
            for suffix, text in ((".csv", to_csv(rows)), (".tex", to_latex(rows))):
                path = results.folder / "tables" / f"{name}{suffix}"
                write_atomic(path, text.encode())
                paths.append(path)
    return paths


def to_csv(rows: Rows) -> str:
    r"""Return rows as CSV; what is not known is empty.

    Examples
    --------
    >>> to_csv([{"a": 1, "b": None}])
    'a,b\n1,\n'
    """
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in rows)
    return text.getvalue()


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


def _cell(value: Any) -> str:
    if value is None:
        return "--"
    text = f"{value:.3g}" if isinstance(value, float) else str(value)
    return "".join(ESCAPES.get(c, c) for c in text)


def _answers(results: Results) -> dict[str, Rows]:
    rows = [
        {
            "study": name,
            "id": a.id,
            "prediction": a.prediction,
            "observation": a.observation,
            "verdict": a.verdict,
        }
        for name, found in all_answers(results).items()
        for a in found
    ]
    return {"answers": rows}


def _gaps(results: Results) -> dict[str, Rows]:
    rows = [
        {
            "world": g.world, "gate": g.gate, "sparsity": g.sparsity, "width": g.width, "learner": g.learner,
            "possible": g.possible.value, "reached": g.reached.value, "gap": g.gap.value,
            "gap_low": g.gap.low, "gap_high": g.gap.high, "seeds": g.gap.count,
            **{b: g.baselines[b].value if b in g.baselines else None for b in results.plan.baselines},
        }
        for g in gaps(results)
    ]  # fmt: skip
    return {"gaps": rows}


def _summary(results: Results) -> Rows:
    rows: list[dict[str, Any]] = []
    for row in results.summary.get("rows", ()):
        found = {key: row[key] for key in ("world", "gate", "width", "sparsity", "baseline", "seeds")}
        for name in ("l0", "fvu", "mcc"):
            found[name] = ((row["metrics"] or {}).get(name) or {}).get("mean")
        for notion in ("detection", "separation", "approximation"):
            for who in ("neurons", "units"):
                table = (row["notions"].get(notion) or {}).get(who) or {}
                for end in ("mean", "low", "high"):
                    value = (table.get("share") or {}).get(end)
                    found[f"{notion}_{who}" + ("" if end == "mean" else f"_{end}")] = value
        rows.append(found)
    return rows
