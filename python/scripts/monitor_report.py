"""Format the report of a window as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from cells import shown
from html_page import html_page, html_table
from monitor_verdict import WORDS
from svg_charts import Band, intervals, legend, lines, overlaid_bars

STYLE = """
.alarm { color: #a8324a } .ok { color: #3f7d20 } h3 { font-size: 1rem; margin: 1.5rem 0 .25rem }
"""
# Earlier windows that curves show.
SHOWN_WINDOWS = 30
# Curves of more columns than these are not told apart.
CURVES = 8
# One large effect would flatten all other curves.
GREATEST_EFFECT = 5.0
QUALITY = {
    "noLabels": "No labels: the quality of the predictions is not known.",
    "tooFewLabels": "Too few labelled predictions to judge.",
    "unknownMetric": "The metric is none of r2, rmse, mae, accuracy and f1.",
    "notDefined": "The metric is not defined for these labels: they do not vary, or none is "
    "of the metric's kind.",
    "noRelease": "There is no value at release to compare with.",
}


def monitor_page(report: Mapping[str, Any]) -> str:
    """Return the page.

    Parameters
    ----------
    report : mapping
        The content of report.json.

    Returns
    -------
    str
        HTML with escaped values; names and values of features come from callers of the endpoint.
    """
    window = report["window"]
    columns = [*report["features"], *([report["prediction"]] if report["prediction"] else [])]
    sections = [
        _verdict(report),
        f'<p class="note">{escape(window["start"])} to {escape(window["end"])}, '
        f"{report['requests']['count']} requests with {report['rows']['count']} rows, "
        f"{report['requests']['refused']} requests refused"
        f"{'' if window['complete'] else '; more may still be delivered'}.</p>",
        _overview(columns),
        *_over_time(report, columns),
        *_quality(report),
        _counts("Refusals", report["requests"]["refusals"]),
        _counts("Columns that rows lack", report["rows"]["lacking"]),
        _counts("Columns that the baseline has not", report["rows"]["unexpected"]),
        _counts("Captured lines", report["skipped"]),
        *(_distribution(column) for column in columns if "chart" in column),
    ]
    return html_page("Model monitor", STYLE, "\n".join(filter(None, sections)))


def _verdict(report: Mapping[str, Any]) -> str:
    verdict = report["verdict"]
    items = "".join(
        f"<li>{escape(alarm['verdict'])}: {escape(alarm['reason'])}</li>"
        for alarm in report["alarms"]
    )
    look = "ok" if verdict == "ok" else "alarm"
    return f'<p>Verdict: <strong class="{look}">{escape(verdict)}</strong></p>\n<ul>{items}</ul>'


def _overview(columns: Sequence[Mapping[str, Any]]) -> str:
    if not columns:
        return ""
    rows = [
        [
            shown(column["name"])[1:-1],
            _found(column),
            _number(column["effect"]),
            _number(min(check["correctedP"] for check in column["checks"])),
            *(
                _number(column.get("effects", {}).get(name, {}).get("value"))
                for name in ("psi", "jensenShannon", "wasserstein")
            ),
            f"{column['missing']['share']:.1%}" if "missing" in column else "",
            _shift(column),
        ]
        for column in sorted(columns, key=lambda column: -column["effect"])
    ]
    header = ("Column", "Finding", "Effect", "p", "PSI", "Jensen-Shannon", "Wasserstein")
    return (
        "<h2>Columns</h2>\n"
        '<p class="note">The effect is a multiple of its tolerance, p the smallest of the '
        "column's checks, corrected for the number of all checks. A column drifted if one check "
        "has an effect of 1 or more and a p below alpha. The last column is the smallest shift "
        "that a sample of this size would have shown, with 90 % probability.</p>\n"
        + html_table((*header, "Missing", "Smallest shift"), rows)
    )


def _found(column: Mapping[str, Any]) -> str:
    names = [check["name"] for check in column["checks"] if check["drift"]]
    if names:
        return "; ".join(WORDS[name] for name in names)
    if "test" not in column:
        return f"not compared: {column['compared']} values"
    return "small but significant" if column["notable"] else "no drift"


def _shift(column: Mapping[str, Any]) -> str:
    shift = column.get("smallestShift")
    if not shift:
        return ""
    if shift["unit"] == "shareOfRows":
        return f"{shift['value']:.1%} of rows"
    return f"{shift['value']:.3g} standard deviations"


def _windows(report: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the last windows up to the report's own; it may be of an old one."""
    own = report["summary"]
    earlier = [one for one in report["history"]["windows"] if one["start"] < own["start"]]
    return [*earlier[-SHOWN_WINDOWS:], own]


def _over_time(report: Mapping[str, Any], columns: Sequence[Mapping[str, Any]]) -> list[str]:
    windows = _windows(report)
    if len(windows) < 2 or not columns:
        return []
    names = sorted(
        (column["name"] for column in columns),
        key=lambda name: -max(window["effects"].get(name, 0.0) for window in windows),
    )[:CURVES]
    curves = {name: [window["effects"].get(name) for window in windows] for name in names}
    starts = [window["start"] for window in windows]
    return [
        "<h2>Effects over time</h2>",
        '<p class="note">As a multiple of the tolerance, which is the dashed line; '
        f"effects above {GREATEST_EFFECT:g} are at the top. The columns with the largest effects."
        "</p>",
        lines(curves, starts, 1.0, GREATEST_EFFECT, "Effects over time"),
        legend(names),
    ]


def _quality(report: Mapping[str, Any]) -> list[str]:
    quality = report["quality"]
    metric = escape(quality["metric"])
    found = ["<h2>Quality</h2>"]
    if "value" in quality:
        found.append(
            f"<p>{metric} is {_number(quality['value'])}, between {_number(quality['low'])} and "
            f"{_number(quality['high'])} with {quality['confidence']:.0%} confidence, in "
            f"{quality['labelled']} labelled predictions.</p>"
        )
    if quality["status"] == "judged":
        found.append(
            f"<p>At release it was {_number(quality['release'])}. Worse by "
            f"{_number(quality['smallestLoss'])} or more would be an alarm; it is worse by "
            f"{_number(quality['worseBy'])}.</p>"
        )
    else:
        found.append(f"<p>{QUALITY[quality['status']]}</p>")
    windows = _windows(report)
    bands = [window["quality"] and Band(**window["quality"]) for window in windows]
    if any(bands):
        starts = [window["start"] for window in windows]
        found.append(
            intervals(bands, starts, quality.get("release"), f"{quality['metric']} over time")
        )
    found.append(_counts("Labels", quality.get("counts", {})))
    return found


def _counts(title: str, counts: Mapping[str, int]) -> str:
    if not counts:
        return ""
    rows = [[shown(name)[1:-1], str(count)] for name, count in counts.items()]
    return f"<h2>{title}</h2>\n" + html_table(("", "Count"), rows)


def _distribution(column: Mapping[str, Any]) -> str:
    chart, name = column["chart"], shown(column["name"])[1:-1]
    if "names" in chart:
        labels = [shown(label)[1:-1] for label in chart["names"]]
    else:
        step = (chart["high"] - chart["low"]) / len(chart["baseline"])
        labels = [
            f"{chart['low'] + place * step:.4g}" for place in range(len(chart["baseline"]) - 1)
        ] + [f"{chart['high']:.4g}"]
    drawn = overlaid_bars(labels, chart["baseline"], chart["current"], f"Distribution of {name}")
    return (
        f"<h3>{escape(name)}</h3>\n"
        f'<p class="note">Filled: the baseline. Outlined: the window, {column["compared"]} values.'
        f"</p>\n{drawn}"
    )


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3g}"
