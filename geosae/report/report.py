"""The report of a run: one page that stands alone, written from stored results."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from geosae.data.dataset import ConceptDataset
from geosae.experiments import BASELINES, CellResult, Results, load_results
from geosae.experiments.store import Store
from geosae.report.pages import render
from geosae.report.pictures import Figure, figures_in
from geosae.storage.files import write_atomic
from geosae.studies.bound_answers import evidence_by_claim
from geosae.studies.grid_answers import verdict_counts
from geosae.studies.registry import STUDIES
from geosae.studies.run_answers import run_answers
from geosae.verification import evidence_summary

OPEN = ("size-sparsity", "half-planes", "units", "lattice", "baselines")
"""Families of a world in the order of reading; others follow, folded."""
SHOWN = 2
"""So many figures of a family stand open: a world with many gates has dozens."""
GRID_FAMILIES = ("oracle-gap", "matched-l0", "interpretation")
"""The families of figures that belong to the grid's own answers; a study has the one of its own name."""


@dataclass(frozen=True, eq=False)
class WorldPart:
    """What the report shows of a world.

    Attributes
    ----------
    name
        The world's label in the plan.
    data
        Its data set, as the first of its trained SAEs saw it; None if none is finished.
    cells
        The results of its trained SAEs.
    best
        The one whose single neurons separate best on the mean; None where none was measured.
    families
        Its figures family by family, those that stand open and those that are folded below these.
    folded
        Its other figures.
    warning
        What S8 says of so few points; empty where separability says something.
    """

    name: str
    data: ConceptDataset | None
    cells: tuple[CellResult, ...]
    best: CellResult | None
    families: tuple[tuple[Sequence[Figure], Sequence[Figure]], ...]
    folded: tuple[Figure, ...]
    warning: str

    @property
    def widths(self) -> list[int]:
        """The widths of its trained SAEs, in order."""
        return sorted({result.cell.width for result in self.cells})

    @property
    def sparsities(self) -> dict[str, list[float | int]]:
        """The sparsities of each gate, in order."""
        gates = dict.fromkeys(result.cell.gate for result in self.cells)
        return {g: sorted({r.cell.sparsity for r in self.cells if r.cell.gate == g}) for g in gates}

    @property
    def seeds(self) -> int:
        """How many seeds there are."""
        return len({result.cell.seed for result in self.cells})


def write_report(folder: str | Path) -> Path:
    """Write FOLDER/report.html from the run's results and drawn figures, and return its path.

    The page holds everything in itself: it loads no file, script or address, and says so in its policy.
    Figures must have been drawn before; where there are none, the page says how.

    Raises
    ------
    InvalidInput
        If the folder holds no results.
    """
    results = load_results(folder)
    figures = figures_in(results.folder / "figures")
    answers = run_answers(results)
    evidence = evidence_by_claim(results)
    others = [figure for figure in figures if figure.card.family not in {*GRID_FAMILIES, *STUDIES}]
    page = render(
        "report.html.j2",
        results=results,
        baselines=BASELINES,
        answers=answers,
        counts=verdict_counts({"grid": answers.grid, **answers.studies}),
        grid_figures=_of_families(figures, GRID_FAMILIES),
        studies=[(STUDIES[name], _of_families(figures, (name,))) for name in results.studies],
        summaries={claim: evidence_summary(claim, items) for claim, items in evidence.items() if items},
        worlds=[_world(results, world, others) for world in results.worlds],
        bound_figures=[figure for figure in others if not figure.card.world],
        alpha=float(results.plan.analysis.get("alpha", 0.05)),
        card=Store(results.folder).card(),
        plan_text=(results.folder / "plan.toml").read_text(encoding="utf-8"),
    )
    path = results.folder / "report.html"
    write_atomic(path, page.encode())
    return path


def _of_families(figures: Iterable[Figure], families: Sequence[str]) -> list[Figure]:
    return [figure for family in families for figure in figures if figure.card.family == family]


def _world(results: Results, world: str, figures: Sequence[Figure]) -> WorldPart:
    in_world = [figure for figure in figures if figure.card.world == world]
    families = (_of_families(in_world, (family,)) for family in OPEN)
    cells = tuple(results.cells_of(world))
    return WorldPart(
        name=world,
        data=results.dataset(cells[0]) if cells else None,
        cells=cells,
        best=_best_separating(cells),
        families=tuple(_open_and_folded(family) for family in families if family),
        folded=tuple(figure for figure in in_world if figure.card.family not in OPEN),
        warning=vacuous_verdict(results, world),
    )


def _open_and_folded(figures: Sequence[Figure]) -> tuple[Sequence[Figure], Sequence[Figure]]:
    return (figures, ()) if len(figures) <= SHOWN + 1 else (figures[:SHOWN], figures[SHOWN:])


def _best_separating(cells: Iterable[CellResult]) -> CellResult | None:
    """Return the SAE with the least mean separation error of single neurons, the narrowest of equals."""
    measured = [(error, r.cell.width, r) for r in cells if (error := _separation_error(r)) is not None]
    return min(measured, key=lambda entry: entry[:2])[2] if measured else None


def _separation_error(result: CellResult) -> float | None:
    neurons = result.measures.separation.neurons
    return None if neurons is None or neurons.best_error != neurons.best_error else neurons.best_error


def vacuous_verdict(results: Results, world: str) -> str:
    """Return the warning of S8 for a data set whose points are too few; empty where they are enough."""
    from geosae.geometry.arrangements.counting import vacuous

    data = results.dataset(next(r for r in results.cells if r.cell.world == world))
    # Half of the points are held out, and separation is measured there.
    return vacuous(data.size // 2, data.dim) or ""
