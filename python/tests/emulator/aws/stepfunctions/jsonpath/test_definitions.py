"""The checks of JSONPath definitions when a machine is created."""

import pytest

from emulator.aws.stepfunctions.definitions.problems import find_problems


def problems_of(state, **states):
    end = {} if state["Type"] in ("Choice", "Fail", "Succeed") else {"End": True}
    program = {"StartAt": "S", "States": {"S": {**end, **state}, **states}}
    return find_problems(program)


MAP = {"Type": "Map", "ItemProcessor": {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}}
TASK = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity"}
NO_EXPRESSION = "must be a valid JSONPath or a valid intrinsic function call"


@pytest.mark.parametrize(
    ("state", "problem", "place"),
    [
        ({"Type": "Pass", "Parameters": {"a.$": "nope"}}, NO_EXPRESSION, "S/Parameters"),
        ({"Type": "Pass", "Parameters": {"a.$": 5}}, NO_EXPRESSION, "S/Parameters"),
        ({"Type": "Pass", "Parameters": {"a.$": {}}}, NO_EXPRESSION, "S/Parameters"),
        (
            {"Type": "Pass", "Parameters": {"a": [{"b.$": "States.Nope()"}]}},
            "there is no States.Nope",
            "S/Parameters/a[0]",
        ),
        ({"Type": "Pass", "Assign": {"a.$": "$.b["}}, "not closed", "S/Assign"),
        ({**TASK, "ResultSelector": {"a.$": "$."}}, "a name is missing", "S/ResultSelector"),
        ({**MAP, "ItemSelector": {"a.$": "x"}}, NO_EXPRESSION, "S/ItemSelector"),
        ({"Type": "Pass", "InputPath": "a"}, "not a valid JSONPath", "S/InputPath"),
        ({"Type": "Pass", "OutputPath": "$.a.sum()"}, "does not evaluate sum()", "S/OutputPath"),
        ({"Type": "Pass", "ResultPath": "$.a[*]"}, "not a Reference Path", "S/ResultPath"),
        ({"Type": "Pass", "ResultPath": "$$.a"}, "not a Reference Path", "S/ResultPath"),
        ({"Type": "Pass", "ResultPath": "$a"}, "not a Reference Path", "S/ResultPath"),
        ({**MAP, "ItemsPath": "items"}, "not a valid JSONPath", "S/ItemsPath"),
        ({**MAP, "MaxConcurrencyPath": 3}, "it must be a string", "S/MaxConcurrencyPath"),
        (
            {**MAP, "ItemReader": {"Parameters": {"Bucket.$": "b"}}},
            NO_EXPRESSION,
            "S/ItemReader/Parameters",
        ),
        ({"Type": "Wait", "SecondsPath": "5"}, "not a valid JSONPath", "S/SecondsPath"),
        ({"Type": "Wait", "Timestamp": "2016-12-05 21:29:29Z"}, "RFC3339", "S/Timestamp"),
        ({"Type": "Wait", "Timestamp": "2016-13-05T21:29:29Z"}, "RFC3339", "S/Timestamp"),
        ({**TASK, "TimeoutSecondsPath": "x"}, "not a valid JSONPath", "S/TimeoutSecondsPath"),
        (
            {**TASK, "Catch": [{"ErrorEquals": ["E"], "Next": "S", "ResultPath": "x"}]},
            "not a Reference Path",
            "S/Catch[0]/ResultPath",
        ),
        ({"Type": "Fail", "ErrorPath": "e"}, NO_EXPRESSION[8:], "S/ErrorPath"),
        ({"Type": "Fail", "CausePath": "States.Format('{}'"}, "expected ',' or ')'", "S/CausePath"),
    ],
)
def test_invalid_paths_and_templates_are_refused_with_their_location(state, problem, place):
    assert any(problem in text and text.endswith(f"/{place}") for text in problems_of(state)), (
        problems_of(state)
    )


@pytest.mark.parametrize(
    "value", ["$.a[?(@.b == loose)].c", "States.ArrayGetItem($.a[?(@.b == loose)].c, 0)"]
)
def test_a_filter_that_only_aws_supports_is_not_called_invalid(value):
    (problem,) = problems_of({"Type": "Pass", "Parameters": {"x.$": value}})
    assert problem.startswith("EMULATOR_DOES_NOT_RUN: in '$.a[?(@.b == loose)].c'")
    assert "texts in quotes only; write 'loose' with them at /States/S/Parameters" in problem


@pytest.mark.parametrize(
    ("rule", "problem", "place"),
    [
        ({"Variable": "x", "IsNull": True}, "not a Reference Path", "Variable"),
        ({"Variable": "$.x", "NumericEquals": "1"}, "must be a number", "NumericEquals"),
        (
            {"Variable": "$.x", "NumericEqualsPath": "y"},
            "not a Reference Path",
            "NumericEqualsPath",
        ),
        ({"Variable": "$.x", "Matches": "y"}, "is no comparison", "Matches"),
        ({"Variable": "$.x", "IsNull": True, "Assign": {"v.$": "y"}}, NO_EXPRESSION, "Assign"),
        ({"Not": {"Variable": "y", "IsNull": True}}, "not a Reference Path", "Not/Variable"),
        (
            {"And": [{"Or": [{"Variable": "$.x", "StringMatches": "a\\"}]}]},
            "must have an asterisk",
            "And[0]/Or[0]/StringMatches",
        ),
    ],
)
def test_an_invalid_rule_is_refused_with_its_location(rule, problem, place):
    choice = {"Type": "Choice", "Choices": [{**rule, "Next": "T"}]}
    problems = problems_of(choice, T={"Type": "Succeed"})
    assert any(problem in text and text.endswith(f"/Choices[0]/{place}") for text in problems)


@pytest.mark.parametrize(
    "value",
    ["$.a.sum()", "States.Array($.a.sum())", "States.Hash(States.StringToJson($.a), 'MD5')"],
)
def test_limitations_of_the_emulator_are_reported_as_such(value):
    (problem,) = problems_of({"Type": "Pass", "Parameters": {"a.$": value}})
    assert problem.startswith("EMULATOR_DOES_NOT_RUN: ")
    assert problem.endswith(" at /States/S/Parameters")


def test_valid_paths_and_templates_are_accepted():
    states = {
        "S": {
            **TASK,
            "InputPath": "$$.Execution.Input",
            "OutputPath": None,
            "Parameters": {},
            "ResultSelector": {"RoleArn.$": "$.Arn", "l": [{"x.$": "States.UUID()"}]},
            "ResultPath": "$.a['b c'][0]",
            "Assign": {"v.$": "$.a[?(@.b == 1)].c"},
            "TimeoutSecondsPath": "$v.seconds",
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": None, "Next": "W"}],
            "Next": "W",
        },
        "W": {"Type": "Wait", "Timestamp": "2016-03-14T01:59:00.5+01:00", "Next": "C"},
        "C": {
            "Type": "Choice",
            "Choices": [
                {
                    "Comment": "both",
                    "And": [
                        {"Variable": "$v", "IsPresent": True},
                        {"Variable": "$.x", "StringEqualsPath": "$$.Execution.Name"},
                    ],
                    "Next": "F",
                }
            ],
            "Default": "F",
        },
        "F": {"Type": "Fail", "Error": "E", "CausePath": "States.JsonToString($)"},
    }
    assert find_problems({"StartAt": "S", "States": states}) == []


def test_expressions_of_the_other_language_are_not_paths():
    state = {"Type": "Pass", "Output": {"a.$": "b"}, "Assign": {"c.$": "d"}, "End": True}
    program = {"QueryLanguage": "JSONata", "StartAt": "S", "States": {"S": state}}
    assert find_problems(program) == []
