from pathlib import Path

import numpy as np
import pytest

from csv_table import CsvTable, require_same_columns, write_csv
from job import JobError


def table(tmp_path: Path, content: "str | bytes", name: str = "train.csv") -> CsvTable:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return CsvTable(path, "target")


def read(source: CsvTable, chunk_rows: int = 100):
    chunks = list(source.chunks(source.features, chunk_rows))
    return np.concatenate([X for X, _ in chunks]), np.concatenate([y for _, y in chunks])


def test_reads_features_and_target_at_any_position_of_the_target(tmp_path: Path):
    source = table(tmp_path, "a,target,b\n1,10,2\n3,20,4\n")

    X, y = read(source)

    assert source.features == ["a", "b"]
    assert X.tolist() == [[1, 2], [3, 4]]
    assert y.tolist() == [10, 20]


def test_returns_the_features_in_the_requested_order(tmp_path: Path):
    source = table(tmp_path, "a,b,target\n1,2,10\n")

    ((X, _),) = source.chunks(["b", "a"], 10)

    assert X.tolist() == [[2, 1]]


def test_chunks_have_at_most_the_requested_rows(tmp_path: Path):
    source = table(tmp_path, "a,target\n" + "1,2\n" * 7)

    assert [len(X) for X, _ in source.chunks(["a"], 3)] == [3, 3, 1]


@pytest.mark.parametrize("cell", ["", " ", "NA", "nan", "NaN", "null"])
def test_a_missing_feature_is_nan(tmp_path: Path, cell: str):
    X, _ = read(table(tmp_path, f"a,b,target\n{cell},2,10\n"))

    assert np.isnan(X[0, 0])
    assert X[0, 1] == 2


def test_rows_without_a_target_are_dropped_and_counted(tmp_path: Path):
    source = table(tmp_path, "a,target\n1,10\n2,\n3,30\n4,NA\n")

    X, y = read(source, chunk_rows=1)

    assert X.tolist() == [[1], [3]]
    assert y.tolist() == [10, 30]
    assert source.rows_without_target == 2


def test_byte_order_mark_quotes_blank_lines_and_line_ends_are_not_data(
    tmp_path: Path,
):
    source = table(tmp_path, b'\xef\xbb\xbf"a", target\r\n"1",10\r\n\r\n2,20\r\n')

    X, y = read(source)

    assert source.features == ["a"]
    assert (X.tolist(), y.tolist()) == ([[1], [2]], [10, 20])


def test_written_numbers_are_read_back_exactly(tmp_path: Path):
    values = np.array([[0.1 + 0.2, 1 / 3], [1e-300, -0.0]])

    assert write_csv(tmp_path / "train.csv", ["a", "target"], [values[:1], values[1:]]) == 2

    X, y = read(CsvTable(tmp_path / "train.csv", "target"))
    assert np.column_stack([X, y]).tobytes() == values.tobytes()


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "must have a header line and rows, but is empty"),
        ("\n\n", "must have a header line and rows, but is empty"),
        ("a,b\n1,2\n", "must have the target column 'target', got 'a', 'b'"),
        (
            "a,b,a,target\n1,2,3,4\n",
            "line 1: each column must have a different name, got several columns 'a'",
        ),
        ("target\n1\n", "line 1: must have a feature column in addition to 'target'"),
    ],
)
def test_fails_for_an_invalid_header(tmp_path: Path, content: str, reason: str):
    with pytest.raises(JobError, match=f"train.csv: .*{reason}"):
        table(tmp_path, content)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ("1,2,3\n1,two,3\n", "line 3, column 'b': must be a number, got 'two'"),
        ("1,2,3\n\n,2,three\n", "line 4, column 'target': must be a number, got 'three'"),
        ("1,inf,3\n", "line 2, column 'b': must be a finite number, got 'inf'"),
        ("1,-Infinity,3\n", "line 2, column 'b': must be a finite number, got '-Infinity'"),
        (",1e999,3\n", "line 2, column 'b': must be a finite number, got '1e999'"),
        ("inf,-inf,3\n", "line 2, column 'a': must be a finite number, got 'inf'"),
        ("1,2,inf\n", "line 2, column 'target': must be a finite number, got 'inf'"),
        ("1,2\n", "line 2: must have 3 values, as the header, got 2"),
        ("1,2,3,4\n", "line 2: must have 3 values, as the header, got 4"),
        ('1,"2\n",3\n1,x,3\n', "line 4, column 'b': must be a number, got 'x'"),
        ("", "must have rows, but ends after its header"),
        ("1,2,\n3,4,NA\n", "must have rows with a value in the target column 'target', got 2"),
    ],
)
def test_fails_for_an_invalid_row(tmp_path: Path, rows: str, reason: str):
    source = table(tmp_path, "a,b,target\n" + rows)

    with pytest.raises(JobError, match=rf"train\.csv: {reason}"):
        read(source)


def test_large_finite_values_are_not_infinite(tmp_path: Path):
    X, _ = read(table(tmp_path, "a,b,target\n1e308,1e308,1\n"))

    assert X.tolist() == [[1e308, 1e308]]


def test_fails_where_bytes_are_not_utf_8(tmp_path: Path):
    source = table(tmp_path, b"a,target\n1,2\n3,\xff\n")

    with pytest.raises(JobError, match=r"line 3, column 'target': must be a number, got '\\xff'"):
        read(source)


def test_fails_where_a_cell_is_larger_than_csv_allows(tmp_path: Path):
    source = table(tmp_path, "a,target\n1,2\n3," + "9" * 200_000)

    with pytest.raises(JobError, match=r"train\.csv: line 3: must be CSV: field larger"):
        read(source)


def test_fails_when_the_file_does_not_exist(tmp_path: Path):
    with pytest.raises(JobError, match=r"train\.csv: does not exist"):
        CsvTable(tmp_path / "train.csv", "target")


def test_the_same_columns_in_another_order_are_the_same(tmp_path: Path):
    train = table(tmp_path, "a,b,target\n1,2,3\n")

    require_same_columns(train, table(tmp_path, "target,b,a\n3,2,1\n", "test.csv"))


def test_fails_when_two_tables_differ_in_columns(tmp_path: Path):
    train = table(tmp_path, "a,b,target\n1,2,3\n")
    test = table(tmp_path, "a,c,target\n1,2,3\n", "test.csv")

    with pytest.raises(JobError, match=r"test\.csv: .*train\.csv, but lacks 'b' and adds 'c'"):
        require_same_columns(train, test)
