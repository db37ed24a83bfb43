"""AWS managed policies exist, can be attached, and are evaluated."""

import json

import pytest
from botocore.exceptions import ClientError
from moto.iam.aws_managed_policies import aws_managed_policies_data

from emulator.aws.permissions.policy_documents import as_list, matches

AWS = "arn:aws:iam::aws:policy"
SAGEMAKER = f"{AWS}/AmazonSageMakerFullAccess"
LAMBDA = f"{AWS}/service-role/AWSLambdaBasicExecutionRole"
ACCOUNT_LOGS = "arn:aws:logs:us-east-1:123456789012:log-group:/x"


@pytest.fixture
def iam(client):
    return client("iam")


@pytest.fixture
def with_policy(cloud, role):
    """Return a service's client with the credentials of a role that has a managed policy."""

    def make(service, *arns):
        arn = role()
        for policy in arns:
            cloud.aws.client("iam").attach_role_policy(
                RoleName=arn.rpartition("/")[2], PolicyArn=policy
            )
        return cloud.aws.client(service, arn)

    return make


def test_a_managed_policy_has_its_document(iam):
    policy = iam.get_policy(PolicyArn=LAMBDA)["Policy"]
    assert (policy["PolicyName"], policy["Path"]) == (
        "AWSLambdaBasicExecutionRole",
        "/service-role/",
    )
    version = iam.get_policy_version(PolicyArn=LAMBDA, VersionId=policy["DefaultVersionId"])
    (statement,) = version["PolicyVersion"]["Document"]["Statement"]
    assert "logs:PutLogEvents" in statement["Action"]


@pytest.mark.parametrize(
    "arn", [f"{AWS}/NoSuchPolicy", f"{AWS}/AWSLambdaBasicExecutionRole", f'{AWS}/x":{{}}']
)
def test_fails_for_a_policy_that_aws_does_not_have(iam, arn):
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.get_policy(PolicyArn=arn)


def test_policies_are_attached_listed_and_detached(iam, role):
    name = role().rpartition("/")[2]
    iam.attach_role_policy(RoleName=name, PolicyArn=SAGEMAKER)
    attached = iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]
    assert attached == [{"PolicyName": "AmazonSageMakerFullAccess", "PolicyArn": SAGEMAKER}]
    pages = iam.get_paginator("list_entities_for_policy").paginate(PolicyArn=SAGEMAKER)
    assert name in [one["RoleName"] for page in pages for one in page["PolicyRoles"]]
    iam.detach_role_policy(RoleName=name, PolicyArn=SAGEMAKER)
    assert iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"] == []


def test_managed_policies_are_listed_once_with_the_accounts_own(iam, name):
    deny = {"Effect": "Deny", "Action": "*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [deny]}
    own = iam.create_policy(PolicyName=name, PolicyDocument=json.dumps(document))["Policy"]["Arn"]
    pages = iam.get_paginator("list_policies").paginate
    arns = [one["Arn"] for page in pages(Scope="AWS") for one in page["Policies"]]
    assert len(arns) == len(set(arns)) == len(json.loads(aws_managed_policies_data))
    assert {SAGEMAKER, LAMBDA} <= set(arns)
    assert own not in arns
    local = [one["Arn"] for page in pages(Scope="Local") for one in page["Policies"]]
    assert own in local
    assert not any(arn.startswith(AWS) for arn in local)
    iam.delete_policy(PolicyArn=own)


def test_fails_to_change_a_policy_of_aws(iam):
    with pytest.raises(ClientError, match=r"AccessDenied.*outside your own account"):
        iam.delete_policy(PolicyArn=LAMBDA)
    with pytest.raises(ClientError, match="AccessDenied"):
        iam.create_policy_version(PolicyArn=LAMBDA, PolicyDocument="{}")
    iam.get_policy(PolicyArn=LAMBDA)


def test_fails_to_delete_a_policy_that_is_attached_or_has_versions(iam, name):
    document = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "sns:ListTopics", "Resource": "*"}],
        }
    )
    arn = iam.create_policy(PolicyName=name, PolicyDocument=document)["Policy"]["Arn"]
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=document)
    iam.attach_role_policy(RoleName=name, PolicyArn=arn)
    with pytest.raises(ClientError, match=r"DeleteConflict.*attached to entities"):
        iam.delete_policy(PolicyArn=arn)
    iam.detach_role_policy(RoleName=name, PolicyArn=arn)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=document)
    with pytest.raises(ClientError, match=r"DeleteConflict.*more than one version"):
        iam.delete_policy(PolicyArn=arn)
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    iam.delete_policy(PolicyArn=arn)
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.delete_policy(PolicyArn=arn)


def test_a_managed_policy_allows_its_actions(with_policy, name):
    sagemaker = with_policy("sagemaker", SAGEMAKER)
    assert "TrainingJobSummaries" in sagemaker.list_training_jobs()
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    with pytest.raises(ClientError, match="AccessDenied"):
        with_policy("sagemaker", LAMBDA).list_training_jobs()


def test_a_managed_policy_can_restrict_bucket_names(with_policy, client, name):
    own, others = f"{name}-sagemaker-data", f"{name}-data"
    for bucket in (own, others):
        client("s3").create_bucket(Bucket=bucket)
        client("s3").put_object(Bucket=bucket, Key="x", Body=b"x")
    s3 = with_policy("s3", SAGEMAKER)
    assert s3.get_object(Bucket=own, Key="x")["Body"].read() == b"x"
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.get_object(Bucket=others, Key="x")
    client("s3").put_object(Bucket=others, Key="tagged", Body=b"x", Tagging="SageMaker=true")
    assert s3.get_object(Bucket=others, Key="tagged")["Body"].read() == b"x"


def test_read_only_reads_and_power_user_does_all_but_roles(with_policy, name):
    assert "TopicArn" not in with_policy("sns", f"{AWS}/ReadOnlyAccess").list_topics()
    with pytest.raises(ClientError, match=r"AccessDenied|AuthorizationError"):
        with_policy("sns", f"{AWS}/ReadOnlyAccess").create_topic(Name=name)
    with_policy("sns", f"{AWS}/PowerUserAccess").create_topic(Name=name)
    with pytest.raises(ClientError, match="AccessDenied"):
        with_policy("iam", f"{AWS}/PowerUserAccess").create_user(UserName=name)


class _EveryKey:
    """A request that has every condition key."""

    def get(self, key, /):
        return "2026-01-01" if "time" in key else "1"


def test_every_condition_of_every_policy_can_be_evaluated():
    """Otherwise a role with the policy could be denied what another statement allows."""
    for document in json.loads(aws_managed_policies_data).values():
        for statement in as_list(document["Document"]["Statement"]):
            actions = as_list(statement.get("Action") or ["none:None"])
            matches(statement, actions[0], None, None, _EveryKey())
