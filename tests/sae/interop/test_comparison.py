"""What an SAE does on points beside what its files declare: rules of inference, normalisation, L0 and FVU."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from sae.interop.foreign import points
from sae.interop.nine_formats import NINE
from sae.interop.test_reading import LENS, OPENAI, THRESHOLD, WIDTH, dictionary, lens, save

from geosae.data.fvu import fvu
from geosae.errors import InvalidInput
from geosae.sae.gates import BatchTopK, ReLU
from geosae.sae.interop import (
    NONE,
    Card,
    ConstantFactor,
    Imported,
    LayerNorm,
    Source,
    compare_with_card,
    read,
)
from geosae.sae.model import SparseAutoencoder

X = points().double().numpy()


def three_rules(count: int = 500) -> tuple[Imported, np.ndarray]:
    """A BatchTopK SAE with k = 29 and points whose pre-activations are what the rules are told apart by.

    W_enc is the identity, so z = x: 1,200 neurons, of which 1,089 are positive at each point and 42 over the
    threshold 1.
    """
    rng = np.random.default_rng(0)
    x = np.empty((count, 1200))
    for row in x:
        row[:42], row[42:1089], row[1089:] = rng.uniform(1.5, 3, 42), rng.uniform(0.01, 0.3, 1047), -0.1
        rng.shuffle(row)
    sae = SparseAutoencoder(1200, 1200, BatchTopK(29), torch.float64)
    sae.set_weights(W_enc=np.eye(1200), W_dec=np.eye(1200), threshold=np.array([1.0]))
    return Imported(sae, NONE, Source("hand", "batchtopk"), card=Card(29, "k of config.json")), x


def test_three_rules_of_inference_give_three_l0s():
    imported, x = three_rules()
    comparison = compare_with_card(imported, x)
    assert (comparison.l0, comparison.gate) == (42.0, "batchtopk")
    assert comparison.rule == "BatchTopK: a neuron fires where z > 1"
    assert [(t.what, t.l0) for t in comparison.rules] == [
        ("z > 0 alone", 1089.0),
        ("the 29 largest of each point", 29.0),
    ]
    kept = np.where(x > 0, x, 0.0)
    assert comparison.rules[0].fvu == pytest.approx(fvu(x, kept))
    assert comparison.fvu == pytest.approx(fvu(x, np.where(x > 1, x, 0.0)))
    (warning,) = comparison.warnings
    assert warning.name == "L0 apart"
    assert "mean L0 42 on these points, and the card says 29 (k of config.json)" in warning.text
    assert [cause.split(" (")[0] for cause in warning.causes] == [
        "another normalisation than in training",
        "another rule of inference",
        "points of another network, layer or hook",
        "points on another scale than in training",
    ]
    assert "nearer with the 29 largest of each point: L0 29," in warning.causes[1]
    assert "z > 0 alone" not in warning.causes[1]


@pytest.mark.parametrize(
    ("declared", "warns"), [(29.0, True), (30.0, False), (42.0, False), (59.0, False), (60.0, True)]
)
def test_half_a_doubling_is_apart(declared, warns):
    imported, x = three_rules(50)
    comparison = compare_with_card(replace(imported, card=Card(declared, "k")), x)
    assert bool(comparison.warnings) == warns


def test_few_points_do_not_warn_by_chance():
    imported, x = three_rules(40)
    # Half of the points lie at -1: L0 is 42 at one half and 0 at the other.
    x[::2] = -1.0
    told = compare_with_card(replace(imported, card=Card(40, "k")), x[:4])
    assert told.l0 == 21.0
    assert told.l0_error > 10
    assert "L0 apart" not in [warning.name for warning in told.warnings]
    many = compare_with_card(replace(imported, card=Card(40, "k")), np.tile(x, (20, 1)))
    assert [warning.name for warning in many.warnings][:1] == ["L0 apart"]


def normalised_sae(width: int = 6) -> tuple[Imported, np.ndarray]:
    """A JumpReLU that reads layer-normalised rows and rebuilds them, and points on scales from 1 to 100."""
    rng = np.random.default_rng(1)
    atoms = np.linalg.qr(rng.normal(size=(width, width)))[0]
    codes = np.abs(rng.normal(size=(3000, 2 * width))) * (rng.random((3000, 2 * width)) < 0.3)
    codes[:, 0] += 0.5
    x = (codes @ np.concatenate([atoms, -atoms])) * rng.uniform(1, 100, (3000, 1)) + rng.normal(
        size=(3000, 1)
    ) * 50
    sae = SparseAutoencoder(width, 2 * width, ReLU(), torch.float64)
    both = np.concatenate([np.eye(width), -np.eye(width)])
    sae.set_weights(W_enc=both, W_dec=both, b_enc=np.full(2 * width, -0.1))
    return Imported(sae, LayerNorm(), Source("hand", "relu"), card=Card(5.3, "l0", 0.02, "fvu")), x


def test_a_missing_normalisation_is_named_first():
    imported, x = normalised_sae()
    right = compare_with_card(imported, x)
    inside = (x - x.mean(axis=1, keepdims=True)) / (x.std(axis=1, ddof=1, keepdims=True) + 1e-5)
    assert right.normalisation == "layer_norm"
    assert right.l0 == pytest.approx((np.abs(inside) > 0.1).sum(axis=1).mean())
    soft = np.sign(inside) * np.maximum(np.abs(inside) - 0.1, 0)
    assert right.fvu_inside == pytest.approx(fvu(inside, soft))
    moved = soft * x.std(axis=1, ddof=1, keepdims=True) + x.mean(axis=1, keepdims=True)
    assert right.fvu == pytest.approx(fvu(x, moved))
    card = Card(right.l0, "l0 of the card", right.fvu, "fvu of the card")
    assert compare_with_card(replace(imported, card=card), x).warnings == ()
    # Biases of 5 on raw points: fewer fire than the card says, and what they rebuild is worse.
    imported.sae.set_weights(b_enc=np.full(12, -0.9))
    strict = compare_with_card(imported, x)
    lost = replace(imported, normalisation=NONE, card=Card(strict.l0, "l0 of the card"))
    (warning,) = compare_with_card(lost, x).warnings
    assert warning.name == "L0 apart"
    assert warning.causes[0].startswith("another normalisation than in training (nearer with layer_norm: L0 ")


def test_fvu_apart_and_at_least_one():
    imported, x = three_rules(200)
    measured = compare_with_card(imported, x).fvu
    for declared, names in (
        (measured, []), (measured / 1.9, []), (measured / 2.1, ["FVU apart"]), (measured * 2.1, ["FVU apart"])
    ):  # fmt: skip
        card = Card(42, "l0", declared, "eval_results.json")
        assert [w.name for w in compare_with_card(replace(imported, card=card), x).warnings] == names
    silent = replace(imported, card=Card())
    silent.sae.set_weights(b_dec=np.full(1200, 9.0))
    (warning,) = compare_with_card(silent, x).warnings
    assert warning.name == "FVU at least 1"
    assert "the mean of the points would be a better reconstruction" in str(warning)
    # What is tried is named only where it would help.
    assert not any("nearer with" in cause for cause in warning.causes)


def test_points_on_another_scale_are_told_by_the_fvu():
    """A thousandth of the scale of training: nothing fires, and the SAE answers 0 for every point."""
    imported, _ = normalised_sae()
    x = 1e-3 * (np.random.default_rng(0).normal(size=(500, 6)) + 0.5)
    (warning,) = compare_with_card(replace(imported, normalisation=NONE, card=Card()), x).warnings
    assert warning.name == "FVU at least 1"
    scaled = replace(imported, normalisation=ConstantFactor(np.sqrt(6) / np.linalg.norm(x, axis=1).mean()))
    healed = fvu(x, scaled.reconstruct(x))
    assert healed < 0.1
    assert (
        f"constant_factor: L0 {scaled.fires(x).sum(axis=1).mean():.4g}, FVU {healed:.3g})"
        in warning.causes[3]
    )
    assert "nearer with" not in warning.causes[1]


def test_points_are_drawn_at_random_and_counted():
    imported, x = three_rules(300)
    x[:150, :] = -1.0
    some = compare_with_card(imported, x, most=100)
    assert some.points == 100
    assert 10 < some.l0 < 32
    assert compare_with_card(imported, x, most=100) == compare_with_card(imported, x, most=100)
    with pytest.raises(InvalidInput, match="1200 are needed"):
        compare_with_card(imported, x[:, :3])


DECLARED = {
    "openai": Card(3, "k of 8.pt"),
    "saelens": Card(place="hook_name blocks.8.hook_resid_pre"),
    "saelens-legacy": Card(place="hook_point blocks.8.hook_resid_pre"),
    "dictionary-learning": Card(3, "k of the files"),
    "sparsify": Card(3, "k of cfg.json", place="layers.10.mlp"),
    "gemma-scope": Card(9, "the name of its folder", place="layer_20"),
    "gemma-scope-2": Card(9, "l0 of config.json"),
    "batchtopk": Card(3, "top_k of config.json"),
    "overcomplete": Card(3, "k as the user says"),
}


@pytest.mark.parametrize("name", NINE)
def test_every_format_says_what_it_declares_and_is_compared(name, tmp_path):
    write, settings = NINE[name]
    home = tmp_path / ("layers.10.mlp" if name == "sparsify" else name)
    home.mkdir()
    imported = read(write(home), **settings)
    assert imported.card == DECLARED[name]
    comparison = compare_with_card(imported, X)
    assert comparison.l0 == pytest.approx(imported.fires(X).sum(axis=1).mean())
    assert comparison.fvu == pytest.approx(fvu(X, imported.reconstruct(X)))
    assert comparison.normalisation == imported.normalisation.kind


def test_measured_figures_beside_the_weights_go_before_k(tmp_path):
    dictionary(tmp_path, "BatchTopKSAE")
    (tmp_path / "eval_results.json").write_text(json.dumps({"l0": 4.5, "frac_variance_explained": 0.75}))
    imported = read(tmp_path)
    assert imported.card == Card(
        4.5, "eval_results.json", 0.25, "1 - frac_variance_explained of eval_results.json"
    )
    assert "eval_results.json" in dict(imported.source.files)


def test_rates_of_saelens_and_of_openai_add_up(tmp_path):
    lens(tmp_path, {**LENS, "threshold": THRESHOLD}, architecture="jumprelu")
    rates = torch.linspace(0.01, 0.9, WIDTH)
    save(tmp_path, "sparsity.safetensors", {"sparsity": rates.log10()})
    imported = read(tmp_path)
    assert imported.card.l0 == pytest.approx(float(rates.sum()))
    assert "sparsity.safetensors" in dict(imported.source.files)
    save(tmp_path, "sparsity.safetensors", {"sparsity": rates[:3].log10()})
    with pytest.raises(InvalidInput, match="holds no firing rates of 20 neurons"):
        read(tmp_path)
    (tmp_path / "v1").mkdir()
    for frequencies, declared in ((rates, float(rates.sum())), (torch.ones(WIDTH), None)):
        save(
            tmp_path / "v1",
            "0.pt",
            {**OPENAI, "latents_activation_frequency": frequencies, "activation": "ReLU"},
        )
        found = read(tmp_path / "v1").card.l0
        assert found == (None if declared is None else pytest.approx(declared))
