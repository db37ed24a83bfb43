"""JSONPath machines on the session's server."""

import json

import pytest


@pytest.fixture
def run(machine):
    """Run a JSONPath state, or a program; return status, output, error and cause."""

    def execute(state, data=None, **program):
        states = program or {"S": {"End": True, **state}}
        made = machine(states, definition={"QueryLanguage": "JSONPath"})
        execution_arn = made.start(data)
        execution = made.wait(execution_arn)
        execution["events"] = [event["type"] for event in made.history(execution_arn)]
        return execution

    return execute


@pytest.fixture
def output(run):
    """Return the output of a state or a program for an input."""

    def execute(state, data=None, **program):
        execution = run(state, data, **program)
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        return json.loads(execution["output"])

    return execute
