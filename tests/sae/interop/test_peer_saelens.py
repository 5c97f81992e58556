"""Round trips with SAELens itself: it saves and we read, we write and it loads."""

import json

import pytest
import torch
from sae.interop.foreign import DIM, WIDTH, assert_agree, numbers, peer, points, randomise

from geosae.errors import InvalidInput
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
from geosae.sae.interop import (
    NONE,
    ConstantFactor,
    ConstantNorm,
    Imported,
    LayerNorm,
    Source,
    read,
    write_saelens,
)
from geosae.sae.model import SparseAutoencoder

sae_lens = peer("sae_lens")
pytestmark = pytest.mark.filterwarnings("ignore")


def inference(name: str, **knobs):
    kind, config = sae_lens.registry.get_sae_class(name)
    sae = kind(config(d_in=DIM, d_sae=WIDTH, **knobs))
    randomise(sae)
    return sae


def training(name: str, **knobs):
    kind, config = sae_lens.registry.get_sae_training_class(name)
    sae = kind(config(d_in=DIM, d_sae=WIDTH, **knobs))
    randomise(sae)
    return sae


def check(sae, imported, x=None) -> None:
    x = points() if x is None else x
    acts = sae.encode(x)
    assert_agree(imported, x, acts, sae.decode(acts))


PURSUIT = {"residual_threshold": 0.0, "stop_on_duplicate_support": False, "max_iterations": 3}
ARCHITECTURES = [
    ("standard", {}, "relu"),
    ("topk", {"k": 3}, "topk"),
    ("topk", {"k": 3, "rescale_acts_by_decoder_norm": True}, "topk"),
    ("abstopk", {"k": 3}, "abstopk"),
    ("abstopk", {"k": 3, "rescale_acts_by_decoder_norm": True}, "abstopk"),
    ("jumprelu", {}, "jumprelu"),
    ("gated", {}, "gated"),
    ("matching_pursuit", PURSUIT, "mp"),
]


@pytest.mark.parametrize("subtracts", [True, False])
@pytest.mark.parametrize(("name", "knobs", "gate"), ARCHITECTURES)
def test_what_saelens_saves_is_read(name, knobs, gate, subtracts, tmp_path):
    sae = inference(name, apply_b_dec_to_input=subtracts, **knobs)
    if name == "matching_pursuit":
        sae.W_dec.data /= sae.W_dec.norm(dim=1, keepdim=True)
    sae.save_model(tmp_path)
    imported = read(tmp_path)
    assert (imported.source.format, imported.source.architecture) == ("saelens", name)
    assert (imported.sae.gate.kind, imported.normalisation) == (gate, NONE)
    check(sae, imported)


@pytest.mark.parametrize("name", ["layer_norm", "constant_norm_rescale"])
def test_run_time_normalisation_is_explicit(name, tmp_path):
    sae = inference("jumprelu", normalize_activations=name)
    sae.save_model(tmp_path)
    imported = read(tmp_path)
    assert (
        imported.normalisation == {"layer_norm": LayerNorm(), "constant_norm_rescale": ConstantNorm()}[name]
    )
    x = points()
    acts = sae.encode(x)
    out = sae.decode(acts)
    assert_agree(imported, x, acts, out)


def test_an_average_norm_is_asked_for_and_then_scales(tmp_path):
    sae = inference("standard", normalize_activations="expected_average_only_in")
    sae.save_model(tmp_path)
    with pytest.raises(InvalidInput, match="expected_average_only_in"):
        read(tmp_path)
    imported = read(tmp_path, scale=0.5)
    assert imported.normalisation == ConstantFactor(0.5)
    sae.fold_activation_norm_scaling_factor(0.5)
    check(sae, imported)
    scaler = sae_lens.training.activation_scaler.ActivationScaler(scaling_factor=0.25)
    scaler.save(str(tmp_path / "activation_scaler.json"))
    assert read(tmp_path).normalisation == ConstantFactor(0.25)


@pytest.mark.parametrize("rescaled", [True, False])
@pytest.mark.parametrize(
    ("name", "knobs"),
    [("batchtopk", {"k": 3}), ("matryoshka_batchtopk", {"k": 3, "matryoshka_widths": [5, 10]})],
)
def test_a_training_checkpoint_and_its_export_agree(name, knobs, rescaled, tmp_path):
    sae = training(name, rescale_acts_by_decoder_norm=rescaled, **knobs)
    sae.topk_threshold = torch.tensor(1.3, dtype=torch.double)
    sae.save_model(tmp_path / "training")
    sae.save_inference_model(tmp_path / "export")
    imported, exported = read(tmp_path / "training"), read(tmp_path / "export")
    assert imported.sae.gate.kind == name.removesuffix("_batchtopk")
    assert exported.source.architecture == "jumprelu"
    loaded = sae_lens.SAE.load_from_disk(tmp_path / "export")
    if not rescaled:
        check(loaded, imported)
        check(loaded, exported)
        return
    # SAELens exports a rescaled SAE only after folding: until then training and export differ.
    sae.fold_W_dec_norm()
    sae.cfg.rescale_acts_by_decoder_norm = False
    sae.save_inference_model(tmp_path / "folded")
    check(sae_lens.SAE.load_from_disk(tmp_path / "folded"), imported)


@pytest.mark.parametrize("name", ["standard", "topk", "jumprelu", "gated"])
def test_training_checkpoints_are_read(name, tmp_path):
    sae = training(name, **({"k": 3} if name == "topk" else {}))
    sae.save_model(tmp_path)
    imported = read(tmp_path)
    assert "decoder_init_norm" in imported.source.unread
    check(sae, imported)


def test_old_configurations_give_what_saelens_makes_of_them(tmp_path):
    for name, old in (
        ("standard", {}),
        ("topk", {"activation_fn_str": "topk", "activation_fn_kwargs": {"k": 3}}),
    ):
        sae = inference(name, **({"k": 3} if name == "topk" else {}))
        sae.save_model(tmp_path)
        flat = {
            "d_in": DIM,
            "d_sae": WIDTH,
            "dtype": "float32",
            "device": "cpu",
            "hook_point": "blocks.0.x",
            "lr": 0.1,
        }
        (tmp_path / "cfg.json").write_text(json.dumps(flat | old))
        imported = read(tmp_path)
        assert (imported.source.format, imported.source.architecture) == ("saelens-legacy", name)
        check(sae_lens.SAE.load_from_disk(tmp_path), imported)


def ours(gate, seed: int = 5, tied: bool = True, dtype=torch.float32) -> SparseAutoencoder:
    sae = SparseAutoencoder(DIM, WIDTH, gate, dtype)
    randomise(sae, seed)
    with torch.no_grad():
        if tied:
            sae.b_pre.copy_(sae.b_dec)
        if gate.kind == "mp":
            sae.W_dec.div_(sae.W_dec.norm(dim=1, keepdim=True))
            sae.W_enc.copy_(sae.W_dec)
            sae.b_enc.zero_()
    return sae


GATES = [
    ReLU(),
    TopK(k=3),
    AbsTopK(k=3),
    JumpReLU(),
    BatchTopK(k=3),
    Gated(),
    MatchingPursuit(k=3),
    Matryoshka(BatchTopK(k=3)),
    Matryoshka(TopK(k=3)),
]


@pytest.mark.parametrize("gate", GATES, ids=lambda gate: repr(gate)[:22])
@pytest.mark.parametrize("tied", [True, False])
def test_saelens_loads_what_is_written(gate, tied, tmp_path):
    sae = ours(gate, tied=tied)
    if gate.kind == "mp" and not tied:
        with pytest.raises(InvalidInput, match="b_pre other than b_dec"):
            write_saelens(sae, tmp_path)
        return
    write_saelens(sae, tmp_path, metadata={"hook_name": "blocks.0.hook_resid_post"})
    loaded = sae_lens.SAE.load_from_disk(tmp_path)
    assert loaded.cfg.metadata.hook_name == "blocks.0.hook_resid_post"
    check(loaded, Imported(sae, NONE, Source("here", "-")))
    check(loaded, read(tmp_path))


@pytest.mark.parametrize("normalisation", [LayerNorm(), ConstantNorm(), ConstantFactor(0.4)])
def test_saelens_normalises_what_is_written_so(normalisation, tmp_path):
    sae = ours(BatchTopK(k=3), tied=False)
    write_saelens(sae, tmp_path, normalisation=normalisation)
    loaded, x = sae_lens.SAE.load_from_disk(tmp_path), points()
    acts = loaded.encode(x)
    assert_agree(Imported(sae, normalisation, Source("here", "-")), x, acts, loaded.decode(acts))


def test_a_float64_sae_stays_one(tmp_path):
    write_saelens(ours(ReLU(), dtype=torch.float64), tmp_path)
    assert sae_lens.SAE.load_from_disk(tmp_path).W_enc.dtype == torch.float64
    assert read(tmp_path).sae.W_enc.dtype == torch.float64


def test_gates_without_an_architecture_are_refused(tmp_path):
    with pytest.raises(InvalidInput, match="no architecture for the gate 'spade'"):
        write_saelens(ours(SpaDE()), tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["transcoder", "skip_transcoder", "jumprelu_transcoder"])
def test_transcoders_are_refused(name, tmp_path):
    inference(name, d_out=DIM, apply_b_dec_to_input=False).save_model(tmp_path)
    with pytest.raises(InvalidInput, match=f"'{name}' cannot be read: a transcoder"):
        read(tmp_path)


def test_pursuit_that_stops_early_is_refused(tmp_path):
    inference("matching_pursuit").save_model(tmp_path)
    with pytest.raises(InvalidInput, match="residual_threshold"):
        read(tmp_path)
    inference("matching_pursuit", residual_threshold=0.0).save_model(tmp_path)
    with pytest.raises(InvalidInput, match="stop_on_duplicate_support"):
        read(tmp_path)


def test_the_scaling_factor_beside_a_bfloat16_sae(tmp_path):
    sae = inference("standard", dtype="bfloat16")
    sae.save_model(tmp_path)
    imported = read(tmp_path)
    assert imported.sae.W_enc.dtype == torch.float32
    assert torch.equal(imported.sae.W_enc, sae.W_enc.detach().float().T)
    assert not torch.equal(imported.sae.W_enc, numbers(WIDTH, DIM))
