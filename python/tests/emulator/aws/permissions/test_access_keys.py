"""Only keys that the emulator has issued can sign."""

import boto3
import pytest
from botocore.exceptions import ClientError


@pytest.fixture
def identity(cloud):
    """Return the ARN of the caller with a key."""

    def caller_arn(key, secret, token=None):
        sts = boto3.client(
            "sts",
            endpoint_url=cloud.endpoint,
            region_name="us-east-1",
            aws_access_key_id=key,
            aws_secret_access_key=secret,
            aws_session_token=token,
        )
        return sts.get_caller_identity()["Arn"]

    return caller_arn


def fails(code, call, *arguments):
    with pytest.raises(ClientError) as raised:
        call(*arguments)
    assert raised.value.response["Error"]["Code"] == code
    assert "export AWS_ACCESS_KEY_ID" in raised.value.response["Error"]["Message"]


def test_a_users_key_signs_while_it_is_active(client, identity, name):
    iam = client("iam")
    iam.create_user(UserName=name)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    pair = key["AccessKeyId"], key["SecretAccessKey"]
    assert identity(*pair).endswith(f"user/{name}")
    fails("SignatureDoesNotMatch", identity, pair[0], "guessed")
    iam.update_access_key(UserName=name, AccessKeyId=pair[0], Status="Inactive")
    fails("InvalidClientTokenId", identity, *pair)
    iam.update_access_key(UserName=name, AccessKeyId=pair[0], Status="Active")
    assert identity(*pair)
    iam.delete_access_key(UserName=name, AccessKeyId=pair[0])
    fails("InvalidClientTokenId", identity, *pair)


def test_a_sessions_key_signs_with_its_token(client, identity):
    first, second = (client("sts").get_session_token()["Credentials"] for _ in range(2))
    key, secret, token = (first[n] for n in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    assert identity(key, secret, token)
    assert first["AccessKeyId"] != second["AccessKeyId"]
    fails("InvalidClientTokenId", identity, key, secret)
    fails("InvalidClientTokenId", identity, key, secret, second["SessionToken"])


def test_a_role_cannot_leave_its_permissions_by_a_session(client):
    sts = client("sts", "arn:aws:iam::123456789012:role/workflow")
    with pytest.raises(ClientError, match="Cannot call GetSessionToken with session credentials"):
        sts.get_session_token()


@pytest.mark.parametrize("key", ["test", "123456789012", "AKIAIOSFODNN7EXAMPLE"])
def test_fails_for_other_keys(identity, key):
    fails("InvalidClientTokenId", identity, key, "test")
