"""Data capture of endpoints: files in S3, as the model's role, over updates and to the end."""

import functools
import json
import re

import pytest

from tests.emulator.aws.captures import capture_config

ON_INSTANCES = {"InstanceType": "ml.m5.large", "InitialInstanceCount": 1}


@pytest.fixture
def capture(name):
    """Return a ``DataCaptureConfig`` whose files the other fixtures find."""
    return functools.partial(capture_config, name)


@pytest.fixture
def files(client, name):
    """Return the captured files, by key."""

    def read():
        s3 = client("s3")
        found = s3.list_objects_v2(Bucket=name, Prefix="captured").get("Contents", [])
        return {
            item["Key"]: s3.get_object(Bucket=name, Key=item["Key"])["Body"].read().decode()
            for item in found
        }

    return read


@pytest.fixture
def lines(files, until):
    """Return all captured lines once there are enough of them."""

    def wait_for(count):
        def enough():
            found = [json.loads(line) for text in files().values() for line in text.splitlines()]
            return len(found) >= count and found

        found = until(enough, f"{count} captured lines")
        assert len(found) == count
        return found

    return wait_for


@pytest.fixture
def gone(serving, until):
    """Delete the endpoint, and wait for its end."""

    def delete():
        serving.delete()
        with pytest.raises(serving.sagemaker.exceptions.ClientError, match="Could not find"):
            until(lambda: not serving.describe())

    return delete


def test_a_line_has_request_response_and_the_callers_id(serving, capture, files, lines, name):
    serving.create("one", capture=capture(), ANSWER="42", ANSWER_TYPE="text/csv; charset=utf-8")
    serving.settled()
    serving.invoke(b"1,2\n", ContentType="text/csv", InferenceId="order-7")
    (line,) = lines(1)
    assert line == {
        "captureData": {
            "endpointInput": {
                "observedContentType": "text/csv",
                "mode": "INPUT",
                "data": "1,2\n",
                "encoding": "CSV",
            },
            "endpointOutput": {
                "observedContentType": "text/csv; charset=utf-8",
                "mode": "OUTPUT",
                "data": "42",
                "encoding": "CSV",
            },
        },
        "eventMetadata": {
            "eventId": line["eventMetadata"]["eventId"],
            "inferenceId": "order-7",
            "inferenceTime": line["eventMetadata"]["inferenceTime"],
        },
        "eventVersion": "0",
    }
    assert re.fullmatch(
        r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", line["eventMetadata"]["eventId"]
    )
    (key,) = files()
    hour, minute_second = line["eventMetadata"]["inferenceTime"].split("T")
    hours, rest = minute_second.split(":", 1)
    assert re.fullmatch(
        f"captured/{name}/primary/{hour.replace('-', '/')}/{hours}/"
        f"{rest.replace(':', '-').removesuffix('Z')}-\\d{{3}}-[0-9a-f-]{{36}}\\.jsonl",
        key,
    )


def test_without_an_id_of_the_caller_there_is_none(serving, capture, lines):
    serving.create("one", capture=capture())
    serving.settled()
    serving.invoke()
    (line,) = lines(1)
    assert set(line["eventMetadata"]) == {"eventId", "inferenceTime"}


def test_many_requests_are_one_file_and_failed_ones_are_not_in_it(
    serving, capture, files, gone, name
):
    serving.create("one", capture=capture())
    serving.settled()
    for number in range(20):
        serving.invoke(f"{number}".encode(), ContentType="text/csv")
    serving.update("failing", capture=capture(), STATUS="500")
    serving.settled()
    with pytest.raises(serving.runtime.exceptions.ModelError):
        serving.invoke()
    gone()
    found = [text.splitlines() for text in files().values()]
    sent = [
        json.loads(line)["captureData"]["endpointInput"]["data"] for text in found for line in text
    ]
    assert sorted(sent, key=int) == [str(number) for number in range(20)]
    assert len(found) < 10  # several are in one file, also if the machine is slow


def test_an_update_writes_what_the_old_servers_captured_and_goes_on(
    serving, capture, files, until, name
):
    old = capture(DestinationS3Uri=f"s3://{name}/captured-old/")
    serving.create("old", capture=old)
    serving.settled()
    serving.invoke(b"1", ContentType="text/csv")
    serving.update("new", capture=capture())
    serving.settled()
    serving.invoke(b"2", ContentType="text/csv")
    until(lambda: len(files()) == 2)
    assert {key.split("/")[0] for key in files()} == {"captured-old", "captured"}


def test_deleting_an_endpoint_writes_what_waits(serving, capture, files, gone):
    serving.create("one", capture=capture())
    serving.settled()
    serving.invoke()
    gone()
    (text,) = files().values()
    assert text.endswith("\n")
    assert len(text.splitlines()) == 1


def test_each_variant_has_its_own_files(serving, capture, files, gone, name):
    variants = [{"VariantName": one, **ON_INSTANCES} for one in ("primary", "challenger")]
    serving.create("two", variants=variants, capture=capture())
    serving.settled()
    for variant in ("primary", "challenger", "challenger"):
        serving.invoke(b"1", ContentType="text/csv", TargetVariant=variant)
    gone()
    counts = {}
    for key, text in files().items():
        variant = key.split("/")[2]
        counts[variant] = counts.get(variant, 0) + len(text.splitlines())
    assert counts == {"primary": 1, "challenger": 2}


def test_the_summary_says_what_is_captured(serving, capture, client):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    serving.create("one", capture=capture(KmsKeyId=key, InitialSamplingPercentage=20))
    assert serving.settled()["DataCaptureConfig"] == {
        "EnableCapture": True,
        "CaptureStatus": "Started",
        "CurrentSamplingPercentage": 20,
        "DestinationS3Uri": capture()["DestinationS3Uri"],
        "KmsKeyId": key,
    }
    serving.update("off", capture=capture(EnableCapture=False))
    assert serving.settled()["DataCaptureConfig"] == {
        "EnableCapture": False,
        "CaptureStatus": "Stopped",
        "CurrentSamplingPercentage": 100,
        "DestinationS3Uri": capture()["DestinationS3Uri"],
        "KmsKeyId": "",
    }
    serving.update("none")
    assert "DataCaptureConfig" not in serving.settled()


def test_properties_that_are_retained_do_not_include_the_capture(serving, capture):
    # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_VariantProperty.html
    serving.create("one", capture=capture())
    serving.settled()
    retained = {"RetainAllVariantProperties": True}
    serving.update("two", retained, capture=capture(InitialSamplingPercentage=7))
    assert serving.settled()["DataCaptureConfig"]["CurrentSamplingPercentage"] == 7
    excluded = [{"VariantPropertyType": "DataCaptureConfig"}]
    serving.update("three", {**retained, "ExcludeRetainedVariantProperties": excluded})
    assert "DataCaptureConfig" not in serving.settled()


def test_nothing_is_captured_where_it_is_off(serving, capture, files, gone):
    serving.create("off", capture=capture(EnableCapture=False))
    serving.settled()
    serving.invoke()
    gone()
    assert files() == {}


def allow(client, role_arn, *statements):
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **s} for s in statements],
    }
    client("iam").put_role_policy(
        RoleName=role_arn.split("/")[-1], PolicyName="p", PolicyDocument=json.dumps(document)
    )


@pytest.fixture
def model_role(client, role, name):
    """A model's role that may read its model, and what else a test gives it."""

    def create(*statements):
        arn = role("sagemaker.amazonaws.com", ())
        objects = [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/model.tar.gz"]
        reads = {"Action": ["s3:GetObject", "s3:ListBucket"], "Resource": objects}
        allow(client, arn, reads, *statements)
        return arn

    return create


def log_of(client, name):
    logs = client("logs")
    if not logs.describe_log_groups(logGroupNamePrefix=f"/aws/sagemaker/Endpoints/{name}")[
        "logGroups"
    ]:
        return ""
    events = logs.filter_log_events(logGroupName=f"/aws/sagemaker/Endpoints/{name}")["events"]
    return "\n".join(event["message"] for event in events)


def test_a_role_that_may_not_write_fails_no_invocation_and_the_log_says_so(
    serving, capture, files, model_role, client, until, name
):
    serving.create("one", role=model_role(), capture=capture(), ANSWER="42")
    serving.settled()
    assert serving.invoke() == "42"
    said = until(lambda: log_of(client, name))
    assert "Data capture: 1 captured requests were not written to s3://" in said
    assert "AccessDenied" in said
    assert "s3:PutObject" in said
    assert files() == {}
    assert serving.invoke() == "42"


@pytest.mark.parametrize("may_use_the_key", [False, True])
def test_files_are_encrypted_with_the_key_as_the_models_role(
    serving, capture, files, model_role, client, until, name, may_use_the_key
):
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    writes = {"Action": "s3:PutObject", "Resource": f"arn:aws:s3:::{name}/captured/*"}
    use = {"Action": "kms:GenerateDataKey", "Resource": key}
    role = model_role(writes, *([use] if may_use_the_key else []))
    serving.create("one", role=role, capture=capture(KmsKeyId=key))
    serving.settled()
    serving.invoke()
    until(lambda: files() or log_of(client, name))
    if not may_use_the_key:
        assert "kms:GenerateDataKey" in log_of(client, name)
        assert files() == {}
        return
    (written,) = files()
    head = client("s3").head_object(Bucket=name, Key=written)
    assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)


def test_fails_for_captures_that_the_emulator_cannot_make(serving, capture, name):
    errors = serving.sagemaker.exceptions.ClientError
    with pytest.raises(errors, match="Serverless variants do not support DataCaptureConfig"):
        serving.config(
            "serverless",
            variants=[
                {
                    "VariantName": "primary",
                    "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
                }
            ],
            capture=capture(EnableCapture=None),
        )
    with pytest.raises(errors, match="give s3://bucket/prefix"):
        serving.config("https", capture=capture(DestinationS3Uri="https://bucket/captured"))
    types = {"CsvContentTypes": ["text/csv; charset=utf-8"]}
    with pytest.raises(errors, match="csvContentTypes"):
        serving.config("parameters", capture=capture(CaptureContentTypeHeader=types))
    with pytest.raises(errors, match="real-time endpoints only"):
        serving.sagemaker.create_endpoint_config(
            EndpointConfigName=f"{name}-asynchronous",
            ProductionVariants=[{"VariantName": "a", "ModelName": "m", **ON_INSTANCES}],
            AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": f"s3://{name}/out"}},
            DataCaptureConfig=capture(),
        )
    serving.create("one")
    serving.settled()
    with pytest.raises(serving.runtime.exceptions.ClientError, match="nferenceId"):
        serving.invoke(InferenceId="x" * 65)
