import tracemalloc

import numpy as np
import pytest

import sketches
from sketches import Categories, NumberColumns, RowSample, category, sketch_of


def test_a_column_of_few_different_values_is_kept_exactly():
    values = np.random.default_rng(0).integers(0, 200, 5000).astype(float)

    sketch = sketch_of(values)

    points, counts = np.unique(values, return_counts=True)
    assert sketch.points.tolist() == points.tolist()
    assert (sketch.up_to - sketch.below).tolist() == counts.tolist()
    assert sketch.weights() == pytest.approx(counts)
    assert sketch.rows == 5000


def test_a_sketch_of_many_values_has_exact_counts_at_few_points():
    rng = np.random.default_rng(1)
    values = np.concatenate([rng.normal(size=9000), np.zeros(1000)])

    sketch = sketch_of(values)

    assert len(sketch.points) <= sketches.SKETCH_POINTS
    assert (sketch.points[0], sketch.points[-1]) == (values.min(), values.max())
    for point, below, up_to in zip(sketch.points, sketch.below, sketch.up_to):
        assert (below, up_to) == ((values < point).sum(), (values <= point).sum())
    assert 0.0 in sketch.points, "a value that a tenth of the rows have"
    assert sketch.weights().sum() == pytest.approx(10_000)
    assert (sketch.mean, sketch.deviation) == pytest.approx((values.mean(), values.std()))


def test_a_sample_of_few_rows_is_all_of_them_in_their_order():
    rows = np.random.default_rng(2).normal(size=(1234, 3))
    sample = RowSample(3, 0)

    for part in np.array_split(rows, 7):
        sample.add(part)

    assert np.array_equal(sample.rows(), rows)


def test_every_row_has_the_same_chance_to_be_sampled(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sketches, "SAMPLE_ROWS", 500)
    monkeypatch.setattr(sketches, "FEWEST_SAMPLE_ROWS", 500)
    taken = np.zeros(20)
    for seed in range(50):
        sample = RowSample(1, seed)
        for start in range(0, 20_000, 1000):
            sample.add(np.arange(start, start + 1000.0)[:, np.newaxis])
        rows = sample.rows()
        assert rows.shape == (500, 1)
        taken += np.histogram(rows, 20, (0, 20_000))[0]

    # 1250 expected in each twentieth; five standard deviations.
    assert np.abs(taken - 1250).max() < 5 * np.sqrt(1250)


def test_memory_does_not_grow_with_the_rows():
    def peak(chunks: int) -> int:
        columns = NumberColumns(list("abcd"), 0)
        chunk = np.random.default_rng(0).normal(size=(20_000, 4))
        tracemalloc.start()
        for _ in range(chunks):
            columns.add(chunk)
        columns.sampled()
        highest = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return highest

    assert peak(60) < 1.1 * peak(12)


def test_counts_and_ranges_are_of_all_rows_and_missing_values_of_none():
    columns = NumberColumns(["a", "b"], 0)

    columns.add(np.array([[1.0, np.nan], [3.0, np.nan]]))
    columns.add(np.array([[np.nan, np.nan], [-2.0, np.nan]]))

    assert columns.rows == 4
    assert columns.missing.tolist() == [1, 4]
    assert (columns.least[0], columns.greatest[0]) == (-2, 3)
    assert columns.sampled()["a"].tolist() == [1, 3, -2]
    assert len(columns.sampled()["b"]) == 0


def test_many_different_categories_are_counted_together(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(sketches, "COUNTED_CATEGORIES", 2)
    counted = Categories()

    counted.add(["red", "blue", None, "red"])
    counted.add(["green", "red", float("nan")])

    assert counted.counts == {"red": 3, "blue": 1}
    assert (counted.others, counted.missing, counted.rows) == (1, 2, 7)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (1, "1"),
        (1.0, "1"),
        (np.float64(1), "1"),
        (np.int64(1), "1"),
        (1.5, "1.5"),
        (True, "true"),
        (np.bool_(False), "false"),
        ("a", "a"),
        ("x" * 1000, "x" * 200),
        (None, None),
        (float("nan"), None),
    ],
)
def test_a_category_has_one_name(value: object, name: "str | None"):
    assert category(value) == name
