"""Serverless endpoints, and the features that each kind of endpoint excludes."""

import time

import pytest

from tests.emulator.aws.load import Load
from tests.emulator.aws.serving import IMAGE, ROLE
from tests.patience import wait_until

ON_INSTANCES = {"InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}


def serverless(name="primary", memory=1024, concurrency=2, **changes):
    config = {"MemorySizeInMB": memory, "MaxConcurrency": concurrency, **changes}
    return {"VariantName": name, "ServerlessConfig": config}


def test_a_serverless_endpoint_serves_and_is_updated(serving):
    serving.create("one", variants=[serverless()], ANSWER="one")
    (variant,) = serving.settled()["ProductionVariants"]
    assert variant["CurrentServerlessConfig"]["MaxConcurrency"] == 2
    assert "CurrentInstanceCount" not in variant
    assert serving.invoke() == "one"
    serving.update("two", variants=[serverless()], ANSWER="two")
    assert serving.settled()["EndpointConfigName"] == f"{serving.name}-two"
    assert serving.invoke() == "two"


def test_more_requests_at_once_than_allowed_are_throttled(serving, cloud):
    serving.create("slow", variants=[serverless(concurrency=2)], DELAY="0.3")
    serving.settled()
    with Load(cloud.aws, serving.name, per_second=20) as stream:
        wait_until(lambda: stream.failed)
    statuses = {answer.status for answer in stream.answers}
    assert statuses == {200, 429}
    throttled = next(answer for answer in stream.answers if answer.status == 429)
    assert "Rate exceeded" in throttled.body
    serving.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=serving.name,
        DesiredWeightsAndCapacities=[
            {"VariantName": "primary", "ServerlessUpdateConfig": {"MaxConcurrency": 10}}
        ],
    )
    with Load(cloud.aws, serving.name, per_second=20) as stream:
        time.sleep(1)
    assert stream.failed == []


def test_a_payload_of_a_serverless_endpoint_has_4_megabytes_at_most(serving):
    serving.create("one", variants=[serverless()])
    serving.settled()
    serving.invoke(b"x" * 4_194_304)
    with pytest.raises(serving.runtime.exceptions.ClientError, match="equal to 4194304"):
        serving.invoke(b"x" * 4_194_305)


@pytest.mark.parametrize(
    ("variants", "problem"),
    [
        ([serverless("a"), serverless("b")], "do not support several production variants"),
        ([serverless("a"), serverless("a")], "must be unique"),
        ([serverless(memory=1500)], "MemorySizeInMB"),
        ([serverless(concurrency=201)], "200"),
        ([serverless(concurrency=2, ProvisionedConcurrency=3)], "from ProvisionedConcurrency"),
        ([{**serverless(), **ON_INSTANCES}], "must not have InstanceType and InitialInstanceCount"),
        ([{"VariantName": "a", "InstanceType": "ml.t2.medium"}], "InitialInstanceCount, or"),
    ],
)
def test_fails_for_configurations_that_no_endpoint_can_use(serving, variants, problem):
    with pytest.raises(serving.sagemaker.exceptions.ClientError, match=problem):
        serving.config("one", variants=variants)


def test_fails_for_a_serverless_model_in_a_vpc(serving):
    vpc = {"Subnets": ["subnet-0123456789abcdef0"], "SecurityGroupIds": ["sg-0123456789abcdef0"]}
    name = f"{serving.name}-vpc"
    serving.sagemaker.create_model(
        ModelName=name,
        ExecutionRoleArn=ROLE,
        PrimaryContainer={"Image": IMAGE},
        VpcConfig=vpc,
    )
    with pytest.raises(serving.sagemaker.exceptions.ClientError, match="a model with VpcConfig"):
        serving.sagemaker.create_endpoint_config(
            EndpointConfigName=name, ProductionVariants=[{**serverless(), "ModelName": name}]
        )


@pytest.mark.parametrize(
    ("before", "after", "problem"),
    [
        (serverless(), ON_INSTANCES, "Cannot update a serverless endpoint to a real-time one"),
        (ON_INSTANCES, serverless(), "Cannot update a real-time endpoint to a serverless one"),
    ],
)
def test_fails_to_change_the_kind_of_an_endpoint(serving, before, after, problem):
    serving.create("one", variants=[{"VariantName": "primary", **before}], ANSWER="one")
    serving.settled()
    with pytest.raises(serving.sagemaker.exceptions.ClientError, match=problem):
        serving.update("two", variants=[{"VariantName": "primary", **after}])
    assert serving.invoke() == "one"


def test_fails_to_scale_a_serverless_variant_by_instances(serving):
    serving.create("one", variants=[serverless()])
    serving.settled()
    with pytest.raises(serving.sagemaker.exceptions.ClientError, match="is serverless"):
        serving.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=serving.name,
            DesiredWeightsAndCapacities=[{"VariantName": "primary", "DesiredInstanceCount": 2}],
        )
