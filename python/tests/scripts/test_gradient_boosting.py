import json
import re
from collections.abc import Iterator
from pathlib import Path

import joblib
import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

import gradient_boosting
from inference import _in_one_thread, model_fn, predict_fn

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
    few_rows: Path, tmp_path: Path, train_here, capsys
):
    def log(iterations: int) -> str:
        train_here(few_rows, tmp_path, "--max-iter", iterations, script=gradient_boosting)
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


def test_hyperparameters_arrive_as_arguments(few_rows: Path, tmp_path: Path, train_here):
    assert (
        train_here(
            *(few_rows, tmp_path, "--max-iter", 3, "--learning-rate", 0.2, "--max-leaf-nodes", 7),
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
    few_rows: Path, tmp_path: Path, train_here, arguments: list, reason: str
):
    assert train_here(few_rows, tmp_path, *arguments, script=gradient_boosting) == 1

    assert reason in (tmp_path / "output" / "failure").read_text()
    assert not (tmp_path / "model" / "model.pkl").exists()


def test_with_folds_the_cross_validation_is_logged_after_each_iteration(
    few_rows: Path, tmp_path: Path, train_here, capsys
):
    code = train_here(
        *(few_rows, tmp_path, "--max-iter", 15, "--folds", 3), script=gradient_boosting
    )

    assert code == 0
    values = logged(capsys.readouterr().out, "cv_r2")
    assert len(values) == 16
    assert values[0] < values[14]
    assert values[-1] == evaluation(tmp_path)["cv_r2"] != evaluation(tmp_path)["test_r2"]
