"""Search: the emulated resources, by the properties of their descriptions.

Source: https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_Search.html
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from moto.core.responses import ActionResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.patching import wrap
from emulator.aws.protocol.operations import service_model
from emulator.runtime.errors import UnsupportedError

_DEFAULT_PAGE = 10
_ALWAYS = ("Exists", "NotExists")
_NUMBERS = ("integer", "long", "float", "double")
# moto's dictionary of each resource's records, and the function that describes one.
_RECORDS: Mapping[str, str] = {
    "Endpoint": "endpoints",
    "HyperParameterTuningJob": "hyper_parameter_tuning_jobs",
    "ModelPackage": "model_packages",
    "ModelPackageGroup": "model_package_groups",
    "TrainingJob": "training_jobs",
}
# Not created by the emulator's own operations; moto searches its records of them.
_RECORDED_ONLY = ("Experiment", "ExperimentTrial", "ExperimentTrialComponent")
_TESTS: Mapping[str, Callable[[Any, Any], bool]] = {
    "Equals": lambda got, wanted: got == wanted,
    "GreaterThan": lambda got, wanted: got > wanted,
    "GreaterThanOrEqualTo": lambda got, wanted: got >= wanted,
    "LessThan": lambda got, wanted: got < wanted,
    "LessThanOrEqualTo": lambda got, wanted: got <= wanted,
    "Contains": lambda got, wanted: wanted in got,
}


@dataclass(frozen=True)
class _Property:
    """A record's values of a property, and the converter of texts that are compared with them."""

    values: list[Any]
    convert: Callable[[str], Any]
    type_name: str


def install() -> None:
    """Search by every property; moto supports a few, and handles most operators as Equals."""
    wrap(SageMakerResponse, "search", _search)


def _search(original: Any, self: Any) -> ActionResult:
    request = json.loads(self.body)
    resource = request["Resource"]
    if resource in _RECORDED_ONLY:
        return original(self)
    if resource not in _RECORDS:
        raise UnsupportedError(
            f"Resource: the emulator cannot search {resource!r}; it searches {', '.join(_RECORDS)}"
        )
    for member in ("CrossAccountFilterOption", "VisibilityConditions"):
        if request.get(member):
            raise UnsupportedError(f"{member}: the emulator has one account; leave it out here")
    shape = service_model("sagemaker").shape_for("SearchRecord").members[resource]
    records = list(getattr(self.sagemaker_backend, _RECORDS[resource]).values())
    expression = request.get("SearchExpression") or {}
    found = [
        described
        for described in map(_described, records)
        if _holds(expression, shape, described, "")
    ]
    _sort(found, shape, request)
    start, size = int(request.get("NextToken") or 0), request.get("MaxResults") or _DEFAULT_PAGE
    answer: dict[str, Any] = {
        "Results": [{resource: one} for one in found[start : start + size]],
        "TotalHits": {"Value": len(found), "Relation": "EqualTo"},
    }
    if start + size < len(found):
        answer["NextToken"] = str(start + size)
    return ActionResult(answer)


def _described(record: Any) -> dict[str, Any]:
    described = getattr(record, "response_object", None) or record.gen_response_object()
    return {**described, "Tags": list(record.tags or [])}


def _holds(expression: Mapping[str, Any], shape: Any, described: Any, prefix: str) -> bool:
    tests = [
        *(
            lambda one=one: _filter_holds(one, shape, described, prefix)
            for one in expression.get("Filters") or []
        ),
        *(
            lambda one=one: _nested_holds(one, shape, described)
            for one in expression.get("NestedFilters") or []
        ),
        *(
            lambda one=one: _holds(one, shape, described, prefix)
            for one in expression.get("SubExpressions") or []
        ),
    ]
    results = [test() for test in tests]  # all, so that unknown names are refused
    if not results:
        return True
    return any(results) if expression.get("Operator") == "Or" else all(results)


def _nested_holds(nested: Mapping[str, Any], shape: Any, described: Any) -> bool:
    """Whether one element of a list matches all filters."""
    name = nested["NestedPropertyName"]
    parts = name.split(".")
    inner = _shape_at(shape, parts, name)
    if inner.type_name != "structure":
        raise ValidationError(message=f"Unknown property name: {name}")
    return any(
        all(
            _filter_holds(
                {**one, "Name": one["Name"].removeprefix(f"{name}.")}, inner, item, f"{name}."
            )
            for one in nested["Filters"]
        )
        for item in _values(described, parts)
    )


def _filter_holds(one: Mapping[str, Any], shape: Any, described: Any, prefix: str) -> bool:
    name, operator, wanted = one["Name"], one.get("Operator") or "Equals", one.get("Value")
    found = _property(shape, described, name, prefix)
    if operator in _ALWAYS:
        if wanted is not None:
            raise ValidationError(message=f"The operator {operator} takes no Value.")
        return bool(found.values) == (operator == "Exists")
    if wanted is None:
        raise ValidationError(message=f"The operator {operator} of {name} needs a Value.")
    try:
        if operator == "In":
            options = [found.convert(text.strip()) for text in wanted.split(",")]
            return any(value in options for value in found.values)
        value = found.convert(wanted)
    except ValueError as error:
        raise ValidationError(
            message=f"Value {wanted!r} of {name} must be of type {found.type_name}: {error}"
        ) from error
    if operator == "NotEquals":
        return value not in found.values
    if operator == "Contains" and found.type_name != "string":
        raise ValidationError(message=f"The operator Contains does not apply to {name}.")
    return any(_TESTS[operator](got, value) for got in found.values)


def _property(shape: Any, described: Any, name: str, prefix: str) -> _Property:
    first, _, rest = name.partition(".")
    pairs = {"Tags": ("Tags", "Key"), "Metrics": ("FinalMetricDataList", "MetricName")}
    if first in pairs and rest and not prefix:
        member, key = pairs[first]
        items = [one for one in described.get(member) or [] if one[key] == rest]
        if member not in shape.members:
            raise ValidationError(message=f"Unknown property name: {name}")
        is_number = first == "Metrics"
        convert = float if is_number else str
        return _Property(
            [one["Value"] for one in items], convert, "float" if is_number else "string"
        )
    parts = name.split(".")
    leaf = _shape_at(shape, parts, prefix + name)
    values = [value for value in _values(described, parts) if value is not None]
    convert = _converter(leaf.type_name)
    comparable = _utc if leaf.type_name == "timestamp" else lambda value: value
    return _Property([comparable(value) for value in values], convert, leaf.type_name)


def _shape_at(shape: Any, parts: Sequence[str], name: str) -> Any:
    for part in parts:
        shape = shape.member if shape.type_name == "list" else shape
        if shape.type_name == "map":
            shape = shape.value
        elif shape.type_name == "structure" and part in shape.members:
            shape = shape.members[part]
        else:
            raise ValidationError(message=f"Unknown property name: {name}")
    return shape.member if shape.type_name == "list" else shape


def _values(described: Any, parts: list[str]) -> Iterator[Any]:
    if isinstance(described, list):
        for item in described:
            yield from _values(item, parts)
    elif not parts:
        yield described
    elif isinstance(described, Mapping) and parts[0] in described:
        yield from _values(described[parts[0]], parts[1:])


def _converter(type_name: str) -> Callable[[str], Any]:
    if type_name in _NUMBERS:
        return float
    if type_name == "timestamp":
        return lambda text: _utc(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")))
    if type_name == "boolean":
        return lambda text: text.lower() == "true"
    return str


def _utc(time: datetime.datetime) -> datetime.datetime:
    return time if time.tzinfo else time.replace(tzinfo=datetime.timezone.utc)


def _sort(found: list[dict[str, Any]], shape: Any, request: Mapping[str, Any]) -> None:
    name = request.get("SortBy") or "LastModifiedTime"
    if name not in shape.members and name == "LastModifiedTime":
        name = "CreationTime"
    descending = request.get("SortOrder") != "Ascending"
    _shape_at(shape, name.split("."), name)

    def key(described: dict[str, Any]) -> tuple[bool, Any]:
        values = (
            _property(shape, described, name, "").values
            or _property(shape, described, "CreationTime", "").values
        )
        return (bool(values), values[0] if values else None)

    found.sort(key=key, reverse=descending)
