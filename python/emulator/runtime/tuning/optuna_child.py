"""A study of Optuna's as a program: answers each line of JSON, a call, with one line.

It runs in the environment ``tuning`` and imports nothing of the emulator.
"""

import importlib
import json
import sys
import warnings
from typing import Any

optuna: Any = importlib.import_module("optuna")


class Study:
    """The calls that are answered."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._distributions = {
            name: _distribution(dimension) for name, dimension in settings["dimensions"].items()
        }
        sampler = optuna.samplers.TPESampler(
            seed=settings["seed"],
            n_startup_trials=settings["n_random"],
            multivariate=True,
            constant_liar=True,  # the values that run now count, so that parallel ones differ
        )
        self._study = optuna.create_study(
            study_name="tuning",  # Hyperband puts a trial into a bracket by this name
            direction="maximize" if settings["maximize"] else "minimize",
            sampler=sampler,
            pruner=_pruner(settings["hyperband"]),
        )
        for coordinates, objective in settings["earlier"]:
            self._study.add_trial(
                optuna.trial.create_trial(
                    params=coordinates, distributions=self._distributions, value=objective
                )
            )
        self._trials: list[Any] = []
        self._pruned: set[int] = set()

    def ask(self) -> dict[str, Any]:
        """Return the next coordinates."""
        self._trials.append(self._study.ask(self._distributions))
        return self._trials[-1].params

    def report(self, number: int, step: int, value: float) -> bool:
        """Return whether a trial falls behind."""
        trial = self._trials[number]
        trial.report(value, step)
        if trial.should_prune():
            self._pruned.add(number)
        return number in self._pruned

    def tell(self, number: int, value: float | None) -> None:
        """Learn how a trial ended."""
        trial, states = self._trials[number], optuna.trial.TrialState
        if value is None:
            self._study.tell(trial, state=states.FAIL)
        elif number in self._pruned:
            self._study.tell(trial, state=states.PRUNED)
        else:
            self._study.tell(trial, value)


def _distribution(dimension: dict[str, Any]) -> Any:
    if dimension["type"] == "categorical":
        return optuna.distributions.CategoricalDistribution(dimension["values"])
    names = {"int": "IntDistribution", "float": "FloatDistribution"}
    chosen = getattr(optuna.distributions, names[dimension["type"]])
    return chosen(dimension["low"], dimension["high"], log=dimension["log"])


def _pruner(hyperband: list[int] | None) -> Any:
    if hyperband is None:
        return optuna.pruners.NopPruner()
    least, most = hyperband
    return optuna.pruners.HyperbandPruner(min_resource=least, max_resource=most)


def main() -> None:
    """Answer until the input ends."""
    warnings.simplefilter("ignore")
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = Study(json.loads(sys.argv[1]))
    for line in sys.stdin:
        name, *arguments = json.loads(line)
        sys.stdout.write(json.dumps(getattr(study, name)(*arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
