"""Records that may not be used, and results that may not be recorded."""

from datetime import timedelta
from typing import Any

import pytest

import results_cache
from cached_step import InvalidEvent
from tests.lambda_src.results_cache_aws import (
    OUTPUT,
    PREPARATION,
    STEP,
    InMemoryAws,
    changed,
    edited,
    etag_of,
    find,
    pretend,
    record,
    trained,
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> InMemoryAws:
    return pretend(monkeypatch)


def replaced(old: str, new: str):
    return lambda content: content.replace(old, new)


WHOLE = {"model.tar.gz": etag_of("model"), "output.tar.gz": etag_of("metrics")}
FORGERIES = {
    "cut": (lambda content: content[:-20], "cut or no JSON"),
    "empty": (lambda _: "", "cut or no JSON"),
    "no object": (lambda _: "[1]", "must be an object"),
    "too deep": (lambda _: "[" * 100_000, "cut or no JSON"),
    "no UTF-8": (lambda _: "\udcff", "cut or no JSON"),
    "another version": (edited(Version=2), "Version must be 1, got 2"),
    "altered": (replaced('"run-1"', '"run-2"'), "its Sha256 differs"),
    "another key": (edited(Key={"Step": "ModelTraining"}), "its key has another address"),
    "another address": (edited(Address="0" * 64), "its key has another address"),
    "no key": (edited(Key=None), "Key is missing"),
    "no result": (edited(Result={}), "Result is missing"),
    "no job": (edited(Result={"JobName": 3}), "JobName is missing"),
    "no outputs": (edited(Outputs={}), "Outputs is missing"),
    "outputs that are no texts": (edited(Outputs={"model.tar.gz": 1}), "must be texts"),
    "part of a result": (edited(Outputs={"model.tar.gz": "1"}), "has no output.tar.gz"),
    "a job of another workflow": (
        edited(Result={"JobName": "other-dev-train-1"}),
        "must begin with demo-dev-train-",
    ),
    "another folder": (
        edited(Result={"JobName": "demo-dev-train-1/../../model-artifacts/x"}),
        "leads elsewhere",
    ),
    "another bucket": (
        edited(Result={"JobName": "s3://elsewhere/demo-dev-train-1"}),
        "leads elsewhere",
    ),
    "a job that left nothing": (
        edited(Result={"JobName": "demo-dev-train-9"}),
        "training-output/demo-dev-train-9/output/model.tar.gz was deleted",
    ),
    "objects elsewhere": (
        edited(Outputs={**WHOLE, "../../../model.tar.gz": "1"}),
        "was deleted after it was recorded",
    ),
    "other ETags": (edited(Outputs={**WHOLE, "model.tar.gz": "1"}), "was altered after"),
    "no time": (edited(RecordedAt="yesterday"), "RecordedAt must be a time"),
    "no time zone": (edited(RecordedAt="2026-03-01T12:00:00"), "must have a time zone"),
    "from the future": (edited(RecordedAt="2027-03-01T12:00:00+00:00"), "from the future"),
    "no execution": (edited(Execution=None), "Execution is missing"),
}


@pytest.mark.parametrize(("forge", "reason"), FORGERIES.values(), ids=FORGERIES)
def test_a_record_that_is_not_whole_is_a_miss_with_the_reason(
    aws: InMemoryAws, forge: Any, reason: str
):
    key = trained(aws)
    content = aws.objects["artifacts", key][0].decode()
    aws.objects["artifacts", key] = (forge(content).encode(errors="surrogateescape"), aws.now)

    found = find()

    assert found["Hit"] is False
    assert reason in found["Report"]["Reason"]
    assert "Result" not in found
    # The job runs, and its result is found again.
    assert record(found) == {"Recorded": True}
    assert find()["Hit"] is True


def test_a_record_without_end_is_not_read(aws: InMemoryAws, monkeypatch: pytest.MonkeyPatch):
    trained(aws)
    monkeypatch.setattr(results_cache, "MAX_RECORD_BYTES", 100)

    assert "must have at most 100 bytes" in find()["Report"]["Reason"]


@pytest.mark.parametrize("forge", [lambda _: "{", edited(Key={"Step": "x"})])
def test_records_that_are_not_whole_explain_no_other(aws: InMemoryAws, forge: Any):
    key = trained(aws)
    aws.put(key, forge(aws.objects["artifacts", key][0].decode()))

    assert find(changed(Code="other"))["Report"]["Reason"] == "there is no earlier result"


def delete(aws: InMemoryAws) -> None:
    del aws.objects["artifacts", f"{OUTPUT}output.tar.gz"]


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (delete, "output.tar.gz was deleted after it was recorded"),
        (lambda aws: aws.put(f"{OUTPUT}model.tar.gz", "another"), "model.tar.gz was altered after"),
        (lambda aws: aws.put(f"{OUTPUT}more.bin", "more"), "more.bin was added after"),
    ],
)
def test_an_artifact_that_is_not_as_it_was_recorded_is_a_miss(
    aws: InMemoryAws, spoil: Any, reason: str
):
    trained(aws)
    spoil(aws)

    found = find()

    assert (found["Hit"], reason in found["Report"]["Reason"]) == (False, True)


@pytest.mark.parametrize("status", ["stopped", "failed", "inprogress", None, "Completed "])
def test_only_a_job_that_has_completed_is_recorded(aws: InMemoryAws, status: str | None):
    aws.put(f"{OUTPUT}model.tar.gz")
    aws.put(f"{OUTPUT}output.tar.gz")

    answer = record(find(), Status=status)

    assert answer["Recorded"] is False
    assert "has not completed" in answer["Reason"]
    assert find()["Report"]["Reason"] == "there is no earlier result"


@pytest.mark.parametrize(
    ("step", "left", "missing"),
    [
        (STEP, [f"{OUTPUT}model.tar.gz"], "has no output.tar.gz"),
        (STEP, [], "has no model.tar.gz and no output.tar.gz"),
        (PREPARATION, ["processed-data/demo-dev-prep-2/train/a.csv"], "has no test/"),
    ],
)
def test_a_partial_result_is_not_recorded(
    aws: InMemoryAws, step: dict, left: list[str], missing: str
):
    for key in left:
        aws.put(key)
    number = "2" if step is PREPARATION else "1"

    answer = record(find(step), step, Result={"JobName": f"{step['JobNamesBeginWith']}{number}"})

    assert (answer["Recorded"], missing in answer["Reason"]) == (False, True)


def test_data_that_changed_while_the_job_ran_is_not_recorded_even_if_it_is_restored(
    aws: InMemoryAws,
):
    aws.put(f"{OUTPUT}model.tar.gz")
    aws.put(f"{OUTPUT}output.tar.gz")
    found = find()
    aws.now += timedelta(minutes=1)
    aws.put("processed-data/demo-dev-prep-1/train/a.csv", "train")

    answer = record(found)

    assert find()["Address"] == found["Address"]
    assert answer["Reason"] == "the image or an input has changed while the job ran"


def test_without_an_address_nothing_is_looked_at(aws: InMemoryAws):
    answer = record({"Address": "", "Seen": ""})

    assert answer == {"Recorded": False, "Reason": "the cache was not asked before the job"}
    assert aws.calls == []


def test_a_job_of_another_workflow_is_not_recorded(aws: InMemoryAws):
    assert record(find(), Result={"JobName": "other-dev-train-1"})["Recorded"] is False


def test_two_executions_that_both_miss_leave_one_whole_record(aws: InMemoryAws):
    first, second = find(), find()
    for number in (1, 2):
        for name in ("model.tar.gz", "output.tar.gz"):
            aws.put(f"training-output/demo-dev-train-{number}/output/{name}", f"{number}")

    assert record(first, Result={"JobName": "demo-dev-train-1"}) == {"Recorded": True}
    assert record(second, Result={"JobName": "demo-dev-train-2"}) == {"Recorded": True}
    assert find()["Result"] == {"JobName": "demo-dev-train-2"}


@pytest.mark.parametrize("result", [None, "demo-dev-train-1", {}, {"JobName": 1}])
def test_fails_for_a_result_without_a_job(aws: InMemoryAws, result: Any):
    with pytest.raises(InvalidEvent, match="Result must be an object with JobName"):
        record(find(), Result=result)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"TuningJobName": "other-tune-1"}, "TuningJobName must begin with demo-dev-tune-"),
        ({"TuningJobName": None}, "TuningJobName must begin with demo-dev-tune-"),
        ({"HyperParameters": None}, "HyperParameters must be an object of texts"),
        ({"HyperParameters": {"max-depth": 7}}, "HyperParameters must be an object of texts"),
    ],
)
def test_the_result_of_a_tuning_has_what_later_states_read(
    aws: InMemoryAws, change: dict, reason: str
):
    tuning = {**STEP, "Step": "ModelTuning", "JobNamesBeginWith": "demo-dev-tune-"}
    for name in ("model.tar.gz", "output.tar.gz"):
        aws.put(f"training-output/demo-dev-tune-1-002/output/{name}")
    result = {
        "JobName": "demo-dev-tune-1-002",
        "TuningJobName": "demo-dev-tune-1",
        "HyperParameters": {"max-depth": "7"},
    }
    assert reason in record(find(tuning), tuning, Result={**result, **change})["Reason"]
    record(find(tuning), tuning, Result=result)
    key = f"cache/ModelTuning/{find(tuning)['Address']}.json"
    content = aws.objects["artifacts", key][0].decode()
    aws.put(key, edited(Result={**result, **change})(content))

    assert reason in find(tuning)["Report"]["Reason"]


@pytest.mark.parametrize(
    ("days", "limit", "hit"),
    [(29.9, 30, True), (30.1, 30, False), (1000, None, True), (1.5, 1, False)],
)
def test_a_result_expires_by_its_age(aws: InMemoryAws, days: float, limit: int | None, hit: bool):
    trained(aws)
    aws.now += timedelta(days=days)

    found = find(MaxAgeInDays=limit)

    assert found["Hit"] is hit
    if not hit:
        assert f"has expired: it is {days:.1f} days old, and {limit} is the limit" in str(found)
