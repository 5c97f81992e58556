"""What can be explored: the folder of a run, or of `geosae analyse`; each becomes one tree of records."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Int

from geosae._version import __version__
from geosae.analysis import LEARNERS, NOTIONS, Alignment, Notion
from geosae.data.codes import Codes
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.experiments import BASELINES, CellResult, Results, Setting, SummaryRow, load_results, sae_words
from geosae.experiments.cell_result import concept_answers
from geosae.experiments.measures import MetricMeasures
from geosae.explorer.blocks import Block
from geosae.explorer.concepts import SEED, concept_records
from geosae.explorer.lattices import lattice_pair, round_trips_of
from geosae.explorer.neurons import neuron_geometry, neuron_records
from geosae.explorer.points import Examples, chosen_rows, examples_of, point_sample
from geosae.explorer.records import (
    AnswerColumn,
    ConceptRecord,
    ExploreData,
    PairTable,
    SAERecord,
    WorldRecord,
)
from geosae.storage.arguments import checked_arguments

MOST_SAES = 4
"""Of a world so many trained SAEs are taken: the best ones, at the first seed."""
MOST_NEURONS = 2000
"""A file keeps so many neurons of an SAE, and says so."""
IMAGES = {"digits": (8, 8)}
"""Height and width of the points of these sources."""
ALIGNMENT = "alignment*.npz"


@checked_arguments()
def explore_data(source: str | Path) -> ExploreData:
    """Gather what the explorer shows of a run, or of what `geosae analyse` wrote.

    Of each world of a run the SAEs of the first seed are taken, `MOST_SAES` of them, each beside its
    baselines. Answers, errors, intervals and lattices are those that are stored; points, histograms and
    planes are read from the data set and the SAE's weights.

    Parameters
    ----------
    source
        The folder of a finished run, or the output folder of `geosae analyse`.

    Raises
    ------
    InvalidInput
        If it is neither, or something in it cannot be read.
    """
    folder = Path(source)
    if (folder / "plan.toml").is_file():
        return _of_run(load_results(folder))
    stored = sorted(folder.glob(ALIGNMENT)) if folder.is_dir() else []
    if stored:
        return _of_analysis(folder, stored)
    raise InvalidInput(
        f"{folder} cannot be explored",
        causes="it is no folder of a run and holds no alignment, or the run has not begun",
        remedy="name the folder of `geosae run` or the output folder of `geosae analyse`",
    )


def _of_run(results: Results) -> ExploreData:
    notes = ["Of each setting the SAE of the first seed is here; means over seeds are in the report."]
    if results.failures:
        notes.append(f"{len(results.failures)} jobs of the run failed and are not here.")
    return ExploreData(
        title=results.plan.title,
        source=str(results.folder),
        format=f"geosae {__version__}",
        worlds=tuple(_world(results, world) for world in results.worlds if results.cells_of(world)),
        notes=tuple(notes),
    )


@dataclass(frozen=True, eq=False)
class _Member:
    """A trained SAE of a world with what is read of it once."""

    row: SummaryRow
    result: CellResult
    alignment: Alignment
    codes: Codes
    kept: Int[np.ndarray, " m"]
    examples: Examples


def _world(results: Results, world: str) -> WorldRecord:
    cells = results.cells_of(world)
    seed = min(result.cell.seed for result in cells)
    first = next(result for result in cells if result.cell.seed == seed)
    dataset = results.dataset(first)
    _, unseen = dataset.train_test_split(seed, first.cell.train_share)
    rng = np.random.default_rng(SEED)
    ranked = results.ranked(world)
    rows = [*ranked, *(row for row in results.rows_of(world, "trained") if row not in ranked)]
    of_seed = [
        (row, result)
        for row in rows
        for result in cells
        if result.cell.seed == seed
        and result.cell.data_key == first.cell.data_key
        and Setting.of(result.cell) == row.setting
    ]
    members = [_member(results, row, result, unseen, rng) for row, result in of_seed[:MOST_SAES]]
    uniform, drawn = chosen_rows(unseen, [member.examples for member in members], rng)
    places = {int(row): place for place, row in enumerate(drawn)}
    return WorldRecord(
        name=world,
        size=dataset.size,
        dim=dataset.dim,
        image=IMAGES.get(first.cell.source),
        concepts=concept_records(dataset),
        points=point_sample(unseen, uniform, drawn),
        saes=tuple(_sae(results, member, unseen, drawn, places) for member in members),
        left_out=tuple(sae_words(result.cell) for _, result in of_seed[MOST_SAES:]),
    )


def _member(
    results: Results,
    row: SummaryRow,
    result: CellResult,
    unseen: ConceptDataset,
    rng: np.random.Generator,
) -> _Member:
    codes = results.sae_neurons(result).codes(unseen.points, values=True)
    alignment = results.alignment(result)
    member_numbers = kept_neurons(alignment)
    return _Member(row, result, alignment, codes, member_numbers, examples_of(codes, member_numbers, rng))


def _sae(
    results: Results,
    member: _Member,
    unseen: ConceptDataset,
    drawn: Int[np.ndarray, " k"],
    places: dict[int, int],
) -> SAERecord:
    result, alignment = member.result, member.alignment
    neurons = results.sae_neurons(result)
    lattices = results.lattices(result)
    columns = [AnswerColumn("trained", result.answers)]
    for baseline, rival in results.baselines_of(member.row).items():
        of_seed = (r for r in results.cells_of(rival.world, baseline) if Setting.of(r.cell) == rival.setting)
        same = next((r for r in of_seed if r.cell.seed == result.cell.seed), None)
        if same is not None and baseline != "trained":
            columns.append(AnswerColumn(BASELINES[baseline].printed, same.answers))
    return SAERecord(
        label=sae_words(result.cell),
        cell=result.cell,
        tolerance=alignment.tolerance,
        alpha=alignment.alpha,
        fit_points=alignment.fit_points,
        test_points=alignment.test_points,
        metrics=result.measures.metrics,
        columns=(*columns, *_floor(alignment)),
        tables=pair_tables(alignment, member.kept),
        approximation_reason=alignment.approximation_reason,
        width=alignment.width,
        kept=_numbers(member.kept, alignment.width),
        fired=tuple(int(count) for count in alignment.metrics.fired),
        neurons=neuron_records(neurons, member.codes, unseen, member.examples, places, member.kept),
        geometry=neuron_geometry(neurons, member.codes, unseen, drawn, member.kept),
        round_trips=() if lattices is None else round_trips_of(lattices),
        lattices=None if lattices is None else lattice_pair(lattices, alignment.tolerance),
        python=_python_of(results, result),
    )


def _python_of(results: Results, result: CellResult) -> str:
    return (
        "from geosae.experiments import load_results\n"
        f"results = load_results({str(results.folder)!r})\n"
        f"result = next(r for r in results.cells if r.cell.key == {result.cell.key!r})\n"
        "alignment, neurons = results.alignment(result), results.sae_neurons(result)\n"
        "data = results.dataset(result)\n"
        "_, unseen = data.train_test_split(result.cell.seed, result.cell.train_share)\n"
    )


def kept_neurons(alignment: Alignment, most: int = MOST_NEURONS) -> Int[np.ndarray, " m"]:
    """Return the neurons that a file keeps, in order: all of them up to so many.

    Of more, those of the chosen units and those that are certified for a concept come first, then those that
    fire most often.
    """
    width = alignment.width
    if width <= most:
        return np.arange(width)
    rank = np.zeros(width)
    for notion in alignment.notions:
        rank[alignment.context(notion).incidence.any(axis=0)] = 1
        for learner in LEARNERS:
            rank[[i for row in alignment.answers(notion, learner) for i in row.neurons]] = 2
    order = np.lexsort((-alignment.metrics.fired, -rank))
    return np.sort(order[:most])


def _numbers(kept: Int[np.ndarray, " m"], width: int) -> tuple[int, ...]:
    return () if len(kept) == width else tuple(kept.tolist())


def pair_tables(alignment: Alignment, kept: Int[np.ndarray, " m"]) -> dict[Notion, PairTable]:
    """Return for each notion that was measured the errors of some neurons, with intervals, and the edges."""
    tables: dict[Notion, PairTable] = {}
    for notion in NOTIONS:
        if notion in alignment.notions:
            table = alignment.table(notion)
            # Of the intervals of the decisive errors the greatest ends, as in a concept's answer.
            graded = [table.errors["difference"]] if notion == "approximation" else [*table.errors.values()]
            low, high = (
                np.maximum.reduce([getattr(each, end) for each in graded]) for end in ("low", "high")
            )
            tables[notion] = PairTable(
                error=Block.of(_finite(table.worst[:, kept]), "float64"),
                low=Block.of(_finite(low[:, kept]), "float64"),
                high=Block.of(_finite(high[:, kept]), "float64"),
                edges=Block.of(alignment.context(notion).incidence[:, kept], "uint8"),
            )
    return tables


def _finite(values: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(values), values, np.nan)


def _floor(alignment: Alignment) -> tuple[AnswerColumn, ...]:
    if alignment.floor is None:
        return ()
    return (AnswerColumn("shuffled labels", concept_answers(alignment.floor)),)


def _of_analysis(folder: Path, stored: Sequence[Path]) -> ExploreData:
    """Gather what an analysis wrote: answers and tables; its points and weights lie elsewhere."""
    alignments = [Alignment.load(path) for path in stored]
    first = alignments[0]
    if any(alignment.concepts != first.concepts for alignment in alignments):
        raise InvalidInput(f"the alignments in {folder} are of different concepts")
    size = first.fit_points + first.test_points
    counts = first.counts.positives[:, 0] + first.fit.positives[:, 0]
    nowhere = ((), ())
    concepts = tuple(
        ConceptRecord(name, int(count), int(count) / size, None, "–", *nowhere)
        for name, count in zip(first.concepts, counts, strict=True)
    )
    saes = tuple(
        SAERecord(
            label=f"{path.stem}, ε = {alignment.tolerance:g}",
            cell=None,
            tolerance=alignment.tolerance,
            alpha=alignment.alpha,
            fit_points=alignment.fit_points,
            test_points=alignment.test_points,
            metrics=MetricMeasures(
                alignment.l0,
                alignment.fvu,
                alignment.dead_share,
                alignment.metrics.dense_share,
                float("nan"),
            ),
            columns=(AnswerColumn("trained", concept_answers(alignment)), *_floor(alignment)),
            tables=pair_tables(alignment, kept_neurons(alignment)),
            approximation_reason=alignment.approximation_reason,
            width=alignment.width,
            kept=_numbers(kept_neurons(alignment), alignment.width),
            fired=tuple(int(count) for count in alignment.metrics.fired),
            python=(
                "from pathlib import Path\nfrom geosae.analysis import Alignment\n"
                f"alignment = Alignment.load(Path({str(path)!r}))\n"
            ),
        )
        for path, alignment in zip(stored, alignments, strict=True)
    )
    world = WorldRecord(folder.name, size, 0, None, concepts, None, saes)
    note = "An analysis stores counts: pictures, histograms and lattices need the folder of a run."
    return ExploreData(folder.name, str(folder), f"geosae {__version__}", (world,), (note,))
