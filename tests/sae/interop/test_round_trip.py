"""Read, kept by `geosae.save` or `convert --to geosae`, and loaded: one SAE, in each of the nine formats."""

import numpy as np
import pytest
import torch
from cli.command import call
from sae.interop.foreign import points
from sae.interop.nine_formats import NINE

import geosae
from geosae.sae import TopK, TrainConfig
from geosae.sae.interop import FORMATS, Imported, LayerNorm, read

X = points().double().numpy()


def test_the_table_has_every_format():
    assert set(NINE) == set(FORMATS)


def assert_same(one: Imported, other: object) -> None:
    assert isinstance(other, Imported)
    for field in ("normalisation", "source", "notes", "card"):
        assert getattr(one, field) == getattr(other, field)
    assert one.sae.gate == other.sae.gate
    assert one.sae.names == other.sae.names
    for name in one.sae.names:
        assert torch.equal(getattr(one.sae, name), getattr(other.sae, name))
    for question in ("fires", "activations", "reconstruct"):
        np.testing.assert_array_equal(getattr(one, question)(X), getattr(other, question)(X))


@pytest.mark.parametrize("name", NINE)
def test_saved_or_converted_and_loaded_it_is_the_same(name, tmp_path, monkeypatch, capsys):
    write, settings = NINE[name]
    path = write(tmp_path)
    imported = read(path, **settings)
    assert imported.source.format == name
    # A comparison of silent SAEs, or of perfect ones, would prove nothing.
    assert 0 < imported.fires(X).mean() < 1
    geosae.save(imported, tmp_path / "saved")
    assert_same(imported, geosae.load(tmp_path / "saved"))
    more = [part for key, entry in settings.items() for part in ("--set", f"{key}={entry}")]
    code, shown, _ = call(monkeypatch, capsys, "convert", path, tmp_path / "out", "--to", "geosae", *more)
    assert code == 0
    assert f"normalisation {imported.normalisation.kind}" in shown
    assert_same(imported, geosae.load(tmp_path / "out"))


def test_the_normalisations_are_among_them(tmp_path):
    kinds: set[str] = set()
    for name, (write, settings) in NINE.items():
        (tmp_path / name).mkdir()
        kinds.add(read(write(tmp_path / name), **settings).normalisation.kind)
    assert kinds == {"none", "layer_norm", "constant_norm", "constant_factor"}


def test_a_trained_sae_converted_still_says_what_it_was_trained_on(tmp_path, monkeypatch, capsys):
    run = geosae.train(X, TrainConfig(TopK(2), 8, steps=3), 0)
    geosae.save(run, tmp_path / "run")
    assert call(monkeypatch, capsys, "convert", tmp_path / "run", tmp_path / "out", "--to", "geosae")[0] == 0
    assert_same(read(tmp_path / "run"), geosae.load(tmp_path / "out"))
    assert read(tmp_path / "out").source.trained_on == run.data_hash


def test_a_record_of_another_normalisation_is_another_sae(tmp_path):
    """The comparison above can fail: it does where the normalisation is left out."""
    imported = read(NINE["openai"][0](tmp_path))
    assert imported.normalisation == LayerNorm()
    bare = Imported(imported.sae, geosae.sae.interop.NONE, imported.source)
    with pytest.raises(AssertionError):
        assert_same(imported, bare)
