"""S3 and CloudWatch on disk, and the other fixtures of the runtime's tests."""

import io
import os
import sys
import tarfile
import textwrap
import threading
from pathlib import Path

import pytest

from emulator.runtime.environments import Environments
from emulator.runtime.host import Host
from emulator.runtime.jobs.runner import JobRunner
from emulator.runtime.processes.isolation import (
    IsolationError,
    MountNamespace,
    PathShim,
    detect_isolation,
)
from tests import patience
from tests.emulator.runtime.disk_cloud import FakeAws

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
ROLE = "arn:aws:iam::123456789012:role/sagemaker"
BUCKET = "s3://bucket"


class ThisPython(Environments):
    """Environments that use the tests' own interpreter for every image."""

    def python_for_image(self, image_uri):
        return Path(sys.executable)


@pytest.fixture
def aws(tmp_path):
    return FakeAws(tmp_path / "s3")


@pytest.fixture
def s3(aws):
    return aws.s3


def _isolations():
    try:
        detected = detect_isolation()
    except IsolationError:
        return []
    return [detected] if isinstance(detected, PathShim) else [MountNamespace(), PathShim()]


ISOLATIONS = _isolations()


@pytest.fixture(scope="session")
def isolation():
    """The isolation that the emulator chooses on this machine."""
    return detect_isolation()


@pytest.fixture(params=ISOLATIONS, ids=lambda isolation: isolation.name)
def each_isolation(request):
    return request.param


@pytest.fixture
def state_dir(tmp_path):
    return tmp_path / "state"


@pytest.fixture
def host(state_dir, aws, isolation):
    """This machine, with the tests' own interpreter for every image."""
    return Host(state_dir, aws, ThisPython(), isolation)


@pytest.fixture
def runner(host):
    return JobRunner(host, grace_seconds=0.5)


@pytest.fixture
def stop():
    return threading.Event()


@pytest.fixture
def tar_gz():
    """Create an archive of texts by name."""

    def make(files):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as archive:
            for name, text in files.items():
                data = text if isinstance(text, bytes) else textwrap.dedent(text).encode()
                member = tarfile.TarInfo(name)
                member.size = len(data)
                archive.addfile(member, io.BytesIO(data))
        return stream.getvalue()

    return make


@pytest.fixture
def read_tar_gz():
    """Return the files of an archive as bytes by name."""

    def read(data):
        with tarfile.open(fileobj=io.BytesIO(data), mode="r:gz") as archive:
            files = {member.name: archive.extractfile(member) for member in archive.getmembers()}
            return {name: file.read() for name, file in files.items() if file is not None}

    return read


@pytest.fixture
def processing_request():
    """Return a request that runs Python code in a processing job."""

    def make(code, **changes):
        return {
            "ProcessingJobName": "job",
            "ProcessingResources": {
                "ClusterConfig": {
                    "InstanceCount": 1,
                    "InstanceType": "ml.m5.large",
                    "VolumeSizeInGB": 30,
                }
            },
            "AppSpecification": {
                "ImageUri": IMAGE,
                "ContainerEntrypoint": ["python3", "-c", textwrap.dedent(code)],
                "ContainerArguments": ["--input", "/opt/ml/processing/input"],
            },
            "ProcessingInputs": [
                {
                    "InputName": "data",
                    "S3Input": {
                        "S3Uri": f"{BUCKET}/raw-data/",
                        "LocalPath": "/opt/ml/processing/input",
                        "S3DataType": "S3Prefix",
                        "S3InputMode": "File",
                    },
                }
            ],
            "ProcessingOutputConfig": {
                "Outputs": [
                    {
                        "OutputName": "out",
                        "S3Output": {
                            "S3Uri": f"{BUCKET}/processed",
                            "LocalPath": "/opt/ml/processing/output",
                            "S3UploadMode": "EndOfJob",
                        },
                    }
                ]
            },
            "RoleArn": ROLE,
            **changes,
        }

    return make


@pytest.fixture
def training_request(s3, tar_gz):
    """Return a request that runs Python code as training script."""

    def make(code, files=(), hyperparameters=(), **changes):
        s3.put("code/source.tar.gz", tar_gz({"train.py": code, **dict(files)}))
        return {
            "TrainingJobName": "job",
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "HyperParameters": {
                "sagemaker_program": "train.py",
                "sagemaker_submit_directory": f"{BUCKET}/code/source.tar.gz",
                **dict(hyperparameters),
            },
            "OutputDataConfig": {"S3OutputPath": f"{BUCKET}/model-artifacts/"},
            "ResourceConfig": {
                "InstanceCount": 1,
                "InstanceType": "ml.m5.large",
                "VolumeSizeInGB": 30,
            },
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
            "RoleArn": ROLE,
            **changes,
        }

    return make


@pytest.fixture
def wait_until():
    """Wait until a condition is true, or fail."""
    return patience.wait_until


@pytest.fixture
def wait_until_gone(wait_until):
    """Wait until a process has ended, or fail."""

    def is_gone(process_id):
        try:
            os.kill(process_id, 0)
        except ProcessLookupError:
            return True
        return False

    return lambda process_id: wait_until(lambda: is_gone(process_id), f"{process_id} is gone")
