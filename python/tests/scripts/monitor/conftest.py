import json
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import monitor
from baseline import save_baseline
from job import run

START, END, LATER = "2026-11-27T10:00:00Z", "2026-11-27T11:00:00Z", "2026-11-27T12:00:00Z"
HOUR = "2026/11/27/10"
NAMES = [f"x{place}" for place in range(8)]


def numbers(rows: int, seed: int) -> np.ndarray:
    """Draw eight columns of different kinds: normal, skewed, whole, mostly zero."""
    rng = np.random.default_rng(seed)
    return np.column_stack(
        [
            *rng.normal(size=(3, rows)),
            rng.lognormal(size=rows),
            rng.exponential(size=rows),
            rng.integers(1, 53, rows),
            np.maximum(rng.normal(size=rows), 0),
            rng.uniform(-1, 1, rows),
        ]
    )


def predicted(rows: np.ndarray) -> np.ndarray:
    return 2 * rows[:, 0] + rows[:, 7]


def pack_model(folder: Path, features: Any, predictions: Any, targets: Any) -> Path:
    """Return the folder of a model.tar.gz with a baseline."""
    folder.mkdir(parents=True, exist_ok=True)
    save_baseline(folder / "content", features, predictions, targets)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(folder / "content", arcname=".")
    return folder


@pytest.fixture(scope="session")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of eight numbers; its error has a standard deviation of 1."""
    rows, tests = numbers(5000, 1), numbers(2000, 2)
    predictions = predicted(tests)
    targets = predictions + np.random.default_rng(3).normal(size=2000)
    folder = tmp_path_factory.mktemp("model")
    return pack_model(folder, dict(zip(NAMES, rows.T)), predictions, targets)


def part(data: str, encoding: str, content_type: str) -> dict[str, str]:
    return {"observedContentType": content_type, "data": data, "encoding": encoding}


def csv_part(rows: Sequence[Sequence[object]]) -> dict[str, str]:
    return part("".join(",".join(map(str, row)) + "\n" for row in rows), "CSV", "text/csv")


def json_part(content: object) -> dict[str, str]:
    return part(json.dumps(content), "JSON", "application/json")


def event(
    given: Any, answered: Any, time: str = "2026-11-27T10:30:00Z", inference_id: Any = None
) -> str:
    """Return a captured line."""
    metadata = {"eventId": "e", "inferenceTime": time}
    if inference_id is not None:
        metadata["inferenceId"] = inference_id
    data = {"endpointInput": given, "endpointOutput": answered}
    line = {"captureData": data, "eventMetadata": metadata, "eventVersion": "0"}
    return json.dumps(line) + "\n"


def lines(rows: np.ndarray, per_request: int = 1, ids: "Sequence[str] | None" = None) -> list[str]:
    """Return a captured line for each request, with the model's predictions."""
    answers = predicted(np.nan_to_num(rows))
    groups = range(0, len(rows), per_request)
    return [
        event(
            csv_part(rows[at : at + per_request].tolist()),
            json_part({"predictions": answers[at : at + per_request].tolist()}),
            inference_id=ids and ids[place],
        )
        for place, at in enumerate(groups)
    ]


def write(folder: Path, content: "list[str]", name: str = "a.jsonl") -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("".join(content))


def drifted(report: Any) -> "set[str]":
    columns = [*report["features"], *filter(None, [report["prediction"]])]
    return {column["name"] for column in columns if column["drift"]}


Monitor = Callable[..., Any]


@pytest.fixture
def captured(tmp_path: Path) -> Path:
    """The folder of an hour of captured requests."""
    folder = tmp_path / "capture" / "AllTraffic" / HOUR
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def watch(tmp_path: Path, model: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> Monitor:
    """Run the script in this process; return report.json, or the last line of stderr."""

    def call(*arguments: object, model: Path = model, start: str = START, end: str = END) -> Any:
        output = tmp_path / "report"
        folders = ["--capture", tmp_path / "capture", "--model", model, "--output", output]
        folders += ["--labels", tmp_path / "labels", "--history", tmp_path / "history"]
        times = ["--start", start, "--end", end, "--now", LATER]
        monkeypatch.setattr("sys.argv", ["monitor.py", *map(str, [*folders, *times, *arguments])])
        if run(monitor.main) != 0:
            assert not output.exists() or not list(output.iterdir())
            return capsys.readouterr().err.splitlines()[-1]
        written = {path.name for path in output.iterdir()}
        assert written == {"report.json", "report.html", "verdict.json"}
        return json.loads((output / "report.json").read_text())

    return call
