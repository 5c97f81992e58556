"""A set of concepts as files: texts, who belongs to what, and which concept lies below which."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from geosae.activations.folder import Activations
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.storage.files import write_atomic
from geosae.storage.tables import render


@dataclass(frozen=True, eq=False)
class Concepts:
    """Texts (or rows of activations) and the concepts that hold them."""

    texts: tuple[str, ...]
    """A line each; () where the rows are those of activations that were there before."""
    names: tuple[str, ...]
    membership: Bool[np.ndarray, "N p"]
    order: tuple[tuple[str, str], ...]
    """Pairs (below, above) of the true order; () where none is known."""

    __repr__ = short_repr

    def write(self, folder: Path | str) -> tuple[str, ...]:
        """Write texts.txt, membership.csv and order.csv, as far as there is something; return their names.

        Raises
        ------
        InvalidInput
            If a text has a line break, or the folder cannot be written to.
        """
        if any(len(text.splitlines()) != 1 for text in self.texts):
            raise InvalidInput("a text has several lines, or none", remedy="write one line for each text")
        cells = [*map(list, self.membership.astype(int).tolist())]
        files = {"membership.csv": render([list(self.names), *cells])}
        if self.texts:
            files["texts.txt"] = "\n".join(self.texts) + "\n"
        if self.order:
            files["order.csv"] = render([["below", "above"], *map(list, self.order)])
        for name, text in files.items():
            write_atomic(Path(folder) / name, text.encode())
        return tuple(sorted(files))


def token_concepts(activations: Activations) -> Concepts:
    """Return what can be read off the tokens of a text: one concept a property, a row for each token.

    first of its text; capitalised; a number; a punctuation mark; the inside of a word (a letter stands right
    before it). Properties that no token has, or all have, are left out.

    Raises
    ------
    InvalidInput
        If the activations are not of single tokens, or their places in the text are not known.
    """
    texts = activations.texts
    if texts is None or activations.index.recipe.pool != "tokens":
        raise InvalidInput(
            f"{activations.folder} does not hold activations of single tokens of texts",
            remedy="collect them: geosae acts MODEL texts.txt --pool tokens",
        )
    names = ("first", "capitalised", "number", "punctuation", "inside a word")
    membership = np.zeros((len(activations), len(names)), dtype=bool)
    for row in range(len(activations)):
        source, _, (begin, end) = activations.provenance(row)
        if begin < 0:
            continue
        text, before = texts[source], texts[source][:begin]
        # Some tokenizers count the space before a word to it.
        word = text[begin:end].strip()
        glued = text[begin:end] == word and before[-1:].isalnum()
        membership[row] = (
            not before.strip(),
            word[:1].isupper() and not glued,
            word.isdigit(),
            bool(word) and not any(letter.isalnum() for letter in word),
            glued and word[:1].isalpha(),
        )
    some = membership.any(axis=0) & ~membership.all(axis=0)
    if not some.any():
        raise InvalidInput("the tokens differ in none of the properties", causes="texts of one token")
    chosen = np.flatnonzero(some).tolist()
    return Concepts((), tuple(names[i] for i in chosen), membership[:, chosen], ())
