"""Silent misloads are the worst failure that users report: each way into one is refused by name here."""

import json

import numpy as np
import pytest
import torch
from sae.interop.foreign import DIM, WIDTH, numbers, points
from sae.interop.test_reading import (
    DEC,
    DICTIONARY,
    ENC,
    GEMMA,
    LENS,
    LENS_CFG,
    OPENAI,
    OPENAI_TOP,
    SCRIPT_CFG,
    SPARSIFY,
    SPARSIFY_CFG,
    THRESHOLD,
    dictionary,
    lens,
    save,
    script,
)

from geosae.errors import InvalidInput
from geosae.sae.interop import read

TOP = {"architecture": "topk", "k": 3}


def refused(path, match, *names, **settings):
    with pytest.raises(InvalidInput, match=match):
        read(path, *names, **settings)


def test_a_threshold_is_never_dropped(tmp_path):
    """BatchTopK weights once loaded as a ReLU SAE, the threshold silently ignored."""
    refused(lens(tmp_path, {**LENS, "threshold": THRESHOLD}), "weight threshold is unknown")
    flat = {"d_in": DIM, "d_sae": WIDTH}
    save(tmp_path, "sae_weights.safetensors", {**LENS, "threshold": THRESHOLD}, flat, "cfg.json")
    refused(tmp_path, "weight threshold is unknown")
    scalar = {**LENS, "topk_threshold": torch.tensor(1.0, dtype=torch.double)}
    refused(lens(tmp_path, scalar), "weight topk_threshold is unknown")
    refused(lens(tmp_path, LENS, architecture="batchtopk", k=3), "comes without topk_threshold")
    scalar["topk_threshold"] = torch.tensor(0.0, dtype=torch.double)
    refused(lens(tmp_path, scalar, architecture="batchtopk", k=3), "never learned")


def test_top_k_is_never_a_relu(tmp_path):
    """Top-K SAEs once loaded as ReLU, with 600 active neurons for 80."""
    refused(lens(tmp_path, architecture="standard", k=3), "key k is unknown")
    refused(lens(tmp_path, architecture="topk"), "k is None")
    flat = {"d_in": DIM, "d_sae": WIDTH, "activation_fn": "topk"}
    save(tmp_path, "sae_weights.safetensors", LENS, flat, "cfg.json")
    refused(tmp_path, "without 'k'")
    (tmp_path / "cfg.json").write_text(json.dumps(flat | {"activation_fn": "tanh-relu"}))
    refused(tmp_path, "'tanh-relu' does not go with")
    refused(save(tmp_path, "0.pt", OPENAI), "weights files")


def test_openai_activations(tmp_path):
    refused(save(tmp_path, "0.pt", {**OPENAI, "activation": "Identity"}), "'Identity' cannot be read")
    refused(save(tmp_path, "0.pt", {**OPENAI, "activation": "Swish"}), "'Swish' cannot be read")
    refused(save(tmp_path, "0.pt", {**OPENAI, "activation": "TopK"}), "no 'activation_state_dict'")
    state = {"activation_state_dict": {"k": 3, "postact_fn": "Identity"}}
    refused(save(tmp_path, "0.pt", {**OPENAI_TOP, **state}), "followed by 'Identity'")
    refused(save(tmp_path, "0.pt", {**OPENAI, "activation_state_dict": {"k": 3}}), "no 'activation'")
    refused(save(tmp_path, "0.pt", {**OPENAI, "activation": "ReLU", "extra": 1}), "entry extra is unknown")
    assert "names no activation" in read(save(tmp_path, "0.pt", OPENAI)).notes[0]


@pytest.mark.parametrize("k", [0, -1, WIDTH + 1, 2.5, "3", True, None])
def test_a_wrong_k_is_refused(k, tmp_path):
    refused(lens(tmp_path, architecture="topk", k=k), "k is")
    (tmp_path / "sae_weights.safetensors").unlink()
    save(tmp_path, "sae.safetensors", SPARSIFY, SPARSIFY_CFG | {"k": k}, "cfg.json")
    refused(tmp_path, "k is")


def test_two_values_of_k_are_refused(tmp_path):
    refused(dictionary(tmp_path, "AutoEncoderTopK", k=torch.tensor(4)), "4 and 3 for k")


def test_a_transposed_matrix_is_turned_round_and_said(tmp_path):
    x = points().double().numpy()
    plain = read(lens(tmp_path)).activations(x)
    for turned in ({"W_enc": ENC}, {"W_dec": DEC.T}, {"W_enc": ENC, "W_dec": DEC.T}):
        imported = read(lens(tmp_path, {**LENS, **turned}))
        np.testing.assert_array_equal(imported.activations(x), plain)
        assert len(imported.notes) == len(turned)
        assert all("against the format's documented" in note for note in imported.notes)


def test_a_square_matrix_is_read_as_documented(tmp_path):
    square, bias = numbers(DIM, DIM, seed=3), torch.zeros(DIM)
    weights = {"W_enc": square, "W_dec": square, "b_enc": bias, "b_dec": bias}
    imported = read(lens(tmp_path, weights, d_sae=DIM))
    assert torch.equal(imported.sae.W_enc, square.T)
    assert torch.equal(imported.sae.W_dec, square)
    assert imported.notes == ()


def test_a_matrix_that_fits_neither_way_is_refused(tmp_path):
    refused(lens(tmp_path, {**LENS, "W_enc": ENC[:-1].T}), "W_enc has shape")
    refused(lens(tmp_path, d_in=DIM + 1), "b_dec has shape")
    refused(lens(tmp_path, d_sae=DIM, d_in=WIDTH), "b_enc has shape")


def test_a_missing_architecture(tmp_path):
    save(tmp_path, "sae_weights.safetensors", LENS, LENS_CFG, "cfg.json")
    config = {key: held for key, held in LENS_CFG.items() if key != "architecture"}
    (tmp_path / "cfg.json").write_text(json.dumps(config))
    refused(tmp_path, "without 'architecture'")
    # Before version 6 it meant standard.
    (tmp_path / "cfg.json").write_text(json.dumps({**config, "metadata": {}}))
    assert read(tmp_path).source.architecture == "standard"


@pytest.mark.parametrize("name", ["skip_transcoder", "temporal", "topkk"])
def test_unknown_and_foreign_architectures(name, tmp_path):
    refused(lens(tmp_path, architecture=name), name)


def test_extra_keys_are_named_and_can_be_declared_harmless(tmp_path):
    lens(tmp_path, model_name="gpt2", finetuned=True)
    refused(tmp_path, "key finetuned, model_name is unknown")
    with pytest.raises(InvalidInput, match="key finetuned is unknown"):
        read(tmp_path, ignore=["model_name"])
    assert read(tmp_path, ignore=["model_name", "finetuned"]).source.unread == ("finetuned", "model_name")


def test_a_run_record_is_not_a_schema(tmp_path):
    """Flat configurations of old training runs hold a hundred keys; what was not read is listed."""
    flat = {"d_in": DIM, "d_sae": WIDTH, "wandb_project": "x", "feature_sampling_window": 1000}
    save(tmp_path, "sae_weights.safetensors", LENS, flat, "cfg.json")
    assert read(tmp_path).source.unread == ("feature_sampling_window", "wandb_project")


def test_unknown_weights_are_named(tmp_path):
    refused(lens(tmp_path, {**LENS, "W_skip": ENC}), "weight W_skip is unknown")
    refused(
        lens(tmp_path, {key: held for key, held in LENS.items() if key != "b_enc"}), "comes without b_enc"
    )


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_weights_that_are_not_finite(bad, tmp_path):
    b_enc = LENS["b_enc"].clone()
    b_enc[3] = bad
    refused(lens(tmp_path, {**LENS, "b_enc": b_enc}), "b_enc holds NaN or infinite")


@pytest.mark.parametrize(
    ("name", "why"),
    [("covariance_whitening", "whitened"), ("expected_average_only_in", "scale="), ("rms", "unknown here")],
)
def test_normalisations_that_the_files_do_not_hold(name, why, tmp_path):
    refused(lens(tmp_path, normalize_activations=name), why)


def test_a_scale_where_there_is_none(tmp_path):
    refused(lens(tmp_path), "takes no scale", scale=2.0)


def test_dictionary_learning(tmp_path):
    refused(dictionary(tmp_path, "BatchTopKSAE", threshold=torch.tensor(-1.0)), "never set")
    old = {key: held for key, held in DICTIONARY.items() if key != "threshold"}
    trainer = {"dict_class": "BatchTopKSAE", "k": 3}
    refused(
        save(tmp_path, "ae.pt", old, {"trainer": trainer}), "threshold of BatchTopKSAE at inference is absent"
    )
    refused(dictionary(tmp_path, "CrossCoder"), "'CrossCoder' is unknown")
    refused(dictionary(tmp_path, "GatedAutoEncoder"), "is unknown")
    transcoder = {"trainer": {"dict_class": "AutoEncoderTopK", "k": 3}, "buffer": {"io": "in_and_out"}}
    refused(save(tmp_path, "ae.pt", DICTIONARY, transcoder), "transcoder")


def test_batchtopk_scripts(tmp_path):
    refused(script(tmp_path, "batchtopk"), "without the threshold")
    refused(script(tmp_path, "batchtopk", threshold=torch.tensor(0.0)), "never learned")
    refused(script(tmp_path, "maxpool"), "'maxpool' is unknown")
    for key, held, kind in (
        ("input_unit_norm", True, "vanilla"),
        ("activation", "gelu", "topk"),
        ("tied_weights", True, "topk"),
    ):
        save(tmp_path, "sae.pt", LENS, SCRIPT_CFG | {"sae_type": kind, key: held})
        refused(tmp_path, key if key != "activation" else "'gelu'")


def test_sparsify(tmp_path):
    save(tmp_path, "sae.safetensors", {**SPARSIFY, "W_skip": ENC}, SPARSIFY_CFG, "cfg.json")
    refused(tmp_path, "skip connection")
    for key in ("transcode", "skip_connection", "signed"):
        save(tmp_path, "sae.safetensors", SPARSIFY, SPARSIFY_CFG | {key: True}, "cfg.json")
        refused(tmp_path, f"'{key}' is true")
    save(tmp_path, "sae.safetensors", SPARSIFY, SPARSIFY_CFG | {"new_switch": 1}, "cfg.json")
    refused(tmp_path, "key new_switch is unknown")


def test_gemma_scope(tmp_path):
    small = {key.lower(): held for key, held in GEMMA.items()}
    affine = {**small, "affine_skip_connection": torch.zeros(DIM, DIM)}
    refused(save(tmp_path, "params.safetensors", affine, {"architecture": "jump_relu"}), "affine skip")
    save(tmp_path, "params.safetensors", small, {"architecture": "batch_topk"})
    refused(tmp_path, "'batch_topk' is unknown")
    out = {"architecture": "jump_relu", "hf_hook_point_in": "a", "hf_hook_point_out": "b"}
    refused(save(tmp_path, "params.safetensors", small, out), "is a transcoder")
    folder = tmp_path / "gemma-scope-2b-pt-transcoders"
    folder.mkdir()
    refused(save(folder, "params.npz", GEMMA), "folder of transcoders")


def test_overcomplete(tmp_path):
    weights = {
        "encoder.final_block.0.weight": ENC,
        "encoder.final_block.0.bias": LENS["b_enc"],
        "dictionary._weights": DEC / DEC.norm(dim=1, keepdim=True),
        "dictionary.multiplier": torch.tensor(0.0),
    }
    save(tmp_path, "weights.pt", weights)
    refused(tmp_path, "does not tell SAE, TopKSAE and BatchTopKSAE apart")
    refused(tmp_path, "without 'k'", architecture="topk")
    refused(tmp_path, "without 'threshold'", architecture="batchtopk", k=3)
    refused(tmp_path, "has no setting 'top_k'", architecture="topk", top_k=3)
    save(tmp_path, "weights.pt", {**weights, "dictionary._weights": 2 * DEC})
    refused(tmp_path, "have not norm 1", architecture="topk", k=3)
    refused(save(tmp_path, "weights.pt", {**weights, "Q": torch.zeros(4)}), "QSAE")


class Module(torch.nn.Linear):
    """Stands for a class of a library that is not installed here."""


def test_nothing_is_unpickled(tmp_path):
    torch.save(Module(2, 3), tmp_path / "sae.pt")
    refused(tmp_path, r"state_dict\(\)")
    (tmp_path / "sae.pt").unlink()
    np.savez(tmp_path / "params.npz", threshold=np.array([{}], dtype=object))
    refused(tmp_path, "cannot be read")


@pytest.mark.parametrize("name", ["sae.pt", "params.npz", "sae_weights.safetensors", "weights.txt"])
def test_damaged_files(name, tmp_path):
    (tmp_path / name).write_bytes(b"not weights")
    refused(tmp_path / name, "cannot be read|no weights file|Python objects")


def test_what_is_no_dictionary_of_weights(tmp_path):
    torch.save([ENC], tmp_path / "sae.pt")
    refused(tmp_path, "holds a list")


def test_where_there_is_nothing_or_too_much(tmp_path):
    refused(tmp_path / "absent", "no file or folder")
    refused(tmp_path, "holds 0 weights files")
    save(tmp_path, "a.pt", OPENAI)
    save(tmp_path, "b.pt", OPENAI)
    refused(tmp_path, r"holds 2 weights files \(a.pt, b.pt\)")
    assert read(tmp_path / "a.pt").source.format == "openai"
    refused(tmp_path / "a.pt", "no format 'opennai'", "opennai")


def test_formats_that_are_not_known(tmp_path):
    spade = {"Ae": ENC, "Ad": DEC.T, "be": torch.zeros(1, WIDTH), "bd": torch.zeros(1, DIM)}
    refused(save(tmp_path, "sae.pt", spade), "no format known here; its keys are Ad, Ae, bd, be")
    qwen = {"W_enc": ENC, "W_dec": DEC.T, "b_enc": LENS["b_enc"], "b_dec": LENS["b_dec"]}
    refused(save(tmp_path, "sae.pt", qwen), "no format known here")
    llama = {
        "encoder.weight": ENC,
        "encoder.bias": LENS["b_enc"],
        "decoder.weight": DEC.T,
        "decoder.bias": LENS["b_dec"],
    }
    refused(save(tmp_path, "sae.pt", {**llama, "log_jumprelu_threshold": THRESHOLD}), "fits no class")
