"""Updates with guardrails: traffic, rollbacks and events."""

import threading
import time

import pytest

from emulator.aws.sagemaker.deployment_policy import DeploymentPolicy
from emulator.aws.sagemaker.deployments import Clock, Deployment, RollbackError
from emulator.aws.sagemaker.fleet import Fleet, Variant, VariantPlan
from emulator.aws.sagemaker.traffic import Traffic
from tests.emulator.aws.pretended import PretendedServer
from tests.emulator.aws.sagemaker.deployments.conftest import MINUTE, canary, linear, steps
from tests.patience import LIMIT_SECONDS, wait_until


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
    # Plus or minus two, and the requests of the four senders in flight at both ends.
    assert canary_took.count("new") == pytest.approx(len(canary_took) / 2, abs=2 + 4)
    assert len(bodies) - last > 20  # all of the last bake


def test_real_servers_change_under_load_without_a_lost_request(
    real_servers, serving, load, client, model_archive
):
    def model(answer):
        client("s3").put_object(Bucket=serving.name, Key="model.tar.gz", Body=model_archive(answer))
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
    # Plus or minus two, and the requests of the four senders in flight at both ends.
    assert len(failed) <= len(meanwhile) / 2 + 2 + 4
    assert {answer.body for answer in stream.answers if answer.status == 200} == {"old"}
    # The next release is not affected.
    old.update("good", canary(alarm(f"{old.name}-good", "good")), count=2, ANSWER="good")
    assert old.settled()["EndpointConfigName"] == f"{old.name}-good"
    assert old.invoke() == "good"


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


def test_an_alarm_in_the_last_bake_rolls_back_all_traffic(old, alarm, client):
    name = alarm()
    old.update("new", canary(name, wait=0, termination=600), count=2, ANSWER="new")
    wait_until(lambda: old.invoke() == old.invoke() == "new")
    client("cloudwatch").set_alarm_state(AlarmName=name, StateValue="ALARM", StateReason="r")
    endpoint = old.settled()
    assert endpoint["EndpointConfigName"] == f"{old.name}-old"
    assert {old.invoke() for _ in range(10)} == {"old"}


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
    wait_until(lambda: old.invoke() == "new")

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


def test_an_active_alarm_stops_the_update_before_traffic_shifts(old, alarm, client):
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


def test_deleting_the_alarm_rolls_back_the_update(old, alarm, client):
    name = alarm()
    old.update("new", canary(name, wait=3000), count=2, ANSWER="new")
    time.sleep(0.3)
    client("cloudwatch").delete_alarms(AlarmNames=[name])
    endpoint = old.settled()
    assert endpoint["EndpointConfigName"] == f"{old.name}-old"
    assert "no longer exist" in endpoint["FailureReason"]
