"""Columns of captured rows that are not those of the baseline, or whose values are not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.scripts.monitor.conftest import (
    NAMES,
    Monitor,
    csv_part,
    drifted,
    event,
    json_part,
    lines,
    numbers,
    pack_model,
    write,
)


def test_columns_that_are_renamed_or_added_are_named(watch: Monitor, captured: Path):
    names = ["renamed", *NAMES[1:], "added"]
    rows = [[*row, 1.0] for row in numbers(200, 19).tolist()]
    instances = [dict(zip(names, row)) for row in rows]
    write(captured, [event(json_part({"instances": instances}), json_part({"predictions": []}))])

    report = watch()

    assert report["rows"]["lacking"] == {"x0": 200}
    assert report["rows"]["unexpected"] == {"renamed": 200, "added": 200}
    assert {alarm["verdict"] for alarm in report["alarms"]} == {"drift", "bad-requests"}
    assert drifted(report) == {"x0"}
    assert report["features"][0]["missing"]["share"] == 1


def test_rows_of_another_length_are_left_out_and_counted(watch: Monitor, captured: Path):
    rows = numbers(100, 20).tolist()
    write(captured, [*lines(np.array(rows)), event(csv_part([[1, 2]] * 20), csv_part([[1]] * 20))])

    report = watch()

    assert report["rows"]["count"] == 100
    assert report["rows"]["otherLengths"] == 20
    assert report["verdict"] == "bad-requests"
    assert (
        report["alarms"][0]["reason"] == "rows have other columns than the baseline: 16.7% of them"
    )


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_missing_and_invalid_values_are_told_apart(watch: Monitor, captured: Path, kind: str):
    rows: list[list[Any]] = numbers(200, 21).tolist()
    for place, row in enumerate(rows):
        if place < 60:
            row[1] = "" if kind == "csv" else None
        if 100 <= place < 130:
            row[2] = "high"
        if place == 130:
            row[3] = "1e999" if kind == "csv" else 10**400
    given = csv_part(rows) if kind == "csv" else json_part({"instances": rows})
    write(captured, [event(given, json_part({"predictions": [0.1] * 200}))])

    report = watch()

    assert report["features"][1]["missing"] == {"count": 60, "share": 0.3, "baselineShare": 0}
    assert (
        report["features"][2]["missing"]["count"] == report["features"][3]["missing"]["count"] == 0
    )
    assert report["features"][2]["invalid"] == 30
    assert report["features"][3]["invalid"] == 1
    assert [check["name"] for check in report["features"][1]["checks"] if check["drift"]] == [
        "missing"
    ]
    assert [check["name"] for check in report["features"][2]["checks"] if check["drift"]] == [
        "type"
    ]


def test_values_out_of_range_are_found_where_the_distribution_hardly_changes(
    watch: Monitor, captured: Path
):
    rows = numbers(1000, 22)
    rows[:30, 7] = 1.001
    write(captured, lines(rows))

    report = watch()

    assert drifted(report) == {"x7"}
    (check,) = (check for check in report["features"][7]["checks"] if check["drift"])
    assert check["name"] == "outOfRange"
    assert report["features"][7]["outOfRange"]["count"] in (30, 31), "the range is of 5000 rows"


def test_categories_are_compared_by_name(watch: Monitor, captured: Path, tmp_path: Path):
    rng = np.random.default_rng(24)

    def draw(rows: int, shares: "list[float]", names: "list[str]") -> "list[str]":
        return rng.choice(names, rows, p=shares).tolist()

    cities, members = ["Bern", "Basel", "Genf"], ["true", "false"]
    model = pack_model(
        tmp_path / "model",
        {"city": draw(3000, [0.5, 0.3, 0.2], cities), "member": draw(3000, [0.4, 0.6], members)},
        draw(800, [0.5, 0.5], ["yes", "no"]),
        draw(800, [0.5, 0.5], ["yes", "no"]),
    )
    rows = list(
        zip(
            draw(400, [0.45, 0.3, 0.2, 0.05], [*cities, "Chur"]),
            draw(400, [0.6, 0.4], members),
        )
    )
    labels = draw(400, [0.5, 0.5], ["yes", "no"])
    write(
        captured,
        [
            event(csv_part([row]), json_part({"predictions": [label]}))
            for row, label in zip(rows, labels)
        ],
    )

    report = watch("--metric", "accuracy", model=model)

    city, member = report["features"]
    assert [check["name"] for check in city["checks"] if check["drift"]] == ["unseen"]
    assert [check["name"] for check in member["checks"] if check["drift"]] == ["distribution"]
    assert report["prediction"]["drift"] is False
    assert city["chart"]["names"][0] == "Bern"
    assert member["smallestShift"]["unit"] == "shareOfRows"
    assert 0.05 < member["smallestShift"]["value"] < 0.2


def test_a_feature_may_be_called_as_the_predictions_are(
    watch: Monitor, captured: Path, tmp_path: Path
):
    rows, tests = numbers(3000, 50), numbers(900, 51)
    model = pack_model(
        tmp_path / "model", {"prediction": rows[:, 0]}, tests[:, 1].tolist(), tests[:, 1].tolist()
    )
    moved = numbers(600, 52)
    answers = json_part({"predictions": moved[:, 1].tolist()})
    write(captured, [event(csv_part((moved[:, :1] + 1).tolist()), answers)])

    report = watch(model=model)

    assert drifted(report) == {"prediction"}
    assert len(report["summary"]["effects"]) == 2
