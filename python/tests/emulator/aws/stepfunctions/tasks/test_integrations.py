"""The lists of integrations, and the results and errors of optimized ones."""

import io
import json
import zipfile

import pytest
from botocore.exceptions import EndpointConnectionError
from botocore.httpsession import URLLib3Session

from emulator.aws.stepfunctions.tasks.integrations import ONLY_ON_AWS, RUNS
from emulator.aws.stepfunctions.tasks.task_parameters import (
    NOT_RUN_HERE,
    parameter_problems,
    resource_problem,
)
from tests.emulator.aws.conftest import ROLE

METADATA = {"SdkHttpMetadata", "SdkResponseMetadata"}


def task(integration, arguments, **fields):
    resource = f"arn:aws:states:::{integration}"
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True, **fields}


def test_the_lists_of_integrations_are_disjoint():
    assert not RUNS & ONLY_ON_AWS


@pytest.mark.parametrize("name", sorted(ONLY_ON_AWS))
def test_integrations_that_only_aws_runs_are_refused_by_name(name):
    problem = resource_problem(f"arn:aws:states:::{name}")
    assert problem is not None
    assert problem.startswith(
        f"{NOT_RUN_HERE}: The emulator cannot run {name}; put a Lambda function that "
    )


@pytest.mark.parametrize("name", sorted(RUNS))
def test_supported_integrations_are_accepted(name):
    assert resource_problem(f"arn:aws:states:::{name}") is None
    assert resource_problem(f"arn:aws-cn:states:::{name}") is None


@pytest.mark.parametrize(
    "resource",
    [
        *("arn:aws:states:::sns:publsh", "arn:aws:states:::sns:publish.sync"),
        *("arn:aws:states:::dynamodb:putItem.waitForTaskToken", "arn:aws:states:::nothing:do"),
        *("arn:aws:states:::lambda:invoke.sync", "arn:aws:states:::batch:submitJob.sync:2"),
        *("arn:aws:states:::aws-sdk:s3:putThing", "arn:aws:states:::aws-sdk:s3:putObject.sync"),
        *("arn:aws:s3:::bucket", "arn:aws:lambda:us-east-1:1:function:f"),
    ],
)
def test_unknown_integrations_are_refused_with_awss_message(resource):
    assert "is not recognized. The value is not a valid resource" in str(resource_problem(resource))


@pytest.mark.parametrize(
    "resource", ["publish", "", "${FunctionArn}", "{% $arn %}", "arn:aws", "sns:publish"]
)
def test_a_resource_that_is_not_an_arn_is_refused_with_the_form_of_one(resource):
    problem = str(resource_problem(resource))
    assert problem.startswith(
        f"SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN, got '{resource}'; a "
        "function is arn:aws:lambda:"
    )


def test_a_resource_that_is_not_a_text_is_named_once(machine, client):
    for wrong in (5, None, ["arn"]):
        with pytest.raises(client("stepfunctions").exceptions.InvalidDefinition) as refused:
            machine({"S": {"Type": "Task", "Resource": wrong, "End": True}})
        assert str(refused.value).count("Resource") == 2  # the message and its place
        assert f"The value of 'Resource' must be a string, got {wrong!r}" in str(refused.value)


@pytest.mark.parametrize(
    "resource",
    [
        "arn:aws:lambda:us-east-1:123456789012:function:f",
        "arn:aws:lambda:us-east-1:123456789012:function:f:$LATEST",
        "arn:aws:states:us-east-1:123456789012:activity:a",
        "arn:aws:states:::aws-sdk:sfn:startExecution",
        "arn:aws:states:::aws-sdk:redshiftdata:executeStatement",
        "arn:aws:states:::aws-sdk:emrserverless:startJobRun",
    ],
)
@pytest.mark.usefixtures("bare_records")
def test_functions_activities_and_names_of_the_java_sdk_are_accepted(resource):
    assert resource_problem(resource) is None


@pytest.mark.parametrize(
    ("integration", "given", "problem"),
    [
        ("sns:publish", {"Topic": "t", "Message": "m"}, 'The field "Topic" is not supported'),
        ("sns:publish", {"TopicArn": "t"}, 'The field "Message" is required but was missing'),
        ("sqs:sendMessage", {"QueueUrl": 1, "MessageBody": {}}, "'QueueUrl' must be a STRING"),
        (
            "sagemaker:createEndpointConfig",
            {
                "EndpointConfigName": "c",
                "ProductionVariants": [{"VariantName": "v", "InitialInstanceCount": "1"}],
            },
            "'InitialInstanceCount' must be an INTEGER, got '1' at "
            "/States/S/Arguments/ProductionVariants[0]/InitialInstanceCount",
        ),
        (
            "sagemaker:createEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "c", "Tags": {"a": "b"}},
            "'Tags' must be an ARRAY",
        ),
        ("dynamodb:putItem", {"TableName": "t", "Item": {"n": {"N": 1}}}, "'N' must be a STRING"),
    ],
)
def test_literals_are_checked_against_the_operations_model(integration, given, problem):
    (found,) = parameter_problems(task(integration, given), "/States/S")
    assert problem in found


@pytest.mark.parametrize(
    ("integration", "given"),
    [
        ("sns:publish", {"TopicArn": "{% $t %}", "Message": {"any": ["json", 1]}}),
        ("lambda:invoke", {"FunctionName": "f", "Payload": {"n": 1}}),
        ("states:startExecution", {"StateMachineArn": "a", "Input": [1, 2]}),
        ("events:putEvents", {"Entries": [{"Detail": {"n": 1}}]}),
        ("dynamodb:putItem", {"TableName": "t", "Item": {"n": {"N": "{% $string($n) %}"}}}),
        ("aws-sdk:rds:describeDBInstances", {"DbInstanceIdentifier": "d"}),
        ("aws-sdk:cloudformation:createStack", {"StackName": "s", "NotificationARNs": ["a"]}),
    ],
)
@pytest.mark.usefixtures("bare_records")
def test_json_and_expressions_are_accepted_if_the_integration_supports_them(integration, given):
    assert list(parameter_problems(task(integration, given), "/States/S")) == []


@pytest.fixture
def fixtures(client, cloud, name):
    """Create a topic, a queue, a table and a function; return their names."""
    return {
        "topic": client("sns").create_topic(Name=name)["TopicArn"],
        "queue": client("sqs").create_queue(QueueName=name)["QueueUrl"],
    }


def ran(machine, integration, arguments, status="SUCCEEDED"):
    execution = machine({"S": task(integration, arguments)}).run()
    assert execution["status"] == status, execution.get("cause")
    return json.loads(execution["output"]) if status == "SUCCEEDED" else execution


def test_results_have_awss_metadata(machine, fixtures):
    calls = {
        "sns:publish": {"TopicArn": fixtures["topic"], "Message": {"a": 1}},
        "sqs:sendMessage": {"QueueUrl": fixtures["queue"], "MessageBody": {"a": 1}},
        "events:putEvents": {"Entries": [{"Detail": {}, "DetailType": "t", "Source": "s"}]},
    }
    results = {name: ran(machine, name, arguments) for name, arguments in calls.items()}
    assert {name: set(result) for name, result in results.items()} == {
        "sns:publish": {"MessageId"} | METADATA,
        "sqs:sendMessage": {"MD5OfMessageBody", "MessageId"} | METADATA,
        "events:putEvents": {"Entries", "FailedEntryCount"},
    }
    http = results["sns:publish"]["SdkHttpMetadata"]
    request_id = results["sns:publish"]["SdkResponseMetadata"]["RequestId"]
    assert http["HttpStatusCode"] == 200
    assert http["HttpHeaders"]["x-amzn-RequestId"] == request_id
    assert http["AllHttpHeaders"]["x-amzn-RequestId"] == [request_id]
    assert int(http["HttpHeaders"]["Content-Length"]) > 0


def test_the_aws_sdks_results_have_no_metadata(machine, fixtures):
    arguments = {"TopicArn": fixtures["topic"], "Message": "m"}
    assert set(ran(machine, "aws-sdk:sns:publish", arguments)) == {"MessageId"}


@pytest.mark.parametrize(
    ("integration", "arguments", "error"),
    [
        ("sns:publish", {"TopicArn": "{topic}-none", "Message": "m"}, "SNS.NotFoundException"),
        (
            "sqs:sendMessage",
            {"QueueUrl": "{queue}-none", "MessageBody": "m"},
            "SQS.QueueDoesNotExistException",
        ),
        ("lambda:invoke", {"FunctionName": "none"}, "Lambda.ResourceNotFoundException"),
        (
            "states:startExecution",
            {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:none"},
            "StepFunctions.StateMachineDoesNotExistException",
        ),
        (
            "events:putEvents",
            {"Entries": [{"Detail": "no json", "DetailType": "t", "Source": "s"}]},
            "EventBridge.FailedEntry",
        ),
        (
            "sagemaker:createEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "none"},
            "SageMaker.AmazonSageMakerException",
        ),
    ],
)
def test_a_services_error_has_the_integrations_name(
    machine, fixtures, integration, arguments, error
):
    given = json.loads(fill(json.dumps(arguments), fixtures))
    execution = ran(machine, integration, given, "FAILED")
    assert execution["error"] == error
    assert "Traceback" not in execution["cause"]


def fill(text, values):
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", value)
    return text


@pytest.mark.parametrize(
    ("integration", "arguments", "error"),
    [
        ("sns:publish", {"TopicArn": "t", "Message": "m"}, "SNS.SdkClientException"),
        ("aws-sdk:sns:listTopics", {}, "Sns.SdkClientException"),
    ],
)
def test_a_service_that_does_not_respond_is_an_sdk_client_exception(
    machine, monkeypatch, integration, arguments, error
):
    send = URLLib3Session.send

    def fail(self, request):
        if b"/sns/aws4_request" in request.headers["Authorization"]:
            raise EndpointConnectionError(endpoint_url=request.url)
        return send(self, request)

    monkeypatch.setattr(URLLib3Session, "send", fail)
    assert ran(machine, integration, arguments, "FAILED")["error"] == error


def test_values_of_expressions_are_checked_at_run_time(machine):
    item = {"id": {"S": "1"}, "n": {"N": "{% $states.input.n %}"}}
    made = machine({"S": task("dynamodb:putItem", {"TableName": "t", "Item": item})})
    execution = made.wait(made.start({"n": 5}))
    assert execution["error"] == "States.Runtime"
    told = "could not be used to start the Task: [The value for the field 'N' must be a STRING"
    assert told in execution["cause"]


def test_an_event_has_the_executions_and_machines_arns(machine, seen, name):
    events = seen({"source": [name]})
    entry = {"Detail": {"a": "ü"}, "DetailType": "t", "Source": name, "Resources": ["r"]}
    execution = machine({"S": task("events:putEvents", {"Entries": [entry]})}).run()
    (event,) = events(1)
    assert event["resources"] == ["r", execution["stateMachineArn"], execution["executionArn"]]
    assert event["detail"] == {"a": "ü"}


def test_an_event_for_a_missing_bus_is_accepted_and_dropped(machine):
    entry = {"Detail": {}, "DetailType": "t", "Source": "s", "EventBusName": "none"}
    result = ran(machine, "events:putEvents", {"Entries": [entry]})
    assert result["FailedEntryCount"] == 0
    assert set(result["Entries"][0]) == {"EventId"}


@pytest.mark.parametrize("function", ["arn", "name"])
def test_a_functions_result_has_the_version_that_ran(machine, made_function, function):
    arguments = {"FunctionName": made_function[function], "Payload": {"n": 1}}
    result = ran(machine, "lambda:invoke", arguments)
    assert set(result) == {"ExecutedVersion", "Payload", "StatusCode"} | METADATA
    assert (result["ExecutedVersion"], result["Payload"]) == ("$LATEST", {"was": {"n": 1}})
    version = ran(machine, "lambda:invoke", {**arguments, "Qualifier": "1"})
    assert version["ExecutedVersion"] == "1"


@pytest.fixture
def made_function(client, cloud, name):
    """Create a function with a version."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", "")
    created = client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.12",
        Role=ROLE,
        Handler="f.f",
        Code={"ZipFile": packed.getvalue()},
        Publish=True,
    )
    cloud.functions.handlers[name] = lambda event: {"was": event}
    return {"arn": created["FunctionArn"].removesuffix(":1"), "name": name}
