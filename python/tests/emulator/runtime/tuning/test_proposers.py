"""Random, grid and a study of Optuna's: what they propose."""

import pytest

from emulator.runtime.environments import ENVIRONMENTS, Environments
from emulator.runtime.tuning.proposers import GridProposer, RandomProposer
from emulator.runtime.tuning.space import read_space
from emulator.runtime.tuning.study import (
    Finding,
    Resources,
    StudyError,
    StudyPlan,
    StudyProposer,
)

SPACE = read_space(
    {
        "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "8"}],
        "ContinuousParameterRanges": [
            {
                "Name": "momentum",
                "MinValue": "0",
                "MaxValue": "0.999",
                "ScalingType": "ReverseLogarithmic",
            }
        ],
        "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b"]}],
    }
)
SMALL = read_space({"CategoricalParameterRanges": [{"Name": "kind", "Values": list("abcde")}]})
GRID = read_space(
    {
        "CategoricalParameterRanges": [
            {"Name": "kind", "Values": ["a", "b"]},
            {"Name": "size", "Values": ["1", "2"]},
        ]
    }
)


def asked(proposer, count):
    return [proposer.ask() for _ in range(count)]


def objective(values):
    return -abs(int(values["depth"]) - 5) - abs(float(values["momentum"]) - 0.9)


@pytest.fixture
def study(optuna):
    started = []

    def start(space=SPACE, seed=1, maximize=True, n_jobs=30, **plan):
        environments = Environments(ENVIRONMENTS.resolve())
        planned = StudyPlan(space, seed, maximize, n_jobs, **plan)
        started.append(StudyProposer(environments, planned))
        return started[-1]

    yield start
    for proposer in started:
        proposer.close()


def searched(proposer, count):
    found = []
    for number in range(count):
        found.append(proposer.ask())
        proposer.tell(number, objective(found[-1]))
    return found


def test_the_same_seed_draws_the_same_values():
    assert asked(RandomProposer(SPACE, 7), 20) == asked(RandomProposer(SPACE, 7), 20)
    assert asked(RandomProposer(SPACE, 7), 20) != asked(RandomProposer(SPACE, 8), 20)
    assert asked(RandomProposer(SPACE, None), 20) != asked(RandomProposer(SPACE, None), 20)


def test_no_combination_is_drawn_twice_while_there_are_others():
    drawn = [(values or {})["kind"] for values in asked(RandomProposer(SMALL, 1), 6)]
    assert sorted(drawn[:5]) == list("abcde")
    assert drawn[5] in "abcde"


def test_a_grid_has_each_combination_once():
    pairs = [("a", "1"), ("a", "2"), ("b", "1"), ("b", "2")]
    expected = [{"kind": kind, "size": size} for kind, size in pairs]
    assert asked(GridProposer(GRID), 5) == [*expected, None]


def test_random_and_grid_stop_no_job():
    for proposer in (RandomProposer(SPACE, 1), GridProposer(GRID)):
        assert proposer.report(0, 1, -1e9) is False


def test_a_study_with_the_same_seed_and_results_proposes_the_same(study):
    first = searched(study(seed=3), 15)
    assert searched(study(seed=3), 15) == first
    assert searched(study(seed=2**32 + 4), 15) != first


def test_a_study_learns_from_results(study):
    objectives = [objective(values) for values in searched(study(), 40)]
    assert sum(objectives[-10:]) > sum(objectives[:10])
    assert max(objectives) > -0.2


def test_a_study_proposes_values_of_the_space_while_others_run_and_after_a_failure(study):
    proposer = study()
    proposals = asked(proposer, 12)
    proposer.tell(0, None)
    proposer.tell(1, 0.5)
    proposals.append(proposer.ask())
    assert all(SPACE.coordinates(values) for values in proposals)
    assert len({tuple(values.values()) for values in proposals}) == 13


def test_a_study_begins_with_what_was_found_before(study):
    best = {"depth": "5", "momentum": "0.9", "kind": "a"}
    worst = [{"depth": "1", "momentum": "0.1", "kind": "b"}] * 9
    earlier = [Finding(one, objective(one)) for one in (best, *worst)]
    outside = Finding({**best, "depth": "9"}, 1e9)
    warm = searched(study(earlier=[*earlier, outside], n_jobs=3), 8)
    cold = searched(study(n_jobs=3), 8)
    assert sum(map(objective, warm)) > sum(map(objective, cold))


def test_hyperband_stops_what_falls_behind_and_not_before_the_least_resource(study):
    proposer = study(hyperband=Resources(2, 27))
    asked(proposer, 12)
    stopped = [0] * 12
    for epoch in range(1, 28):
        for number in range(12):
            if not stopped[number] and proposer.report(number, epoch, epoch / 100 - number):
                stopped[number] = epoch
    assert stopped[0] == 0
    assert sum(map(bool, stopped)) >= 3
    assert all(epoch >= 2 for epoch in stopped if epoch)
    for number in range(12):
        proposer.tell(number, -float(number))
    assert proposer.ask()


def test_a_study_that_ended_says_what_it_wrote_last(study):
    proposer = study()
    with pytest.raises(StudyError, match=r"(?s)the study of Optuna ended: .*IndexError"):
        proposer.tell(99, 1.0)
