"""Constructs of public state machines, rewritten: accepted, or refused by name.

The constructs are those of two public collections of samples, with their frequency there, which
shows the cost of a refusal.
"""

import json

import pytest
from moto.stepfunctions.parser.api import InvalidDefinition
from moto.stepfunctions.parser.models import StepFunctionsParserBackend

END = {"End": True}
PASS = {"Type": "Pass", **END}
INNER = {"StartAt": "Inner", "States": {"Inner": PASS}}


def task(resource, *, language="JSONPath", **parameters):
    field = "Parameters" if language == "JSONPath" else "Arguments"
    state = {"Type": "Task", "Resource": f"arn:aws:states:::{resource}", **END}
    return {**state, **({field: parameters} if parameters else {})}


def distributed(kind="STANDARD", **fields):
    config = {"Mode": "DISTRIBUTED", "ExecutionType": kind}
    return {"Type": "Map", "ItemProcessor": {"ProcessorConfig": config, **INNER}, **END, **fields}


def reader(action, **config):
    resource = f"arn:aws:states:::s3:{action}"
    place = {"Bucket.$": "$.bucket", "Key.$": "$.key"}
    if action == "listObjectsV2":
        place = {"Bucket": "b", "Prefix.$": "$.prefix"}
    return {
        "Resource": resource,
        "Parameters": place,
        **({"ReaderConfig": config} if config else {}),
    }


def choice(**rule):
    return {"Type": "Choice", "Choices": [{**rule, "Next": "Last"}], "Default": "Last"}


WRITER = {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b", "Prefix": "p"}}
LAMBDA = {"FunctionName": "f", "Payload.$": "$"}
TAKEN = {
    "a function by its ARN": {
        "Type": "Task",
        "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f",
        **END,
    },
    "a function by the integration": task("lambda:invoke", **LAMBDA),
    "a function that calls back": {
        **task("lambda:invoke.waitForTaskToken", FunctionName="f"),
        "Parameters": {"FunctionName": "f", "Payload": {"token.$": "$$.Task.Token"}},
        "HeartbeatSeconds": 60,
    },
    "a message to a topic": task("sns:publish", TopicArn="t", Message={"a.$": "$.b"}),
    "a message to a queue": task("sqs:sendMessage", QueueUrl="q", MessageBody={"a": 1}),
    "events": task("events:putEvents", Entries=[{"Detail": {}, "DetailType": "d", "Source": "s"}]),
    "an item of a table": task(
        "dynamodb:putItem", TableName="t", Item={"id": {"S.$": "$.id"}, "n": {"N": "1"}}
    ),
    "retriers with whole numbers": {
        **task("lambda:invoke", **LAMBDA),
        "Retry": [
            {
                "ErrorEquals": ["Lambda.TooManyRequestsException"],
                "IntervalSeconds": 2,
                "MaxAttempts": 6,
                "BackoffRate": 2,
                "MaxDelaySeconds": 60,
                "JitterStrategy": "FULL",
            },
            {"ErrorEquals": ["States.ALL"], "MaxAttempts": 0},
        ],
    },
    "a catcher of an own name with States.": {
        **task("lambda:invoke", **LAMBDA),
        "Catch": [{"ErrorEquals": ["States.QuorumMet"], "Next": "Last"}],
    },
    "a failure with an own name with States.": {"Type": "Fail", "Error": "States.QuorumMet"},
    "a failure with a path": {"Type": "Fail", "ErrorPath": "$.e", "CausePath": "States.UUID()"},
    "every comparison": choice(
        And=[
            {"Variable": "$.a", "IsPresent": True},
            {
                "Or": [
                    {"Variable": "$.a", "StringMatches": "*x"},
                    {"Variable": "$.b", "IsNumeric": True},
                ]
            },
            {"Not": {"Variable": "$.c", "NumericGreaterThanEqualsPath": "$.d"}},
        ]
    ),
    "a wait until a time in the input": {"Type": "Wait", "TimestampPath": "$.t", **END},
    "branches": {
        "Type": "Parallel",
        "Branches": [INNER, {"StartAt": "Other", "States": {"Other": PASS}}],
        "ResultSelector": {"first.$": "$[0]"},
        **END,
    },
    "a Map with its old names": {
        "Type": "Map",
        "Iterator": INNER,
        "ItemsPath": "$.items",
        "Parameters": {"item.$": "$$.Map.Item.Value"},
        **END,
    },
    "a Map that says that it is inline": {
        "Type": "Map",
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **INNER},
        "MaxConcurrency": 5,
        **END,
    },
    "a distributed Map": distributed(Label="Each", MaxConcurrency=1000),
    "with Express children": distributed("EXPRESS"),
    "in batches": distributed(
        ItemBatcher={"MaxItemsPerBatch": 100, "BatchInput": {"table.$": "$.table"}}
    ),
    "in batches by size": distributed(ItemBatcher={"MaxInputBytesPerBatchPath": "$.bytes"}),
    "that tolerates a whole number of percents": distributed(ToleratedFailurePercentage=100),
    "that tolerates a broken number of percents": distributed(ToleratedFailurePercentage=0.5),
    "over the objects of a prefix": distributed(ItemReader=reader("listObjectsV2")),
    "over a CSV with a header": distributed(
        ItemReader=reader("getObject", InputType="CSV", CSVHeaderLocation="FIRST_ROW")
    ),
    "over a CSV with another delimiter": distributed(
        ItemReader=reader(
            "getObject",
            InputType="CSV",
            CSVHeaderLocation="GIVEN",
            CSVHeaders=["a"],
            CSVDelimiter="PIPE",
        )
    ),
    "over JSON": distributed(ItemReader=reader("getObject", InputType="JSON", MaxItems=10)),
    "over lines of JSON": distributed(ItemReader=reader("getObject", InputType="JSONL")),
    "that writes results": distributed(ResultWriter=WRITER),
    "SDK: a service with a hyphen in boto3": task(
        "aws-sdk:emrserverless:startJobRun",
        ApplicationId="a",
        ExecutionRoleArn="r",
        **{"ClientToken.$": "States.UUID()"},
    ),
    "SDK: a service of two words": task("aws-sdk:redshiftdata:describeStatement", Id="i"),
    "SDK: a service whose identifier ends in Service": task("aws-sdk:config:describeConfigRules"),
    "SDK: a service by its other name": task("aws-sdk:eventbridge:disableRule", Name="n"),
    "SDK: parameters as the SDK spells them": task(
        "aws-sdk:rds:describeDBInstances", **{"DbInstanceIdentifier.$": "$.id"}
    ),
    "SDK: nested parameters as the SDK spells them": task(
        "aws-sdk:textract:startDocumentTextDetection",
        DocumentLocation={"S3Object": {"Bucket": "b", "Name.$": "$.key"}},
        NotificationChannel={"SnsTopicArn": "t", "RoleArn": "r"},
    ),
    "SDK: booleans as text": task(
        "aws-sdk:autoscaling:detachInstances",
        AutoScalingGroupName="g",
        ShouldDecrementDesiredCapacity="false",
    ),
    "SDK: JSON for a text": task(
        "aws-sdk:sfn:startExecution", StateMachineArn="m", Input={"a.$": "$.b"}
    ),
    "JSONata in one state": {
        "Type": "Pass",
        "QueryLanguage": "JSONata",
        "Output": {"a": "{% $states.input.b %}"},
        **END,
    },
}
REFUSED = {
    "a manifest of objects": (
        distributed(ItemReader=reader("getObject", InputType="MANIFEST")),
        "does not run the input type MANIFEST",
        "ItemReader/ReaderConfig/InputType",
    ),
    "objects read one by one": (
        distributed(ItemReader=reader("listObjectsV2", Transformation="LOAD_AND_FLATTEN")),
        "does not run the transformation LOAD_AND_FLATTEN",
        "ItemReader/ReaderConfig/Transformation",
    ),
    "an SDK call by boto3's name": (
        task("aws-sdk:events:putEvents", Entries=[]),
        "is not recognized",
        "Resource",
    ),
    "a request over HTTP": (
        task("http:invoke", ApiEndpoint="https://api.example.com/v1", Method="GET"),
        "cannot run http:invoke; put a Lambda function that makes the request",
        "Resource",
    ),
    "a function by its name alone": (
        {"Type": "Task", "Resource": "my-function", **END},
        "Value is not a valid resource ARN, got 'my-function'",
        "Resource",
    ),
    "a call without a service": (
        task("aws-sdk:lookoutvision:describeModel"),
        "is not recognized",
        "Resource",
    ),
}


def refusal_of(state):
    states = {"State": state}
    if "Last" in json.dumps(state):
        states["Last"] = {"Type": "Succeed"}
    definition = {"Comment": "one construct", "StartAt": "State", "States": states}
    try:
        StepFunctionsParserBackend._validate_definition(json.dumps(definition))
    except InvalidDefinition as error:
        return str(error.message)
    return None


@pytest.mark.parametrize("construct", TAKEN)
@pytest.mark.usefixtures("cloud", "bare_records")
def test_constructs_of_public_definitions_are_accepted(construct):
    assert refusal_of(TAKEN[construct]) is None


@pytest.mark.parametrize("construct", REFUSED)
@pytest.mark.usefixtures("cloud")
def test_refused_constructs_have_a_location_and_a_reason(construct):
    state, reason, place = REFUSED[construct]
    message = refusal_of(state)
    assert message is not None
    assert reason in message
    assert f"/States/State/{place}" in message
