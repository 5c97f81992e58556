"""The table of score cards as LaTeX and as a page."""

from collections.abc import Mapping, Sequence

from geosae.benchmark.numbers import KINDS
from geosae.benchmark.table import TableRow
from geosae.report.exports import to_latex
from geosae.report.numbers import number
from geosae.report.pages import render

SHOWN: Mapping[str, str] = {
    "fvu": "FVU",
    "l0": "L0",
    "detection_price": "price",
    "separated_by_neurons": "neurons",
    "separated_by_units": "units",
    "least_of_units": "s⁺",
    "f1_of_units": "F1",
    "mcc": "MCC",
    "lattice_recall": "extents",
    "lattice_precision": "true ones",
    "implication_gain": "rules",
}
"""What a table shows of all numbers, and how its columns are called."""


def benchmark_latex(rows: Sequence[TableRow]) -> str:
    """Return the table as LaTeX (booktabs): the numbers of `SHOWN`, means over cards."""
    return to_latex(
        [
            {
                "setting": row.benchmark, "SAE": row.sae, "arm": row.arm,
                **{title: number(row.numbers[name].mean, 2) for name, title in SHOWN.items()},
            }
            for row in rows
        ]
    )  # fmt: skip


def benchmark_page(rows: Sequence[TableRow]) -> str:
    """Return a page with a table for each setting, the formula of every column, and what was not released."""
    settings = dict.fromkeys(row.benchmark for row in rows)
    return render(
        "benchmark.html.j2",
        tables={name: [row for row in rows if row.benchmark == name] for name in settings},
        shown=SHOWN,
        kinds=KINDS,
        unreleased=sorted({row.benchmark for row in rows if not row.released}),
    )
