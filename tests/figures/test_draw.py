import shutil
from pathlib import Path

import pytest
from figures.made_runs import card, write_run

from geosae.errors import InvalidInput
from geosae.experiments import load_results
from geosae.figures import FAMILIES, draw
from geosae.figures.paper.families import PAPER
from geosae.storage.files import read_json, write_json
from geosae.storage.structure import read_plain_record, write_record


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_run(tmp_path_factory.mktemp("run"))


@pytest.fixture(scope="module")
def drawn(made: Path) -> Path:
    draw(made, ["png", "pdf"])
    return made


def test_every_family_is_drawn_and_every_figure_has_its_words(drawn: Path):
    cards = [read_json(path) for path in sorted((drawn / "figures").glob("*.json"))]
    # What a plan's studies answer is drawn where there are studies (tests/figures/paper).
    assert set(FAMILIES) - set(PAPER) <= {c["family"] for c in cards} <= set(FAMILIES)
    for entries in cards:
        assert entries["title"]
        assert entries["alt"]
        for file in entries["files"]:
            assert (drawn / "figures" / file).stat().st_size > 1000
        if entries["family"] != "bounds":
            assert "n = 2, N = 80 points" in entries["caption"]
            assert "p = 3 concepts" in entries["caption"]
            assert "2 seeds" in entries["caption"]


def test_redrawing_gives_the_same_bytes(drawn: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(drawn, copy, ignore=shutil.ignore_patterns("figures"))
    draw(copy, ["pdf"], ["size-sparsity", "lattice", "bounds"])
    for path in sorted((copy / "figures").glob("*.pdf")):
        assert path.read_bytes() == (drawn / "figures" / path.name).read_bytes()


def test_only_draws_what_is_named(made: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(made, copy, ignore=shutil.ignore_patterns("figures"))
    paths = draw(copy, ["png"], ["bounds"])
    assert [p.name for p in paths] == ["bounds.png"]
    assert sorted(p.name for p in (copy / "figures").iterdir()) == ["bounds.json", "bounds.png"]


def test_an_unknown_name_or_format_is_refused_with_the_nearest(made: Path):
    with pytest.raises(InvalidInput, match="'size-sparsity'"):
        draw(made, only=["size-sparsty"])
    with pytest.raises(InvalidInput, match="'pdf'"):
        draw(made, formats=["pfd"])


def test_a_folder_without_results_is_refused(tmp_path: Path):
    with pytest.raises(InvalidInput, match="not the folder of a run"):
        draw(tmp_path)


def test_the_caption_of_the_maps_states_the_widest_interval(drawn: Path):
    # Two seeds differ by 0.01 everywhere: t(0.975, 1) · 0.01/√2 / √2 = 12.706 · 0.005 ≈ 0.06.
    assert "half-widths up to 0.06" in card(drawn, "size-sparsity-error-topk")["caption"]


def test_the_lattice_sheet_counts_what_is_shared(drawn: Path):
    # True extents: {left}, {right}, all, ∅. Learned: {left}, {right}, all three, ∅ (no neuron detects "all").
    assert "4 of 4 true extents are found among 4 learned ones" in card(drawn, "lattice-topk")["caption"]


def test_figures_a_run_no_longer_has_are_removed(made: Path, tmp_path: Path):
    copy = tmp_path / "copy"
    shutil.copytree(made, copy, ignore=shutil.ignore_patterns("figures"))
    (copy / "figures").mkdir()
    stale = {"name": "size-sparsity-gone", "family": "size-sparsity", "caption": "", "title": "", "alt": ""}
    write_json(copy / "figures" / "size-sparsity-gone.json", stale)
    (copy / "figures" / "size-sparsity-gone.pdf").write_bytes(b"old")
    (copy / "figures" / "mine.pdf").write_bytes(b"a user's own file")
    draw(copy, ["png"], ["size-sparsity"])
    names = {p.name for p in (copy / "figures").iterdir()}
    assert "size-sparsity-gone.pdf" not in names
    assert "size-sparsity-gone.json" not in names
    assert "mine.pdf" in names


@pytest.mark.parametrize(("known", "seeds"), [(False, (0, 1)), (True, (0,))])
def test_a_run_that_knows_nothing_or_has_one_seed_is_drawn(
    tmp_path: Path, known: bool, seeds: tuple[int, ...]
):
    folder = write_run(tmp_path, known=known, seeds=seeds)
    names = {p.name for p in draw(folder, ["png"], ["size-sparsity", "baselines", "units"])}
    assert {"size-sparsity-topk.png", "size-sparsity-relu.png", "baselines-share-topk.png"} <= names
    if seeds == (0,):
        assert "1 seed;" in card(folder, "size-sparsity-relu")["caption"]
        assert "none, with a single seed" in card(folder, "size-sparsity-relu")["caption"]


def test_without_verdicts_and_evidence_there_is_no_bounds_figure(tmp_path: Path):
    folder = write_run(tmp_path)
    (folder / "verdicts.json").unlink()
    for path in folder.glob("cells/*/result.json"):
        write_record(path, {**read_plain_record(path), "evidence": {}})
    assert draw(folder, ["png"], ["bounds"]) == []
    assert load_results(folder).verdicts == ()
