"""Updates of an endpoint whose model servers are killed meanwhile."""

import os
import signal

import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.sagemaker.deployments.conftest import canary

LOADS = """
import os, time
def model_fn(model_dir):
    folder = {folder!r}
    answer = open(model_dir + "/answer.txt").read()
    open(f"{{folder}}/{{answer}}-{{os.getppid()}}", "w").close()
    while os.path.exists(f"{{folder}}/hang"):
        time.sleep(0.05)
    return answer
def transform_fn(model, body, content_type, accept):
    return model, "text/csv"
"""


@pytest.fixture
def release(real_servers, serving, model_archive, tmp_path, client):
    """Create the endpoint, or update it, with a model that tells the process of its server."""

    def make(answer, request=None):
        code = LOADS.format(folder=str(tmp_path))
        body = model_archive(answer, code)
        client("s3").put_object(Bucket=serving.name, Key="model.tar.gz", Body=body)
        model = {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
        }
        if request is None:
            serving.create(answer, count=2, **model)
        else:
            serving.update(answer, request, count=2, **model)

    yield make
    serving.delete()


@pytest.fixture
def kill_server(tmp_path, until):
    """Kill the server of the model with an answer, as soon as it loads that."""

    def kill(answer):
        (started,) = until(lambda: [*tmp_path.glob(f"{answer}-*")])
        os.kill(int(started.name.rpartition("-")[2]), signal.SIGKILL)
        started.unlink()

    return kill


def answers(serving, expected):
    try:
        return serving.invoke() == expected
    except ClientError:
        return False  # a server is being started again


def test_a_new_server_that_is_killed_before_it_serves_leaves_the_old_one_and_can_be_tried_again(
    release, kill_server, serving, tmp_path
):
    release("old")
    assert serving.settled()["EndpointStatus"] == "InService"
    (tmp_path / "hang").touch()
    release("new", {})
    kill_server("new")
    endpoint = serving.settled()
    assert endpoint["EndpointConfigName"] == f"{serving.name}-old"
    assert endpoint["FailureReason"]
    assert serving.invoke() == "old"
    (tmp_path / "hang").unlink()

    release("newer", {})

    assert serving.settled()["EndpointConfigName"] == f"{serving.name}-newer"
    assert serving.invoke() == "newer"


def test_a_new_server_that_is_killed_in_its_canary_is_started_again_and_the_update_ends(
    release, kill_server, serving, until, tmp_path
):
    release("old")
    serving.settled()
    release("new", canary(wait=300))
    until(lambda: answers(serving, "new"))
    assert serving.describe()["EndpointStatus"] == "Updating"
    kill_server("new")
    # It loads the model again.
    until(lambda: [*tmp_path.glob("new-*")])
    endpoint = serving.settled()
    assert endpoint["EndpointConfigName"] == f"{serving.name}-new"
    assert "FailureReason" not in endpoint
    until(lambda: answers(serving, "new"))
