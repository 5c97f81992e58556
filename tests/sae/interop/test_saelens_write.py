"""What is written for SAELens is read back as the same SAE, here without SAELens."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
from sae.interop.foreign import DIM, WIDTH, numbers
from sae.interop.test_reading import DEC, ENC, LENS, OPENAI_TOP, lens, save

from geosae.errors import InvalidInput
from geosae.sae.config import TrainConfig
from geosae.sae.gates import (
    AbsTopK,
    BatchTopK,
    Gated,
    JumpReLU,
    MatchingPursuit,
    Matryoshka,
    ReLU,
    SpaDE,
    TopK,
)
from geosae.sae.interop import FORMATS, NONE, ConstantFactor, Imported, Source, read, write_saelens
from geosae.sae.training.train import train

PAGE = (Path(__file__).parents[3] / "docs" / "interop.md").read_text(encoding="utf-8")
WRITTEN = {
    ReLU(): "standard",
    TopK(k=2): "topk",
    AbsTopK(k=2): "abstopk",
    JumpReLU(): "jumprelu",
    Gated(): "gated",
    BatchTopK(k=2): "jumprelu",
    Matryoshka(TopK(k=2)): "topk",
    MatchingPursuit(k=2): "matching_pursuit",
}
X = np.random.default_rng(0).standard_normal((200, 4)) + 3


def trained(gate, **knobs):
    return train(X, TrainConfig(gate=gate, width=8, steps=30, **knobs), 0).sae


@pytest.mark.parametrize("gate", WRITTEN, ids=lambda gate: gate.kind)
def test_a_trained_sae_comes_back_with_the_same_numbers(gate, tmp_path):
    sae = trained(gate)
    write_saelens(sae, tmp_path)
    back = read(tmp_path)
    assert back.source.architecture == WRITTEN[gate]
    for name in ("W_enc", "b_enc", "W_dec", "b_dec", "b_pre"):
        assert torch.equal(getattr(back.sae, name), getattr(sae, name))
    assert back.sae.gate.gating == gate.gating
    np.testing.assert_array_equal(back.activations(X), Imported(sae, NONE, Source("", "")).activations(X))


@pytest.mark.parametrize("gate", [ReLU(), TopK(k=2), Gated()], ids=lambda gate: gate.kind)
def test_a_pre_bias_of_its_own_is_folded(gate, tmp_path):
    sae = trained(gate, tied_bias=False)
    assert not torch.equal(sae.b_pre, sae.b_dec)
    write_saelens(sae, tmp_path)
    back = read(tmp_path)
    assert not back.sae.b_pre.any()
    own = Imported(sae, NONE, Source("", ""))
    np.testing.assert_allclose(back.activations(X), own.activations(X), atol=1e-5)
    np.testing.assert_allclose(back.reconstruct(X), own.reconstruct(X), atol=1e-5)


def test_a_constant_factor_is_folded_but_not_into_a_tied_pursuit(tmp_path):
    sae = trained(TopK(k=2))
    write_saelens(sae, tmp_path, normalisation=ConstantFactor(3.0))
    own = Imported(sae, ConstantFactor(3.0), Source("", ""))
    np.testing.assert_allclose(read(tmp_path).reconstruct(X), own.reconstruct(X), atol=1e-5)
    with pytest.raises(InvalidInput, match="one matrix for encoder and decoder"):
        write_saelens(trained(MatchingPursuit(k=2)), tmp_path / "mp", normalisation=ConstantFactor(3.0))


def test_the_version_is_stated_since_saelens_takes_silence_for_an_old_one(tmp_path):
    write_saelens(trained(ReLU()), tmp_path, metadata={"model_name": "gpt2"})
    metadata = json.loads((tmp_path / "cfg.json").read_text())["metadata"]
    assert int(metadata["sae_lens_version"].split(".")[0]) >= 6
    assert metadata["model_name"] == "gpt2"


def test_spade_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="no architecture for the gate 'spade'"):
        write_saelens(trained(SpaDE()), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_folding_half_precision_does_not_round(tmp_path):
    half = {name: held.to(torch.bfloat16) for name, held in LENS.items()}
    imported = read(lens(tmp_path, half, architecture="topk", k=3, rescale_acts_by_decoder_norm=True))
    wide = half["W_dec"].double()
    lengths = wide.norm(dim=1, keepdim=True)
    torch.testing.assert_close(imported.sae.W_dec, (wide / lengths).float(), atol=1e-7, rtol=0)
    torch.testing.assert_close(
        imported.sae.W_enc, (half["W_enc"].double().T * lengths).float(), atol=1e-6, rtol=0
    )


def test_the_page_names_every_format_and_its_code_runs(tmp_path, monkeypatch, capsys):
    for name in FORMATS:
        assert f"`{name}`" in PAGE
    (tmp_path / "gpt2" / "v5_32k").mkdir(parents=True)
    save(tmp_path / "gpt2" / "v5_32k", "8.pt", OPENAI_TOP)
    x = numbers(300, DIM, seed=4).double().numpy()
    np.save(tmp_path / "points.npy", x)
    np.save(tmp_path / "membership.npy", np.stack([x[:, 0] > 0, x[:, 1] > 0], axis=1))
    monkeypatch.chdir(tmp_path)
    scope: dict[str, object] = {}
    exec("\n".join(re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)), scope)
    printed = capsys.readouterr().out.splitlines()
    assert printed[:3] == [
        "openai topk layer_norm",
        "Top-K: neurons are decided against one another, at most 3 at a point",
        "layer_norm 3.0 3.0 k of 8.pt",
    ]
    assert [line.split(" ")[0] for line in printed[4:7]] == ["none", "constant_norm", "constant_factor"]
    # Random weights rebuild nothing.
    assert printed[7].startswith("FVU at least 1 FVU ")
    assert scope["activations"].shape == (300, WIDTH)  # pyright: ignore[reportAttributeAccessIssue]
    np.testing.assert_allclose(scope["restored"], scope["reconstruction"])
    assert ENC.shape == DEC.shape
