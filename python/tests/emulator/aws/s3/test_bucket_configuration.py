"""Bucket configuration and emptying, as Terraform does it."""

import json

import pytest


@pytest.fixture
def bucket(client, name):
    client("s3").create_bucket(Bucket=name)
    return name


def test_notifications_to_event_bridge_are_read_back(client, bucket):
    s3 = client("s3")
    s3.put_bucket_notification_configuration(
        Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
    )
    answer = s3.get_bucket_notification_configuration(Bucket=bucket)
    assert answer["EventBridgeConfiguration"] == {}
    s3.put_bucket_notification_configuration(Bucket=bucket, NotificationConfiguration={})
    assert "EventBridgeConfiguration" not in s3.get_bucket_notification_configuration(Bucket=bucket)


def test_a_new_object_is_one_event_with_the_operations_name(client, bucket, seen):
    wait_for = seen({"source": ["aws.s3"], "detail": {"bucket": {"name": [bucket]}}})
    client("events").create_event_bus(Name=bucket)
    try:
        client("s3").put_bucket_notification_configuration(
            Bucket=bucket, NotificationConfiguration={"EventBridgeConfiguration": {}}
        )
        client("s3").put_object(Bucket=bucket, Key="a/b", Body=b"xyz", Tagging="a=b")
        client("s3").put_object_acl(Bucket=bucket, Key="a/b", ACL="private")
        event, after = wait_for(2)
    finally:
        client("events").delete_event_bus(Name=bucket)
    assert event["detail-type"] == "Object Created"
    assert after["detail-type"] == "Object ACL Updated"
    assert event["resources"] == [f"arn:aws:s3:::{bucket}"]
    assert event["detail"]["reason"] == "PutObject"
    assert event["detail"]["object"]["key"] == "a/b"
    assert event["detail"]["object"]["size"] == 3


@pytest.mark.parametrize("status", ["Enabled", "Suspended"])
def test_a_bucket_is_emptied_of_versions_and_delete_markers(client, bucket, status):
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    for _ in range(2):
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    s3.delete_object(Bucket=bucket, Key="k")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
    found = s3.list_object_versions(Bucket=bucket)
    every = [*found["DeleteMarkers"], *found["Versions"]]
    first = every.pop()
    s3.delete_object(Bucket=bucket, Key="k", VersionId=first["VersionId"])
    left = s3.list_object_versions(Bucket=bucket)
    assert [v["VersionId"] for v in left["Versions"]] == [every[-1]["VersionId"]]
    deleted = s3.delete_objects(
        Bucket=bucket,
        Delete={"Objects": [{"Key": v["Key"], "VersionId": v["VersionId"]} for v in every]},
    )
    assert len(deleted["Deleted"]) == 2
    s3.delete_bucket(Bucket=bucket)


def test_with_suspended_versioning_a_deletion_keeps_older_versions(client, bucket):
    s3 = client("s3")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=bucket, Key="k", Body=b"old")["VersionId"]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    s3.delete_object(Bucket=bucket, Key="k")
    with pytest.raises(s3.exceptions.NoSuchKey):
        s3.get_object(Bucket=bucket, Key="k")
    old = s3.get_object(Bucket=bucket, Key="k", VersionId=version)
    assert old["Body"].read() == b"old"


def test_fails_for_subresources_that_moto_ignores(client, bucket):
    s3 = client("s3")
    with pytest.raises(s3.exceptions.ClientError) as raised:
        s3.delete_bucket_metrics_configuration(Bucket=bucket, Id="all")
    error = raised.value.response["Error"]
    assert error["Code"] == "NotImplementedException"
    assert (
        "s3:DeleteBucketMetricsConfiguration is not supported by the emulator" in error["Message"]
    )
    s3.head_bucket(Bucket=bucket)


def test_a_state_lock_is_taken_once(client, bucket):
    s3 = client("s3")
    s3.put_object(Bucket=bucket, Key="lock", Body=b"1", IfNoneMatch="*")
    with pytest.raises(s3.exceptions.ClientError) as raised:
        s3.put_object(Bucket=bucket, Key="lock", Body=b"2", IfNoneMatch="*")
    assert raised.value.response["ResponseMetadata"]["HTTPStatusCode"] == 412
    assert s3.get_object(Bucket=bucket, Key="lock")["Body"].read() == b"1"


def test_lifecycle_rules_are_read_back_as_they_were_written(client, bucket):
    s3 = client("s3")
    rules = [
        {
            "ID": "noncurrent",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "NoncurrentVersionExpiration": {"NoncurrentDays": 90},
        },
        {
            "ID": "uploads",
            "Status": "Enabled",
            "Filter": {"Prefix": ""},
            "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7},
        },
    ]
    configuration = {"Rules": json.loads(json.dumps(rules))}
    s3.put_bucket_lifecycle_configuration(Bucket=bucket, LifecycleConfiguration=configuration)
    assert s3.get_bucket_lifecycle_configuration(Bucket=bucket)["Rules"] == rules
