"""The end of `geosae run` on made runs: what it says, and that no line is wider than 80 columns."""

import textwrap
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from figures.made_runs import UNMEASURED, learned, plan, result

from geosae.cli import run as run_module
from geosae.cli._console import paragraph
from geosae.cli.run_summary import answer, groups, table_lines, table_words
from geosae.experiments import Baseline, Cell, CellResult, Plan, Results, WorldEntry, summarise

LONG = "a world with a name that its plan made longer than any table should be wide, and then some more"
BASELINES: tuple[Baseline, ...] = ("untrained", "frozen_decoder", "pca", "planted")


def made(
    numbers: Callable[[Cell], CellResult],
    seeds: int = 5,
    worlds: tuple[str, ...] = ("plane", LONG),
    baselines: tuple[Baseline, ...] = BASELINES,
) -> Results:
    entries = tuple(WorldEntry(world, "nowhere", {"name": world}) for world in worlds)
    whole: Plan = replace(plan(seeds=tuple(range(seeds))), worlds=entries, baselines=baselines)
    cells = tuple(numbers(cell) for cell in whole.cells())
    return Results(Path("nowhere"), whole, cells, {}, (), summarise(cells))


def usual(cell: Cell) -> CellResult:
    """Trained SAEs separate all in the plane and nothing elsewhere, the others the reverse."""
    whole = result(cell, ("a", "b", "c"))
    share = float((cell.baseline == "trained") == (cell.world == "plane"))
    small, whole_unit = (learned(share, 0.1, 24.0) for _ in range(2))
    separation = replace(whole.measures.separation, neurons=small, small_units=small, units=whole_unit)
    return replace(whole, measures=replace(whole.measures, separation=separation))


def printed(results: Results, capsys: pytest.CaptureFixture[str]) -> str:
    run_module._end(results, {}, 12.3)
    return capsys.readouterr().out


def test_the_end_is_answer_then_table_within_eighty_columns(capsys):
    results = made(usual)
    out = printed(results, capsys)
    assert max(map(len, out.splitlines())) <= 80
    words = " ".join(out.split())
    assert "separate most in plane, Top-K: 100% of 24 concepts; nothing in 2 of 4 pairs" in words
    # Helped in one world, hurt in the other: both are named.
    assert "by one neuron more concepts in 2 (plane, Top-K; plane, ReLU) and fewer in 2 (a world" in words
    assert "ε = 0.05" in words
    for word in ("L0: active", "FVU: variance", "–: not measured", "neuron ≤ 4 any L0 FVU"):
        assert word in words
    assert out.index("separate most in") < out.index("Share of the concepts") < out.index("  trained  ")
    assert out.splitlines()[-1].strip().startswith("shuffled labels")


def test_the_table_has_every_world_gate_and_baseline_at_one_setting():
    results = made(usual)
    lines = table_lines(results)
    heads = [line for line in lines[1:] if not line.startswith(" ")]
    assert heads[:2] == [
        "plane: Top-K, K = 1, 4 neurons, 24 concepts",
        "plane: ReLU, λ = 0.1, 4 neurons, 24 concepts",
    ]
    assert all(head.endswith(", 4 neurons, 24 concepts") for head in heads)
    assert "…: Top-K" in heads[2]
    names = [line[2:22].strip() for line in lines[1:] if line.startswith("  ")]
    assert names == ["trained", "untrained", "frozen decoder", "PCA", "planted", "shuffled labels"] * 4
    trained = next(line for line in lines if line.startswith("  trained")).split()
    assert trained == ["trained", "1.00", "1.00", "1.00", "1.5", "0.200"]
    # The setting is chosen by rule: the widest that all gates have, and the first sparsity with baselines.
    assert [(g.trained.width, g.trained.sparsity) for g in groups(results)] == [(4, 1), (4, 0.1)] * 2


def test_what_was_not_measured_is_a_dash():
    def without(cell: Cell) -> CellResult:
        whole = result(cell, ("a",))
        metrics = replace(whole.measures.metrics, fvu=float("nan"))
        return replace(whole, measures=replace(whole.measures, separation=UNMEASURED, metrics=metrics))

    results = made(without)
    trained = next(line for line in table_lines(results) if line.startswith("  trained")).split()
    assert trained == ["trained", "–", "–", "–", "1.5", "–"]
    assert "Separation was not measured in any world." in answer(results)


def test_one_seed_and_no_baseline_are_said():
    assert answer(made(usual, seeds=1)).endswith("With one seed nothing can be told apart.")
    alone = answer(made(usual, baselines=()))
    assert "Beside" not in alone
    assert "separate most in plane" in alone

    def nothing(cell: Cell) -> CellResult:
        return (
            replace(usual(replace(cell, world=LONG)), cell=cell)
            if cell.baseline == "trained"
            else usual(cell)
        )

    assert answer(made(nothing)).startswith("Single neurons of trained SAEs separate no concept in 4 pairs")


def test_seeds_too_few_say_so():
    three, five = (answer(made(usual, seeds=seeds)) for seeds in (3, 5))
    ratios = [float(text.split("difference of ")[1].split()[0]) for text in (three, five)]
    assert ratios[0] > 10 > ratios[1]


def test_a_paragraph_breaks_no_path(capsys):
    path = "/".join(["a-long-folder"] * 12)
    paragraph(f"{'word ' * 30}{path} {'word ' * 30}", indent="  ")
    lines = capsys.readouterr().out.splitlines()
    assert f"  {path}" in lines
    assert all(len(line) <= 80 for line in lines if path not in line)
    assert textwrap.dedent(lines[1]) != lines[1]


def test_words_of_the_table_name_the_tolerance():
    results = made(usual)
    looser = replace(results, plan=replace(results.plan, tolerance=0.3))
    assert "ε = 0.3 on held-out" in table_words(looser)
