"""The permissions of roles for S3."""

import urllib.error
import urllib.request

import boto3
import pytest
from botocore.config import Config

from emulator.aws.clients import EmulatedAws


def allow(actions, *resources, **more):
    return {"Action": actions, "Resource": list(resources) or "*", **more}


@pytest.fixture
def arn_of(bucket):
    """Return the ARN of a key in the bucket, or of the bucket."""
    return lambda key=None: f"arn:aws:s3:::{bucket}" + (f"/{key}" if key else "")


@pytest.fixture
def key(client):
    """Create a KMS key; return its ARN."""
    return client("kms").create_key()["KeyMetadata"]["Arn"]


def test_a_role_reads_and_writes_only_allowed_objects(role, as_role, bucket, arn_of, denial):
    s3 = as_role("s3", role(allow(["s3:PutObject", "s3:GetObject"], arn_of("own/*"))))
    s3.put_object(Bucket=bucket, Key="own/a", Body=b"x")
    assert s3.get_object(Bucket=bucket, Key="own/a")["Body"].read() == b"x"
    assert s3.head_object(Bucket=bucket, Key="own/a")["ContentLength"] == 1
    status, code, message = denial(s3.put_object, Bucket=bucket, Key="other/a", Body=b"x")
    assert (status, code) == (403, "AccessDenied")
    assert (
        f'is not authorized to perform: s3:PutObject on resource: "{arn_of("other/a")}" because '
        "no identity-based policy allows the s3:PutObject action"
    ) in message
    assert denial(s3.head_object, Bucket=bucket, Key="other/a")[0] == 403


@pytest.mark.parametrize(
    ("operation", "parameters", "action"),
    [
        ("list_objects_v2", {}, "s3:ListBucket"),
        ("list_object_versions", {}, "s3:ListBucketVersions"),
        ("get_bucket_encryption", {}, "s3:GetEncryptionConfiguration"),
        ("get_public_access_block", {}, "s3:GetBucketPublicAccessBlock"),
        ("delete_bucket", {}, "s3:DeleteBucket"),
        ("get_object", {"Key": "k", "VersionId": "1"}, "s3:GetObjectVersion"),
        ("delete_object", {"Key": "k"}, "s3:DeleteObject"),
        ("get_object_tagging", {"Key": "k"}, "s3:GetObjectTagging"),
        ("create_multipart_upload", {"Key": "k"}, "s3:PutObject"),
        ("list_parts", {"Key": "k", "UploadId": "u"}, "s3:ListMultipartUploadParts"),
        ("abort_multipart_upload", {"Key": "k", "UploadId": "u"}, "s3:AbortMultipartUpload"),
    ],
)
def test_operations_need_the_action_that_aws_names(
    role, as_role, bucket, denial, operation, parameters, action
):
    call = getattr(as_role("s3", role()), operation)
    assert f"perform: {action} on" in denial(call, Bucket=bucket, **parameters)[2]


def test_listing_can_be_narrowed_to_a_prefix(role, as_role, bucket, arn_of, denial):
    condition = {"StringLike": {"s3:prefix": "own/*"}}
    s3 = as_role("s3", role(allow("s3:ListBucket", arn_of(), Condition=condition)))
    assert s3.list_objects_v2(Bucket=bucket, Prefix="own/a")["KeyCount"] == 0
    denial(s3.list_objects_v2, Bucket=bucket, Prefix="other/")
    denial(s3.list_objects_v2, Bucket=bucket)


def test_without_list_permission_a_missing_object_is_denied(role, as_role, bucket, arn_of, denial):
    arn = role(allow("s3:GetObject", arn_of("*")))
    s3 = as_role("s3", arn)
    status, code, message = denial(s3.get_object, Bucket=bucket, Key="none")
    assert (status, code) == (403, "AccessDenied")
    assert f's3:ListBucket on resource: "{arn_of()}"' in message
    assert denial(s3.head_object, Bucket=bucket, Key="none")[0] == 403
    role.change(arn, allow("s3:GetObject", arn_of("*")), allow("s3:ListBucket", arn_of()))
    assert denial(s3.get_object, Bucket=bucket, Key="none")[:2] == (404, "NoSuchKey")


def test_a_copy_needs_both_ends_and_the_tags_it_takes(
    client, role, as_role, bucket, arn_of, denial
):
    client("s3").put_object(Bucket=bucket, Key="a", Body=b"x", Tagging="team=ml")
    wanted = [
        ("s3:PutObject", arn_of("b")),
        ("s3:GetObject", arn_of("a")),
        ("s3:GetObjectTagging", arn_of("a")),
        ("s3:PutObjectTagging", arn_of("b")),
    ]
    arn = role()
    s3 = as_role("s3", arn)
    copy = {"Bucket": bucket, "Key": "b", "CopySource": {"Bucket": bucket, "Key": "a"}}
    for i, (action, resource) in enumerate(wanted):
        message = denial(s3.copy_object, **copy)[2]
        assert f'perform: {action} on resource: "{resource}"' in message
        role.change(arn, *(allow(*pair) for pair in wanted[: i + 1]))
    s3.copy_object(**copy)
    untagged = [allow(*pair) for pair in wanted[:2]]
    role.change(arn, *untagged)
    s3.copy_object(**copy, TaggingDirective="REPLACE")
    message = denial(s3.copy_object, **copy, TaggingDirective="REPLACE", Tagging="a=b")[2]
    assert "perform: s3:PutObjectTagging on" in message


def test_a_source_without_tags_is_copied_without_their_actions(
    client, role, as_role, bucket, arn_of
):
    client("s3").put_object(Bucket=bucket, Key="a", Body=b"x")
    statements = [allow("s3:GetObject", arn_of("a")), allow("s3:PutObject", arn_of("b"))]
    s3 = as_role("s3", role(*statements))
    s3.copy_object(Bucket=bucket, Key="b", CopySource={"Bucket": bucket, "Key": "a"})


def test_tags_at_an_upload_need_their_own_action(role, as_role, bucket, arn_of, denial):
    arn = role(allow("s3:PutObject", arn_of("a")))
    s3 = as_role("s3", arn)
    tagged = {"Bucket": bucket, "Key": "a", "Body": b"x", "Tagging": "team=ml"}
    assert "s3:PutObjectTagging" in denial(s3.put_object, **tagged)[2]
    condition = {"StringEquals": {"s3:RequestObjectTag/team": "ml"}}
    tagging = allow("s3:PutObjectTagging", arn_of("a"), Condition=condition)
    role.change(arn, allow("s3:PutObject", arn_of("a")), tagging)
    s3.put_object(**tagged)


def test_a_multipart_upload_needs_to_put(role, as_role, bucket, arn_of):
    s3 = as_role("s3", role(allow("s3:PutObject", arn_of("a"))))
    target = {"Bucket": bucket, "Key": "a"}
    upload = s3.create_multipart_upload(**target)["UploadId"]
    part = s3.upload_part(**target, UploadId=upload, PartNumber=1, Body=b"x")
    parts = [{"PartNumber": 1, "ETag": part["ETag"]}]
    s3.complete_multipart_upload(**target, UploadId=upload, MultipartUpload={"Parts": parts})


def test_each_deleted_object_needs_permission(client, role, as_role, bucket, arn_of):
    for name in ("a", "b"):
        client("s3").put_object(Bucket=bucket, Key=name, Body=b"x")
    s3 = as_role("s3", role(allow("s3:DeleteObject", arn_of("a"))))
    objects = [{"Key": "a"}, {"Key": "b"}]
    answer = s3.delete_objects(Bucket=bucket, Delete={"Objects": objects})
    assert [deleted["Key"] for deleted in answer["Deleted"]] == ["a"]
    assert [(error["Key"], error["Code"]) for error in answer["Errors"]] == [("b", "AccessDenied")]
    left = client("s3").list_objects_v2(Bucket=bucket)["Contents"]
    assert [item["Key"] for item in left] == ["b"]
    answer = client("s3").delete_objects(Bucket=bucket, Delete={"Objects": [{"Key": "b"}]})
    assert "Errors" not in answer


def test_a_bucket_can_allow_a_role_what_its_own_policies_do_not(
    client, role, as_role, bucket, arn_of, policy_document, denial
):
    client("s3").put_object(Bucket=bucket, Key="a", Body=b"x")
    arn = role()
    policy = policy_document(allow("s3:GetObject", arn_of("a"), Principal={"AWS": arn}))
    client("s3").put_bucket_policy(Bucket=bucket, Policy=policy)
    as_role("s3", arn).get_object(Bucket=bucket, Key="a")
    denial(as_role("s3", role()).get_object, Bucket=bucket, Key="a")


@pytest.mark.parametrize("version", ["s3", "s3v4"])
def test_a_presigned_url_has_the_permissions_of_its_role(
    cloud, client, role, bucket, arn_of, version
):
    client("s3").put_object(Bucket=bucket, Key="a", Body=b"x")
    arn = role(allow("s3:GetObject", arn_of("a")))
    keys = EmulatedAws(cloud.endpoint, cloud.aws.key).environment(arn)
    signer = boto3.client(
        "s3",
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
        aws_session_token=keys["AWS_SESSION_TOKEN"],
        config=Config(signature_version=version),
    )
    url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "a"})
    with urllib.request.urlopen(url) as answer:  # noqa: S310
        assert answer.read() == b"x"
    role.change(arn, allow("s3:PutObject", arn_of("a")))
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(url)  # noqa: S310


def default_encryption(client, bucket, key, **rule):
    by_default = {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": key}
    rules = [{"ApplyServerSideEncryptionByDefault": by_default, **rule}]
    client("s3").put_bucket_encryption(
        Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": rules}
    )


def test_a_bucket_that_encrypts_needs_its_key_from_the_role(
    client, role, as_role, bucket, arn_of, key, denial
):
    default_encryption(client, bucket, key)
    objects = allow(["s3:PutObject", "s3:GetObject"], arn_of("*"))
    arn = role(objects)
    s3 = as_role("s3", arn)
    put = {"Bucket": bucket, "Key": "a", "Body": b"x"}
    message = denial(s3.put_object, **put)[2]
    assert f"is not authorized to perform: kms:GenerateDataKey on resource: {key} " in message
    role.change(arn, objects, allow("kms:GenerateDataKey", key))
    s3.put_object(**put)
    assert f"kms:Decrypt on resource: {key}" in denial(s3.get_object, Bucket=bucket, Key="a")[2]
    condition = {
        "StringEquals": {
            "kms:ViaService": "s3.us-east-1.amazonaws.com",
            "kms:EncryptionContext:aws:s3:arn": arn_of("a"),
        }
    }
    role.change(arn, objects, allow("kms:Decrypt", key, Condition=condition))
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"x"
    default_encryption(client, bucket, key, BucketKeyEnabled=True)
    denial(s3.get_object, Bucket=bucket, Key="a")  # the encryption context is the bucket's


def test_a_key_named_in_the_request_is_the_one_that_is_needed(
    client, role, as_role, bucket, arn_of, key, denial
):
    s3 = as_role("s3", role(allow("s3:PutObject", arn_of("*"))))
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key.rpartition("/")[2]}
    put = {"Bucket": bucket, "Key": "a", "Body": b"x"}
    assert (
        f"kms:GenerateDataKey on resource: {key}" in denial(s3.put_object, **put, **encryption)[2]
    )
    s3.put_object(**put, ServerSideEncryption="AES256")
    s3.put_object(**put, ServerSideEncryption="aws:kms")  # the AWS managed key


def test_fails_for_a_key_that_does_not_exist(role, as_role, bucket, arn_of, denial):
    s3 = as_role("s3", role(allow("s3:*", arn_of("*"))))
    encryption = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "none"}
    error = denial(s3.put_object, Bucket=bucket, Key="a", Body=b"", **encryption)
    assert error[1] == "KMS.NotFoundException"


def test_a_multipart_upload_under_a_key_needs_to_decrypt(
    client, role, as_role, bucket, arn_of, key, denial
):
    default_encryption(client, bucket, key)
    puts = allow("s3:PutObject", arn_of("a"))
    arn = role(puts, allow("kms:GenerateDataKey", key))
    s3 = as_role("s3", arn)
    target = {"Bucket": bucket, "Key": "a"}
    part = {**target, "UploadId": s3.create_multipart_upload(**target)["UploadId"]}
    message = denial(s3.upload_part, **part, PartNumber=1, Body=b"x")[2]
    assert f"kms:Decrypt on resource: {key}" in message
    role.change(arn, puts, allow(["kms:GenerateDataKey", "kms:Decrypt"], key))
    s3.upload_part(**part, PartNumber=1, Body=b"x")


def test_a_model_whose_data_the_role_may_not_read_is_refused(client, role, bucket, denial):
    client("s3").put_object(Bucket=bucket, Key="model.tar.gz", Body=b"x")
    image = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
    url = f"s3://{bucket}/model.tar.gz"
    arn = role()
    message = denial(
        client("sagemaker", checked=False).create_model,
        ModelName="m",
        ExecutionRoleArn=arn,
        PrimaryContainer={"Image": image, "ModelDataUrl": url},
    )[2]
    assert f"Could not access model data at {url}" in message
    assert '"s3:GetObject" permissions' in message


def test_a_jobs_failure_names_the_action_it_may_not_use(role, as_role, bucket, tmp_path):
    from emulator.runtime.data.s3 import download_prefix, upload_file
    from emulator.runtime.errors import JobFault

    s3 = as_role("s3", role(allow("s3:ListBucket")))
    (tmp_path / "out").write_text("x")
    with pytest.raises(JobFault, match=r"ClientError: Failed to upload: .*AccessDenied.*PutObject"):
        upload_file(s3, tmp_path / "out", f"s3://{bucket}/out")
    nothing = as_role("s3", role())
    with pytest.raises(JobFault, match=r"Data download failed: .*AccessDenied.*s3:ListBucket on"):
        download_prefix(nothing, f"s3://{bucket}/in/", tmp_path / "in")
