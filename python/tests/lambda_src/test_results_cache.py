import json
from datetime import timedelta

import pytest

import cache_key
import results_cache
from cache_key import canonical, differences, told
from cached_step import InvalidEvent
from results_cache import ImageNotFound, TooManyObjects, lambda_handler
from tests.lambda_src.results_cache_aws import (
    HYPERPARAMETERS,
    PREPARATION,
    REGISTRY,
    STEP,
    InMemoryAws,
    changed,
    etag_of,
    find,
    pretend,
    record,
    trained,
)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> InMemoryAws:
    return pretend(monkeypatch)


def test_the_first_run_misses(aws: InMemoryAws):
    found = find()

    assert found["Hit"] is False
    assert found["Report"] == {"Hit": False, "Reason": "there is no earlier result"}


def test_the_second_run_hits_with_the_result_and_where_it_comes_from(aws: InMemoryAws):
    trained(aws)

    assert find() == {
        "Hit": True,
        "Result": {"JobName": "demo-dev-train-1"},
        "Address": find()["Address"],
        "Seen": find()["Seen"],
        "Report": {
            "Hit": True,
            "Reason": "nothing has changed",
            "JobName": "demo-dev-train-1",
            "Execution": "run-1",
            "RecordedAt": "2026-03-01T12:00:00+00:00",
        },
    }


def test_a_preparation_is_known_by_the_content_of_its_data_wherever_it_is(aws: InMemoryAws):
    aws.put("processed-data/demo-dev-prep-1/", "")
    record(find(PREPARATION), PREPARATION)
    aws.now += timedelta(days=1)
    aws.put("copies/raw.csv", "raw")

    copied = {**PREPARATION, "Inputs": {"data": "s3://artifacts/copies/"}}
    assert find(copied)["Result"] == {"JobName": "demo-dev-prep-1"}


def test_a_hit_of_a_tuning_has_its_hyperparameters(aws: InMemoryAws):
    tuning = {**STEP, "Step": "ModelTuning", "JobNamesBeginWith": "demo-dev-tune-"}
    for name in ("model.tar.gz", "output.tar.gz"):
        aws.put(f"training-output/demo-dev-tune-1-002/output/{name}")
    result = {
        "JobName": "demo-dev-tune-1-002",
        "TuningJobName": "demo-dev-tune-1",
        "HyperParameters": {"max-depth": "7"},
    }
    record(find(tuning), tuning, Result=result)

    assert find(tuning)["Result"] == result
    assert find()["Hit"] is False


@pytest.mark.parametrize(
    ("parameters", "change"),
    [
        (
            {"HyperParameters": {**HYPERPARAMETERS, "max-depth": "12"}},
            {"Field": "HyperParameters.max-depth", "Old": "10", "New": "12"},
        ),
        (
            {"HyperParameters": {"max-depth": "10"}},
            {"Field": "HyperParameters.n-estimators", "Old": "100", "New": None},
        ),
        (
            {"Code": "scripts-4567.tar.gz"},
            {"Field": "Code", "Old": "scripts-0123.tar.gz", "New": "scripts-4567.tar.gz"},
        ),
        (
            {"Instances": {"Count": 2, "Hardware": "x86"}},
            {"Field": "Instances.Count", "Old": 1, "New": 2},
        ),
        ({"Metrics": ["r2"]}, {"Field": "Metrics", "Old": None, "New": '["r2"]'}),
    ],
)
def test_a_changed_parameter_misses_and_is_named(aws: InMemoryAws, parameters: dict, change: dict):
    trained(aws)

    report = find(changed(**parameters))["Report"]

    assert report["Hit"] is False
    assert report["Reason"] == f"changed: {change['Field']}"
    assert report["Changes"] == [change]
    assert report["JobName"] == "demo-dev-train-1"


def test_changed_added_and_removed_data_is_named_by_channel_and_file(aws: InMemoryAws):
    trained(aws)
    folder = "processed-data/demo-dev-prep-1/train/"
    old = etag_of("train")
    aws.put(f"{folder}a.csv", "changed")
    aws.put(f"{folder}b.csv", "new")

    assert find()["Report"]["Changes"] == [
        {"Field": "Inputs.train/a.csv", "Old": old, "New": etag_of("changed")},
        {"Field": "Inputs.train/b.csv", "Old": None, "New": etag_of("new")},
    ]
    del aws.objects["artifacts", f"{folder}a.csv"], aws.objects["artifacts", f"{folder}b.csv"]
    assert find()["Report"]["Reason"] == "changed: Inputs.train/a.csv"


def test_another_image_of_the_same_tag_misses(aws: InMemoryAws):
    trained(aws)
    aws.images = dict.fromkeys(aws.images, "sha256:" + "b" * 64)

    assert find()["Report"]["Reason"] == "changed: Image.Digest"


def test_an_image_by_digest_needs_no_registry(aws: InMemoryAws):
    aws.images = {}
    by_digest = {**STEP, "Image": f"{REGISTRY}/own@sha256:{'c' * 64}"}

    assert find(by_digest)["Hit"] is False


@pytest.mark.parametrize("image", [f"{REGISTRY}/sagemaker-scikit-learn:2", "scikit-learn:1", "x"])
def test_fails_for_an_image_whose_digest_is_not_known(aws: InMemoryAws, image: str):
    with pytest.raises(ImageNotFound):
        find({**STEP, "Image": image})


def test_the_nearest_earlier_result_explains(aws: InMemoryAws):
    trained(aws)
    for number, depth in enumerate(["11", "12"]):
        aws.now += timedelta(hours=1)
        other = changed(Code="scripts-9.tar.gz", HyperParameters={"max-depth": depth})
        record(find(other), other, Execution=f"other-{number}")

    nearest = find(changed(Code="scripts-9.tar.gz", HyperParameters={"max-depth": "13"}))["Report"]

    assert (nearest["Execution"], nearest["Reason"]) == (
        "other-1",
        "changed: HyperParameters.max-depth",
    )
    assert find(changed(Code="scripts-1.tar.gz"))["Report"]["Execution"] == "run-1"


def test_a_long_explanation_is_cut(aws: InMemoryAws):
    trained(aws)
    many = {f"h{number:02}": "x" * 300 for number in range(40)}

    report = find(changed(HyperParameters=many))["Report"]

    assert len(report["Changes"]) == cache_key.MAX_CHANGES
    assert report["Reason"].endswith("and 32 more")
    assert len(json.dumps(report)) < 4000


def test_use_false_misses_and_its_result_replaces_the_record(aws: InMemoryAws):
    key = trained(aws)
    found = find(Use=False)

    assert (found["Hit"], found["Report"]["Reason"]) == (False, "Cache is false in the input")
    for name in ("model.tar.gz", "output.tar.gz"):
        aws.put(f"training-output/demo-dev-train-2/output/{name}")
    assert record(found, Result={"JobName": "demo-dev-train-2"}) == {"Recorded": True}
    assert ("artifacts", key) in aws.objects
    assert find()["Result"] == {"JobName": "demo-dev-train-2"}


def test_fails_for_more_objects_than_can_be_compared(
    aws: InMemoryAws, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(results_cache, "MAX_OBJECTS", 2)
    for number in range(3):
        aws.put(f"data/{number}.csv", bucket="raw")
        aws.put(f"cache/ModelTraining/{number}.json")
    with pytest.raises(TooManyObjects, match="s3://raw/data/ has more than 2 objects"):
        find(PREPARATION)
    # Of records the first ones are enough.
    assert find()["Hit"] is False


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Action": "forget"}, "Action must be find or record"),
        ({"Step": "Evaluate"}, "Step must be one of"),
        ({"Bucket": ""}, "Bucket must be a non-empty text"),
        ({"Image": None}, "Image must be a non-empty text"),
        ({"Parameters": []}, "Parameters must be an object"),
        ({"Parameters": {"Inputs": {}}}, "without Image, Inputs, Step, Version"),
        ({"Inputs": {}}, "Inputs must be an object of addresses"),
        ({"Inputs": {"train": "s3://artifacts"}}, "Inputs.train must have the form"),
        ({"Inputs": {"train": "s3://artifacts/x"}}, "Inputs.train must have the form"),
        ({"MaxAgeInDays": 0}, "MaxAgeInDays must be a positive number"),
        ({"MaxAgeInDays": True}, "MaxAgeInDays must be a positive number"),
        ({"MaxAgeInDays": "30"}, "MaxAgeInDays must be a positive number"),
    ],
)
def test_fails_for_an_invalid_event(aws: InMemoryAws, change: dict, message: str):
    with pytest.raises(InvalidEvent, match=message):
        lambda_handler({**STEP, "Action": "find", "MaxAgeInDays": 30, **change}, None)


def test_a_key_does_not_depend_on_the_order_of_its_members_or_the_form_of_numbers():
    assert canonical({"b": [1, "é"], "a": {"d": None, "c": True}}) == (
        b'{"a":{"c":true,"d":null},"b":[1,"\\u00e9"]}'
    )
    assert cache_key.plain({"a": [1.0, 0.5, True]}) == {"a": [1, 0.5, True]}


def test_differences_are_between_fields_not_between_their_parents():
    old = {"Code": {"training": "a", "inference": "b"}, "Inputs": {}, "Tuning": {}}
    new = {"Code": {"training": "a", "inference": "c"}, "Inputs": {"x": {"y": "z"}}, "Tuning": {}}

    assert told(differences(old, new)) == [
        {"Field": "Code.inference", "Old": "b", "New": "c"},
        {"Field": "Inputs.x/y", "Old": None, "New": "z"},
    ]
