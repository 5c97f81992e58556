"""Concepts of WordNet 3.0: nouns as texts, the nouns below a noun as its concept, and the order among them.

G. A. Miller, WordNet: a lexical database for English, Communications of the ACM 38 (1995) 39,
doi:10.1145/219717.219748. The format of data.noun and index.noun is that of wndb(5WN).
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from jaxtyping import Bool

from geosae.activations.concepts import Concepts
from geosae.data.order import subset_order
from geosae.errors import InvalidInput
from geosae.notebook import short_repr
from geosae.sampling import drawn_rows

WORDNET = Path("/usr/share/wordnet")
UPWARD = ("@", "@i")
"""Pointers to what a noun is a kind of, or an instance of."""
Wording = Literal["glosses", "lemmas"]


@dataclass(frozen=True)
class Synset:
    """One meaning of some nouns: its first word, its definition, and the synsets right above it."""

    number: str
    word: str
    gloss: str
    above: tuple[str, ...]

    __repr__ = short_repr


def read_nouns(folder: Path | str = WORDNET) -> dict[str, Synset]:
    """Read the noun synsets of data.noun, by number, in the file's order.

    Raises
    ------
    InvalidInput
        If the file is not there, or is of another kind.
    """
    nouns: dict[str, Synset] = {}
    for number, line in _lines(Path(folder) / "data.noun"):
        head, bar, gloss = line.partition(" | ")
        try:
            cells = head.split()
            count = int(cells[3], 16)
            pointers = cells[5 + 2 * count :]
            above = [at for sign, at, kind in zip(pointers[::4], pointers[1::4], pointers[2::4], strict=False)
                     if sign in UPWARD and kind == "n"]  # fmt: skip
            # Behind the definition stand examples, in quotation marks.
            nouns[cells[0]] = Synset(cells[0], cells[4], re.split(r';\s*"', gloss)[0].strip(), tuple(above))
        except (IndexError, ValueError) as error:
            raise InvalidInput(f"line {number} of data.noun is no synset", causes="a damaged file") from error
        if not bar:
            raise InvalidInput(f"line {number} of data.noun has no definition", causes="a damaged file")
    return nouns


def first_senses(folder: Path | str = WORDNET) -> dict[str, str]:
    """Return for each noun, in lower case, the number of its first, most frequent meaning, of index.noun.

    Raises
    ------
    InvalidInput
        As `read_nouns` does.
    """
    senses: dict[str, str] = {}
    for number, line in _lines(Path(folder) / "index.noun"):
        cells = line.split()
        try:
            senses[cells[0]] = cells[len(cells) - int(cells[2])]
        except (IndexError, ValueError) as error:
            raise InvalidInput(f"line {number} of index.noun is no noun", causes="a damaged file") from error
    return senses


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    if not path.is_file():
        raise InvalidInput(
            f"there is no file {path}",
            causes="WordNet is not installed, or lies elsewhere",
            remedy="apt-get install --no-install-recommends wordnet-base, or name its folder: --wordnet",
        )
    text = path.read_text(encoding="utf-8", errors="replace")
    for number, line in enumerate(text.split("\n"), start=1):
        # The licence stands before the data, two spaces before each of its lines.
        if line.strip() and not line.startswith("  "):
            yield number, line


def wordnet_concepts(
    folder: Path | str = WORDNET,
    *,
    texts: Wording = "glosses",
    count: int = 12_000,
    least: int = 100,
    alike: float = 0.85,
    rng: np.random.Generator,
) -> Concepts:
    """Draw nouns, write a text for each, and return the concepts that hold enough of them.

    A noun is a synset that is the first meaning of its first word. A concept is a synset with all nouns at or
    below it. Concepts are taken from the largest down; one is left out where it shares `alike` or more of its
    members with one that was taken (Jaccard: of two on one chain often nothing lies between).

    Parameters
    ----------
    folder
        The folder of WordNet, with data.noun and index.noun.
    texts
        Definitions, or the words themselves.
    count
        How many nouns; all where there are no more.
    least
        A concept holds at least so many of them.
    alike
        The Jaccard index from which on two concepts count as one.
    rng
        Draws the nouns: how many concepts there are depends on the draw.

    Raises
    ------
    InvalidInput
        If WordNet is not there, or no concept is so large.
    """
    nouns, senses = read_nouns(folder), first_senses(folder)
    firsts = [each for each in nouns.values() if senses.get(each.word.lower()) == each.number and each.gloss]
    chosen = [firsts[row] for row in drawn_rows(len(firsts), count, rng).tolist()]
    above = _closures(nouns)
    members: dict[str, list[int]] = {}
    for row, noun in enumerate(chosen):
        for number in above[noun.number]:
            members.setdefault(number, []).append(row)
    large = {at: rows for at, rows in members.items() if least <= len(rows) < len(chosen)}
    taken = _apart(large, len(chosen), alike)
    if not taken:
        raise InvalidInput(
            f"no concept holds {least} of the {len(chosen)} nouns and is apart from the others",
            remedy="draw more nouns, or ask for fewer members",
        )
    membership = np.zeros((len(chosen), len(taken)), dtype=bool)
    for column, number in enumerate(taken):
        membership[large[number], column] = True
    words = [nouns[number].word for number in taken]
    names = [w if words.count(w) == 1 else f"{w} {at}" for w, at in zip(words, taken, strict=True)]
    order = [(names[i], names[j]) for i, low in enumerate(taken) for j, high in enumerate(taken)
             if i != j and high in above[low]]  # fmt: skip
    lines = [noun.gloss if texts == "glosses" else noun.word.replace("_", " ") for noun in chosen]
    return Concepts(tuple(lines), tuple(names), membership, tuple(order))


def accidental_inclusions(concepts: Concepts) -> int:
    """Count the inclusions on the sample that the order does not state: 0 where it is the true order."""
    inside = subset_order(concepts.membership)
    return int(inside.sum() - len(concepts.names) - len(concepts.order))


def _closures(nouns: Mapping[str, Synset]) -> dict[str, frozenset[str]]:
    """Return the synsets at or above each; those right above may stand later in the file."""
    closures: dict[str, frozenset[str]] = {}
    for start in nouns:
        stack = [start]
        while stack:
            number = stack[-1]
            waiting = [up for up in nouns[number].above if up not in closures]
            if waiting and len(stack) <= len(nouns):
                stack += waiting
            else:
                ups = (closures.get(up, frozenset()) for up in nouns[number].above)
                closures[number] = frozenset({number}).union(*ups)
                stack.pop()
    return closures


def _apart(members: Mapping[str, Sequence[int]], size: int, alike: float) -> list[str]:
    """Return the concepts from the largest down that are not alike to one taken before."""
    taken: list[str] = []
    columns: list[Bool[np.ndarray, " N"]] = []
    for number in sorted(members, key=lambda at: (-len(members[at]), at)):
        column = np.zeros(size, dtype=bool)
        column[members[number]] = True
        if all((column & other).sum() < alike * (column | other).sum() for other in columns):
            taken.append(number)
            columns.append(column)
    return taken
