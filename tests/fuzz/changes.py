"""Small changes of tables, lists, texts and numbers: the moves of a fuzzer that keeps the syntax."""

import copy
import json
import random
import tomllib
from collections.abc import Iterator
from typing import Any

import tomli_w

ODD: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    1,
    -1,
    2,
    3,
    2**31,
    2**63,
    -(2**63) - 1,
    10**30,
    10**400,
    0.5,
    -0.5,
    1e-320,
    1e308,
    float("nan"),
    float("inf"),
    float("-inf"),
    "",
    "0",
    "9" * 5000,
    "\ud800",
    "\0",
    "a" * 300,
    "a/../b",
    "ä\u2028",
    [],
    {},
    [[]],
    [None],
    {"": None},
    [0] * 40,
    ["a", "a"],
    "[" * 3000,
)
"""What stands where something else was expected."""


def nested(depth: int) -> Any:
    """Return lists within lists, or tables within tables."""
    value: Any = 0
    for level in range(depth):
        value = [value] if depth % 2 else {"parts": [value], "kind": "union", "level": level}
    return value


def places(tree: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every container with a key or index of it."""
    stack = [tree]
    while stack:
        node = stack.pop()
        keys = list(node) if isinstance(node, dict) else list(range(len(node)))
        for key in keys:
            yield node, key
            if isinstance(node[key], dict | list):
                stack.append(node[key])


def _near(value: Any, rng: random.Random) -> Any:
    """Return a value that is nearly another one."""
    if isinstance(value, bool):
        return not value
    if isinstance(value, int | float):
        if rng.random() < 0.5:
            return rng.choice([odd for odd in ODD if isinstance(odd, int | float)])
        return rng.choice((value + 1, value - 1, -value, value * 2, value / 3, str(value), [value]))
    if isinstance(value, str):
        at = rng.randrange(len(value) + 1)
        return rng.choice(
            (value[:at], value[:at] + "x" + value[at:], value.upper(), [value], {value: 1}, value + "\ud800")
        )
    if isinstance(value, list) and value:
        texts = dict(enumerate(map(str, value)))
        return rng.choice(
            (value[:-1], value[::-1], value * 2, value[:1], [value], {str(k): v for k, v in texts.items()})
        )
    if isinstance(value, dict):
        return rng.choice((list(value), list(value.values()), [value], dict(list(value.items())[:-1])))
    return rng.choice(ODD)


def _other(value: Any, tree: Any, rng: random.Random) -> Any:
    """Return a neighbour of a value, something odd, or another part of the tree."""
    kind = rng.randrange(16)
    if kind == 0:
        return nested(rng.choice((3, 60, 150, 151, 400, 401, 900, 901)))
    if kind <= 2:
        node, key = rng.choice(list(places(tree)))
        return copy.deepcopy(node[key])
    return copy.deepcopy(rng.choice(ODD) if kind <= 7 else _near(value, rng))


def changed(tree: Any, rng: random.Random) -> Any:
    """Return a tree that differs in one to four places: replaced, left out, repeated, renamed or swapped."""
    tree = copy.deepcopy(tree)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 4))):
        every = list(places(tree)) if isinstance(tree, dict | list) else []
        if not every:
            return _other(tree, [tree], rng)
        node, key = rng.choice(every)
        move = rng.randrange(10)
        if move == 0:
            del node[key]
        elif move == 1 and isinstance(node, list):
            node.insert(key, copy.deepcopy(node[key]))
        elif move == 1:
            node[rng.choice((key + "x", "", "kind", "content_hash"))] = node.pop(key)
        elif move == 2:
            other_node, other_key = rng.choice(every)
            # Of containers within each other one is copied into the other, never made its own part.
            node[key] = copy.deepcopy(other_node[other_key]) if other_key in _keys(other_node) else None
        else:
            node[key] = _other(node[key], tree, rng)
    return tree


def _keys(node: Any) -> Any:
    return node if isinstance(node, dict) else range(len(node))


def variant(syntax: str, data: bytes, rng: random.Random) -> bytes:
    """Return a changed text of JSON or TOML, or changed bytes where there is no syntax to be kept."""
    try:
        if syntax == "json":
            return json.dumps(changed(json.loads(data), rng)).encode()
        if syntax == "toml":
            return tomli_w.dumps(changed(tomllib.loads(data.decode()), rng)).encode()
    except (ValueError, TypeError, RecursionError, AttributeError, OverflowError):
        pass
    return flipped(data, rng)


def flipped(data: bytes, rng: random.Random) -> bytes:
    """Return bytes of which some are changed, left out, repeated or taken from elsewhere."""
    content = bytearray(data or b"\0")
    for _ in range(rng.choice((1, 1, 2, 4, 8))):
        at = rng.randrange(len(content) + 1)
        to = min(len(content), at + rng.choice((1, 1, 2, 8, 64)))
        part = content[at:to]
        content[at:to] = rng.choice(
            (
                bytes([rng.randrange(256)]),
                b"",
                bytes(part) * 2,
                b"9" * 8,
                b"[" * 30,
                b'"',
                b",",
                b"\n",
                bytes(4),
                b"\xff" * 8,
            )
        )
    return bytes(content)
