import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

import experiment_controller
from experiment_controller import (
    EndpointMissing,
    ExperimentSuperseded,
    NotificationFailed,
    lambda_handler,
)
from settings import InvalidExperiment
from tests.lambda_src.experiment_aws import BEGUN, HOME, InMemoryAws
from tests.lambda_src.test_experiment import EVENT
from tests.lambda_src.test_experiment_rewards import LATER, lines

FINAL = {"promote": {"forest": 0.0, "linear": 1.0}, "rollBack": {"forest": 1.0, "linear": 0.0}}


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> InMemoryAws:
    made = InMemoryAws()

    class Clock(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # pyright: ignore[reportIncompatibleMethodOverride]
            return made.now

    monkeypatch.setattr(experiment_controller, "_client", made.client)
    monkeypatch.setattr(experiment_controller, "datetime", Clock)
    monkeypatch.setenv("TOPIC_ARN", "arn:aws:sns:us-east-1:123456789012:housing-dev")
    return made


def look(aws: InMemoryAws, minutes: int = 5, **changes: Any) -> dict[str, Any]:
    """Look once, some minutes after the last time."""
    result = lambda_handler({**EVENT, **changes}, None)
    aws.now += timedelta(minutes=minutes)
    return result


def test_hold_writes_the_decision_and_changes_nothing(aws: InMemoryAws):
    aws.reward(0.5, 0.5)

    decision = look(aws)

    assert (decision["Verdict"], decision["Final"]) == ("hold", False)
    assert aws.saved("decision.json") == decision
    assert decision["Variants"]["linear"]["MeanReward"] == 0.5
    assert (aws.updates, aws.events, aws.messages) == ([], [], [])


def test_a_reward_of_the_second_in_which_the_variants_were_made_counts(aws: InMemoryAws):
    """SageMaker gives fractions of a second, and S3 whole ones, rounded down."""
    aws.reward(0.5, 0.6)
    aws.config_created = LATER + timedelta(milliseconds=999)

    assert look(aws)["Verdict"] == "promote"


@pytest.mark.parametrize(("mean", "verdict"), [(0.6, "promote"), (0.4, "rollBack")])
def test_the_rewards_decide_and_the_weights_follow(aws: InMemoryAws, mean: float, verdict: str):
    look(aws)
    aws.reward(0.5, mean)

    decision = look(aws)

    assert (decision["Verdict"], decision["Weights"]) == (verdict, FINAL[verdict])
    assert aws.weights == FINAL[verdict]
    assert len(aws.updates) == 1
    assert aws.updates[0]["EndpointName"] == "housing-dev"


def test_a_decision_is_made_and_told_once(aws: InMemoryAws):
    aws.reward(0.5, 0.6)
    look(aws)
    aws.reward(1, 0)

    decisions = [look(aws) for _ in range(3)]

    assert [each["Verdict"] for each in decisions] == ["promote"] * 3
    assert [each["Applied"] for each in decisions] == [True] * 3
    assert (len(aws.updates), len(aws.events), len(aws.messages)) == (1, 1, 1)


def test_a_finished_test_leaves_weights_alone_that_somebody_changed_later(aws: InMemoryAws):
    aws.reward(0.5, 0.6)
    look(aws)
    look(aws)
    aws.weights = {"forest": 1.0, "linear": 1.0}

    assert look(aws)["Verdict"] == "promote"
    assert aws.weights == {"forest": 1.0, "linear": 1.0}


def test_a_decision_that_waited_is_not_carried_out_on_other_models(aws: InMemoryAws):
    look(aws)
    aws.reward(0.5, 0.6)
    aws.status = "Updating"
    look(aws)
    aws.status, aws.config = "InService", "housing-dev-2"

    decision = look(aws)

    assert (decision["Verdict"], decision["Applied"], aws.updates) == ("promote", False, [])


def test_weights_that_are_right_already_are_not_set_again(aws: InMemoryAws):
    aws.reward(0.5, 0.4)
    aws.weights = dict(FINAL["rollBack"])

    decision = look(aws)

    assert (decision["Verdict"], decision["Applied"], aws.updates) == ("rollBack", True, [])


def test_the_event_is_the_decision_and_the_message_says_what_to_do(aws: InMemoryAws):
    aws.reward(0.5, 0.6)
    decision = look(aws)

    (event,), (message,) = aws.events, aws.messages
    assert event["Source"] == "sagemaker-workflow.experiments"
    assert event["DetailType"] == "A/B Test Decision"
    assert json.loads(event["Detail"]) == decision
    assert message["TopicArn"].endswith(":housing-dev")
    assert message["Subject"] == "A/B test on housing-dev: linear promoted"
    assert "Why: linear earns more than forest: +0.1 a reward" in message["Message"]
    assert "linear: 0 invocations, 0 errors, 4000 rewards of 0.6 on average" in message["Message"]
    assert f"s3://artifacts/{HOME}decision.json" in message["Message"]


def test_without_a_topic_only_the_event_is_sent(aws: InMemoryAws, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TOPIC_ARN")
    aws.reward(0.5, 0.6)
    look(aws)

    assert (len(aws.events), aws.messages) == (1, [])


def test_errors_roll_back_while_the_rewards_cannot_even_be_read(aws: InMemoryAws):
    look(aws)
    aws.reward(0.5, 0.5)
    aws.failing.add("GetObject")
    aws.traffic(4, (100, 30, 20_000.0))

    decision = look(aws)

    assert decision["Verdict"] == "rollBack"
    assert decision["Reasons"] == [
        "linear fails too often: 30 of 100 invocations, the limit is 2.00%"
    ]
    assert aws.weights == FINAL["rollBack"]


def test_errors_add_up_over_looks(aws: InMemoryAws):
    verdicts = []
    for minute in range(0, 200, 10):
        aws.traffic(minute, (20, 2, 20_000.0))
        verdicts.append(look(aws, minutes=10)["Verdict"])

    assert verdicts[:3] == ["hold"] * 3
    assert verdicts[-1] == "rollBack"


def test_looks_go_on_where_the_last_ended_and_read_nothing_twice(aws: InMemoryAws):
    aws.reward(0.5, 0.5, rewards=200)
    aws.now += timedelta(seconds=30)
    for minute in range(0, 50, 10):
        aws.traffic(minute, (20, 0, 20_000.0))
        look(aws, minutes=10)
    aws.traffic(50, (20, 0, 20_000.0))

    decision = look(aws)

    counted = aws.saved("state.json")["traffic"]
    assert counted["until"] == (BEGUN + timedelta(minutes=45)).isoformat()
    assert counted["invocations"]["linear"] == 100
    assert decision["Variants"]["linear"]["Invocations"] == 120
    assert sorted(key for key in aws.read if key.startswith("rewards/")) == sorted(
        key for key in aws.objects if key.startswith("rewards/")
    )


def test_latency_rolls_back(aws: InMemoryAws):
    look(aws)
    for minute in (1, 2, 3):
        aws.traffic(minute, (10, 0, 250_000.0))

    decision = look(aws)

    assert decision["Verdict"] == "rollBack"
    assert decision["Variants"]["linear"]["LatenciesMilliseconds"] == [250, 250, 250]


def test_a_decision_waits_for_an_endpoint_that_is_being_updated(aws: InMemoryAws):
    look(aws)
    aws.reward(0.5, 0.6)
    aws.status = "Updating"
    waiting = look(aws)
    assert (waiting["Verdict"], waiting["Applied"], aws.updates) == ("promote", False, [])

    aws.status = "InService"
    look(aws)

    assert aws.weights == FINAL["promote"]
    assert look(aws)["Applied"] is True
    assert len(aws.messages) == 1


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        ("UpdateEndpointWeightsAndCapacities", ClientError),
        ("PutEvents", ClientError),
        ("entry", NotificationFailed),
        ("Publish", ClientError),
    ],
)
def test_what_fails_at_one_look_is_made_good_by_the_next(
    aws: InMemoryAws, failing: str, error: type[Exception]
):
    aws.reward(0.5, 0.6)
    aws.failing.add(failing)
    with pytest.raises(error):
        look(aws)
    aws.failing.clear()
    # What was decided stays decided, whatever the rewards say now.
    aws.reward(1, 0)

    decision = look(aws)

    assert decision["Verdict"] == "promote"
    assert aws.weights == FINAL["promote"]
    assert (len(aws.updates), len(aws.messages)) == (1, 1)


def test_nothing_is_done_before_the_decision_is_saved(aws: InMemoryAws):
    aws.reward(0.5, 0.6)
    aws.failing.add("PutObject")

    with pytest.raises(ClientError):
        look(aws)

    assert (aws.updates, aws.events, aws.messages) == ([], [], [])


def test_one_of_two_challengers_is_stopped_told_and_kept_out(aws: InMemoryAws):
    aws.weights["boosted"] = 0.5
    challengers = ["linear", "boosted"]
    look(aws, Challengers=challengers)
    aws.traffic(4, (100, 60, 20_000.0))

    stopped = look(aws, Challengers=challengers)
    aws.weights["linear"] = 0.5
    held = look(aws, Challengers=challengers)

    assert (stopped["Verdict"], held["Verdict"]) == ("stop", "hold")
    assert aws.weights == {"forest": 0.5, "linear": 0.0, "boosted": 0.5}
    assert "fails too often" in held["Variants"]["linear"]["Stopped"]
    assert [each["Subject"] for each in aws.messages] == [
        "A/B test on housing-dev: a challenger stopped"
    ]


def test_a_stop_that_could_not_be_told_is_told_once_by_a_later_look(aws: InMemoryAws):
    aws.weights["boosted"] = 0.5
    challengers = ["linear", "boosted"]
    look(aws, Challengers=challengers)
    aws.traffic(4, (100, 60, 20_000.0))
    aws.failing.add("Publish")
    with pytest.raises(ClientError):
        look(aws, Challengers=challengers)
    aws.failing.clear()

    verdicts = [look(aws, Challengers=challengers)["Verdict"] for _ in range(3)]

    assert verdicts == ["hold"] * 3
    assert len(aws.messages) == 1


def test_faulty_rewards_hold_and_name_the_object(aws: InMemoryAws):
    aws.reward(0.5, 0.9)
    aws.put("rewards/housing-dev/linear/x.jsonl", lines(3))

    decision = look(aws)

    assert decision["Verdict"] == "hold"
    assert decision["Reasons"] == [
        "rewards/housing-dev/linear/x.jsonl: line 1: reward must be a number from 0 to 1, got 3"
    ]


def test_fails_when_the_endpoint_got_another_configuration_in_the_middle(aws: InMemoryAws):
    look(aws)
    aws.reward(0.5, 0.9)
    aws.config = "housing-dev-2"

    with pytest.raises(
        ExperimentSuperseded,
        match=r"must have configuration housing-dev-1, .*got housing-dev-2: rem",
    ):
        look(aws)

    assert aws.updates == []


def test_fails_when_the_endpoint_is_gone(aws: InMemoryAws):
    look(aws)
    aws.failing.add("DescribeEndpoint")

    with pytest.raises(
        EndpointMissing, match="endpoint housing-dev does not exist: remove the sch"
    ):
        look(aws)


def test_fails_when_the_test_is_changed_on_the_way(aws: InMemoryAws):
    look(aws)

    with pytest.raises(
        InvalidExperiment, match=r"alpha of A/B test .* must be 0\.05, as at its start, got 0\.2"
    ):
        look(aws, Alpha=0.2)


def test_fails_when_the_endpoint_lacks_a_variant(aws: InMemoryAws):
    with pytest.raises(InvalidExperiment, match="must have the variant other, got forest, linear"):
        look(aws, Challengers=["other"])

    assert HOME + "state.json" not in aws.objects


def test_fails_to_begin_while_the_endpoint_is_being_created(aws: InMemoryAws):
    aws.status = "Creating"

    with pytest.raises(
        InvalidExperiment,
        match="endpoint housing-dev must be InService to start an A/B test, got Creating",
    ):
        look(aws)


def test_the_function_needs_boto3_and_the_standard_library_only_and_imports_make_no_client():
    program = (
        "import sys, boto3; boto3.client = None; sys.modules['numpy'] = None; "
        "import experiment_controller"
    )

    subprocess.run(
        [sys.executable, "-c", program],
        cwd=Path(experiment_controller.__file__).parent,
        check=True,
    )
