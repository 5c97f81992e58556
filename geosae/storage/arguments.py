"""The arguments of a public function pass the checks of a record's fields: types, words, ranges, by name."""

import collections.abc
import functools
import inspect
import math
import typing
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

import numpy as np

from geosae.errors import InvalidInput
from geosae.storage.records import fitted
from geosae.validation import Range

P = ParamSpec("P")
R = TypeVar("R")


def checked_arguments(**ranges: Range) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Check each argument of a function against its annotation, and numbers against a range.

    Numpy scalars become numbers, sequences tuples; nan is no argument. Arrays are left to the function, which
    knows what they must hold (`geosae.validation`), and so is what is annotated as Any.

    Examples
    --------
    >>> from geosae.validation import COUNT
    >>> @checked_arguments(count=COUNT)
    ... def repeated(count: int, word: str = "a") -> str:
    ...     return count * word
    >>> repeated(2)
    'aa'
    >>> repeated(2.0)
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: repeated: 'count' is 2.0, which is no int.
    >>> repeated(0)
    Traceback (most recent call last):
        ...
    geosae.errors.InvalidInput: repeated: 'count' is 0, where a number ≥ 1 and ≤ 2147483648 is needed.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        @functools.wraps(function)
        def checked(*args: P.args, **kwargs: P.kwargs) -> R:
            signature = _signature(function)
            bound = signature.bind(*args, **kwargs)
            for name, value in bound.arguments.items():
                parameter = signature.parameters[name]
                variadic = parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
                if not variadic and not _is_free(parameter.annotation):
                    what = f"{function.__name__}: '{name}'"
                    bound.arguments[name] = _checked(value, parameter.annotation, what, ranges.get(name))
            return function(*bound.args, **bound.kwargs)

        return checked

    return decorate


@functools.cache
def _signature(function: Callable[..., Any]) -> inspect.Signature:
    try:
        return inspect.signature(function, eval_str=True)
    except NameError:  # a type that is imported for type checkers only
        return inspect.signature(function)


def _is_free(annotation: Any) -> bool:
    """Tell whether nothing is promised here, or an array or a function beside which other forms are taken."""
    choices = typing.get_args(annotation) or (annotation,)
    array = any(choice is np.ndarray or hasattr(choice, "array_type") for choice in choices)
    functions = [choice for choice in choices if typing.get_origin(choice) is collections.abc.Callable]
    function = bool(functions) and len(set(choices) - {type(None)}) > 1
    return array or function or annotation in (Any, inspect.Parameter.empty) or isinstance(annotation, str)


def _checked(value: Any, annotation: Any, what: str, limits: Range | None) -> Any:
    form = fitted(value, annotation, what)
    if isinstance(form, int | float) and not isinstance(form, bool):
        if isinstance(form, float) and math.isnan(form):
            raise InvalidInput(f"{what} is nan", remedy="hand in a number, or leave it out")
        if limits is not None:
            limits.check(form, what)
    return form
