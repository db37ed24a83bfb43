"""Models, endpoint configurations, endpoints and invocations."""

import json
import threading

import pytest

from emulator.aws.faults import Faults
from emulator.aws.sagemaker.endpoints import Endpoints
from emulator.aws.sagemaker.fleet import Fleet, Variant, VariantPlan
from emulator.aws.sagemaker.traffic import Traffic
from tests.emulator.aws.pretended import PretendedServer
from tests.patience import wait_until


def test_an_endpoint_is_created_serves_and_is_deleted(serving, cloud):
    cloud.servers.may_start.clear()
    serving.create("one", ANSWER="42")
    creating = serving.describe()
    assert creating["EndpointStatus"] == "Creating"
    cloud.servers.may_start.set()
    endpoint = serving.settled()
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == f"{serving.name}-one"
    (variant,) = endpoint["ProductionVariants"]
    assert (variant["VariantName"], variant["CurrentInstanceCount"]) == ("primary", 1)
    assert serving.invoke() == "42"
    serving.delete()
    with pytest.raises(
        serving.sagemaker.exceptions.ClientError, match='Could not find endpoint "arn'
    ):
        wait_until(lambda: not serving.describe())
    assert cloud.servers.started[-1].stopped.is_set()


def test_an_endpoint_whose_model_does_not_start_is_failed_and_can_be_recreated(serving):
    serving.create("bad", BROKEN="the model did not pass the ping health check")
    endpoint = serving.settled()
    assert endpoint["EndpointStatus"] == "Failed"
    assert endpoint["FailureReason"] == "the model did not pass the ping health check"
    with pytest.raises(serving.sagemaker.exceptions.ClientError, match="delete it and create"):
        serving.update("good")
    serving.delete()
    with pytest.raises(serving.sagemaker.exceptions.ClientError, match="Could not find"):
        wait_until(lambda: not serving.describe())
    serving.create("again", ANSWER="ok")
    assert serving.settled()["EndpointStatus"] == "InService"


def test_an_update_serves_the_old_model_until_the_new_one_is_healthy(serving, cloud):
    serving.create("old", ANSWER="old")
    serving.settled()
    cloud.servers.may_start.clear()
    serving.update("new", ANSWER="new")
    updating = serving.describe()
    assert updating["EndpointStatus"] == "Updating"
    assert updating["EndpointConfigName"] == f"{serving.name}-old"
    assert updating["PendingDeploymentSummary"]["EndpointConfigName"] == f"{serving.name}-new"
    assert serving.invoke() == "old"
    for refused in (serving.delete, lambda: serving.update("third")):
        with pytest.raises(
            serving.sagemaker.exceptions.ClientError, match="Cannot update in-progress endpoint"
        ):
            refused()
    cloud.servers.may_start.set()
    endpoint = serving.settled()
    assert endpoint["EndpointConfigName"] == f"{serving.name}-new"
    assert "PendingDeploymentSummary" not in endpoint
    assert serving.invoke() == "new"


def test_a_failed_update_keeps_the_old_model_and_has_a_reason(serving):
    serving.create("old", ANSWER="old")
    serving.settled()
    serving.update("bad", BROKEN="no model_fn")
    endpoint = serving.settled()
    assert endpoint["EndpointStatus"] == "InService"
    assert endpoint["EndpointConfigName"] == f"{serving.name}-old"
    assert endpoint["FailureReason"] == "no model_fn"
    assert serving.invoke() == "old"
    serving.update("good", ANSWER="good")
    assert "FailureReason" not in serving.settled()


def test_requests_in_flight_are_answered_by_the_server_that_got_them(serving, cloud):
    serving.create("slow", ANSWER="slow", DELAY="0.5")
    serving.settled()
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(serving.invoke())) for _ in range(4)]
    for thread in threads:
        thread.start()
    wait_until(lambda: cloud.servers.started[-1].asked == 4)
    serving.update("fast", ANSWER="fast")
    assert serving.settled()["EndpointConfigName"].endswith("-fast")
    for thread in threads:
        thread.join()
    assert answers == ["slow"] * 4


@pytest.mark.parametrize(
    ("operation", "status"), [("CreateEndpoint", "Failed"), ("UpdateEndpoint", "InService")]
)
def test_fault_rules_fail_deployments(serving, cloud, operation, status):
    reason = "CapacityError: Unable to provision requested ML compute capacity"
    rule = {"operation": f"sagemaker:{operation}", "match": serving.name, "failureReason": reason}
    cloud.faults.load({"faults": [rule]})
    serving.create("one")
    if operation == "UpdateEndpoint":
        serving.settled()
        serving.update("two")
    endpoint = serving.settled()
    assert (endpoint["EndpointStatus"], endpoint["FailureReason"]) == (status, reason)


def test_a_name_is_taken_while_the_endpoint_exists(serving):
    serving.create("one")
    with pytest.raises(
        serving.sagemaker.exceptions.ClientError,
        match='Cannot create already existing endpoint "arn',
    ):
        serving.create("two")
    with pytest.raises(serving.sagemaker.exceptions.ClientError, match="already existing model"):
        serving.model(f"{serving.name}-one")
    with pytest.raises(
        serving.sagemaker.exceptions.ClientError, match="already existing endpoint configuration"
    ):
        serving.sagemaker.create_endpoint_config(
            EndpointConfigName=f"{serving.name}-one",
            ProductionVariants=[{"VariantName": "v", "ModelName": f"{serving.name}-one"}],
        )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"ModelDataUrl": "s3://none/model.tar.gz"}, "Could not find model data at s3://none"),
        ({"Mode": "MultiModel"}, "Container.Mode"),
    ],
)
def test_fails_to_create_a_model_that_could_not_be_served(serving, changes, problem):
    with pytest.raises(serving.sagemaker.exceptions.ClientError) as refusal:
        serving.model(serving.name, **changes)
    assert problem in str(refusal.value)


def test_fails_to_invoke_an_endpoint_that_is_not_in_service(serving):
    errors = serving.runtime.exceptions
    with pytest.raises(errors.ClientError, match="of account 123456789012 not found") as refusal:
        serving.invoke()
    assert refusal.value.response["Error"]["Code"] == "ValidationError"
    serving.create("one")
    serving.settled()
    with pytest.raises(errors.ClientError, match="Variant other not found"):
        serving.invoke(TargetVariant="other")
    with pytest.raises(errors.ClientError, match="less than or equal to 6291456"):
        serving.invoke(b"x" * 6_291_457)


def test_a_payload_need_not_be_text(serving, client):
    serving.create("echo")
    serving.settled()
    response = serving.runtime.invoke_endpoint(EndpointName=serving.name, Body=b"\xff\x00\xfe")
    assert response["Body"].read() == b"\xff\x00\xfe"
    assert response["InvokedProductionVariant"] == "primary"
    assert response["ContentType"] == "text/csv"


@pytest.mark.parametrize(("status", "side"), [(400, "client"), (503, "server"), (0, "server")])
def test_an_error_of_the_model_is_a_model_error(serving, status, side):
    serving.create("bad", STATUS=str(status), ANSWER="what is this")
    serving.settled()
    with pytest.raises(serving.runtime.exceptions.ModelError) as refusal:
        serving.invoke()
    response = refusal.value.response
    assert response["ResponseMetadata"]["HTTPStatusCode"] == 424
    assert response["OriginalStatusCode"] == status
    said = "what is this" if status else "the container is not responding"
    assert response["OriginalMessage"] == said
    assert f"Received {side} error ({status}) from primary" in str(refusal.value)


def test_invocations_are_counted_in_cloudwatch(serving, client):
    import datetime

    serving.create("slow", DELAY="0.05")
    serving.settled()
    for _ in range(3):
        serving.invoke()
    now = datetime.datetime.now(tz=datetime.timezone.utc)
    dimensions = [
        {"Name": "EndpointName", "Value": serving.name},
        {"Name": "VariantName", "Value": "primary"},
    ]

    def statistics(metric):
        points = client("cloudwatch").get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName=metric,
            Dimensions=dimensions,
            StartTime=now - datetime.timedelta(minutes=5),
            EndTime=now + datetime.timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum", "Average"],
        )["Datapoints"]
        return points[0] if points else {}

    # They are published in one or more sets.
    wait_until(lambda: statistics("Invocations").get("Sum") == 3)
    assert statistics("InvocationModelErrors")["Sum"] == 0
    assert statistics("ModelLatency")["Average"] >= 50_000
    assert statistics("ModelLatency")["Unit"] == "Microseconds"


def test_changes_of_state_are_events(serving, client, name):
    # Prepare
    group = f"/aws/events/{name}"
    client("logs").create_log_group(logGroupName=group)
    pattern = {"source": ["aws.sagemaker"], "detail": {"EndpointName": [name]}}
    events = client("events")
    events.put_rule(Name=name, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"
    events.put_targets(Rule=name, Targets=[{"Id": "log", "Arn": arn}])
    # Act
    serving.create("one")
    serving.settled()
    serving.delete()

    # Assess
    def three():
        found = client("logs").filter_log_events(logGroupName=group)["events"]
        return len(found) >= 3 and found

    seen = [json.loads(event["message"]) for event in wait_until(three)]
    assert {event["detail-type"] for event in seen} == {"SageMaker Endpoint State Change"}
    assert [event["detail"]["EndpointStatus"] for event in seen] == [
        *("CREATING", "IN_SERVICE", "DELETING"),
    ]
    assert seen[1]["detail"]["CreationTime"] > 1_600_000_000_000


def test_closing_ends_every_server():
    servers = [PretendedServer({}), PretendedServer({})]
    endpoints = Endpoints(lambda *_, **__: servers[0], Faults())
    plans = [VariantPlan(name, 1.0, {}, "arn:role") for name in "ab"]
    fleet = Fleet("c", [Variant(plan, server) for plan, server in zip(plans, servers)])
    endpoints._traffic["e"] = Traffic(fleet, "real-time")
    endpoints.close()
    assert [server.stopped.is_set() for server in servers] == [True, True]
