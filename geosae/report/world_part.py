"""What the report shows of one world: its picture, its other figures, and its matrix of answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from markupsafe import Markup

from geosae.analysis import LEARNERS, NOTIONS, AnalysisConfig, Notion
from geosae.data.dataset import ConceptDataset
from geosae.experiments import CellResult, Gate, Results, Setting, SummaryRow
from geosae.report.matrix import AnswerMatrix, Rows, SAEAnswers, in_words, matrix_html
from geosae.report.numbers import sae_name
from geosae.report.pictures import Figure

PICTURE = "world"
"""The family that opens a world's section."""
QUESTION = "size-sparsity"
"""The family of which one figure stands open: it answers what the run asks."""
FOLDS = {
    "baselines": "Trained beside baselines, with intervals over seeds",
    "size-sparsity": "Size × sparsity: the other gates, and the errors",
    "half-planes": "The neurons as half-planes",
    "units": "What the chosen units carve out of the plane",
    "lattice": "Learned and true concept lattices",
    "lattice-measures": "How much of the true lattice is in the learned one",
    "lattice-along": "The size of the lattices along the tolerance",
    "tightness": "How near the SAEs come to each bound",
    "training": "Training curves",
}
"""The folded families of a world, in the order of reading, by what they hold."""


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
    matrix
        Its matrix of answers; None where no trained SAE is summarised.
    open
        The figures that stand open: its picture, and one of `QUESTION`.
    folds
        The other figures, under what they hold.
    warning
        What S8 says of so few points; empty where separability says something.
    """

    name: str
    data: ConceptDataset | None
    cells: tuple[CellResult, ...]
    matrix: "WorldMatrix | None"
    open: tuple[Figure, ...]
    folds: tuple[tuple[str, Sequence[Figure]], ...]
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


@dataclass(frozen=True, eq=False)
class WorldMatrix:
    """The matrix of a world at its best-compared setting.

    Attributes
    ----------
    result
        The trained SAE that is shown: the first seed's, not the best seed's.
    sae
        How tables call it.
    words
        Its answer in words.
    html
        The table.
    """

    result: CellResult
    sae: str
    words: str
    html: Markup


def world_part(results: Results, world: str, figures: Sequence[Figure]) -> WorldPart:
    """Return what the report shows of a world, of the figures those that are about it."""
    in_world = [figure for figure in figures if figure.card.world == world]
    cells = tuple(results.cells_of(world))
    row = best_compared(results, world)
    opened = _open(in_world, None if row is None else row.gate)
    folded = [(words, [f for f in in_world if f.card.family == name]) for name, words in FOLDS.items()]
    # A family that this file does not know is shown all the same.
    folded.append(("Further figures", [f for f in in_world if f.card.family not in {PICTURE, *FOLDS}]))
    folds = [(words, [f for f in members if f not in opened]) for words, members in folded]
    return WorldPart(
        name=world,
        data=results.dataset(cells[0]) if cells else None,
        cells=cells,
        matrix=None if row is None else _matrix(results, row),
        open=tuple(opened),
        folds=tuple((words, members) for words, members in folds if members),
        warning=vacuous_verdict(results, world),
    )


def _open(figures: Sequence[Figure], gate: Gate | None) -> list[Figure]:
    pictures = [figure for figure in figures if figure.card.family == PICTURE]
    maps = [figure for figure in figures if figure.card.family == QUESTION]
    of_gate = [figure for figure in maps if figure.card.name.endswith(f"-{gate}")]
    return pictures[:1] + (of_gate or maps)[:1]


def best_compared(results: Results, world: str) -> SummaryRow | None:
    """Return the trained row that a world's matrix shows: the first of `Results.ranked`."""
    return next(iter(results.ranked(world)), None)


def _matrix(results: Results, row: SummaryRow) -> WorldMatrix | None:
    settings = [row.setting, *(rival.setting for rival in results.baselines_of(row).values())]
    trained = min(_cells(results, row.setting), key=lambda result: result.cell.seed, default=None)
    if trained is None:
        return None
    shown = [r for s in settings for r in _cells(results, s) if r.cell.seed == trained.cell.seed]
    data = results.dataset(trained)
    matrix = AnswerMatrix(
        data.names, data.truth, trained.cell.tolerance, tuple(_answers(result) for result in shown)
    )
    gate, _ = sae_name(row.setting)
    sae = f"{gate}, d = {row.width}, seed {trained.cell.seed}"
    return WorldMatrix(trained, sae, in_words(matrix), matrix_html(matrix, f"{row.world}: {sae}"))


def _cells(results: Results, setting: Setting) -> list[CellResult]:
    return [r for r in results.cells_of(setting.world, setting.baseline) if Setting.of(r.cell) == setting]


def _answers(result: CellResult) -> SAEAnswers:
    _, name = sae_name(Setting.of(result.cell))
    answers: dict[Notion, Rows] = {
        notion: {learner: result.answers.of(notion).of(learner) for learner in LEARNERS}
        for notion in NOTIONS
        if result.answers.of(notion).units
    }
    floors: dict[Notion, float] = {}
    if result.cell.baseline == "trained":
        floors = {notion: result.measures.notion(notion).floor("units") for notion in answers}
    return SAEAnswers(name, answers, floors)


def vacuous_verdict(results: Results, world: str) -> str:
    """Return the warning of S8 for a data set whose points are too few; empty where they are enough."""
    from geosae.geometry.arrangements.counting import vacuous

    data = results.dataset(next(r for r in results.cells if r.cell.world == world))
    test_share = AnalysisConfig(**results.plan.analysis).test_share
    # Of what the SAE never saw a part chooses neurons and units; separation is judged on the rest.
    judged = int(data.size * (1 - results.plan.train_share) * test_share)
    return vacuous(judged, data.dim) or ""
