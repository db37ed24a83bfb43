import json
from datetime import timedelta

import pytest

from tests.lambda_src.experiment_aws import BEGUN, HOME, InMemoryAws, run_check
from tests.lambda_src.test_experiment_rewards import LATER

FINAL = {"promote": {"forest": 0.0, "linear": 1.0}, "rollBack": {"forest": 1.0, "linear": 0.0}}


def test_hold_writes_the_decision_and_changes_nothing(aws: InMemoryAws):
    aws.reward(0.5, 0.5)

    decision = run_check(aws)

    assert (decision["Verdict"], decision["Final"]) == ("hold", False)
    assert aws.saved("decision.json") == decision
    assert decision["Variants"]["linear"]["MeanReward"] == 0.5
    assert (aws.updates, aws.events, aws.messages) == ([], [], [])


def test_a_reward_of_the_second_of_the_variants_creation_counts(aws: InMemoryAws):
    """SageMaker returns fractions of a second, S3 whole seconds, rounded down."""
    aws.reward(0.5, 0.6)
    aws.config_created = LATER + timedelta(milliseconds=999)

    assert run_check(aws)["Verdict"] == "promote"


@pytest.mark.parametrize(("mean", "verdict"), [(0.6, "promote"), (0.4, "rollBack")])
def test_the_rewards_decide_and_the_weights_follow(aws: InMemoryAws, mean: float, verdict: str):
    run_check(aws)
    aws.reward(0.5, mean)

    decision = run_check(aws)

    assert (decision["Verdict"], decision["Weights"]) == (verdict, FINAL[verdict])
    assert aws.weights == FINAL[verdict]
    assert len(aws.updates) == 1
    assert aws.updates[0]["EndpointName"] == "housing-dev"


def test_a_decision_is_made_and_sent_once(aws: InMemoryAws):
    aws.reward(0.5, 0.6)
    run_check(aws)
    aws.reward(1, 0)

    decisions = [run_check(aws) for _ in range(3)]

    assert [each["Verdict"] for each in decisions] == ["promote"] * 3
    assert [each["Applied"] for each in decisions] == [True] * 3
    assert (len(aws.updates), len(aws.events), len(aws.messages)) == (1, 1, 1)


def test_a_finished_test_does_not_reset_weights_that_were_changed_later(aws: InMemoryAws):
    aws.reward(0.5, 0.6)
    run_check(aws)
    run_check(aws)
    aws.weights = {"forest": 1.0, "linear": 1.0}

    assert run_check(aws)["Verdict"] == "promote"
    assert aws.weights == {"forest": 1.0, "linear": 1.0}


def test_a_pending_decision_is_not_applied_to_other_models(aws: InMemoryAws):
    run_check(aws)
    aws.reward(0.5, 0.6)
    aws.status = "Updating"
    run_check(aws)
    aws.status, aws.config = "InService", "housing-dev-2"

    decision = run_check(aws)

    assert (decision["Verdict"], decision["Applied"], aws.updates) == ("promote", False, [])


def test_correct_weights_are_not_set_again(aws: InMemoryAws):
    aws.reward(0.5, 0.4)
    aws.weights = dict(FINAL["rollBack"])

    decision = run_check(aws)

    assert (decision["Verdict"], decision["Applied"], aws.updates) == ("rollBack", True, [])


def test_the_event_is_the_decision_and_the_message_has_the_next_command(aws: InMemoryAws):
    aws.reward(0.5, 0.6)
    decision = run_check(aws)

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
    run_check(aws)

    assert (len(aws.events), aws.messages) == (1, [])


def test_errors_roll_back_while_the_rewards_cannot_even_be_read(aws: InMemoryAws):
    run_check(aws)
    aws.reward(0.5, 0.5)
    aws.failing.add("GetObject")
    aws.traffic(4, (100, 30, 20_000.0))

    decision = run_check(aws)

    assert decision["Verdict"] == "rollBack"
    assert decision["Reasons"] == [
        "linear fails too often: 30 of 100 invocations, the limit is 2.00%"
    ]
    assert aws.weights == FINAL["rollBack"]


def test_errors_add_up_over_checks(aws: InMemoryAws):
    verdicts = []
    for minute in range(0, 200, 10):
        aws.traffic(minute, (20, 2, 20_000.0))
        verdicts.append(run_check(aws, minutes=10)["Verdict"])

    assert verdicts[:3] == ["hold"] * 3
    assert verdicts[-1] == "rollBack"


def test_a_check_continues_where_the_last_ended_and_reads_nothing_twice(aws: InMemoryAws):
    aws.reward(0.5, 0.5, rewards=200)
    aws.now += timedelta(seconds=30)
    for minute in range(0, 50, 10):
        aws.traffic(minute, (20, 0, 20_000.0))
        run_check(aws, minutes=10)
    aws.traffic(50, (20, 0, 20_000.0))

    decision = run_check(aws)

    counted = aws.saved("state.json")["traffic"]
    assert counted["until"] == (BEGUN + timedelta(minutes=45)).isoformat()
    assert counted["invocations"]["linear"] == 100
    assert decision["Variants"]["linear"]["Invocations"] == 120
    assert sorted(key for key in aws.read if key.startswith("rewards/")) == sorted(
        key for key in aws.objects if key.startswith("rewards/")
    )


def test_latency_rolls_back(aws: InMemoryAws):
    run_check(aws)
    for minute in (1, 2, 3):
        aws.traffic(minute, (10, 0, 250_000.0))

    decision = run_check(aws)

    assert decision["Verdict"] == "rollBack"
    assert decision["Variants"]["linear"]["LatenciesMilliseconds"] == [250, 250, 250]


def test_a_decision_waits_for_an_endpoint_that_is_being_updated(aws: InMemoryAws):
    run_check(aws)
    aws.reward(0.5, 0.6)
    aws.status = "Updating"
    waiting = run_check(aws)
    assert (waiting["Verdict"], waiting["Applied"], aws.updates) == ("promote", False, [])

    aws.status = "InService"
    run_check(aws)

    assert aws.weights == FINAL["promote"]
    assert run_check(aws)["Applied"] is True
    assert len(aws.messages) == 1
