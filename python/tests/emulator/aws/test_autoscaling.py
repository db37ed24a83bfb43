"""Scalable targets and policies of endpoint variants."""

import pytest
from botocore.exceptions import ClientError

from emulator.aws.clients import EmulatedAws
from tests.emulator.aws.conftest import IMAGE, ROLE

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
INVOCATIONS = {
    "PredefinedMetricType": "SageMakerVariantInvocationsPerInstance",
}


class Scaling:
    """Helpers that create an endpoint with one variant, and scale it."""

    def __init__(self, client, until, name):
        self.autoscaling, self.sagemaker = client("application-autoscaling"), client("sagemaker")
        self.name, self._until = name, until
        self.resource = f"endpoint/{name}/variant/primary"
        self.about = {
            "ServiceNamespace": "sagemaker",
            "ResourceId": self.resource,
            "ScalableDimension": DIMENSION,
        }
        self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": IMAGE}
        )

    def config(self, suffix="", variant="primary", asynchronous=False, **capacity):
        name = f"{self.name}{suffix}"
        capacity = capacity or {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
        more = {}
        if asynchronous:
            more["AsyncInferenceConfig"] = {"OutputConfig": {"S3OutputPath": "s3://bucket/out"}}
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{"VariantName": variant, "ModelName": self.name, **capacity}],
            **more,
        )
        return name

    def endpoint(self, **config):
        name = self.config(**config)
        self.sagemaker.create_endpoint(EndpointName=self.name, EndpointConfigName=name)
        self.settled()

    def settled(self):
        describe = self.sagemaker.describe_endpoint
        self._until(lambda: describe(EndpointName=self.name)["EndpointStatus"] == "InService")

    def register(self, low=1, high=3, **changes):
        request = {**self.about, "MinCapacity": low, "MaxCapacity": high, **changes}
        return self.autoscaling.register_scalable_target(**request)["ScalableTargetARN"]

    def targets(self):
        return self.autoscaling.describe_scalable_targets(
            ServiceNamespace="sagemaker", ResourceIds=[self.resource]
        )["ScalableTargets"]

    def put(self, metric=INVOCATIONS, value=100.0, **tracking):
        return self.autoscaling.put_scaling_policy(
            **self.about,
            PolicyName="load",
            PolicyType="TargetTrackingScaling",
            TargetTrackingScalingPolicyConfiguration={
                "TargetValue": value,
                **({"PredefinedMetricSpecification": metric} if metric else {}),
                **tracking,
            },
        )

    def policies(self):
        return self.autoscaling.describe_scaling_policies(
            ServiceNamespace="sagemaker", ResourceId=self.resource
        )["ScalingPolicies"]


@pytest.fixture
def scaling(client, until, name):
    made = Scaling(client, until, name)
    yield made
    for one in client("sagemaker").list_endpoints(NameContains=name)["Endpoints"]:
        client("sagemaker").delete_endpoint(EndpointName=one["EndpointName"])


def test_a_target_and_its_policy_are_recorded(scaling):
    scaling.endpoint()
    scaling.register()
    (target,) = scaling.targets()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 3)
    assert target["RoleARN"].endswith("AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint")
    assert target["SuspendedState"]["DynamicScalingInSuspended"] is False
    scaling.put(ScaleInCooldown=300)
    (policy,) = scaling.policies()
    assert policy["TargetTrackingScalingPolicyConfiguration"] == {
        "TargetValue": 100.0,
        "PredefinedMetricSpecification": INVOCATIONS,
        "ScaleInCooldown": 300,
    }
    about = {key: scaling.about[key] for key in ("ServiceNamespace", "ResourceId")}
    assert scaling.autoscaling.describe_scaling_activities(**about)["ScalingActivities"] == []


def test_registering_again_changes_what_is_given(scaling):
    scaling.endpoint()
    arn = scaling.register()
    request = {**scaling.about, "MaxCapacity": 5}
    assert scaling.autoscaling.register_scalable_target(**request)["ScalableTargetARN"] == arn
    (target,) = scaling.targets()
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, 5)


def test_a_policy_goes_with_its_target(scaling):
    scaling.endpoint()
    scaling.register()
    scaling.put()
    scaling.autoscaling.deregister_scalable_target(**scaling.about)
    assert (scaling.targets(), scaling.policies()) == ([], [])
    with pytest.raises(scaling.autoscaling.exceptions.ObjectNotFoundException):
        scaling.autoscaling.deregister_scalable_target(**scaling.about)


def test_a_target_is_tagged(scaling):
    scaling.endpoint()
    arn = scaling.register(Tags={"a": "b"})
    scaling.autoscaling.tag_resource(ResourceARN=arn, Tags={"c": "d"})
    scaling.autoscaling.untag_resource(ResourceARN=arn, TagKeys=["a"])
    listed = scaling.autoscaling.list_tags_for_resource
    assert listed(ResourceARN=arn)["Tags"] == {"c": "d"}
    with pytest.raises(scaling.autoscaling.exceptions.ResourceNotFoundException):
        listed(ResourceARN=f"{arn}-none")


def test_an_asynchronous_endpoint_may_scale_to_no_instance(scaling):
    scaling.endpoint(asynchronous=True)
    scaling.register(low=0)
    assert scaling.targets()[0]["MinCapacity"] == 0


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ResourceId": "endpoint/none/variant/primary"}, "There is no endpoint none with a"),
        ({"high": 0}, r"MaxCapacity \(0\) must not be less than MinCapacity \(1\)"),
        ({"low": 0}, "only asynchronous endpoints scale to no instance"),
    ],
)
def test_fails_to_register_what_cannot_be_scaled(scaling, changes, message):
    scaling.endpoint()
    with pytest.raises(ClientError, match=message) as refusal:
        scaling.register(**changes)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"


def test_fails_to_register_another_variant_or_half_a_range(scaling):
    scaling.endpoint()
    with pytest.raises(ClientError, match="with a variant other"):
        scaling.register(ResourceId=f"endpoint/{scaling.name}/variant/other")
    with pytest.raises(ClientError, match="MinCapacity and MaxCapacity must be given"):
        scaling.autoscaling.register_scalable_target(**scaling.about, MinCapacity=1)


@pytest.mark.parametrize(
    ("capacity", "message"),
    [
        ({"InstanceType": "ml.t2.medium", "InitialInstanceCount": 1}, "burstable instances"),
        ({"ServerlessConfig": {"MemorySizeInMB": 2048, "MaxConcurrency": 5}}, "is serverless"),
    ],
)
def test_fails_to_register_a_variant_without_instances_to_scale(scaling, capacity, message):
    scaling.endpoint(**capacity)
    with pytest.raises(ClientError, match=message):
        scaling.register()


def test_fails_to_put_an_invalid_policy(scaling):
    scaling.endpoint()
    with pytest.raises(
        scaling.autoscaling.exceptions.ObjectNotFoundException,
        match="No scalable target registered",
    ):
        scaling.put()
    scaling.register()
    with pytest.raises(ClientError, match="only supports the following predefined metric types"):
        scaling.put({"PredefinedMetricType": "ECSServiceAverageCPUUtilization"})
    with pytest.raises(ClientError, match="either PredefinedMetricSpecification or Customized"):
        scaling.put(metric=None)
    with pytest.raises(ClientError, match="TargetValue must be more than 0"):
        scaling.put(value=0.0)


def test_a_registered_variant_keeps_its_name_and_instance_type(scaling):
    scaling.endpoint()
    scaling.register()
    update = scaling.sagemaker.update_endpoint
    for suffix, config in (
        ("-type", {"InstanceType": "ml.m5.xlarge", "InitialInstanceCount": 1}),
        ("-name", {"variant": "other"}),
    ):
        name = scaling.config(suffix, **config)
        with pytest.raises(ClientError, match="must be deregistered as scalable targets"):
            update(EndpointName=scaling.name, EndpointConfigName=name)
    update(EndpointName=scaling.name, EndpointConfigName=scaling.config("-same"))
    scaling.settled()


def test_deleting_the_endpoint_deregisters_it(scaling):
    scaling.endpoint()
    scaling.register()
    scaling.sagemaker.delete_endpoint(EndpointName=scaling.name)
    assert scaling.targets() == []


def test_deleting_the_endpoint_needs_the_permission_to_deregister(scaling, cloud, role):
    scaling.endpoint()
    scaling.register()

    def delete(*actions):
        arn = role("states.amazonaws.com", ("sagemaker:DeleteEndpoint", *actions))
        EmulatedAws(cloud.endpoint, cloud.aws.key).client("sagemaker", arn).delete_endpoint(
            EndpointName=scaling.name
        )

    with pytest.raises(ClientError, match="does not have application-autoscaling:Deregister"):
        delete()
    assert scaling.targets()
    delete("application-autoscaling:DeregisterScalableTarget")
    assert scaling.targets() == []


def test_registering_needs_the_permissions_to_describe_the_endpoint(scaling, cloud, role):
    scaling.endpoint()

    def register(*actions):
        arn = role(
            "states.amazonaws.com", ("application-autoscaling:RegisterScalableTarget", *actions)
        )
        EmulatedAws(cloud.endpoint, cloud.aws.key).client(
            "application-autoscaling", arn
        ).register_scalable_target(**scaling.about, MinCapacity=1, MaxCapacity=2)

    looks = ("sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig")
    for one in looks:
        others = [action for action in looks if action != one]
        with pytest.raises(ClientError, match=f"Cannot describe the endpoint.* {one} "):
            register(*others)
    assert scaling.targets() == []
    register(*looks)
    assert scaling.targets()
