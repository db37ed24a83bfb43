import json
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest

import inference
from generate_sample_data import FEATURES
from inference import Model, input_fn, model_fn, output_fn, predict_fn

JSON, CSV = "application/json", "text/csv"
FIRST = [8.3252, 41.0, 6.984126984126984, 1.0238095238095237, 322.0, 2.5555555555555554]
FIRST += [37.88, -122.23]
SECOND = [8.3014, 21.0, 6.238137082601054, 0.9718804920913884, 2401.0, 2.109841827768014]
SECOND += [37.86, -122.22]


@pytest.fixture(scope="module")
def model(trained: Path) -> Model:
    return model_fn(str(trained / "model"))


@pytest.fixture(scope="module")
def expected(trained: Path):
    """The predictions of the stored estimators for raw rows, by their own methods."""
    forest = joblib.load(trained / "model" / "model.pkl")
    scaler = joblib.load(trained / "model" / "scaler.pkl")
    return lambda rows: forest.predict(scaler.transform(np.array(rows))).tolist()


@pytest.fixture(scope="module")
def respond(model: Model):
    """Pass a body through the four functions, like the container."""

    def send(body: Any, content_type: str = JSON, accept: str = JSON):
        if not isinstance(body, (str, bytes)):
            body = json.dumps(body)
        return output_fn(predict_fn(input_fn(body, content_type), model), accept)

    return send


def predictions(answer) -> list:
    body, media_type = answer
    assert media_type == JSON
    return json.loads(body)["predictions"]


def csv_of(*rows) -> str:
    return "".join(",".join(map(str, row)) + "\n" for row in rows)


def test_the_recipes_two_instances_are_predicted(respond, expected):
    body, media_type = respond({"instances": [FIRST, SECOND]})

    assert media_type == JSON
    assert json.loads(body) == {
        "predictions": expected([FIRST, SECOND]),
        "model_type": "RandomForestRegressor",
    }


def test_predictions_equal_those_of_the_forest_to_the_last_bit(respond, expected, raw: Path):
    rows = np.loadtxt(raw / "test.csv", delimiter=",", skiprows=1)[:, :-1].tolist()

    assert predictions(respond({"instances": rows})) == expected(rows)
    for row in rows[:50]:
        assert predictions(respond({"instances": [row]})) == expected([row])


def test_named_features_come_in_any_order(respond, expected, model: Model):
    named = dict(zip(model.features, FIRST))
    turned = dict(reversed(list(named.items())))

    assert predictions(respond({"instances": [named, turned]})) == expected([FIRST, FIRST])


@pytest.mark.parametrize("content_type", [CSV, "text/csv; charset=utf-8", "TEXT/CSV;header=absent"])
@pytest.mark.parametrize("encode", [str, str.encode])
def test_csv_of_one_row_or_many(respond, expected, content_type: str, encode):
    one = respond(encode(csv_of(FIRST)), content_type)
    many = respond(encode(csv_of(FIRST, SECOND).rstrip("\n")), content_type)

    assert predictions(one) == expected([FIRST])
    assert predictions(many) == expected([FIRST, SECOND])


def test_a_csv_header_names_the_features_in_its_own_order(respond, expected, model: Model):
    body = csv_of(model.features[::-1], FIRST[::-1])

    assert predictions(respond(body, CSV)) == expected([FIRST])


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("as_text", [False, True])  # the container decodes bodies without a charset
def test_a_byte_order_mark_is_ignored(respond, expected, mark: bytes, as_text: bool):
    for text, content_type in (
        (json.dumps({"instances": [FIRST]}), JSON),
        (csv_of(FEATURES, FIRST), CSV),
    ):
        body = mark + text.encode()
        assert predictions(respond(body.decode() if as_text else body, content_type)) == expected(
            [FIRST]
        )


def test_a_missing_feature_takes_the_train_mean(respond, expected, trained: Path, model: Model):
    mean = joblib.load(trained / "model" / "scaler.pkl").mean_
    filled = [FIRST[0], mean[1], *FIRST[2:]]
    missing = [FIRST[0], None, *FIRST[2:]]

    for body, content_type in (
        ({"instances": [missing]}, JSON),
        ({"instances": [dict(zip(model.features, missing))]}, JSON),
        (csv_of(["" if value is None else value for value in missing]), CSV),
        (csv_of(model.features, [" " if value is None else value for value in missing]), CSV),
        (csv_of(["NA" if value is None else value for value in missing]), CSV),
        (csv_of(["nan" if value is None else value for value in missing]), CSV),
    ):
        assert predictions(respond(body, content_type)) == expected([filled])


@pytest.mark.parametrize(
    "accept", [JSON, "", None, "*/*", "application/*", "application/json;q=0.9"]
)
def test_json_is_the_default(respond, accept):
    assert respond({"instances": [FIRST]}, JSON, accept)[1] == JSON


@pytest.mark.parametrize("accept", [CSV, "text/csv; charset=utf-8", "image/png, text/csv, */*"])
def test_csv_is_returned_on_request(respond, expected, accept: str):
    body, media_type = respond({"instances": [FIRST, SECOND]}, JSON, accept)

    assert media_type == CSV
    assert [float(line) for line in body.splitlines()] == expected([FIRST, SECOND])


def one_row(position: int, value: object) -> list:
    return [*FIRST[:position], value, *FIRST[position + 1 :]]


def named(**changes: object) -> dict:
    return {**dict(zip(FEATURES, FIRST)), **changes}


def without_income() -> dict:
    return {name: value for name, value in named().items() if name != "MedInc"}


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("{", "the body must be application/json"),
        ("", "the body must be application/json"),
        (b"\xff\xfe", "the body must be application/json"),
        ("[" * 100_000, "the body must be application/json"),
        ("[[1, 2]]", "the body must be an object"),
        ("{}", "the body must be an object"),
        ('{"instances": {"MedInc": 1}}', "the body must be an object"),
        ('{"instances": []}', "the request must contain one or more rows"),
        ('{"instances": [[NaN]]}', "NaN is not JSON: send null"),
        ('{"instances": [[Infinity]]}', "Infinity is not JSON: send null"),
        (
            {"instances": FIRST},
            "row 1: must be a list of 8 numbers or an object of named features, got 8.3252",
        ),
        ({"instances": [FIRST, FIRST[:7]]}, "row 2: must have 8 values"),
        (
            {"instances": [one_row(1, "old")]},
            "row 1: 'HouseAge': must be a finite number, got \"old\"",
        ),
        (
            {"instances": [one_row(1, "41")]},
            "row 1: 'HouseAge': must be a finite number, got \"41\"",
        ),
        ({"instances": [one_row(1, True)]}, "row 1: 'HouseAge': must be a finite number, got true"),
        ({"instances": [one_row(1, [4])]}, "row 1: 'HouseAge': must be a finite number, got [4]"),
        ({"instances": [one_row(1, 10**400)]}, "must be a finite number"),
        (
            {"instances": [FIRST, one_row(0, 1e300)]},
            "row 2: 'MedInc': the value is out of range, got 1e+300",
        ),
        ({"instances": [named(Rooms=3)]}, "row 1: unknown features ['Rooms'], missing features []"),
        ({"instances": [without_income()]}, "missing features ['MedInc']"),
        (
            {"instances": [FIRST, None]},
            "row 2: must be a list of 8 numbers or an object of named features, got null",
        ),
    ],
)
def test_a_bad_json_request_is_refused_with_400_and_a_reason(respond, body, reason: str):
    response = respond(body)

    assert response.status_code == 400
    assert response.mimetype == JSON
    assert reason in json.loads(response.get_data())["error"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("", "the request must contain one or more rows"),
        ("\n\n", "the request must contain one or more rows"),
        (csv_of(named()), "the request must contain one or more rows"),
        (csv_of(FIRST[:7]), "row 1: must have 8 values"),
        (csv_of(FIRST, one_row(2, "many")), "row 2: 'AveRooms': must be a number, got 'many'"),
        (csv_of(one_row(2, "1_0")), "row 1: 'AveRooms': must be a number, got '1_0'"),
        (csv_of(one_row(2, "-inf")), "row 1: 'AveRooms': must be a finite number, got '-inf'"),
        (csv_of(one_row(2, "1e300")), "row 1: 'AveRooms': the value is out of range, got 1e+300"),
        (csv_of(["a", "b"], [1, 2]), "the header: unknown features ['a', 'b']"),
        (
            csv_of(["a", "a"], [1, 2]),
            "the header: each column must have a different name, got several columns 'a'",
        ),
        (csv_of(named(), FIRST[:7]), "row 1: must have 8 values"),
        (b"\xff", "the header: column 1: its name must be UTF-8 text, got '\\xff'"),
        ("a" * 200_000, "the body must be text/csv: line 1: must be CSV"),
    ],
)
def test_a_bad_csv_request_is_refused_with_400_and_a_reason(respond, body, reason: str):
    response = respond(body, CSV)

    assert response.status_code == 400
    assert reason in json.loads(response.get_data())["error"]


@pytest.mark.parametrize("content_type", ["application/x-npy", "text/plain", "", None])
def test_an_unknown_content_type_is_refused_with_415(respond, content_type):
    response = respond("1", content_type)

    assert response.status_code == 415
    assert (
        "the content type must be application/json or text/csv"
        in json.loads(response.get_data())["error"]
    )


def test_an_unknown_accept_is_refused_with_406(respond):
    response = respond({"instances": [FIRST]}, JSON, "application/x-npy")

    assert response.status_code == 406
    assert (
        "the accepted type must be application/json or text/csv"
        in json.loads(response.get_data())["error"]
    )


def test_an_invalid_request_is_reported_for_every_accepted_type(respond):
    response = respond("{", JSON, "application/x-npy")

    assert response.status_code == 400


def test_flask_is_not_needed_for_predictions(trained: Path):
    program = (
        "import sys; sys.modules['flask'] = None; import inference as i; "
        "model = i.model_fn(sys.argv[1]); "
        "print(i.output_fn(i.predict_fn(i.input_fn(sys.argv[2], 'text/csv'), model), 'text/csv'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(trained / "model"), csv_of(FIRST)],
        cwd=Path(inference.__file__).parent,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.endswith("'text/csv')\n")


def test_a_single_row_is_answered_faster_than_the_forest_alone_predicts(respond, expected):
    def fastest(call) -> float:
        seconds = []
        for _ in range(30):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
        # Other processes on the machine can only slow a call down.
        return min(seconds)

    body = json.dumps({"instances": [FIRST]})
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain = fastest(lambda: expected([FIRST]))

    assert fastest(lambda: respond(body)) < plain
