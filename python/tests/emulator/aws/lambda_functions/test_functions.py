"""Lambda functions through the API."""

import io
import json
import threading
import zipfile

import pytest

from tests.patience import LIMIT_SECONDS

ROLE = "arn:aws:iam::123456789012:role/workflow"


@pytest.fixture
def create_function(client, name):
    def create(**changes):
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("main.py", "")
        request = {
            "FunctionName": name,
            "Runtime": "python3.11",
            "Role": ROLE,
            "Handler": "main.handler",
            "Code": {"ZipFile": code.getvalue()},
            "Timeout": 60,
            "MemorySize": 256,
            "Environment": {"Variables": {"A": "b"}},
            **changes,
        }
        return client("lambda").create_function(**request)

    return create


def test_a_function_is_invoked_with_its_event(client, cloud, create_function, name):
    cloud.functions.handlers[name] = lambda event: {"got": event}
    arn = create_function()["FunctionArn"]
    answer = client("lambda").invoke(FunctionName=arn, Payload=b'{"x": [1]}', LogType="Tail")
    assert json.load(answer["Payload"]) == {"got": {"x": [1]}}
    assert answer["StatusCode"] == 200
    assert "FunctionError" not in answer
    assert "LogResult" in answer
    spec = cloud.functions.specs[name]
    assert (spec.handler, spec.timeout_seconds, spec.memory_mb) == ("main.handler", 60, 256)
    assert (spec.environment, spec.role_arn) == ({"A": "b"}, ROLE)
    assert spec.log_group == f"/aws/lambda/{name}"
    assert zipfile.ZipFile(io.BytesIO(spec.code_zip)).namelist() == ["main.py"]


def test_an_exception_is_an_unhandled_error(client, cloud, create_function, name):
    cloud.functions.handlers[name] = lambda event: {}["missing"]
    create_function()
    answer = client("lambda").invoke(FunctionName=name)
    assert answer["FunctionError"] == "Unhandled"
    assert json.load(answer["Payload"])["errorType"] == "KeyError"


def test_an_event_invocation_does_not_wait(client, cloud, create_function, name):
    answered, done = threading.Event(), threading.Event()
    cloud.functions.handlers[name] = lambda event: answered.wait(LIMIT_SECONDS) and done.set()
    create_function()
    answer = client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    assert answer["StatusCode"] == 202
    answered.set()
    assert done.wait(LIMIT_SECONDS)


def test_an_exception_has_its_name_in_a_state_machine(machine, cloud, create_function, name):
    class MetricMissingError(Exception):
        pass

    def handler(event):
        raise MetricMissingError("no test_r2")

    cloud.functions.handlers[name] = handler
    create_function()
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::lambda:invoke",
        "Arguments": {"FunctionName": name, "Payload": {}},
        "End": True,
    }
    execution = machine({"Call": task}).run()
    assert execution["error"] == "MetricMissingError"
    assert json.loads(execution["cause"])["errorMessage"] == "no test_r2"


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"Runtime": "nodejs20.x"}, "nodejs20.x"),
        ({"Runtime": "python3.6"}, r"python3\.6 is no longer supported"),
        ({"Runtime": "python3.99"}, "Member must satisfy enum value set"),
        ({"Layers": ["arn:aws:lambda:us-east-1:123456789012:layer:x:1"]}, "Layers"),
    ],
)
def test_fails_to_create_unsupported_requests(client, create_function, changes, problem):
    with pytest.raises(client("lambda").exceptions.ClientError, match=problem):
        create_function(**changes)
