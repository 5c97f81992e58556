"""`geosae acts`, `concepts`, `data`, `examples`, and train and analyse on a folder of activations."""

import sys
from pathlib import Path

import numpy as np
import pytest

from geosae.activations.collect import Reading
from geosae.activations.folder import ModelCard
from geosae.cli import acts as command_module
from geosae.data.split import seeded_split
from geosae.data.storage import load_dataset
from geosae.geometry import Gaussian, UniformBox
from geosae.sae.checkpoint import load
from geosae.storage.files import content_hash

sys.path.insert(0, str(Path(__file__).parent))
from command import call

TEXTS = [f"{'red' if i % 3 else 'blue'} {'cat' if i % 4 else 'dog'} {i}" for i in range(160)]
SHARDS = ("--per-shard", 48, "--batch", 8)
ACTS = ("acts", "words", "texts.txt", "--layer", 1, "-o", "a")
ANALYSE = ("analyse", "s", "a", "--membership", "concepts.csv", "-o", "an")


class Words:
    """A model of three tokens a text: the first a sink, then a direction for each word, and noise."""

    longest = 2
    card = ModelCard("transformer", "words", "0" * 64, "output of block 1 of 1", "none")

    def lengths(self, batch: list[str]) -> list[int]:
        return [len(text.split()) for text in batch]

    def read(self, batch: list[str]) -> list[Reading]:
        return [self.one(text) for text in batch]

    def one(self, text: str) -> Reading:
        words = text.split()
        rng = np.random.default_rng(int(words[-1]))
        values = 0.1 * rng.normal(size=(3, 6)).astype(np.float32)
        values[0, 5] = 200.0
        for place, (word, channel) in enumerate(zip(words, (0, 2, 4), strict=True)):
            values[place, channel + (len(word) == 4)] += 3.0 * (word not in "0123456789")
        ends = np.cumsum([len(word) + 1 for word in words]) - 1
        return Reading(values, np.stack([ends - [len(word) for word in words], ends], axis=1))


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("texts.txt").write_text("\n".join(TEXTS) + "\n")
    rows = [f"{int('blue' in text)},{int('dog' in text)}" for text in TEXTS]
    Path("concepts.csv").write_text("blue,dog\n" + "\n".join(rows) + "\n")
    monkeypatch.setattr(command_module, "_reader", lambda *_: Words())
    return tmp_path


def test_from_texts_to_answers(home: Path, monkeypatch, capsys) -> None:
    status, out, err = call(
        monkeypatch, capsys, "acts", "words", "texts.txt", "--layer", 1, "-o", "a", *SHARDS
    )
    assert status == 0
    assert "a: 160 rows of 6 channels (fp32, means over positions) of 160 inputs, 4 shards;" in out
    assert "first tokens are a sink: norm 200.0 against" in err
    assert "leave them out: --skip-first" in err.replace("\n  ", " ")
    assert "160 texts are longer than the model reads" in err
    options = ("--gate", "topk", "--k", 2, "--width", 12, "--set", "steps=200")
    status, out, _ = call(monkeypatch, capsys, "train", "a", *options, "--test-share", 0.5, "-o", "s")
    assert (status, "s: 12 neurons of topk in dimension 6" in out) == (0, True)
    status, _, err = call(monkeypatch, capsys, "train", "a", *options, "--test-share", 0.5, "-o", "s")
    assert (status, "s holds this SAE already" in err) == (0, True)
    status, out, err = call(
        monkeypatch, capsys, "analyse", "s", "a", "--membership", "concepts.csv", "-o", "an"
    )
    assert status == 0
    assert "the held-out points are new to it" in err
    assert "Median F1: neuron" in out
    lines = Path("an/detectors.csv").read_text().splitlines()
    assert len(lines) == 1 + 2 * 11
    status, out, _ = call(monkeypatch, capsys, "examples", "s", "a", "--neuron", 3, "--top", 2, "--random", 3)
    assert status == 0
    assert out.startswith("Neuron 3 fires on ")
    assert max(len(line) for line in out.splitlines() if "  " not in line) <= 80


def test_concepts_of_texts_are_handed_down_to_tokens(home: Path, monkeypatch, capsys) -> None:
    arguments = ("acts", "words", "texts.txt", "--layer", 1, "--pool", "tokens", "--skip-first", "-o", "t")
    status, out, _ = call(monkeypatch, capsys, *arguments, "--dtype", "bf16", *SHARDS)
    assert (status, "t: 320 rows of 6 channels (bf16, single positions)" in out) == (0, True)
    status, out, err = call(
        monkeypatch, capsys, "data", "t", "concepts.csv", "-o", "d.npz", "--ambient", "gaussian"
    )
    assert status == 0
    assert "each of the 160 texts hands its concepts down to its rows" in err
    data = load_dataset("d.npz")
    assert (data.size, data.names, data.provenance["site"]) == (320, ("blue", "dog"), Words.card.site)
    assert data.membership[:, 1].tolist() == [("dog" in text) for text in TEXTS for _ in range(2)]
    assert isinstance(data.ambient, Gaussian)
    np.testing.assert_allclose(data.ambient.mean, data.points.mean(axis=0), rtol=1e-5)
    status, out, _ = call(monkeypatch, capsys, "concepts", "tokens", "t", "-o", "c")
    assert (status, "number 160" in out) == (0, True)
    call(monkeypatch, capsys, "train", "t", "--k", 1, "--width", 6, "--set", "steps=100", "-o", "s")
    status, out, _ = call(
        monkeypatch, capsys, "examples", "s", "t", "--neuron", 0, "--top", 40, "--random", 0
    )
    assert status == 0
    assert "[" in out or "fires on 0" in out


def test_more_than_fits_into_memory_streams_and_goes_on(home: Path, monkeypatch, capsys) -> None:
    call(monkeypatch, capsys, *ACTS, *SHARDS)
    monkeypatch.setattr("geosae.activations.folder.IN_MEMORY", 2000)
    arguments = ("train", "a", "--k", 1, "--width", 6, "--set", "steps=40", "--set", "batch_size=16")
    status, _, err = call(monkeypatch, capsys, *arguments, "--test-share", 0.5, "-o", "s")
    assert (status, "are streamed, shuffled by a buffer of 41 rows" in err) == (0, True)
    first = (home / "s" / "sae.safetensors").read_bytes()
    status, _, err = call(monkeypatch, capsys, *arguments, "--test-share", 0.5, "-o", "s")
    assert (status, "holds this SAE already" in err) == (0, True)
    call(monkeypatch, capsys, *arguments, "--test-share", 0.5, "-o", "again")
    assert (home / "again" / "sae.safetensors").read_bytes() == first
    status, out, _ = call(
        monkeypatch, capsys, "analyse", "s", "a", "--membership", "concepts.csv", "-o", "an"
    )
    assert (status, "Median F1" in out) == (0, True)


def test_training_leaves_the_half_that_judges_out(home: Path, monkeypatch, capsys) -> None:
    points = np.random.default_rng(0).normal(size=(60, 3))
    np.save("x.npy", points)
    options = ("--k", 1, "--width", 4, "--set", "steps=5", "--test-share", 0.25, "--split-seed", 3)
    call(monkeypatch, capsys, "train", "x.npy", *options, "-o", "s")
    fit, _ = seeded_split(60, 0.25, 3)
    assert load(home / "s").data_hash == content_hash(points[fit])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("acts", "words"), "what to read and where to write are needed"),
        (("acts", "words", "none.txt", "--layer", 1, "-o", "a"), "there is no file none.txt"),
        (
            ("acts", "words", "texts.txt", "--layer", 1, "-o", "a", "--pool", "man"),
            "nearest valid one is 'mean'",
        ),
        ((*ACTS, "--dtype", "fp8"), "unknown precision"),
        (("train", ".", "-o", "s"), "is no folder of activations"),
        (("analyse", ".", ".", "-o", "s", "--membership", "concepts.csv"), "is no folder of activations"),
        (("data", "texts.txt", "concepts.csv", "-o", "d.csv"), "d.csv is no .npz"),
        (("concepts", "wordnet", "--wordnet", ".", "-o", "w"), "there is no file data.noun"),
        (("concepts", "wordnet", "--texts", "gloss", "-o", "w"), "nearest valid one is 'glosses'"),
    ],
)
def test_what_cannot_be_is_refused_with_what_to_do(
    home: Path, monkeypatch, capsys, arguments, message
) -> None:
    status, _, err = call(monkeypatch, capsys, *arguments)
    assert (status, message in err) == (2, True), err


def test_rows_that_do_not_fit_and_measures_that_are_none(home: Path, monkeypatch, capsys) -> None:
    call(monkeypatch, capsys, *ACTS, *SHARDS)
    Path("short.csv").write_text("blue\n1\n0\n")
    status, _, err = call(monkeypatch, capsys, "data", "a", "short.csv", "-o", "d.npz")
    assert (status, "has 2 rows; a has 160 rows of 160 texts" in err) == (2, True)
    status, _, err = call(monkeypatch, capsys, "data", "a", "concepts.csv", "-o", "d.npz", "--ambient", "bx")
    assert (status, "there is no measure 'bx'" in err) == (2, True)
    call(monkeypatch, capsys, "data", "a", "concepts.csv", "-o", "d.npz", "--ambient", "box")
    box = load_dataset("d.npz").ambient
    assert isinstance(box, UniformBox)
    Path("nu.json").write_text('{"kind": "gaussian", "mean": [0, 0, 0, 0, 0, 0], "scale": 2.0}')
    call(monkeypatch, capsys, "data", "a", "concepts.csv", "-o", "e.npz", "--ambient", "nu.json")
    assert load_dataset("e.npz").ambient.scale == 2.0


def test_online_names_are_refused(home: Path, monkeypatch, capsys) -> None:
    monkeypatch.undo()
    monkeypatch.chdir(home)
    for name in ("gpt2", "google/gemma-2-2b", "no such thing"):
        status, _, err = call(monkeypatch, capsys, "acts", name, "texts.txt", "--layer", 1, "-o", "a")
        assert (status, f"there is no model {name!r} on this machine" in err) == (2, True)
    status, _, err = call(monkeypatch, capsys, "acts", "x.onnx", "texts.txt", "-o", "a")
    assert (status, "--node" in err) == (2, True)
    status, _, err = call(monkeypatch, capsys, "acts", "gpt2", "texts.txt", "-o", "a")
    assert (status, "--layer 4" in err) == (2, True)
