import os
import subprocess
import sys

from emulator.aws.clients import EmulatedAws

ROLE = "arn:aws:iam::123456789012:role/workflow"


def test_clients_and_variables_have_the_roles_credentials(cloud, client):
    expected = "arn:aws:sts::123456789012:assumed-role/workflow/"
    assert client("sts", ROLE).get_caller_identity()["Arn"].startswith(expected)
    code = "import boto3; print(boto3.client('sts').get_caller_identity()['Arn'])"
    variables = {"PATH": os.environ["PATH"], **cloud.aws.environment(ROLE)}
    child = subprocess.run(
        [sys.executable, "-c", code],
        env={**variables, "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert child.stdout.startswith(expected)


def test_clients_do_not_read_the_users_settings(cloud, monkeypatch):
    monkeypatch.setenv("AWS_PROFILE", "of-the-user")
    monkeypatch.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    from emulator.aws.clients import remove_aws_settings

    for name in list(os.environ):
        if name.startswith("AWS_") or name.lower() == "no_proxy":
            monkeypatch.setenv(name, os.environ[name])  # so that they are restored
    remove_aws_settings()
    aws = EmulatedAws(cloud.endpoint, cloud.aws.key)
    assert aws.client("sts").get_caller_identity()["Account"] == "123456789012"


def test_log_lines_are_in_order_in_their_stream(cloud, client, name):
    for lines in (["one", "two"], [], ["three"]):
        cloud.aws.write_log(f"/test/{name}", "stream", lines)
    events = client("logs").get_log_events(
        logGroupName=f"/test/{name}", logStreamName="stream", startFromHead=True
    )["events"]
    assert [event["message"] for event in events] == ["one", "two", "three"]
