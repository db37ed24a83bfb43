"""Judge whether a window's columns drifted from the baseline.

A column drifted if a check of it is significant, after correction for the number of all checks, and
its effect is over the tolerance: a small sample alone is no reason, and neither is a difference
that only a million rows can show.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from baseline import Column, Labels, Numbers
from detectable_shift import smallest_change, smallest_shift
from drift_charts import category_chart, number_chart
from drift_statistics import (
    GREATEST_DISTANCE,
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
from sketches import Categories
from window import Window

FEWEST_ROWS = 50
# Slow drift is significant, and at least this part of the tolerance.
SLOW = 0.5
CHECKS_OF_A_FEATURE = 4
CHECKS_OF_THE_PREDICTION = 2
CHECKS_OF_REQUESTS = 2


class Tolerances(NamedTuple):
    """What is no drift, however significant; and the probability of a false alarm.

    Attributes
    ----------
    alpha : float
        Probability that any of all checks of a window is significant without drift.
    psi, jensen_shannon, wasserstein : float
        Effects between distributions; Wasserstein distances in standard deviations of the baseline.
    share : float
        Shares of rows: missing, out of range, in unseen categories, of the wrong type or schema,
        refused.
    """

    alpha: float = 0.01
    psi: float = 0.1
    jensen_shannon: float = 0.1
    wasserstein: float = 0.1
    share: float = 0.02


class Check(NamedTuple):
    """One comparison with the baseline.

    Attributes
    ----------
    name : str
        What was compared.
    p : float
        Probability of as large a difference without drift.
    effect : float
        The effect as a multiple of its tolerance.
    """

    name: str
    p: float
    effect: float


def judge(
    window: Window, tolerances: Tolerances, seed: int
) -> tuple[list[dict[str, Any]], dict[str, Any] | None, list[dict[str, Any]]]:
    """Compare a window with its baseline.

    Parameters
    ----------
    window : Window
        Read completely; with less than `FEWEST_ROWS` rows, or without a baseline, only its requests
        are judged.
    tolerances : Tolerances
    seed : int
        Seed of the simulations.

    Returns
    -------
    features : list of dict
        As report.json has them, in the order of the baseline; empty if they are not judged.
    prediction : dict or None
        The same of the predictions; None if too few were captured.
    requests : list of dict
        The checks of all requests together.
    """
    prediction = _comparable_prediction(window)
    comparable = window.features if window.rows >= FEWEST_ROWS else []
    number = CHECKS_OF_A_FEATURE * len(comparable) + CHECKS_OF_REQUESTS
    number += CHECKS_OF_THE_PREDICTION if prediction is not None else 0
    compare = _Comparison(tolerances, tolerances.alpha / number, seed)
    columns = [_feature(window, column, compare) for column in comparable]
    if prediction is not None:
        columns.append(_prediction(window, prediction, compare))
    requests = _requests(window, compare)
    groups = [checks for _, checks in columns] + [requests]
    corrected = iter(holm([check.p for checks in groups for check in checks]))
    found = [[_judged(check, next(corrected), tolerances) for check in checks] for checks in groups]
    reports = [
        {
            **report,
            "checks": checks,
            "effect": max(check["effect"] for check in checks),
            "drift": any(check["drift"] for check in checks),
            "notable": any(check["notable"] for check in checks),
        }
        for (report, _), checks in zip(columns, found)
    ]
    features = reports[: len(comparable)]
    return features, (reports[-1] if prediction is not None else None), found[-1]


def _judged(check: Check, corrected: float, tolerances: Tolerances) -> dict[str, Any]:
    significant = corrected < tolerances.alpha
    return {
        **check._asdict(),
        "effect": min(check.effect, GREATEST_DISTANCE),
        "correctedP": corrected,
        "drift": significant and check.effect >= 1,
        "notable": significant and check.effect >= SLOW,
    }


def _comparable_prediction(window: Window) -> Column | None:
    column = window.prediction
    if isinstance(column, Numbers):
        rows = window.predicted_numbers.rows if column.sketch is not None else 0
    else:
        rows = window.predicted_categories.rows - window.predicted_categories.missing
    return column if rows >= FEWEST_ROWS else None


class _Comparison(NamedTuple):
    """How distributions are compared: `level` is that of one check."""

    tolerances: Tolerances
    level: float
    seed: int

    def numbers(self, column: Numbers, values: np.ndarray) -> tuple[dict[str, Any], Check]:
        """Compare the distribution of numbers."""
        sketch = column.sketch
        if sketch is None or len(values) < FEWEST_ROWS:
            return {"compared": len(values)}, Check("distribution", 1.0, 0.0)
        found = kolmogorov_smirnov(sketch, values)
        counts = binned(sketch, values, bins(len(values)))
        effects = self._effects(*counts)
        moved = wasserstein(sketch, values)
        effects["wasserstein"] = {"value": moved, "tolerance": self.tolerances.wasserstein}
        shift = smallest_shift(sketch, len(values), self.level, self.tolerances.wasserstein)
        with np.errstate(over="ignore", invalid="ignore"):
            sides = np.median(values), np.interp(0.5, sketch.up_to / sketch.rows, sketch.points)
        report = {
            "compared": len(values),
            "bins": len(counts[0]),
            "test": {"name": "kolmogorovSmirnov", **found._asdict()},
            "effects": effects,
            "median": {"value": float(sides[0]), "baseline": float(sides[1])},
            "smallestShift": shift and {"value": shift, "unit": "standardDeviations"},
        }
        chart = number_chart(sketch, values)
        if chart is not None:
            report["chart"] = chart
        return report, Check("distribution", found.p, largest_effect(effects))

    def categories(self, column: Labels, current: Categories) -> tuple[dict[str, Any], Check]:
        """Compare the distribution of categories."""
        rows = current.rows - current.missing
        both = aligned(column.counts, current.counts, (column.others, current.others))
        if rows < FEWEST_ROWS or not both[0].sum():
            return {"compared": rows}, Check("distribution", 1.0, 0.0)
        counts = merged(*both)
        found = chi_square(*counts)
        effects = self._effects(*counts)
        least = min(self.tolerances.psi, self.tolerances.jensen_shannon)

        def large_enough(known: np.ndarray, moved: np.ndarray) -> bool:
            return max(psi(known, moved), jensen_shannon(known, moved)) >= least

        change = smallest_change(counts[0], rows, self.level, large_enough)
        report = {
            "compared": rows,
            "bins": len(counts[0]),
            "test": {"name": "chiSquare", **found._asdict()},
            "effects": effects,
            "smallestShift": change and {"value": change, "unit": "shareOfRows"},
            "chart": category_chart(column.counts, current.counts, *both),
        }
        return report, Check("distribution", found.p, largest_effect(effects))

    def _effects(self, known: np.ndarray, found: np.ndarray) -> dict[str, dict[str, float | None]]:
        chance = psi_limit(known, int(found.sum()), self.level, self.seed)
        return {
            "psi": {"value": psi(known, found), "tolerance": self.tolerances.psi, "chance": chance},
            "jensenShannon": {
                "value": jensen_shannon(known, found),
                "tolerance": self.tolerances.jensen_shannon,
            },
        }

    def share(self, name: str, p: float, share: float) -> Check:
        """Return the check of a share of rows."""
        return Check(name, p, share / self.tolerances.share)


def largest_effect(effects: Mapping[str, Mapping[str, float | None]]) -> float:
    """Return the largest effect as a multiple of its tolerance.

    An index that samples without drift reach is none, and neither is a Jensen-Shannon distance of
    numbers, which their bins blur: those have the Wasserstein distance.
    """
    ratios = [0.0]
    for name, effect in effects.items():
        value, tolerance = effect["value"], effect["tolerance"]
        if value is None or tolerance is None or value <= (effect.get("chance") or 0.0):
            continue
        if name != "jensenShannon" or "wasserstein" not in effects:
            ratios.append(value / tolerance)
    return max(ratios)


def _feature(
    window: Window, column: Column, compare: _Comparison
) -> tuple[dict[str, Any], list[Check]]:
    name, rows = column.name, window.rows
    invalid = window.reader.invalid[name]
    if isinstance(column, Numbers):
        place = window.numbers.names.index(name)
        missing = int(window.numbers.missing[place]) - invalid
        strange = int(window.outside[place])
        report, check = compare.numbers(column, window.sampled()[name])
        odd = _out_of_range(column, strange, rows - missing - invalid, compare)
    else:
        current = window.categories[name]
        missing = current.missing
        report, check = compare.categories(column, current)
        strange = sum(n for key, n in current.counts.items() if key not in column.counts)
        odd = _unseen(column, strange, rows - missing, compare)
    known_share = column.missing / column.rows if column.rows else 0.0
    share = missing / rows
    checks = [
        check,
        compare.share(
            "missing",
            same_share((column.missing, column.rows), (missing, rows)),
            abs(share - known_share),
        ),
        odd,
        compare.share("type", above_share(invalid, rows, compare.tolerances.share), invalid / rows),
    ]
    return {
        "name": name,
        "kind": "number" if isinstance(column, Numbers) else "category",
        **report,
        "missing": {"count": missing, "share": share, "baselineShare": known_share},
        odd.name: {"count": strange, "share": odd.effect * compare.tolerances.share},
        "invalid": invalid,
        "lacking": window.reader.lacking[name],
    }, checks


def _prediction(
    window: Window, column: Column, compare: _Comparison
) -> tuple[dict[str, Any], list[Check]]:
    if isinstance(column, Numbers):
        values = window.predicted_numbers.sampled()[column.name]
        report, check = compare.numbers(column, values)
        strange = window.predicted_outside
        odd = _out_of_range(column, strange, window.predicted_numbers.rows, compare)
    else:
        current = window.predicted_categories
        report, check = compare.categories(column, current)
        strange = sum(n for key, n in current.counts.items() if key not in column.counts)
        odd = _unseen(column, strange, current.rows - current.missing, compare)
    return {
        "name": column.name,
        "kind": "number" if isinstance(column, Numbers) else "category",
        **report,
        odd.name: {"count": strange, "share": odd.effect * compare.tolerances.share},
    }, [check, odd]


def _out_of_range(column: Numbers, count: int, rows: int, compare: _Comparison) -> Check:
    p = beyond_range(count, rows, column.rows - column.missing)
    return compare.share("outOfRange", p, count / rows if rows else 0.0)


def _unseen(column: Labels, count: int, rows: int, compare: _Comparison) -> Check:
    # With categories that the baseline counts without a name, nobody knows which are new.
    if column.others or not rows:
        return compare.share("unseen", 1.0, 0.0)
    p = never_seen(count, rows, column.once, column.rows - column.missing)
    return compare.share("unseen", p, count / rows)


def _requests(window: Window, compare: _Comparison) -> list[Check]:
    without_place = window.reader.without_place
    shares = {
        "refused": (window.refused, window.requests),
        "schema": (without_place + window.reader.other_columns, without_place + window.rows),
    }
    return [
        compare.share(name, above_share(count, rows, compare.tolerances.share), count / rows)
        if rows >= FEWEST_ROWS
        else Check(name, 1.0, 0.0)
        for name, (count, rows) in shares.items()
    ]
