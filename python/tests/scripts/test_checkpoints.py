import json
from pathlib import Path

import numpy as np
import pytest
import sklearn

import checkpoints
from checkpoints import Checkpoint, Checkpoints

DATA = (np.arange(6.0).reshape(3, 2), np.arange(3.0))
PARAMETERS = {"learning_rate": 0.1, "categories": None}


def of(folder: Path, data=DATA, **parameters: object) -> Checkpoints:
    return Checkpoints(folder, {**PARAMETERS, **parameters}, data)


def names(folder: Path) -> "list[str]":
    return sorted(path.name for path in folder.iterdir())


def change_header(path: Path, **changes: object) -> None:
    line, _, content = path.read_bytes().partition(b"\n")
    header = json.loads(line)
    header["origin"].update(changes)
    path.write_bytes(json.dumps(header).encode() + b"\n" + content)


def test_the_newest_is_found_by_the_next_job_of_the_same_training(tmp_path: Path):
    first = of(tmp_path)
    assert first.newest() is None
    for iteration in (5, 20, 100):
        first.write(Checkpoint(iteration, {"trees": iteration}))

    assert of(tmp_path).newest() == Checkpoint(100, {"trees": 100})


def test_two_are_kept_and_nothing_half_written(tmp_path: Path):
    written = of(tmp_path)
    for iteration in (10, 20, 30):
        written.write(Checkpoint(iteration, None))

    assert names(tmp_path) == ["checkpoint-00000020", "checkpoint-00000030"]


def test_those_of_another_training_are_not_removed(tmp_path: Path):
    of(tmp_path, learning_rate=0.2).write(Checkpoint(90, None))
    written = of(tmp_path)
    for iteration in (10, 20, 30):
        written.write(Checkpoint(iteration, None))

    assert names(tmp_path) == [f"checkpoint-000000{iteration}" for iteration in (20, 30, 90)]
    assert of(tmp_path).newest() == Checkpoint(30, None)


def test_a_file_appears_only_when_it_is_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def interrupted(self: Path, target: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        of(tmp_path).write(Checkpoint(10, None))

    assert names(tmp_path) == [".checkpoint-00000010.partial"]
    assert of(tmp_path).newest() is None


def test_without_a_folder_there_are_none(tmp_path: Path):
    folder = tmp_path / "checkpoints"

    written = of(folder)
    written.write(Checkpoint(10, None))

    assert written.newest() is None
    assert not folder.exists()


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[:-1], "it is not complete"),
        (lambda data: data + b"x", "it is not complete"),
        (lambda data: data[:20], "it has no readable header"),
        (lambda data: b"", "it has no readable header"),
        (lambda data: b"\x80\x04K\x01.", "it has no readable header"),
        (lambda data: b"[1]\n", "it has no readable header"),
        (lambda data: b'{"origin": 1}\n', "it has no readable header"),
        (lambda data: b"[" * 100_000, "it has no readable header"),
    ],
)
def test_a_damaged_one_is_not_used_but_the_one_before_it(tmp_path: Path, capsys, damage, reason):
    written = of(tmp_path)
    for iteration in (10, 20):
        written.write(Checkpoint(iteration, iteration))
    newest = tmp_path / "checkpoint-00000020"
    newest.write_bytes(damage(newest.read_bytes()))

    assert of(tmp_path).newest() == Checkpoint(10, 10)
    assert capsys.readouterr().out == f"{newest} is not used: {reason}\n"


def test_one_that_needs_what_is_not_there_is_not_used(tmp_path: Path, monkeypatch, capsys):
    of(tmp_path).write(Checkpoint(10, 10))

    def fail(content: bytes) -> None:
        raise ModuleNotFoundError("No module named 'numpy._core'")

    monkeypatch.setattr("pickle.loads", fail)

    assert of(tmp_path).newest() is None
    assert (
        "is not used: it cannot be read: No module named 'numpy._core'" in capsys.readouterr().out
    )


def test_one_of_another_version_is_not_unpickled(tmp_path: Path, monkeypatch, capsys):
    for iteration in (10, 20):
        of(tmp_path).write(Checkpoint(iteration, None))
        path = tmp_path / f"checkpoint-000000{iteration}"
        change_header(path, **{"scikit-learn": "0.24.2"})
    monkeypatch.setattr("pickle.loads", lambda content: pytest.fail("was unpickled"))

    assert of(tmp_path).newest() is None
    assert capsys.readouterr().out == (
        f"{tmp_path}/checkpoint-00000020 is not used: its scikit-learn is 0.24.2, that of this job "
        f"is {sklearn.__version__}\n"
    )


def test_one_of_another_format_is_not_used(tmp_path: Path, monkeypatch, capsys):
    monkeypatch.setattr(checkpoints, "FORMAT", 7)
    of(tmp_path).write(Checkpoint(10, None))
    monkeypatch.undo()

    assert of(tmp_path).newest() is None
    assert "its format is 7, that of this job is 1" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"learning_rate": 0.2}, "its learning_rate is 0.1, that of this job is 0.2"),
        ({"folds": 5}, "its folds is None, that of this job is 5"),
        ({"data": (DATA[0] + 1, DATA[1])}, "its training data is"),
        ({"data": (DATA[0].reshape(2, 3), DATA[1])}, "its training data is"),
        ({"data": (DATA[0].astype(np.float32), DATA[1])}, "its training data is"),
    ],
)
def test_one_of_other_hyperparameters_or_data_is_not_used(
    tmp_path: Path, capsys, changes: dict, reason: str
):
    of(tmp_path).write(Checkpoint(10, None))

    assert of(tmp_path, **changes).newest() is None
    assert f"checkpoint-00000010 is not used: {reason}" in capsys.readouterr().out
