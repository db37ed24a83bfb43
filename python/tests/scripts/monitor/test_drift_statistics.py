"""Each statistic against scipy on the raw samples, or against its definition; then its errors."""

from typing import Any

import numpy as np
import pytest
from scipy import stats
from scipy.spatial.distance import jensenshannon

from drift_statistics import (
    above_share,
    aligned,
    beyond_range,
    binned,
    bins,
    chi_square,
    holm,
    jensen_shannon,
    kolmogorov_smirnov,
    merged,
    never_seen,
    psi,
    psi_limit,
    same_share,
    wasserstein,
)
from sketches import sketch_of

EXACT = 1e-9


def numbers(kind: str, rows: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return {
        "few values": lambda: rng.integers(-3, 150, rows) / 7,
        "two values": lambda: rng.integers(0, 2, rows).astype(float),
        "continuous": lambda: rng.normal(size=rows),
        "skewed": lambda: rng.lognormal(size=rows),
        "many zeros": lambda: np.maximum(rng.normal(size=rows), 0),
    }[kind]()


@pytest.mark.parametrize("shift", [0.0, 0.4, -60.0, 60.0])
@pytest.mark.parametrize("other", ["continuous", "two values"])
@pytest.mark.parametrize("kind", ["few values", "two values", "continuous"])
def test_with_an_exact_sketch_numbers_have_scipys_statistics(kind: str, other: str, shift: float):
    # 150 rows fit into a sketch, whatever their values.
    baseline = numbers(kind, 150 if kind == "continuous" else 4000, 1)
    current = numbers(other, 700, 2) + shift
    sketch = sketch_of(baseline)

    found = kolmogorov_smirnov(sketch, current)

    expected: Any = stats.ks_2samp(baseline, current, method="asymp")
    assert found.statistic == pytest.approx(expected.statistic, abs=EXACT)
    assert found.p == pytest.approx(expected.pvalue, rel=EXACT)
    moved = stats.wasserstein_distance(baseline, current) / baseline.std()
    assert wasserstein(sketch, current) == pytest.approx(moved, rel=EXACT)


@pytest.mark.parametrize("kind", ["continuous", "skewed", "many zeros"])
def test_a_sketch_shows_a_little_less_than_the_rows_and_never_more(kind: str):
    baseline, current = numbers(kind, 16_000, 3), 1.2 * numbers(kind, 900, 4) + 0.1
    sketch = sketch_of(baseline)

    found = kolmogorov_smirnov(sketch, current)

    raw: Any = stats.ks_2samp(baseline, current, method="asymp")
    expected = raw.statistic
    assert expected - 2.5 / len(sketch.points) <= found.statistic <= expected + EXACT
    moved = stats.wasserstein_distance(baseline, current) / baseline.std()
    assert wasserstein(sketch, current) == pytest.approx(moved, abs=0.02)


def test_a_baseline_that_does_not_vary_has_no_unit_to_measure_a_move_in():
    sketch = sketch_of(np.full(80, 3.0))

    assert wasserstein(sketch, np.arange(5.0)) is None
    assert [part.tolist() for part in binned(sketch, np.arange(5.0), 4)] == [[0, 80, 0], [3, 1, 1]]


def test_categories_have_scipys_statistics():
    rng = np.random.default_rng(5)
    baseline, current = (
        rng.multinomial(4000, [0.5, 0.3, 0.2]),
        rng.multinomial(300, [0.4, 0.3, 0.3]),
    )

    found = chi_square(*merged(baseline, current))

    expected: Any = stats.chi2_contingency([baseline, current], correction=False)
    assert found.statistic == pytest.approx(expected.statistic, rel=EXACT)
    assert found.p == pytest.approx(expected.pvalue, rel=EXACT)
    shares = baseline / 4000, current / 300
    expected_psi = sum((c - b) * np.log(c / b) for b, c in zip(*shares))
    assert psi(baseline, current) == pytest.approx(expected_psi, rel=EXACT)
    assert jensen_shannon(baseline, current) == pytest.approx(
        jensenshannon(*shares, base=2), rel=EXACT
    )
    # The divergence by its definition.
    mean = (shares[0] + shares[1]) / 2
    divergence = sum((share * np.log2(share / mean)).sum() / 2 for share in shares)
    assert jensen_shannon(baseline, current) ** 2 == pytest.approx(divergence, rel=EXACT)


def test_rare_categories_are_merged_until_enough_are_expected():
    baseline, current = np.array([900, 3, 2, 0, 60, 35]), np.array([90, 0, 1, 4, 3, 2])

    table = merged(baseline, current)

    assert sorted(table[0].tolist()) == [100, 900]
    assert dict(zip(table[0].tolist(), table[1].tolist())) == {100: 10, 900: 90}
    assert chi_square(*merged(np.array([50]), np.array([20]))).p == 1
    assert len(merged(np.array([5, 5]), np.array([0, 0]))[0]) == 1, "nothing to compare"


def test_disjoint_samples_are_as_far_apart_as_can_be():
    baseline, current = np.array([100, 0]), np.array([0, 100])

    assert jensen_shannon(baseline, current) == pytest.approx(1)
    assert psi(baseline, current) == pytest.approx(2 * (1 - 0.005) * np.log(200), rel=1e-9)
    assert jensen_shannon(baseline, baseline) == psi(baseline, baseline) == 0


def test_categories_that_the_baseline_does_not_name_count_together():
    counts = aligned({"a": 5, "b": 3}, {"b": 2, "x": 4, "y": 1}, (7, 2))

    assert [part.tolist() for part in counts] == [[5, 3, 7], [0, 2, 7]]


@pytest.mark.parametrize(
    ("rows", "expected"), [(50, 2), (100, 5), (199, 9), (200, 10), (10**6, 10)]
)
def test_small_samples_have_fewer_bins(rows: int, expected: int):
    assert bins(rows) == expected


@pytest.mark.parametrize("kind", ["continuous", "few values", "many zeros", "two values"])
def test_every_value_is_in_one_bin_and_the_baselines_bins_are_its_quantiles(kind: str):
    baseline, current = numbers(kind, 8000, 6), numbers(kind, 321, 7) * 3
    sketch = sketch_of(baseline)

    counts = binned(sketch, current, 10)

    assert [part.sum() for part in counts] == [8000, 321]
    assert (counts[0] > 0).all()
    if kind == "continuous":
        assert counts[0] == pytest.approx(800, abs=8000 / len(sketch.points) + 1)
        edges = np.quantile(baseline, np.arange(1, 10) / 10)
        assert counts[1] == pytest.approx(
            np.histogram(current, [-np.inf, *edges, np.inf])[0], abs=4
        )


def test_the_limit_of_the_index_is_exceeded_as_often_as_stated():
    rng = np.random.default_rng(8)
    counts = np.full(10, 1600)
    exceeded = 0
    limit = psi_limit(counts, 200, 0.05, 0)
    for _ in range(2000):
        baseline = rng.multinomial(16_000, np.full(10, 0.1))
        exceeded += psi(baseline, rng.multinomial(200, np.full(10, 0.1))) > limit

    # Three standard errors around 5 %.
    assert 0.035 < exceeded / 2000 < 0.065
    assert psi_limit(counts, 200, 0.05, 0) == limit
    assert psi_limit(counts, 200, 0.001, 0) > limit > psi_limit(counts, 2000, 0.05, 0)


def test_in_large_samples_the_limit_is_the_published_one():
    counts = np.full(10, 1600)
    for level in (0.01, 1e-6):
        published = stats.chi2.isf(level, 9) * (1 / 16_000 + 1 / 4000)
        assert psi_limit(counts, 4000, level, 0) == pytest.approx(published, rel=0.06)


def test_holms_correction_is_the_published_one():
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.9, 0.5]) == [1, 1]
    assert holm([]) == []


@pytest.mark.parametrize(
    "counts", [((3, 400), (1, 60)), ((300, 4000), (90, 600)), ((1, 60), (40, 60))]
)
def test_shares_are_compared_by_an_exact_test_or_with_enough_counts_by_chi_square(counts):
    table = np.array([[count, rows - count] for count, rows in counts])
    enough = stats.contingency.expected_freq(table).min() >= 10
    expected = (
        stats.chi2_contingency(table, correction=False)[1]
        if enough
        else stats.fisher_exact(table)[1]
    )
    assert same_share(*counts) == pytest.approx(expected, rel=EXACT)
    assert same_share((0, 400), (0, 60)) == same_share((400, 400), (60, 60)) == 1


def test_values_beyond_the_range_are_as_rare_as_their_p_value_says():
    rng = np.random.default_rng(9)
    least = []
    for _ in range(2000):
        baseline, current = rng.exponential(size=500), rng.exponential(size=100)
        outside = ((current < baseline.min()) | (current > baseline.max())).sum()
        least.append(beyond_range(int(outside), 100, 500))

    assert np.mean(np.array(least) <= 0.05) < 0.06
    assert np.mean(np.array(least) <= 0.01) < 0.015
    assert beyond_range(0, 100, 500) == 1
    assert beyond_range(20, 100, 500) < 1e-9


def test_a_few_new_categories_are_expected_where_many_occurred_once():
    assert never_seen(0, 100, 0, 500) == 1
    assert never_seen(3, 100, 50, 500) > 0.5
    assert never_seen(3, 100, 0, 50_000) < 1e-6


def test_a_share_is_above_its_limit_only_beyond_chance():
    assert above_share(2, 100, 0.01) > 0.2
    assert above_share(12, 100, 0.01) < 1e-6
    assert above_share(0, 0, 0.01) == 1
