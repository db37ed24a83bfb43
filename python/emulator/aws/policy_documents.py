"""Policy documents: which statements speak about a request.

Knows the conditions that bucket policies use; a request's context is given by the caller, with
keys in lower case.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from emulator.aws.roles import as_list

_TESTS: dict[str, Callable[[str, str], bool]] = {
    "stringequals": lambda wanted, got: wanted == got,
    "stringequalsignorecase": lambda wanted, got: wanted.lower() == got.lower(),
    "stringlike": lambda wanted, got: _like(wanted, got),
    "arnequals": lambda wanted, got: _like(wanted, got),
    "arnlike": lambda wanted, got: _like(wanted, got),
    "bool": lambda wanted, got: wanted.lower() == got.lower(),
    "numericequals": lambda wanted, got: float(wanted) == float(got),
    "numericlessthan": lambda wanted, got: float(got) < float(wanted),
    "numericlessthanequals": lambda wanted, got: float(got) <= float(wanted),
    "numericgreaterthan": lambda wanted, got: float(got) > float(wanted),
    "numericgreaterthanequals": lambda wanted, got: float(got) >= float(wanted),
}


class UnknownConditionError(ValueError):
    """A policy asks for a condition that cannot be evaluated here."""


def effects(
    document: Mapping[str, Any],
    action: str,
    resource: str,
    principals: set[str],
    context: Mapping[str, str],
) -> Iterator[str]:
    """Yield ``Allow`` or ``Deny`` for each statement that speaks about a request.

    Parameters
    ----------
    action, resource : str
        As in ``s3:GetObject`` and ``arn:aws:s3:::bucket/key``.
    principals : set of str
        Every ARN and account id that the caller may be written as.
    context : mapping
        Values of condition keys, the keys in lower case.

    Raises
    ------
    UnknownConditionError
        If a statement that matches otherwise has a condition operator that is not known here.
    """
    for statement in as_list(document.get("Statement")):
        if (
            _matches_element(statement, "Action", action.lower(), str.lower)
            and _matches_element(statement, "Resource", resource, str)
            and _matches_principal(statement, principals)
            and _conditions_hold(statement.get("Condition") or {}, context)
        ):
            yield statement["Effect"]


def _matches_element(
    statement: Mapping[str, Any], element: str, value: str, normalise: Callable[[str], str]
) -> bool:
    if f"Not{element}" in statement:
        return not any(_like(normalise(p), value) for p in as_list(statement[f"Not{element}"]))
    return any(_like(normalise(p), value) for p in as_list(statement.get(element)))


def _matches_principal(statement: Mapping[str, Any], principals: set[str]) -> bool:
    if "NotPrincipal" in statement:
        return not _is_one_of(statement["NotPrincipal"], principals)
    return _is_one_of(statement.get("Principal"), principals)


def _is_one_of(element: Any, principals: set[str]) -> bool:
    named = as_list(element.get("AWS")) if isinstance(element, dict) else as_list(element)
    return "*" in named or bool(principals & set(named))


def _conditions_hold(conditions: Mapping[str, Any], context: Mapping[str, str]) -> bool:
    return all(
        _condition_holds(operator, context.get(key.lower()), [str(w) for w in as_list(wanted)])
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _condition_holds(operator: str, value: str | None, wanted: list[str]) -> bool:
    name = re.sub(r"^for(any|all)values?:", "", operator.lower())
    if name == "null":
        return any((value is None) == (w.lower() == "true") for w in wanted)
    if_exists = name.endswith("ifexists")
    name = name.removesuffix("ifexists")
    negated = "not" in name
    test = _TESTS.get(name.replace("not", "", 1))
    if test is None:
        raise UnknownConditionError(
            f"the emulator does not know the condition operator {operator!r}; it knows "
            f"{', '.join(sorted(_TESTS))}"
        )
    if value is None:
        return negated or if_exists
    return any(test(w, value) for w in wanted) != negated


def _like(pattern: str, value: str) -> bool:
    return re.fullmatch(_wildcards(pattern), value, re.DOTALL) is not None


def _wildcards(pattern: str) -> str:
    parts = {"*": ".*", "?": "."}
    return "".join(parts.get(char, re.escape(char)) for char in pattern)
