"""The description of a world: its parameters, its construction, its distribution, its truth."""

import math
import textwrap
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from geosae.errors import InvalidInput
from geosae.validation import plain_number, refuse_unknown, whole_number
from geosae_synthetic.world_sample import WorldSample

Value = int | float | str | None
Build = Callable[[int, int, np.random.Generator, Mapping[str, Any]], WorldSample]


@dataclass(frozen=True)
class Parameter:
    """One parameter of a world: its default (whose type it has), its range, its unit and its meaning.

    A parameter whose default is None takes an integer, and says nothing where it is None. Where it is given,
    those that it `excludes` may not be, and have no value.

    Examples
    --------
    >>> Parameter("gap", 0.1, "least distance between two balls", unit="box half-widths", low=0.0).admit(1)
    1.0
    """

    name: str
    default: Value
    meaning: str
    unit: str = ""
    low: float | int | None = None
    high: float | int | None = None
    open_low: bool = False
    open_high: bool = False
    choices: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()

    def admit(self, value: Any) -> Value:
        """Return the value in this parameter's type.

        Raises
        ------
        InvalidInput
            If it is of another type or outside the range.
        """
        value = plain_number(value)
        if value is None and self.default is None:
            return None
        return self._text(value) if isinstance(self.default, str) else self._number(value)

    def _text(self, value: Any) -> str:
        if not isinstance(value, str) or (self.choices and value not in self.choices):
            raise InvalidInput(f"{self.name} = {value!r}: {self.range} is needed")
        return value

    def _number(self, value: Any) -> int | float:
        whole = isinstance(value, int) and not isinstance(value, bool)
        real = whole or isinstance(value, float)
        if not (whole if self._whole else real) or not self._inside(float(value)):
            raise InvalidInput(f"{self.name} = {value!r}: {self.range} is needed ({self.meaning})")
        return int(value) if self._whole else float(value)

    @property
    def _whole(self) -> bool:
        return self.default is None or isinstance(self.default, int)

    def _inside(self, value: float) -> bool:
        above = self.low is None or (value > self.low if self.open_low else value >= self.low)
        below = self.high is None or (value < self.high if self.open_high else value <= self.high)
        return math.isfinite(value) and above and below

    @property
    def range(self) -> str:
        """The range in words and brackets, such as "a number in [0, 1)".

        Examples
        --------
        >>> Parameter("share", 0.5, "", low=0, high=1, open_high=True).range
        'a number in [0, 1)'
        """
        if isinstance(self.default, str):
            return "one of " + ", ".join(self.choices) if self.choices else "a text"
        kind = "an integer" if self._whole else "a number"
        left = "(-∞" if self.low is None else f"{'(' if self.open_low else '['}{self.low:g}"
        right = "∞)" if self.high is None else f"{self.high:g}{')' if self.open_high else ']'}"
        return f"{kind} in {left}, {right}{' or None' if self.default is None else ''}"


@dataclass(frozen=True)
class World:
    """A benchmark world: what it is, how it is built step by step, and what is true in it.

    Printing it gives the whole description.
    """

    name: str
    summary: str
    steps: tuple[str, ...]
    distribution: str
    truth: str
    parameters: tuple[Parameter, ...]
    build: Build
    least_dim: int = 1

    def admit(self, dim: int, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return all parameters, defaults filled in; None for those that another one excludes.

        Raises
        ------
        InvalidInput
            If the dimension is too small, a parameter is unknown, a value is outside its range, or two are
            given of which one excludes the other.
        """
        if whole_number(dim, "the dimension") < self.least_dim:
            raise InvalidInput(f"{self.name} needs dim ≥ {self.least_dim}, not {dim}")
        return admit_all(self.name, self.parameters, params)

    def __str__(self) -> str:
        """Describe the world: construction, distribution, truth and parameters."""
        lines = [f"{self.name} (dim ≥ {self.least_dim})", _folded(self.summary), "", "Construction"]
        lines += [_folded(step, f"  {number}. ") for number, step in enumerate(self.steps, start=1)]
        lines += ["", "Distribution μ of the points", _folded(self.distribution)]
        lines += ["", "Truth (of the regions)", _folded(self.truth), "", "Parameters"]
        for parameter in self.parameters:
            unit = f", {parameter.unit}" if parameter.unit else ""
            lines.append(f"  {parameter.name} = {parameter.default!r}  ({parameter.range}{unit})")
            lines.append(_folded(parameter.meaning, "      "))
        return "\n".join(lines)


def admit_all(name: str, parameters: tuple[Parameter, ...], params: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of all these parameters, defaults filled in; `name` is what they belong to.

    A parameter that another one excludes has the value None.

    Raises
    ------
    InvalidInput
        If a parameter is unknown, a value is of another type or outside its range, or two are given of which
        one excludes the other.

    Examples
    --------
    >>> admit_all("a world", (Parameter("depth", 4, "levels"), Parameter("gap", 0.5, "distance")), {"gap": 1})
    {'depth': 4, 'gap': 1.0}
    """
    refuse_unknown(params, (parameter.name for parameter in parameters), name, "parameter")
    try:
        values: dict[str, Any] = {p.name: p.admit(params.get(p.name, p.default)) for p in parameters}
    except InvalidInput as error:
        raise InvalidInput(f"{name}: {error}") from error
    for p in parameters:
        if p.excludes and values[p.name] is not None:
            clash = [other for other in p.excludes if params.get(other) is not None]
            if clash:
                raise InvalidInput(
                    f"{name}: {p.name} = {values[p.name]} excludes {', '.join(clash)}",
                    causes=f"{p.name} = {values[p.name]}: {p.meaning}",
                    remedy=f"leave out {p.name}, or else {', '.join(clash)}",
                )
            values |= dict.fromkeys(p.excludes)
    return values


def _folded(text: str, lead: str = "  ") -> str:
    return textwrap.fill(text, 100, initial_indent=lead, subsequent_indent=" " * len(lead))
