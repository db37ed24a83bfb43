"""From training through the model's own serving code to the monitor, each as its job runs it."""

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from inference import input_fn, model_fn, output_fn, predict_fn
from tests.scripts.comparison.conftest import pack
from tests.scripts.conftest import RunScript
from tests.scripts.monitor.conftest import END, HOUR, LATER, START, event, json_part, part

ROWS = 900


@pytest.mark.parametrize("shift", [0.0, 1.0])
def test_a_trained_model_is_monitored_by_its_own_baseline(
    trained: Path, raw: Path, tmp_path: Path, run_script: RunScript, shift: float
):
    served: Any = model_fn(str(trained / "model"))
    with (raw / "test.csv").open() as file:
        header, *rows = csv.reader(file)
    content, labels = [], []
    for place, row in enumerate(rows[:ROWS]):
        *features, target = row
        features[0] = str(float(features[0]) + shift)
        body = ",".join(features) + "\n"
        answer = output_fn(predict_fn(input_fn(body, "text/csv"), served), "application/json")
        answered = json_part(json.loads(answer[0]))
        given = part(body, "CSV", "text/csv")
        content.append(event(given, answered, inference_id=f"id-{place}"))
        labels.append(f"id-{place},{target}\n")
    capture = tmp_path / "capture" / HOUR
    capture.mkdir(parents=True)
    (capture / "a.jsonl").write_text("".join(content))
    (tmp_path / "labels").mkdir()
    (tmp_path / "labels" / "a.csv").write_text("inferenceId,label\n" + "".join(labels))
    folders = ["--capture", tmp_path / "capture", "--labels", tmp_path / "labels"]
    folders += ["--model", pack(trained, tmp_path / "model"), "--output", tmp_path / "report"]
    folders += ["--history", tmp_path / "absent"]

    done = run_script("monitor.py", *folders, "--start", START, "--end", END, "--now", LATER)

    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    report = json.loads((tmp_path / "report" / "report.json").read_text())
    evaluation = json.loads((trained / "output/data/evaluation.json").read_text())
    assert report["quality"]["status"] == "judged"
    assert report["quality"]["release"] == pytest.approx(evaluation["test_r2"])
    drifted = [feature["name"] for feature in report["features"] if feature["drift"]]
    if shift:
        assert report["verdict"] in ("drift", "quality")
        assert drifted == [header[0]]
        assert report["prediction"]["drift"] is True
    else:
        assert (report["verdict"], drifted) == ("ok", [])
        assert "verdict: ok" in done.stdout
