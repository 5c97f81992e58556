import json

import numpy as np
import pytest
import torch
from cli.command import call
from sae.interop.test_reading import B_DEC, B_ENC, DEC, DIM, ENC, OPENAI_TOP, WIDTH, save

import geosae
from geosae.data.fvu import fvu
from geosae.errors import InvalidInput
from geosae.sae import TopK, TrainConfig
from geosae.sae.interop import Imported, LayerNorm, read


@pytest.fixture
def shell(monkeypatch, capsys):
    return lambda *arguments: call(monkeypatch, capsys, *arguments)


def test_openai_to_saelens_keeps_the_normalisation(shell, tmp_path):
    save(tmp_path, "0.pt", OPENAI_TOP)
    code, shown, errors = shell("convert", tmp_path / "0.pt", tmp_path / "out", "--to", "saelens")
    assert (code, errors) == (0, "")
    for said in (
        "openai, architecture TopK",
        "0.pt (SHA-256",
        f"dimension {DIM}, {WIDTH} neurons, float32",
        "topk {'k': 3}, relative gating",
        "Top-K: neurons are decided against one another, at most 3 at a point",
        "declared   L0 3 (k of 0.pt)",
        "normalisation layer_norm {'eps': 1e-05}",
        "rows with mean 0",
        "cfg.json, sae_weights.safetensors",
    ):
        assert said in shown
    assert json.loads((tmp_path / "out" / "cfg.json").read_text())["normalize_activations"] == "layer_norm"
    back, x = read(tmp_path / "out"), np.random.default_rng(0).standard_normal((20, DIM))
    assert back.normalisation == LayerNorm()
    np.testing.assert_allclose(back.reconstruct(x), read(tmp_path / "0.pt").reconstruct(x), atol=1e-5)


def test_kept_in_geosaes_form_and_analysed(shell, tmp_path):
    save(tmp_path, "0.pt", OPENAI_TOP)
    assert shell("convert", tmp_path / "0.pt", tmp_path / "sae", "--to", "geosae")[0] == 0
    assert read(tmp_path / "sae").normalisation == LayerNorm()
    loaded = geosae.load(tmp_path / "sae")
    assert isinstance(loaded, Imported)
    geosae.save(loaded, tmp_path / "again")
    for name in ("sae.safetensors", "imported.json"):
        assert (tmp_path / "again" / name).read_bytes() == (tmp_path / "sae" / name).read_bytes()
    with pytest.raises(InvalidInput, match="a bare SparseAutoencoder cannot be saved"):
        geosae.save(loaded.sae, tmp_path / "bare")
    assert not (tmp_path / "bare").exists()
    x = np.random.default_rng(0).standard_normal((300, DIM))
    np.save(tmp_path / "points.npy", x)
    np.save(tmp_path / "member.npy", np.stack([x[:, 0] > 0, x[:, 1] > 0], axis=1))
    member = ("--membership", tmp_path / "member.npy", "-o", tmp_path / "analysis")
    code, shown, errors = shell("analyse", tmp_path / "sae", tmp_path / "points.npy", *member)
    assert code == 0
    assert "neurons live in the space of rows with mean 0" in errors
    assert "L0 3.0" in shown
    assert (tmp_path / "analysis" / "concepts.csv").is_file()


def test_what_the_files_do_not_say_is_set(shell, tmp_path):
    weights = {
        "encoder.final_block.0.weight": ENC,
        "encoder.final_block.0.bias": B_ENC,
        "dictionary._weights": DEC / DEC.norm(dim=1, keepdim=True),
        "dictionary.multiplier": torch.tensor(0.0),
    }
    save(tmp_path, "weights.pt", weights)
    order = ("convert", tmp_path / "weights.pt", tmp_path / "out", "--to", "saelens")
    code, _, errors = shell(*order)
    assert code == 2
    assert "does not tell SAE, TopKSAE and BatchTopKSAE apart" in errors
    code, shown, _ = shell(*order, "--set", "architecture=topk", "--set", "k=3")
    assert code == 0
    assert "as the user says" in shown
    config = json.loads((tmp_path / "out" / "cfg.json").read_text())
    assert (config["architecture"], config["k"]) == ("topk", 3)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("--to", "onnx"), "no form 'onnx'"),
        (("--to", "saelens", "--from", "opennai"), "no format 'opennai'"),
        (("--to", "saelens", "--set", "k=3"), "no setting 'k'"),
    ],
)
def test_refusals_say_why_and_write_nothing(arguments, why, shell, tmp_path):
    save(tmp_path, "0.pt", OPENAI_TOP)
    code, _, errors = shell("convert", tmp_path / "0.pt", tmp_path / "out", *arguments)
    assert code == 2
    assert why in errors
    assert not (tmp_path / "out").exists()


def test_a_folder_with_files_is_not_written_to(shell, tmp_path):
    save(tmp_path, "0.pt", {"pre_bias": B_DEC})
    code, _, errors = shell("convert", tmp_path / "0.pt", tmp_path, "--to", "saelens")
    assert code == 2
    assert "not an empty folder" in errors


def test_the_card_is_held_against_the_points_before_the_analysis(shell, tmp_path):
    config = {
        "sae_type": "batchtopk",
        "act_size": DIM,
        "dict_size": WIDTH,
        "top_k": 1,
        "input_unit_norm": True,
    }
    weights = {"W_enc": ENC.T, "W_dec": DEC, "b_enc": B_ENC, "b_dec": B_DEC, "threshold": torch.tensor(0.8)}
    (tmp_path / "sae").mkdir()
    save(tmp_path / "sae", "sae.pt", weights, config)
    x = np.random.default_rng(0).standard_normal((300, DIM))
    np.save(tmp_path / "points.npy", x)
    np.save(tmp_path / "member.npy", np.stack([x[:, 0] > 0, x[:, 1] > 0], axis=1))
    member = ("--membership", tmp_path / "member.npy", "-o", tmp_path / "analysis")
    code, shown, errors = shell("analyse", tmp_path / "sae", tmp_path / "points.npy", *member)
    assert code == 0
    imported = read(tmp_path / "sae")
    l0 = imported.fires(x).sum(axis=1).mean()
    head = shown[: shown.index("At tolerance")]
    assert head.splitlines()[0] == "batchtopk: BatchTopK: a neuron fires where z > 0.8; points pass through"
    assert f"on 300 of the points: L0 {l0:.4g}, FVU {fvu(x, imported.reconstruct(x)):.3g} (" in head
    assert "its files say: L0 1 (top_k of config.json)" in head
    assert "by another rule, z > 0 alone: L0 " in head
    assert "by another rule, the 1 largest of each point: L0 1, FVU" in head
    assert f"warning: L0 apart: mean L0 {l0:.4g} on these points, and the card says 1" in errors
    printed = [*head.splitlines(), *errors[errors.index("warning: L0") : errors.index("note:")].splitlines()]
    assert max(map(len, printed)) <= 80
    # Nothing of the kind for an SAE of geosae's own.
    geosae.save(geosae.train(x, TrainConfig(TopK(2), 8, steps=3), 0), tmp_path / "own")
    code, shown, _ = shell("analyse", tmp_path / "own", tmp_path / "points.npy", *member)
    assert code == 0
    assert "its files say" not in shown
