"""Training and serving read a table in the same way, or refuse it for the same reason."""

import json
import random
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from cells import MISSING
from csv_table import CsvTable
from inference import Model, Refusal, Table, input_fn, output_fn, predict_fn
from job import JobError
from preprocessing import preprocess

NAMES = ["a", "MedInc", "0", "1", "2019", "-1", "é", "a b", 'say "x"', "NA", "nan", "with, comma"]
GOOD = ["1", "-2.5", "+3", ".5", "6.", "1e3", "2E-2", " 4 ", *sorted(MISSING)]
BAD = ["1_000", "٣", "12%", "1,234", "-", "#N/A", "inf", "1e999", "x", "\x1b[31m", "0x1F"]
SEED = 20261126


def weighted_sum(X: np.ndarray) -> np.ndarray:
    """Predict a number that depends on every feature differently."""
    return (X * 10.0 ** np.arange(X.shape[1])).sum(axis=1)


def model_of(features: list[str]) -> Model:
    n = len(features)
    return Model("Sum", weighted_sum, np.zeros(n), np.ones(n), features)


def quoted(cell: str) -> str:
    return '"' + cell.replace('"', '""') + '"' if set(cell) & set('",\n') else cell


def text_of(lines: list[list[str]], end: str) -> str:
    return "".join(",".join(map(quoted, line)) + end for line in lines)


class Case(NamedTuple):
    """A table with a header and rows; the model's features are in another order."""

    header: list[str]
    rows: list[list[str]]
    features: list[str]
    mark: str
    end: str


def case(chance: random.Random) -> Case:
    header = chance.sample(NAMES, chance.randint(1, 5))
    cells = GOOD if chance.random() < 0.7 else GOOD + BAD
    rows = [[chance.choice(cells) for _ in header] for _ in range(chance.randint(1, 4))]
    features = chance.sample(header, len(header))
    return Case(
        header, rows, features, chance.choice(["", "\ufeff"]), chance.choice(["\n", "\r\n"])
    )


def trained_on(folder: Path, one: Case) -> list[float] | str:
    """Return the weighted sums of the features as read by training, or its reason to refuse."""
    lines = [[*one.header, "target"], *([*row, "1"] for row in one.rows)]
    path = folder / "train.csv"
    path.write_text(one.mark + text_of(lines, one.end), encoding="utf-8", newline="")
    try:
        chunks = list(CsvTable(path, "target").chunks(one.features, 100))
    except JobError as error:
        return str(error)
    X = np.nan_to_num(np.concatenate([X for X, _ in chunks]))
    return weighted_sum(X).tolist()


def scored(one: Case, *, as_text: bool) -> list[float] | str:
    """Return the model's predictions for the same rows, or its reason to refuse them."""
    text = one.mark + text_of([one.header, *one.rows], one.end)
    # A line of one empty cell is a blank line.
    if len(one.header) == 1:
        text = text.replace(f"{one.end}{one.end}", f'{one.end}""{one.end}')
        text = text.replace(f"{one.end}{one.end}", f'{one.end}""{one.end}')
    body: Any = text if as_text else text.encode()
    answer = predict_fn(input_fn(body, "text/csv"), model_of(one.features))
    return answer.reason if isinstance(answer, Refusal) else answer["predictions"]


def test_what_trains_can_be_scored(tmp_path: Path):
    chance = random.Random(SEED)  # noqa: S311
    trained = 0
    for number in range(1000):
        one = case(chance)
        training, serving = trained_on(tmp_path, one), scored(one, as_text=number % 2 == 0)
        if isinstance(training, str):
            assert isinstance(serving, str), (one, training, serving)
            # The same cell for the same reason.
            place, _, reason = training.partition(": ")[2].partition(": ")
            assert reason.split(": ")[0] in serving, (one, training, serving)
            assert place
        else:
            assert serving == training, one
            trained += 1
    assert 500 < trained < 1000


@pytest.mark.parametrize(
    ("features", "body", "rows"),
    [
        (["0", "1"], "0,1\n5,6\n", [[5, 6]]),
        (["0", "1"], "1,0\n5,6\n", [[6, 5]]),
        (["0", "1"], "5,6\n", [[5, 6]]),
        (["MedInc", "2019"], "2019,MedInc\n5,6\n", [[6, 5]]),
        (["a", "b"], "\ufeffb,a\n5,6\n", [[6, 5]]),
    ],
)
def test_a_first_line_equal_to_the_features_is_a_header(features, body, rows):
    expected = weighted_sum(np.array(rows, dtype=float)).tolist()
    answer = predict_fn(input_fn(body, "text/csv"), model_of(features))
    assert not isinstance(answer, Refusal)
    assert answer["predictions"] == expected


def mutated(chance: random.Random, data: bytes) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.randint(1, 6)):
        place = chance.randrange(len(changed) + 1)
        kind = chance.randrange(3)
        if kind == 0:
            changed[place:place] = bytes(chance.choice([b",", b'"', b"\n", b"\xff", b"\0", b"9"]))
        elif kind == 1:
            del changed[place : place + chance.randint(1, 8)]
        else:
            changed[place : place + 1] = bytes([chance.randrange(256)])
    return bytes(changed)


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("text/csv", b"a,b,c\n1,2,3\n4,,6\n"),
        ("text/csv", b"1,2,3\n4,NA,6\n"),
        ("application/json", b'{"instances": [[1, 2, 3], {"a": 1, "b": null, "c": 3.5}]}'),
    ],
)
def test_a_mutated_body_is_predicted_or_refused_with_a_reason(content_type: str, body: bytes):
    pytest.importorskip("flask")
    chance = random.Random(SEED)  # noqa: S311
    model = model_of(["a", "b", "c"])
    for _ in range(500):
        sent = mutated(chance, body)
        parsed = input_fn(sent, content_type)
        assert isinstance(parsed, (list, Table, Refusal))
        answer = output_fn(predict_fn(parsed, model), "application/json")
        if not isinstance(answer, tuple):
            assert answer.status_code == 400, sent
            assert json.loads(answer.get_data())["error"], sent


def test_mutated_files_are_preprocessed_or_refused_by_name(tmp_path: Path):
    chance = random.Random(SEED)  # noqa: S311
    rows = b"".join(b"%d,%d.5,%d\n" % (n, 3 * n % 7, n % 2) for n in range(8))
    files = dict.fromkeys(("train", "test"), b"a,b,target\n" + rows)
    done, refused = 0, []
    for number in range(300):
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, data in files.items():
            changed = mutated(chance, data) if chance.random() < 0.6 else data
            (folder / f"{name}.csv").write_bytes(changed)
        try:
            preprocess(folder, folder / "out", "target", 5)
            done += 1
        except JobError as error:
            refused.append((folder, str(error)))
    for folder, message in refused:
        assert str(folder) in message
        assert message.isprintable(), message
        assert not list(folder.glob("out/*"))
    assert done > 10
    assert len(refused) > 100


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        (
            b",a,target",
            "line 1: column 1 must have a name: name it, or remove it if it only numbers",
        ),
        (b"a, ,target", "line 1: column 2 must have a name"),
        (
            b"a\xff,target",
            r"line 1: column 1: its name must be UTF-8 text, got 'a\\xff': save the table",
        ),
        ("a,target".encode("utf-16"), "line 1: column 1: its name must be UTF-8 text"),
    ],
)
def test_a_column_without_a_proper_name_is_refused(tmp_path: Path, header: bytes, problem: str):
    path = tmp_path / "train.csv"
    path.write_bytes(header + b"\n1,2,3\n")
    with pytest.raises(JobError, match=problem):
        CsvTable(path, "target")
