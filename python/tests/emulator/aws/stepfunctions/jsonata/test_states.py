"""JSONata in the fields of states: bound variables, and errors."""

import json

import pytest


def failing(expression, state_type="Pass", **fields):
    return {"Only": {"Type": state_type, "Output": expression, "End": True, **fields}}


def test_variables_keep_quotes_newlines_and_backslashes(machine):
    text = 'a "quoted"\nline with \\ and {% braces'
    made = machine(
        {
            "Set": {"Type": "Pass", "Assign": {"text": "{% $states.input.text %}"}, "Next": "Use"},
            "Use": {"Type": "Pass", "Output": "{% {'text': $text} %}", "End": True},
        }
    )
    execution_arn = made.start({"text": text})
    assert json.loads(made.wait(execution_arn)["output"]) == {"text": text}
    exited = next(e for e in made.history(execution_arn) if e["type"] == "PassStateExited")
    assigned = exited["stateExitedEventDetails"]["assignedVariables"]
    assert json.loads(assigned["text"]) == text


def test_the_context_has_retry_and_redrive_counts_and_times_in_utc(output):
    context = output("{% $states.context %}")
    assert context["Execution"]["RedriveCount"] == 0
    assert context["State"]["RetryCount"] == 0
    for time in (context["Execution"]["StartTime"], context["State"]["EnteredTime"]):
        assert len(time) == len("2026-01-31T12:00:00.000Z")
        assert time.endswith("Z")


@pytest.mark.parametrize(
    ("expression", "problem"),
    [
        ("$states.input.missing", "returned nothing (undefined)."),
        ("1 + 'a'", "threw an error during evaluation. T2002"),
    ],
)
def test_a_failing_expression_is_a_query_evaluation_error_with_its_location(
    machine, expression, problem
):
    made = machine(failing({"deep": [f"{{% {expression} %}}"]}))
    execution_arn = made.start()
    execution = made.wait(execution_arn)
    assert execution["error"] == "States.QueryEvaluationError"
    assert (
        f"'{expression}' specified for the field 'Output/deep[0]' {problem}" in execution["cause"]
    )
    events = [e for e in made.history(execution_arn) if e["type"] == "EvaluationFailed"]
    details = [e["evaluationFailedEventDetails"] for e in events]
    assert [(d["state"], d["location"]) for d in details] == [("Only", "Output/deep[0]")]
    assert "An error occurred while executing the state 'Only'" in details[0]["cause"]


def test_a_task_records_a_failing_expression_once_and_can_catch_it(machine):
    made = machine(
        {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
                "Arguments": {},
                "Output": "{% $states.result.Nothing %}",
                "Catch": [
                    {
                        "ErrorEquals": ["States.QueryEvaluationError"],
                        "Output": "{% $states.errorOutput.Error %}",
                        "Next": "Caught",
                    }
                ],
                "End": True,
            },
            "Caught": {"Type": "Succeed"},
        }
    )
    made_bad = machine(
        {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
                "Arguments": "{% $missing %}",
                "Catch": [
                    {
                        "ErrorEquals": ["States.QueryEvaluationError"],
                        "Output": "{% $states.errorOutput.Error %}",
                        "Next": "Caught",
                    }
                ],
                "End": True,
            },
            "Caught": {"Type": "Succeed"},
        }
    )
    assert made.run()["error"] == "States.QueryEvaluationError"  # Output is after the Catch
    execution_arn = made_bad.start()
    assert json.loads(made_bad.wait(execution_arn)["output"]) == "States.QueryEvaluationError"
    kinds = [event["type"] for event in made_bad.history(execution_arn)]
    assert kinds.count("EvaluationFailed") == 1


@pytest.mark.parametrize(
    ("states", "field", "expected", "got"),
    [
        (
            {
                "Only": {
                    "Type": "Choice",
                    "Choices": [{"Condition": "{% $states.input.x %}", "Next": "End"}],
                    "Default": "End",
                },
                "End": {"Type": "Succeed"},
            },
            "Choices[0]/Condition",
            "boolean",
            "string",
        ),
        (
            {"Only": {"Type": "Wait", "Seconds": "{% $states.input.x %}", "End": True}},
            "Seconds",
            "number",
            "string",
        ),
        (
            {"Only": {"Type": "Fail", "Cause": "{% {'x': $states.input.x} %}"}},
            "Cause",
            "string",
            "object",
        ),
    ],
)
def test_a_result_of_another_type_is_a_query_evaluation_error(
    machine, states, field, expected, got
):
    execution = machine(states).run({"x": "text"})
    assert execution["error"] == "States.QueryEvaluationError"
    assert f"the field '{field}' returned an unexpected result type" in execution["cause"]
    assert f"Expected '{expected}', but was '{got}'" in execution["cause"]


def test_fails_to_create_a_machine_with_a_broken_expression(machine, client):
    sfn = client("stepfunctions")
    with pytest.raises(sfn.exceptions.InvalidDefinition, match="Invalid JSONata expression"):
        machine(failing("{% (1 + %}"))


def test_output_of_any_json_type_is_described_as_json(output):
    assert output("{% 'a \"text\"' %}") == 'a "text"'
    assert output("{% null %}") is None
    assert output("{% false %}") is False


def test_a_variable_of_any_legal_name_reaches_an_expression(machine):
    names = ["camelCase_2", "größe", "_a1"]
    made = machine(
        {
            "Set": {"Type": "Pass", "Assign": {name: name for name in names}, "Next": "Read"},
            "Read": {
                "Type": "Pass",
                "Output": "{% [" + ", ".join(f"${name}" for name in names) + "] %}",
                "End": True,
            },
        }
    )
    assert json.loads(made.run()["output"]) == names
