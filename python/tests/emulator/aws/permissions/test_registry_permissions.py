"""The permissions that a role needs to register, approve and deploy a model package."""

import pytest

from tests.emulator.aws.conftest import IMAGE, ROLE

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")

ARN = "arn:aws:sagemaker:us-east-1:123456789012"


@pytest.fixture
def needs(name):
    """Return the actions and resources that each call needs."""
    group, versions = f"{ARN}:model-package-group/{name}", f"{ARN}:model-package/{name}/*"
    return {
        "create_model_package": ("sagemaker:CreateModelPackage", [group, versions]),
        "list_model_packages": ("sagemaker:ListModelPackages", ["*"]),
        "describe_model_package": ("sagemaker:DescribeModelPackage", [versions]),
        "update_model_package": ("sagemaker:UpdateModelPackage", [versions]),
        "create_model": ("sagemaker:CreateModel", [f"{ARN}:model/*", versions]),
    }


@pytest.fixture
def calls(client, name):
    """Create the group, and return each call with its parameters."""
    client("sagemaker").create_model_package_group(ModelPackageGroupName=name)
    version = f"{ARN}:model-package/{name}/1"
    return {
        "create_model_package": {
            "ModelPackageGroupName": name,
            "InferenceSpecification": {"Containers": [{"Image": IMAGE}]},
        },
        "list_model_packages": {"ModelPackageGroupName": name},
        "describe_model_package": {"ModelPackageName": version},
        "update_model_package": {"ModelPackageArn": version, "ModelApprovalStatus": "Approved"},
        "create_model": {
            "ModelName": name,
            "ExecutionRoleArn": ROLE,
            "PrimaryContainer": {"ModelPackageName": version},
        },
    }


def statements(needs, without=None):
    passing = {"Action": "iam:PassRole", "Resource": ROLE}
    return [passing] + [
        {"Action": action, "Resource": [one for one in resources if (action, one) != without]}
        for action, resources in needs.values()
        if [one for one in resources if (action, one) != without]
    ]


def test_a_role_with_these_actions_registers_approves_and_deploys(role, as_role, needs, calls):
    sagemaker = as_role("sagemaker", role(*statements(needs)))
    for operation, parameters in calls.items():
        getattr(sagemaker, operation)(**parameters)


def test_each_resource_of_each_action_is_needed(role, as_role, denial, needs, calls, client):
    arn = role(*statements(needs))
    sagemaker = as_role("sagemaker", arn)
    client("sagemaker").create_model_package(**calls["create_model_package"])
    for operation, (action, resources) in needs.items():
        for resource in resources:
            role.change(arn, *statements(needs, without=(action, resource)))
            status, code, message = denial(getattr(sagemaker, operation), **calls[operation])
            assert (status, code) == (400, "AccessDeniedException")
            assert f"not authorized to perform: {action} on resource: " in message


def test_a_role_may_be_kept_from_approving(role, as_role, denial, needs, calls):
    kept = {
        "Effect": "Deny",
        "Action": ["sagemaker:CreateModelPackage", "sagemaker:UpdateModelPackage"],
        "Resource": "*",
        "Condition": {"StringEquals": {"sagemaker:ModelApprovalStatus": "Approved"}},
    }
    sagemaker = as_role("sagemaker", role(kept, *statements(needs)))
    sagemaker.create_model_package(**calls["create_model_package"])
    message = denial(sagemaker.update_model_package, **calls["update_model_package"])[2]
    assert "with an explicit deny" in message
