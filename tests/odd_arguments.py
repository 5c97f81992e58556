"""Run by tests/test_odd_arguments.py in a process of its own, where no hook checks types before the library.

Calls every public function with a valid call, one argument replaced by an odd value (tests/odd_values.py),
and says of each case what it came to. Arguments: the number of cases (0 for all), the seed by which they are
chosen, and words that names must hold (with a minus: must not). Writes JSON: the names with and without a
call, the number of cases,
and those that failed.
"""

import ast
import collections.abc
import dataclasses
import importlib
import inspect
import json
import pkgutil
import random
import re
import signal
import sys
import traceback
import types
import typing
import warnings
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import geosae_synthetic
import numpy as np
import torch
from odd_calls import CALLS, METHODS
from odd_exceptions import ARGUMENTS, FUNCTIONS, KIND_OF, NAMED_AS, TAKEN
from odd_values import KINDS, NONE, Odd

import geosae
import proofs_checks
from geosae.errors import InvalidInput

SECONDS = 20
UNLIKE = ("seconds", "data_hash")
"""Fields in which equal answers differ: how long it took, and a hash of points as they are stored."""


def public() -> dict[str, Any]:
    """Return every public callable by name: what the packages hand out, each object once."""
    callables: dict[str, Any] = {}
    seen: set[int] = set()
    for root in (geosae, geosae_synthetic, proofs_checks):
        inner = [
            module.name
            for module in pkgutil.walk_packages(root.__path__, f"{root.__name__}.")
            if module.ispkg
        ]
        for name in (root.__name__, *inner):
            if "._" in name:
                continue
            module = importlib.import_module(name)
            for word in _handed_out(module):
                item = getattr(module, word)
                # Literal words and unions are types, and called by nobody.
                if callable(item) and getattr(item, "__module__", "") != "typing" and id(item) not in seen:
                    seen.add(id(item))
                    callables[f"{name}.{word}"] = item
    return callables


def _handed_out(module: types.ModuleType) -> list[str]:
    if hasattr(module, "__all__"):
        return [name for name in module.__all__ if not name.startswith("_")]
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    again = [
        a.asname for n in tree.body if isinstance(n, ast.ImportFrom) for a in n.names if a.asname == a.name
    ]
    own = [n.name for n in tree.body if isinstance(n, ast.FunctionDef | ast.ClassDef)]
    return [name for name in (*again, *own) if not name.startswith("_")]


def kind_of(annotation: Any, value: Any) -> str | None:
    """Return the kind of an argument from what the signature promises, or None where nothing is odd (Any)."""
    choices = [annotation]
    if typing.get_origin(annotation) in (typing.Union, types.UnionType):
        choices = [choice for choice in typing.get_args(annotation) if choice is not type(None)]
    origins = {typing.get_origin(choice) for choice in choices}
    if any(hasattr(choice, "array_type") for choice in choices):
        array = next(choice for choice in choices if hasattr(choice, "array_type"))
        if "int64" in array.dtypes:
            return "counts"
        if "bool" in array.dtypes or "bool_" in array.dtypes:
            return "mask"
        return "matrix" if np.ndim(value) == 2 else "vector"
    if np.random.Generator in choices:
        return "rng"
    if Literal in origins:
        return "word"
    if Path in choices:
        return "path"
    if bool in choices:
        return "flag"
    if float in choices or Fraction in choices:
        return "number"
    if int in choices:
        return "whole"
    if collections.abc.Callable in origins:
        return "callable"
    if collections.abc.Mapping in origins:
        return "mapping"
    if origins & {tuple, collections.abc.Sequence, collections.abc.Iterable}:
        items = list(value) if value is not None else []
        if items and all(isinstance(item, str) for item in items):
            return "names"
        return "numbers" if items and all(isinstance(item, int | float) for item in items) else "sequence"
    if str in choices:
        return "text"
    return "record" if all(inspect.isclass(choice) for choice in choices) and Any not in choices else None


def is_asked(name: str, words: list[str]) -> bool:
    """Tell whether a name holds one of the words, and none of those with a minus before them."""
    without = [word[1:] for word in words if word.startswith("-")]
    within = [word for word in words if not word.startswith("-")]
    return not any(word in name for word in without) and (not within or any(word in name for word in within))


def cases(words: list[str]) -> list[tuple[str, str, str, Odd]]:
    """Return every case of the functions asked for: function, argument, kind of argument, odd value."""
    listed: list[tuple[str, str, str, Odd]] = []
    for name, (function, arguments) in sorted(callables().items()):
        if not is_asked(name, words):
            continue
        valid = arguments()
        for word, parameter in inspect.signature(function()).parameters.items():
            if f"{name}({word})" in ARGUMENTS or parameter.kind is parameter.VAR_KEYWORD:
                continue
            value = valid.get(word, parameter.default)
            kind = KIND_OF.get(f"{name}({word})") or kind_of(parameter.annotation, value)
            if kind is None or (
                value is None and kind not in ("rng", "callable", "record", "number", "whole")
            ):
                continue
            odds = list(KINDS[kind])
            if parameter.default is not None and "None" not in str(parameter.annotation):
                odds += [NONE] if NONE.name not in {odd.name for odd in odds} else []
            else:
                odds = [odd for odd in odds if odd.name != "None"]
            # A value left out has no other form.
            listed += [(name, word, kind, odd) for odd in odds if value is not None or odd.fate == "refused"]
    return listed


def callables() -> dict[str, tuple[Callable[[], Any], Callable[[], Mapping[str, Any]]]]:
    """Return what is called, and how: the functions and classes of the table, and the methods."""
    everything = public()
    table = {n: (lambda n=n: everything[n], arguments) for n, arguments in CALLS.items() if n in everything}
    return {**table, **METHODS}


def plain(value: Any, depth: int = 0) -> Any:
    """Return an answer in a form in which equal answers are equal: numbers as they are, arrays by entries."""
    if depth > 12:
        return "…"
    if isinstance(value, torch.Tensor):
        value = value.detach().cpu().double().numpy()
    if isinstance(value, np.ndarray | np.generic):
        if value.dtype.kind in "fiub":
            # Plus zero is minus zero here, and an integer the float that it equals.
            return (value.shape, (value.astype(np.float64) + 0.0).tobytes())
        return (np.shape(value), repr(np.asarray(value).tolist()))
    if isinstance(value, bool | int | float):
        return repr(float(value) + 0.0) if not abs(value) >= 2**53 else repr(value)
    if value is None or isinstance(value, str | bytes | complex | Fraction):
        return repr(value)
    if isinstance(value, Path):
        return "a path"
    if isinstance(value, Mapping):
        return {str(key): plain(entry, depth + 1) for key, entry in value.items() if key not in UNLIKE}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(entry, depth + 1) for entry in value]
    if isinstance(value, Iterator):
        return [plain(entry, depth + 1) for entry in value]
    if isinstance(value, np.random.Generator) or callable(value):
        return type(value).__name__
    if isinstance(value, torch.nn.Module):
        return plain(value.state_dict(), depth + 1)
    if type(value).__name__ == "Figure":
        from geosae.figures import render

        return render(value, "svg")
    if dataclasses.is_dataclass(value):
        names = [field.name for field in dataclasses.fields(value) if field.name not in UNLIKE]
        return (type(value).__name__, [plain(getattr(value, name), depth + 1) for name in names])
    return re.sub(r"0x[0-9a-f]+", "", repr(value))


@dataclasses.dataclass
class Outcome:
    kind: Literal["answer", "refused", "raised"]
    answer: Any = None
    message: str = ""


class TookTooLong(BaseException):
    pass


def _alarm(_number: int, _frame: Any) -> None:
    raise TookTooLong


def outcome(function: Callable[..., Any], arguments: Mapping[str, Any]) -> Outcome:
    signal.alarm(SECONDS)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return Outcome("answer", plain(function(**arguments)))
    except InvalidInput as error:
        return Outcome("refused", message=str(error))
    except OSError as error:
        # Of a path: the system's own words name it.
        return Outcome("refused", message=str(error))
    except TookTooLong:
        return Outcome("raised", message=f"no answer after {SECONDS} s")
    except BaseException as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if "/tests/" not in f.filename]
        place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "here"
        return Outcome("raised", message=f"{type(error).__name__}: {str(error)[:200]} ({place})")
    finally:
        signal.alarm(0)


def names_it(message: str, name: str, word: str) -> bool:
    """Tell whether a message names the argument: by its name, or as the table says."""
    spellings = {word, word.replace("_", " "), word.rstrip("s"), *NAMED_AS.get(word, ())}
    spellings |= set(NAMED_AS.get(f"{name}({word})", ()))
    return any(re.search(rf"(?i)(?<![a-z]){s}", message) for s in spellings)


def fault(name: str, word: str, odd: Odd) -> str | None:
    """Return what is wrong with what one case came to, None where nothing is."""
    function, arguments = callables_cached()[name]
    valid = dict(arguments())
    default = inspect.signature(function()).parameters[word].default
    value = valid.get(word, None if default is inspect.Parameter.empty else default)
    try:
        strange = odd.make(value)
    except Exception:
        return "no such value"
    now = outcome(function(), {**valid, word: strange})
    if now.kind == "raised":
        return now.message
    if now.kind == "refused":
        return None if names_it(now.message, name, word) else f"does not name it: {now.message}"
    if odd.fate == "refused" and f"{name}({word}): {odd.name}" not in TAKEN:
        return f"taken: {str(now.answer)[:80]}"
    if odd.fate == "same" and f"{name}({word}): {odd.name}" not in TAKEN:
        again = dict(arguments())
        expected = outcome(function(), {**again, word: odd.plain(again.get(word, value))})
        if expected.kind != "answer" or expected.answer != now.answer:
            return f"another answer than the plain value, {expected.kind}: {expected.message[:100]}"
    return None


_table: dict[str, Any] = {}


def callables_cached() -> dict[str, Any]:
    if not _table:
        _table.update(callables())
    return _table


def main(count: int, seed: int, words: list[str]) -> None:
    everything = public()
    chosen = cases(words)
    if count:
        chosen = random.Random(seed).sample(chosen, min(count, len(chosen)))
    faults: list[list[str]] = []
    skipped = 0
    for name, word, kind, odd in chosen:
        wrong = fault(name, word, odd)
        if wrong == "no such value":
            skipped += 1
        elif wrong:
            faults.append([name, word, kind, odd.name, wrong])
    invalid = [
        [name, made.message]
        for name, (function, arguments) in callables_cached().items()
        if not count and not words and (made := outcome(function(), arguments())).kind != "answer"
    ]
    report = {
        "missing": sorted(set(everything) - set(CALLS) - set(FUNCTIONS)),
        "unknown": sorted((set(CALLS) | set(FUNCTIONS)) - set(everything)),
        "functions": len({case[0] for case in chosen}),
        "cases": len(chosen) - skipped,
        "invalid": invalid,
        "faults": faults,
    }
    sys.stdout.write(json.dumps(report))


if __name__ == "__main__":
    signal.signal(signal.SIGALRM, _alarm)
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
