"""The hyperparameters that a tuning job searches: ranges, scales, and values as texts.

Source: https://docs.aws.amazon.com/sagemaker/latest/dg/automatic-model-tuning-define-ranges.html
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.runtime.requests.parts import listed

MAX_RANGES = 30
_LINEAR, _LOGARITHMIC, _REVERSE = "Linear", "Logarithmic", "ReverseLogarithmic"
# AWS does not say what Auto chooses, only that logarithmic suits several orders of magnitude.
_AUTO_LOGARITHMIC_FROM = 1000


class SpaceError(ValueError):
    """Ranges that nothing can be searched in; the message names the hyperparameter."""


@dataclass(frozen=True)
class Categorical:
    """A hyperparameter with one of a few texts as its value."""

    name: str
    values: tuple[str, ...]
    kind = "categorical"

    @property
    def size(self) -> float:
        """How many values there are."""
        return len(self.values)

    @property
    def dimension(self) -> dict[str, Any]:
        """The dimension that a sampler searches."""
        return {"type": "categorical", "values": list(self.values)}

    def at(self, fraction: float) -> str:
        """Return the value at a fraction of the range, from 0 to below 1."""
        return self.values[int(fraction * len(self.values))]

    def text(self, coordinate: Any) -> str:
        """Return the value at a coordinate of the dimension."""
        return str(coordinate)

    def coordinate(self, text: str) -> Any:
        """Return where a value is in the dimension, or None if it is outside."""
        return text if text in self.values else None


@dataclass(frozen=True)
class Numeric:
    """A hyperparameter with a number as its value.

    Attributes
    ----------
    scale : str
        ``Linear``, ``Logarithmic`` or ``ReverseLogarithmic``.
    """

    name: str
    is_integer: bool
    low: float
    high: float
    scale: str

    @property
    def kind(self) -> str:
        """As requests name it."""
        return "integer" if self.is_integer else "continuous"

    @property
    def size(self) -> float:
        """How many values there are."""
        return self.high - self.low + 1 if self.is_integer else math.inf

    @property
    def dimension(self) -> dict[str, Any]:
        """The dimension that a sampler searches; a reverse logarithm is one of the rest to 1."""
        low, high = sorted((self._mirrored(self.low), self._mirrored(self.high)))
        return {
            "type": "int" if self.is_integer else "float",
            "low": low,
            "high": high,
            "log": self.scale != _LINEAR,
        }

    def at(self, fraction: float) -> str:
        """Return the value at a fraction of the range, from 0 to below 1."""
        # Each integer has its share of the range, the outer ones too.
        margin = 0.5 if self.is_integer else 0.0
        low, high = self._mirrored(self.low) - margin, self._mirrored(self.high) + margin
        if self.scale == _LINEAR:
            return self.text(low + fraction * (high - low))
        return self.text(math.exp(math.log(low) + fraction * (math.log(high) - math.log(low))))

    def text(self, coordinate: float) -> str:
        """Return the value at a coordinate of the dimension."""
        value = self._mirrored(coordinate)
        value = math.floor(value + 0.5) if self.is_integer else float(value)
        return str(min(max(value, self.low), self.high))

    def coordinate(self, text: str) -> Any:
        """Return where a value is in the dimension, or None if it is outside."""
        try:
            value = (int if self.is_integer else float)(text)
        except ValueError:
            return None
        return self._mirrored(value) if self.low <= value <= self.high else None

    def _mirrored(self, value: float) -> float:
        return 1 - value if self.scale == _REVERSE else value


Parameter = Categorical | Numeric


@dataclass(frozen=True)
class Space:
    """All hyperparameters that are searched."""

    parameters: tuple[Parameter, ...]

    @property
    def combinations(self) -> float:
        """How many there are of all values; infinite if one is continuous."""
        return math.prod(parameter.size for parameter in self.parameters)

    @property
    def dimensions(self) -> dict[str, dict[str, Any]]:
        """The dimensions that a sampler searches, by name."""
        return {one.name: one.dimension for one in self.parameters}

    def texts(self, coordinates: Mapping[str, Any]) -> dict[str, str]:
        """Return the values at the coordinates of every dimension."""
        return {one.name: one.text(coordinates[one.name]) for one in self.parameters}

    def coordinates(self, values: Mapping[str, str]) -> dict[str, Any] | None:
        """Return where values are, or None if one is missing or outside its range."""
        found = {one.name: one.coordinate(values.get(one.name, "")) for one in self.parameters}
        return None if None in found.values() else found


def read_space(ranges: Mapping[str, Any]) -> Space:
    """Return the space of a request's ``ParameterRanges``.

    Raises
    ------
    SpaceError
        If there is no range, or one holds no two values, or its scale does not fit it.
    """
    parameters = tuple(_read(ranges))
    if not parameters:
        raise SpaceError("ParameterRanges must have at least one range")
    if len(parameters) > MAX_RANGES:
        # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ParameterRanges.html
        raise SpaceError(
            f"ParameterRanges must have at most {MAX_RANGES} ranges in all, got {len(parameters)}"
        )
    names = [parameter.name for parameter in parameters]
    for name in names:
        if names.count(name) > 1:
            raise SpaceError(f"the hyperparameter {name!r} must have one range, got several")
    return Space(parameters)


def _read(ranges: Mapping[str, Any]) -> Iterator[Parameter]:
    for given in listed(ranges, "CategoricalParameterRanges"):
        yield _categorical(given)
    for given in listed(ranges, "IntegerParameterRanges"):
        yield _numeric(given, is_integer=True)
    for given in listed(ranges, "ContinuousParameterRanges"):
        yield _numeric(given, is_integer=False)


def _categorical(given: Mapping[str, Any]) -> Categorical:
    values = tuple(given["Values"])
    # aws/amazon-sagemaker-feedback#195: neither single nor repeated values are taken.
    if len(values) < 2 or len(set(values)) < len(values):
        raise SpaceError(
            f"the range of {given['Name']!r} must have two or more different values, "
            f"got {list(values)}"
        )
    return Categorical(given["Name"], values)


def _numeric(given: Mapping[str, Any], *, is_integer: bool) -> Numeric:
    name, convert = given["Name"], int if is_integer else float
    low = _number(name, "MinValue", given["MinValue"], convert)
    high = _number(name, "MaxValue", given["MaxValue"], convert)
    if not low < high:  # aws/amazon-sagemaker-feedback#195, of a single value
        raise SpaceError(
            f"the range of {name!r} must have a MinValue below its MaxValue, "
            f"got {given['MinValue']} and {given['MaxValue']}"
        )
    scale = given.get("ScalingType") or "Auto"
    if scale == "Auto":
        spread = low > 0 and high / low >= _AUTO_LOGARITHMIC_FROM
        scale = _LOGARITHMIC if spread else _LINEAR
    if scale == _LOGARITHMIC and low <= 0:
        raise SpaceError(f"the range of {name!r} must be above 0 for a {scale} scale, got {low}")
    if scale == _REVERSE and (is_integer or low < 0 or high >= 1):
        raise SpaceError(
            f"the range of {name!r} must be continuous, from 0 to below 1, for a {scale} scale"
        )
    return Numeric(name, is_integer, low, high, scale)


def _number(name: str, field: str, text: str, convert: Callable[[str], float]) -> float:
    try:
        value = convert(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        kind = "an integer" if convert is int else "a number"
        raise SpaceError(f"the {field} of {name!r} must be {kind}, got {text!r}")
    return value
