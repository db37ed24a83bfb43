"""Publishing to an encrypted topic or reading an encrypted parameter needs its key."""

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")


@pytest.fixture
def key(client):
    return client("kms").create_key()["KeyMetadata"]["Arn"]


@pytest.fixture
def publish(client, name, as_role):
    def call(key, role_arn):
        attributes = {"KmsMasterKeyId": key} if key else {}
        topic = client("sns").create_topic(Name=name, Attributes=attributes)["TopicArn"]
        return as_role("sns", role_arn).publish, {"TopicArn": topic, "Message": "x"}

    return call


@pytest.fixture
def read(client, name, as_role):
    def call(key, role_arn, kind="SecureString"):
        given = {"KeyId": key} if key else {}
        client("ssm").put_parameter(Name=f"/{name}/url", Value="x", Type=kind, **given)
        return as_role("ssm", role_arn).get_parameter, {
            "Name": f"/{name}/url",
            "WithDecryption": True,
        }

    return call


PUBLISH = {"Action": "sns:Publish", "Resource": "*"}
READ = {"Action": "ssm:GetParameter", "Resource": "*"}


@pytest.mark.parametrize("missing", ["kms:Decrypt", "kms:GenerateDataKey"])
def test_a_message_needs_both_actions_on_the_topics_key(role, denial, key, publish, missing):
    actions = [one for one in ("kms:Decrypt", "kms:GenerateDataKey") if one != missing]
    operation, request = publish(key, role(PUBLISH, {"Action": actions, "Resource": key}))
    status, code, message = denial(operation, **request)
    assert (status, code) == (403, "AccessDenied")
    assert f"not authorized to perform: {missing} on resource: {key}" in message


def test_a_role_with_both_publishes_through_sns_only(role, denial, key, publish):
    actions = ["kms:Decrypt", "kms:GenerateDataKey"]
    allowed = {"Action": actions, "Resource": key}
    via = {"StringEquals": {"kms:ViaService": "sns.us-east-1.amazonaws.com"}}
    arn = role(PUBLISH, {**allowed, "Condition": via})
    operation, request = publish(key, arn)
    operation(**request)
    via = {"StringEquals": {"kms:ViaService": "s3.us-east-1.amazonaws.com"}}
    role.change(arn, PUBLISH, {**allowed, "Condition": via})
    assert "kms:Decrypt" in denial(operation, **request)[2]


@pytest.mark.parametrize("own", [None, "alias/aws/sns"])
def test_a_topic_without_a_key_of_the_account_needs_none(role, publish, own):
    operation, request = publish(own, role(PUBLISH))
    operation(**request)


def test_a_secure_parameter_needs_its_key(role, denial, key, read):
    arn = role(READ)
    operation, request = read(key, arn)
    assert f"kms:Decrypt on resource: {key}" in denial(operation, **request)[2]
    role.change(arn, READ, {"Action": "kms:Decrypt", "Resource": key})
    assert operation(**request)["Parameter"]["Value"] == "x"


@pytest.mark.parametrize("kind", ["String", "SecureString"])
def test_a_parameter_without_a_key_of_the_account_needs_none(role, read, kind):
    operation, request = read(None, role(READ), kind)
    assert operation(**request)["Parameter"]["Value"] == "x"


def test_reading_without_decryption_needs_no_key(role, key, read):
    operation, request = read(key, role(READ))
    operation(**{**request, "WithDecryption": False})
