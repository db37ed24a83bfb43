import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.preprocessing import StandardScaler

import preprocessing
from csv_table import CsvTable
from job import JobError
from preprocessing import fit_scaler, preprocess


@pytest.fixture
def data(tmp_path: Path):
    """Write the rows of train.csv and test.csv; return the folder."""

    def write(train: str, test: str = "a,b,target\n1,2,3\n") -> Path:
        folder = tmp_path / "data"
        folder.mkdir(exist_ok=True)
        (folder / "train.csv").write_text(train)
        (folder / "test.csv").write_text(test)
        return folder

    return write


def read(path: Path) -> np.ndarray:
    return np.loadtxt(path, delimiter=",", skiprows=1, ndmin=2)


def test_train_and_test_are_scaled_with_the_train_statistics(raw: Path, processed: Path):
    train, test = read(raw / "train.csv"), read(raw / "test.csv")
    scaler: Any = StandardScaler().fit(train[:, :-1])

    for name, rows in (("train", train), ("test", test)):
        written = read(processed / name / f"{name}_processed.csv")
        np.testing.assert_allclose(written[:, :-1], scaler.transform(rows[:, :-1]), atol=1e-9)
        np.testing.assert_array_equal(written[:, -1], rows[:, -1])
    stored = joblib.load(processed / "train" / "scaler.pkl")
    np.testing.assert_allclose(stored.mean_, scaler.mean_, rtol=1e-12)
    np.testing.assert_allclose(stored.scale_, scaler.scale_, rtol=1e-12)


def test_the_header_keeps_the_names_with_the_target_last(data, tmp_path: Path):
    folder = data("target,a,b\n3,1,2\n3,2,1\n", "b,target,a\n20,3,10\n")

    preprocess(folder, tmp_path / "out", "target", 10)

    for name in ("train", "test"):
        lines = (tmp_path / "out" / name / f"{name}_processed.csv").read_text().splitlines()
        assert lines[0] == "a,b,target"
    assert lines[1] == "17.0,37.0,3.0"


def test_a_missing_feature_becomes_the_train_mean(data, tmp_path: Path):
    folder = data(
        "a,b,target\n1,5,0\n,6,0\n3,,0\n5,7,0\n", "a,b,target\n,6,1\n2,,1\n1,1,1\n2,2,2\n"
    )

    preprocess(folder, tmp_path / "out", "target", 2)

    assert joblib.load(tmp_path / "out" / "train" / "scaler.pkl").mean_.tolist() == [3.0, 6.0]
    train = read(tmp_path / "out" / "train" / "train_processed.csv")
    test = read(tmp_path / "out" / "test" / "test_processed.csv")
    assert (train[1, 0], train[2, 1], test[0, 0], test[1, 1]) == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize("empty_rows", [range(40), range(30, 70), range(60, 100)])
def test_a_column_that_is_empty_in_whole_chunks_is_scaled_by_its_known_values(
    data, empty_rows: range
):
    rng = np.random.default_rng(0)
    X = rng.normal(5, 3, (100, 2))
    X[empty_rows, 1] = np.nan
    lines = [f"{a},{'' if np.isnan(b) else b},1" for a, b in X]
    folder = data("a,b,target\n" + "\n".join(lines))

    scaler: Any = fit_scaler(CsvTable(folder / "train.csv", "target"), 10)[0]

    whole: Any = StandardScaler().fit(X)
    np.testing.assert_allclose(scaler.mean_, whole.mean_)
    np.testing.assert_allclose(scaler.scale_, whole.scale_)


def test_the_result_does_not_depend_on_the_chunk_size(raw: Path, processed: Path, tmp_path: Path):
    preprocess(raw, tmp_path, "target", 777)

    expected = read(processed / "train" / "train_processed.csv")
    np.testing.assert_allclose(
        read(tmp_path / "train" / "train_processed.csv"), expected, atol=1e-9
    )


def test_dropped_rows_are_counted_for_each_file(data, tmp_path: Path, capsys):
    folder = data("a,b,target\n1,2,3\n1,2,\n,,\n2,3,4\n", "a,b,target\n1,2,\n1,2,3\n")

    preprocess(folder, tmp_path / "out", "target", 2)

    assert capsys.readouterr().out.splitlines() == [
        "train: 2 rows, 2 rows without a target dropped",
        "test: 1 rows, 1 rows without a target dropped",
    ]


def test_the_target_column_can_have_another_name(data, tmp_path: Path, run_script):
    folder = data("a,price\n1,2\n2,3\n", "a,price\n1,2\n")

    done = run_script(
        *("preprocessing.py", "--target", "price", "--chunk-rows", 1),
        *("--input-data", folder, "--output-data", tmp_path / "out"),
    )

    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out/test/test_processed.csv").read_text().startswith("a,price\n")


GOOD = "a,b,target\n1,2,3\n2,3,4\n"


@pytest.mark.parametrize(
    ("train", "test", "reason"),
    [
        ("a,b\n1,2\n", GOOD, "train.csv: line 1: must have the target column 'target'"),
        (GOOD, "a,target\n1,2\n", "test.csv: must have the columns of .*train.csv, but lacks 'b'"),
        ("", GOOD, "train.csv: must have a header line and rows, but is empty"),
        (GOOD, "a,b,target\n1,2,\n", "test.csv: must have rows with a value in the target column"),
        (GOOD, "a,b,target\n1,x,2\n", "test.csv: line 2, column 'b': must be a number, got 'x'"),
        (
            "a,b,target\n1,,3\n2,,4\n1,1,1\n",
            GOOD,
            "train.csv: column 'b': at most half of the values may be missing, got 2 of 3",
        ),
        (
            GOOD,
            "a,b,target\n,1,1\n",
            "test.csv: column 'a': at most half of the values may be missing, got 1 of 1",
        ),
        ("a,b,target\n1e300,1,1\n-1e300,2,2\n", GOOD, "train.csv: column 'a': .* too large"),
    ],
)
def test_fails_for_invalid_data_and_writes_nothing(
    data, tmp_path: Path, train: str, test: str, reason: str
):
    with pytest.raises(JobError, match=reason):
        preprocess(data(train, test), tmp_path / "out", "target", 10)

    assert not (tmp_path / "out").exists() or list((tmp_path / "out").iterdir()) == []


def test_a_column_that_is_exactly_half_empty_is_filled(data, tmp_path: Path):
    preprocess(data("a,b,target\n1,,3\n2,1,4\n", GOOD), tmp_path / "out", "target", 10)

    assert (tmp_path / "out/train/train_processed.csv").is_file()


def test_fails_when_a_file_is_missing_and_lists_the_folder(tmp_path: Path, run_script):
    (tmp_path / "housing.csv").write_text(GOOD)

    done = run_script("preprocessing.py", "--input-data", tmp_path, "--output-data", tmp_path / "o")

    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith(f"{tmp_path}/train.csv: does not exist")
    assert last.endswith(f"{tmp_path} contains housing.csv")


def test_the_raw_test_rows_are_copied_unchanged(data, tmp_path: Path):
    held_out = "target,b,a\n1,2,3\n,4,5\n2,,1\n3,1,1\n"

    preprocess(data("a,b,target\n1,2,3\n", held_out), tmp_path / "out", "target", 10)

    assert (tmp_path / "out/holdout/test.csv").read_text() == held_out


MEASURE_PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_rows(data, tmp_path: Path):
    row = ",".join(["1.2345678"] * 9) + "\n"
    header = "a,b,c,d,e,f,g,h,target\n"
    script = str(Path(preprocessing.__file__))

    def peak(n_rows: int) -> int:
        folder = data(header + row * n_rows, header + row)
        command = [sys.executable, script, "--input-data", str(folder), "--chunk-rows", "5000"]
        command += ["--output-data", str(tmp_path / "out")]
        done = subprocess.run(
            [sys.executable, "-c", MEASURE_PEAK, *command],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=True,
        )
        return int(done.stdout)

    assert peak(100_000) < 1.1 * peak(10_000)
