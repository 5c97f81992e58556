"""What a neuron fires on: the strongest first, and a draw from all."""

from pathlib import Path

import numpy as np
import pytest
from activations.letters import WORDS, Letters

from geosae.activations import Texts, collect
from geosae.activations.examples import neuron_examples
from geosae.errors import InvalidInput
from geosae.geometry.arrangements.halfspaces import HalfSpaces
from geosae.sae.model import SparseAutoencoder

# Fires on letters from "c" (99) on: x > 98.5; the second neuron on nothing.
SAE = SparseAutoencoder.planted(HalfSpaces(np.eye(3)[:2], np.array([-98.5, -1e4])))
TEXT = Texts(("xa b" * 20, "cab", "zzz"))


def test_top_and_random_rows_come_with_their_text(tmp_path: Path) -> None:
    acts = collect(Letters(), TEXT, tmp_path, pool="tokens", per_shard=2)
    examples = neuron_examples(SAE, acts, 0, top=4, random=5, rng=np.random.default_rng(0))
    letters = "".join(TEXT.lines)
    assert (examples.rows, examples.fires) == (len(letters), sum(letter > "b" for letter in letters))
    assert [each.text for each in examples.top[:3]] == ["[z]zz", "z[z]z", "zz[z]"]
    assert examples.top[3].text == f"[x]{TEXT.lines[0][1:41]}…"
    assert [each.value for each in examples.top] == [23.5, 23.5, 23.5, 21.5]
    assert len({each.row for each in examples.random}) == 5
    assert all(letters[each.row] > "b" for each in examples.random)
    values = [each.value for each in examples.random]
    assert values == sorted(values, reverse=True)
    other = neuron_examples(SAE, acts, 0, top=0, random=5, rng=np.random.default_rng(1))
    assert {each.row for each in other.random} != {each.row for each in examples.random}


def test_a_silent_neuron_has_none_and_what_is_no_neuron_is_refused(tmp_path: Path) -> None:
    acts = collect(Letters(), WORDS, tmp_path)
    silent = neuron_examples(SAE, acts, 1, rng=np.random.default_rng(0))
    assert (silent.fires, silent.top, silent.random) == (0, (), ())
    with pytest.raises(InvalidInput, match="no neuron 2"):
        neuron_examples(SAE, acts, 2, rng=np.random.default_rng(0))
    flat = SparseAutoencoder.planted(HalfSpaces(np.eye(2), np.zeros(2)))
    with pytest.raises(InvalidInput, match="dimension 2, the activations have 3"):
        neuron_examples(flat, acts, 0, rng=np.random.default_rng(0))
