"""Labels that come later: which are joined, and what the quality is judged by."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, mean_absolute_error, r2_score

from baseline import read_baseline
from tests.scripts.monitor.conftest import (
    Monitor,
    csv_part,
    event,
    json_part,
    lines,
    numbers,
    pack_model,
    predicted,
)


@pytest.fixture
def requests(captured: Path):
    """Capture 400 requests with inference ids; return their predictions."""
    rows = numbers(400, 31)
    ids = [f"id-{place}" for place in range(400)]
    (captured / "a.jsonl").write_text("".join(lines(rows, ids=ids)))
    return predicted(rows)


def write(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / "labels" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def as_json(labels: Any) -> str:
    return "".join(
        json.dumps({"inferenceId": f"id-{place}", "label": label}) + "\n"
        for place, label in enumerate(labels)
    )


def noisy(predictions: np.ndarray, deviation: float) -> np.ndarray:
    return predictions + deviation * np.random.default_rng(32).normal(size=len(predictions))


def test_the_quality_is_that_of_all_labelled_predictions(watch, requests, tmp_path: Path, model):
    labels = noisy(requests, 1.0)
    write(tmp_path, "2026/labels.jsonl", as_json(labels))

    report = watch()

    quality = report["quality"]
    assert (quality["status"], quality["alarm"], report["verdict"]) == ("judged", False, "ok")
    assert quality["value"] == pytest.approx(r2_score(labels, requests))
    assert quality["release"] == read_baseline(model).quality["r2"].value
    assert quality["low"] < quality["value"] < quality["high"]
    assert quality["counts"] == {"files": 1, "labels": 400, "labelled": 400}
    assert report["metrics"]["Quality"] == quality["value"]
    assert report["metrics"]["LabelledPredictions"] == 400
    mae = watch("--metric", "mae")["quality"]["value"]
    assert mae == pytest.approx(mean_absolute_error(labels, requests))


def test_a_loss_beyond_chance_and_tolerance_is_an_alarm(watch: Monitor, requests, tmp_path: Path):
    write(tmp_path, "labels.jsonl", as_json(noisy(requests, 1.6)))

    report = watch("--metric", "test_rmse")

    assert report["verdict"] == "quality"
    assert report["quality"]["worseBy"] == pytest.approx(0.6, abs=0.15)
    assert "worse by more than the tolerance of" in report["alarms"][0]["reason"]
    tolerant = watch("--metric", "test_rmse", "--quality-tolerance", 0.9)
    assert tolerant["verdict"] == "ok"
    assert watch("--metric", "test_rmse", "--release-value", 1.6)["verdict"] == "ok"


@pytest.mark.parametrize(
    ("metric", "deviation", "alarm"),
    [("r2", 3.0, True), ("r2", 0.1, False), ("mae", 3.0, True), ("mae", 0.1, False)],
)
def test_the_direction_of_a_loss_is_that_of_the_metric(
    watch: Monitor, requests, tmp_path: Path, metric: str, deviation: float, alarm: bool
):
    write(tmp_path, "labels.jsonl", as_json(noisy(requests, deviation)))

    quality = watch("--metric", metric)["quality"]

    assert quality["alarm"] is alarm
    assert (quality["worseBy"] > 0) is alarm


def test_a_loss_that_chance_explains_is_no_alarm(watch: Monitor, requests, tmp_path: Path):
    write(tmp_path, "labels.jsonl", as_json(noisy(requests, 1.15)[:60]))

    quality = watch("--metric", "rmse", "--quality-tolerance", 0)["quality"]

    assert 0 < quality["worseBy"] < quality["smallestLoss"]
    assert quality["alarm"] is False


def test_every_form_of_labels_is_joined(watch: Monitor, requests, tmp_path: Path):
    labels = noisy(requests, 1.0).tolist()
    write(tmp_path, "a.jsonl", as_json(labels[:100]))
    rows = [f"id-{place},{label}\n" for place, label in enumerate(labels)]
    write(tmp_path, "b.csv", "inferenceId,label\n" + "".join(rows[100:200]))
    swapped = [f"{label},x,id-{place},1\n" for place, label in enumerate(labels)]
    write(tmp_path, "c.csv", "label,note,inferenceId,row\n" + "".join(reversed(swapped[200:300])))
    truth = [
        json.dumps(
            {
                "groundTruthData": {"data": str(label), "encoding": "CSV"},
                "eventMetadata": {"eventId": f"id-{place}"},
                "eventVersion": "0",
            }
        )
        for place, label in enumerate(labels)
    ]
    write(tmp_path, "d.jsonl", "\n".join(truth[300:]))

    report = watch()

    assert report["quality"]["counts"] == {"files": 4, "labels": 400, "labelled": 400}
    assert report["quality"]["value"] == pytest.approx(r2_score(labels, requests))


def test_labels_of_a_request_with_several_rows_are_joined_by_place(
    watch: Monitor, captured: Path, tmp_path: Path
):
    rows = numbers(90, 33)
    ids = [f"id-{place}" for place in range(30)]
    (captured / "a.jsonl").write_text("".join(lines(rows, per_request=3, ids=ids)))
    labels = noisy(predicted(rows), 1.0).reshape(30, 3)
    write(tmp_path, "a.jsonl", as_json(labels[:15].tolist()))
    cells = [
        f"id-{place},{row + 1},{labels[place, row]}\n"
        for place in range(15, 30)
        for row in (2, 0, 1)
    ]
    write(tmp_path, "b.csv", "inferenceId,row,label\n" + "".join(cells))

    quality = watch()["quality"]

    assert quality["labelled"] == 90
    assert quality["value"] == pytest.approx(r2_score(labels.ravel(), predicted(rows)))


def test_labels_that_cannot_be_used_are_counted(watch: Monitor, requests, tmp_path: Path):
    labels = noisy(requests, 1.0).tolist()
    write(tmp_path, "a.jsonl", as_json(labels))
    write(tmp_path, "b.jsonl", as_json(labels[:7]))
    changed = [json.dumps({"inferenceId": f"id-{place}", "label": 0.5}) for place in range(3)]
    unknown = [json.dumps({"inferenceId": f"no-{place}", "label": 1}) for place in range(9)]
    invalid = [
        json.dumps({"inferenceId": "id-9", "label": label})
        for label in ("high", None, True, {"a": 1}, "1e999", 10**400)
    ]
    broken = ["{", "[]", '"text"', json.dumps({"label": 1})]
    beyond = [json.dumps({"inferenceId": "id-1", "label": [labels[1], 5]})]
    write(tmp_path, "c.jsonl", "\n".join([*changed, *unknown, *invalid, *broken, *beyond]))
    write(tmp_path, "d.csv", "id,label\nid-1,2\n")
    write(tmp_path, "e.csv", "inferenceId,label,row\nid-1\nid-1,3,0\nid-1,3,first\n\n")
    write(tmp_path, "f.csv", "")
    write(tmp_path, "notes.txt", "no labels")

    counts = watch()["quality"]["counts"]

    assert counts == {
        "files": 6,
        "labels": 410,
        "labelled": 400,
        "repeatedLabels": 7,
        "changedLabels": 4,
        "unknownInferenceIds": 9,
        "invalidLabels": 6,
        "unreadableLines": 7,
        "filesWithoutHeader": 2,
        "withoutPrediction": 1,
    }


def test_of_two_labels_the_one_in_the_later_file_counts(watch: Monitor, requests, tmp_path: Path):
    write(tmp_path, "2026/11/27/a.jsonl", as_json(noisy(requests, 30.0)))
    write(tmp_path, "2026/11/28/a.jsonl", as_json(requests))

    quality = watch()["quality"]

    assert quality["value"] == 1
    assert quality["counts"]["changedLabels"] == 400


@pytest.mark.parametrize("batch", [500, 50])
def test_of_a_repeated_inference_id_the_first_request_counts(
    watch: Monitor,
    captured: Path,
    requests,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    batch: int,
):
    monkeypatch.setattr("labels.BATCH", batch)
    again = event(csv_part(numbers(1, 1).tolist()), csv_part([[99.0]]), inference_id="id-5")
    (captured / "b.jsonl").write_text(again * 2)
    write(tmp_path, "a.jsonl", as_json(requests))

    quality = watch()["quality"]

    assert quality["value"] == 1
    assert quality["labelled"] == 400
    assert quality["counts"]["repeatedInferenceIds"] == 2


def test_requests_before_the_window_can_be_measured_because_labels_come_late(
    watch: Monitor, captured: Path, requests, tmp_path: Path
):
    write(tmp_path, "a.jsonl", as_json(requests))
    later = {"start": "2026-11-27T11:00:00Z", "end": "2026-11-27T11:59:00Z"}
    (captured / "b.jsonl").write_text("".join(lines(numbers(100, 34))).replace("T10:30", "T11:30"))

    report = watch("--labels-start", "2026-11-27T10:00:00Z", **later)

    assert report["quality"]["labelled"] == 400
    assert report["requests"]["count"] == report["rows"]["count"] == 100
    assert "labelled" not in watch(**later)["quality"] or not watch(**later)["quality"]["labelled"]


@pytest.mark.parametrize(
    ("labels", "arguments", "status"),
    [
        (None, [], "noLabels"),
        ("", [], "noLabels"),
        ("few", [], "tooFewLabels"),
        ("all", ["--metric", "auc"], "unknownMetric"),
        ("same", [], "notDefined"),
        ("all", ["--metric", "accuracy"], "notDefined"),
    ],
)
def test_why_the_quality_is_not_known_is_stated(
    watch: Monitor, requests, tmp_path: Path, labels: "str | None", arguments, status: str
):
    content = {
        "": "",
        "few": as_json(requests[:49]),
        "all": as_json(requests),
        "same": as_json([1 / 3] * 400),
    }
    if labels is not None:
        write(tmp_path, "a.jsonl", content[labels])

    report = watch(*arguments)

    assert report["quality"]["status"] == status
    assert (report["quality"]["alarm"], report["verdict"]) == (False, "ok")


def test_classes_are_joined_by_name(watch: Monitor, captured: Path, tmp_path: Path):
    rng = np.random.default_rng(35)
    given = ["1", "0"] * 100
    true = np.where(rng.random(200) < 0.9, given, rng.choice(["0", "1"], 200)).tolist()
    model = pack_model(tmp_path / "model", {"a": rng.normal(size=300)}, given, given)
    (captured / "a.jsonl").write_text(
        "".join(
            event(
                csv_part([[rng.normal()]]),
                json_part({"predictions": [int(one)]}),
                inference_id=f"id-{n}",
            )
            for n, one in enumerate(given)
        )
    )
    write(tmp_path, "a.jsonl", as_json([float(one) for one in true]))

    report = watch("--metric", "accuracy", model=model)

    assert report["quality"]["value"] == pytest.approx(accuracy_score(true, given))
    assert report["prediction"]["drift"] is False
    assert report["quality"]["release"] == 1
