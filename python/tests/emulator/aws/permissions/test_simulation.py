"""IAM's policy simulator."""

import json

import pytest
from botocore.exceptions import ClientError

READ = {"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::data/*"}
NO_SECRETS = {"Effect": "Deny", "Action": "s3:*", "Resource": "*/secret/*"}
TAGGED = {
    **READ,
    "Action": "s3:PutObject",
    "Condition": {"StringEquals": {"s3:RequestObjectTag/team": "ml"}},
}


def policy(*statements):
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)}, indent=1)


@pytest.fixture
def iam(client):
    return client("iam")


def decide(answer):
    return {
        (one["EvalActionName"], one["EvalResourceName"]): one["EvalDecision"]
        for one in answer["EvaluationResults"]
    }


def test_each_action_is_decided_on_each_resource(iam):
    allowed, secret = "arn:aws:s3:::data/a", "arn:aws:s3:::data/secret/a"
    answer = iam.simulate_custom_policy(
        PolicyInputList=[policy(READ), policy(NO_SECRETS)],
        ActionNames=["s3:GetObject", "s3:PutObject"],
        ResourceArns=[allowed, secret],
    )
    assert decide(answer) == {
        ("s3:GetObject", allowed): "allowed",
        ("s3:GetObject", secret): "explicitDeny",
        ("s3:PutObject", allowed): "implicitDeny",
        ("s3:PutObject", secret): "explicitDeny",
    }
    assert answer["IsTruncated"] is False


def test_a_result_names_the_statements_that_spoke_and_where_they_stand(iam):
    text = policy(NO_SECRETS, READ)
    (result,) = iam.simulate_custom_policy(
        PolicyInputList=[text], ActionNames=["s3:GetObject"], ResourceArns=["arn:aws:s3:::data/a"]
    )["EvaluationResults"]
    (matched,) = result["MatchedStatements"]
    assert matched["SourcePolicyId"] == "PolicyInputList.1"
    lines = text.split("\n")
    start, end = matched["StartPosition"], matched["EndPosition"]
    inside = "\n".join(lines[start["Line"] - 1 : end["Line"]])[start["Column"] - 1 :]
    assert json.loads(inside.rstrip().rstrip("]").rstrip()) == READ


def test_condition_keys_come_from_the_request_or_are_named_as_missing(iam):
    asked = {
        "PolicyInputList": [policy(TAGGED)],
        "ActionNames": ["s3:PutObject"],
        "ResourceArns": ["arn:aws:s3:::data/a"],
    }
    (result,) = iam.simulate_custom_policy(**asked)["EvaluationResults"]
    assert result["EvalDecision"] == "implicitDeny"
    assert result["MissingContextValues"] == ["s3:RequestObjectTag/team"]
    entry = {"ContextKeyName": "s3:RequestObjectTag/team", "ContextKeyType": "string"}
    for value, decision in (("ml", "allowed"), ("web", "implicitDeny")):
        entries = [{**entry, "ContextKeyValues": [value]}]
        (result,) = iam.simulate_custom_policy(**asked, ContextEntries=entries)["EvaluationResults"]
        assert (result["EvalDecision"], result.get("MissingContextValues", [])) == (decision, [])
    keys = iam.get_context_keys_for_custom_policy(PolicyInputList=[policy(TAGGED)])
    assert keys["ContextKeyNames"] == ["s3:RequestObjectTag/team"]


def test_a_role_has_its_inline_and_attached_policies_and_its_boundary(iam, role):
    arn = role({"Action": "s3:GetObject", "Resource": "*"})
    role_name = arn.rpartition("/")[2]
    aws_policy = "arn:aws:iam::aws:policy/AmazonSageMakerReadOnly"
    iam.attach_role_policy(RoleName=role_name, PolicyArn=aws_policy)
    actions = ["s3:GetObject", "sagemaker:DescribeEndpoint", "sns:Publish"]
    answer = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions)
    assert [one["EvalDecision"] for one in answer["EvaluationResults"]] == [
        "allowed",
        "allowed",
        "implicitDeny",
    ]
    sources = [
        (one["SourcePolicyId"], one["SourcePolicyType"])
        for result in answer["EvaluationResults"]
        for one in result.get("MatchedStatements", [])
    ]
    assert sources == [
        (f"role_{role_name}_inline", "role"),
        ("AmazonSageMakerReadOnly", "aws-managed"),
    ]
    iam.put_role_permissions_boundary(
        RoleName=role_name, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3FullAccess"
    )
    bound = iam.simulate_principal_policy(PolicySourceArn=arn, ActionNames=actions[:2])
    assert [
        (
            one["EvalDecision"],
            one["PermissionsBoundaryDecisionDetail"]["AllowedByPermissionsBoundary"],
        )
        for one in bound["EvaluationResults"]
    ] == [("allowed", True), ("implicitDeny", False)]


def test_a_user_has_the_policies_of_its_groups(iam, name):
    iam.create_user(UserName=name)
    iam.create_group(GroupName=name)
    iam.add_user_to_group(GroupName=name, UserName=name)
    iam.put_group_policy(GroupName=name, PolicyName="read", PolicyDocument=policy(READ))
    (result,) = iam.simulate_principal_policy(
        PolicySourceArn=f"arn:aws:iam::123456789012:user/{name}",
        ActionNames=["s3:GetObject"],
        ResourceArns=["arn:aws:s3:::data/a"],
    )["EvaluationResults"]
    assert result["EvalDecision"] == "allowed"
    assert result["MatchedStatements"][0]["SourcePolicyType"] == "group"


def test_results_come_in_pages(iam):
    actions = [f"s3:Get{number}" for number in range(5)]
    pages = iam.get_paginator("simulate_custom_policy").paginate(
        PolicyInputList=[policy(READ)], ActionNames=actions, PaginationConfig={"PageSize": 2}
    )
    seen = [[one["EvalActionName"] for one in page["EvaluationResults"]] for page in pages]
    assert seen == [actions[:2], actions[2:4], actions[4:]]


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"ActionNames": ["GetObject"]}, "InvalidInput.*write service:Action"),
        ({"PolicyInputList": ["{"]}, r"InvalidInput.*PolicyInputList\.1 is not a policy document"),
        ({"PolicyInputList": ["[]"]}, "InvalidInput.*no Statement"),
        ({"ResourceOwner": "arn:aws:iam::123456789012:root"}, "ResourceOwner: the emulator"),
    ],
)
def test_fails_for_what_cannot_be_simulated(iam, changes, expected):
    asked = {"PolicyInputList": [policy(READ)], "ActionNames": ["s3:GetObject"], **changes}
    with pytest.raises(ClientError, match=f"(?s){expected}"):
        iam.simulate_custom_policy(**asked)


def test_fails_for_a_principal_that_is_not_there(iam):
    with pytest.raises(ClientError, match="NoSuchEntity"):
        iam.simulate_principal_policy(
            PolicySourceArn="arn:aws:iam::123456789012:role/none", ActionNames=["s3:GetObject"]
        )
