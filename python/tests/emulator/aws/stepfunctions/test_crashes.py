"""Every exception inside the interpreter ends the execution."""

import pytest
from moto.stepfunctions.parser.asl.component.program import program
from moto.stepfunctions.parser.asl.component.state.exec.state_map.iteration.iteration_worker import (  # noqa: E501
    IterationWorker,
)
from moto.stepfunctions.parser.asl.component.state.state_pass.state_pass import StatePass
from moto.stepfunctions.parser.backend.execution_worker import ExecutionWorker

PASS = {"Type": "Pass", "End": True}
INNER = {"StartAt": "Inner", "States": {"Inner": PASS}}
OTHER = {"StartAt": "Other", "States": {"Other": PASS}}
PARALLEL = {"Type": "Parallel", "Branches": [INNER, OTHER], "End": True}
MAP = {"Type": "Map", "Items": [1, 2], "ItemProcessor": INNER, "End": True}


@pytest.mark.parametrize(
    ("owner", "name", "state"),
    [
        (ExecutionWorker, "_get_evaluation_entrypoint", PASS),  # the parse at the start
        (StatePass, "_eval_state", PASS),
        (program, "to_json_str", PASS),  # when the last event is written
        (StatePass, "_eval_state", PARALLEL),
        (program.Program, "eval", PARALLEL),  # before a branch's program runs
        (StatePass, "_eval_state", MAP),
        (IterationWorker, "_eval_job", MAP),
    ],
)
@pytest.mark.parametrize("kind", [ValueError, SystemExit])
def test_an_exception_ends_the_execution(machine, monkeypatch, owner, name, state, kind):
    made = machine({"Only": state})

    original = getattr(owner, name)

    def crash(*args, **options):
        if name == "eval" and not args[1].is_frame():
            return original(*args, **options)
        raise kind("a bug")

    monkeypatch.setattr(owner, name, crash)
    execution = made.run()
    assert (execution["status"], execution["error"]) == ("FAILED", "States.Runtime")
    assert "a bug" in execution["cause"]
    assert execution["stopDate"]
    assert made.history(execution["executionArn"])[-1]["type"] == "ExecutionFailed"
