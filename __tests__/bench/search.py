"""Whether a Bayesian search finds better values than a random one with as many jobs.

    npm run python -- __tests__/bench/search.py --seeds 20 --jobs 20

Both searches are the emulator's own and run once for each seed, on California Housing's random
forest and on Branin's function (minimum 0.397887; https://www.sfu.ca/~ssurjano/branin.html). For
each task it prints the best objective of both, in how many pairs each was better, and the p-value
of Wilcoxon's signed-rank test of the pairs. Nothing is asserted here.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from statistics import median
from types import SimpleNamespace
from typing import NamedTuple

import numpy as np
from scipy.stats import wilcoxon
from sklearn.datasets import fetch_california_housing
from sklearn.metrics import r2_score

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "python"), str(ROOT / "python/scripts")]

from emulator.runtime.environments import Environments  # noqa: E402
from emulator.runtime.tuning.proposers import Proposer, RandomProposer  # noqa: E402
from emulator.runtime.tuning.space import Space, read_space  # noqa: E402
from emulator.runtime.tuning.study import StudyPlan, StudyProposer  # noqa: E402
from training import fit  # noqa: E402


class Task(NamedTuple):
    """What is searched."""

    name: str
    space: Space
    objective: Callable[[Mapping[str, str]], float]
    maximize: bool


def branin() -> Task:
    """Return Branin's function on its usual domain."""

    def objective(values: Mapping[str, str]) -> float:
        x, y = float(values["x"]), float(values["y"])
        valley = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
        return valley**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10

    space = read_space({"ContinuousParameterRanges": [range_of("x", -5, 10), range_of("y", 0, 15)]})
    return Task("Branin's function", space, objective, maximize=False)


def forest(rows: int) -> Task:
    """Return the R² of the shipped forest on rows that it was not fitted to."""
    X, y = fetch_california_housing(return_X_y=True)
    chosen = np.random.default_rng(42).permutation(len(y))[: rows + rows // 2]
    train, test = chosen[:rows], chosen[rows:]

    @cache
    def objective(n_estimators: int, max_depth: int, min_samples_split: int) -> float:
        data = SimpleNamespace(X=X[train], y=y[train])
        model = fit(data, n_estimators, max_depth, min_samples_split, 42)
        return r2_score(y[test], model.predict(X[test]))

    names = ("n-estimators", "max-depth", "min-samples-split")
    ranges = [range_of(*one) for one in zip(names, (5, 2, 2), (60, 20, 50))]
    return Task(
        f"the forest's R², {rows} rows",
        read_space({"IntegerParameterRanges": ranges}),
        lambda values: objective(*(int(values[name]) for name in names)),
        maximize=True,
    )


def range_of(name: str, low: float, high: float) -> dict[str, str]:
    """Return a range as requests have it."""
    return {"Name": name, "MinValue": str(low), "MaxValue": str(high)}


def best(task: Task, proposer: Proposer, jobs: int) -> float:
    """Return the best objective of as many jobs, one after the other."""
    choose = max if task.maximize else min
    objectives = []
    try:
        for number in range(jobs):
            objectives.append(task.objective(proposer.ask() or {}))
            proposer.tell(number, objectives[-1])
    finally:
        proposer.close()
    return choose(objectives)


def compare(task: Task, seeds: int, jobs: int) -> None:
    """Search with both strategies, and print what was found."""
    environments = Environments()
    pairs = []
    for seed in range(seeds):
        plan = StudyPlan(task.space, seed, task.maximize, jobs)
        pairs.append(
            (
                best(task, StudyProposer(environments, plan), jobs),
                best(task, RandomProposer(task.space, seed), jobs),
            )
        )
        print(
            f"  seed {seed}: Bayesian {pairs[-1][0]:.4f}, random {pairs[-1][1]:.4f}",
            file=sys.stderr,
        )
    bayesian, at_random = (np.array(column) for column in zip(*pairs))
    gain = (bayesian - at_random) * (1 if task.maximize else -1)
    wanted = "larger" if task.maximize else "smaller"
    print(f"{task.name}: {seeds} seeds, {jobs} jobs each, {wanted} is better")
    print(f"  median Bayesian {median(bayesian):.4f}, random {median(at_random):.4f}")
    print(f"  Bayesian better {sum(gain > 0)}, equal {sum(gain == 0)}, worse {sum(gain < 0)}")
    effect = gain.mean() / gain.std(ddof=1)
    print(f"  gain: mean {gain.mean():.4f}, {effect:.2f} standard deviations of the pairs")
    print(f"  Wilcoxon's signed-rank test, two-sided: p = {wilcoxon(gain).pvalue:.2g}")


def main() -> None:
    """Parse the arguments and compare."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=20, help="pairs of searches, at least 6")
    parser.add_argument("--jobs", type=int, default=20, help="jobs of each search")
    parser.add_argument("--rows", type=int, default=2000, help="rows that the forest is fitted to")
    args = parser.parse_args()
    for task in (branin(), forest(args.rows)):
        compare(task, args.seeds, args.jobs)


if __name__ == "__main__":
    main()
