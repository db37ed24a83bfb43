import re
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

from comparison_report import report_page, verdict

ERRORS = {"rmse": 0.5, "mae": 0.4, "bias": -0.1}
HOSTILE = "<script>alert('x')</script>"


def comparison(**changes: Any) -> "dict[str, Any]":
    return {
        "status": "compared",
        "reason": None,
        "metric": "test_r2",
        "rows": 400,
        "challenger": {"metrics": {"test_r2": 0.7738, "test_rmse": 0.5444}},
        "champion": {"metrics": {"test_r2": 0.6468, "test_rmse": 0.6803}},
        "difference": {
            **{"metric": "test_r2", "value": 0.127, "low": 0.116, "high": 0.139},
            **{"confidence": 0.95, "resamples": 1000},
        },
        "slices": [
            {"name": "MedInc 0.5 to 2", "rows": 100, "challenger": ERRORS, "champion": ERRORS}
        ],
        "featureImportances": [
            {"name": "MedInc", "challenger": 0.61, "champion": 0.42},
            {"name": "HouseAge", "challenger": 0.05, "champion": None},
        ],
        **changes,
    }


@pytest.fixture
def residuals() -> "dict[str, np.ndarray]":
    rng = np.random.default_rng(0)
    return {"challenger": rng.normal(size=400), "champion": rng.normal(0.5, 1, 400)}


class Page(HTMLParser):
    """Collects tags, the resources they load, and text by cell; fails if a tag is not closed."""

    def __init__(self, page: str):
        super().__init__()
        self.tags: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self._open: list[str] = []
        self.feed(page)
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)
        assert not {"src", "href", "onload"} & {name for name, _ in attrs}
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        if tag not in ("meta",):
            self._open.append(tag)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.tags.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data
        if {"td", "th"} & set(self._open):
            self.rows[-1][-1] += data


def test_both_models_are_side_by_side(residuals):
    page = Page(report_page(comparison(), residuals, "target"))

    assert ["R²", "0.7738", "0.6468"] in page.rows
    assert ["RMSE", "0.5444", "0.6803"] in page.rows
    assert ["MedInc 0.5 to 2", "100", *["0.5"] * 2, *["0.4"] * 2, *["-0.1"] * 2] in page.rows
    assert ["MedInc", "0.61", "0.42"] in page.rows
    assert ["HouseAge", "0.05", "not used"] in page.rows
    assert "Improvement: 0.127, between 0.116 and 0.139 with 95 % confidence" in page.text
    # One bar for each model and bin.
    assert page.tags.count("rect") == 60


def test_the_histogram_counts_every_row_once(residuals):
    residuals["challenger"][0] = 1e9

    page = report_page(comparison(), residuals, "target")

    for model in residuals:
        bars = re.findall(rf"<title>{model}: (\d+) rows</title>", page)
        assert sum(map(int, bars)) == 400
        assert max(map(int, bars)) < 100


def test_without_a_champion_the_page_has_the_reason(residuals):
    del residuals["champion"]
    reason = f"the champion could not be evaluated: {HOSTILE}"
    alone = comparison(champion=None, difference=None, status="not-comparable", reason=reason)

    page = Page(report_page(alone, residuals, "target"))

    assert f"Nothing to compare with: {reason}." in page.text
    assert ["R²", "0.7738"] in page.rows
    assert page.tags.count("rect") == 30


def test_names_from_data_are_escaped_and_nothing_is_loaded(residuals):
    hostile = comparison(
        slices=[{"name": HOSTILE, "rows": 1, "challenger": ERRORS, "champion": ERRORS}],
        featureImportances=[{"name": HOSTILE, "challenger": 1.0, "champion": 1.0}],
    )

    page = Page(report_page(hostile, residuals, HOSTILE))

    assert "script" not in page.tags
    assert page.text.count(HOSTILE) == 3


def test_equal_residuals_have_a_histogram(residuals):
    page = report_page(comparison(), {"challenger": np.zeros(5), "champion": np.zeros(5)}, "y")

    assert page.count("5 rows") == 2
    assert "nan" not in page


@pytest.mark.parametrize(
    ("low", "high", "finding"),
    [
        (0.01, 0.02, "the challenger is better, beyond noise"),
        (-0.02, -0.01, "the challenger is worse, beyond noise"),
        (-0.01, 0.01, "no difference beyond noise"),
        (0.0, 0.0, "no difference beyond noise"),
    ],
)
def test_the_verdict_follows_the_interval(low: float, high: float, finding: str):
    difference = {**comparison()["difference"], "low": low, "high": high}

    assert finding in verdict(comparison(difference=difference))
