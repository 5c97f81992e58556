"""The table: cards of one SAE become means with intervals; cards that cannot be compared are refused."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from benchmark_folders import benchmark_of

from geosae.benchmark import read_cards, score, score_table
from geosae.benchmark.rivals import rival
from geosae.benchmark.score import ARMS, ScoreCard
from geosae.benchmark.table import SCORE_FILE, flat
from geosae.errors import InvalidInput
from geosae.report.benchmark_page import benchmark_latex, benchmark_page
from geosae.report.exports import to_csv
from geosae.sae.gates import TopK
from geosae.sae.model import SparseAutoencoder
from geosae.storage.structure import write_record


@pytest.fixture(scope="module")
def cards(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    benchmark = benchmark_of("ring")
    folders: list[Path] = []
    for seed in range(2):
        folder = tmp_path_factory.mktemp("card")
        sae = rival("untrained", SparseAutoencoder(2, 8, TopK(1)), benchmark, seed).sae
        write_record(folder / SCORE_FILE, score(sae, benchmark, name="<b>one</b>", seed=seed))
        folders.append(folder)
    return folders


def test_means_are_over_cards(cards: list[Path]) -> None:
    read = read_cards(cards)
    rows = score_table(read)
    assert [row.arm for row in rows] == [*ARMS]
    fvu = [card.arms["sae"].numbers.fvu for card in read]
    interval = rows[0].numbers["fvu"]
    assert np.isclose(interval.mean, np.mean(fvu))
    assert interval.n == 2
    assert interval.low < interval.mean < interval.high
    assert [row.missing != "" for row in rows] == [arm == "planted" for arm in ARMS]


def test_it_is_written_as_csv_latex_and_a_page(cards: list[Path]) -> None:
    rows = score_table(read_cards(cards))
    assert to_csv(flat(rows)).count("\n") == 1 + len(rows)
    assert r"\toprule" in benchmark_latex(rows)
    page = benchmark_page(rows)
    assert "<b>one" not in page
    assert "not those of the release" not in page
    assert "not those of the release" in benchmark_page([replace(rows[0], released=False)])


@pytest.mark.parametrize("change", [{"benchmark_hash": "0"}, {"tolerance": 0.1}, {"alpha": 0.1}])
def test_scores_of_other_bytes_or_tolerances_are_refused(cards: list[Path], change: dict) -> None:
    read = read_cards(cards)
    with pytest.raises(InvalidInput, match="2 different ways"):
        score_table([read[0], replace(read[1], **change)])


def test_a_damaged_card_is_refused(cards: list[Path], tmp_path: Path) -> None:
    text = (cards[0] / SCORE_FILE).read_text().replace('"seed": 0', '"seed": 1')
    (tmp_path / SCORE_FILE).write_text(text)
    with pytest.raises(InvalidInput, match=SCORE_FILE):
        read_cards([tmp_path])
    with pytest.raises(InvalidInput, match="no score card"):
        read_cards([])


def test_a_card_survives_its_file(cards: list[Path]) -> None:
    card = read_cards(cards[:1])[0]
    assert isinstance(card, ScoreCard)
    assert repr(card.arms["sae"].numbers) == repr(read_cards(cards[:1])[0].arms["sae"].numbers)
