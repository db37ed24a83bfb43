"""Updates that are refused or ended, retained properties, weights and capacities."""

import datetime
import time

import pytest

from emulator.aws.faults import Faults
from emulator.aws.sagemaker.deployment_policy import DeploymentPolicy
from emulator.aws.sagemaker.endpoints import Endpoints
from emulator.aws.sagemaker.fleet import VariantPlan
from tests.emulator.aws.pretended import PretendedServers
from tests.emulator.aws.sagemaker.deployments.conftest import (
    ON_INSTANCES,
    canary,
    steps,
)
from tests.emulator.aws.serving import ROLE
from tests.patience import LIMIT_SECONDS, wait_until


def test_unhealthy_new_servers_do_not_change_the_endpoint(old):
    old.update("bad", canary(), count=2, BROKEN="no model_fn")
    endpoint = old.settled()
    assert endpoint["EndpointConfigName"] == f"{old.name}-old"
    assert endpoint["FailureReason"] == "no model_fn"
    assert {old.invoke() for _ in range(10)} == {"old"}


def test_an_endpoint_cannot_be_updated_or_deleted_during_an_update(old):
    old.update("new", canary(wait=600), count=2)
    for refused in (old.delete, lambda: old.update("third", count=2)):
        with pytest.raises(
            old.sagemaker.exceptions.ClientError, match="Cannot update in-progress endpoint"
        ):
            refused()
    with pytest.raises(old.sagemaker.exceptions.ClientError, match="Cannot update in-progress"):
        old.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=old.name,
            DesiredWeightsAndCapacities=[{"VariantName": "primary", "DesiredWeight": 1}],
        )


@pytest.mark.parametrize(
    ("request_", "options", "problem"),
    [
        (canary("nobody-put-this-alarm"), {"count": 2}, "do not exist: .'nobody-put-this-alarm'."),
        (canary(), {"count": 1}, "variant primary has 1: use 2 instances or more"),
        (
            canary(),
            {"variants": [{"VariantName": "other", **ON_INSTANCES}]},
            r"variant names of the old one: \['primary'\], got \['other'\]",
        ),
        (
            {},
            {
                "variants": [
                    {
                        "VariantName": "p",
                        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
                    }
                ]
            },
            "Cannot update a real-time endpoint to a serverless one.*another name",
        ),
        (
            {**canary(), "RetainDeploymentConfig": True},
            {"count": 2},
            "Give either DeploymentConfig or RetainDeploymentConfig",
        ),
        (
            {
                "DeploymentConfig": {
                    "RollingUpdatePolicy": {
                        "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                        "WaitIntervalInSeconds": 60,
                    }
                }
            },
            {"count": 2},
            "RollingUpdatePolicy: the emulator",
        ),
    ],
)
def test_fails_at_once_for_an_invalid_deployment_configuration(old, request_, options, problem):
    with pytest.raises(old.sagemaker.exceptions.ClientError, match=problem) as refusal:
        old.update("new", request_, **options)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    endpoint = old.describe()
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == (
        "InService",
        f"{old.name}-old",
    )


def test_fails_if_the_execution_role_may_not_read_the_alarms(old, alarm, role):
    name = alarm()
    poor = role("sagemaker.amazonaws.com", ("s3:GetObject",))
    with pytest.raises(old.sagemaker.exceptions.ClientError, match="cloudwatch:DescribeAlarms on"):
        old.update("new", canary(name), count=2, role=poor)
    rich = role("sagemaker.amazonaws.com", ("s3:GetObject", "cloudwatch:DescribeAlarms"))
    old.update("newer", canary(name, wait=0, termination=0), count=2, role=rich)
    assert old.settled()["EndpointConfigName"].endswith("-newer")


def test_a_deployment_configuration_is_kept_for_later_updates(serving, client):
    config = serving.config("old", count=2)
    stored = canary(wait=60, termination=0)
    serving.sagemaker.create_endpoint(
        EndpointName=serving.name, EndpointConfigName=config, **stored
    )
    endpoint = serving.settled()
    assert endpoint["LastDeploymentConfig"] == stored["DeploymentConfig"]
    serving.update("new", {"RetainDeploymentConfig": True}, count=2)
    assert "canary capacity of 1 instance(s)" in str(steps(serving))
    serving.update("newer", count=2)
    assert "canary" not in str(steps(serving))


def test_variant_properties_are_retained(old):
    old.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=old.name,
        DesiredWeightsAndCapacities=[
            {"VariantName": "primary", "DesiredWeight": 3, "DesiredInstanceCount": 5}
        ],
    )
    (variant,) = old.settled()["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (3, 5)
    retain = {"RetainAllVariantProperties": True}
    old.update("new", retain, count=2)
    (variant,) = old.settled()["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (3, 5)
    excluded = [{"VariantPropertyType": "DesiredInstanceCount"}]
    old.update("newer", {**retain, "ExcludeRetainedVariantProperties": excluded}, count=2)
    (variant,) = old.settled()["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (3, 2)


def test_weights_change_during_requests(serving, load):
    serving.model(f"{serving.name}-b", Environment={"ANSWER": "b"})
    variants = [
        {"VariantName": "a", **ON_INSTANCES},
        {"VariantName": "b", **ON_INSTANCES, "ModelName": f"{serving.name}-b"},
    ]
    serving.create("ab", variants=variants, ANSWER="a")
    serving.settled()
    with load() as stream:
        time.sleep(0.5)
        serving.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=serving.name,
            DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredWeight": 0}],
        )
        changed = time.monotonic()
        time.sleep(0.5)
    assert stream.failed == []
    assert {a.body for a in stream.answers if a.sent <= changed} == {"a", "b"}
    assert {a.body for a in stream.answers if a.sent > changed} == {"b"}
    assert serving.invoke(TargetVariant="a") == "a"


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ([{"VariantName": "x", "DesiredWeight": 1}], "not present within endpoint configuration"),
        ([{"VariantName": "primary"}, {"VariantName": "primary"}], "non-unique"),
        ([{"VariantName": "primary", "DesiredInstanceCount": 0}], "must be 1 or more"),
        (
            [{"VariantName": "primary", "ServerlessUpdateConfig": {"MaxConcurrency": 2}}],
            "is not serverless",
        ),
    ],
)
def test_fails_to_adjust_a_variant_that_does_not_exist(old, wanted, problem):
    with pytest.raises(old.sagemaker.exceptions.ClientError, match=problem):
        old.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=old.name, DesiredWeightsAndCapacities=wanted
        )
    assert old.invoke() == "old"


def test_metrics_count_fleets_separately_and_together(old, client, until):
    old.update("new", canary(wait=120), count=2, ANSWER="new")
    answers = [old.invoke() for _ in range(40)]
    cloudwatch = client("cloudwatch")
    now = datetime.datetime.now(tz=datetime.timezone.utc)

    def requests(config=None):
        dimensions = {"EndpointName": old.name, "VariantName": "primary"}
        if config:
            dimensions["EndpointConfigName"] = f"{old.name}-{config}"
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
            StartTime=now - datetime.timedelta(minutes=5),
            EndTime=now + datetime.timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    until(lambda: requests() == 40)
    assert requests("old") == answers.count("old")
    assert requests("new") == answers.count("new") > 0


def test_closing_ends_an_update_and_its_servers(cloud, name):
    from moto.sagemaker.models import FakeEndpoint  # once the cloud has corrected it

    servers = PretendedServers()
    endpoints = Endpoints(servers, Faults(), 1.0)
    endpoint = FakeEndpoint("123456789012", "us-east-1", name, "c", [], {}, [])
    plans = [VariantPlan("primary", 1.0, {}, ROLE, 2)]
    endpoints.create(endpoint, "real-time", "c", plans)
    wait_until(lambda: endpoints.serving(name))
    policy = DeploymentPolicy("CANARY", {"Type": "INSTANCE_COUNT", "Value": 1}, 3600)
    endpoints.update(endpoint, "d", plans, policy)
    wait_until(lambda: len(servers.started) == 2)
    endpoints.close()
    assert all(server.stopped.wait(LIMIT_SECONDS) for server in servers.started)
