import re
from pathlib import Path

import pytest

from tests.scripts.comparison.conftest import FILES


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--slice", "Rooms"], "--slice: must be one of MedInc, HouseAge"),
        (
            ["--metric", "accuracy"],
            "got 'accuracy': this script compares models that predict numbers",
        ),
        (["--confidence", "95"], "must be at least 0.5 and below 1, got '95'"),
        (["--resamples", "10"], "must be a whole number of 100 or more, got '10'"),
        (["--target", "price"], "must have the target column 'price'"),
        (["--program", "serve.py"], "code/serve.py: does not exist;"),
    ],
)
def test_fails_for_an_invalid_argument(compare, linear: Path, arguments: "list[str]", reason: str):
    code, _, last = compare(linear, None, *arguments)

    assert code == 1
    assert reason in last


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        (0, "must have rows, but ends after its header"),
        (1, "must have two or more rows with a target, got 1"),
        (-1, "test_r2 must be finite, got .*: the target does not vary"),
    ],
)
def test_fails_when_the_held_out_rows_are_too_few(
    compare, linear: Path, raw: Path, tmp_path: Path, rows: int, reason: str
):
    header, first, *_ = (raw / "test.csv").read_text().splitlines(keepends=True)
    (tmp_path / "few").mkdir()
    (tmp_path / "few" / "test.csv").write_text(header + first * (rows if rows >= 0 else 9))

    code, _, last = compare(linear, None, data=tmp_path / "few")

    assert code == 1
    assert re.search(reason, last)


def test_runs_as_a_separate_process(
    run_script, good: Path, weak: Path, held_out: Path, tmp_path: Path
):
    arguments = ["--challenger", good, "--champion", weak, "--output", tmp_path / "out"]

    done = run_script("comparison.py", *arguments, "--test-data", held_out)

    assert done.returncode == 0, done.stderr
    assert {path.name for path in (tmp_path / "out").iterdir()} == FILES
    assert re.search(r"^challenger test_r2: 0\.\d+$", done.stdout, re.MULTILINE)
    assert done.stdout.splitlines()[-1].startswith("R²: the challenger is better, beyond noise.")

    done = run_script("comparison.py", *arguments, "--test-data", tmp_path)

    assert done.returncode == 1
    assert done.stderr.splitlines() == [
        f"{tmp_path}/test.csv: does not exist; {tmp_path} contains out"
    ]


def test_temporary_files_are_removed(
    compare, linear: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))

    compare(linear, linear)

    assert list((tmp_path / "temporary").iterdir()) == []
