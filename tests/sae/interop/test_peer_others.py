"""Round trips with dictionary_learning and sparsify themselves: they save, we read."""

import json
from types import SimpleNamespace

import pytest
import torch
from sae.interop.foreign import DIM, WIDTH, assert_agree, peer, points, randomise

from geosae.errors import InvalidInput
from geosae.sae.interop import read

pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture(scope="module")
def classes():
    peer("dictionary_learning")
    from dictionary_learning import dictionary, trainers
    from dictionary_learning.trainers import batch_top_k, matryoshka_batch_top_k, top_k

    assert trainers
    return SimpleNamespace(
        AutoEncoder=dictionary.AutoEncoder, AutoEncoderNew=dictionary.AutoEncoderNew,
        GatedAutoEncoder=dictionary.GatedAutoEncoder, JumpReluAutoEncoder=dictionary.JumpReluAutoEncoder,
        AutoEncoderTopK=top_k.AutoEncoderTopK, BatchTopKSAE=batch_top_k.BatchTopKSAE,
        MatryoshkaBatchTopKSAE=matryoshka_batch_top_k.MatryoshkaBatchTopKSAE,
    )  # fmt: skip


def dictionary(classes, name, folder, *, threshold=0.9, config=True):
    more = {"k": 3} if "TopK" in name else {}
    more |= {"group_sizes": [4, 6, 10]} if "Matryoshka" in name else {}
    ae = getattr(classes, name)(DIM, WIDTH, **more)
    randomise(ae)
    if "TopK" in name:
        ae.threshold.fill_(threshold)
    torch.save({key: held.cpu() for key, held in ae.state_dict().items()}, folder / "ae.pt")
    if config:
        trainer = {"dict_class": name, "activation_dim": DIM, "dict_size": WIDTH, "lr": 1e-3} | (
            {"k": 3} if "TopK" in name else {}
        )
        (folder / "config.json").write_text(json.dumps({"trainer": trainer, "buffer": {"io": "out"}}))
    return ae


KINDS = {
    "AutoEncoder": "relu",
    "AutoEncoderNew": "relu",
    "AutoEncoderTopK": "topk",
    "BatchTopKSAE": "batchtopk",
    "MatryoshkaBatchTopKSAE": "matryoshka",
    "JumpReluAutoEncoder": "jumprelu",
    "GatedAutoEncoder": "gated",
}


@pytest.mark.parametrize("name", KINDS)
def test_dictionary_learning(name, classes, tmp_path):
    ae, x = dictionary(classes, name, tmp_path), points()
    imported = read(tmp_path)
    assert (imported.source.format, imported.source.architecture) == ("dictionary-learning", name)
    assert imported.sae.gate.kind == KINDS[name]
    acts = ae.encode(x)
    assert_agree(imported, x, acts, ae.decode(acts))


@pytest.mark.parametrize(
    "name", ["AutoEncoder", "AutoEncoderNew", "MatryoshkaBatchTopKSAE", "GatedAutoEncoder"]
)
def test_dictionary_learning_by_keys_alone(name, classes, tmp_path):
    dictionary(classes, name, tmp_path, config=False)
    assert read(tmp_path).source.architecture == name


@pytest.mark.parametrize("name", ["AutoEncoderTopK", "BatchTopKSAE"])
def test_dictionary_learning_with_the_same_keys_twice(name, classes, tmp_path):
    dictionary(classes, name, tmp_path, config=False)
    with pytest.raises(
        InvalidInput, match="AutoEncoderTopK and BatchTopKSAE, which compute different things"
    ):
        read(tmp_path)
    assert read(tmp_path, dict_class=name).sae.gate.kind == KINDS[name]


def test_dictionary_learning_before_the_threshold_is_set(classes, tmp_path):
    """The package itself then computes a plain ReLU, without a word."""
    dictionary(classes, "BatchTopKSAE", tmp_path, threshold=-1.0)
    with pytest.raises(InvalidInput, match="never set"):
        read(tmp_path)


def test_checkpoints_find_the_configuration_above_them(classes, tmp_path):
    dictionary(classes, "AutoEncoderTopK", tmp_path)
    (tmp_path / "checkpoints").mkdir()
    (tmp_path / "ae.pt").rename(tmp_path / "checkpoints" / "ae_5.pt")
    assert read(tmp_path / "checkpoints" / "ae_5.pt").sae.gate.sparsity == 3


def coder(folder, **knobs):
    sparsify = peer("sparsify")
    sae = sparsify.SparseCoder(DIM, sparsify.SparseCoderConfig(k=3, **knobs))
    randomise(sae)
    sae.save_to_disk(folder)
    return sae


@pytest.mark.parametrize(
    "knobs",
    [{"num_latents": WIDTH}, {"expansion_factor": 4}, {"num_latents": WIDTH, "normalize_decoder": False}],
)
def test_sparsify(knobs, tmp_path):
    """The three variants that SAELens' loader for this format fails on."""
    sae, x = coder(tmp_path, **knobs), points()
    imported = read(tmp_path)
    assert (imported.source.format, imported.sae.gate.kind) == ("sparsify", "topk")
    assert imported.sae.width == knobs.get("num_latents", 4 * DIM)
    found = sae.encode(x)
    acts = torch.zeros_like(found.pre_acts).scatter(-1, found.top_indices, found.top_acts)
    # Its decoder needs Triton or falls back; the sum is the same.
    assert_agree(imported, x, acts, acts @ sae.W_dec + sae.b_dec)
    torch.testing.assert_close(sae(x).sae_out, acts @ sae.W_dec + sae.b_dec)


@pytest.mark.parametrize(
    ("knobs", "why"),
    [
        ({"transcode": True}, "'transcode' is true"),
        ({"skip_connection": True}, "'skip_connection' is true"),
        ({"activation": "groupmax"}, "groupmax"),
    ],
)
def test_sparsify_refuses_by_name(knobs, why, tmp_path):
    coder(tmp_path, num_latents=21, **knobs)
    with pytest.raises(InvalidInput, match=why):
        read(tmp_path)
