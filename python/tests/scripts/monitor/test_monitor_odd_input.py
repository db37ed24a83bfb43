"""What callers, label files and training may send that no report may fail on."""

import json
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from baseline import Baseline, Numbers, column_of
from capture import Period, moment_of
from cells import kept, shown
from drift import Tolerances, judge
from monitor_verdict import flat_metrics
from quality import of_categories, of_numbers
from sketches import Categories
from tests.scripts.monitor.conftest import (
    END,
    LATER,
    NAMES,
    START,
    Monitor,
    csv_part,
    drifted,
    event,
    json_part,
    lines,
    numbers,
    pack_model,
    part,
    predicted,
    write,
)
from window import Window

LONE = "\ud800"
PERIOD = Period(moment_of(START), moment_of(END), moment_of(LATER), moment_of(START))


@pytest.fixture
def requests(captured: Path) -> np.ndarray:
    """Capture 200 requests with inference ids; return their predictions."""
    rows = numbers(200, 51)
    write(captured, lines(rows, ids=[f"id-{place}" for place in range(200)]))
    return predicted(rows)


def label(inference_id: object, value: object) -> str:
    return json.dumps({"inferenceId": inference_id, "label": value}) + "\n"


def test_lines_of_labels_that_cannot_be_read_do_not_end_the_file(
    watch: Monitor, requests: np.ndarray, tmp_path: Path
):
    folder = tmp_path / "labels"
    good = [label(f"id-{place}", value) for place, value in enumerate(requests.tolist())]
    truth = {"groundTruthData": {"data": "1", "encoding": "CSV"}, "eventMetadata": {"eventId": "a"}}
    wrong = [
        label(None, 1),
        label({"a": 1}, 1),
        *(
            json.dumps({**truth, **change}) + "\n"
            for change in (
                {"eventMetadata": ["id-1"]},
                {"eventMetadata": 5},
                {"groundTruthData": [1]},
                {"groundTruthData": {"data": 5}},
                {"groundTruthData": {"data": {"a": 1}, "encoding": "CSV"}},
            )
        ),
        '"groundTruthData"\n',
    ]
    folder.mkdir()
    latin = '{"inferenceId": "Zürich", "label": 1}\n'.encode("latin-1")
    (folder / "a.jsonl").write_bytes("".join([*wrong, label(LONE, 1)]).encode() + latin)
    with (folder / "a.jsonl").open("a") as file:
        file.write("".join(good[:100]))
    text = f"inferenceId,label,row\nid-1,2,{10**20}\nid-1,2,{2**31 + 1}\nid-1,{'9' * 200_000},1\n"
    (folder / "b.csv").write_bytes(text.encode() + "Zürich,1,1\n".encode("latin-1"))
    with (folder / "b.csv").open("a") as file:
        file.writelines(f"id-{place},{requests[place]},1\n" for place in range(100, 200))

    counts = watch()["quality"]["counts"]

    assert counts == {
        "files": 2,
        "labels": 201,
        "labelled": 200,
        "unknownInferenceIds": 1,
        "unreadableLines": len(wrong) + 1 + 4,
    }


def test_labels_of_categories_may_be_anything(watch: Monitor, captured: Path, tmp_path: Path):
    rng = np.random.default_rng(52)
    answers = [[True, 1, "x" * 5000, LONE][place % 4] for place in range(80)]
    labels = [["True", "1.0", "x" * 5000, LONE][place % 4] for place in range(80)]
    yes = rng.choice(["yes", "no"], 300)
    model = pack_model(tmp_path / "model", {"a": rng.normal(size=300)}, yes, yes)
    write(
        captured,
        [
            event(csv_part([[0.1]]), json_part({"predictions": [one]}), inference_id=f"id-{place}")
            for place, one in enumerate(answers)
        ],
    )
    content = [label(f"id-{place}", one) for place, one in enumerate(labels)]
    odd = ['{"inferenceId": "id-1", "label": NaN}\n', label("id-1", 1e308), label("id-1", [[1]])]
    write(tmp_path / "labels", [*odd, *content])

    report = watch("--metric", "accuracy", model=model)

    assert report["quality"]["value"] == 1
    assert report["quality"]["counts"] == {
        "files": 1,
        "labels": 80,
        "labelled": 80,
        "changedLabels": 1,
        "invalidLabels": 2,
    }


def test_lone_surrogates_and_long_texts_are_reported_shortened(
    watch: Monitor, captured: Path, tmp_path: Path
):
    rng = np.random.default_rng(53)
    cities = rng.choice([f"a{LONE}", "b"], 500).tolist()
    model = pack_model(
        tmp_path / "model",
        {"x": rng.normal(size=500), f"city{LONE}": cities},
        rng.normal(size=100),
        rng.normal(size=100),
    )
    given = [
        {"x": float(n), f"city{LONE}": [f"c{LONE}", "d" * 10_000, [[n]]][n % 3]} for n in range(90)
    ]
    long = {f"{'e' * 10_000}{LONE}": 1, f"f{LONE}": 2}
    write(
        captured,
        [
            *[
                event(
                    json_part({"instances": [{**row, **long}]}),
                    json_part([0.1]),
                    inference_id=f"{LONE}{place}",
                )
                for place, row in enumerate(given)
            ],
            *[event(None, json_part({"error": f"{LONE}{'g' * 10_000}"}))] * 30,
        ],
    )
    write(tmp_path / "labels", [label(f"{LONE}{place}", 0.1) for place in range(90)])
    before = watch(model=model, start="2026-11-27T09:00:00Z", end="2026-11-27T10:00:00Z")
    write(tmp_path / "history", [json.dumps(before)], "report.json")

    report = watch(model=model)

    assert report["verdict"] == "drift"
    assert report["quality"]["labelled"] == 90
    assert report["rows"]["unexpected"] == {"e" * 200: 90, "f\\ud800": 90}
    assert list(report["requests"]["refusals"]) == [f"\\ud800{'g' * 79}"]
    assert set(report["features"][1]["chart"]["names"]) == {
        "a\\ud800",
        "b",
        "c\\ud800",
        "d" * 200,
        "(list)",
    }
    verdict = (tmp_path / "report" / "verdict.json").read_text()
    assert json.loads(verdict)["Features"] == ["x", "city\\ud800", "(prediction)"]
    assert "city\\ud800" in (tmp_path / "report" / "report.html").read_text(encoding="utf-8")


def test_texts_that_are_no_utf_8_are_shown_as_escapes():
    assert shown(LONE) == "'\\ud800'"
    assert shown("ä\udcff") == "'ä\\xff'"
    assert kept("ä" * 500) == "ä" * 200
    assert len(kept(LONE * 500)) == 200


@pytest.mark.parametrize("huge", [1e308, 1e200, 1e120])
def test_huge_numbers_are_drift_without_a_picture(
    watch: Monitor, captured: Path, tmp_path: Path, huge: float
):
    rows = numbers(200, 54)
    rows[::2, 0], rows[1::2, 0] = huge, -huge
    write(captured, lines(rows))

    report = watch("--wasserstein-tolerance", 1e-300)

    assert report["features"][0]["drift"] is True
    assert report["features"][0]["effects"]["wasserstein"]["value"] == 1e100
    assert report["features"][0]["effect"] == 1e100
    assert ("chart" in report["features"][0]) is (huge < 1e308)
    assert report["metrics"]["LargestFeatureEffect"] == 1e100
    page = (tmp_path / "report" / "report.html").read_text()
    assert page.count("<svg") == 9 - (huge == 1e308) * len({"x0", "prediction"})


def test_a_baseline_of_huge_numbers_can_be_written_and_compared(
    watch: Monitor, captured: Path, tmp_path: Path
):
    rng = np.random.default_rng(55)
    huge = rng.choice([1e308, -1e308], 500)
    model = pack_model(tmp_path / "model", {"a": huge}, huge, -huge)
    write(
        captured,
        [
            event(csv_part([[value]]), json_part({"predictions": [value]}))
            for value in huge[:200].tolist()
        ],
    )

    report = watch(model=model)

    assert report["verdict"] == "ok"
    assert "chart" not in report["features"][0]


def test_one_absurd_prediction_is_counted_and_the_others_are_measured(
    watch: Monitor, requests: np.ndarray, captured: Path, tmp_path: Path
):
    absurd = event(csv_part([numbers(1, 56)[0]]), json_part([1e200]), inference_id="absurd")
    write(captured, [absurd], "b.jsonl")
    labels = [label(f"id-{place}", value + 0.5) for place, value in enumerate(requests)]
    write(tmp_path / "labels", [*labels, label("absurd", 1.0)])

    report = watch("--metric", "mae")

    assert report["quality"]["value"] == pytest.approx(0.5)
    assert report["quality"]["status"] == "judged"
    assert report["quality"]["counts"]["tooLarge"] == 1
    assert "tooLarge" in (tmp_path / "report" / "report.html").read_text()


@pytest.mark.parametrize("metric", ["mae", "rmse", "r2"])
def test_large_numbers_have_a_quality(
    watch: Monitor, requests: np.ndarray, captured: Path, tmp_path: Path, metric: str
):
    absurd = event(csv_part([numbers(1, 56)[0]]), json_part([1e99]), inference_id="absurd")
    write(captured, [absurd], "b.jsonl")
    labels = [label(f"id-{place}", value + 0.5) for place, value in enumerate(requests)]
    write(tmp_path / "labels", [*labels, label("absurd", 1.0)])

    report = watch("--metric", metric)

    assert report["quality"]["status"] == "judged"
    assert np.isfinite([report["quality"][key] for key in ("value", "low", "high")]).all()


def test_a_deviation_whose_square_is_no_double_is_known():
    found = of_numbers(np.array([*[1.0] * 99, 1e200]), np.arange(100.0), 0)

    assert set(found) == {"mae"}
    assert found["mae"].deviation == pytest.approx(1e198, rel=0.2)


def test_metrics_are_numbers_that_cloudwatch_takes():
    report: Any = {
        "verdict": "ok",
        "requests": {"count": 1, "refused": 0},
        "rows": {"count": 1},
        "skipped": {},
        "features": [{"drift": True, "effect": float("inf")}],
        "slowDrift": [],
        "prediction": {"effect": 1e300},
        "quality": {"value": float("nan"), "worseBy": -1e300},
    }

    found = flat_metrics(report)

    assert found["PredictionEffect"] == 1e100
    assert found["QualityLoss"] == -1e100
    assert not {"LargestFeatureEffect", "Quality"} & set(found)


def test_rows_of_another_schema_are_counted_once(watch: Monitor, captured: Path):
    odd = [dict(zip(NAMES, row)) for row in numbers(2, 57).tolist()]
    others = [{f"u{place}-{n}": 1 for n in range(300)} for place in range(2)]
    instances = [{**row, **other} for row, other in zip(odd, others)]
    del instances[0]["x0"]
    write(
        captured,
        [
            *lines(numbers(98, 58)),
            event(json_part({"instances": instances}), json_part([1.0, 1.0])),
        ],
    )

    report = watch()

    assert report["rows"]["unexpected"]["(others)"] == 2
    assert len(report["rows"]["unexpected"]) == 101
    (schema,) = (one for one in report["requests"]["checks"] if one["name"] == "schema")
    assert schema["effect"] == pytest.approx(0.02 / 0.02)


@pytest.mark.parametrize(
    ("trained", "given"),
    [
        ([True, False], ["True", "False"]),
        ([True, False], ["TRUE", "false"]),
        ([1, 2], ["1.0", "2.0"]),
        (["1.0", "2.0"], ["1", "2"]),
        ([0.5, "a"], ["0.50", "a"]),
        (["1", "1.0"], ["1", "1.0"]),
        (["Bern", "bern"], ["Bern", "bern"]),
    ],
)
def test_a_category_of_csv_is_that_of_training(trained: "list[Any]", given: "list[str]"):
    known: Any = column_of("a", np.array(trained * 50, dtype=object))
    window = Window(Baseline([known]), 0)
    window.requests = window.rows = 100
    window.take([[value] for value in given * 50], [])

    features, _, _ = judge(window, Tolerances(), 0)

    assert window.categories["a"].counts == known.counts
    assert features[0]["drift"] is False


def test_a_notation_that_two_categories_share_is_neither():
    counted = Categories(["1", "1.0"])
    counted.add(["1.00", "1", "1.0"])

    assert counted.counts == {"1.00": 1, "1": 1, "1.0": 1}


def test_many_classes_take_no_table_of_all_by_all():
    pairs = {(f"{place}{'x' * 200}", f"{place + 1}{'x' * 200}"): 2 for place in range(0, 9000, 2)}
    tracemalloc.start()

    found = of_categories({**pairs, ("a", "a"): 1000}, 0)

    highest = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert found["accuracy"].value == pytest.approx(0.1)
    assert found["f1"].value == pytest.approx(1 / 9001)
    assert highest < 50_000_000


def test_rows_of_many_features_wait_in_small_chunks(captured: Path, tmp_path: Path):
    names = [f"x{place}" for place in range(20_000)]
    features: Any = [Numbers(name, 1, 0, 0.0, 1.0, None) for name in names]
    write(captured, [event(csv_part([[1] * 20_000] * 10), csv_part([[1]] * 10))] * 30)
    window = Window(Baseline(features), 0)
    taken: list[int] = []
    window.take = lambda rows, answered: taken.append(len(rows))  # type: ignore[method-assign]

    window.read(tmp_path / "capture", PERIOD, None)

    assert taken == [100, 100, 100, 0]


@pytest.mark.parametrize(
    "time", ["9999-12-31T23:59:59-12:00", [*"2026-11-27T10:30:00", "Z"], {"a": 1}]
)
def test_a_time_that_is_none_is_an_invalid_event(watch: Monitor, captured: Path, time: Any):
    write(captured, [*lines(numbers(60, 59)), event(csv_part([[1]]), None, time)])

    assert watch()["skipped"]["invalidEvents"] == 1


def test_a_response_that_is_no_csv_is_unreadable(watch: Monitor, captured: Path):
    broken = part(f'"{"9" * 200_000}"', "CSV", "text/csv")
    write(captured, [*lines(numbers(60, 60)), event(csv_part(numbers(1, 61).tolist()), broken)])

    report = watch()

    assert report["skipped"]["unreadableOutputs"] == 1
    assert drifted(report) == set()
