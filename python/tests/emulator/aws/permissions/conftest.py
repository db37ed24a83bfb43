"""Roles with the policies of a test."""

import json

import pytest

from emulator.aws.clients import EmulatedAws

SERVICES = ("states", "lambda", "sagemaker", "events")


def document(*statements):
    allowing = [{"Effect": "Allow", **statement} for statement in statements]
    return json.dumps({"Version": "2012-10-17", "Statement": allowing})


@pytest.fixture
def policy_document():
    """Return a policy document of statements, whose default effect is Allow."""
    return document


class Roles:
    """Creates roles with inline statements, and changes these."""

    def __init__(self, iam, name):
        self._iam = iam
        self._name = name
        self._made = 0

    def __call__(self, *statements, trust=None, **options):
        services = {"Service": [f"{service}.amazonaws.com" for service in SERVICES]}
        self._made += 1
        arn = self._iam.create_role(
            RoleName=f"{self._name}-{self._made}",
            AssumeRolePolicyDocument=document(
                trust or {"Action": "sts:AssumeRole", "Principal": services}
            ),
            **options,
        )["Role"]["Arn"]
        if statements:
            self.change(arn, *statements)
        return arn

    def change(self, arn, *statements):
        self._iam.put_role_policy(
            RoleName=arn.rpartition("/")[2],
            PolicyName="inline",
            PolicyDocument=document(*statements),
        )


@pytest.fixture
def role(client, name):
    """Create a role with inline statements; return its ARN."""
    return Roles(client("iam"), name)


@pytest.fixture
def as_role(cloud):
    """Return a service's client with a role's credentials, like those of the state machine."""
    aws = EmulatedAws(cloud.endpoint, cloud.aws.key)
    return lambda service, arn: aws.client(service, arn, checked=False)


@pytest.fixture
def denial():
    """Call, and return the denial's status, code and message."""

    def call(operation, **parameters):
        client = operation.__self__
        with pytest.raises(client.exceptions.ClientError) as error:
            operation(**parameters)
        response = error.value.response
        status = response["ResponseMetadata"]["HTTPStatusCode"]
        return status, response["Error"]["Code"], response["Error"]["Message"]

    return call


@pytest.fixture
def bucket(client, name):
    """Create a bucket; return its name."""
    client("s3").create_bucket(Bucket=name)
    return name


@pytest.fixture
def uses(cloud):
    """Return the actions that a role was allowed and denied."""

    def of(arn):
        roles = [role for role in cloud.audit.describe()["roles"] if role["arn"] == arn]
        return {
            (use["action"], use["resource"]): (use["allowed"], use["denied"])
            for role in roles
            for use in role["uses"]
        }

    return of
