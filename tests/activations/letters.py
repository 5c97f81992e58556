"""A model of letters, which needs no library, and a collection of it that can be killed."""

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from geosae.activations import Texts, collect
from geosae.activations.collect import Reading
from geosae.activations.folder import ModelCard

CARD = ModelCard("module", "letters", "0" * 64, "here", "none")
WORDS = Texts(tuple("ab" * (1 + (7 * i) % 5) + f" {i}" for i in range(23)))


@dataclass
class Letters:
    """The activation of a letter is its code, its square, and a constant."""

    first: float = 1.0
    longest: int | None = None
    pause: float = 0.0
    card: ModelCard = CARD

    def __post_init__(self) -> None:
        self.batches: list[list[str]] = []

    def lengths(self, batch: list[str]) -> list[int]:
        return [len(text) for text in batch]

    def read(self, batch: list[str]) -> list[Reading]:
        time.sleep(self.pause)
        self.batches.append(batch)
        return [self.one(text) for text in batch]

    def one(self, text: str) -> Reading:
        code = np.array([ord(letter) for letter in text], dtype=np.float32)
        values = np.stack([code, code**2 / 64, np.full(len(code), 3.0, np.float32)], axis=1)
        values[0] *= self.first
        return Reading(values, np.stack([np.arange(len(code)), np.arange(len(code)) + 1], axis=1))


if __name__ == "__main__":
    collect(Letters(pause=0.2), WORDS, Path(sys.argv[1]), pool="tokens", batch=2, per_shard=5)
