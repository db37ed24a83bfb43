import io
import json
import re
import shutil
import tarfile
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.metrics import mean_absolute_error, r2_score

import training
from job import JobError
from training import fit
from training_input import Dataset, load
from training_job import evaluate, save

METRICS = "train_rmse train_r2 train_mae test_rmse test_r2 test_mae feature_count training_samples"
SCRIPTS = Path(training.__file__).parent


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A small copy of preprocessing's output, which tests may spoil."""
    from preprocessing import preprocess

    raw = tmp_path / "raw"
    raw.mkdir()
    rows = "".join(f"{i},{i % 7},{2 * i}\n" for i in range(40))
    for name in ("train", "test"):
        (raw / f"{name}.csv").write_text("a,b,target\n" + rows)
    preprocess(raw, tmp_path / "processed", "target", 100)
    return tmp_path / "processed"


def archive(path: Path, members: "dict[str, str]") -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            # Terraform's archives may have members without permissions.
            info.mode = 0
            tar.addfile(info, io.BytesIO(content.encode()))
    return path


def test_the_recipes_forest_beats_the_gate_on_the_sample_data(trained: Path):
    evaluation = json.loads((trained / "output/data/evaluation.json").read_text())

    assert sorted(evaluation) == sorted(METRICS.split())
    assert evaluation["test_r2"] > 0.7
    assert evaluation["feature_count"] == 8
    assert evaluation["training_samples"] == 16512
    assert not (trained / "output" / "failure").exists()


def test_the_log_has_a_line_for_each_metric_definition(trained: Path):
    evaluation = json.loads((trained / "output/data/evaluation.json").read_text())
    log = (trained / "log").read_text()

    for name, value in evaluation.items():
        (logged,) = re.findall(rf"^{name}: ([-+.0-9eE]+)$", log, re.MULTILINE)
        assert float(logged) == value


def test_the_artifact_has_everything_for_serving(trained: Path, processed: Path):
    model = trained / "model"

    assert {path.name for path in model.iterdir()} == {
        *("model.pkl", "scaler.pkl", "feature_names.json", "baseline.json", "code")
    }
    forest = joblib.load(model / "model.pkl")
    assert (forest.n_estimators, forest.max_depth, forest.min_samples_split) == (100, 10, 5)
    assert forest.n_jobs == 1
    assert (model / "scaler.pkl").read_bytes() == (processed / "train/scaler.pkl").read_bytes()
    names = (processed / "train/train_processed.csv").read_text().split("\n", 1)[0].split(",")
    assert json.loads((model / "feature_names.json").read_text()) == names[:-1]
    assert (model / "code" / "inference.py").read_text() == (SCRIPTS / "inference.py").read_text()


def test_the_metrics_are_those_of_the_model_on_the_data():
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 2))
    train = Dataset(X[:40], X[:40, 0] * 3, ["a", "b"])
    test = Dataset(X[40:], X[40:, 0] * 3, ["a", "b"])

    model = fit(train, 5, 3, 2, 42)
    measured = {"train": train, "test": test}
    metrics = evaluate((name, data, model.predict(data.X)) for name, data in measured.items())

    predictions = model.predict(test.X)
    assert metrics["test_r2"] == r2_score(test.y, predictions)
    assert metrics["test_mae"] == mean_absolute_error(test.y, predictions)
    assert metrics["test_rmse"] == pytest.approx(np.sqrt(np.mean((test.y - predictions) ** 2)))
    assert metrics["train_r2"] == r2_score(train.y, model.predict(train.X))


def test_hyperparameters_arrive_as_arguments(small: Path, tmp_path: Path, train_here):
    code = train_here(
        *(small, tmp_path, "--n-estimators", 3, "--max-depth", 2),
        *("--min-samples-split", 4, "--random-state", 7),
    )

    assert code == 0
    forest = joblib.load(tmp_path / "model" / "model.pkl")
    assert (forest.n_estimators, forest.max_depth) == (3, 2)
    assert (forest.min_samples_split, forest.random_state) == (4, 7)


def test_the_code_channels_archive_is_unpacked_into_the_artifact(
    small: Path, tmp_path: Path, train_here
):
    code = tmp_path / "code"
    code.mkdir()
    members = {"inference.py": "# mine", "pkg/part.py": "x = 1", "requirements.txt": "six"}
    archive(code / "scripts-1f2e.tar.gz", members)

    assert train_here(small, tmp_path, "--n-estimators", 1, "--code", code) == 0

    for name, content in members.items():
        assert (tmp_path / "model" / "code" / name).read_text() == content


def spoil_nothing(folder: Path) -> None:
    pass


def remove_train_data(folder: Path) -> None:
    (folder / "train/train_processed.csv").rename(folder / "train/renamed.csv")


def put_text_in_a_number(folder: Path) -> None:
    with (folder / "test/test_processed.csv").open("a") as file:
        file.write("1.0,high,3.0\n")


def leave_a_value_out(folder: Path) -> None:
    with (folder / "train/train_processed.csv").open("a") as file:
        file.write("1.0,,3.0\n")


def cut_the_test_data(folder: Path) -> None:
    path = folder / "test/test_processed.csv"
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:2]))


def break_the_scaler(folder: Path) -> None:
    (folder / "train/scaler.pkl").write_bytes(b"no pickle")


def take_another_scaler(folder: Path) -> None:
    from sklearn.preprocessing import StandardScaler

    joblib.dump(StandardScaler().fit(np.ones((2, 5))), folder / "train/scaler.pkl")


def remove_the_scaler(folder: Path) -> None:
    (folder / "train/scaler.pkl").unlink()


@pytest.mark.parametrize(
    ("spoil", "arguments", "reason"),
    [
        (spoil_nothing, ["--n-estimators", "0"], "--n-estimators: must be a whole number of 1 or"),
        (
            spoil_nothing,
            ["--max-depth", "deep"],
            "--max-depth: must be a whole number of 1 or more",
        ),
        (
            spoil_nothing,
            ["--min-samples-split", "1"],
            "--min-samples-split: must be a whole number",
        ),
        (spoil_nothing, ["--folds", "1"], "--folds: must be 0, or a whole number of 2 or more"),
        (spoil_nothing, ["--folds", "21"], "must have 42 or more rows for R² of 21 folds, got 40"),
        (spoil_nothing, ["--learning-rate", "1"], "unrecognized arguments: --learning-rate 1"),
        (spoil_nothing, ["--target", "price"], "must have the target column 'price'"),
        (remove_train_data, [], "train_processed.csv: does not exist.*renamed.csv, scaler.pkl"),
        (
            put_text_in_a_number,
            [],
            "test_processed.csv: line 42, column 'b': must be a number, got 'high'",
        ),
        (leave_a_value_out, [], "train_processed.csv: column 'b': must not have missing values"),
        (cut_the_test_data, [], "the test data must have two or more rows for R², got 1"),
        (break_the_scaler, [], "scaler.pkl: must be readable with scikit-learn"),
        (
            take_another_scaler,
            [],
            "scaler.pkl: must be fitted to 2 features, as the training data, got 5",
        ),
        (remove_the_scaler, [], "scaler.pkl: does not exist"),
    ],
)
def test_the_failure_file_names_the_cause(
    small: Path, tmp_path: Path, train_here, capsys, spoil, arguments: list, reason: str
):
    spoil(small)

    assert train_here(small, tmp_path, "--n-estimators", 2, *arguments) == 1

    last = capsys.readouterr().err.splitlines()[-1]
    assert (tmp_path / "output" / "failure").read_text() == last
    assert re.search(reason, last)
    assert not (tmp_path / "model" / "model.pkl").exists()


def test_a_failed_job_exits_with_1_and_its_last_line_is_the_reason(
    small: Path, tmp_path: Path, train
):
    done = train(small, tmp_path, "--max-depth", "deep")

    assert done.returncode == 1
    reason = (tmp_path / "output" / "failure").read_text()
    assert done.stderr.splitlines() == [reason]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ({"../inference.py": "x"}, r"'\.\./inference\.py' must be a plain file inside the archive"),
        (
            {"/nowhere/inference.py": "x"},
            "'/nowhere/inference.py' must be a plain file",
        ),
        ({"notes.txt": "x"}, r"must contain inference code \(\*\.py\) at its root"),
        (None, "must be a readable tar.gz"),
    ],
)
def test_fails_when_the_code_archive_cannot_be_used(small: Path, tmp_path: Path, content, reason):
    code = tmp_path / "code"
    code.mkdir()
    if content is None:
        (code / "scripts.tar.gz").write_bytes(b"no archive")
    else:
        archive(code / "scripts.tar.gz", content)
    scaler = small / "train" / "scaler.pkl"

    with pytest.raises(JobError, match=reason):
        save(None, ["a", "b"], scaler, code, tmp_path / "model")  # pyright: ignore[reportArgumentType]

    assert not (tmp_path / "model" / "model.pkl").exists()


def test_fails_when_the_code_archive_has_a_link(small: Path, tmp_path: Path):
    code = tmp_path / "code"
    code.mkdir()
    with tarfile.open(code / "scripts.tar.gz", "w:gz") as tar:
        link = tarfile.TarInfo("inference.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)

    with pytest.raises(JobError, match=r"'inference\.py' must be a plain file inside the archive"):
        save(None, [], small / "train/scaler.pkl", code, tmp_path / "model")  # pyright: ignore[reportArgumentType]


def test_fails_when_the_code_channel_has_two_archives(small: Path, tmp_path: Path):
    for name in ("one.tar.gz", "two.tar.gz"):
        archive(tmp_path / name, {"inference.py": "x"})

    with pytest.raises(JobError, match=r"got one\.tar\.gz, two\.tar\.gz"):
        save(None, [], small / "train/scaler.pkl", tmp_path, tmp_path / "m")  # pyright: ignore[reportArgumentType]


def test_plain_files_of_the_code_channel_are_copied_without_caches(small: Path, tmp_path: Path):
    code = tmp_path / "code"
    shutil.copytree(SCRIPTS, code)
    (code / "__pycache__").mkdir(exist_ok=True)
    forest = fit(load(small / "train", small / "test", "target")[0], 1, 1, 2, 0)

    save(forest, ["a", "b"], small / "train/scaler.pkl", code, tmp_path / "model")

    copied = {path.name for path in (tmp_path / "model" / "code").iterdir()}
    assert "inference.py" in copied
    assert "__pycache__" not in copied
