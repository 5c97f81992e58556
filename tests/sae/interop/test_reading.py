"""Every format from files written here by keys, against formulas written out here."""

import json
from dataclasses import replace

import numpy as np
import pytest
import safetensors.torch
import torch
from sae.interop.foreign import DIM, WIDTH, assert_agree, numbers, points

import geosae
from geosae.analysis import AnalysisConfig
from geosae.analysis.phenomena import dead_and_dense
from geosae.data.dataset import ConceptDataset
from geosae.errors import InvalidInput
from geosae.sae.interop import FORMATS, NONE, ConstantFactor, LayerNorm, keep, read

ENC, DEC = numbers(WIDTH, DIM, seed=10), numbers(WIDTH, DIM, seed=11)
B_ENC, B_DEC = numbers(WIDTH, seed=12), numbers(DIM, seed=13)
THRESHOLD = numbers(WIDTH, seed=14).abs()
X = points()


def top(z: torch.Tensor, k: int) -> torch.Tensor:
    kept = z.topk(k, dim=1)
    return torch.zeros_like(z).scatter(1, kept.indices, kept.values.relu())


def jump(z: torch.Tensor, threshold: torch.Tensor | float) -> torch.Tensor:
    return z.relu() * (z > threshold)


def save(folder, name, weights, config=None, config_name="config.json"):
    # Copies: safetensors refuses tensors that share memory.
    weights = {
        key: held.clone().contiguous() if isinstance(held, torch.Tensor) else held
        for key, held in weights.items()
    }
    if name.endswith(".npz"):
        np.savez(folder / name, **{key: held.numpy() for key, held in weights.items()})
    elif name.endswith(".safetensors"):
        safetensors.torch.save_file(weights, folder / name)
    else:
        torch.save(weights, folder / name)
    if config is not None:
        (folder / config_name).write_text(json.dumps(config))
    return folder


OPENAI = {
    "pre_bias": B_DEC,
    "latent_bias": B_ENC,
    "encoder.weight": ENC,
    "decoder.weight": DEC.T,
    "stats_last_nonzero": torch.zeros(WIDTH, dtype=torch.long),
}
OPENAI_TOP = {**OPENAI, "activation": "TopK", "activation_state_dict": {"k": 3, "postact_fn": "ReLU"}}
LENS = {"W_enc": ENC.T, "W_dec": DEC, "b_enc": B_ENC, "b_dec": B_DEC}
LENS_CFG = {
    "architecture": "standard",
    "d_in": DIM,
    "d_sae": WIDTH,
    "dtype": "float32",
    "device": "cpu",
    "apply_b_dec_to_input": True,
    "normalize_activations": "none",
    "reshape_activations": "none",
    "metadata": {"sae_lens_version": "6.54.12"},
}
SPARSIFY = {"encoder.weight": ENC, "encoder.bias": B_ENC, "W_dec": DEC, "b_dec": B_DEC}
SPARSIFY_CFG = {"d_in": DIM, "num_latents": WIDTH, "k": 3, "activation": "topk", "transcode": False}
GEMMA = {"W_enc": ENC.T, "W_dec": DEC, "b_enc": B_ENC, "b_dec": B_DEC, "threshold": THRESHOLD}
SCRIPT_CFG = {"act_size": DIM, "dict_size": WIDTH, "top_k": 3, "input_unit_norm": False, "lr": 1e-4}
DICTIONARY = {"encoder.weight": ENC, "encoder.bias": B_ENC, "decoder.weight": DEC.T, "b_dec": B_DEC}
DICTIONARY = {**DICTIONARY, "k": torch.tensor(3, dtype=torch.int), "threshold": torch.tensor(0.8)}


def lens(folder, weights=LENS, **config):
    return save(folder, "sae_weights.safetensors", weights, LENS_CFG | config, "cfg.json")


def script(folder, kind, **more):
    return save(folder, "sae.pt", LENS | more, SCRIPT_CFG | {"sae_type": kind})


def dictionary(folder, name, **more):
    trainer = {"dict_class": name, "activation_dim": DIM, "dict_size": WIDTH, "k": 3}
    return save(folder, "ae.pt", DICTIONARY | more, {"trainer": trainer})


def rows(x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    mean, std = x.mean(dim=1, keepdim=True), x.std(dim=1, keepdim=True)
    return (x - mean) / (std + 1e-5), mean, std


def z_tied(x: torch.Tensor = X) -> torch.Tensor:
    return (x - B_DEC) @ ENC.T + B_ENC


def test_openai_relu(tmp_path):
    acts = z_tied().relu()
    imported = read(save(tmp_path, "0.pt", {**OPENAI, "activation": "ReLU"}))
    assert (imported.source.format, imported.normalisation) == ("openai", NONE)
    assert_agree(imported, X, acts, acts @ DEC + B_DEC)


def test_openai_top_k_normalises_every_row(tmp_path):
    inside, mean, std = rows(X)
    acts = top(z_tied(inside), 3)
    imported = read(save(tmp_path, "0.pt", OPENAI_TOP))
    assert imported.normalisation == LayerNorm()
    assert "mean 0" in imported.normalisation.space
    assert_agree(imported, X, acts, (acts @ DEC + B_DEC) * std + mean)


def test_openai_keys_written_twice(tmp_path):
    save(tmp_path, "0.pt", {**OPENAI_TOP, "activation.k": 3, "activation.postact_fn": "ReLU"})
    assert read(tmp_path).sae.gate.sparsity == 3
    save(tmp_path, "0.pt", {**OPENAI_TOP, "activation.k": 4})
    with pytest.raises(InvalidInput, match=r"\[3, 4\] for k"):
        read(tmp_path)


def test_saelens_standard_and_jumprelu(tmp_path):
    acts = z_tied().relu()
    assert_agree(read(lens(tmp_path)), X, acts, acts @ DEC + B_DEC)
    bare = X @ ENC.T + B_ENC
    lens(tmp_path, {**LENS, "threshold": THRESHOLD}, architecture="jumprelu", apply_b_dec_to_input=False)
    assert_agree(read(tmp_path), X, jump(bare, THRESHOLD), jump(bare, THRESHOLD) @ DEC + B_DEC)


def test_saelens_rescaled_top_k(tmp_path):
    norms = DEC.norm(dim=1)
    acts = top(z_tied() * norms, 3)
    imported = read(lens(tmp_path, architecture="topk", k=3, rescale_acts_by_decoder_norm=True))
    assert_agree(imported, X, acts, (acts / norms) @ DEC + B_DEC)
    assert any("folded" in note for note in imported.notes)


def test_saelens_gated(tmp_path):
    b_mag, r_mag = numbers(WIDTH, seed=20), numbers(WIDTH, seed=21, scale=0.3)
    weights = {key: LENS[key] for key in ("W_enc", "W_dec", "b_dec")}
    lens(tmp_path, {**weights, "b_gate": B_ENC, "b_mag": b_mag, "r_mag": r_mag}, architecture="gated")
    inner = (X - B_DEC) @ ENC.T
    acts = (r_mag.exp() * inner + b_mag).relu() * (inner + B_ENC > 0)
    assert_agree(read(tmp_path), X, acts, acts @ DEC + B_DEC)


def test_saelens_before_6(tmp_path):
    flat = {"d_in": DIM, "d_sae": WIDTH, "hook_point_layer": 3, "l1_coefficient": 1e-3}
    flat |= {
        "activation_fn_str": "topk",
        "activation_fn_kwargs": {"k": 3},
        "normalize_activations": "layer_norm",
    }
    save(tmp_path, "sae_weights.safetensors", {**LENS, "scaling_factor": torch.ones(WIDTH)}, flat, "cfg.json")
    imported = read(tmp_path)
    assert (imported.source.format, imported.source.architecture) == ("saelens-legacy", "topk")
    assert imported.source.unread == ("l1_coefficient",)
    assert (imported.card.l0, imported.card.place) == (3, "hook_point_layer 3")
    inside, mean, std = rows(X)
    acts = top(z_tied(inside), 3)
    assert_agree(imported, X, acts, (acts @ DEC + B_DEC) * std + mean)


def test_saelens_before_6_with_a_finetuned_scale(tmp_path):
    factor = numbers(WIDTH, seed=22).abs()
    flat = {"d_in": DIM, "d_sae": WIDTH, "finetuning_scaling_factor": True, "normalize_activations": True}
    save(tmp_path, "sae_weights.safetensors", {**LENS, "scaling_factor": factor}, flat, "cfg.json")
    imported = read(tmp_path, scale=2.0)
    assert imported.normalisation == ConstantFactor(2.0)
    acts = z_tied(2 * X).relu()
    assert_agree(imported, X, acts, ((acts * factor) @ DEC + B_DEC) / 2)
    (tmp_path / "cfg.json").write_text(json.dumps({**flat, "finetuning_scaling_factor": False}))
    with pytest.raises(InvalidInput, match="scaling_factor other than 1"):
        read(tmp_path, scale=2.0)


def test_dictionary_learning(tmp_path):
    acts = top(z_tied(), 3)
    assert_agree(read(dictionary(tmp_path, "AutoEncoderTopK")), X, acts, acts @ DEC + B_DEC)
    acts = jump(z_tied(), 0.8)
    assert_agree(read(dictionary(tmp_path, "BatchTopKSAE")), X, acts, acts @ DEC + B_DEC)


def test_dictionary_learning_classes_subtract_their_bias_or_do_not(tmp_path):
    linear = {"encoder.weight": ENC, "decoder.weight": DEC.T}
    bare, r_mag, b_mag = X @ ENC.T + B_ENC, numbers(WIDTH, seed=21, scale=0.3), numbers(WIDTH, seed=20)
    inner = (X - B_DEC) @ ENC.T
    gated = {"decoder_bias": B_DEC, "gate_bias": B_ENC, "mag_bias": b_mag, "r_mag": r_mag}
    grouped = {"k": torch.tensor(3), "threshold": torch.tensor(0.8), "group_sizes": torch.tensor([5, 15])}
    for name, weights, acts in (
        ("AutoEncoder", {**linear, "encoder.bias": B_ENC, "bias": B_DEC}, z_tied().relu()),
        ("AutoEncoderNew", {**linear, "encoder.bias": B_ENC, "decoder.bias": B_DEC}, bare.relu()),
        ("JumpReluAutoEncoder", {**LENS, "threshold": THRESHOLD}, jump(bare, THRESHOLD)),
        ("MatryoshkaBatchTopKSAE", {**LENS, **grouped}, jump(z_tied(), 0.8)),
        ("GatedAutoEncoder", {**linear, **gated}, (r_mag.exp() * inner + b_mag).relu() * (inner + B_ENC > 0)),
    ):
        imported = read(save(tmp_path, "ae.pt", weights, {"trainer": {"dict_class": name}}))
        assert (imported.source.format, imported.source.architecture) == ("dictionary-learning", name)
        assert_agree(imported, X, acts, acts @ DEC + B_DEC)


@pytest.mark.parametrize("size", [{"num_latents": WIDTH}, {"num_latents": 0, "expansion_factor": 5}])
def test_sparsify(size, tmp_path):
    wide = 5 * DIM if size["num_latents"] == 0 else WIDTH
    more = wide - WIDTH
    weights = {
        "encoder.weight": torch.cat([ENC, numbers(more, DIM, seed=30)]),
        "encoder.bias": torch.cat([B_ENC, numbers(more, seed=31)]),
        "W_dec": torch.cat([DEC, numbers(more, DIM, seed=32)]),
        "b_dec": B_DEC,
    }
    save(tmp_path, "sae.safetensors", weights, SPARSIFY_CFG | size, "cfg.json")
    acts = top((X - B_DEC) @ weights["encoder.weight"].T + weights["encoder.bias"], 3)
    assert_agree(read(tmp_path), X, acts, acts @ weights["W_dec"] + B_DEC)


@pytest.mark.parametrize("small", [True, False])
def test_gemma_scope(small, tmp_path):
    weights = {key.lower() if small and key.startswith("W") else key: held for key, held in GEMMA.items()}
    imported = read(save(tmp_path, "params.npz", weights))
    assert imported.source.format == "gemma-scope"
    acts = jump(X @ ENC.T + B_ENC, THRESHOLD)
    assert_agree(imported, X, acts, acts @ DEC + B_DEC)


def test_gemma_scope_embeddings_are_told_by_the_path(tmp_path):
    folder = tmp_path / "embedding" / "width_4k"
    folder.mkdir(parents=True)
    root = DIM**0.5
    acts = jump(X @ (ENC / root).T + B_ENC, THRESHOLD)
    assert_agree(read(save(folder, "params.npz", GEMMA)), X, acts, acts @ (DEC * root) + B_DEC)
    plain = read(folder, embedding=False)
    assert torch.equal(plain.sae.W_dec, DEC)


def test_gemma_scope_2(tmp_path):
    weights = {key.lower(): held for key, held in GEMMA.items()}
    config = {"architecture": "jump_relu", "hf_hook_point_in": "model.layers.3.output", "width": WIDTH}
    imported = read(save(tmp_path, "params.safetensors", weights, config))
    assert imported.source.format == "gemma-scope-2"
    acts = jump(X @ ENC.T + B_ENC, THRESHOLD)
    assert_agree(imported, X, acts, acts @ DEC + B_DEC)


def test_batchtopk_scripts(tmp_path):
    plain = (X - B_DEC) @ ENC.T
    for kind, more, acts in (
        ("vanilla", {}, z_tied().relu()),
        ("topk", {}, top(plain, 3)),
        ("batchtopk", {"threshold": torch.tensor(1.5)}, jump(plain, 1.5)),
    ):
        imported = read(script(tmp_path, kind, **more))
        assert (imported.source.format, imported.source.architecture) == ("batchtopk", kind)
        assert_agree(imported, X, acts, acts @ DEC + B_DEC)
    log = {"jumprelu.log_threshold": THRESHOLD.log()}
    acts = jump(X @ ENC.T + B_ENC, THRESHOLD)
    assert_agree(read(script(tmp_path, "jumprelu", **log)), X, acts, acts @ DEC + B_DEC)


def test_matryoshka_script_with_normalised_rows(tmp_path):
    script(tmp_path, "global-matryoshka-topk", threshold=torch.tensor(0.7))
    config = SCRIPT_CFG | {
        "sae_type": "global-matryoshka-topk",
        "group_sizes": "[5, 5, 10]",
        "input_unit_norm": True,
    }
    (tmp_path / "config.json").write_text(json.dumps(config))
    imported = read(tmp_path)
    assert imported.sae.gate.prefixes(WIDTH) == (5, 10, 20)
    inside, mean, std = rows(X)
    acts = jump((inside - B_DEC) @ ENC.T, 0.7)
    assert_agree(imported, X, acts, (acts @ DEC + B_DEC) * std + mean)


def test_overcomplete(tmp_path):
    atoms = DEC / DEC.norm(dim=1, keepdim=True)
    weights = {
        "encoder.final_block.0.weight": ENC,
        "encoder.final_block.0.bias": B_ENC,
        "dictionary._weights": atoms,
        "dictionary.multiplier": torch.tensor(0.4),
    }
    imported = read(save(tmp_path, "weights.pt", weights), architecture="topk", k=3)
    acts, z = top(X @ ENC.T + B_ENC, 3), X @ ENC.T + B_ENC
    assert_agree(imported, X, acts, acts @ (atoms * np.exp(0.4)))
    save(tmp_path, "weights.pt", {**weights, "thresholds": THRESHOLD.log()})
    acts = z * (z >= THRESHOLD.log().exp())
    assert_agree(read(tmp_path), X, acts, acts @ (atoms * np.exp(0.4)))


def test_a_threshold_reached_exactly_counts_in_overcomplete(tmp_path):
    weights = {
        "encoder.weight": torch.eye(2),
        "dictionary._weights": torch.eye(2),
        "dictionary.multiplier": torch.tensor(0.0),
        "thresholds": torch.zeros(2),
    }
    imported = read(save(tmp_path, "weights.pt", weights))
    assert imported.activations(np.array([[1.0, 0.999]])).tolist() == [[1.0, 0.0]]


def test_every_format_has_been_read_above():
    tested = {"openai", "saelens", "saelens-legacy", "dictionary-learning", "sparsify", "gemma-scope"}
    assert set(FORMATS) == tested | {"gemma-scope-2", "batchtopk", "overcomplete"}


def test_an_imported_sae_is_analysed_in_its_own_space(tmp_path):
    imported = read(save(tmp_path, "0.pt", OPENAI_TOP))
    x = X.double().numpy()
    data = ConceptDataset(x, np.stack([x[:, 0] > 0, x[:, 1] > 1], axis=1), ("right", "high"))
    prepared = imported.prepare_dataset(data)
    np.testing.assert_allclose(prepared.points.mean(axis=1), 0, atol=1e-12)
    assert prepared.provenance["normalisation"]["kind"] == "layer_norm"
    assert prepared.names == data.names
    alignment = geosae.analyse(imported.sae, prepared, AnalysisConfig(ambient_samples=100))
    assert alignment.l0 == pytest.approx(3, abs=0.1)
    # Handed in as it was read, it is prepared in the same way; what cannot prepare it refuses it.
    whole = geosae.analyse(imported, data, AnalysisConfig(ambient_samples=100))
    assert (whole.fvu, whole.l0) == (alignment.fvu, alignment.l0)
    assert whole.fvu != geosae.analyse(imported.sae, data, AnalysisConfig(ambient_samples=100)).fvu
    with pytest.raises(InvalidInput, match=r"read normalised points \(layer_norm\)"):
        dead_and_dense(imported.neurons, data)


def test_kept_and_read_again(tmp_path):
    imported = read(save(tmp_path, "0.pt", OPENAI_TOP))
    keep(imported, tmp_path / "kept")
    back = read(tmp_path / "kept")
    assert (back.source, back.normalisation, back.notes) == (
        imported.source,
        imported.normalisation,
        imported.notes,
    )
    assert back.sae.gate == imported.sae.gate
    for name in imported.sae.names:
        assert torch.equal(getattr(back.sae, name), getattr(imported.sae, name))
    weights = bytearray((tmp_path / "kept" / "sae.safetensors").read_bytes())
    weights[-1] ^= 1
    (tmp_path / "kept" / "sae.safetensors").write_bytes(weights)
    with pytest.raises(InvalidInput, match=r"imported\.json describes"):
        read(tmp_path / "kept")


def test_source_names_files_and_hashes(tmp_path):
    source = read(lens(tmp_path)).source
    assert [name for name, _ in source.files] == ["sae_weights.safetensors", "cfg.json"]
    assert all(len(digest) == 64 for _, digest in source.files)
    assert replace(source, files=()).files == ()
