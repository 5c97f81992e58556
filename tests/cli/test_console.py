"""Tables of the command line: plain lines in a pipe, a table of rich on a terminal."""

import pytest

from geosae.cli import _console
from geosae.cli._console import table

HEAD = ["concept", "error", "why"]
ROWS = [["left", "0.5", "mean [0.1, 0.2]"], ["[red]right", "12.25", "w" * 200]]


def test_a_piped_table_is_aligned_plain_and_not_wrapped(capsys: pytest.CaptureFixture[str]):
    table(HEAD, ROWS)
    out = capsys.readouterr().out
    head, rule, *lines = out.splitlines()
    assert head == "concept     error  why"
    assert set(rule) == {"-", " "}
    assert lines == ["left          0.5  mean [0.1, 0.2]", f"[red]right  12.25  {'w' * 200}"]
    assert out.isascii()
    assert "\x1b" not in out


def test_a_table_without_rows_has_its_head(capsys: pytest.CaptureFixture[str]):
    table(["", "id"], [])
    head, rule = capsys.readouterr().out.splitlines()
    assert head.strip() == "id"
    assert "--" in rule


def test_a_terminal_shows_every_word_within_its_width(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(_console, "is_plain", lambda _: False)
    monkeypatch.setenv("COLUMNS", "60")
    table(HEAD, ROWS)
    out = capsys.readouterr().out
    for word in ("concept", "[red]right", "12.25", "mean [0.1, 0.2]"):
        assert word in out
    assert max(map(len, out.splitlines())) <= 60
    assert out.count("w") >= 200
