"""Policy documents: which statements apply to a request.

The caller passes the request's context, whose ``get`` takes a condition key in lower case. Policy
variables are filled from the same context.

Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html
"""

import datetime
import functools
import ipaddress
import json
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Protocol

Values = str | list[str] | None


class Context(Protocol):
    """Values of condition keys."""

    def get(self, key: str, /) -> Values:
        """Return the value of a key in lower case, or None if the request has none.

        Raises
        ------
        UnknownConditionError
            If the request may have the key, but the emulator cannot determine its value.
        """
        ...


class UnknownConditionError(ValueError):
    """A policy has a condition that the emulator cannot evaluate."""


def parse(policy: str | Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a policy document; equal texts return the same object, so do not change it."""
    return _parse_text(policy) if isinstance(policy, str) else policy


@functools.lru_cache(maxsize=512)
def _parse_text(text: str) -> Mapping[str, Any]:
    return json.loads(text)


def as_list(value: Any) -> list[Any]:
    """Return a policy's value as a list; policies may have a single value without brackets."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def effects(
    document: Mapping[str, Any],
    action: str,
    resource: str | None,
    principals: set[str] | None,
    context: Context,
    doubts: list[UnknownConditionError] | None = None,
) -> Iterator[str]:
    """Yield ``Allow`` or ``Deny`` for each statement that applies to a request.

    Parameters
    ----------
    action : str
        Such as ``s3:GetObject``.
    resource : str or None
        Such as ``arn:aws:s3:::bucket/key``; None for a trust policy, which has none.
    principals : set of str or None
        Every ARN, account id and service that names the caller; None for a policy of an identity,
        which names no principal.
    context : Context
        Values of condition keys.
    doubts : list, optional
        Receives the errors of statements that might allow the request, instead of raising them:
        another statement may allow it in any case.

    Raises
    ------
    UnknownConditionError
        If an otherwise matching statement has a condition that the emulator cannot evaluate.
    """
    for statement in as_list(document.get("Statement")):
        try:
            speaks = matches(statement, action, resource, principals, context)
        except UnknownConditionError as error:
            if doubts is None or statement["Effect"] == "Deny":
                raise
            doubts.append(error)
            continue
        if speaks:
            yield statement["Effect"]


def matches(
    statement: Mapping[str, Any],
    action: str,
    resource: str | None,
    principals: set[str] | None,
    context: Context,
) -> bool:
    """Whether a statement applies to a request; the parameters are those of `effects`.

    Raises
    ------
    UnknownConditionError
        If it matches otherwise, and has a condition that the emulator cannot evaluate.
    """
    return (
        _matches_action(statement, action)
        and (resource is None or _matches_resource(statement, resource, context))
        and (principals is None or _matches_principal(statement, principals))
        and _conditions_hold(statement.get("Condition") or {}, context)
    )


def _matches_action(statement: Mapping[str, Any], action: str) -> bool:
    negated = "NotAction" in statement
    patterns = as_list(statement["NotAction" if negated else "Action"])
    return any(_like(p.lower(), action.lower()) for p in patterns) != negated


def _matches_resource(statement: Mapping[str, Any], resource: str, context: Context) -> bool:
    negated = "NotResource" in statement
    patterns = as_list(statement.get("NotResource" if negated else "Resource"))
    return any(_like(p, resource, context) for p in patterns) != negated


def _matches_principal(statement: Mapping[str, Any], principals: set[str]) -> bool:
    if "NotPrincipal" in statement:
        return not _is_one_of(statement["NotPrincipal"], principals)
    return _is_one_of(statement.get("Principal"), principals)


def _is_one_of(element: Any, principals: set[str]) -> bool:
    if not isinstance(element, dict):
        return "*" in as_list(element)
    named = {name for names in element.values() for name in as_list(names)}
    return "*" in as_list(element.get("AWS")) or bool(principals & named)


def _conditions_hold(conditions: Mapping[str, Any], context: Context) -> bool:
    return all(
        _condition_holds(operator, key, [_text(w) for w in as_list(wanted)], context)
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _condition_holds(operator: str, key: str, wanted: list[str], context: Context) -> bool:
    quantifier, _, name = operator.lower().rpartition(":")
    values = [_text(value) for value in as_list(context.get(key.lower()))]
    if name == "null":
        return any((not values) == (w.lower() == "true") for w in wanted)
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    negated = "not" in name
    test = _TESTS.get(name.replace("not", "", 1))
    if test is None or quantifier not in ("", "foranyvalue", "forallvalues"):
        raise UnknownConditionError(
            f"the emulator does not support the condition operator {operator!r}; it supports "
            f"{', '.join(sorted(_TESTS))}, Null, and these with Not and IfExists"
        )
    if not values:
        return if_exists or (quantifier == "forallvalues" if quantifier else negated)
    held = [_one_holds(test, wanted, value, context) != negated for value in values]
    if quantifier:
        return all(held) if quantifier == "forallvalues" else any(held)
    return all(held) if negated else any(held)


def _one_holds(test: "_Test", wanted: list[str], value: str, context: Context) -> bool:
    try:
        return any(test(w, value, context) for w in wanted)
    except (ValueError, TypeError) as error:
        if isinstance(error, UnknownConditionError):
            raise
        return False  # not a number, date or address


def _text(value: Any) -> str:
    return json.dumps(value) if isinstance(value, bool) else str(value)


def _like(pattern: str, value: str, context: Context | None = None) -> bool:
    if "${" in pattern and context is not None:
        expression = _with_variables(pattern, context)
        return expression is not None and re.fullmatch(expression, value, re.DOTALL) is not None
    return _compiled(pattern).fullmatch(value) is not None


@functools.lru_cache(maxsize=4096)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(_wildcards(pattern), re.DOTALL)


def _wildcards(pattern: str) -> str:
    parts = {"*": ".*", "?": "."}
    return "".join(parts.get(char, re.escape(char)) for char in pattern)


def _with_variables(pattern: str, context: Context) -> str | None:
    """Return the pattern as an expression, or None if a variable has no value."""
    expression = ""
    for i, part in enumerate(re.split(r"\$\{([^}]*)\}", pattern)):
        if i % 2 == 0:
            expression += _wildcards(part)
            continue
        value = _variable(part, context)
        if value is None:
            return None
        expression += re.escape(value)
    return expression


def _variable(text: str, context: Context) -> str | None:
    if text in ("*", "?", "$"):
        return text
    key, _, default = text.partition(",")
    value = context.get(key.strip().lower())
    if isinstance(value, list):
        raise UnknownConditionError(f"the policy variable ${{{key}}} has several values")
    return (default.strip().strip("'") or None) if value is None else value


def _same(wanted: str, got: str, context: Context) -> bool:
    return _like(re.sub(r"(?<!\$\{)[*?]", r"${\g<0>}", wanted), got, context)


def _date(text: str) -> datetime.datetime:
    if text.isdigit():
        return datetime.datetime.fromtimestamp(int(text), datetime.timezone.utc)
    time = datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    return time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)


_Test = Callable[[str, str, Context], bool]


def _ordered(prefix: str, convert: Callable[[str], Any]) -> dict[str, _Test]:
    return {
        f"{prefix}equals": lambda wanted, got, _: convert(got) == convert(wanted),
        f"{prefix}lessthan": lambda wanted, got, _: convert(got) < convert(wanted),
        f"{prefix}lessthanequals": lambda wanted, got, _: convert(got) <= convert(wanted),
        f"{prefix}greaterthan": lambda wanted, got, _: convert(got) > convert(wanted),
        f"{prefix}greaterthanequals": lambda wanted, got, _: convert(got) >= convert(wanted),
    }


_TESTS: dict[str, _Test] = {
    "stringequals": _same,
    "stringequalsignorecase": lambda wanted, got, context: _same(
        wanted.lower(), got.lower(), context
    ),
    "stringlike": _like,
    "arnequals": _like,
    "arnlike": _like,
    "bool": lambda wanted, got, _: wanted.lower() == got.lower(),
    "ipaddress": lambda wanted, got, _: (
        ipaddress.ip_address(got) in ipaddress.ip_network(wanted, strict=False)
    ),
    **_ordered("numeric", float),
    **_ordered("date", _date),
}
