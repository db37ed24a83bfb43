import pytest

from emulator.aws.permissions.actions import find_action
from emulator.aws.permissions.callers import Caller
from emulator.aws.permissions.context import RequestContext
from emulator.aws.permissions.parameters import member_names
from emulator.aws.permissions.policy_documents import UnknownConditionError

ROLE = "arn:aws:iam::123456789012:role/workflow"
CALLER = Caller("arn:aws:sts::123456789012:assumed-role/workflow/emulator", ROLE, "AROA:emulator")


def context(action, parameters, service="sagemaker", **given):
    names = member_names(service, action.partition(":")[2])
    return RequestContext(CALLER, find_action(action), "*", "us-east-1", parameters, names, given)


JOB = {
    "ResourceConfig": {"InstanceType": "ml.m5.large", "VolumeKmsKeyId": "key"},
    "VpcConfig": {"Subnets": ["subnet-1", "subnet-2"], "SecurityGroupIds": ["sg-1"]},
    "EnableNetworkIsolation": True,
    "Tags": [{"Key": "Team", "Value": "ml"}],
}


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("aws:principalarn", ROLE),
        ("aws:requestedregion", "us-east-1"),
        ("aws:securetransport", "true"),
        ("aws:sourcevpce", None),
        ("aws:requesttag/team", "ml"),
        ("aws:requesttag/other", None),
        ("aws:tagkeys", ["Team"]),
        ("sagemaker:instancetypes", ["ml.m5.large"]),
        ("sagemaker:volumekmskey", ["key"]),
        ("sagemaker:vpcsubnets", ["subnet-1", "subnet-2"]),
        ("sagemaker:networkisolation", ["true"]),
        ("sagemaker:outputkmskey", None),
        ("cloudwatch:namespace", None),
    ],
)
def test_condition_keys_are_determined_from_the_request(key, expected):
    assert context("sagemaker:CreateTrainingJob", JOB).get(key) == expected


MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:m"


@pytest.mark.parametrize(
    ("operation", "parameters", "expected"),
    [
        ("StartExecution", {"stateMachineArn": f"{MACHINE}:live"}, "live"),
        ("StartExecution", {"stateMachineArn": f"{MACHINE}:3"}, "3"),
        ("StartExecution", {"stateMachineArn": MACHINE}, None),
        ("DescribeStateMachine", {"stateMachineArn": f"{MACHINE}:live"}, "live"),
        ("DeleteStateMachineAlias", {"stateMachineAliasArn": f"{MACHINE}:live"}, "live"),
        ("DeleteStateMachineVersion", {"stateMachineVersionArn": f"{MACHINE}:3"}, "3"),
        ("ListStateMachines", {}, None),
    ],
)
def test_the_qualifier_is_determined_from_an_arn_or_a_member(operation, parameters, expected):
    checked = context(f"states:{operation}", parameters, "stepfunctions")
    assert checked.get("states:statemachinequalifier") == expected


def test_the_qualifier_of_a_new_alias_is_unknown():
    routes = [{"stateMachineVersionArn": f"{MACHINE}:3", "weight": 100}]
    parameters = {"name": "live", "routingConfiguration": routes}
    checked = context("states:CreateStateMachineAlias", parameters, "stepfunctions")
    with pytest.raises(UnknownConditionError, match="statemachinequalifier"):
        checked.get("states:statemachinequalifier")


def test_a_member_of_the_same_name_is_the_key(name):
    metrics = context("cloudwatch:PutMetricData", {"Namespace": "Own"}, "cloudwatch")
    assert metrics.get("cloudwatch:namespace") == ["Own"]


def test_condition_keys_of_scalable_targets_are_determined():
    target = {"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:Desired"}
    for operation in ("RegisterScalableTarget", "PutScalingPolicy"):
        action = f"application-autoscaling:{operation}"
        checked = context(action, target, "application-autoscaling")
        assert checked.get("application-autoscaling:service-namespace") == ["sagemaker"]
        assert checked.get("application-autoscaling:scalable-dimension") == [
            "sagemaker:variant:Desired"
        ]


def test_a_key_that_the_request_lacks_is_missing():
    publishing = context("sns:Subscribe", {}, "sns")
    assert publishing.get("sns:protocol") is None


@pytest.mark.parametrize("key", ["aws:principalorgid", "sagemaker:directgatedmodelaccess"])
def test_fails_for_a_key_that_cannot_be_determined(key):
    with pytest.raises(UnknownConditionError, match=key):
        context("sagemaker:CreateTrainingJob", {}).get(key)


def test_resource_tags_are_those_of_the_resource(client, name):
    sagemaker = client("sagemaker")
    arn = sagemaker.create_model_package_group(
        ModelPackageGroupName=name,
        ModelPackageGroupDescription="x",
        Tags=[{"Key": "Team", "Value": "ml"}],
    )["ModelPackageGroupArn"]
    action = find_action("sagemaker:DescribeModelPackageGroup")
    checked = RequestContext(CALLER, action, arn, "us-east-1")
    assert checked.get("aws:resourcetag/team") == "ml"
    assert checked.get("sagemaker:resourcetag/other") is None


def test_resource_tags_are_those_of_the_kms_key(client):
    kms = client("kms")
    arn = kms.create_key(Tags=[{"TagKey": "Team", "TagValue": "ml"}])["KeyMetadata"]["Arn"]
    checked = RequestContext(CALLER, find_action("kms:DescribeKey"), arn, "us-east-1")
    assert checked.get("aws:resourcetag/team") == "ml"
    assert checked.get("aws:resourcetag/other") is None


def test_the_roles_tags_are_principal_tags(client, name):
    iam = client("iam")
    trust = '{"Version": "2012-10-17", "Statement": []}'
    arn = iam.create_role(
        RoleName=name,
        AssumeRolePolicyDocument=trust,
        Tags=[{"Key": "Team", "Value": "ml"}],
    )["Role"]["Arn"]
    caller = Caller("arn", arn, "id")
    checked = RequestContext(caller, find_action("sagemaker:ListModels"), "*", "us-east-1")
    assert checked.get("aws:principaltag/team") == "ml"
