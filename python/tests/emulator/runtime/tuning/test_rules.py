"""Early stopping by the median, and the ends of tuning jobs."""

import pytest

from emulator.runtime.tuning.rules import Criteria, falls_behind, has_converged, not_improving

LOSSES = [[3, 2, 1], [4, 3, 2], [5, 4, 3]]  # running averages after two epochs: 2.5, 3.5, 4.5


@pytest.mark.parametrize(
    ("values", "behind"),
    [([9, 3.6], True), ([9, 3.5], False), ([9, 3.4], False), ([4.1], True), ([], False)],
)
def test_a_job_is_behind_if_it_is_worse_than_the_median_of_the_averages(values, behind):
    assert falls_behind(values, LOSSES, maximize=False) is behind
    mirrored = [[-value for value in job] for job in LOSSES]
    assert falls_behind([-value for value in values], mirrored, maximize=True) is behind


def test_nothing_is_behind_few_jobs():
    assert not falls_behind([9, 9], LOSSES[:2], maximize=False)


def test_jobs_that_ended_before_the_epoch_do_not_count():
    assert not falls_behind([9, 9], [[1], *LOSSES[:2]], maximize=False)
    assert falls_behind([9, 9], [[1], *LOSSES], maximize=False)


def test_a_job_is_not_stopped_at_what_was_the_last_epoch_of_all_others():
    assert not falls_behind([9, 9, 9], LOSSES, maximize=False)
    assert not falls_behind([9], [[1], [1], [1]], maximize=False)


@pytest.mark.parametrize(
    ("objectives", "count"),
    [
        ([], 0),
        ([1.0], 0),
        ([1.0, 1.0], 1),
        ([1.0, 1.009, 1.01], 2),
        ([1.0, 1.01], 0),
        ([1.0, 0.5, 2.0], 0),
        ([1.0, 0.5, 0.4], 2),
        ([0.0, 0.0], 1),
        ([-1.0, -0.99], 0),
        ([-1.0, -0.995], 1),
    ],
)
def test_an_improvement_is_one_percent_of_the_best(objectives, count):
    assert not_improving(objectives, maximize=True) == count
    assert not_improving([-value for value in objectives], maximize=False) == count


def test_twenty_jobs_without_improvement_are_a_convergence():
    assert not has_converged([1.0] * 20, maximize=True)
    assert has_converged([1.0] * 21, maximize=True)


def test_each_criterion_completes_a_tuning_job_by_itself():
    flat = [0.5, 0.5, 0.5, 0.5]
    assert not Criteria(maximize=True).are_met(flat * 10)
    assert Criteria(maximize=True, target=0.5).are_met([0.1, 0.5, 0.2])
    assert not Criteria(maximize=True, target=0.6).are_met(flat)
    assert Criteria(maximize=False, target=0.6).are_met(flat)
    assert Criteria(maximize=True, max_not_improving=3).are_met(flat)
    assert not Criteria(maximize=True, max_not_improving=3).are_met(flat[:3])
    assert Criteria(maximize=True, stops_on_convergence=True).are_met(flat * 6)
