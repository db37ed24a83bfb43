"""Fixtures of the tests of deployments."""

import io
import tarfile
import time

import pytest

from emulator.runtime.host import Host
from emulator.runtime.model_servers.server import ModelServer
from emulator.runtime.processes.isolation import detect_isolation
from tests.emulator.aws.load import Load
from tests.emulator.runtime.conftest import ThisPython
from tests.patience import LIMIT_SECONDS

MINUTE = 1.2
"""Length of a minute, in seconds."""
ON_INSTANCES = {"InstanceType": "ml.t2.medium", "InitialInstanceCount": 2}
SERVERLESS = {
    "VariantName": "primary",
    "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
}
MODEL = """
import time
def model_fn(model_dir):
    return open(model_dir + "/answer.txt").read()
def transform_fn(model, body, content_type, accept):
    time.sleep(0.02)
    return model, "text/csv"
"""


def canary(*alarms, wait=60, termination=60, **changes):
    routing = {
        "Type": "CANARY",
        "CanarySize": {"Type": "INSTANCE_COUNT", "Value": 1},
        "WaitIntervalInSeconds": wait,
        **changes,
    }
    policy = {"TrafficRoutingConfiguration": routing, "TerminationWaitInSeconds": termination}
    rollback = {"AutoRollbackConfiguration": {"Alarms": [{"AlarmName": name} for name in alarms]}}
    return {"DeploymentConfig": {"BlueGreenUpdatePolicy": policy, **(rollback if alarms else {})}}


def linear(wait=60):
    routing = {
        "Type": "LINEAR",
        "LinearStepSize": {"Type": "CAPACITY_PERCENT", "Value": 25},
        "WaitIntervalInSeconds": wait,
    }
    return {"DeploymentConfig": {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing}}}


@pytest.fixture
def real_servers(monkeypatch, cloud, tmp_path):
    """Use the emulator's model servers, with the tests' own interpreter as image."""
    host = Host(tmp_path / "state", cloud.aws, ThisPython(), detect_isolation())

    def start(_, *arguments, **names):
        return ModelServer.start(host, *arguments, **names)

    monkeypatch.setattr(type(cloud.servers), "__call__", start)


@pytest.fixture
def model_archive():
    """Make a model's archive, whose ``answer.txt`` its code reads."""

    def make(answer, code=MODEL):
        stream = io.BytesIO()
        with tarfile.open(fileobj=stream, mode="w:gz") as tar:
            for name, text in {"code/inference.py": code, "answer.txt": answer}.items():
                member = tarfile.TarInfo(name)
                member.size = len(text)
                tar.addfile(member, io.BytesIO(text.encode()))
        return stream.getvalue()

    return make


@pytest.fixture
def alarm(client, name):
    """Put an alarm on errors of the endpoint, or of one fleet of it."""
    cloudwatch, made = client("cloudwatch"), []

    def put(config=None, suffix="errors", **changes):
        dimensions = {"EndpointName": name, "VariantName": "primary"}
        if config:
            dimensions["EndpointConfigName"] = config
        made.append(f"{name}-{suffix}")
        cloudwatch.put_metric_alarm(
            **{
                "AlarmName": made[-1],
                "Namespace": "AWS/SageMaker",
                "MetricName": "Invocation5XXErrors",
                "Dimensions": [{"Name": k, "Value": v} for k, v in dimensions.items()],
                "Statistic": "Average",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 0.1,
                "ComparisonOperator": "GreaterThanThreshold",
                "TreatMissingData": "notBreaching",
                **changes,
            }
        )
        return made[-1]

    yield put
    cloudwatch.delete_alarms(AlarmNames=made)


@pytest.fixture
def load(cloud, name):
    return lambda per_second=60: Load(cloud.aws, name, per_second)


@pytest.fixture
def old(serving):
    """An endpoint with two instances that responds with ``old``."""
    serving.create("old", count=2, ANSWER="old")
    serving.settled()
    return serving


def steps(serving):
    """Return the steps that DescribeEndpoint shows until the update ends."""
    seen, deadline = [], time.monotonic() + LIMIT_SECONDS
    while (endpoint := serving.describe())["EndpointStatus"] == "Updating":
        assert time.monotonic() < deadline
        (variant,) = endpoint["PendingDeploymentSummary"]["ProductionVariants"]
        step = variant["VariantStatus"][0]
        shown = (step["Status"], step["StatusMessage"], variant["CurrentInstanceCount"])
        if shown not in seen:
            seen.append(shown)
        time.sleep(0.01)
    return seen
