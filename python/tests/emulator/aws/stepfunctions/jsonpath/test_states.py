"""JSONPath in the fields of states: the data that each field reads, and errors.

Errors and their texts are recorded ones of AWS: localstack/localstack (test_invalid_jsonpath,
test_wait_timestamp_path, test_max_concurrency_path), floci-io/floci and
gabrielmoreira/tiny-asl-machine.
"""

import json

import pytest

SINGLE = {"StartAt": "A", "States": {"A": {"Type": "Pass", "End": True}}}
IDENTITY = {"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity"}


def choice(rule, **fields):
    return {
        "C": {"Type": "Choice", "Choices": [{**rule, "Next": "Y"}], "Default": "N", **fields},
        "Y": {"Type": "Pass", "Result": "match", "End": True},
        "N": {"Type": "Pass", "Result": "default", "End": True},
    }


def test_each_field_of_a_state_reads_its_own_data(output):
    state = {
        **IDENTITY,
        "InputPath": "$.wanted",
        "Parameters": {},
        "ResultSelector": {"account.$": "$.Account", "name.$": "$$.Execution.Input.name"},
        "ResultPath": "$.results['of task']",
        "OutputPath": "$['results','name']",
        "Assign": {"arn.$": "$.Arn"},
    }
    states = {
        "S": {**state, "Next": "E"},
        "E": {"Type": "Pass", "Parameters": {"all.$": "$", "v.$": "$arn"}, "End": True},
    }
    got = output(None, {"wanted": {"x": 1}, "name": "n"}, **states)
    task = {"of task": {"account": "123456789012", "name": "n"}}
    assert got["all"] == [{"results": task, "name": "n"}]
    assert got["v"].startswith("arn:aws:sts::123456789012:assumed-role/workflow/")


def test_input_and_output_may_be_empty(output):
    assert output({"Type": "Pass", "InputPath": None, "Parameters": {"all.$": "$"}}, {"a": 1}) == {
        "all": {}
    }
    assert output({"Type": "Pass", "OutputPath": None}, {"a": 1}) == {}
    assert output({"Type": "Pass", "Result": 1, "ResultPath": None}, {"a": 1}) == {"a": 1}
    assert (
        output({"Type": "Pass", "InputPath": "$$.Execution.Input.a[0].b"}, {"a": [{"b": 2}]}) == 2
    )


def test_a_map_reads_items_index_and_the_state_s_input(output):
    state = {
        "Type": "Map",
        "InputPath": "$.detail",
        "ItemsPath": "$.rows[0].cells",
        "MaxConcurrencyPath": "$.limit",
        "ItemSelector": {
            "RoleArn.$": "$$.Map.Item.Value.role",
            "index.$": "$$.Map.Item.Index",
            "list": [{"limit.$": "$.limit", "n.$": "States.MathAdd($$.Map.Item.Index, 1)"}],
        },
        "ItemProcessor": SINGLE,
        "ResultPath": "$.detail.out",
        "OutputPath": "$.detail.out",
    }
    data = {"detail": {"limit": 1, "rows": [{"cells": [{"role": "a"}, {"role": "b"}]}]}}
    assert output(state, data) == [
        {"RoleArn": "a", "index": 0, "list": [{"limit": 1, "n": 1}]},
        {"RoleArn": "b", "index": 1, "list": [{"limit": 1, "n": 2}]},
    ]


def test_variables_are_visible_in_maps_and_assigned_together(output):
    states = {
        "A": {"Type": "Pass", "Assign": {"a": 1, "b": {"c": [7]}}, "Next": "B"},
        "B": {"Type": "Pass", "Assign": {"a.$": "$b.c[0]", "d.$": "$a"}, "Next": "M"},
        "M": {
            "Type": "Map",
            "ItemsPath": "$b.c",
            "ItemProcessor": {
                "StartAt": "P",
                "States": {
                    "P": {"Type": "Pass", "Parameters": {"a.$": "$a", "d.$": "$d"}, "End": True}
                },
            },
            "End": True,
        },
    }
    assert output(None, **states) == [{"a": 7, "d": 1}]


def test_a_gate_reads_a_metric_out_of_a_list(output):
    # The recipe's gate, and that of public machines.
    gate = {"Variable": "$.FinalMetricDataList[0].Value", "NumericGreaterThan": 0.7}
    for value, way in ((0.77, "match"), (0.7, "default"), (0.2, "default")):
        metrics = {"FinalMetricDataList": [{"MetricName": "test_r2", "Value": value}]}
        assert output(None, metrics, **choice(gate)) == way
    quoted = {"Variable": "$['trainingMetrics'][0]['Value']", "NumericLessThanEqualsPath": "$.most"}
    assert (
        output(None, {"trainingMetrics": [{"Value": 3}], "most": 3.0}, **choice(quoted)) == "match"
    )


def test_rules_combine_and_stop_at_the_first_that_decides(output):
    missing = {"Variable": "$.missing", "IsNull": True}
    present = {"Variable": "$.a", "IsPresent": True}
    absent = {"Variable": "$.missing", "IsPresent": False}
    for rule in (
        {"Or": [present, missing]},
        {"Not": {"And": [{"Not": present}, missing]}},
        {"And": [present, absent, {"Variable": "$.a[9]", "IsPresent": False}]},
        {"And": [{"Variable": "$nothing", "IsPresent": False}]},
        {"Variable": "$.a", "IsPresent": True},
        {"Variable": "$.a[0]", "StringEqualsPath": "$$.Execution.Input.a[0]"},
    ):
        assert output(None, {"a": ["x"]}, **choice(rule)) == "match", rule


def test_a_rule_assigns_only_if_it_matches(output):
    states = {
        "C": {
            "Type": "Choice",
            "Choices": [
                {"Variable": "$.v", "NumericEquals": 42, "Assign": {"s": "right"}, "Next": "E"},
                {"Variable": "$.v", "NumericEquals": 43, "Assign": {"s.$": "$.v"}, "Next": "E"},
            ],
            "Assign": {"s": "wrong", "guess.$": "$.v"},
            "Default": "E",
        },
        "E": {"Type": "Pass", "Parameters": {"s.$": "$s"}, "End": True},
    }
    assert output(None, {"v": 42}, **states) == {"s": "right"}
    assert output(None, {"v": 43}, **states) == {"s": 43}
    assert output(None, {"v": 1}, **states) == {"s": "wrong"}


@pytest.mark.parametrize(
    "rule",
    [
        {"Variable": "$.nope", "StringEquals": "x"},
        {"Variable": "$.a[3]", "StringEquals": "x"},
        {"Variable": "$nope", "StringEquals": "x"},
        {"Variable": "$$.Nope", "StringEquals": "x"},
        {"Variable": "$.a[0]", "StringEqualsPath": "$.nope"},
        {"Variable": "$.nope", "IsNull": True},
    ],
)
def test_a_choice_on_a_missing_path_fails_instead_of_using_default(run, rule):
    execution = run(None, {"a": ["x"]}, **choice(rule))
    path = rule.get("StringEqualsPath", rule["Variable"])
    assert (execution["status"], execution["error"]) == ("FAILED", "States.Runtime")
    assert execution["cause"] == (
        "An error occurred while executing the state 'C' (entered at the event id #2). Invalid "
        f"path '{path}': The choice state's condition path references an invalid value."
    )
    assert execution["events"] == ["ExecutionStarted", "ChoiceStateEntered", "ExecutionFailed"]


def test_a_choice_without_a_match_and_without_default_fails_by_name(run):
    states = choice({"Variable": "$.a", "IsNull": True})
    del states["C"]["Default"], states["N"]
    execution = run(None, {"a": 1}, **states)
    assert execution["error"] == "States.Runtime"
    assert execution["cause"].endswith(
        "Failed to transition out of the state. The state does not point to a next state."
    )


NOWHERE = "Invalid path '$.a.nope' : No results for path: $['a']['nope']"
NO_TIME = "does not reference a valid ISO-8601 extended offset date-time format string"
EACH = {"Type": "Map", "ItemProcessor": SINGLE, "ItemsPath": "$.l"}
LIMIT = 'The MaxConcurrencyPath field refers to value "{}" which is not a valid integer: $.a'


@pytest.mark.parametrize(
    ("state", "cause"),
    [
        ({"Type": "Pass", "InputPath": "$.a.nope"}, NOWHERE),
        ({"Type": "Pass", "OutputPath": "$.a.nope"}, NOWHERE),
        ({**IDENTITY, "TimeoutSecondsPath": "$.a.nope"}, NOWHERE),
        ({**IDENTITY, "TimeoutSecondsPath": "$.a"}, "must reference a positive integer: $.a == {}"),
        ({**EACH, "ItemsPath": "$.a.nope"}, NOWHERE),
        ({**EACH, "ItemsPath": "$.a"}, 'Reference path "$.a" must point to array.'),
        ({**EACH, "MaxConcurrencyPath": "$.a"}, LIMIT),
        ({**EACH, "MaxConcurrencyPath": "$.a.nope"}, NOWHERE),
        ({"Type": "Wait", "SecondsPath": "$.nope"}, "does not reference an input value: $.nope"),
        ({"Type": "Wait", "SecondsPath": "$.f"}, "cannot be parsed as a long value: $.f == 1.5"),
        ({"Type": "Wait", "SecondsPath": "$.minus"}, "references a negative value: $.minus == -1"),
        ({"Type": "Wait", "TimestampPath": "$.t"}, f"{NO_TIME}: $.t == 2016-12-05T21:29:29"),
    ],
)
def test_a_field_whose_path_does_not_fit_fails_by_name(run, state, cause):
    data = {"a": {}, "l": [1], "f": 1.5, "minus": -1, "t": "2016-12-05T21:29:29"}
    execution = run(state, data)
    assert execution["error"] == "States.Runtime"
    start = "An error occurred while executing the state 'S' (entered at the event id #2). "
    assert execution["cause"].startswith(start)
    assert execution["cause"].endswith(cause)
    # Only the execution's end is recorded, and no catcher matches.
    assert execution["events"][2:] in (["ExecutionFailed"], ["MapStateStarted", "ExecutionFailed"])


@pytest.mark.parametrize("value", ["$.nope", "States.Format('{}', $.nope)"])
def test_a_template_of_a_task_that_fails_is_not_the_service_s_error(run, value):
    for resource in ("dynamodb:getItem", "lambda:invoke", "aws-sdk:s3:listObjectsV2"):
        field = {"dynamodb:getItem": "TableName", "lambda:invoke": "FunctionName"}.get(
            resource, "Bucket"
        )
        more = {"Key": {"id": {"S": "1"}}} if resource == "dynamodb:getItem" else {}
        state = {
            "Type": "Task",
            "Resource": f"arn:aws:states:::{resource}",
            "Parameters": {f"{field}.$": value, **more},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "S"}],
        }
        execution = run(state, {"other": 1})
        assert execution["error"] == "States.Runtime", resource
        assert "could not be found in the input '{\"other\":1}'" in execution["cause"]
        assert "TaskFailed" not in execution["events"]


def test_a_failure_in_a_branch_is_reported_once(run):
    branch = {"StartAt": "A", "States": {"A": {"Type": "Pass", "InputPath": "$.x", "End": True}}}
    cause = run({"Type": "Parallel", "Branches": [branch]})["cause"]
    assert cause.count("An error occurred") == 1
    assert "executing the state 'A'" in cause


def test_a_result_that_does_not_fit_the_input_can_be_caught(output, run):
    state = {**IDENTITY, "ResultPath": "$.a.b"}
    assert run(state, {"a": 1})["error"] == "States.ResultPathMatchFailure"
    caught = {"ErrorEquals": ["States.ResultPathMatchFailure"], "ResultPath": "$.e", "Next": "E"}
    states = {"S": {**state, "Catch": [caught], "End": True}, "E": {"Type": "Succeed"}}
    got = output(None, {"a": 1}, **states)
    assert got["a"] == 1
    assert got["e"]["Error"] == "States.ResultPathMatchFailure"


def test_a_fail_state_takes_error_and_cause_from_paths(run):
    data = {"e": [{"code": "E1"}]}
    both = {"ErrorPath": "$.e[0].code", "CausePath": "States.Format('for {}', $.e[0])"}
    execution = run(None, data, F={"Type": "Fail", **both})
    assert (execution["error"], execution["cause"]) == ("E1", "for {code=E1}")
    one = {"Error": "Literal", "CausePath": "$$.Execution.Input.e[0].code"}
    execution = run(None, data, F={"Type": "Fail", **one})
    assert (execution["error"], execution["cause"]) == ("Literal", "E1")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (
            "$.nope",
            "The JSONPath '$.nope' specified for the field 'ErrorPath' could not be found in the "
            "input '{\"n\":1}'",
        ),
        ("$.n", "The ErrorPath field must give a string, got 1"),
    ],
)
def test_a_fail_state_whose_path_does_not_fit(run, path, text):
    execution = run(None, {"n": 1}, F={"Type": "Fail", "ErrorPath": path})
    assert execution["error"] == "States.Runtime"
    assert execution["cause"].endswith(text)


def test_waits_take_seconds_and_times_with_zones_from_paths(output):
    data = {"s": [{"n": 1}], "t": "2016-03-14T01:59:00.25+01:00"}
    states = {
        "A": {"Type": "Wait", "SecondsPath": "$.s[0].n", "Next": "B"},
        "B": {"Type": "Wait", "TimestampPath": "$.t", "Next": "C"},
        "C": {"Type": "Wait", "Timestamp": "2016-03-14T01:59:00-07:00", "End": True},
    }
    assert output(None, data, **states) == data


def test_a_training_job_takes_its_role_and_its_request_from_the_input(
    run, request_for, name, client
):
    # The shape of the Data Science SDK's training pipeline.
    job = request_for("TrainingJob")
    parameters = {
        "TrainingJobName.$": "$.name",
        "RoleArn.$": "$.roles[0].arn",
        "AlgorithmSpecification": {**job["AlgorithmSpecification"]},
        "OutputDataConfig": {"S3OutputPath.$": "States.Format('s3://{}/out', $.bucket)"},
        "ResourceConfig.$": "$.resources",
        "StoppingCondition": job["StoppingCondition"],
        "HyperParameters": {"depth.$": "States.Format('{}', $.depth)"},
    }
    data = {
        "name": name,
        "roles": [{"arn": job["RoleArn"]}],
        "bucket": "bucket",
        "resources": job["ResourceConfig"],
        "depth": 5,
    }
    resource = "arn:aws:states:::sagemaker:createTrainingJob.sync"
    execution = run({"Type": "Task", "Resource": resource, "Parameters": parameters}, data)
    assert execution["status"] == "SUCCEEDED", execution["cause"]
    made = client("sagemaker").describe_training_job(TrainingJobName=name)
    assert made["RoleArn"] == job["RoleArn"]
    assert made["OutputDataConfig"]["S3OutputPath"] == "s3://bucket/out"
    assert made["HyperParameters"]["depth"] == "5"
    assert json.loads(execution["output"])["TrainingJobStatus"] == "Completed"
