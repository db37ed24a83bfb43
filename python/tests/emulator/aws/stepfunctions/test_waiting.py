"""Waits and retries. The session's time scale is 0.02: a second lasts 20 ms."""

import json
import time

import pytest

from tests.patience import wait_until

CALL = {"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke", "End": True}


def test_waits_are_shortened_and_may_be_expressions(machine):
    made = machine({"Wait": {"Type": "Wait", "Seconds": "{% $states.input.s %}", "End": True}})
    started = time.monotonic()
    assert made.run({"s": 20})["status"] == "SUCCEEDED"
    assert 0.4 <= time.monotonic() - started < 20


def test_a_stop_ends_a_wait(machine, client):
    made = machine({"Wait": {"Type": "Wait", "Seconds": 5000, "End": True}})
    execution_arn = made.start()
    client("stepfunctions").stop_execution(executionArn=execution_arn, error="E", cause="C")
    assert made.wait(execution_arn)["status"] == "ABORTED"


def test_retries_back_off_up_to_the_longest_delay(machine, cloud, name):
    calls = []
    cloud.functions.handlers[name] = lambda event: calls.append(time.monotonic()) or 1 / 0
    make_function(cloud, name)
    retrier = {
        "ErrorEquals": ["ZeroDivisionError"],
        "IntervalSeconds": 5,
        "BackoffRate": 1000,
        "MaxDelaySeconds": 20,
        "MaxAttempts": 3,
        "JitterStrategy": "NONE",
    }
    made = machine({"Call": {**CALL, "Arguments": {"FunctionName": name}, "Retry": [retrier]}})
    assert made.run()["error"] == "ZeroDivisionError"
    first, second, third = (b - a for a, b in zip(calls, calls[1:], strict=False))
    assert first >= 0.02 * 5
    assert second >= 0.02 * 20
    assert third >= 0.02 * 20  # without a limit it would be a day


def test_jitter_spreads_retries(machine, cloud, name):
    calls = []
    cloud.functions.handlers[name] = lambda event: calls.append(time.monotonic()) or 1 / 0
    make_function(cloud, name)
    retrier = {
        "ErrorEquals": ["States.ALL"],
        "IntervalSeconds": 30,
        "MaxAttempts": 1,
        "JitterStrategy": "FULL",
    }
    made = machine({"Call": {**CALL, "Arguments": {"FunctionName": name}, "Retry": [retrier]}})
    for _ in range(3):
        made.run()
    gaps = [b - a for a, b in zip(calls[::2], calls[1::2], strict=True)]
    assert max(gaps) - min(gaps) > 0.001


def test_the_retry_count_is_in_the_context_of_each_attempt(machine, cloud, name):
    seen = []
    cloud.functions.handlers[name] = lambda event: seen.append(event["n"]) or 1 / 0
    make_function(cloud, name)
    arguments = {
        "FunctionName": name,
        "Payload": {"n": "{% $states.context.State.RetryCount %}"},
    }
    retrier = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 2}
    machine({"Call": {**CALL, "Arguments": arguments, "Retry": [retrier]}}).run()
    assert seen == [0, 1, 2]


def test_a_stop_ends_the_wait_for_a_retry(machine, cloud, client, name):
    cloud.functions.handlers[name] = lambda event: 1 / 0
    make_function(cloud, name)
    retrier = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 5000, "MaxAttempts": 2}
    made = machine({"Call": {**CALL, "Arguments": {"FunctionName": name}, "Retry": [retrier]}})
    execution_arn = made.start()
    wait_until(lambda: any(e["type"] == "TaskFailed" for e in made.history(execution_arn)))
    client("stepfunctions").stop_execution(executionArn=execution_arn)
    assert made.wait(execution_arn)["status"] == "ABORTED"


def test_timeouts_are_not_shortened(machine, cloud, name):
    cloud.functions.handlers[name] = lambda event: time.sleep(0.3) or "done"
    make_function(cloud, name)
    task = {**CALL, "Arguments": {"FunctionName": name}, "TimeoutSeconds": "{% 10 %}"}
    assert json.loads(machine({"Call": task}).run()["output"])["Payload"] == "done"


def test_a_task_past_its_timeout_fails(machine, cloud, name):
    cloud.functions.handlers[name] = lambda event: time.sleep(1.5)
    make_function(cloud, name)
    task = {**CALL, "Arguments": {"FunctionName": name}, "TimeoutSeconds": 1}
    assert machine({"Call": task}).run()["error"] == "States.Timeout"


def test_fails_when_a_timeout_is_not_a_number(machine, cloud, name):
    make_function(cloud, name)
    task = {**CALL, "Arguments": {"FunctionName": name}, "TimeoutSeconds": "{% 'soon' %}"}
    execution = machine({"Call": task}).run()
    assert execution["error"] == "States.QueryEvaluationError"
    assert "'TimeoutSeconds' returned an unexpected result type" in execution["cause"]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_timestamp_is_in_utc_wherever_the_emulator_runs(machine, monkeypatch, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        in_50_s = int(time.time()) + 50
        timestamp = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(in_50_s))
        made = machine({"Wait": {"Type": "Wait", "Timestamp": timestamp, "End": True}})
        started = time.time()
        made.run()  # an hour more would be 72 s here
        assert time.time() - started >= 0.02 * (in_50_s - started) - 0.01
    finally:
        monkeypatch.undo()
        time.tzset()


def make_function(cloud, name):
    import io
    import zipfile

    code = io.BytesIO()
    with zipfile.ZipFile(code, "w") as archive:
        archive.writestr("main.py", "")
    cloud.aws.client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role="arn:aws:iam::123456789012:role/workflow",
        Handler="main.handler",
        Code={"ZipFile": code.getvalue()},
    )
