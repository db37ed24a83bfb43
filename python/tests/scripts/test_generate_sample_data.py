import csv
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor
from sklearn.model_selection import train_test_split

import generate_sample_data
from generate_sample_data import FEATURES, california_housing, load, split, synthetic_housing
from job import JobError

FIRST_LINE = "MedInc,HouseAge,AveRooms,AveBedrms,Population,AveOccup,Latitude,Longitude,target"


@pytest.fixture
def no_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for scikit-learn's cache that does not exist."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(folder))
    return folder


def download(monkeypatch: pytest.MonkeyPatch, fetch) -> None:
    monkeypatch.setattr(generate_sample_data, "fetch_california_housing", fetch)


def unreachable(data_home: str) -> None:
    raise OSError("name not known")


def test_writes_four_fifths_and_one_fifth_of_the_rows(raw: Path):
    rows = {}
    for name in ("train.csv", "test.csv"):
        with (raw / name).open() as file:
            header, *rows[name] = csv.reader(file)
        assert ",".join(header) == FIRST_LINE
    assert (len(rows["train.csv"]), len(rows["test.csv"])) == (16512, 4128)
    assert sorted(path.name for path in raw.iterdir()) == ["test.csv", "train.csv"]


def test_prints_the_rows_of_each_file_and_that_the_data_is_synthetic(tmp_path: Path, run_script):
    done = run_script(
        *("generate_sample_data.py", "--output-dir", tmp_path / "raw", "--source", "synthetic"),
        *("--test-size", 0.25),
    )

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "SYNTHETIC data with the same schema: as requested",
        f"15480 rows in {tmp_path}/raw/train.csv",
        f"5160 rows in {tmp_path}/raw/test.csv",
    ]


def test_the_same_seed_splits_the_same_way(tmp_path: Path):
    X, y = np.arange(80.0).reshape(10, 8), np.arange(10.0)
    for name, seed in (("one", 42), ("same", 42), ("other", 7)):
        split(tmp_path / name, X, y, 0.2, seed)

    one, same, other = (
        (tmp_path / name / "test.csv").read_text() for name in ("one", "same", "other")
    )
    assert one == same != other


def test_synthetic_data_can_be_learned_well():
    X, y = synthetic_housing(42)
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)

    forest = RandomForestRegressor(30, max_depth=10, random_state=42, n_jobs=-1)
    r2 = forest.fit(X_train, y_train).score(X_test, y_test)

    assert 0.75 < r2 < 0.95
    assert X.shape == (20640, len(FEATURES))
    assert np.isfinite(X).all()
    assert 0 < y.min() < y.max() <= 5


def test_synthetic_data_depends_only_on_the_seed():
    assert np.array_equal(synthetic_housing(1)[0], synthetic_housing(1)[0])
    assert not np.array_equal(synthetic_housing(1)[0], synthetic_housing(2)[0])


def test_auto_falls_back_to_synthetic_data_and_prints_the_reason(
    no_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    download(monkeypatch, unreachable)

    X, _, origin = load("auto", 5, 42)

    assert len(X) == 20640
    assert origin == (
        "SYNTHETIC data with the same schema: California Housing is not in "
        f"{no_cache}, and its download failed: name not known"
    )
    assert not no_cache.exists()


def test_fails_when_the_real_data_is_requested_and_not_available(
    no_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    download(monkeypatch, unreachable)

    with pytest.raises(JobError, match="its download failed: name not known"):
        load("california", 5, 42)


def test_a_hanging_download_times_out(no_cache: Path, monkeypatch: pytest.MonkeyPatch):
    release = threading.Event()
    download(monkeypatch, lambda data_home: release.wait(30))

    start = time.monotonic()
    with pytest.raises(JobError, match=r"its download took more than 0\.2 s"):
        california_housing(0.2)

    assert time.monotonic() - start < 5
    assert not no_cache.exists()
    release.set()


def test_a_download_goes_to_the_cache_and_the_cache_is_used_next_time(
    no_cache: Path, monkeypatch: pytest.MonkeyPatch
):
    class Bunch:
        data, target = np.ones((3, 8)), np.ones(3)

    downloads = []

    def fetch(data_home: str, download_if_missing: bool = True) -> Bunch:
        if download_if_missing:
            downloads.append(data_home)
            (Path(data_home) / generate_sample_data.CACHED_FILE).write_bytes(b"data")
        else:
            assert data_home == str(no_cache)
        return Bunch()

    download(monkeypatch, fetch)

    assert "downloaded to" in california_housing(5)[2]
    assert "downloaded to" not in california_housing(5)[2]

    assert len(downloads) == 1
    assert [path.name for path in no_cache.iterdir()] == [generate_sample_data.CACHED_FILE]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--test-size", "1"], "--test-size: must be between 0 and 1, got '1'"),
        (["--test-size", "nan"], "--test-size: must be between 0 and 1, got 'nan'"),
        (["--random-state", "-1"], "--random-state: must be a whole number of 0 or more"),
        (["--source", "moon"], "--source: invalid choice: 'moon'"),
    ],
)
def test_fails_for_an_invalid_argument(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list, reason: str
):
    command = ["generate_sample_data.py", "--output-dir", str(tmp_path), *arguments]
    monkeypatch.setattr("sys.argv", command)

    with pytest.raises(JobError, match=reason):
        generate_sample_data.main()
