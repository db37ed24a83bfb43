"""The aws-sdk integrations."""

import json

import pytest

from emulator.aws.stepfunctions.tasks.sdk_tasks import from_response, to_request
from emulator.aws.stepfunctions.tasks.task_parameters import sdk_operation


def call(service_action, arguments, **fields):
    resource = f"arn:aws:states:::aws-sdk:{service_action}"
    return {"Type": "Task", "Resource": resource, "Arguments": arguments, "End": True, **fields}


def result(machine, service_action, arguments):
    execution = machine({"Call": call(service_action, arguments)}).run()
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    return json.loads(execution["output"])


@pytest.fixture
def bucket(client, name):
    client("s3").create_bucket(Bucket=name)
    return name


def test_s3_objects_are_copied_read_listed_and_written(machine, client, bucket):
    client("s3").put_object(Bucket=bucket, Key="code/a.txt", Body=b"text")
    copied = result(
        machine,
        "s3:copyObject",
        {"Bucket": bucket, "Key": "code/b.txt", "CopySource": f"{bucket}/code/a.txt"},
    )
    assert set(copied["CopyObjectResult"]) >= {"ETag", "LastModified"}
    assert copied["CopyObjectResult"]["LastModified"].endswith("Z")
    got = result(machine, "s3:getObject", {"Bucket": bucket, "Key": "code/b.txt"})
    assert got["Body"] == "text"
    listed = result(machine, "s3:listObjectsV2", {"Bucket": bucket, "Prefix": "code/"})
    assert [item["Key"] for item in listed["Contents"]] == ["code/a.txt", "code/b.txt"]
    body = {"some": "json"}
    result(machine, "s3:putObject", {"Bucket": bucket, "Key": "c.json", "Body": body})
    assert client("s3").get_object(Bucket=bucket, Key="c.json")["Body"].read() == b'{"some":"json"}'


@pytest.mark.parametrize(
    ("key", "bucket_suffix", "error"),
    [("missing", "", "S3.NoSuchKeyException"), ("k", "-none", "S3.NoSuchBucketException")],
)
def test_s3_errors_are_named_by_the_sdk(machine, bucket, key, bucket_suffix, error):
    task = call("s3:getObject", {"Bucket": bucket + bucket_suffix, "Key": key})
    assert machine({"Call": task}).run()["error"] == error


def test_an_unmodelled_s3_error_is_named_after_the_service(machine, client, bucket):
    policy = {
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket}/*",
            }
        ]
    }
    client("s3").put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    task = call("s3:putObject", {"Bucket": bucket, "Key": "k", "Body": "b"})
    execution = machine({"Call": task}).run()
    assert execution["error"] == "S3.S3Exception"
    assert "is not authorized to perform: s3:PutObject" in execution["cause"]
    assert "(Service: S3, Status Code: 403, Request ID" in execution["cause"]


def test_a_missing_endpoint_is_a_sagemaker_exception_that_can_be_caught_by_its_text(machine, name):
    catch = {
        "ErrorEquals": ["SageMaker.SageMakerException"],
        "Output": "{% $contains($states.errorOutput.Cause, 'Could not find endpoint') %}",
        "Next": "Caught",
    }
    states = {
        "Call": call("sagemaker:describeEndpoint", {"EndpointName": name}, Catch=[catch]),
        "Caught": {"Type": "Succeed"},
    }
    made = machine(states)
    execution_arn = made.start()
    assert json.loads(made.wait(execution_arn)["output"]) is True
    failed = next(e for e in made.history(execution_arn) if e["type"] == "TaskFailed")
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:endpoint/{name}"
    cause = failed["taskFailedEventDetails"]["cause"]
    assert cause.startswith(
        f'Could not find endpoint "{arn}". (Service: SageMaker, Status Code: 400, Request ID: '
    )


def test_services_with_camel_case_members_are_called_in_pascal_case(machine, name):
    made = machine({"Only": {"Type": "Succeed"}})
    described = result(machine, "sfn:describeStateMachine", {"StateMachineArn": made.arn})
    assert described["StateMachineArn"] == made.arn
    assert described["CreationDate"].endswith("Z")
    group = {"LogGroupName": f"/test/{name}"}
    assert result(machine, "cloudwatchlogs:createLogGroup", group) == {}
    listed = result(
        machine, "cloudwatchlogs:describeLogGroups", {"LogGroupNamePrefix": f"/test/{name}"}
    )
    assert [found["LogGroupName"] for found in listed["LogGroups"]] == [f"/test/{name}"]


def test_errors_of_other_services_are_named_as_the_java_sdk_does(machine):
    arn = "arn:aws:states:us-east-1:123456789012:stateMachine:none"
    task = call("sfn:describeStateMachine", {"StateMachineArn": arn})
    assert machine({"Call": task}).run()["error"] == "Sfn.StateMachineDoesNotExistException"


def test_calls_are_made_with_the_role_of_the_machine(machine):
    identity = result(machine, "sts:getCallerIdentity", {})
    assert identity["Arn"].startswith("arn:aws:sts::123456789012:assumed-role/workflow/")


@pytest.mark.parametrize(
    ("service_action", "arguments", "problem"),
    [
        ("s3:copyThing", {}, "is not recognized"),
        ("nothing:doIt", {}, "is not recognized"),
        ("s3:putObject", {"Bucketname": "b"}, '"Bucketname" is not supported'),
        ("sagemaker:describeEndpoint.sync", {}, "is not recognized"),
    ],
)
def test_fails_to_create_a_machine_with_an_unknown_call_or_parameter(
    machine, client, service_action, arguments, problem
):
    sfn = client("stepfunctions")
    with pytest.raises(sfn.exceptions.InvalidDefinition) as refusal:
        machine({"Call": call(service_action, arguments)})
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    ("service_action", "arguments", "fault"),
    [
        (
            "s3:listObjectsV2",
            {"Bucket": "{% 5 %}", "MaxKeys": "{% '5' %}"},
            "[The value for the field 'Bucket' must be a STRING, got 5, "
            "The value for the field 'MaxKeys' must be an INTEGER, got '5']",
        ),
        (
            "s3:listObjectsV2",
            "{% {'Buckets': 'b'} %}",
            '[The field "Buckets" is not supported by Step Functions]',
        ),
    ],
)
def test_evaluated_parameters_of_a_wrong_type_start_no_call(
    machine, service_action, arguments, fault
):
    execution = machine({"Call": call(service_action, arguments)}).run()
    assert execution["error"] == "States.Runtime"
    assert f"could not be used to start the Task: {fault}" in execution["cause"]


def test_parameters_come_in_the_spelling_of_the_sdk_and_of_the_api():
    def request(service, action, **parameters):
        return to_request(parameters, sdk_operation(service, action).input_shape)

    instance = {"DBInstanceIdentifier": "i"}
    assert request("rds", "describeDBInstances", DbInstanceIdentifier="i") == instance
    assert request("rds", "describeDBInstances", DBInstanceIdentifier="i") == instance
    detach = request("autoscaling", "detachInstances", ShouldDecrementDesiredCapacity="false")
    assert detach == {"ShouldDecrementDesiredCapacity": False}
    shape = sdk_operation("rds", "describeDBInstances").output_shape
    answer = from_response({"DBInstances": [{"DBInstanceArn": "a", "DBName": "n"}]}, shape)
    assert answer == {"DbInstances": [{"DbInstanceArn": "a", "DbName": "n"}]}
