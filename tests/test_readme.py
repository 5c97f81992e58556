"""The README's example runs as it stands and prints what it says, and its commands exist."""

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from geosae.cli.app import app
from geosae.geometry import Separated

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.DOTALL)


def outputs(code: str) -> str:
    """Return the comments that stand right below code: what it prints. Those below a blank line explain."""
    comments: list[str] = []
    above = ""
    for line in code.splitlines():
        if line.startswith("# ") and above:
            comments.append(line[2:])
        else:
            above = "" if line.startswith("#") else line
    return "\n".join(comments)


def without_decimals(text: str) -> list[str]:
    """Return the words, however they are wrapped; the digits of reals may differ from machine to machine."""
    return re.sub(r"\d+\.\d+(e-\d+)?", "_", text).split()


def test_example_prints_what_it_says_and_its_sentences_are_true(capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = blocks("python")
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    expected = without_decimals(outputs(code))
    assert len(expected) > 100
    assert without_decimals(capsys.readouterr().out) == expected

    al, test, untrained = names["al"], names["test"], names["each"]
    parents = {parent for _, parent in test.declared_subsets}
    assert len(parents) == 4
    assert all((test.membership[:, :4].sum(axis=1) == 1) & (test.membership[:, 4:].sum(axis=1) == 1))
    for learner in ("neurons", "small_units", "units"):
        for row in al.answers("separation", learner):
            assert row.answer == ("not learned" if row.concept in parents else "learned")
            assert len(row.neurons) == 1
    # The neuron of feature 1 is that of one of its children, and fires nowhere else.
    (neuron,) = al.answers("separation")[0].neurons
    assert [k for k, row in enumerate(al.answers("separation")) if row.neurons == (neuron,)] == [0, 5]
    assert al.answers("separation")[0].alarm == 0
    assert untrained is al.floor
    atoms = names["trained"].sae.W_dec.detach().numpy()
    for child, p in test.declared_subsets:
        k, above = test.index(child), test.index(p)
        (neuron,) = al.answers("separation")[k].neurons
        together = test.directions[k] + test.directions[above]
        cosine = atoms[neuron] @ together / np.linalg.norm(atoms[neuron]) / np.linalg.norm(together)
        assert 0.8 < cosine < 0.99
    families = {
        tuple(name for name in test.names if name == p or (name, p) in test.declared_subsets) for p in parents
    }
    assert set(names["compare"](names["truth"], names["learned"]).missing) == families
    inside = test.membership[:, 0]
    assert isinstance(names["geosae"].separate(test.points[inside], test.points[~inside]), Separated)


def commands() -> list[list[str]]:
    lines = [line.split("#")[0].split() for block in blocks("console") for line in block.splitlines()]
    return [words for words in lines if words and words[0] == "geosae"]


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_commands_exist(words: list[str]) -> None:
    """Each command, and each option of it that the README uses, is known to the command line."""
    name = words[1:3] if words[1] in ("bench", "concepts", "worlds") else words[1:2]
    done = CliRunner().invoke(app, [*name, "--help"], env={"COLUMNS": "200", "TERM": "dumb"})
    assert done.exit_code == 0, done.output
    for option in (word for word in words if word.startswith("-")):
        assert option in done.output


def test_figure_exists() -> None:
    (path,) = re.findall(r"!\[[^\]]*\]\(([^)]+)\)", README)
    assert (Path(__file__).parent.parent / path).is_file()
