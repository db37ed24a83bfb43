import base64
import hashlib
import json

import pytest
import urllib3


@pytest.fixture
def bucket(client, name):
    client("s3").create_bucket(Bucket=name)
    return name


def deny(bucket, **changes):
    statement = {
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"],
        **changes,
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.mark.parametrize("any_key", [False, True])
def test_a_presigned_post_is_refused_by_name_and_stores_nothing(
    client, bucket, cloud, monkeypatch, any_key
):
    monkeypatch.setattr(cloud.admission, "_any_key", any_key)
    s3 = client("s3")
    post = s3.generate_presigned_post(bucket, "key", Conditions=[["content-length-range", 0, 3]])
    form = {**post["fields"], "file": ("name", b"a text")}
    answer = urllib3.request("POST", post["url"], fields=form)
    assert answer.status == 501
    assert b"<Code>NotImplemented</Code><Message>The emulator does not accept form uploads" in (
        answer.data
    )
    assert b"generate_presigned_url('put_object')" in answer.data
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_presigned_url_accepts_an_upload(client, bucket):
    s3 = client("s3")
    url = s3.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "key"})
    assert urllib3.request("PUT", url, body=b"a text").status == 200
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"a text"


def test_a_policy_that_requires_tls_allows_requests(client, bucket):
    s3 = client("s3")
    condition = {"Bool": {"aws:SecureTransport": "false"}}
    s3.put_bucket_policy(Bucket=bucket, Policy=deny(bucket, Condition=condition))
    s3.put_object(Bucket=bucket, Key="a", Body=b"text")
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"text"
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 1
    s3.delete_object(Bucket=bucket, Key="a")


def test_a_bucket_policy_denies_by_condition(client, bucket):
    s3 = client("s3")
    condition = {"StringNotEquals": {"s3:x-amz-server-side-encryption": "AES256"}}
    policy = deny(bucket, Action="s3:PutObject", Condition=condition)
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    with pytest.raises(s3.exceptions.ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"text")
    s3.put_object(Bucket=bucket, Key="a", Body=b"text", ServerSideEncryption="AES256")


def test_a_bucket_policy_can_name_one_role(client, bucket):
    role = "arn:aws:iam::123456789012:role/workflow"
    s3 = client("s3")
    policy = deny(bucket, Action="s3:ListBucket", Principal={"AWS": role})
    s3.put_bucket_policy(Bucket=bucket, Policy=policy)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0
    as_role = client("s3", role)
    with pytest.raises(as_role.exceptions.ClientError, match="AccessDenied"):
        as_role.list_objects_v2(Bucket=bucket)


def test_fault_rules_refuse_operations_on_objects(client, bucket, cloud):
    s3 = client("s3", checked=False)
    rule = {"operation": "s3:PutObject", "match": f"{bucket}/raw/*", "error": "SlowDown"}
    cloud.faults.load({"faults": [rule]})
    s3.put_object(Bucket=bucket, Key="other", Body=b"")
    with pytest.raises(s3.exceptions.ClientError, match="SlowDown"):
        s3.put_object(Bucket=bucket, Key="raw/a", Body=b"")
    s3.put_object(Bucket=bucket, Key="raw/a", Body=b"")


def test_large_bodies_are_on_disk(client, bucket):
    from moto.s3.models import s3_backends

    client("s3").put_object(Bucket=bucket, Key="large", Body=b"x" * 20_000)
    client("s3").put_object(Bucket=bucket, Key="small", Body=b"x")
    keys = s3_backends["123456789012"]["aws"].buckets[bucket].keys
    assert keys["large"]._value_buffer._rolled
    assert not keys["small"]._value_buffer._rolled


SHA256 = base64.b64encode(hashlib.sha256(b"text").digest()).decode()


def test_a_checksum_that_an_upload_gives_is_kept_with_the_object(client, bucket):
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"text", ChecksumSHA256=SHA256)
    assert (
        s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")["ChecksumSHA256"] == SHA256
    )
    s3.put_object(Bucket=bucket, Key="a", Body=b"text")
    assert "ChecksumSHA256" not in s3.head_object(Bucket=bucket, Key="a", ChecksumMode="ENABLED")


def test_a_checksum_that_is_not_the_contents_refuses_the_upload(client, bucket):
    s3 = client("s3")
    with pytest.raises(s3.exceptions.ClientError, match="BadDigest"):
        s3.put_object(Bucket=bucket, Key="a", Body=b"other", ChecksumSHA256=SHA256)
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


def test_a_copy_has_the_requested_checksum(client, bucket):
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="a", Body=b"text")
    copy = s3.copy_object(
        Bucket=bucket, Key="b", CopySource=f"{bucket}/a", ChecksumAlgorithm="SHA256"
    )
    assert copy["CopyObjectResult"]["ChecksumSHA256"] == SHA256
    assert (
        s3.head_object(Bucket=bucket, Key="b", ChecksumMode="ENABLED")["ChecksumSHA256"] == SHA256
    )
