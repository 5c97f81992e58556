"""WordNet's files as they are written, and what is read off tokens."""

from pathlib import Path

import numpy as np
import pytest
from activations.letters import WORDS, Letters

from geosae.activations import Texts, collect
from geosae.activations.concepts import Concepts, token_concepts
from geosae.activations.wordnet import (
    WORDNET,
    accidental_inclusions,
    first_senses,
    read_nouns,
    wordnet_concepts,
)
from geosae.data.sources import read_membership
from geosae.errors import InvalidInput

LICENCE = "  1 This software and database is being provided to you\n"
DATA = """00000010 03 n 01 entity 0 002 ~ 00000020 n 0000 ~ 00000030 n 0000 | that which is
00000020 03 n 02 animal 0 beast 0 001 @ 00000010 n 0000 | a living organism; "the beasts"; "animals eat"
00000030 03 n 01 tool 0 001 @ 00000040 n 0000 | what one works with; a device
00000040 03 n 01 thing 0 001 @ 00000010 n 0000 | a separate entity
00000050 03 n 01 dog 0 002 @ 00000020 n 0000 @ 00000060 n 0000 | a canine
00000060 03 n 01 pet 0 001 @ 00000020 n 0000 | an animal that is kept
00000070 03 n 01 Rex 0 001 @i 00000050 n 0000 | a famous dog
00000080 03 n 01 dog 1 001 @ 00000030 n 0000 | an iron support for logs
00000090 03 n 01 run 0 001 + 00000011 v 0101 | a score
"""
INDEX = """animal n 1 2 @ ~ 1 1 00000020
beast n 1 1 @ 1 1 00000020
dog n 2 2 @ ~ 2 1 00000050 00000080
entity n 1 1 ~ 1 1 00000010
pet n 1 1 @ 1 1 00000060
rex n 1 1 @ 1 0 00000070
run n 1 1 + 1 1 00000090
thing n 1 1 @ 1 1 00000040
tool n 1 1 @ 1 1 00000030
"""


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    (tmp_path / "data.noun").write_text(LICENCE + DATA)
    (tmp_path / "index.noun").write_text(LICENCE + INDEX)
    return tmp_path


def test_the_files_are_read_as_they_are(wordnet: Path) -> None:
    nouns = read_nouns(wordnet)
    assert nouns["00000020"].gloss == "a living organism"
    assert nouns["00000030"].gloss == "what one works with; a device"
    assert nouns["00000050"].above == ("00000020", "00000060")
    # A pointer to a verb is none upward.
    assert nouns["00000090"].above == ()
    assert first_senses(wordnet)["dog"] == "00000050"


def test_concepts_are_closures_and_the_order_is_that_of_their_members(wordnet: Path) -> None:
    concepts = wordnet_concepts(wordnet, least=1, alike=1.0, rng=np.random.default_rng(0))
    # The second meaning of dog is no text; entity holds all but one.
    assert len(concepts.texts) == 8
    sizes = dict(zip(concepts.names, concepts.membership.sum(axis=0).tolist(), strict=True))
    assert sizes == {"entity": 7, "animal": 4, "pet": 3, "dog": 2, "thing": 2, "Rex": 1, "tool": 1, "run": 1}
    assert ("Rex", "animal") in concepts.order
    assert ("animal", "Rex") not in concepts.order
    assert len(concepts.order) == 7 - 1 + 3 + 2 + 1 + 1
    assert accidental_inclusions(concepts) == 0
    fewer = wordnet_concepts(wordnet, least=2, alike=0.7, texts="lemmas", rng=np.random.default_rng(0))
    # pet shares three of four with animal.
    assert fewer.names == ("entity", "animal", "thing", "dog")
    assert "Rex" in fewer.texts


def test_what_is_drawn_depends_on_the_generator_alone(wordnet: Path) -> None:
    draws = [
        wordnet_concepts(wordnet, count=4, least=1, rng=np.random.default_rng(s)).texts for s in (0, 0, 1)
    ]
    assert draws[0] == draws[1] != draws[2]
    with pytest.raises(InvalidInput, match="no concept holds 100 of the 8"):
        wordnet_concepts(wordnet, rng=np.random.default_rng(0))


@pytest.mark.parametrize("line", ["00000100 03 n zz dog", "00000100 03 n 01 dog 0 000", "x"])
def test_damaged_files_are_refused_by_line(wordnet: Path, line: str) -> None:
    with (wordnet / "data.noun").open("a") as file:
        file.write(line + "\n")
    with pytest.raises(InvalidInput, match="line 11 of data"):
        read_nouns(wordnet)


def test_a_missing_wordnet_says_how_to_get_it(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="apt-get install"):
        read_nouns(tmp_path)


def test_a_written_set_is_what_the_other_commands_read(wordnet: Path, tmp_path: Path) -> None:
    concepts = wordnet_concepts(wordnet, least=1, alike=1.0, rng=np.random.default_rng(0))
    assert concepts.write(tmp_path / "wn") == ("membership.csv", "order.csv", "texts.txt")
    names, table = read_membership(tmp_path / "wn" / "membership.csv")
    assert names == concepts.names
    np.testing.assert_array_equal(table, concepts.membership)
    assert (tmp_path / "wn" / "texts.txt").read_text().splitlines() == list(concepts.texts)
    with pytest.raises(InvalidInput, match="several lines"):
        Concepts(("a\nb",), ("c",), np.ones((1, 1), bool), ()).write(tmp_path)


def test_tokens_are_read_off_their_place_in_the_text(tmp_path: Path) -> None:
    texts = Texts(("Ab, 7", "x Y"))
    concepts = token_concepts(collect(Letters(), texts, tmp_path / "a", pool="tokens"))
    letters = list("".join(texts.lines))
    columns = dict(zip(concepts.names, concepts.membership.T, strict=True))
    holding = {name: [letters[i] for i in np.flatnonzero(column)] for name, column in columns.items()}
    assert holding == {
        "first": ["A", "x"], "capitalised": ["A", "Y"], "number": ["7"], "punctuation": [","],
        "inside a word": ["b"],
    }  # fmt: skip
    with pytest.raises(InvalidInput, match="single tokens"):
        token_concepts(collect(Letters(), WORDS, tmp_path / "b"))


@pytest.mark.slow
@pytest.mark.skipif(not (WORDNET / "data.noun").is_file(), reason="WordNet (wordnet-base) is not installed")
def test_wordnet_itself_has_the_nouns_that_it_says() -> None:
    nouns = read_nouns()
    assert len(nouns) == 82_115
    assert sum(len(noun.above) > 1 for noun in nouns.values()) == 2213
    assert nouns[first_senses()["dog"]].gloss.startswith("a member of the genus Canis")
