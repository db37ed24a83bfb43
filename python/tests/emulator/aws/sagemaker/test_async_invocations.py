"""Asynchronous endpoints: InvokeEndpointAsync, outputs in S3, notifications."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from emulator.aws.clients import EmulatedAws
from tests.emulator.aws.conftest import IMAGE, ROLE
from tests.patience import wait_until

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")


class AsyncEndpoint:
    """Helpers that create and invoke an asynchronous endpoint."""

    def __init__(self, client, until, name):
        self.sagemaker, self.runtime = client("sagemaker"), client("sagemaker-runtime")
        self.s3, self.name, self._until = client("s3"), name, until
        self.s3.create_bucket(Bucket=name)
        self.put("model.tar.gz", b"")

    def put(self, key, body):
        self.s3.put_object(Bucket=self.name, Key=key, Body=body)

    def config(self, role=ROLE, suffix="", client_config=None, environment=(), **output):
        name = f"{self.name}{suffix}"
        container = {
            "Image": IMAGE,
            "ModelDataUrl": f"s3://{self.name}/model.tar.gz",
            "Environment": dict(environment),
        }
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container
        )
        variant = {
            "VariantName": "primary",
            "ModelName": name,
            "InstanceType": "ml.m5.large",
            "InitialInstanceCount": 1,
        }
        where = {"S3OutputPath": f"s3://{self.name}/answers", **output}
        where = {key: value for key, value in where.items() if value}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[variant],
            AsyncInferenceConfig={"OutputConfig": where, "ClientConfig": client_config or {}},
        )
        return name

    def create(self, **config):
        self.sagemaker.create_endpoint(
            EndpointName=self.name, EndpointConfigName=self.config(**config)
        )
        self._until(lambda: self._status() == "InService")

    def _status(self):
        return self.sagemaker.describe_endpoint(EndpointName=self.name)["EndpointStatus"]

    def invoke(self, key="in.csv", **options):
        location = {"InputLocation": f"s3://{self.name}/{key}"} if key else {}
        return self.runtime.invoke_endpoint_async(EndpointName=self.name, **location, **options)

    def read(self, location):
        """Return an object's body once it exists."""
        bucket, _, key = location.removeprefix("s3://").partition("/")

        def body():
            try:
                return self.s3.get_object(Bucket=bucket, Key=key)["Body"].read()
            except ClientError:
                return None

        return self._until(body)


@pytest.fixture
def endpoint(client, until, name):
    made = AsyncEndpoint(client, until, name)
    yield made
    for one in client("sagemaker").list_endpoints(NameContains=name)["Endpoints"]:
        client("sagemaker").delete_endpoint(EndpointName=one["EndpointName"])


@pytest.fixture
def topic(client, name):
    """Create a topic; return its ARN and its messages."""
    sns, sqs = client("sns"), client("sqs")
    arn = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sns.subscribe(
        TopicArn=arn,
        Protocol="sqs",
        Endpoint=f"arn:aws:sqs:us-east-1:123456789012:{name}",
        Attributes={"RawMessageDelivery": "true"},
    )

    def received():
        messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
        return [json.loads(message["Body"]) for message in messages]

    return arn, received


def test_the_output_is_at_the_location_in_the_response(endpoint):
    endpoint.create()
    endpoint.put("in.csv", b"1,2")
    response = endpoint.invoke(InferenceId="id-1", ContentType="text/csv", Accept="text/csv")
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 202
    assert response["InferenceId"] == "id-1"
    assert response["OutputLocation"] == f"s3://{endpoint.name}/answers/id-1.out"
    assert "FailureLocation" not in response
    assert endpoint.read(response["OutputLocation"]) == b"1,2"


def test_its_configuration_is_described_without_empty_structures(endpoint):
    name = endpoint.config(client_config={"MaxConcurrentInvocationsPerInstance": 3})
    found = endpoint.sagemaker.describe_endpoint_config(EndpointConfigName=name)
    assert found["AsyncInferenceConfig"] == {
        "OutputConfig": {"S3OutputPath": f"s3://{endpoint.name}/answers"},
        "ClientConfig": {"MaxConcurrentInvocationsPerInstance": 3},
    }
    assert "DataCaptureConfig" not in found  # Terraform would remove an empty structure


def test_an_id_is_made_and_the_caller_may_name_the_object(endpoint):
    endpoint.create()
    endpoint.put("in.csv", b"1,2")
    made = endpoint.invoke()
    assert made["OutputLocation"].endswith(f"/answers/{made['InferenceId']}.out")
    named = endpoint.invoke(S3OutputPathExtension="2026/11", Filename="one.csv")
    assert named["OutputLocation"] == f"s3://{endpoint.name}/answers/2026/11/one.csv"
    assert endpoint.read(named["OutputLocation"]) == b"1,2"


def test_a_small_body_may_come_with_the_request(endpoint):
    endpoint.create()
    response = endpoint.invoke(key=None, Body=b"3,4")
    assert endpoint.read(response["OutputLocation"]) == b"3,4"


def test_a_success_is_notified(endpoint, topic, until):
    arn, received = topic
    endpoint.create(NotificationConfig={"SuccessTopic": arn})
    endpoint.put("in.csv", b"1,2")
    response = endpoint.invoke(ContentType="text/csv")
    (message,) = until(received)
    assert message["invocationStatus"] == "Completed"
    assert message["inferenceId"] == response["InferenceId"]
    assert message["requestParameters"] == {
        "contentType": "text/csv",
        "endpointName": endpoint.name,
        "inputLocation": f"s3://{endpoint.name}/in.csv",
    }
    assert message["responseParameters"] == {
        "contentType": "text/csv",
        "outputLocation": response["OutputLocation"],
    }
    assert message["receivedTime"] <= message["eventTime"]
    assert "failureReason" not in message


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"STATUS": "400", "ANSWER": "what"}, "Received client error (400) from model with messa"),
        ({"STATUS": "0"}, "ModelError: the container is not responding"),
    ],
)
def test_a_model_failure_is_written_and_notified(endpoint, topic, until, environment, reason):
    arn, received = topic
    failures = f"s3://{endpoint.name}/failures"
    endpoint.create(
        environment=environment, S3FailurePath=failures, NotificationConfig={"ErrorTopic": arn}
    )
    endpoint.put("in.csv", b"1,2")
    response = endpoint.invoke(InferenceId="id-1")
    assert response["FailureLocation"] == f"{failures}/id-1-error.out"
    assert reason in endpoint.read(response["FailureLocation"]).decode()
    (message,) = until(received)
    assert message["invocationStatus"] == "Failed"
    assert reason in message["failureReason"]
    assert message["responseParameters"] == {"failureLocation": response["FailureLocation"]}


def test_a_missing_input_fails_the_request(endpoint, topic, until):
    arn, received = topic
    endpoint.create(NotificationConfig={"ErrorTopic": arn})
    endpoint.invoke("none.csv")
    (message,) = until(received)
    assert "Failed to download the request from s3://" in message["failureReason"]
    assert "responseParameters" not in message


def test_input_output_and_notifications_use_the_models_role(endpoint, role, topic, until, caplog):
    arn, received = topic
    output = {"S3FailurePath": f"s3://{endpoint.name}/failures"}
    may_read = role("sagemaker.amazonaws.com", ("s3:GetObject", "s3:ListBucket", "sns:Publish"))
    endpoint.create(role=may_read, NotificationConfig={"ErrorTopic": arn}, **output)
    endpoint.put("in.csv", b"1,2")
    endpoint.invoke()
    (message,) = until(received)
    assert "Failed to upload the response" in message["failureReason"]
    assert "s3:PutObject" in message["failureReason"]
    assert any("the failure was not written" in text for text in caplog.messages)


def test_invoke_endpoint_async_needs_its_own_permission(endpoint, cloud, role):
    endpoint.create()

    def invoke(action):
        arn = role("lambda.amazonaws.com", (action,))
        runtime = EmulatedAws(cloud.endpoint, cloud.aws.key).client("sagemaker-runtime", arn)
        runtime.invoke_endpoint_async(EndpointName=endpoint.name, Body=b"1")

    invoke("sagemaker:InvokeEndpointAsync")
    with pytest.raises(ClientError, match="not authorized to perform: sagemaker:InvokeEndpointA"):
        invoke("sagemaker:InvokeEndpoint")


def test_concurrency_is_limited(endpoint, cloud):
    endpoint.create(
        environment={"DELAY": "0.3"}, client_config={"MaxConcurrentInvocationsPerInstance": 2}
    )
    endpoint.put("in.csv", b"1,2")
    locations = [endpoint.invoke()["OutputLocation"] for _ in range(4)]
    for location in locations:
        assert endpoint.read(location) == b"1,2"
    assert cloud.servers.started[-1].most_at_once == 2


def test_the_backlog_and_the_outcome_are_counted(endpoint, client, until):
    import datetime

    endpoint.create()
    endpoint.put("in.csv", b"1,2")
    endpoint.read(endpoint.invoke()["OutputLocation"])
    now = datetime.datetime.now(tz=datetime.timezone.utc)

    def points(metric, **dimensions):
        return client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=now - datetime.timedelta(minutes=5),
            EndTime=now + datetime.timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]

    served = {"EndpointName": endpoint.name, "VariantName": "primary"}
    assert until(lambda: points("InvocationsProcessed", **served))[0]["Sum"] == 1
    assert points("InvocationFailures", **served)[0]["Sum"] == 0
    assert points("ApproximateBacklogSize", EndpointName=endpoint.name)[0]["Sum"] == 0


def test_fails_for_the_operation_of_the_other_kind_of_endpoint(endpoint):
    with pytest.raises(ClientError, match=f"Endpoint {endpoint.name} of account .* not found"):
        endpoint.invoke()
    endpoint.create()
    with pytest.raises(ClientError, match="is asynchronous: use InvokeEndpointAsync"):
        endpoint.runtime.invoke_endpoint(EndpointName=endpoint.name, Body=b"1")


def test_fails_for_invalid_requests(endpoint):
    endpoint.create()
    with pytest.raises(ClientError, match="exactly one of InputLocation and Body"):
        endpoint.invoke(key=None)
    with pytest.raises(ClientError, match="exactly one of InputLocation and Body"):
        endpoint.invoke(Body=b"1")
    with pytest.raises(ClientError, match="less than or equal to 128000"):
        endpoint.invoke(key=None, Body=b"x" * 128_001)
    with pytest.raises(ClientError, match="RequestTTLSeconds must be from 60 to 21600, got 30000"):
        endpoint.invoke(RequestTTLSeconds=30_000)


def test_fails_to_create_an_invalid_configuration(endpoint, topic):
    with pytest.raises(ClientError, match="S3OutputPath is missing"):
        endpoint.config(S3OutputPath="")
    notices = {
        "SuccessTopic": topic[0],
        "IncludeInferenceResponseIn": ["SUCCESS_NOTIFICATION_TOPIC"],
    }
    with pytest.raises(ClientError, match="IncludeInferenceResponseIn: the emulator cannot"):
        endpoint.config(suffix="-n", NotificationConfig=notices)


def test_a_request_that_waited_too_long_or_lost_its_endpoint_fails(cloud, name, caplog):
    from emulator.aws.faults import Faults
    from emulator.aws.sagemaker.async_invocations import AsyncInvocations
    from emulator.aws.sagemaker.async_requests import Invocation
    from emulator.aws.sagemaker.endpoints import Endpoints

    nothing_serves = Endpoints(cloud.servers, Faults())

    def process(received):
        invocation = Invocation(
            endpoint=name,
            inference_id=f"id-{received}",
            headers={},
            input_location="s3://b/k",
            body=None,
            output_location="s3://b/o",
            failure_location=None,
            kms_key=None,
            topics={},
            ttl_seconds=60,
            timeout_seconds=1,
            received=received,
        )
        AsyncInvocations(cloud.aws, nothing_serves).submit(invocation, 1)
        return wait_until(
            lambda: next((text for text in caplog.messages if f"id-{received}" in text), None),
            "a failure is told",
        )

    assert "expired: it waited longer than 60 s" in process(time.time() - 61)
    assert "the endpoint is no longer in service" in process(time.time())
