"""Small charts as SVG, with every text escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import NamedTuple

WIDTH, HEIGHT, AXIS = 640, 200, 24
PALETTE = ("#0b6e99", "#b35c00", "#3f7d20", "#8e3b8c", "#a8324a", "#4b5b6b", "#8a7400", "#2f6f6b")


class Band(NamedTuple):
    """A value with its interval."""

    value: float
    low: float
    high: float


def overlaid_bars(
    labels: Sequence[str], baseline: Sequence[float], current: Sequence[float], title: str
) -> str:
    """Return two distributions over each other: the baseline filled, the current one as outlines.

    Parameters
    ----------
    labels : sequence of str
        One for each bar; shown when the pointer is on it.
    baseline, current : sequence of float
        Shares.
    title : str
        What the chart shows, for those who cannot see it.
    """
    tallest = max([*baseline, *current, 1e-9])
    step = WIDTH / max(len(labels), 1)
    bars = []
    for place, (label, known, found) in enumerate(zip(labels, baseline, current)):
        hint = f"<title>{escape(label)}: baseline {known:.1%}, window {found:.1%}</title>"
        for share, look in (
            (known, 'fill="#c9d1d9"'),
            (found, 'fill="none" stroke="#0b6e99" stroke-width="2"'),
        ):
            height = (HEIGHT - AXIS - 4) * share / tallest
            bars.append(
                f'<rect x="{place * step + 1:.1f}" y="{HEIGHT - AXIS - height:.1f}" '
                f'width="{step - 2:.1f}" height="{height:.1f}" {look}>{hint}</rect>'
            )
    return _svg([*bars, _ground(), *_labels(labels, step)], title)


def lines(
    series: Mapping[str, Sequence[float | None]],
    times: Sequence[str],
    limit: float,
    top: float,
    title: str,
) -> str:
    """Return curves over time from 0 to `top`, with a dashed line at a limit.

    Parameters
    ----------
    series : mapping of str to sequence of float
        A value for each time, None where there is none.
    times : sequence of str
        The windows.
    limit : float
        Where to draw the dashed line.
    top : float
        Values beyond are drawn there: one large value would flatten all other curves.
    """
    heights = _Scale(0.0, top)
    marks = [_ground(), *_ends(times), _dashed(heights(limit))]
    marks += [_text(0, heights(value) - 3, "start", f"{value:g}") for value in (limit, top)]
    for number, (name, curve) in enumerate(series.items()):
        colour = PALETTE[number % len(PALETTE)]
        points = [
            (_across(place, len(times)), heights(min(value, top)))
            for place, value in enumerate(curve)
            if value is not None
        ]
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        marks.append(
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2">'
            f"<title>{escape(name)}</title></polyline>"
        )
        marks += [
            f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colour}">'
            f"<title>{escape(name)}</title></circle>"
            for x, y in points
        ]
    return _svg(marks, title)


def intervals(
    bands: Sequence[Band | None], times: Sequence[str], release: float | None, title: str
) -> str:
    """Return values with their intervals over time, with a dashed line at the one at release."""
    known = [band for band in bands if band is not None]
    ends = [end for band in known for end in (band.low, band.high)]
    ends += [release] if release is not None else []
    low, high = min(ends), max(ends)
    heights = _Scale(low, high if high > low else low + 1.0)
    marks = [_ground(), *_ends(times)]
    marks += [_text(WIDTH, heights(end) - 3, "end", f"{end:.4g}") for end in (low, high)]
    if release is not None:
        marks.append(_dashed(heights(release)))
    for place, band in enumerate(bands):
        if band is None:
            continue
        x = _across(place, len(times))
        marks.append(
            f'<line x1="{x:.1f}" y1="{heights(band.low):.1f}" x2="{x:.1f}" '
            f'y2="{heights(band.high):.1f}" stroke="{PALETTE[0]}" stroke-width="2"/>'
            f'<circle cx="{x:.1f}" cy="{heights(band.value):.1f}" r="4" fill="{PALETTE[0]}">'
            f"<title>{escape(times[place])}: {band.value:.4g}, between {band.low:.4g} and "
            f"{band.high:.4g}</title></circle>"
        )
    return _svg(marks, title)


def legend(names: Sequence[str]) -> str:
    """Return the names of the curves of `lines` in their colours."""
    spans = (
        f'<span style="color: {PALETTE[place % len(PALETTE)]}">{escape(name)}</span>'
        for place, name in enumerate(names)
    )
    return f"<p>{', '.join(spans)}</p>"


class _Scale(NamedTuple):
    low: float
    high: float

    def __call__(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low)
        return (HEIGHT - AXIS) - share * (HEIGHT - AXIS - 12)


def _across(place: int, count: int) -> float:
    return 10 + (WIDTH - 20) * (place / (count - 1) if count > 1 else 0.5)


def _labels(labels: Sequence[str], step: float) -> list[str]:
    """Return the labels of bars: of all, or only at both ends if there are many."""
    letters = int(step / 8)
    if letters < 6:
        return _ends(labels)
    short = [text if len(text) <= letters else f"{text[: letters - 1]}…" for text in labels]
    return [
        _text((place + 0.5) * step, HEIGHT - 6, "middle", text) for place, text in enumerate(short)
    ]


def _ends(times: Sequence[str]) -> list[str]:
    if len(times) < 2:
        return [_text(WIDTH // 2, HEIGHT - 6, "middle", time) for time in times]
    return [
        _text(0, HEIGHT - 6, "start", times[0]),
        _text(WIDTH, HEIGHT - 6, "end", times[-1]),
    ]


def _text(x: float, y: float, anchor: str, text: str) -> str:
    return (
        f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}" font-size="12">{escape(text)}</text>'
    )


def _ground() -> str:
    y = HEIGHT - AXIS
    return f'<line x1="0" y1="{y}" x2="{WIDTH}" y2="{y}" stroke="#8c959f"/>'


def _dashed(y: float) -> str:
    return (
        f'<line x1="0" y1="{y:.1f}" x2="{WIDTH}" y2="{y:.1f}" stroke="#8c959f" '
        'stroke-dasharray="6 4"/>'
    )


def _svg(marks: Sequence[str], title: str) -> str:
    inside = "\n".join(marks)
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(title)}">\n{inside}\n</svg>'
    )
