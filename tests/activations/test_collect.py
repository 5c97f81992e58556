"""Collecting: order and batches, pools, types, where rows come from, flags, and what a kill leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import safetensors
import torch
from activations.letters import WORDS, Letters
from safetensors.torch import load_file

from geosae.activations import Activations, Texts, Windows, collect, open_activations
from geosae.activations.modules import ModuleReader
from geosae.activations.tensors import decoded, encoded, map_tensors, write_tensors
from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import TopK
from geosae.sae.training.batches import Stream
from geosae.sae.training.train import train


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != ".lock"}


@pytest.mark.parametrize("pool", ["mean", "last", "tokens"])
@pytest.mark.parametrize("skip_first", [False, True])
def test_rows_are_those_of_the_texts_in_their_order(tmp_path: Path, pool: str, skip_first: bool) -> None:
    model = Letters()
    acts = collect(model, WORDS, tmp_path, pool=pool, skip_first=skip_first, batch=3, per_shard=10)
    expected, texts = [], []
    for text in WORDS.lines:
        values = model.one(text).values[skip_first:]
        rows = {"mean": values.mean(axis=0, keepdims=True), "last": values[-1:], "tokens": values}[pool]
        expected.append(rows)
        texts += [text[skip_first:]] if pool == "mean" else list(text[skip_first:])[-len(rows) :]
    np.testing.assert_allclose(acts.array(), np.concatenate(expected), rtol=1e-6)
    assert len(acts.index.shards) == 3
    for row, words in enumerate(texts):
        source, tokens, (begin, end) = acts.provenance(row)
        assert acts.texts is not None
        assert acts.texts[source][begin:end] == words
        assert tokens == (begin, end)
    np.testing.assert_array_equal(acts.rows(7, 15), acts.array()[7:15])
    assert acts.sources.tolist() == [acts.provenance(row).source for row in range(len(acts))]


def test_the_shortest_of_a_shard_come_first_and_the_batches_are_stored(tmp_path: Path) -> None:
    model = Letters()
    collect(model, WORDS, tmp_path, batch=4, per_shard=10)
    assert [len(batch) for batch in model.batches] == [4, 4, 2, 4, 4, 2, 3]
    stored = np.concatenate([map_tensors(path)["batch"] for path in sorted(tmp_path.glob("*.safetensors"))])
    for row, text in enumerate(WORDS.lines):
        shard = row // 10
        assert text in model.batches[3 * shard + int(stored[row])]
    for shard in range(3):
        lengths = [len(text) for batch in model.batches[3 * shard : 3 * shard + 3] for text in batch]
        assert lengths == sorted(lengths)


@pytest.mark.parametrize("precision", ["fp32", "fp16", "bf16"])
def test_shards_are_safetensors_that_others_read(tmp_path: Path, precision: str) -> None:
    acts = collect(Letters(), WORDS, tmp_path, pool="tokens", precision=precision, per_shard=50)
    whole = collect(Letters(), WORDS, tmp_path / "fp32", pool="tokens", per_shard=50).array()
    tensors = load_file(tmp_path / acts.index.shards[0].file)
    kind = {"fp32": torch.float32, "fp16": torch.float16, "bf16": torch.bfloat16}[precision]
    assert tensors["activations"].dtype == kind
    # Torch rounds to the nearest as well, so the very same numbers must be stored.
    assert torch.equal(tensors["activations"], torch.tensor(whole).to(kind))
    np.testing.assert_array_equal(acts.array(), tensors["activations"].float().numpy())


def test_every_bfloat16_is_rounded_as_torch_rounds() -> None:
    bits = np.random.default_rng(0).integers(0, 2**32, 20_000, dtype=np.uint32)
    values = bits.view(np.float32)
    values = values[np.isfinite(values) & (np.abs(values) < 3e38)][:, None]
    ours = decoded(encoded(values, "bf16"))
    np.testing.assert_array_equal(ours, torch.tensor(values).to(torch.bfloat16).float().numpy())
    with pytest.raises(InvalidInput, match="beyond fp16"):
        encoded(np.array([[70_000.0]]), "fp16")
    with pytest.raises(InvalidInput, match="not finite"):
        encoded(np.array([[np.nan]]), "fp32")


def test_constant_channels_and_the_first_token_sink_are_flagged(tmp_path: Path) -> None:
    calm = collect(Letters(), WORDS, tmp_path / "calm", batch=4)
    assert (calm.index.constant_channels, calm.index.first_token_sink) == ((2,), None)
    assert sum(norm.count for norm in calm.index.norms) == sum(map(len, WORDS.lines))
    sink = collect(Letters(first=50.0), WORDS, tmp_path / "sink", skip_first=True)
    assert sink.index.first_token_sink is not None
    assert 30 < sink.index.first_token_sink < 80
    np.testing.assert_allclose(
        sink.array(), collect(Letters(), WORDS, tmp_path / "same", skip_first=True).array()
    )


def test_more_than_fits_into_memory_is_mapped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    acts = collect(Letters(), WORDS, tmp_path, pool="tokens", per_shard=5)
    whole = acts.array()
    monkeypatch.setattr("geosae.activations.folder.IN_MEMORY", 100)
    mapped = acts.array()
    assert isinstance(mapped, np.memmap)
    np.testing.assert_array_equal(mapped, whole)
    assert {path.suffix for path in tmp_path.iterdir()} == {"", ".json", ".jsonl", ".safetensors"}


def test_a_killed_collection_goes_on_to_the_same_bytes(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"}
    script = Path(__file__).parent / "letters.py"
    killed = tmp_path / "killed"
    with subprocess.Popen([sys.executable, str(script), str(killed)], env=environment) as process:
        deadline = time.monotonic() + 120
        while not (killed / "shard-00001.safetensors").is_file():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    with pytest.raises(InvalidInput, match="unfinished"):
        open_activations(killed)
    first = killed / "shard-00000.safetensors"
    written = first.stat().st_mtime_ns
    assert 2 <= len(list(killed.glob("shard-*"))) < 5
    for folder in (killed, tmp_path / "calm"):
        collect(Letters(), WORDS, folder, pool="tokens", batch=2, per_shard=5)
    assert bytes_of(killed) == bytes_of(tmp_path / "calm")
    assert first.stat().st_mtime_ns == written
    assert len(open_activations(killed).check()) == sum(map(len, WORDS.lines))


def test_a_folder_of_other_activations_is_refused_and_a_finished_one_left(tmp_path: Path) -> None:
    collect(Letters(), WORDS, tmp_path)
    before = bytes_of(tmp_path)
    model = Letters()
    collect(model, WORDS, tmp_path)
    assert (model.batches, bytes_of(tmp_path)) == ([], before)
    with pytest.raises(InvalidInput, match="other activations: pool, batch differ"):
        collect(Letters(), WORDS, tmp_path, pool="last", batch=2)
    with pytest.raises(InvalidInput, match="sources_sha256 differ"):
        collect(Letters(), Texts(WORDS.lines[::-1]), tmp_path)


def test_a_changed_shard_is_refused(tmp_path: Path) -> None:
    acts = collect(Letters(), WORDS, tmp_path, per_shard=10)
    path = tmp_path / acts.index.shards[1].file
    whole = path.read_bytes()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(InvalidInput, match="SHA-256"):
        open_activations(tmp_path).check()
    path.write_bytes(whole[:-8])
    with pytest.raises(InvalidInput, match="no shard"):
        open_activations(tmp_path).array()
    path.write_bytes((tmp_path / acts.index.shards[2].file).read_bytes())
    with pytest.raises(InvalidInput, match="does not hold the 10 rows"):
        open_activations(tmp_path).array()
    path.unlink()
    with pytest.raises(InvalidInput, match="there is no file"):
        open_activations(tmp_path).array()


@pytest.mark.parametrize("cut", range(0, 200, 7))
def test_a_truncated_header_is_refused(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "x.safetensors"
    write_tensors(path, {"a": np.arange(6.0), "b": np.zeros((0, 2), np.float32)})
    assert {name: array.tolist() for name, array in map_tensors(path).items()} == {
        "a": [0, 1, 2, 3, 4, 5], "b": [],
    }  # fmt: skip
    with safetensors.safe_open(path, "np") as file:
        assert file.get_tensor("a").tolist() == [0, 1, 2, 3, 4, 5]
    whole = path.read_bytes()
    path.write_bytes(whole[: min(cut, len(whole) - 1)])
    with pytest.raises(InvalidInput):
        map_tensors(path)


def test_texts_without_tokens_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="text 2 is empty"):
        Texts(("a", " ", "b"))
    with pytest.raises(InvalidInput, match="no text"):
        Texts(())
    with pytest.raises(InvalidInput, match="text 1 has 1 token: none is left"):
        collect(Letters(), Texts(("a",)), tmp_path, skip_first=True)
    with pytest.raises(InvalidInput, match="different numbers"):
        Windows({"x": np.zeros((2, 3)), "y": np.zeros((3, 3))})
    acts = collect(Letters(), Texts(("a", "bc")), tmp_path / "t", skip_first=True, pool="tokens")
    assert len(acts) == 1
    with pytest.raises(InvalidInput, match="there is no row 1"):
        acts.provenance(1)


def test_a_text_that_is_cut_is_counted(tmp_path: Path) -> None:
    model = Letters(longest=5)
    longer = sum(len(text) > 5 for text in WORDS.lines)
    assert 0 < longer == collect(model, WORDS, tmp_path).index.truncated


def test_a_hook_reads_any_module(tmp_path: Path) -> None:
    net = torch.nn.Sequential(torch.nn.Conv1d(2, 5, 3), torch.nn.ReLU(), torch.nn.Flatten())
    windows = np.random.default_rng(0).normal(size=(7, 2, 9)).astype(np.float32)
    reader = ModuleReader(net, "1", name="conv", channels=1)
    acts = collect(reader, Windows({"x": windows}), tmp_path, pool="tokens", batch=2)
    with torch.inference_mode():
        expected = torch.relu(net[0](torch.tensor(windows))).numpy()
    np.testing.assert_allclose(acts.array(), expected.transpose(0, 2, 1).reshape(-1, 5), atol=1e-6)
    assert acts.provenance(8) == (1, (1, 2), (-1, -1))
    assert acts.texts is None
    other = torch.nn.Sequential(torch.nn.Conv1d(2, 5, 3), torch.nn.ReLU(), torch.nn.Flatten())
    assert ModuleReader(other, "1", name="conv").card.sha256 != reader.card.sha256
    with pytest.raises(InvalidInput, match="no module 'encoder'"):
        ModuleReader(net, "encoder", name="conv")
    with pytest.raises(InvalidInput, match="axis 5"):
        ModuleReader(net, "1", name="conv", channels=5).read({"x": windows})


def test_a_stream_of_shards_trains_an_sae(tmp_path: Path) -> None:
    acts: Activations = collect(Letters(), WORDS, tmp_path, pool="tokens", per_shard=5)
    assert isinstance(acts, Stream)
    run = train(acts, TrainConfig(gate=TopK(k=1), width=4, steps=20, batch_size=16), seed=0)
    assert run.sae.dim == 3
