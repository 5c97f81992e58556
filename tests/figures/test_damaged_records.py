"""Whatever stands in the JSON of a run's folder, it is read or refused by its file."""

import re
from pathlib import Path

import pytest
from figures.made_runs import write_run

from geosae.errors import InvalidInput
from geosae.experiments import load_results
from geosae.figures.draw import draw
from geosae.report import write_report

NAMES = ("result.json", "lattice.json", "log.jsonl", "summary.json", "verdicts.json", "world.json")
TEXTS = ("null", "[]", "{}", "1", '"x"', "[null]", '{"a": null}', "[[]]", "[" * 100_000, "9" * 5000, "\0")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_run(tmp_path_factory.mktemp("damaged") / "run", seeds=(0,))
    draw(folder, ["png"], ["world"])
    return folder


def read_everything(folder: Path) -> None:
    results = load_results(folder)
    for cell in results.cells:
        results.lattices(cell)
        results.log(cell)
        results.sae_neurons(cell)
    draw(folder, ["png"], ["world"])
    write_report(folder)


@pytest.mark.parametrize(
    "name", ["result.json", "lattice.json", "log.jsonl", "summary.json", "verdicts.json", "world.json"]
)
@pytest.mark.parametrize("text", TEXTS, ids=lambda text: text[:11])
def test_damaged_json_is_refused_by_its_file(folder: Path, name: str, text: str) -> None:
    path = sorted(folder.rglob(name))[0]
    before = path.read_bytes()
    path.write_text(text)
    try:
        with pytest.raises(InvalidInput, match=re.escape(name)):
            read_everything(folder)
    finally:
        path.write_bytes(before)
