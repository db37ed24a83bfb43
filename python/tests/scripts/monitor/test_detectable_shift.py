import numpy as np
import pytest

from detectable_shift import POWER, smallest_change, smallest_shift
from drift_statistics import chi_square, kolmogorov_smirnov, psi
from sketches import sketch_of

LEVEL = 0.0005
RUNS = 300


@pytest.mark.parametrize("rows", [60, 400, 3000])
@pytest.mark.parametrize("kind", ["normal", "exponential"])
def test_the_smallest_shift_is_found_as_often_as_stated_and_half_of_it_is_not(kind: str, rows: int):
    rng = np.random.default_rng(rows)
    draw = getattr(rng, {"normal": "standard_normal"}.get(kind, "standard_exponential"))
    sketch = sketch_of(draw(size=8000))

    shift = smallest_shift(sketch, rows, LEVEL, 0.0)

    assert shift is not None

    def power(moved: float) -> float:
        return float(
            np.mean(
                [
                    kolmogorov_smirnov(sketch, draw(size=rows) + moved * sketch.deviation).p < LEVEL
                    for _ in range(RUNS)
                ]
            )
        )

    assert power(shift) > POWER - 0.05
    assert power(shift / 2) < 0.5


def test_the_smallest_shift_is_not_below_the_tolerance():
    sketch = sketch_of(np.random.default_rng(0).normal(size=8000))

    assert smallest_shift(sketch, 100_000, LEVEL, 0.25) == pytest.approx(0.265, abs=0.01)
    assert smallest_shift(sketch_of(np.ones(100)), 100, LEVEL, 0.1) is None
    assert smallest_shift(sketch, 100, LEVEL, 99.0) is None, "ten standard deviations are all"


def test_the_smallest_change_of_categories_is_found_as_often_as_stated():
    rng = np.random.default_rng(1)
    counts = np.array([5000, 3000, 2000])
    found = {}
    for tolerance in (0.0, 0.1):
        found[tolerance] = smallest_change(
            counts, 500, LEVEL, lambda b, c, least=tolerance: psi(b, c) >= least
        )
    change = found[0.0]

    assert change is not None
    assert found[0.1] is not None
    assert found[0.1] > change
    moved = np.array([0.5 - change, 0.3 + change, 0.2])
    power = np.mean(
        [chi_square(counts, rng.multinomial(500, moved)).p < LEVEL for _ in range(RUNS)]
    )
    assert POWER - 0.06 < power < 0.98
    assert smallest_change(np.array([9]), 500, LEVEL, lambda *_: True) is None
