"""The page, as a browser would read it."""

from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from tests.scripts.monitor.conftest import Monitor, event, json_part, lines, numbers, pack_model


class Reader(HTMLParser):
    """The page's tags, attributes and text."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag, attrs) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(folder: Path) -> "tuple[str, Reader]":
    page = (folder / "report" / "report.html").read_text(encoding="utf-8")
    reader = Reader()
    reader.feed(page)
    return page, reader


def test_the_page_has_the_verdict_and_a_picture_of_each_column(
    watch: Monitor, captured: Path, tmp_path: Path
):
    rows = numbers(300, 40)
    rows[:, 2] -= 1
    (captured / "a.jsonl").write_text("".join(lines(rows)))

    report = watch()

    page, reader = read(tmp_path)
    text = " ".join(reader.text)
    assert "Verdict:" in text
    assert report["alarms"][0]["reason"] in " ".join(text.split())
    assert page.count("<svg") == 9
    assert not {"script", "link", "img", "iframe"} & set(reader.tags)
    assert not [
        value for name, value in reader.attributes if "http" in value or name.startswith("on")
    ]
    assert "default-src 'none'" in page
    for drawing in page.split("<svg")[1:]:
        drawn = "<svg" + drawing.split("</svg>")[0] + "</svg>"
        tree = ElementTree.fromstring(drawn)  # noqa: S314 - our own page
        for bar in tree.iter("rect"):
            assert float(bar.get("height") or "nan") >= 0
            assert 0 <= float(bar.get("y") or "nan") <= 200


def test_names_and_values_of_callers_are_shown_as_text(
    watch: Monitor, captured: Path, tmp_path: Path
):
    evil = '<script>alert("x")</script>\x1b[31m'
    rng = np.random.default_rng(41)
    model = pack_model(
        tmp_path / "model",
        {evil: rng.normal(size=500), "b": rng.choice([evil, "ok"], 500).tolist()},
        rng.choice([evil, "no"], 500).tolist(),
        rng.choice([evil, "no"], 500).tolist(),
    )
    given = [{evil: float(n % 7), "b": f"{evil}{n % 3}", f"{evil}{n}": 1} for n in range(80)]
    answers = [evil, "<b>"] * 40
    content = [event(json_part({"instances": given}), json_part({"predictions": answers}))]
    content += [event(json_part({}), json_part({"error": f"{evil}{n}"})) for n in range(3)]
    (captured / "a.jsonl").write_text("".join(content))

    report = watch("--metric", "accuracy", model=model)

    page, reader = read(tmp_path)
    assert report["verdict"] == "drift"
    assert "script" not in reader.tags
    assert "<script" not in page
    assert "\x1b" not in page
    assert '<script>alert("x")</script>\\x1b[31m' in " ".join(reader.text)


@pytest.mark.parametrize("content", ["", "{]\n"])
def test_a_window_without_requests_has_a_page_too(
    watch: Monitor, captured: Path, tmp_path: Path, content: str
):
    (captured / "a.jsonl").write_text(content)

    report = watch()

    _, reader = read(tmp_path)
    assert report["alarms"][0]["reason"] in " ".join(reader.text)
    assert "svg" not in reader.tags
