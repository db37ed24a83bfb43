"""The data of the training scripts, and its division into folds."""

from pathlib import Path

import numpy as np

from training_input import Dataset, load, planned_fits


def dataset(n_rows: int, seed: int) -> Dataset:
    X = np.random.default_rng(seed).normal(size=(n_rows, 3))
    return Dataset(X, X[:, 1], ["a", "b", "c"])


TRAIN, TEST = dataset(50, 1), dataset(20, 2)


def test_the_test_data_may_have_its_columns_in_another_order(few_rows: Path):
    path = few_rows / "test" / "test_processed.csv"
    rows = [line.split(",") for line in path.read_text().splitlines()]
    straight = load(few_rows / "train", few_rows / "test", "target")[1]
    path.write_text("".join(f"{c},{b},{a}\n" for a, b, c in rows))

    turned = load(few_rows / "train", few_rows / "test", "target")[1]

    assert np.array_equal(turned.X, straight.X)
    assert np.array_equal(turned.y, straight.y)


def test_each_row_is_in_one_fold_and_never_in_what_its_fold_is_measured_with():
    whole, *folds = planned_fits(TRAIN, TEST, 3, 0)

    assert whole.train is TRAIN
    assert whole.measured == {"train": TRAIN, "test": TEST}
    together = np.concatenate([fold.measured["cv"].y for fold in folds])
    assert sorted(together) == sorted(TRAIN.y)
    for fold in folds:
        held_out = fold.measured["cv"]
        assert 16 <= len(held_out.y) <= 17
        assert sorted([*fold.train.y, *held_out.y]) == sorted(TRAIN.y)
        assert not set(fold.train.X[:, 0]) & set(held_out.X[:, 0])


def test_the_folds_depend_on_the_seed_alone():
    def first(seed: int) -> list:
        return planned_fits(TRAIN, TEST, 5, seed)[1].measured["cv"].y.tolist()

    assert first(0) == first(0)
    assert first(0) != first(1)
