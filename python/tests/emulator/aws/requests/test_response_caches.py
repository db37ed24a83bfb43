"""The caches for responses return the same as moto's own code."""

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import pytest
from moto.core import model, serialize
from moto.core.model import ServiceModel
from moto.core.serialize import ResponseSerializer, XFormedAttributePicker
from moto.core.utils import get_service_model

from emulator.aws.requests import response_caches


def _model(service, operation) -> Any:
    return get_service_model(service).operation_model(operation)


def _date(value):
    return vars(serialize)["parse_to_aware_datetime"](value)


class _Serializer:
    operation_model = _model("stepfunctions", "GetExecutionHistory")
    path = ("GetExecutionHistoryOutput",)

    def __init__(self, **transformers):
        self._value_picker = XFormedAttributePicker(response_transformers=transformers)


def _moto(self, value, key, shape):
    original: Any = ResponseSerializer.get_value
    return original.__wrapped__(self, value, key, shape)


@pytest.fixture(autouse=True)
def _corrected(cloud):
    """A server runs in this process, so that the emulator's corrections are installed."""


def _members(service, operation):
    found = [_model(service, operation).output_shape]
    while found:
        shape = found.pop()
        if shape.type_name == "list":
            found.append(shape.member)
        for name, member in getattr(shape, "members", {}).items():
            member.parent = shape
            yield name, member
            found.append(member)


@pytest.mark.parametrize(
    ("service", "operation"),
    [
        ("stepfunctions", "DescribeExecution"),
        ("sagemaker", "DescribeEndpoint"),
        ("iam", "GetRole"),
        ("lambda", "GetFunction"),
        ("cloudwatch", "DescribeAlarms"),
    ],
)
def test_a_member_is_found_under_all_of_motos_names(service, operation):
    serializer = _Serializer()
    picker = serializer._value_picker
    for name, shape in _members(service, operation):
        context = serialize.AttributePickerContext(obj={}, key=name, shape=shape)
        for alias in picker.get_possible_keys(context):
            for given in ({alias: "found"}, {alias: None, "other": 1}, {alias: 0, name: 1}, {}):
                expected = _moto(serializer, given, name, shape)
                for _ in range(2):
                    assert (
                        response_caches._member(_moto, serializer, given, name, shape) == expected
                    )


def test_the_transformation_of_a_member_still_applies():
    shape = _model("stepfunctions", "DescribeExecution").output_shape.members["name"]
    serializer = _Serializer(**{"name": str.upper})
    assert response_caches._member(_moto, serializer, {"name": "a"}, "name", shape) == "A"


@pytest.mark.parametrize("text", ["2026-01-02T03:04:05.678Z", "2026-01-02", "1767323045"])
def test_a_text_is_parsed_to_the_same_date(text):
    first, second = (_date(text) for _ in range(2))
    assert first == second
    assert first.tzinfo is not None


def test_dates_and_numbers_are_parsed_as_before():
    moment = datetime.datetime(2026, 1, 2, tzinfo=datetime.timezone.utc)
    assert _date(moment) == moment
    assert _date(moment.timestamp()) == moment


def test_a_model_is_never_seen_half_made(monkeypatch):
    """botocore's model is cached first under the key that moto's has afterwards."""
    service: Any = ServiceModel({"operations": {"Try": {"http": {}}}, "metadata": {}}, "trial")
    inside, release = threading.Event(), threading.Event()
    original = model.OperationModel.__init__

    def pausing(self, *args):
        inside.set()
        release.wait(30)
        original(self, *args)

    monkeypatch.setattr(model.OperationModel, "__init__", pausing)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(service.operation_model, "Try")
        assert inside.wait(30)
        second = pool.submit(service.operation_model, "Try")
        wait([second], timeout=0.2)  # without the guard it has ended by now, with botocore's
        release.set()
        assert isinstance(second.result(), model.OperationModel)
        assert first.result() is second.result()
