import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import joblib
import numpy as np
import pytest
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_info, threadpool_limits

import gradient_boosting
from checkpoints import Checkpoint, Checkpoints
from gradient_boosting import boost
from inference import _in_one_thread, model_fn, predict_fn
from tests.patience import FOR_EVER
from training_job import Dataset, planned_fits

SCRIPT = Path(gradient_boosting.__file__)
MEASURED = [f"{part}_{metric}" for part in ("train", "test") for metric in ("rmse", "r2", "mae")]


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Tests share the CPUs, where the threads of several processes would wait for each other."""
    with threadpool_limits(1, user_api="openmp"):
        yield


@pytest.fixture(scope="module")
def boosted(tmp_path_factory: pytest.TempPathFactory, train, processed: Path) -> Path:
    """model/, output/ and the log of gradient_boosting.py on `processed`, with its defaults."""
    folder = tmp_path_factory.mktemp("boosted")
    done = train(processed, folder, script=SCRIPT.name)
    assert done.returncode == 0, done.stderr
    (folder / "log").write_text(done.stdout)
    return folder


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Preprocessing's output for a few rows."""
    from preprocessing import preprocess

    raw = tmp_path / "raw"
    raw.mkdir()
    rng = np.random.default_rng(0)
    rows = "".join(f"{a},{b},{3 * a + b * b}\n" for a, b in rng.normal(size=(200, 2)))
    for name in ("train", "test"):
        (raw / f"{name}.csv").write_text("a,b,target\n" + rows)
    preprocess(raw, tmp_path / "processed", "target", 100)
    return tmp_path / "processed"


def evaluation(folder: Path) -> "dict[str, float]":
    return json.loads((folder / "output/data/evaluation.json").read_text())


def logged(log: str, metric: str) -> "list[float]":
    """What the MetricDefinitions of the workflow find."""
    return [float(value) for value in re.findall(rf"{metric}: ([-+.0-9eE]+)", log)]


def test_it_beats_the_forest_on_the_sample_data(boosted: Path, trained: Path):
    assert evaluation(boosted)["test_r2"] > evaluation(trained)["test_r2"]


def test_its_metrics_have_the_names_of_the_forests_and_importances_after_them(
    boosted: Path, trained: Path
):
    metrics = evaluation(boosted)
    features = json.loads((boosted / "model" / "feature_names.json").read_text())
    forests = list(evaluation(trained))

    assert list(metrics)[: len(forests)] == forests
    importances = list(metrics.items())[len(forests) :]
    assert sorted(name for name, _ in importances) == sorted(
        f"importance_{name}" for name in features
    )
    values = [value for _, value in importances]
    assert values == sorted(values, reverse=True)
    assert values[0] > 0.1
    assert "importance" not in (boosted / "log").read_text()


@pytest.mark.parametrize("metric", MEASURED)
def test_each_metric_is_logged_after_each_iteration_and_at_the_end(boosted: Path, metric: str):
    values = logged((boosted / "log").read_text(), metric)

    assert len(values) == 101
    assert values[-1] == evaluation(boosted)[metric]
    assert values[-2] == pytest.approx(values[-1], rel=1e-5)
    worst, best = sorted((values[0], values[99]), reverse=not metric.endswith("r2"))
    assert (values[0], values[99]) == (worst, best)


def test_the_metrics_of_an_iteration_are_those_of_a_model_with_so_many(
    small: Path, tmp_path: Path, train_here, capsys
):
    def log(iterations: int) -> str:
        train_here(small, tmp_path, "--max-iter", iterations, script=gradient_boosting)
        return capsys.readouterr().out

    longer = {metric: logged(log(12), metric) for metric in MEASURED}

    for iterations in (1, 10, 11):
        for metric in MEASURED:
            value = logged(log(iterations), metric)[-1]
            assert longer[metric][iterations - 1] == pytest.approx(value, rel=1e-5)


def test_its_model_is_served_as_the_estimator_predicts(boosted: Path, raw: Path):
    estimator = joblib.load(boosted / "model" / "model.pkl")
    scaler = joblib.load(boosted / "model" / "scaler.pkl")
    rows = np.loadtxt(raw / "test.csv", delimiter=",", skiprows=1)[:, :-1]
    model = model_fn(str(boosted / "model"))

    def served(instances: list) -> object:
        return predict_fn(instances, model)

    expected = estimator.predict(scaler.transform(rows)).tolist()
    name = "HistGradientBoostingRegressor"
    assert served(rows.tolist()) == {"predictions": expected, "model_type": name}
    assert served([rows[7].tolist()]) == {"predictions": [expected[7]], "model_type": name}
    _, *others = rows[7].tolist()
    assert served([[None, *others]]) == served([[float(scaler.mean_[0]), *others]])


def test_serving_uses_one_thread_and_leaves_the_others_as_they_were():
    def threads() -> "set[int]":
        return {pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "openmp"}

    class Counting:
        def predict(self, X: np.ndarray) -> np.ndarray:
            return np.array([float(max(threads()))])

    with threadpool_limits(2, user_api="openmp"):
        assert _in_one_thread(Counting())(np.zeros((1, 1))).tolist() == [1.0]
        assert threads() == {2}


def test_hyperparameters_arrive_as_arguments(small: Path, tmp_path: Path, train_here):
    assert (
        train_here(
            *(small, tmp_path, "--max-iter", 3, "--learning-rate", 0.2, "--max-leaf-nodes", 7),
            *("--min-samples-leaf", 4, "--l2-regularization", 1.5, "--random-state", 9),
            script=gradient_boosting,
        )
        == 0
    )

    model = joblib.load(tmp_path / "model" / "model.pkl")
    assert (model.n_iter_, model.max_iter, model.learning_rate) == (3, 3, 0.2)
    assert (model.max_leaf_nodes, model.min_samples_leaf) == (7, 4)
    assert (model.l2_regularization, model.random_state) == (1.5, 9)
    # Fitted again, it starts from the beginning, as any estimator.
    assert not model.warm_start


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["--learning-rate", "0"], "--learning-rate: must be a number greater than 0, got '0'"),
        (["--learning-rate", "nan"], "--learning-rate: must be a number greater than 0, got 'nan'"),
        (["--l2-regularization", "-1"], "--l2-regularization: must be a number of 0 or more"),
        (["--max-leaf-nodes", "1"], "--max-leaf-nodes: must be a whole number of 2 or more"),
        (["--n-estimators", "5"], "unrecognized arguments: --n-estimators 5"),
        (["--folds", "200"], "must have 400 or more rows for R² of 200 folds, got 200"),
    ],
)
def test_the_failure_file_names_the_cause(
    small: Path, tmp_path: Path, train_here, arguments: list, reason: str
):
    assert train_here(small, tmp_path, *arguments, script=gradient_boosting) == 1

    assert reason in (tmp_path / "output" / "failure").read_text()
    assert not (tmp_path / "model" / "model.pkl").exists()


def test_with_folds_the_cross_validation_is_logged_after_each_iteration(
    small: Path, tmp_path: Path, train_here, capsys
):
    code = train_here(*(small, tmp_path, "--max-iter", 15, "--folds", 3), script=gradient_boosting)

    assert code == 0
    values = logged(capsys.readouterr().out, "cv_r2")
    assert len(values) == 16
    assert values[0] < values[14]
    assert values[-1] == evaluation(tmp_path)["cv_r2"] != evaluation(tmp_path)["test_r2"]


@pytest.mark.parametrize("folds", [0, 3])
def test_an_interrupted_training_ends_as_one_that_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys, folds: int
):
    X = np.random.default_rng(0).normal(size=(300, 3))
    data = Dataset(X, X[:, 0] ** 2 + X[:, 1], ["a", "b", "c"])
    fits = planned_fits(data, data, folds, 0)

    def new_model() -> HistGradientBoostingRegressor:
        return HistGradientBoostingRegressor(max_iter=23, random_state=0)

    def predictions(folder: Path) -> "list[list[float]]":
        return [model.predict(X).tolist() for model in boost(fits, new_model, folder, 5)]

    expected = predictions(tmp_path / "nowhere")
    capsys.readouterr()
    write = Checkpoints.write

    def write_and_stop(self: Checkpoints, checkpoint: Checkpoint) -> None:
        write(self, checkpoint)
        raise KeyboardInterrupt

    for before, iteration in pairwise((0, 5, 10, 15, 20, 23)):
        monkeypatch.setattr(Checkpoints, "write", write_and_stop)
        with pytest.raises(KeyboardInterrupt):
            predictions(tmp_path)
        lines = capsys.readouterr().out.splitlines()
        assert lines[0].startswith(
            f"continues after iteration {before} of 23" if before else "iteration 1 of 23: "
        )
        assert lines[-1].startswith(f"iteration {iteration} of 23: ")
    monkeypatch.undo()

    assert predictions(tmp_path) == expected
    assert capsys.readouterr().out == "continues after iteration 23 of 23, from a checkpoint\n"


def test_a_killed_job_continues_with_the_result_of_one_that_ran_through(
    small: Path, tmp_path: Path, train
):
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    arguments = ["--max-iter", "600", "--max-leaf-nodes", "4", "--checkpoint-iterations", "20"]
    command = [sys.executable, str(SCRIPT), "--checkpoint-dir", str(folder), *arguments]
    job = subprocess.Popen(
        [*command, "--train", str(small / "train"), "--test", str(small / "test")],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert job.stdout is not None
    # It writes on only as far as the pipe holds, which is less than 600 lines.
    for line in job.stdout:
        if line.startswith("iteration 41 "):
            break
    job.send_signal(signal.SIGKILL)
    job.communicate(timeout=FOR_EVER)
    assert job.returncode == -signal.SIGKILL

    resumed = train(small, tmp_path, "--checkpoint-dir", folder, *arguments, script=SCRIPT.name)
    through = train(small, tmp_path / "through", *arguments, script=SCRIPT.name)

    assert (resumed.returncode, through.returncode) == (0, 0)
    first = resumed.stdout.splitlines()[0]
    found = re.fullmatch(r"continues after iteration (\d+) of 600, from a checkpoint", first)
    assert found
    assert 40 <= int(found[1]) < 600
    assert through.stdout.splitlines()[0].startswith("iteration 1 of 600: ")
    assert evaluation(tmp_path) == evaluation(tmp_path / "through")
    rows = np.random.default_rng(1).normal(size=(500, 2))
    models = [joblib.load(path / "model/model.pkl") for path in (tmp_path, tmp_path / "through")]
    assert models[0].predict(rows).tolist() == models[1].predict(rows).tolist()
    assert models[0].get_params() == models[1].get_params()


def test_a_checkpoint_with_other_folds_is_not_used(small: Path, tmp_path: Path, train_here, capsys):
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    arguments = (small, tmp_path, "--max-iter", 5, "--checkpoint-dir", folder)
    assert train_here(*arguments, script=gradient_boosting) == 0
    capsys.readouterr()

    assert train_here(*arguments, "--folds", 2, script=gradient_boosting) == 0

    assert "its folds is 0, that of this job is 2" in capsys.readouterr().out
    assert "cv_r2" in evaluation(tmp_path)


def test_a_checkpoint_of_another_version_is_named_and_training_begins_anew(
    small: Path, tmp_path: Path, train_here, capsys
):
    folder = tmp_path / "checkpoints"
    folder.mkdir()
    arguments = (small, tmp_path, "--max-iter", 20, "--checkpoint-dir", folder)
    assert train_here(*arguments, script=gradient_boosting) == 0
    expected = evaluation(tmp_path)
    for path in folder.iterdir():
        content = path.read_bytes()
        path.write_bytes(re.sub(rb'"scikit-learn": "[^"]+"', b'"scikit-learn": "0.24.2"', content))
    capsys.readouterr()

    assert train_here(*arguments, script=gradient_boosting) == 0

    first, second, *_ = capsys.readouterr().out.splitlines()
    assert first.startswith(f"{folder}/checkpoint-00000020 is not used: its scikit-learn is 0.24.2")
    assert second.startswith("iteration 1 of 20: ")
    assert evaluation(tmp_path) == expected
