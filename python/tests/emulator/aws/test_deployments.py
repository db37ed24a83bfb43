"""Updates with deployment guardrails. Here a minute lasts 1.2 s."""

import datetime
import io
import tarfile
import threading
import time

import pytest

from emulator.aws.sagemaker.deployment_policy import DeploymentPolicy
from emulator.aws.sagemaker.deployments import Clock, Deployment, RollbackError
from emulator.aws.sagemaker.endpoints import Endpoints
from emulator.aws.sagemaker.fleet import Fleet, Variant, VariantPlan
from emulator.aws.sagemaker.traffic import Traffic
from emulator.faults import Faults
from emulator.runtime.isolation import detect_isolation
from emulator.runtime.model_servers import ModelServer
from tests.emulator.aws.conftest import PretendedServer, PretendedServers
from tests.emulator.aws.load import Load
from tests.emulator.aws.serving import ROLE
from tests.emulator.runtime.conftest import ThisPython
from tests.patience import LIMIT_SECONDS, wait_until

MINUTE = 1.2
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
    """An endpoint with two instances that answers ``old``."""
    serving.create("old", count=2, ANSWER="old")
    serving.settled()
    return serving


def steps(serving):
    """Give the steps that DescribeEndpoint shows, one after the other, until the update ends."""
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


def test_a_canary_under_load_loses_no_request(old, load, alarm):
    name = alarm()
    with load() as stream:
        time.sleep(0.3)
        old.update("new", canary(name), count=2, ANSWER="new")
        endpoint = old.settled()
        time.sleep(0.3)
    assert endpoint["EndpointConfigName"] == f"{old.name}-new"
    assert "FailureReason" not in endpoint
    assert stream.failed == []
    bodies = [answer.body for answer in sorted(stream.answers, key=lambda answer: answer.sent)]
    first, last = bodies.index("new"), len(bodies) - bodies[::-1].index("old")
    canary_took = bodies[first:last]
    # Give or take two, and what each of the four senders had on its way at both ends.
    assert canary_took.count("new") == pytest.approx(len(canary_took) / 2, abs=2 + 4)
    assert len(bodies) - last > 20  # all of the last bake


@pytest.fixture
def real_servers(monkeypatch, cloud, tmp_path):
    """Model servers are those of the emulator, with the tests' own interpreter as image."""
    options = {
        "state_dir": tmp_path,
        "aws": cloud.aws,
        "environments": ThisPython(),
        "isolation": detect_isolation(),
    }

    def start(_, *arguments, **names):
        return ModelServer.start(*arguments, **names, **options)

    monkeypatch.setattr(type(cloud.servers), "__call__", start)


def archive(answer):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as tar:
        for name, text in {"code/inference.py": MODEL, "answer.txt": answer}.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return stream.getvalue()


def test_real_servers_change_under_load_without_a_lost_request(real_servers, serving, load, client):
    def model(answer):
        client("s3").put_object(Bucket=serving.name, Key="model.tar.gz", Body=archive(answer))
        return {
            "SAGEMAKER_PROGRAM": "inference.py",
            "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "2",
        }

    serving.create("old", count=2, **model("old"))
    assert serving.settled()["EndpointStatus"] == "InService"
    with load() as stream:
        serving.update("new", canary(wait=60, termination=60), count=2, **model("new"))
        endpoint = serving.settled()
        time.sleep(1)  # the old servers end
    assert endpoint["EndpointConfigName"] == f"{serving.name}-new"
    assert stream.failed == []
    assert {answer.body for answer in stream.answers} == {"old", "new"}
    serving.delete()


def test_a_failing_canary_is_rolled_back_and_costs_its_share_only(old, load, alarm, cloud):
    config = f"{old.name}-bad"
    name = alarm(config)
    with load() as stream:
        time.sleep(0.3)
        old.update("bad", canary(name, wait=600), count=2, STATUS="500")
        endpoint = old.settled()
        ended = time.monotonic()
        time.sleep(0.5)
    assert endpoint["EndpointConfigName"] == f"{old.name}-old"
    assert endpoint["FailureReason"] == (
        f"The deployment of {config} was rolled back: the CloudWatch alarms ['{name}'] are in "
        "ALARM."
    )
    assert "PendingDeploymentSummary" not in endpoint
    failed = stream.failed
    assert failed
    first, last = min(one.sent for one in failed), max(one.sent for one in failed)
    assert last - first < 10 * MINUTE  # the canary's wait
    assert last <= ended
    meanwhile = [answer for answer in stream.answers if first <= answer.sent <= last]
    # Give or take two, and what each of the four senders had on its way at both ends.
    assert len(failed) <= len(meanwhile) / 2 + 2 + 4
    assert {answer.body for answer in stream.answers if answer.status == 200} == {"old"}
    # The next release finds nothing left over.
    old.update("good", canary(alarm(f"{old.name}-good", "good")), count=2, ANSWER="good")
    assert old.settled()["EndpointConfigName"] == f"{old.name}-good"
    assert old.ask() == "good"


def test_a_slow_canary_is_rolled_back(old, load, alarm):
    config = f"{old.name}-slow"
    name = alarm(
        config,
        MetricName="ModelLatency",
        Statistic="Maximum",
        Threshold=100_000,  # microseconds
    )
    with load(20) as stream:
        old.update("slow", canary(name, wait=600), count=2, ANSWER="slow", DELAY="0.15")
        endpoint = old.settled()
    assert endpoint["EndpointConfigName"] == f"{old.name}-old"
    assert f"'{name}'" in endpoint["FailureReason"]
    assert stream.failed == []


def test_an_alarm_in_the_last_bake_brings_all_traffic_back(old, alarm, client):
    name = alarm()
    old.update("new", canary(name, wait=0, termination=600), count=2, ANSWER="new")
    wait_until(lambda: old.ask() == old.ask() == "new")
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="r")
    endpoint = old.settled()
    assert endpoint["EndpointConfigName"] == f"{old.name}-old"
    assert {old.ask() for _ in range(10)} == {"old"}


def test_all_at_once_bakes_before_the_old_servers_go(old, cloud):
    before = cloud.servers.started[-1]
    policy = {
        "BlueGreenUpdatePolicy": {
            "TrafficRoutingConfiguration": {"Type": "ALL_AT_ONCE", "WaitIntervalInSeconds": 0},
            "TerminationWaitInSeconds": 60,
        }
    }
    begun = time.monotonic()
    old.update("new", {"DeploymentConfig": policy}, ANSWER="new")
    wait_until(lambda: old.ask() == "new")

    def has_ended():
        is_down = before.stopped.is_set()
        if old.describe()["EndpointStatus"] == "Updating":
            assert not is_down
            return False
        return True

    wait_until(has_ended)
    assert time.monotonic() - begun >= MINUTE
    assert before.stopped.wait(LIMIT_SECONDS)


def test_the_steps_of_an_update_are_shown_and_are_events(serving, seen):
    serving.create("old", count=4, ANSWER="old")
    serving.settled()
    kind = "SageMaker Endpoint Deployment State Change"
    events = seen({"detail-type": [kind], "detail": {"EndpointName": [serving.name]}})
    serving.update("new", linear(wait=30), count=4, ANSWER="new")
    shown = steps(serving)
    baking = [(text, count) for status, text, count in shown if status == "Baking"]
    assert baking == [
        (
            "Baking for 30 seconds (WaitIntervalInSeconds) with traffic enabled on canary "
            f"capacity of {count} instance(s).",
            count,
        )
        for count in (1, 2, 3)
    ]
    told = [
        (variant["VariantStatus"][0]["Status"], variant["CurrentInstanceCount"])
        for event in events(8)
        for variant in event["detail"]["PendingDeploymentSummary"]["ProductionVariants"]
    ]
    assert told == [
        ("Creating", 0),
        *[(status, n) for n in (1, 2, 3) for status in ("ActivatingTraffic", "Baking")],
        ("ActivatingTraffic", 4),
    ]
    (first, *_) = events(8)
    assert first["detail"]["EndpointStatus"] == "UPDATING"
    assert first["detail"]["EndpointConfigName"] == f"{serving.name}-old"
    started = first["detail"]["PendingDeploymentSummary"]["StartTime"]
    assert started > 1_600_000_000_000


def test_a_rollback_is_an_event_with_its_reason(old, seen, alarm, client):
    kind = "SageMaker Endpoint State Change"
    events = seen({"detail-type": [kind], "detail": {"EndpointName": [old.name]}})
    name = alarm()
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="r")
    old.update("new", canary(name), count=2)
    updating, settled = events(2)
    assert updating["detail"]["EndpointStatus"] == "UPDATING"
    assert settled["detail"]["EndpointStatus"] == "IN_SERVICE"
    assert settled["detail"]["EndpointConfigName"] == f"{old.name}-old"
    assert name in settled["detail"]["FailureReason"]


def test_an_alarm_that_is_on_already_stops_the_update_before_any_traffic_moves(old, alarm, client):
    name = alarm()
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="r")
    old.update("new", canary(name, wait=0, termination=0), count=2, ANSWER="new")
    endpoint = old.settled()
    assert endpoint["EndpointConfigName"] == f"{old.name}-old"
    assert name in endpoint["FailureReason"]


def test_an_update_that_takes_too_long_is_rolled_back(until):
    policy = DeploymentPolicy("ALL_AT_ONCE", None, 0, 3, maximum_seconds=1)
    plans = [VariantPlan("v", 1.0, {}, "arn:role")]
    server = PretendedServer({})
    new = Fleet("new", [Variant(plans[0], server)])
    traffic = Traffic(Fleet("old", [Variant(plans[0], PretendedServer({}))]), "real-time")
    clock = Clock(1.0, threading.Event())
    deployment = Deployment("new", plans, policy, clock, lambda _: None)
    with pytest.raises(RollbackError, match=r"longer than MaximumExecutionTimeoutInSeconds"):
        deployment.run(traffic, lambda: new)
    with traffic.serving(None) as assigned:
        assert assigned.config == "old"
    until(server.stopped.is_set)


def test_an_alarm_that_is_deleted_meanwhile_ends_the_update(old, alarm, client):
    name = alarm()
    old.update("new", canary(name, wait=3000), count=2, ANSWER="new")
    time.sleep(0.3)
    client("cloudwatch").delete_alarms(AlarmNames=[name])
    endpoint = old.settled()
    assert endpoint["EndpointConfigName"] == f"{old.name}-old"
    assert "do not exist any more" in endpoint["FailureReason"]


def test_new_servers_that_do_not_get_healthy_change_nothing(old):
    old.update("bad", canary(), count=2, BROKEN="no model_fn")
    endpoint = old.settled()
    assert endpoint["EndpointConfigName"] == f"{old.name}-old"
    assert endpoint["FailureReason"] == "no model_fn"
    assert {old.ask() for _ in range(10)} == {"old"}


def test_an_update_is_neither_doubled_nor_deleted_from_under(old):
    old.update("new", canary(wait=600), count=2)
    for refused in (old.delete, lambda: old.update("third", count=2)):
        with pytest.raises(
            old.sagemaker.exceptions.ClientError, match="Cannot update in-progress endpoint"
        ):
            refused()
    with pytest.raises(old.sagemaker.exceptions.ClientError, match="Cannot update in-progress"):
        old.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=old.name,
            DesiredWeightsAndCapacities=[{"VariantName": "primary", "DesiredWeight": 1}],
        )


@pytest.mark.parametrize(
    ("request_", "options", "problem"),
    [
        (canary("nobody-put-this-alarm"), {"count": 2}, "do not exist: .'nobody-put-this-alarm'."),
        (canary(), {"count": 1}, "variant primary has 1: use 2 instances or more"),
        (
            canary(),
            {"variants": [{"VariantName": "other", **ON_INSTANCES}]},
            r"variant names of the old one: \['primary'\], got \['other'\]",
        ),
        (
            {},
            {
                "variants": [
                    {
                        "VariantName": "p",
                        "ServerlessConfig": {"MemorySizeInMB": 1024, "MaxConcurrency": 1},
                    }
                ]
            },
            "Cannot update a real-time endpoint to a serverless one.*another name",
        ),
        (
            {**canary(), "RetainDeploymentConfig": True},
            {"count": 2},
            "Give either DeploymentConfig or RetainDeploymentConfig",
        ),
        (
            {
                "DeploymentConfig": {
                    "RollingUpdatePolicy": {
                        "MaximumBatchSize": {"Type": "CAPACITY_PERCENT", "Value": 50},
                        "WaitIntervalInSeconds": 60,
                    }
                }
            },
            {"count": 2},
            "RollingUpdatePolicy: the emulator",
        ),
    ],
)
def test_fails_at_once_for_what_cannot_be_deployed_so(old, request_, options, problem):
    with pytest.raises(old.sagemaker.exceptions.ClientError, match=problem) as refusal:
        old.update("new", request_, **options)
    assert refusal.value.response["Error"]["Code"] == "ValidationException"
    endpoint = old.describe()
    assert (endpoint["EndpointStatus"], endpoint["EndpointConfigName"]) == (
        "InService",
        f"{old.name}-old",
    )


def test_fails_if_the_execution_role_may_not_read_the_alarms(old, alarm, role):
    name = alarm()
    poor = role("sagemaker.amazonaws.com", ("s3:GetObject",))
    with pytest.raises(old.sagemaker.exceptions.ClientError, match="cloudwatch:DescribeAlarms on"):
        old.update("new", canary(name), count=2, role=poor)
    rich = role("sagemaker.amazonaws.com", ("s3:GetObject", "cloudwatch:DescribeAlarms"))
    old.update("newer", canary(name, wait=0, termination=0), count=2, role=rich)
    assert old.settled()["EndpointConfigName"].endswith("-newer")


def test_a_deployment_configuration_is_kept_for_later_updates(serving, client):
    config = serving.config("old", count=2)
    stored = canary(wait=60, termination=0)
    serving.sagemaker.create_endpoint(
        EndpointName=serving.name, EndpointConfigName=config, **stored
    )
    endpoint = serving.settled()
    assert endpoint["LastDeploymentConfig"] == stored["DeploymentConfig"]
    serving.update("new", {"RetainDeploymentConfig": True}, count=2)
    assert "canary capacity of 1 instance(s)" in str(steps(serving))
    serving.update("newer", count=2)
    assert "canary" not in str(steps(serving))


def test_variant_properties_are_retained(old):
    old.sagemaker.update_endpoint_weights_and_capacities(
        EndpointName=old.name,
        DesiredWeightsAndCapacities=[
            {"VariantName": "primary", "DesiredWeight": 3, "DesiredInstanceCount": 5}
        ],
    )
    (variant,) = old.settled()["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (3, 5)
    retain = {"RetainAllVariantProperties": True}
    old.update("new", retain, count=2)
    (variant,) = old.settled()["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (3, 5)
    excluded = [{"VariantPropertyType": "DesiredInstanceCount"}]
    old.update("newer", {**retain, "ExcludeRetainedVariantProperties": excluded}, count=2)
    (variant,) = old.settled()["ProductionVariants"]
    assert (variant["CurrentWeight"], variant["CurrentInstanceCount"]) == (3, 2)


def test_weights_change_while_requests_come(serving, load):
    serving.model(f"{serving.name}-b", Environment={"ANSWER": "b"})
    variants = [
        {"VariantName": "a", **ON_INSTANCES},
        {"VariantName": "b", **ON_INSTANCES, "ModelName": f"{serving.name}-b"},
    ]
    serving.create("ab", variants=variants, ANSWER="a")
    serving.settled()
    with load() as stream:
        time.sleep(0.5)
        serving.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=serving.name,
            DesiredWeightsAndCapacities=[{"VariantName": "a", "DesiredWeight": 0}],
        )
        changed = time.monotonic()
        time.sleep(0.5)
    assert stream.failed == []
    assert {a.body for a in stream.answers if a.sent <= changed} == {"a", "b"}
    assert {a.body for a in stream.answers if a.sent > changed} == {"b"}
    assert serving.ask(TargetVariant="a") == "a"


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ([{"VariantName": "x", "DesiredWeight": 1}], "not present within endpoint configuration"),
        ([{"VariantName": "primary"}, {"VariantName": "primary"}], "non-unique"),
        ([{"VariantName": "primary", "DesiredInstanceCount": 0}], "must be 1 or more"),
        (
            [{"VariantName": "primary", "ServerlessUpdateConfig": {"MaxConcurrency": 2}}],
            "is not serverless",
        ),
    ],
)
def test_fails_to_adjust_what_is_not_there(old, wanted, problem):
    with pytest.raises(old.sagemaker.exceptions.ClientError, match=problem):
        old.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=old.name, DesiredWeightsAndCapacities=wanted
        )
    assert old.ask() == "old"


def test_fleets_are_counted_apart_and_together(old, client, until):
    old.update("new", canary(wait=120), count=2, ANSWER="new")
    answers = [old.ask() for _ in range(40)]
    cloudwatch = client("cloudwatch")
    now = datetime.datetime.now(tz=datetime.timezone.utc)

    def requests(config=None):
        dimensions = {"EndpointName": old.name, "VariantName": "primary"}
        if config:
            dimensions["EndpointConfigName"] = f"{old.name}-{config}"
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/SageMaker",
            MetricName="Invocations",
            Dimensions=[{"Name": k, "Value": v} for k, v in dimensions.items()],
            StartTime=now - datetime.timedelta(minutes=5),
            EndTime=now + datetime.timedelta(minutes=5),
            Period=3600,
            Statistics=["Sum"],
        )["Datapoints"]
        return sum(point["Sum"] for point in points)

    until(lambda: requests() == 40)
    assert requests("old") == answers.count("old")
    assert requests("new") == answers.count("new") > 0


def test_closing_ends_an_update_and_its_servers(cloud, name):
    from moto.sagemaker.models import FakeEndpoint  # once the cloud has corrected it

    servers = PretendedServers()
    endpoints = Endpoints(servers, Faults(), 1.0)
    endpoint = FakeEndpoint("123456789012", "us-east-1", name, "c", [], {}, [])
    plans = [VariantPlan("primary", 1.0, {}, ROLE, 2)]
    endpoints.create(endpoint, "real-time", "c", plans)
    wait_until(lambda: endpoints.serving(name))
    policy = DeploymentPolicy("CANARY", {"Type": "INSTANCE_COUNT", "Value": 1}, 3600)
    endpoints.update(endpoint, "d", plans, policy)
    wait_until(lambda: len(servers.started) == 2)
    endpoints.close()
    assert all(server.stopped.wait(LIMIT_SECONDS) for server in servers.started)
