"""Requests that moto does not handle are refused at once, by name, in their own protocol."""

import json

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from werkzeug.test import Client
from werkzeug.wrappers import Response

from emulator.aws.requests.unknown_operations import UnavailableError, in_protocol
from emulator.aws.stepfunctions.tasks.task_parameters import NOT_RUN_HERE, resource_problem
from tests.emulator.aws.conftest import ROLE

SIGNED = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/{}/aws4_request, Signature=x"


@pytest.mark.parametrize(
    ("service", "operation", "parameters"),
    [
        ("cloudsearch", "ListDomainNames", {}),  # query, a service that moto lacks
        ("discovery", "ListConfigurations", {"configurationType": "SERVER"}),  # JSON, the same
        ("braket", "GetDevice", {"deviceArn": "x"}),  # REST-JSON, the same
        ("backup", "ListRestoreJobs", {}),  # REST-JSON, a path that moto lacks
        ("route53", "ListTrafficPolicies", {}),  # REST-XML
        (
            "iam",
            "ListPoliciesGrantingServiceAccess",
            {"Arn": "a" * 20, "ServiceNamespaces": ["s3"]},
        ),  # query
        ("ec2", "GetCoipPoolUsage", {"PoolId": "ipv4pool-coip-0"}),
        ("glue", "ListBlueprints", {}),  # JSON
    ],
)
def test_an_operation_is_refused_by_name(client, service, operation, parameters):
    with pytest.raises(ClientError) as raised:
        client(service)._make_api_call(operation, parameters)
    response = raised.value.response
    assert response["ResponseMetadata"]["RetryAttempts"] == 0
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 400
    assert response["Error"]["Code"] == "NotImplementedException"
    assert operation in response["Error"]["Message"]


MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("StartSyncExecution", {"stateMachineArn": MACHINE}),
        ("TestState", {"definition": '{"Type": "Pass", "End": true}', "roleArn": ROLE}),
    ],
)
def test_unsupported_step_functions_operations_are_refused_by_name(cloud, operation, parameters):
    # For two of them, SDKs put "sync-" before the host unless this is disabled.
    sfn = boto3.client(
        "stepfunctions",
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id=cloud.aws.key.id,
        aws_secret_access_key=cloud.aws.key.secret,
        config=Config(inject_host_prefix=False, proxies={}),
    )
    with pytest.raises(ClientError) as raised:
        sfn._make_api_call(operation, parameters)
    error = raised.value.response["Error"]
    assert error["Code"] == "NotImplementedException"
    assert error["Message"].startswith(f"states:{operation} is not run by the emulator")
    action = operation[0].lower() + operation[1:]
    problem = resource_problem(f"arn:aws:states:::aws-sdk:sfn:{action}")
    assert problem is not None
    assert problem.startswith(f"{NOT_RUN_HERE}: states:{operation} is not run by the emulator")


def page(environ, start_response):
    return Response("<!doctype html>\n<title>404 Not Found</title>", 404)(environ, start_response)


def failing(problem):
    def application(environ, start_response):
        raise problem

    return application


def send_request(application, service, method="GET", **options):
    headers = {"Authorization": SIGNED.format(service), **options.pop("headers", {})}
    return Client(in_protocol(application)).open("/x/y", method=method, headers=headers, **options)


def error(answer):
    return json.loads(answer.text)


def test_json_requests_are_named_by_their_target():
    answer = send_request(page, "x", headers={"X-Amz-Target": "Service_1.DoIt"})
    assert answer.status_code == 400
    assert error(answer)["__type"] == "NotImplementedException"
    assert error(answer)["message"].startswith("x:DoIt is not supported by the emulator")


def test_query_requests_are_named_by_their_action_in_xml():
    form = "application/x-www-form-urlencoded"
    answer = send_request(page, "x", "POST", data="Action=DoIt&Version=1", content_type=form)
    assert "<ErrorResponse><Error><Code>NotImplementedException</Code>" in answer.text
    assert "x:DoIt" in answer.text


def test_cbor_is_answered_in_cbor():
    answer = send_request(page, "x", headers={"smithy-protocol": "rpc-v2-cbor"})
    assert answer.headers["Content-Type"] == "application/cbor"
    assert answer.data.startswith(b"\xa2\x79\x00\x06__type\x79\x00\x17NotImplementedException")


def test_rest_requests_are_named_by_their_path():
    headers = {"Authorization": SIGNED.format("lambda")}
    answer = Client(in_protocol(page)).get("/2015-03-31/functions/f/policy", headers=headers)
    assert error(answer)["message"].startswith("lambda:GetPolicy is not supported by the emulator")


def test_an_unsupported_service_is_refused():
    answer = send_request(failing(UnavailableError("is of a service that …")), "x")
    assert (answer.status_code, error(answer)["__type"]) == (400, "NotImplementedException")
    assert "x:GET /x/y is of a service" in error(answer)["message"]


def test_a_fault_of_the_emulator_is_reported_without_retries():
    answer = send_request(failing(KeyError("z")), "x")
    assert (answer.status_code, error(answer)["__type"]) == (400, "InternalFailure")
    assert "failed inside the emulator" in error(answer)["message"]
    assert "KeyError" not in error(answer)["message"]


def test_responses_of_services_are_unchanged():
    def found_nothing(environ, start_response):
        return Response('{"__type": "ResourceNotFoundException"}', 404)(environ, start_response)

    answer = send_request(found_nothing, "x")
    assert (answer.status_code, error(answer)["__type"]) == (404, "ResourceNotFoundException")
    assert send_request(page, "s3", "HEAD").status_code == 404
