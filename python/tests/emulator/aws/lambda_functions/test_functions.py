"""Lambda functions through the API."""

import datetime
import io
import json
import threading
import time
import zipfile

import boto3
import pytest
from botocore.config import Config

from emulator.aws.lambda_functions.asynchronous import AsynchronousInvocations
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


@pytest.mark.parametrize("failures", [2, 9])
def test_an_event_invocation_that_fails_is_tried_twice_more(
    client, cloud, create_function, name, until, failures
):
    began = []

    def handler(event):
        began.append((event, time.monotonic()))
        if len(began) <= failures:
            raise RuntimeError("killed")

    cloud.functions.handlers[name] = handler
    create_function()
    client("lambda").invoke(FunctionName=name, InvocationType="Event", Payload=b'{"n": 1}')
    until(lambda: len(began) == 3)
    assert [event for event, _ in began] == [{"n": 1}] * 3
    (first, second, third) = [at for _, at in began]
    # A minute and two, by the emulator's time scale.
    assert (second - first >= 1.2, third - second >= 2.4) == (True, True)


@pytest.fixture
def failing():
    """Return an invocation that fails, its threads, and a semaphore that counts them."""
    threads, attempted = [], threading.Semaphore(0)

    def invoke():
        threads.append(threading.current_thread())
        attempted.release()
        return False

    return invoke, threads, attempted


def test_an_event_invocation_that_always_fails_is_given_up(failing):
    invoke, threads, attempted = failing
    AsynchronousInvocations(time_scale=0).submit(invoke)
    for _ in range(3):
        assert attempted.acquire(timeout=LIMIT_SECONDS)
    threads[0].join(LIMIT_SECONDS)
    assert len(threads) == 3


def test_an_event_invocation_is_not_tried_again_after_the_end(failing):
    invoke, threads, attempted = failing
    invocations = AsynchronousInvocations(time_scale=1)
    invocations.submit(invoke)
    assert attempted.acquire(timeout=LIMIT_SECONDS)
    invocations.close()
    threads[0].join(LIMIT_SECONDS)
    assert len(threads) == 1


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


def without_retries(shared):
    """Return a client that does not call again when it is refused."""
    keys = shared._request_signer._credentials
    return boto3.client(
        "lambda",
        region_name=shared.meta.region_name,
        endpoint_url=shared.meta.endpoint_url,
        aws_access_key_id=keys.access_key,
        aws_secret_access_key=keys.secret_key,
        aws_session_token=keys.token,
        config=Config(retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def measured(client, name):
    """Return the sums of the function's metrics."""

    def sums():
        query = {"Namespace": "AWS/Lambda", "Dimensions": [{"Name": "FunctionName", "Value": name}]}
        now = datetime.datetime.now(datetime.timezone.utc)
        hour = datetime.timedelta(hours=1)
        found = {}
        for metric in ("Invocations", "Errors", "Throttles", "Duration"):
            points = client("cloudwatch").get_metric_statistics(
                MetricName=metric,
                StartTime=now - hour,
                EndTime=now + hour,
                Period=10_800,
                Statistics=["Sum"],
                **query,
            )["Datapoints"]
            found[metric] = sum(point["Sum"] for point in points)
        return found

    return sums


def test_calls_are_measured(client, cloud, create_function, name, measured):
    def handler(event):
        if event["fails"]:
            raise RuntimeError("no")
        time.sleep(0.05)

    cloud.functions.handlers[name] = handler
    arn = create_function(Publish=True)["FunctionArn"]
    for function, fails in [(name, False), (f"{name}:1", True), (arn, True)]:
        payload = json.dumps({"fails": fails}).encode()
        client("lambda").invoke(FunctionName=function, Payload=payload)
    found = measured()
    assert found.pop("Duration") >= 50
    assert found == {"Invocations": 3, "Errors": 2, "Throttles": 0}


def test_reserved_concurrency_refuses_calls_over_it(client, cloud, create_function, name, measured):
    began, may_end = threading.Event(), threading.Event()

    def handler(_event):
        began.set()
        may_end.wait(LIMIT_SECONDS)

    cloud.functions.handlers[name] = handler
    create_function(Publish=True)
    functions = without_retries(client("lambda"))
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=1)
    running = threading.Thread(target=lambda: client("lambda").invoke(FunctionName=name))
    running.start()
    assert began.wait(LIMIT_SECONDS)
    # Of any version.
    with pytest.raises(
        functions.exceptions.TooManyRequestsException, match="Rate Exceeded"
    ) as refused:
        functions.invoke(FunctionName=name, Qualifier="1")
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 429
    may_end.set()
    running.join()
    functions.invoke(FunctionName=name)
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    with pytest.raises(functions.exceptions.TooManyRequestsException):
        functions.invoke(FunctionName=name)
    functions.delete_function_concurrency(FunctionName=name)
    functions.invoke(FunctionName=name)
    found = measured()
    assert (found["Invocations"], found["Throttles"], found["Errors"]) == (3, 2, 0)


def test_an_event_that_is_refused_is_tried_again(
    client, cloud, create_function, name, until, measured
):
    called = threading.Event()
    cloud.functions.handlers[name] = lambda _event: called.set()
    create_function()
    functions = client("lambda")
    functions.put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    functions.invoke(FunctionName=name, InvocationType="Event", Payload=b"{}")
    until(lambda: measured()["Throttles"] == 1)
    assert not called.is_set()
    functions.delete_function_concurrency(FunctionName=name)
    assert called.wait(LIMIT_SECONDS)
