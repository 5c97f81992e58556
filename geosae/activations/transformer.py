"""Transformers of Hugging Face read at the output of a block: from a folder, a package, or a GGUF file."""

import importlib
import os
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geosae.activations.collect import Reading
from geosae.activations.folder import ModelCard
from geosae.activations.local_models import LocalModel, local_model
from geosae.activations.modules import hooked
from geosae.errors import InvalidInput
from geosae.notebook import short_repr

OFFLINE = {"HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
MOST_TOKENS = 2048
"""A text is cut here where the model's own limit is larger, or unknown."""


@contextmanager
def offline() -> Generator[None]:
    """Let transformers be loaded without the network, and without torchvision.

    A torchvision that was built for another torch fails as it is imported, and takes transformers with it.
    """
    before = {name: os.environ.get(name) for name in OFFLINE}
    os.environ.update(OFFLINE)
    blocked = "torchvision" not in sys.modules
    if blocked:
        sys.modules["torchvision"] = None  # pyright: ignore[reportArgumentType]
    try:
        yield
    finally:
        if blocked:
            sys.modules.pop("torchvision", None)
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@dataclass(frozen=True, eq=False)
class Transformer:
    """A transformer that is cut after the block that is read: blocks behind it would be computed in vain."""

    card: ModelCard
    model: Any
    tokenizer: Any
    block: Any
    """The module that is hooked: the last one left, or the first one for layer 0."""
    inward: bool
    """Whether what goes into the block is read: the embeddings, layer 0."""
    longest: int

    __repr__ = short_repr

    def lengths(self, batch: Sequence[str]) -> list[int]:
        """Return the number of tokens of each text, whole."""
        return [len(tokens) for tokens in self.tokenizer(list(batch))["input_ids"]]

    def read(self, batch: Sequence[str]) -> list[Reading]:
        """Return the activations at the tokens of each text; padding is left out."""
        import torch

        tokens = self.tokenizer(
            list(batch),
            padding=True,
            truncation=True,
            max_length=self.longest,
            return_offsets_mapping=self.tokenizer.is_fast,
            return_tensors="pt",
        )
        spans = tokens.pop("offset_mapping", None)
        with torch.inference_mode(), hooked(self.block, inward=self.inward) as seen:
            self.model(**tokens, use_cache=False) if self._is_causal else self.model(**tokens)
        states = seen[0].to(torch.float32).numpy()
        lengths = tokens["attention_mask"].sum(dim=1).tolist()
        if spans is None:
            spans = np.full((*states.shape[:2], 2), -1)
        spans = np.array(spans, dtype=np.int64)
        # A mark such as [CLS] has the empty place (0, 0).
        spans[spans[:, :, 0] == spans[:, :, 1]] = -1
        return [Reading(states[i, :length], spans[i, :length]) for i, length in enumerate(lengths)]

    @property
    def _is_causal(self) -> bool:
        return bool(getattr(self.model.config, "use_cache", False))


def transformer(name: str, layer: int, *, gguf: str | Path | None = None) -> Transformer:
    """Load a transformer from this machine to read what block `layer` puts out; 0 reads the embeddings.

    Parameters
    ----------
    name
        A folder, an installed package, a .gguf file: see `geosae.activations.local_models.local_model`.
    layer
        Blocks are counted from 1. No norm behind the last block is applied.
    gguf
        The GGUF file of the folder or package.

    Raises
    ------
    InvalidInput
        If transformers (for a GGUF file also gguf) is not installed, there is no such model on this machine,
        it cannot be read, or it has fewer blocks.
    """
    place = local_model(name, gguf)
    with offline():
        try:
            import torch

            transformers: Any = importlib.import_module("transformers")
        except ImportError as error:
            raise InvalidInput(
                f"transformers cannot be imported: {error}", remedy="pip install 'geosae[text]'"
            ) from error
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        options: dict[str, Any] = {"local_files_only": True}
        if place.gguf is not None:
            options["gguf_file"] = place.gguf
        try:
            tokenizer: Any = transformers.AutoTokenizer.from_pretrained(str(place.folder), **options)
            model: Any = transformers.AutoModel.from_pretrained(
                str(place.folder), dtype=torch.float32, **options
            )
        except (OSError, ValueError, KeyError, ImportError, RuntimeError) as error:
            raise InvalidInput(
                f"transformers cannot open {place.folder}: {str(error)[:300]}",
                causes="an incomplete copy, a model with code of its own, or GGUF without the package gguf",
                remedy="pip install 'geosae[text]', or read it in Python by geosae.activations.modules",
            ) from error
    block, blocks = _cut(model, layer, name)
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    longest = min(
        int(tokenizer.model_max_length), getattr(model.config, "max_position_embeddings", MOST_TOKENS)
    )
    return Transformer(
        card=_card(place, layer, blocks, torch.__version__, transformers.__version__),
        model=model.eval(),
        tokenizer=tokenizer,
        block=block,
        inward=layer == 0,
        longest=min(longest, MOST_TOKENS),
    )


def _card(place: LocalModel, layer: int, blocks: int, torch_version: str, version: str) -> ModelCard:
    site = f"output of block {layer} of {blocks}" if layer else "embeddings"
    versions = f"torch {torch_version}, transformers {version}"
    return ModelCard("transformer", place.name, place.sha256, site, versions)


def _cut(model: Any, layer: int, name: str) -> tuple[Any, int]:
    """Drop the blocks behind the one that is read; return it, and how many there were."""
    import torch

    count = getattr(model.config, "num_hidden_layers", None)
    lists = [
        module
        for module in model.modules()
        if isinstance(module, torch.nn.ModuleList) and len(module) == count
    ]
    if not lists:
        raise InvalidInput(
            f"{name} has no list of {count} blocks", remedy="name the module to read in Python: ModuleReader"
        )
    blocks: Any = lists[0]
    if not 0 <= layer <= len(blocks):
        raise InvalidInput(
            f"{name} has {len(blocks)} blocks, and no layer {layer}",
            remedy=f"choose 0 (embeddings) to {len(blocks)}",
        )
    total = len(blocks)
    del blocks[max(layer, 1) :]
    return blocks[-1], total
