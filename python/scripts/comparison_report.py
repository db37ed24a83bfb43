"""Format a comparison of two models as one self-contained HTML page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from typing import Any

import numpy as np

from comparison_statistics import METRICS
from html_page import html_page, html_table

BINS = 30
WIDTH, HEIGHT, AXIS = 640, 220, 24
COLOURS = {"challenger": "#0b6e99", "champion": "#b35c00"}

STYLE = """
.challenger { color: #0b6e99 } .champion { color: #b35c00 }
"""


def report_page(
    comparison: Mapping[str, Any], residuals: Mapping[str, np.ndarray], target: str
) -> str:
    """Return the page.

    Parameters
    ----------
    comparison : mapping
        The content of comparison.json.
    residuals : mapping of str to ndarray
        Prediction minus target of each held-out row, shape (n_rows,), under ``challenger`` and, if
        there is one, ``champion``.
    target : str
        Name of the target column.

    Returns
    -------
    str
        HTML with escaped values.
    """
    models = list(residuals)
    body = f"""<p>{escape(verdict(comparison))}</p>
<p class="note">{comparison["rows"]} held-out rows, the same for each model.</p>
<h2>Metrics</h2>
{_metrics_table(comparison, models)}
<h2>Residuals</h2>
<p class="note">Predicted minus true {escape(target)}, in its unit. The outermost bars include all
values beyond.</p>
{_histogram(residuals)}
<h2>Errors by slice</h2>
<p class="note">Bias is the mean of predicted minus true.</p>
{_slices_table(comparison["slices"], models)}
<h2>Feature importances</h2>
<p class="note">How much worse {escape(_name(comparison["metric"]))} gets when the values of one
feature are shuffled.</p>
{_importances_table(comparison["featureImportances"], models)}"""
    return html_page("Challenger and champion", STYLE, body)


def verdict(comparison: Mapping[str, Any]) -> str:
    """Return a sentence on how the models compare; the gate decides about the release."""
    difference = comparison["difference"]
    if difference is None:
        return f"Nothing to compare with: {comparison['reason']}."
    name = _name(difference["metric"])
    if difference["low"] > 0:
        finding = "the challenger is better, beyond noise"
    elif difference["high"] < 0:
        finding = "the challenger is worse, beyond noise"
    else:
        finding = "no difference beyond noise"
    return (
        f"{name}: {finding}. Improvement: {_number(difference['value'])}, between "
        f"{_number(difference['low'])} and {_number(difference['high'])} with "
        f"{difference['confidence'] * 100:g} % confidence ({difference['resamples']} resamples)."
    )


def _metrics_table(comparison: Mapping[str, Any], models: Sequence[str]) -> str:
    names = comparison["challenger"]["metrics"]
    rows = [
        [_name(name), *(_number(comparison[model]["metrics"][name]) for model in models)]
        for name in names
    ]
    return _table(["", *models], rows)


def _slices_table(slices: Sequence[Mapping[str, Any]], models: Sequence[str]) -> str:
    errors = ("rmse", "mae", "bias")
    header = ["Slice", "Rows", *(f"{model} {error}" for error in errors for model in models)]
    rows = [
        [
            part["name"],
            str(part["rows"]),
            *(_number(part[model][error]) for error in errors for model in models),
        ]
        for part in slices
    ]
    return _table(header, rows)


def _importances_table(importances: Sequence[Mapping[str, Any]], models: Sequence[str]) -> str:
    rows = [
        [
            importance["name"],
            *(
                "not used" if importance[model] is None else _number(importance[model])
                for model in models
            ),
        ]
        for importance in importances
    ]
    return _table(["Feature", *models], rows)


def _table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    return html_table(map(_coloured, header), rows)


def _coloured(header: str) -> str:
    model = header.split(" ", 1)[0]
    text = escape(header[:1].upper() + header[1:])
    return f'<span class="{model}">{text}</span>' if model in COLOURS else text


def _histogram(residuals: Mapping[str, np.ndarray]) -> str:
    together = np.concatenate(list(residuals.values()))
    # One distant outlier would compress all other values into one bar.
    low, high = np.quantile(together, [0.005, 0.995])
    if low == high:
        low, high = low - 0.5, high + 0.5
    counts = {
        model: np.histogram(np.clip(values, low, high), BINS, (low, high))[0]
        for model, values in residuals.items()
    }
    tallest = max(int(count.max()) for count in counts.values())
    step = WIDTH / BINS
    bar = 0.9 * step / len(counts)
    bars = []
    for position, (model, count) in enumerate(counts.items()):
        for index, rows in enumerate(count.tolist()):
            height = (HEIGHT - AXIS) * rows / tallest
            bars.append(
                f'<rect x="{index * step + position * bar:.1f}" y="{HEIGHT - AXIS - height:.1f}" '
                f'width="{bar:.1f}" height="{height:.1f}" fill="{COLOURS[model]}">'
                f"<title>{model}: {rows} rows</title></rect>"
            )
    labels = [
        f'<text x="{x:.0f}" y="{HEIGHT - 6}" text-anchor="{anchor}" font-size="12">'
        f"{_number(value)}</text>"
        for x, anchor, value in (
            *((0, "start", low), (WIDTH, "end", high)),
            *([(WIDTH * -low / (high - low), "middle", 0.0)] if low < 0 < high else []),
        )
    ]
    legend = ", ".join(f'<span class="{model}">{model}</span>' for model in counts)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="Histogram of residuals">\n<line x1="0" y1="{HEIGHT - AXIS}" x2="{WIDTH}" '
        f'y2="{HEIGHT - AXIS}" stroke="#8c959f"/>\n' + "\n".join([*bars, *labels]) + "\n</svg>\n"
        f"<p>{legend}</p>"
    )


def _name(metric: str) -> str:
    return METRICS[metric].title if metric in METRICS else metric


def _number(value: float) -> str:
    return f"{value:.4g}"
