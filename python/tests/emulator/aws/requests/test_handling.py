"""Errors before moto runs a request, and if it cannot."""

import http.client
from urllib.parse import urlparse

import boto3
import pytest
from botocore.config import Config

from tests.emulator.aws.signing import signed_headers

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")


@pytest.fixture
def unchecked(cloud):
    """Return a client without validation, with the usual retries."""

    def create(service):
        return boto3.client(
            service,
            endpoint_url=cloud.endpoint,
            region_name="us-east-1",
            aws_access_key_id=cloud.aws.key.id,
            aws_secret_access_key=cloud.aws.key.secret,
            config=Config(parameter_validation=False),
        )

    return create


def refusal(call, **parameters):
    client = call.__self__
    with pytest.raises(client.exceptions.ClientError) as error:
        call(**parameters)
    response = error.value.response
    assert response["ResponseMetadata"]["RetryAttempts"] == 0
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]


def test_a_bad_request_is_a_validation_exception(unchecked, request_for):
    sagemaker = unchecked("sagemaker")
    request = {**request_for("TrainingJob"), "TrainingJobName": "not_a_name"}
    status, error = refusal(sagemaker.create_training_job, **request)
    assert (status, error["Code"]) == (400, "ValidationException")
    assert "'not_a_name' at 'trainingJobName'" in error["Message"]


def test_a_bad_name_of_a_state_machine_is_a_validation_exception(unchecked):
    _, error = refusal(unchecked("stepfunctions").describe_execution)
    assert error["Code"] == "ValidationException"
    assert "Value null at 'executionArn'" in error["Message"]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "named"),
    [
        ("sagemaker", "list_labeling_jobs", {}, "sagemaker:ListLabelingJobs"),
        ("sns", "list_origination_numbers", {}, "sns:ListOriginationNumbers"),
    ],
)
def test_an_operation_that_moto_lacks_is_refused_by_name(
    unchecked, service, operation, parameters, named
):
    status, error = refusal(getattr(unchecked(service), operation), **parameters)
    assert (status, error["Code"]) == (400, "NotImplementedException")
    assert named in error["Message"]
    assert "leave the call out" in error["Message"]


def test_an_s3_operation_that_moto_lacks_is_refused(cloud, client, name):
    client("s3").create_bucket(Bucket=name)
    connection = http.client.HTTPConnection(urlparse(cloud.endpoint).netloc)
    headers = signed_headers(cloud.aws, "PATCH", f"/{name}", service="s3")
    connection.request("PATCH", f"/{name}", headers=headers)
    answer = connection.getresponse()
    assert answer.status == 400
    assert b"<Code>NotImplementedException</Code>" in answer.read()
    connection.close()


def test_an_unsupported_service_is_refused(unchecked):
    status, error = refusal(unchecked("braket").search_devices, filters=[])
    assert (status, error["Code"]) == (400, "NotImplementedException")


def test_a_fault_inside_the_emulator_is_named(client, cloud, name, monkeypatch):
    from moto.sagemaker.models import SageMakerModelBackend

    monkeypatch.setattr(SageMakerModelBackend, "list_models", lambda self: 1 / 0)
    sagemaker = client("sagemaker", checked=False)
    with pytest.raises(sagemaker.exceptions.ClientError) as error:
        sagemaker.list_models()
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert "sagemaker:ListModels failed inside the emulator" in str(error.value)
    assert "ZeroDivisionError" not in str(error.value)


def test_a_fault_rule_applies_the_given_number_of_times(client, cloud, name):
    rule = {
        "operation": "states:ListStateMachines",
        "error": "ThrottlingException",
        "message": "Rate exceeded",
        "times": 2,
    }
    cloud.faults.load({"faults": [rule]})
    sfn = client("stepfunctions", checked=False)
    for _ in range(2):
        with pytest.raises(sfn.exceptions.ClientError, match="Rate exceeded"):
            sfn.list_state_machines()
    sfn.list_state_machines()


def test_fault_rules_match_names_in_paths_and_in_query_parameters(client, cloud, name):
    rules = [
        {"operation": "lambda:InvokeFunction", "match": name, "error": "TooManyRequestsException"},
        {"operation": "iam:GetRole", "match": name, "error": "ServiceFailure"},
        {"operation": "sagemaker:InvokeEndpoint", "match": name, "error": "ServiceUnavailable"},
    ]
    cloud.faults.load({"faults": rules})
    functions = client("lambda", checked=False)
    with pytest.raises(functions.exceptions.ClientError, match="TooManyRequestsException"):
        functions.invoke(FunctionName=name)
    iam = client("iam", checked=False)
    with pytest.raises(iam.exceptions.ClientError, match="ServiceFailure"):
        iam.get_role(RoleName=name)
    runtime = client("sagemaker-runtime", checked=False)
    with pytest.raises(runtime.exceptions.ClientError, match="ServiceUnavailable"):
        runtime.invoke_endpoint(EndpointName=name, Body=b"")
