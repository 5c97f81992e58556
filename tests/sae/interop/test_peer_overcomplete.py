"""Round trips with overcomplete itself: it saves a state_dict, we read it."""

import pytest
import torch
from sae.interop.foreign import DIM, WIDTH, assert_agree, numbers, peer, points, randomise

from geosae.errors import InvalidInput
from geosae.sae.interop import read

pytestmark = pytest.mark.filterwarnings("ignore")


def overcomplete(kind, **knobs):
    module = peer("overcomplete").sae
    sae = getattr(module, kind)(DIM, WIDTH, **knobs)
    randomise(sae)
    return sae


MULTIPLIER = {"dictionary_params": {"use_multiplier": True}}


@pytest.mark.parametrize(
    ("kind", "knobs", "said"),
    [
        ("SAE", {}, {"architecture": "relu"}),
        ("SAE", MULTIPLIER, {"architecture": "relu"}),
        ("TopKSAE", {"top_k": 3, **MULTIPLIER}, {"architecture": "topk", "k": 3}),
        ("JumpSAE", MULTIPLIER, {}),
    ],
)
def test_overcomplete(kind, knobs, said, tmp_path):
    sae, x = overcomplete(kind, **knobs).eval(), points()
    torch.save(sae.state_dict(), tmp_path / "weights.pt")
    imported = read(tmp_path, **said)
    assert imported.source.format == "overcomplete"
    _, codes, out = sae(x)
    assert_agree(imported, x, codes, out)


def test_overcomplete_batch_top_k(tmp_path):
    sae, x = overcomplete("BatchTopKSAE", top_k=3), points()
    sae.train()
    sae(x)
    sae.eval()
    sae.running_threshold = torch.tensor(1.25)
    torch.save(sae.state_dict(), tmp_path / "weights.pt")
    imported = read(tmp_path, architecture="batchtopk", k=3, threshold=float(sae.running_threshold))
    _, codes, out = sae(x)
    assert_agree(imported, x, codes, out)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("way", ["tied", "untied"])
def test_overcomplete_with_its_dictionary_as_encoder(way, bias, tmp_path):
    sae, x = getattr(overcomplete("SAE"), way)(bias=bias), points()
    randomise(sae)
    sae.eval()
    torch.save(sae.state_dict(), tmp_path / "weights.pt")
    _, codes, out = sae(x)
    assert_agree(read(tmp_path, architecture="relu"), x, codes, out)


def test_overcomplete_archetypes(tmp_path):
    sae = overcomplete("RATopKSAE", points=numbers(30, DIM, seed=9), top_k=3, delta=0.5)
    x = points()
    torch.save(sae.state_dict(), tmp_path / "weights.pt")
    with pytest.raises(InvalidInput, match="not row-stochastic"):
        read(tmp_path, architecture="topk", k=3)
    sae.eval()
    torch.save(sae.state_dict(), tmp_path / "weights.pt")
    _, codes, out = sae(x)
    assert_agree(read(tmp_path, architecture="topk", k=3), x, codes, out)


def test_overcomplete_in_training_mode(tmp_path):
    """What a file saved in training mode stands for depends on a setting that it does not hold."""
    sae = overcomplete("SAE", dictionary_params={"normalization": "l1"})
    torch.save(sae.state_dict(), tmp_path / "weights.pt")
    with pytest.raises(InvalidInput, match="have not norm 1"):
        read(tmp_path, architecture="relu")
    sae.eval()
    _, codes, out = sae(points())
    assert_agree(read(tmp_path, architecture="relu", normalization="l1"), points(), codes, out)


@pytest.mark.parametrize(
    ("kind", "knobs", "why"),
    [
        ("QSAE", {}, "QSAE"),
        ("MpSAE", {"k": 3}, "no linear encoder"),
        ("OMPSAE", {"k": 3}, "no linear encoder"),
    ],
)
def test_overcomplete_refuses_by_name(kind, knobs, why, tmp_path):
    torch.save(overcomplete(kind, **knobs).eval().state_dict(), tmp_path / "weights.pt")
    with pytest.raises(InvalidInput, match=why):
        read(tmp_path, architecture="relu")


def test_a_network_as_encoder_is_refused(tmp_path):
    torch.save(overcomplete("SAE", encoder_module="mlp_bn_1").eval().state_dict(), tmp_path / "weights.pt")
    with pytest.raises(InvalidInput, match=r"encoder\.final_block\.1"):
        read(tmp_path, architecture="relu")


def test_a_whole_module_is_not_unpickled(tmp_path):
    torch.save(overcomplete("SAE").eval(), tmp_path / "sae.pt")
    with pytest.raises(InvalidInput, match=r"state_dict\(\)"):
        read(tmp_path, architecture="relu")
