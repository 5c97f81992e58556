"""The tree of records equals what is stored, goes through JSON unchanged, and bad sources are refused."""

from pathlib import Path

import numpy as np
import pytest
from explorer.small_run import data, results, run_folder

from geosae.analysis import LEARNERS, NOTIONS, analyse
from geosae.data.fvu import fvu
from geosae.errors import InvalidInput
from geosae.experiments import CellResult
from geosae.experiments.cell_result import concept_answers
from geosae.explorer import ExploreData, explore_data, write_page
from geosae.explorer.blocks import Block
from geosae.explorer.records import SAERecord, WorldRecord
from geosae.explorer.sources import MOST_SAES, kept_neurons, pair_tables
from geosae.storage.structure import read_record, to_json


def pairs() -> list[tuple[WorldRecord, SAERecord, CellResult]]:
    by_key = {result.cell.key: result for result in results().cells}
    every = [
        (world, sae, by_key[sae.cell.key])
        for world in data().worlds
        for sae in world.saes
        if sae.cell is not None
    ]
    assert len(every) == 4
    return every


def test_every_world_and_gate_of_the_first_seed_is_there() -> None:
    assert [world.name for world in data().worlds] == results().worlds
    assert {(result.cell.gate, result.cell.seed) for _, _, result in pairs()} == {("relu", 0), ("topk", 0)}
    assert all(len(world.saes) <= MOST_SAES and not world.left_out for world in data().worlds)


def test_answers_are_the_stored_ones_beside_those_of_the_baselines_and_of_shuffled_labels() -> None:
    for _, sae, result in pairs():
        assert [column.name for column in sae.columns] == ["trained", "untrained", "shuffled labels"]
        assert to_json(sae.answers()) == to_json(result.answers)
        (untrained,) = [
            other
            for other in results().cells
            if other.cell.baseline == "untrained"
            and (other.cell.world, other.cell.gate, other.cell.seed)
            == (result.cell.world, result.cell.gate, result.cell.seed)
        ]
        assert to_json(sae.answers(1)) == to_json(untrained.answers)
        floor = results().alignment(result).floor
        assert floor is not None
        assert to_json(sae.answers(2)) == to_json(concept_answers(floor))
        assert sae.metrics == result.measures.metrics or np.isnan(sae.metrics.mcc)


def test_tables_are_those_of_the_alignment() -> None:
    for _, sae, result in pairs():
        alignment = results().alignment(result)
        assert set(sae.tables) == set(alignment.notions)
        for notion, table in sae.tables.items():
            stored = alignment.table(notion).worst
            finite = np.isfinite(stored)
            np.testing.assert_array_equal(table.error.array()[finite], stored[finite])
            assert np.isnan(table.error.array()[~finite]).all()
            np.testing.assert_array_equal(table.edges.array() == 1, alignment.context(notion).incidence)
            low, error, high = (block.array()[finite] for block in (table.low, table.error, table.high))
            # Sums of two errors are rounded in another order than their intervals.
            assert (low <= error + 1e-12).all()
            assert ((error <= high + 1e-12) | np.isnan(high)).all()
        # A chosen neuron's error is that of its pair.
        for notion in set(NOTIONS) & set(sae.tables):
            for k, row in enumerate(sae.answers().of(notion).neurons):
                if row.neurons and np.isfinite(row.error):
                    assert sae.tables[notion].error.array()[k, row.neurons[0]] == pytest.approx(row.error)


def test_neurons_fire_as_often_as_was_counted_and_where_it_is_said() -> None:
    for world, sae, result in pairs():
        alignment, neurons = results().alignment(result), results().sae_neurons(result)
        dataset = results().dataset(result)
        _, unseen = dataset.train_test_split(result.cell.seed, result.cell.train_share)
        assert sae.fired == tuple(alignment.metrics.fired.tolist())
        assert tuple(neuron.fired for neuron in sae.neurons) == sae.fired
        assert np.mean([neuron.dead for neuron in sae.neurons]) == alignment.dead_share
        assert world.points is not None
        assert sae.geometry is not None
        rows = world.points.rows.array()
        assert len(set(rows.tolist())) == len(rows)
        np.testing.assert_array_equal(
            world.points.coordinates.array(), unseen.points[rows].astype(np.float32)
        )
        np.testing.assert_array_equal(world.points.membership.array() == 1, unseen.membership[rows])
        fires = neurons.fires(unseen.points[rows])
        np.testing.assert_array_equal(sae.geometry.activations.array() != 0, fires)
        sides = unseen.points[rows] @ sae.geometry.weights.array().T + sae.geometry.offsets.array() > 0
        assert sae.geometry.half_spaces == (result.cell.gate == "relu")
        assert np.array_equal(sides, fires) if sae.geometry.half_spaces else (sides >= fires).all()
        strongest = neurons.activations(unseen.points)
        for i, neuron in enumerate(sae.neurons):
            assert sum(neuron.histogram) == neuron.fired
            assert all(fires[place, i] for place in (*neuron.top, *neuron.random))
            if neuron.top:
                assert strongest[rows[neuron.top[0]], i] == strongest[:, i].max()


def test_an_ablation_costs_what_silencing_the_neuron_costs() -> None:
    for _, sae, result in pairs()[:2]:
        neurons = results().sae_neurons(result)
        _, unseen = results().dataset(result).train_test_split(0, result.cell.train_share)
        activations = neurons.activations(unseen.points).astype(np.float64)
        before = fvu(unseen.points, activations @ neurons.decoder + neurons.b_dec)
        for i, neuron in enumerate(sae.neurons):
            silenced = activations.copy()
            silenced[:, i] = 0
            after = fvu(unseen.points, silenced @ neurons.decoder + neurons.b_dec)
            assert neuron.ablation == pytest.approx(after - before, abs=1e-6)


def test_lattices_are_the_stored_ones_and_matched_nodes_have_one_extent() -> None:
    for world, sae, result in pairs():
        stored = results().lattices(result)
        assert stored is not None
        assert stored.detection is not None
        assert sae.lattices is not None
        assert sae.lattices.learned is not None
        assert sae.lattices.exact_recall == pytest.approx(stored.comparison.exact_recall, nan_ok=True)
        names = [concept.name for concept in world.concepts]
        for lattice, record in ((stored.truth, sae.lattices.truth), (stored.detection, sae.lattices.learned)):
            assert [tuple(names[k] for k in node.extent) for node in record.nodes] == [
                c.extent for c in lattice
            ]
            assert [tuple(pair) for pair in record.covers.array().tolist()] == list(lattice.covers)
            heights = record.positions.array()[:, 1]
            assert all(heights[low] < heights[high] for low, high in lattice.covers)
        for node in sae.lattices.truth.nodes:
            twins = [k for k, other in enumerate(sae.lattices.learned.nodes) if other.extent == node.extent]
            assert twins == ([] if node.match is None else [node.match])


def test_planes_are_planes_and_verdicts_are_drawn_where_they_were_proved() -> None:
    for world in data().worlds:
        for concept in world.concepts:
            assert concept.plane is not None
            axes = concept.plane.axes.array()
            np.testing.assert_allclose(axes @ axes.T, np.eye(2), atol=1e-9)
            assert concept.plane.exact == (world.dim == 2)
            assert 0 <= sum(concept.plane.shares) <= 1 + 1e-9
            assert concept.sample is not None
            assert (concept.sample.normal is None) == (concept.sample.possible != "neuron")
            for side in {point.inside for point in concept.sample.common}:
                weights = [p.weight for p in concept.sample.common if p.inside == side]
                assert sum(weights) == pytest.approx(1)
            if concept.sample.common:
                mean = {
                    side: sum(p.weight * p.point.array() for p in concept.sample.common if p.inside == side)
                    for side in (True, False)
                }
                np.testing.assert_allclose(mean[True], mean[False], atol=1e-9)
            if concept.truth is not None and concept.truth.one_neuron:
                assert concept.sample.possible == "neuron"


def test_the_records_go_through_json_unchanged(tmp_path: Path) -> None:
    path = write_page(data(), tmp_path / "explore.json")
    assert to_json(read_record(path, ExploreData)) == to_json(data())
    text = path.read_text(encoding="utf-8").replace("geosae-explore-1", "geosae-explore-0")
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput):
        read_record(path, ExploreData)


def test_a_damaged_block_is_refused() -> None:
    block = Block.of(np.arange(6.0).reshape(2, 3), "float64")
    assert block.array().tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]
    for damaged in (
        Block("float64", (2, 4), block.data),
        Block("float64", (2, 3), block.data[:-8]),
        Block("float64", (2, 3), "no base64!"),
    ):
        with pytest.raises(InvalidInput):
            damaged.array()


def test_an_analysis_is_explored_without_its_points(tmp_path: Path) -> None:
    _, _, result = pairs()[0]
    _, unseen = results().dataset(result).train_test_split(0, 0.5)
    alignment = analyse(results().sae_neurons(result), unseen)
    alignment.save(tmp_path / "alignment.npz")
    explored = explore_data(tmp_path)
    (world,) = explored.worlds
    (sae,) = world.saes
    assert world.points is None
    assert not sae.neurons
    assert to_json(sae.answers()) == to_json(concept_answers(alignment))
    assert [concept.points for concept in world.concepts] == unseen.membership.sum(axis=0).tolist()
    assert write_page(explored, tmp_path / "page.html").is_file()


@pytest.mark.parametrize("kind", ["nothing", "empty", "file"])
def test_what_is_no_source_is_refused_by_name(kind: str, tmp_path: Path) -> None:
    path = tmp_path / kind
    if kind == "empty":
        path.mkdir()
    if kind == "file":
        path.write_text("no run")
    with pytest.raises(InvalidInput, match=f"{kind} cannot be explored"):
        explore_data(path)


def test_a_run_without_a_finished_cell_is_refused(tmp_path: Path) -> None:
    (tmp_path / "plan.toml").write_bytes((run_folder() / "plan.toml").read_bytes())
    with pytest.raises(InvalidInput):
        explore_data(tmp_path)


def test_of_a_wide_sae_the_neurons_that_answer_are_kept_under_their_own_numbers() -> None:
    for _, sae, result in pairs():
        alignment = results().alignment(result)
        assert not sae.kept
        assert kept_neurons(alignment).tolist() == list(range(8))
        numbers = kept_neurons(alignment, 5)
        answering = {
            i
            for notion in alignment.notions
            for learner in LEARNERS
            for row in alignment.answers(notion, learner)
            for i in row.neurons
        }
        assert len(numbers) == 5
        assert sorted(numbers.tolist()) == numbers.tolist()
        assert set(numbers.tolist()) <= answering or answering <= set(numbers.tolist())
        table = pair_tables(alignment, numbers)["detection"]
        np.testing.assert_array_equal(table.error.array(), sae.tables["detection"].error.array()[:, numbers])
