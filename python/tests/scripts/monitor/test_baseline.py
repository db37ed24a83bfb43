import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from baseline import (
    FEATURES_FILE,
    FILE,
    Labels,
    Numbers,
    parse_baseline,
    read_baseline,
    save_baseline,
)
from job import JobError
from sketches import SKETCH_POINTS
from tests.scripts.comparison.conftest import pack


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    table = pd.DataFrame(
        {
            "age": rng.integers(18, 90, 900).astype(float),
            "income": rng.lognormal(size=900),
            "city": rng.choice(["Bern", "Basel", "Genf"], 900),
            "member": rng.random(900) < 0.3,
        }
    )
    table.loc[:8, "age"] = np.nan
    table.loc[:2, "city"] = None
    return table


def archive(folder: Path, content: "bytes | None") -> Path:
    (folder / "model").mkdir()
    (folder / "model" / "model.pkl").write_bytes(b"x" * 1000)
    if content is not None:
        (folder / "model" / FILE).write_bytes(content)
    return pack(folder, folder / "input")


def test_a_baseline_is_read_as_it_was_written(tmp_path: Path):
    table = frame()
    (tmp_path / "made").mkdir()

    save_baseline(tmp_path / "made", table, ["yes", "no", "yes"], ["yes", "no", "no"])
    found = read_baseline(archive(tmp_path, (tmp_path / "made" / FILE).read_bytes()))

    age, income, city, member = found.features
    assert isinstance(age, Numbers)
    assert (age.name, age.rows, age.missing, age.least, age.greatest) == ("age", 900, 9, 18, 89)
    assert age.sketch is not None
    assert age.sketch.rows == 891
    assert isinstance(income, Numbers)
    assert income.sketch is not None
    assert len(income.sketch.points) <= SKETCH_POINTS
    assert income.sketch.deviation == pytest.approx(table["income"].std(ddof=0))
    assert isinstance(city, Labels)
    assert city.counts == table["city"].value_counts().to_dict()
    assert (city.rows, city.missing, city.others, city.once) == (900, 3, 0, 0)
    assert isinstance(member, Labels)
    assert set(member.counts) == {"true", "false"}
    assert isinstance(found.prediction, Labels)
    assert found.prediction.counts == {"yes": 2, "no": 1}
    assert found.quality["accuracy"].value == pytest.approx(2 / 3)
    assert found.quality_rows == 3


def test_a_baseline_is_small_however_many_rows_and_categories_there_are(tmp_path: Path):
    rng = np.random.default_rng(1)
    features = {f"x{i}": rng.normal(size=60_000) for i in range(8)}
    features["id"] = np.array([f"customer-{i}" for i in range(60_000)])

    save_baseline(tmp_path, features, rng.normal(size=5000), rng.normal(size=5000))

    assert (tmp_path / FILE).stat().st_size < 100_000
    baseline = parse_baseline((tmp_path / FILE).read_bytes(), "here")
    identifiers = baseline.features[-1]
    assert isinstance(identifiers, Labels)
    assert sum(identifiers.counts.values()) + identifiers.others == identifiers.rows == 60_000


def test_a_column_without_a_value_has_no_sketch(tmp_path: Path):
    save_baseline(tmp_path, {"empty": [np.nan, np.nan]}, [1.0, 2.0], [1.0, 2.5])

    (empty,) = parse_baseline((tmp_path / FILE).read_bytes(), "here").features

    assert isinstance(empty, Numbers)
    assert empty.sketch is None
    assert empty.missing == 2


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (None, r"model\.tar\.gz: must contain baseline\.json: train the model again"),
        (b"{", r"baseline\.json: must be a baseline in JSON"),
        (b"[]", r"baseline\.json: must be a baseline in JSON"),
        (b'{"version": 2}', r"baseline\.json: must have version 1, got 2: train the model again"),
        (b'{"version": 1, "features": [{}]}', r"baseline\.json: must be a complete baseline"),
    ],
)
def test_fails_with_the_reason_why_there_is_no_baseline(
    tmp_path: Path, content: "bytes | None", problem: str
):
    with pytest.raises(JobError, match=problem):
        read_baseline(archive(tmp_path, content))


def test_fails_when_a_sketch_does_not_ascend(tmp_path: Path):
    save_baseline(tmp_path, {"a": [1.0, 2.0]}, [1.0, 2.0], [1.0, 2.0])
    content = json.loads((tmp_path / FILE).read_text())
    content["features"][0]["points"] = [2.0, 1.0]

    with pytest.raises(JobError, match="the points of 'a' must ascend"):
        parse_baseline(json.dumps(content).encode(), "here")


def test_fails_when_the_archive_is_cut(tmp_path: Path):
    folder = archive(tmp_path, b"{}")
    whole = (folder / "model.tar.gz").read_bytes()
    (folder / "model.tar.gz").write_bytes(whole[: len(whole) // 2])

    with pytest.raises(JobError, match=r"must be a readable tar\.gz"):
        read_baseline(folder)


def test_training_writes_the_baseline_of_the_raw_rows(trained: Path, raw: Path, processed: Path):
    rows = pd.read_csv(raw / "train.csv")
    evaluation: dict[str, Any] = json.loads((trained / "output/data/evaluation.json").read_text())

    found = parse_baseline((trained / "model" / FILE).read_bytes(), "here")

    assert [column.name for column in found.features] == list(rows.columns[:-1])
    for column in found.features:
        assert isinstance(column, Numbers)
        assert column.sketch is not None
        values = rows[column.name]
        assert (column.least, column.greatest) == (values.min(), values.max())
        assert (column.rows, column.missing) == (len(rows), 0)
        assert set(column.sketch.points) <= set(values)
    for name, value in found.quality.items():
        assert value.value == pytest.approx(evaluation[f"test_{name}"])
    assert found.prediction is not None
    assert found.prediction.rows == found.quality_rows
    assert (processed / "train" / FEATURES_FILE).stat().st_size < 60_000


def test_missing_values_are_counted_before_preprocessing_fills_them(
    tmp_path: Path, train_here: Any, raw: Path
):
    from preprocessing import preprocess

    data = tmp_path / "data"
    data.mkdir()
    for name in ("train", "test"):
        rows = pd.read_csv(raw / f"{name}.csv").head(300)
        rows.iloc[:90, 0] = np.nan
        rows.to_csv(data / f"{name}.csv", index=False)
    preprocess(data, tmp_path / "processed", "target", 64)

    assert train_here(tmp_path / "processed", tmp_path / "out", "--n-estimators", 3) == 0

    found = parse_baseline((tmp_path / "out/model" / FILE).read_bytes(), "here")
    assert [column.missing for column in found.features] == [90, *[0] * 7]


def test_without_preprocessings_summary_training_says_that_there_is_no_baseline(
    few_rows: Path, tmp_path: Path, train_here: Any, capsys: pytest.CaptureFixture[str]
):
    (few_rows / "train" / FEATURES_FILE).unlink()

    assert train_here(few_rows, tmp_path / "out", "--n-estimators", 3) == 0

    assert not (tmp_path / "out/model" / FILE).exists()
    assert "the model has no baseline to monitor it with" in capsys.readouterr().out


def test_fails_when_the_summary_is_of_other_features(
    few_rows: Path, tmp_path: Path, train_here: Any, capsys: pytest.CaptureFixture[str]
):
    path = few_rows / "train" / FEATURES_FILE
    path.write_text(path.read_text().replace('"name": "a"', '"name": "other"'))

    assert train_here(few_rows, tmp_path / "out", "--n-estimators", 3) == 1

    assert "must describe the features ['a', 'b'], got ['other', 'b']" in capsys.readouterr().err
