import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

import experiment_controller
from experiment_controller import (
    EndpointMissing,
    ExperimentSuperseded,
    NotificationFailed,
)
from settings import InvalidExperiment
from tests.lambda_src.experiment_aws import HOME, InMemoryAws, run_check
from tests.lambda_src.test_experiment_rewards import lines

FINAL = {"promote": {"forest": 0.0, "linear": 1.0}, "rollBack": {"forest": 1.0, "linear": 0.0}}


@pytest.mark.parametrize(
    ("failing", "error"),
    [
        ("UpdateEndpointWeightsAndCapacities", ClientError),
        ("PutEvents", ClientError),
        ("entry", NotificationFailed),
        ("Publish", ClientError),
    ],
)
def test_the_next_check_repeats_what_failed(aws: InMemoryAws, failing: str, error: type[Exception]):
    aws.reward(0.5, 0.6)
    aws.failing.add(failing)
    with pytest.raises(error):
        run_check(aws)
    aws.failing.clear()
    # The decision does not change with new rewards.
    aws.reward(1, 0)

    decision = run_check(aws)

    assert decision["Verdict"] == "promote"
    assert aws.weights == FINAL["promote"]
    assert (len(aws.updates), len(aws.messages)) == (1, 1)


def test_a_decision_is_saved_before_it_is_applied(aws: InMemoryAws):
    aws.reward(0.5, 0.6)
    aws.failing.add("PutObject")

    with pytest.raises(ClientError):
        run_check(aws)

    assert (aws.updates, aws.events, aws.messages) == ([], [], [])


def test_one_of_two_challengers_is_stopped_and_reported_and_stays_stopped(aws: InMemoryAws):
    aws.weights["boosted"] = 0.5
    challengers = ["linear", "boosted"]
    run_check(aws, Challengers=challengers)
    aws.traffic(4, (100, 60, 20_000.0))

    stopped = run_check(aws, Challengers=challengers)
    aws.weights["linear"] = 0.5
    held = run_check(aws, Challengers=challengers)

    assert (stopped["Verdict"], held["Verdict"]) == ("stop", "hold")
    assert aws.weights == {"forest": 0.5, "linear": 0.0, "boosted": 0.5}
    assert "fails too often" in held["Variants"]["linear"]["Stopped"]
    assert [each["Subject"] for each in aws.messages] == [
        "A/B test on housing-dev: a challenger stopped"
    ]


def test_an_unsent_stop_is_sent_once_by_a_later_check(aws: InMemoryAws):
    aws.weights["boosted"] = 0.5
    challengers = ["linear", "boosted"]
    run_check(aws, Challengers=challengers)
    aws.traffic(4, (100, 60, 20_000.0))
    aws.failing.add("Publish")
    with pytest.raises(ClientError):
        run_check(aws, Challengers=challengers)
    aws.failing.clear()

    verdicts = [run_check(aws, Challengers=challengers)["Verdict"] for _ in range(3)]

    assert verdicts == ["hold"] * 3
    assert len(aws.messages) == 1


def test_faulty_rewards_hold_and_name_the_object(aws: InMemoryAws):
    aws.reward(0.5, 0.9)
    aws.put("rewards/housing-dev/linear/x.jsonl", lines(3))

    decision = run_check(aws)

    assert decision["Verdict"] == "hold"
    assert decision["Reasons"] == [
        "rewards/housing-dev/linear/x.jsonl: line 1: reward must be a number from 0 to 1, got 3"
    ]


def test_fails_when_the_endpoint_has_another_configuration(aws: InMemoryAws):
    run_check(aws)
    aws.reward(0.5, 0.9)
    aws.config = "housing-dev-2"

    with pytest.raises(
        ExperimentSuperseded,
        match=r"must have configuration housing-dev-1, .*got housing-dev-2: rem",
    ):
        run_check(aws)

    assert aws.updates == []


def test_fails_when_the_endpoint_was_deleted(aws: InMemoryAws):
    run_check(aws)
    aws.failing.add("DescribeEndpoint")

    with pytest.raises(
        EndpointMissing, match="endpoint housing-dev does not exist: remove the sch"
    ):
        run_check(aws)


def test_fails_when_the_settings_change_during_the_test(aws: InMemoryAws):
    run_check(aws)

    with pytest.raises(
        InvalidExperiment, match=r"alpha of A/B test .* must be 0\.05, as at its start, got 0\.2"
    ):
        run_check(aws, Alpha=0.2)


def test_fails_when_the_endpoint_lacks_a_variant(aws: InMemoryAws):
    with pytest.raises(InvalidExperiment, match="must have the variant other, got forest, linear"):
        run_check(aws, Challengers=["other"])

    assert HOME + "state.json" not in aws.objects


def test_fails_to_start_while_the_endpoint_is_being_created(aws: InMemoryAws):
    aws.status = "Creating"

    with pytest.raises(
        InvalidExperiment,
        match="endpoint housing-dev must be InService to start an A/B test, got Creating",
    ):
        run_check(aws)


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
