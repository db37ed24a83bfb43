"""A function's configuration is read back as it was written."""

import io
import zipfile

import pytest

from tests.emulator.aws.conftest import ROLE

KEY = "arn:aws:kms:us-east-1:123456789012:key/k"


@pytest.fixture
def create(client, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "def handler(event, context): return event")

    def call(**options):
        return client("lambda").create_function(
            FunctionName=name,
            Runtime="python3.11",
            Role=ROLE,
            Handler="index.handler",
            Code={"ZipFile": packed.getvalue()},
            **options,
        )

    yield call
    client("lambda").delete_function(FunctionName=name)


def test_members_that_moto_drops_are_stored(client, name, create):
    given = {
        "KMSKeyArn": KEY,
        "LoggingConfig": {"LogFormat": "JSON", "LogGroup": "/x/y"},
        "TracingConfig": {"Mode": "Active"},
    }
    created = create(**given, Publish=True)
    for found in (created, client("lambda").get_function_configuration(FunctionName=name)):
        assert {member: found[member] for member in given} == given
    version = client("lambda").get_function_configuration(FunctionName=name, Qualifier="1")
    assert version["LoggingConfig"]["LogGroup"] == "/x/y"


def test_an_update_changes_members_that_moto_drops(client, name, create):
    create(TracingConfig={"Mode": "PassThrough"})
    client("lambda").update_function_configuration(
        FunctionName=name,
        DeadLetterConfig={"TargetArn": ""},  # Terraform sends this if there is none
        EphemeralStorage={"Size": 1024},
        KMSKeyArn=KEY,
        TracingConfig={"Mode": "Active"},
    )
    found = client("lambda").get_function_configuration(FunctionName=name)
    assert "DeadLetterConfig" not in found
    assert found["EphemeralStorage"] == {"Size": 1024}
    assert found["KMSKeyArn"] == KEY
    assert found["TracingConfig"] == {"Mode": "Active"}


def test_fails_for_a_dead_letter_queue(client, name, create):
    create()
    with pytest.raises(client("lambda").exceptions.ClientError, match="DeadLetterConfig of lambda"):
        client("lambda").update_function_configuration(
            FunctionName=name, DeadLetterConfig={"TargetArn": "arn:aws:sqs:us-east-1:1:dead"}
        )


def test_the_log_goes_to_the_configured_log_group(cloud, client, name, create):
    cloud.functions.handlers[name] = lambda event: event
    create(LoggingConfig={"LogGroup": "/x/y"})
    client("lambda").invoke(FunctionName=name, Payload=b"{}")
    assert cloud.functions.specs[name].log_group == "/x/y"


def test_the_default_log_group_is_named_after_the_function(client, name, create):
    assert create()["LoggingConfig"] == {"LogFormat": "Text", "LogGroup": f"/aws/lambda/{name}"}
