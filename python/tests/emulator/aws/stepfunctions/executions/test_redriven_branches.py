"""RedriveExecution: which branches, iterations and children run again."""

import json

from tests.emulator.aws.stepfunctions.executions.redriving import (
    COUNT,
    after_redrive,
    entered,
    works_after,
)

GOOD = {"StartAt": "Good", "States": {"Good": {"Type": "Pass", "Output": "a", "End": True}}}


def branch_after_good(name, state):
    """Return a branch whose last state begins when the branch GOOD of its attempt has ended.

    A branch that is stopped because another failed has not succeeded: a redrive runs it again.
    """
    exits = "$count($states.input.Events[stateExitedEventDetails.name = 'Good'])"
    begins = "$count($states.input.Events[stateEnteredEventDetails.name = 'Begin'])"
    return {
        "StartAt": "Begin",
        "States": {
            "Begin": {"Type": "Pass", "Assign": {"in": "branch"}, "Next": "Look"},
            "Look": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sfn:getExecutionHistory",
                "Arguments": {"ExecutionArn": "{% $states.context.Execution.Id %}"},
                "Next": "Ended",
            },
            "Ended": {
                "Type": "Choice",
                "Choices": [{"Condition": f"{{% {exits} >= {begins} %}}", "Next": "Pause"}],
                "Default": "Look",
            },
            "Pause": {"Type": "Wait", "Seconds": 1, "Next": name},
            name: {**state, "End": True} if state["Type"] != "Fail" else state,
        },
    }


BAD = branch_after_good("Bad", {"Type": "Pass", "Output": works_after(1, "$in & $out")})


def fork(*branches):
    return {"Type": "Parallel", "Branches": [*branches], "End": True}


def test_only_the_failed_branches_run_again(machine, redrive):
    seconds = f"{{% {COUNT} > 0 ? 1 : 99999999 %}}"
    slow = {
        "StartAt": "Slow",
        "States": {"Slow": {"Type": "Wait", "Seconds": seconds, "End": True}},
    }
    made = machine(
        {
            "First": {"Type": "Pass", "Assign": {"out": "side"}, "Next": "Fork"},
            "Fork": fork(GOOD, BAD, slow),
        }
    )
    arn = made.start("given")
    assert made.wait(arn)["status"] == "FAILED"
    ended = redrive(made, arn)
    assert ended["status"] == "SUCCEEDED", ended
    assert json.loads(ended["output"]) == ["a", "branchside", "given"]
    assert sorted(entered(after_redrive(made.history(arn)))) == ["Bad", "Fork", "Slow"]


def test_a_parallel_state_that_failed_after_its_branches_runs_all_of_them(machine, redrive):
    good = {"StartAt": "Good", "States": {"Good": {"Type": "Pass", "End": True}}}
    made = machine(
        {
            "Fork": {
                "Type": "Parallel",
                "Branches": [good, json.loads(json.dumps(good).replace("Good", "Fine"))],
                "Output": works_after(1),
                "End": True,
            }
        }
    )
    arn = made.start()
    assert made.wait(arn)["status"] == "FAILED"
    assert redrive(made, arn)["status"] == "SUCCEEDED"
    assert sorted(entered(after_redrive(made.history(arn)))) == ["Fine", "Fork", "Good"]


def test_a_retry_of_a_redriven_parallel_state_runs_all_branches(machine, redrive):
    retry = [{"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "MaxAttempts": 1}]
    bad = branch_after_good("Bad", {"Type": "Fail", "Error": "Always"})
    made = machine({"Fork": {**fork(GOOD, bad), "Retry": retry}})
    arn = made.start()
    assert redrive(made, arn)["error"] == "Always"
    states = entered(after_redrive(made.history(arn)))
    # The redrive enters only the failed branch, and its retry both.
    assert states[:2] == ["Fork", "Bad"]
    assert [states.count(state) for state in ("Good", "Begin", "Bad")] == [1, 1, 2]


def test_only_the_failed_iterations_run_again(machine, redrive):
    made = machine(
        {
            "Each": {
                "Type": "Map",
                "MaxConcurrency": 1,
                "Items": ["a", "bad", "c"],
                "ItemProcessor": {
                    "StartAt": "Begin",
                    "States": {
                        "Begin": {
                            "Type": "Pass",
                            "Assign": {"index": "{% $states.context.Map.Item.Index %}"},
                            "Next": "Work",
                        },
                        "Work": {
                            "Type": "Pass",
                            "Output": f"{{% $states.input = 'bad' and {COUNT} = 0 "
                            "? $error('bad') : $states.input & $string($index) %}",
                            "End": True,
                        },
                    },
                },
                "End": True,
            }
        }
    )
    arn = made.start()
    assert made.wait(arn)["status"] == "FAILED"
    ended = redrive(made, arn)
    assert json.loads(ended["output"]) == ["a0", "bad1", "c2"]
    # The second item continues where it failed; the third had not started.
    assert entered(after_redrive(made.history(arn))) == ["Each", "Work", "Begin", "Work"]


def test_a_redriven_branch_can_fail_and_be_redriven_again(machine, redrive):
    inner = {
        "StartAt": "Inner",
        "States": {"Inner": {"Type": "Pass", "Output": works_after(2), "End": True}},
    }
    made = machine({"Fork": fork(GOOD, branch_after_good("Outer", fork(inner)))})
    arn = made.start()
    assert redrive(made, arn)["status"] == "FAILED"
    ended = redrive(made, arn)
    assert json.loads(ended["output"]) == ["a", ["done"]]
    assert entered(after_redrive(made.history(arn))) == ["Fork", "Outer", "Inner"]


def test_a_distributed_map_runs_its_failed_children_again(machine, client, redrive):
    sfn = client("stepfunctions")
    made = machine(
        {
            "Map": {
                "Type": "Map",
                "Items": "{% $states.input %}",
                "MaxConcurrency": 1,
                "ToleratedFailureCount": 5,
                "ItemProcessor": {
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "Work",
                    "States": {
                        "Work": {
                            "Type": "Pass",
                            "Output": f"{{% $states.input = 'bad' and {COUNT} = 0 "
                            "? $error('bad') : $random() %}",
                            "End": True,
                        }
                    },
                },
                "Next": "Check",
            },
            "Check": {"Type": "Pass", "Output": works_after(1, "$states.input"), "End": True},
        }
    )
    tolerant = made.start(["a"])
    assert json.loads(redrive(made, tolerant)["output"])  # the Map itself is not run again
    assert len(sfn.list_map_runs(executionArn=tolerant)["mapRuns"]) == 1

    arn = made.start(["a", "bad", "bad", "bad", "bad", "bad", "bad", "b"])
    assert made.wait(arn)["status"] == "FAILED"
    (run,) = sfn.list_map_runs(executionArn=arn)["mapRuns"]
    before = sfn.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (before["status"], before["redriveCount"]) == ("FAILED", 0)
    assert before["itemCounts"]["succeeded"] == 1
    ended = redrive(made, arn)
    assert ended["status"] == "SUCCEEDED", ended
    assert len(json.loads(ended["output"])) == 8
    (again,) = sfn.list_map_runs(executionArn=arn)["mapRuns"]
    assert again["mapRunArn"] == run["mapRunArn"]
    described = sfn.describe_map_run(mapRunArn=run["mapRunArn"])
    assert (described["status"], described["redriveCount"]) == ("SUCCEEDED", 1)
    assert described["redriveDate"]
    counts = described["itemCounts"]
    assert (counts["succeeded"], counts["failed"], counts["pending"]) == (8, 0, 0)
    kinds = [event["type"] for event in after_redrive(made.history(arn))]
    assert "MapRunRedriven" in kinds
    assert "MapRunStarted" not in kinds
