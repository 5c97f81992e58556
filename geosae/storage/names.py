"""Names are data: which texts may be names, and the part of a file name that belongs to each."""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from geosae.errors import InvalidInput

_NO_FILE = re.compile("[\0\ud800-\udfff]")
LONGEST_STEM = 60
"""Characters of a name that its file name takes at most: file systems allow about 255 bytes in all."""


def admit_names(names: Iterable[Any], where: str) -> tuple[str, ...]:
    r"""Return names as texts; any Unicode text may be a name, but for what no file can hold.

    `where` says whose names they are, for the errors.

    Raises
    ------
    InvalidInput
        If a name is no text, or holds a null character or half of a surrogate pair.

    Examples
    --------
    >>> admit_names(["α", "costs $1 to $2", ""], "the concepts")
    ('α', 'costs $1 to $2', '')
    >>> admit_names(["\ud800"], "the concepts")
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: the concepts: name 1, '\ud800', holds '\ud800', which no file can hold.
      Likely causes: half of a surrogate pair: a text cut in the middle of a character.
      What to do: name it otherwise.
    """
    if isinstance(names, str):
        raise InvalidInput(f"{where}: one text, {names[:40]!r}, where a list of names is needed")
    if not isinstance(names, Iterable):
        raise InvalidInput(f"{where}: {names!r:.40}, where a list of names is needed")
    texts: list[str] = []
    for position, name in enumerate(names, start=1):
        if not isinstance(name, str):
            raise InvalidInput(
                f"{where}: name {position} is {repr(name)[:40]}, of type {type(name).__name__}, and no text",
                remedy="give every name as a text: str(name)",
            )
        if (match := _NO_FILE.search(name)) is not None:
            wrong = match[0]
            causes = "half of a surrogate pair: a text cut in the middle of a character"
            raise InvalidInput(
                f"{where}: name {position}, {name[:40]!r}, holds {wrong!r}, which no file can hold",
                causes="binary data read as text" if wrong == "\0" else causes,
                remedy="name it otherwise",
            )
        # A subclass (numpy.str_) becomes a plain text.
        texts.append(str(name))
    return tuple(texts)


def file_stems(names: Sequence[str]) -> dict[str, str]:
    """Return for each name a part of a file name: letters, digits and hyphens of ASCII, no two alike.

    Names that are alike in what is left of them get the beginning of their hash. The stems differ also where
    upper and lower case count as the same.

    Examples
    --------
    >>> file_stems(["Disk in ring (n = 2)", "A b", "A-b"])
    {'Disk in ring (n = 2)': 'disk-in-ring-n-2', 'A b': 'a-b-a760b0e1', 'A-b': 'a-b-b05dd069'}
    """
    distinct_names = list(dict.fromkeys(names))
    plain = {name: _plain(name) for name in distinct_names}
    counts = Counter(plain.values())
    taken = {stem for stem, count in counts.items() if count == 1}
    stems: dict[str, str] = {}
    for name in distinct_names:
        stem, digits = plain[name], 8
        if counts[stem] > 1:
            digest = hashlib.sha256(name.encode()).hexdigest()
            while f"{stem}-{digest[:digits]}" in taken:
                digits += 1
            stem = f"{stem}-{digest[:digits]}"
            taken.add(stem)
        stems[name] = stem
    return stems


def _plain(name: str) -> str:
    text = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    return text[:LONGEST_STEM].rstrip("-") or "world"
