"""The README's example runs as it stands, and its commands exist."""

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from geosae.cli.app import app

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def test_example_runs(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    printed = capsys.readouterr().out
    assert "detection" in printed
    assert "formal concepts" in printed
    assert "Inseparable" in printed  # a ball inside its surroundings: no half-space can do it


def commands() -> list[list[str]]:
    lines = [line.split("#")[0].split() for block in blocks("console") for line in block.splitlines()]
    return [words for words in lines if words and words[0] == "geosae"]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_exist(words: list[str]) -> None:
    """Each command, and each option of it that the README uses, is known to the command line."""
    name = words[1:3] if words[1] == "worlds" else words[1:2]
    done = CliRunner().invoke(app, [*name, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert done.exit_code == 0, done.output
    for option in (word for word in words if word.startswith("-")):
        assert option in done.output


def test_figure_exists() -> None:
    (path,) = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert (Path(__file__).parent.parent / path).is_file()
