"""Metric math: CloudWatch's expressions on the values of each period.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping
from typing import Any, Union

Series = list[Union[float, None]]  # a value per period; None if missing
Value = Union[float, Series, list[Series]]

_OPERATORS: dict[type, Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: operator.pow,
    ast.Eq: lambda a, b: float(a == b),
    ast.NotEq: lambda a, b: float(a != b),
    ast.Lt: lambda a, b: float(a < b),
    ast.LtE: lambda a, b: float(a <= b),
    ast.Gt: lambda a, b: float(a > b),
    ast.GtE: lambda a, b: float(a >= b),
    ast.And: lambda a, b: float(bool(a) and bool(b)),
    ast.Or: lambda a, b: float(bool(a) or bool(b)),
}
_SPELLING = (
    (re.compile(r"\^"), "**"),
    (re.compile(r"&&|\bAND\b", re.IGNORECASE), " and "),
    (re.compile(r"\|\||\bOR\b", re.IGNORECASE), " or "),
)


class ExpressionError(ValueError):
    """An expression that the emulator cannot evaluate."""


class Expression:
    """A parsed expression.

    Parameters
    ----------
    text : str
        As in ``100 * errors / requests``.

    Raises
    ------
    ExpressionError
        If it is not valid, or uses something that the emulator does not support.
    """

    def __init__(self, text: str) -> None:
        self._text = text
        source = text.strip()
        for pattern, python in _SPELLING:
            source = pattern.sub(python, source)
        try:
            self._root = ast.parse(source, mode="eval").body
        except (SyntaxError, ValueError) as error:
            raise ExpressionError(f"{text!r} is not a metric math expression: {error}") from error
        self.ids = frozenset(
            node.id
            for node in ast.walk(self._root)
            if isinstance(node, ast.Name) and node.id not in _FUNCTIONS
        )
        self._check(self._root)

    def evaluate(self, values: Mapping[str, Series], periods: int, period: float) -> Series:
        """Return the expression's value in each period.

        Parameters
        ----------
        values : mapping
            The series of each id in `ids`, each `periods` long.
        period : float
            Length of a period in seconds.

        Raises
        ------
        ExpressionError
            If the result is not a single time series.
        """
        scope = _Scope(values, periods, period)
        result = self._value(self._root, scope)
        if isinstance(result, list) and not any(isinstance(one, list) for one in result):
            return result  # pyright: ignore[reportReturnType]
        raise ExpressionError(f"{self._text!r} must return one time series")

    def _check(self, node: ast.AST) -> None:
        if isinstance(node, ast.Call):
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            if name not in _FUNCTIONS or node.keywords:
                raise self._unknown(name or ast.dump(node.func))
            for argument in node.args:
                self._check(argument)
            return
        if isinstance(node, ast.Constant):
            if isinstance(node.value, bool) or not isinstance(node.value, (int, float)):
                raise self._unknown(repr(node.value))
            return
        allowed = (ast.Name, ast.List, ast.BinOp, ast.UnaryOp, ast.BoolOp, ast.Compare)
        if not isinstance(node, allowed):
            raise self._unknown(type(node).__name__)
        for child in ast.iter_child_nodes(node):
            if isinstance(child, (ast.operator, ast.cmpop, ast.boolop, ast.unaryop)):
                if type(child) not in _OPERATORS and not isinstance(child, (ast.USub, ast.UAdd)):
                    raise self._unknown(type(child).__name__)
            elif not isinstance(child, ast.expr_context):
                self._check(child)

    def _unknown(self, what: str) -> ExpressionError:
        return ExpressionError(
            f"the emulator does not support {what} of metric math, in {self._text!r}; it supports "
            f"+ - * / ^, comparisons, AND, OR, and {', '.join(sorted(_FUNCTIONS))}"
        )

    def _value(self, node: ast.AST, scope: _Scope) -> Value:
        if isinstance(node, ast.Constant):
            return float(node.value)  # pyright: ignore[reportArgumentType]
        if isinstance(node, ast.Name):
            return scope.values[node.id]
        if isinstance(node, ast.List):
            return [_as_series(self._value(item, scope), scope) for item in node.elts]
        if isinstance(node, ast.BinOp):
            pair = self._value(node.left, scope), self._value(node.right, scope)
            return _pairwise(_OPERATORS[type(node.op)], *pair)
        if isinstance(node, ast.UnaryOp):
            sign = -1.0 if isinstance(node.op, ast.USub) else 1.0
            return _pairwise(operator.mul, sign, self._value(node.operand, scope))
        if isinstance(node, ast.BoolOp):
            result = self._value(node.values[0], scope)
            for other in node.values[1:]:
                result = _pairwise(_OPERATORS[type(node.op)], result, self._value(other, scope))
            return result
        if isinstance(node, ast.Compare):
            if len(node.ops) > 1:
                raise self._unknown("a chain of comparisons")
            pair = self._value(node.left, scope), self._value(node.comparators[0], scope)
            return _pairwise(_OPERATORS[type(node.ops[0])], *pair)
        call: Any = node
        arguments = [self._value(argument, scope) for argument in call.args]
        try:
            return _FUNCTIONS[call.func.id](scope, *arguments)
        except TypeError as error:
            raise ExpressionError(f"{call.func.id}, in {self._text!r}: {error}") from error


class _Scope:
    def __init__(self, values: Mapping[str, Series], periods: int, period: float) -> None:
        self.values = values
        self.periods = periods
        self.period = period


def _is_array(value: Value) -> bool:
    return isinstance(value, list) and any(isinstance(one, list) for one in value)


def _as_series(value: Value, scope: _Scope) -> Series:
    if isinstance(value, list):
        if _is_array(value):
            raise ExpressionError("a list of lists of time series")
        return value  # pyright: ignore[reportReturnType]
    return [value] * scope.periods


def _pairwise(apply: Callable[[float, float], float], left: Any, right: Any) -> Any:
    if _is_array(left):
        return [_pairwise(apply, one, right) for one in left]
    if _is_array(right):
        return [_pairwise(apply, left, one) for one in right]
    if isinstance(left, list) or isinstance(right, list):
        length = len(left) if isinstance(left, list) else len(right)
        lefts = left if isinstance(left, list) else [left] * length
        rights = right if isinstance(right, list) else [right] * length
        return [_one(apply, a, b) for a, b in zip(lefts, rights)]
    return _one(apply, left, right)


def _one(
    apply: Callable[[float, float], float], left: float | None, right: float | None
) -> float | None:
    if left is None or right is None:
        return None
    try:
        value = apply(left, right)
    except (ArithmeticError, ValueError):
        return None  # a division by zero has no data point
    return value if isinstance(value, (int, float)) and math.isfinite(value) else None


def _fold(fold: Callable[[list[float]], float]) -> Callable[..., Any]:
    """Fold a list of series in each period, or one series over all its periods."""

    def apply(scope: _Scope, value: Any) -> Any:
        if _is_array(value):
            columns = [[v for v in column if v is not None] for column in zip(*value)]
            return [fold(column) if column else None for column in columns]
        if not isinstance(value, list):
            raise TypeError("takes a time series, or a list of them")
        present = [v for v in value if v is not None]
        return fold(present) if present else [None] * scope.periods

    return apply


def _each(apply: Callable[[float], float]) -> Callable[..., Any]:
    return lambda _, value: _pairwise(lambda one, __: apply(one), value, 0.0)


def _fill(scope: _Scope, value: Any, filling: Any) -> Any:
    if _is_array(value):
        return [_fill(scope, one, filling) for one in value]
    fillings = _as_series(filling, scope)
    return [f if v is None else v for v, f in zip(_as_series(value, scope), fillings)]


def _if(scope: _Scope, condition: Any, then: Any, otherwise: Any = None) -> Any:
    nothing: Series = [None] * scope.periods
    thens = _as_series(then, scope)
    others = nothing if otherwise is None else _as_series(otherwise, scope)
    return [
        None if c is None else (t if c else o)
        for c, t, o in zip(_as_series(condition, scope), thens, others)
    ]


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "ABS": _each(abs),
    "AVG": _fold(lambda values: sum(values) / len(values)),
    "CEIL": _each(lambda value: float(math.ceil(value))),
    "FILL": _fill,
    "FLOOR": _each(lambda value: float(math.floor(value))),
    "IF": _if,
    "MAX": _fold(max),
    "MIN": _fold(min),
    "PERIOD": lambda scope, _: scope.period,
    "SUM": _fold(sum),
}
