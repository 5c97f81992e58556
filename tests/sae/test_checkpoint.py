import json
from pathlib import Path

import numpy as np
import pytest
import safetensors.torch
import torch
from sae.clouds import blobs

from geosae.errors import InvalidInput
from geosae.sae.checkpoint import load, save
from geosae.sae.config import TrainConfig
from geosae.sae.gates import ReLU, TopK
from geosae.sae.model import WEIGHTS
from geosae.sae.training.train import train
from geosae.storage.structure import read_plain_record, write_record


def trained(gate, **knobs):
    return train(blobs(), TrainConfig(gate=gate, width=6, steps=30, log_every=10, **knobs), 7)


@pytest.fixture
def folder(tmp_path) -> Path:
    save(trained(TopK(k=2)), tmp_path / "sae")
    return tmp_path / "sae"


@pytest.mark.parametrize("gate", [ReLU(l1=0.1), TopK(k=2, aux_k=3)])
def test_a_run_comes_back_bit_for_bit(gate, tmp_path):
    run = trained(gate, baseline="frozen_decoder")
    save(run, tmp_path)
    back = load(tmp_path)
    for name in WEIGHTS:
        mine, theirs = getattr(run.sae, name), getattr(back.sae, name)
        assert mine.dtype == theirs.dtype
        assert torch.equal(mine, theirs)
    assert back.sae.gate == gate
    for field in ("config", "seed", "log", "metrics", "data_hash", "device"):
        assert getattr(back, field) == getattr(run, field)


def test_saving_twice_writes_the_same_bytes(folder, tmp_path):
    save(trained(TopK(k=2)), tmp_path / "again")
    for name in ("sae.safetensors", "card.json", "log.jsonl"):
        assert (folder / name).read_bytes() == (tmp_path / "again" / name).read_bytes()


def test_the_log_is_json_lines(folder):
    lines = (folder / "log.jsonl").read_text().splitlines()
    assert [json.loads(line)["step"] for line in lines] == [0, 10, 20, 30]


@pytest.mark.parametrize("name", ["sae.safetensors", "log.jsonl"])
@pytest.mark.parametrize("position", [0, 60, -1])
def test_one_flipped_bit_is_refused(folder, name, position):
    data = bytearray((folder / name).read_bytes())
    data[position] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(InvalidInput, match=f"{name} is not the file"):
        load(folder)


@pytest.mark.parametrize("name", ["sae.safetensors", "log.jsonl", "card.json"])
def test_a_missing_file_is_named(folder, name):
    (folder / name).unlink()
    with pytest.raises(InvalidInput, match=f"no file .*{name}"):
        load(folder)


def test_a_truncated_file_is_refused(folder):
    path = folder / "sae.safetensors"
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(InvalidInput, match="is not the file"):
        load(folder)
    (folder / "card.json").write_text((folder / "card.json").read_text()[:50])
    with pytest.raises(InvalidInput, match="not JSON"):
        load(folder)


def test_a_save_cut_short_over_another_run_is_refused(folder, tmp_path):
    save(trained(TopK(k=3)), tmp_path / "other")
    (folder / "sae.safetensors").write_bytes((tmp_path / "other" / "sae.safetensors").read_bytes())
    with pytest.raises(InvalidInput, match="is not the file"):
        load(folder)


def edit_card(folder, change):
    """Change the card and forge its hash, so that only what it says can betray the change."""
    card = read_plain_record(folder / "card.json")
    change(card)
    write_record(folder / "card.json", card)


@pytest.mark.parametrize("change", [{"seed": 4}, {"content_hash": "0" * 64}, {"data_hash": "a"}])
def test_an_edited_card_is_refused_with_the_remedy(folder, change):
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps(card | change))
    with pytest.raises(
        InvalidInput, match=r"card.json does not have the content hash(.|\n)*delete it: the same"
    ):
        load(folder)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda card: card.update(schema="geosae.sae/99"), "schema 'geosae.sae/99'"),
        (lambda card: card.pop("schema"), "schema None"),
        (lambda card: card.update(architecture="jumprelu"), "unknown architecture"),
        (lambda card: card.pop("seed"), "missing seed"),
        (lambda card: card.update(dtype="float16"), "dtype 'float16'"),
        (lambda card: card.update(dim=0), "dim 0"),
        (
            lambda card: card.update(dim=4),
            r"in sae.safetensors is .*; the card promises \(6, 4\)|promises \(4,\)",
        ),
        (lambda card: card.update(dtype="float64"), "promises .* of float64"),
        (lambda card: card["config"].update(width=5), r"in sae.safetensors is .*; the card promises \(5"),
        (lambda card: card["config"].update(bandwidth=0.1), "unknown key 'bandwidth'"),
        (
            lambda card: card["config"]["gate"].update(kind="batchtop"),
            "the kind 'batchtop', which is none of a gate",
        ),
        (lambda card: card["config"]["gate"].update(threshold=0.1), "unknown key 'threshold'"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_by_name(folder, change, match):
    edit_card(folder, change)
    with pytest.raises(InvalidInput, match=match):
        load(folder)


def rewrite_weights(folder, change):
    """Change the weights and forge the hash, so that only the content can betray the change."""
    import hashlib

    weights = safetensors.torch.load_file(folder / "sae.safetensors")
    change(weights)
    data = safetensors.torch.save(weights)
    (folder / "sae.safetensors").write_bytes(data)
    edit_card(
        folder, lambda card: card["files"].update({"sae.safetensors": hashlib.sha256(data).hexdigest()})
    )


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda w: w.update(threshold=torch.zeros(6)), "unknown threshold"),
        (lambda w: w.pop("b_pre"), "missing b_pre"),
        (lambda w: w.update(W_enc=w["W_enc"].T.contiguous()), r"W_enc .* \(3, 6\)"),
        (lambda w: w.update(b_dec=w["b_dec"].double()), "b_dec .* of float64"),
        (lambda w: w["b_enc"].fill_(float("inf")), "b_enc .* NaN or infinite"),
    ],
)
def test_foreign_weights_are_refused_by_name(folder, change, match):
    rewrite_weights(folder, change)
    with pytest.raises(InvalidInput, match=match):
        load(folder)


def test_a_loaded_sae_computes_what_it_computed(folder):
    points = torch.from_numpy(blobs()[:50].astype(np.float32))
    with torch.no_grad():
        assert torch.equal(load(str(folder)).sae(points), trained(TopK(k=2)).sae(points))
