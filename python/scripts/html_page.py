"""One self-contained HTML page: style and tables inline, nothing from the network."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; color: #1b1f23; background: #fff;
  max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem } h2 { font-size: 1.15rem; margin-top: 2rem }
table { border-collapse: collapse } svg { max-width: 100%; height: auto }
th, td { padding: .25rem .8rem; text-align: right; border-bottom: 1px solid #d8dee4;
  font-variant-numeric: tabular-nums }
th:first-child, td:first-child { text-align: left }
thead th { border-bottom: 2px solid #8c959f } .note { color: #57606a }
"""


def html_page(title: str, style: str, body: str) -> str:
    """Return a page.

    Parameters
    ----------
    title : str
        Plain text; also the page's first heading.
    style : str
        CSS in addition to `STYLE`.
    body : str
        HTML with escaped values.
    """
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>{escape(title)}</title>
<style>{STYLE}{style}</style>
</head>
<body>
<h1>{escape(title)}</h1>
{body}
</body>
</html>
"""


def html_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a table; the cells of the header are HTML, those of the rows plain text."""
    head = "".join(f"<th>{cell}</th>" for cell in header)
    body = "\n".join(
        f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}</tr>" for cells in rows
    )
    return f"<table><thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table>"
