import json
import math
import shutil
import sys
from concurrent.futures import Executor
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
import pytest
import torch
from typer import Exit

from geosae.analysis import NOTIONS
from geosae.cli.run import _end as end_run
from geosae.cli.sources import make_world as make_source
from geosae.data.storage import save_dataset
from geosae.errors import InvalidInput
from geosae.experiments import CheckEntry, GateEntry, Plan, Results, WorldEntry, load_results, run
from geosae.experiments.cell import FORMAT
from geosae.experiments.measures import LEARNERS, numbers
from geosae.experiments.results import log_line
from geosae.experiments.runner import do_where_the_run_is
from geosae.experiments.store import Store
from geosae.experiments.worker import fit_or_build
from geosae.fca import concept_lattice, count_concepts
from geosae.report.report import write_report
from geosae.sae.training.numba import installed
from geosae.sae.training.spec import has_mkl
from geosae.storage.files import read_json, write_json
from geosae.storage.structure import to_json

sys.path.insert(0, str(Path(__file__).parent))
import tasks

WORLD = WorldEntry("nested", "nested-balls", {"points": 300, "dim": 2})
PLAN = Plan(
    "tiny",
    (WORLD,),
    (GateEntry("topk", (2,)),),
    widths=(6,),
    seeds=(0, 1),
    baselines=("untrained",),
    train={"steps": 20},
    analysis={"ambient_samples": 200},
    checks=CheckEntry(("S6",), instances=2),
)


needs_numba = pytest.mark.skipif(not installed(), reason="numba is not installed")


class Inline(Executor):
    """Does each task where it stands; counts them; may refuse to do any, or stop as Ctrl-C would."""

    def __init__(self, limit: int = 99, stop: type[BaseException] = AssertionError) -> None:
        self.count, self.limit, self.stop = 0, limit, stop

    def submit(self, fn, /, *args, **kwargs):
        from concurrent.futures import Future

        if self.count >= self.limit:
            raise self.stop
        self.count += 1
        future: Future = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def go(plan: Plan, out: Path, executor: Executor | None = None, claims=tasks.no_claims, **more) -> Results:
    return run(plan, out, make_world=tasks.make_world, claims=claims, executor=executor or Inline(), **more)


NO_CHECKS = replace(PLAN, checks=CheckEntry())


@pytest.fixture(scope="module")
def done(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("run") / "r"
    go(NO_CHECKS, out)
    return out


def files(folder: Path) -> dict[str, bytes]:
    """All files but those that depend on the clock."""
    kept = (p for p in sorted(folder.rglob("*")) if p.is_file() and p.name not in ("run.json", "timing.json"))
    return {str(p.relative_to(folder)): p.read_bytes() for p in kept}


def test_each_finished_cell_has_its_parts_and_the_agreed_result(done: Path):
    results = load_results(done)
    assert len(results.cells) == len(PLAN.cells()) == 4
    for result in results.cells:
        folder = done / "cells" / result.cell.key
        names = {p.name for p in folder.iterdir()}
        parts = {
            "sae.safetensors",
            "card.json",
            "log.jsonl",
            "alignment.npz",
            "alignment.json",
            "lattice.json",
        }
        assert parts | {"cell.json", "result.json", "timing.json"} <= names
        measures = result.measures
        assert math.isnan(measures.metrics.mcc)
        assert all(math.isfinite(n) for name, n in numbers(measures.metrics) if name != "mcc")
        for notion in NOTIONS:
            of_notion, answers = measures.notion(notion), result.answers.of(notion)
            for learner in LEARNERS:
                learned = of_notion.learned(learner)
                assert learned is not None
                assert 0 <= learned.share <= 1
                assert 0 <= of_notion.floor(learner) <= 1
                assert len(answers.of(learner)) == len(results.dataset(result).names)
                counts = learned.share, learned.not_learned, learned.undecided, learned.no_unit
                assert sum(counts) == pytest.approx(1.0)
        assert measures.lattice.concepts >= 1
        assert read_json(folder / "timing.json")["seconds"] > 0
    assert read_json(done / "run.json")["status"] == "finished"


def test_what_is_stored_can_be_read_back_and_agrees(done: Path):
    results = load_results(done)
    result = results.cells[0]
    alignment = results.alignment(result)
    learned = result.measures.detection.neurons
    assert learned is not None
    assert learned.share == alignment.share("detection", "neurons")
    assert learned.not_learned == alignment.share("detection", "neurons", "not learned")
    assert to_json(result.answers.detection.neurons) == to_json(alignment.answers("detection", "neurons"))
    assert result.pairs == alignment.judgement.pairs
    assert results.sae_neurons(result).width == result.cell.width == alignment.width
    assert results.lattices(result) is not None


def test_the_lattice_of_an_alignment_is_that_of_detection(done: Path):
    results = load_results(done)
    alignment = results.alignment(results.cells[0])
    lattice = concept_lattice(alignment)
    assert lattice.to_dict() == concept_lattice(alignment.context("detection")).to_dict()
    assert count_concepts(alignment) == count_concepts(alignment.context("detection"))


def test_a_training_log_is_read_line_by_line_with_all_that_the_trainer_writes(done: Path):
    results = load_results(done)
    trained = next(result for result in results.cells if result.cell.baseline == "trained")
    lines = (done / "cells" / trained.cell.key / "log.jsonl").read_text().splitlines()
    log = results.log(trained)
    assert [{**vars(line)} for line in log] == [{**json.loads(line), "probed": {}} for line in lines]
    assert (log[0].step, log[-1].step) == (0, 20)


def test_what_a_probe_adds_to_a_log_is_read_beside_it():
    line = log_line({"step": 3, "fvu": 0.5, "recovered": 0.75}, "the log")
    assert (line.step, line.fvu, line.probed) == (3, 0.5, {"recovered": 0.75})
    assert math.isnan(line.loss)
    with pytest.raises(InvalidInput, match="the log: fvu"):
        log_line({"step": 3, "fvu": "half"}, "the log")


def test_the_summary_has_a_row_per_group_over_all_seeds(done: Path):
    rows = load_results(done).summary.rows
    assert [(row.baseline, row.seeds) for row in rows] == [("trained", 2), ("untrained", 2)]
    assert rows[0].measures.metrics.l0.n == 2


def test_a_run_in_processes_gives_the_same_bytes(done: Path, tmp_path: Path):
    run(NO_CHECKS, tmp_path / "r", make_world=tasks.make_world, claims=tasks.no_claims, workers=2)
    assert files(tmp_path / "r") == files(done)


def test_finished_cells_are_never_computed_again(tmp_path: Path):
    out = tmp_path / "r"
    go(NO_CHECKS, out)
    before = files(out)
    go(NO_CHECKS, out, Inline(limit=0))
    lost = out / "cells" / NO_CHECKS.cells()[1].key / "result.json"
    lost.unlink()
    again = Inline()
    go(NO_CHECKS, out, again)
    assert again.count == 1
    assert files(out) == before


def test_a_stop_keeps_what_is_finished_and_the_same_call_ends_with_the_same_bytes(done: Path, tmp_path: Path):
    out = tmp_path / "r"
    with pytest.raises(KeyboardInterrupt):
        go(NO_CHECKS, out, Inline(limit=2, stop=KeyboardInterrupt))
    assert len(list(out.glob("cells/*/result.json"))) == 2
    assert read_json(out / "run.json")["status"] == "interrupted"
    rest, seen = Inline(), []
    go(NO_CHECKS, out, rest, outline=seen.append)
    assert rest.count == 2
    assert (seen[0].cells, seen[0].finished) == (4, 2)
    assert files(out) == files(done)


def test_a_failed_cell_is_recorded_by_name_loses_no_other_and_is_tried_again(tmp_path: Path):
    out = tmp_path / "r"
    results = go(PLAN, out, claims=tasks.one_claim)
    assert len(results.cells) == 3
    lost = [c for c in PLAN.cells() if c.seed == 1 and c.baseline == "trained"]
    assert list(results.failures) == [c.name for c in lost]
    assert all("not to my taste" in reason for reason in results.failures.values())
    assert read_json(out / "run.json")["status"] == "failed cells"
    assert [checked.id for checked in results.verdicts] == ["S6"]
    assert results.verdicts[0].statement
    # How long it took depends on the machine, and stands elsewhere.
    assert math.isnan(results.verdicts[0].verdict.seconds)
    again = Inline()
    assert not go(replace(PLAN, seeds=(0,)), out, Inline(limit=0), tasks.one_claim).failures
    go(PLAN, out, again, tasks.one_claim)
    assert again.count == 1


def test_baselines_stand_beside_the_trained_and_what_no_world_has_is_left_out(tmp_path: Path):
    # Enough points that what the true half-spaces do can be certified.
    lattice = WorldEntry("lattice", "formal-context", {"points": 6000, "dim": 3})
    wanted = ("shuffled", "pca", "kmeans", "planted")
    plan = replace(NO_CHECKS, worlds=(WORLD, lattice), seeds=(0,), baselines=wanted)
    seen: list = []
    results = go(plan, tmp_path / "r", outline=seen.append)
    assert (seen[0].cells, seen[0].absent) == (9, 1)
    assert read_json(tmp_path / "r/run.json")["status"] == "finished"
    assert results.worlds == ["nested", "lattice"]
    for world, expected in (("nested", wanted[:3]), ("lattice", wanted)):
        (row,) = results.compared(world)
        baselines = results.baselines_of(row)
        assert tuple(baselines) == expected
        assert baselines["kmeans"].measures.metrics.l0.mean == pytest.approx(1.0, abs=0.05)
        assert baselines["pca"].measures.neurons.mean == results.dataset(results.cells_of(world)[0]).dim
    # The world's concepts are cut out by its half-spaces: their units detect and separate all of them.
    planted = results.baselines_of(results.compared("lattice")[0])["planted"].measures
    assert planted.detection.units.share.mean == 1.0
    assert planted.separation.units.share.mean == 1.0
    result = results.cells_of("lattice", "planted")[0]
    assert results.sae_neurons(result).half_spaces().c.tolist() == pytest.approx(
        results.dataset(result).provenance["facts"]["halfspaces"]["c"]
    )


def test_a_run_in_which_every_cell_fails_says_why(tmp_path: Path):
    with pytest.raises(InvalidInput, match="all 1 cells failed") as refused:
        go(replace(PLAN, seeds=(1,), baselines=()), tmp_path / "r", claims=tasks.one_claim)
    assert "not to my taste" in str(refused.value)


def test_another_plan_in_the_same_folder_shares_cells_and_leaves_the_others_out(tmp_path: Path):
    out, counted, seen = tmp_path / "r", Inline(), []
    go(replace(NO_CHECKS, seeds=(0,)), out)
    results = go(replace(NO_CHECKS, seeds=(0, 2), baselines=()), out, counted, outline=seen.append)
    assert counted.count == 1
    assert seen[0].foreign == 1
    assert [result.cell.seed for result in results.cells] == [0, 2]
    assert load_results(out).plan.seeds == (0, 2)


@pytest.mark.parametrize(
    ("plan", "message"),
    [
        (replace(PLAN, worlds=(replace(WORLD, params={"points": 300, "dim": 2, "dept": 3}),)), "depth"),
        (replace(PLAN, worlds=(replace(WORLD, source="nestd-balls"),)), "nested-balls"),
        (replace(PLAN, train={"stps": 3}), "'steps'"),
        (replace(PLAN, train={"gate.aux": 3}), "aux_"),
        (replace(PLAN, checks=CheckEntry(("S66",))), "'S6'"),
    ],
)
def test_what_cannot_be_done_is_refused_before_anything_is_begun(plan: Plan, message: str, tmp_path: Path):
    with pytest.raises(InvalidInput) as refused:
        go(plan, tmp_path / "r", Inline(limit=0), tasks.one_claim)
    assert message in str(refused.value)
    assert not (tmp_path / "r" / "plan.toml").exists()


@pytest.mark.skipif(torch.cuda.is_available(), reason="shown by the refusal of a GPU that is not there")
def test_a_plan_for_a_gpu_is_refused_where_there_is_none_and_can_be_read(done: Path, tmp_path: Path):
    plan = replace(NO_CHECKS, device="cuda")
    with pytest.raises(InvalidInput, match="use device='auto' or 'cpu'"):
        go(plan, tmp_path / "r")
    assert not (tmp_path / "r").exists()
    # A cell hands its device to the training, whoever asks for it.
    trained = next(cell for cell in plan.cells() if cell.baseline == "trained")
    data = tasks.make_world(trained.source, trained.world_params, np.random.default_rng(0))
    with pytest.raises(InvalidInput, match="torch sees none"):
        fit_or_build(trained, data)
    # Reading a run needs no device: here one whose plan says it was computed on a GPU.
    store = Store(tmp_path / "elsewhere")
    store.write_plan(plan)
    assert store.plan() == plan


def test_auto_is_decided_once_and_the_run_says_how(done: Path, tmp_path: Path):
    go(replace(NO_CHECKS, device="auto"), tmp_path / "r")
    store = Store(tmp_path / "r")
    there = "cuda" if torch.cuda.is_available() else "cpu"
    assert (store.card().device, store.plan().device) == (there, there)
    assert ("gpu" in store.card().machine) == (there == "cuda")
    if there == "cpu":
        assert files(tmp_path / "r") == files(done)


def test_checks_whose_workers_die_are_failures_and_are_tried_again(done: Path, tmp_path: Path, capsys):
    """K16."""
    out = Path(shutil.copytree(done, tmp_path / "r"))
    plan = replace(PLAN, checks=CheckEntry((), instances=2))
    results = run(plan, out, make_world=tasks.make_world, claims=tasks.dying_claims, workers=1)
    assert list(results.failed_checks) == ["S1", "S6"]
    assert (results.verdicts, len(results.cells)) == ((), 4)
    assert read_json(out / "run.json")["status"] == "failed checks"
    with pytest.raises(Exit) as ended:
        end_run(load_results(out), {}, 0.0)
    said = capsys.readouterr()
    assert ended.value.exit_code == 1
    assert "0 of 2 theorem checks hold" in said.out
    assert "S1 failed: its worker process died" in said.err
    results = go(plan, out, claims=tasks.dying_claims)
    assert [checked.id for checked in results.verdicts] == ["S1", "S6"]
    assert not results.failed_checks


def a_file(path: Path, seed: int) -> Path:
    return save_dataset(tasks.make_world("nested-balls", WORLD.params, np.random.default_rng(seed)), path)


def test_a_file_that_was_replaced_makes_other_cells(tmp_path: Path):
    """K14: the bytes of a plan's file decide its cells."""
    file, out = a_file(tmp_path / "x.npz", 0), tmp_path / "r"
    world = WorldEntry("mine", "file", {"path": str(file)})
    plan = replace(NO_CHECKS, worlds=(world,), seeds=(0,), baselines=())
    (before,) = run(plan, out, make_world=make_source, executor=Inline()).cells
    run(plan, out, make_world=make_source, executor=Inline(limit=0))
    a_file(file, 1)
    again, outlines = Inline(), []
    (after,) = run(plan, out, make_world=make_source, executor=again, outline=outlines.append).cells
    assert (again.count, outlines[0].finished, outlines[0].foreign) == (1, 0, 1)
    assert after.measures != before.measures
    # The plan in the folder says which bytes it is of, and goes on with no others.
    assert load_results(out).cells == (after,)
    stored = Store(out).plan()
    run(stored, out, make_world=make_source, executor=Inline(limit=0))
    a_file(file, 2)
    with pytest.raises(InvalidInput, match=r"no longer has the content(.|\n)*leave `content` out"):
        run(stored, out, make_world=make_source, executor=Inline(limit=0))
    file.unlink()
    assert run(stored, out, make_world=make_source, executor=Inline(limit=0)).cells == (after,)
    with pytest.raises(InvalidInput, match="the world 'mine' of the plan cannot be made: there is no file"):
        run(plan, out, make_world=make_source, executor=Inline(limit=0))


@pytest.mark.parametrize("name", ["result.json", "lattice.json", "card.json", "summary.json", "run.json"])
def test_an_edited_record_is_refused_and_computed_again_once_deleted(done: Path, tmp_path: Path, name: str):
    """K17: every stored record carries its hash."""
    folder = Path(shutil.copytree(done, tmp_path / "r"))
    path = next(folder.glob(name) if name in ("summary.json", "run.json") else folder.glob(f"cells/*/{name}"))
    before, text = files(folder), path.read_text()
    digits = [i for i, letter in enumerate(text) if letter in "123456789" and text[i - 1] in " ."]
    edited = text[: digits[0]] + "7" * (text[digits[0]] != "7") + "8" * (text[digits[0]] == "7")
    path.write_text(edited + text[digits[0] + 1 :])

    def read() -> None:
        results = load_results(folder)
        for result in results.cells:
            results.lattices(result)
            results.sae_neurons(result)

    with pytest.raises(
        InvalidInput, match=rf"{name} does not have the content hash(.|\n)*delete it: the same"
    ):
        read()
    path.unlink()
    if name in ("lattice.json", "card.json"):
        path.with_name("result.json").unlink()
    go(NO_CHECKS, folder)
    read()
    assert files(folder) == before


SPARSE = replace(NO_CHECKS, widths=(16,), seeds=(0,), baselines=())
"""Top-K that fires 2 of 16 neurons: sparse enough for numba's kernel."""


def without_numba(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("geosae.sae.training.numba.find_spec", lambda name: None)


@needs_numba
def test_a_run_without_numba_has_other_keys_and_is_not_mixed_with_one_that_had_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    out = tmp_path / "r"
    (compiled,) = go(SPARSE, out).cells
    assert compiled.cell.kernel == "numba"
    weights = (out / "cells" / compiled.cell.key / "sae.safetensors").read_bytes()
    with monkeypatch.context() as patched:
        without_numba(patched)
        # Reading computes nothing: the cells are those of the machine that ran the plan.
        assert load_results(out).cells == (compiled,)
        again, outlines = Inline(), []
        (plain,) = go(SPARSE, out, again, outline=outlines.append).cells
        assert (again.count, outlines[0].finished, outlines[0].foreign) == (1, 0, 1)
        assert plain.cell.kernel == "torch"
        assert plain.cell.key != compiled.cell.key
        assert (out / "cells" / plain.cell.key / "sae.safetensors").read_bytes() != weights
        go(SPARSE, out, Inline(limit=0))
    # With numba again, the first cell is still there.
    assert load_results(out).cells == (plain,)
    assert go(SPARSE, out, Inline(limit=0)).cells == (compiled,)


@needs_numba
def test_a_worker_without_numba_does_not_pass_for_one_that_has_it(monkeypatch: pytest.MonkeyPatch):
    (cell,) = SPARSE.cells()
    data = tasks.make_world(cell.source, cell.world_params, np.random.default_rng(0))
    assert fit_or_build(cell, data).kernel == "numba"
    without_numba(monkeypatch)
    with pytest.raises(
        InvalidInput, match="the kernel 'numba', and this machine would train it with 'torch'"
    ):
        fit_or_build(cell, data)


def test_a_run_names_the_numerical_packages_and_numba_where_it_was_installed(
    done: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    machine = Store(done).card().machine
    names = ("numpy", "scipy", "torch", "scikit-learn", "python-flint")
    assert {name: machine[name] for name in names} == {name: version(name) for name in names}
    assert machine["numba"] == (version("numba") if installed() else None)
    assert Store(done).had("numba") == installed()
    assert Store(done).had("mkl") == has_mkl()
    without_numba(monkeypatch)
    go(NO_CHECKS, tmp_path / "r")
    assert Store(tmp_path / "r").card().machine["numba"] is None
    assert Store(tmp_path / "r").had("numba") is False
    assert Store(tmp_path / "none").had("numba") is None
    page = write_report(tmp_path / "r").read_text(encoding="utf-8")
    assert "numba not installed" in page


def test_two_runs_at_once_and_foreign_folders_are_refused(done: Path, tmp_path: Path):
    from geosae.experiments.store import Store

    with Store(done).lock(), pytest.raises(InvalidInput, match="another process is writing into"):
        go(NO_CHECKS, done)
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InvalidInput, match="not empty"):
        go(NO_CHECKS, tmp_path)
    with pytest.raises(InvalidInput, match="is a file"):
        go(NO_CHECKS, tmp_path / "thesis.txt")
    with pytest.raises(InvalidInput, match="not the folder of a run"):
        load_results(tmp_path)


@pytest.mark.parametrize(
    ("card", "version"),
    [
        ({"machine": {"geosae": "0.1.0"}, "status": "finished"}, "geosae 0.1.0"),
        ({"format": "geosae 0.9.0"}, "geosae 0.9.0"),
        ([], "another program"),
    ],
)
def test_a_run_of_another_version_is_refused_by_its_version(
    done: Path, tmp_path: Path, card: object, version: str
):
    folder = Path(shutil.copytree(done, tmp_path / "r"))
    write_json(folder / "run.json", card)
    with pytest.raises(InvalidInput, match=f"was made by {version}; this is geosae 0.2") as refused:
        load_results(folder)
    assert "run the plan again into a new folder" in str(refused.value)


def test_a_worker_that_does_not_see_the_run_or_has_another_version_is_refused(done: Path, tmp_path: Path):
    assert do_where_the_run_is(str(done), FORMAT, int, "3") == 3
    with pytest.raises(InvalidInput, match="is not there on the machine of a worker"):
        do_where_the_run_is(str(tmp_path), FORMAT, int, "3")
    with pytest.raises(InvalidInput, match=r"has geosae .*; the run is one of geosae 9\.9"):
        do_where_the_run_is(str(done), "geosae 9.9", int, "3")
