import sys
from pathlib import Path

import pytest

import job
from job import ArgumentParser, JobError, run, whole_number, written_aside


def fail(error: Exception):
    def main() -> None:
        raise error

    return main


def test_a_successful_job_exits_with_0_and_writes_no_reason(tmp_path: Path):
    assert run(lambda: None, tmp_path / "failure") == 0
    assert not (tmp_path / "failure").exists()


def test_the_reason_is_the_last_line_of_stderr_and_the_reason_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    reason_file = tmp_path / "output" / "failure"

    code = run(fail(JobError("train.csv: line 3:\n no number")), reason_file)

    assert code == 1
    assert capsys.readouterr().err == "train.csv: line 3: no number\n"
    assert reason_file.read_text() == "train.csv: line 3: no number"
    assert list(reason_file.parent.iterdir()) == [reason_file]


def test_an_unexpected_error_shows_its_traceback_before_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    assert run(fail(ZeroDivisionError("by zero")), tmp_path / "failure") == 1

    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith("Traceback")
    assert lines[-1] == "ZeroDivisionError: by zero" == (tmp_path / "failure").read_text()


def test_a_reason_file_that_cannot_be_written_does_not_hide_the_reason(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    (tmp_path / "output").write_text("a file where the folder should be")

    assert run(fail(JobError("no rows")), tmp_path / "output" / "failure") == 1

    assert capsys.readouterr().err.splitlines()[-1] == "no rows"


def test_fails_with_a_reason_when_an_argument_is_unknown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.setattr(sys, "argv", ["training.py", "--depth", "3"])

    assert run(lambda: ArgumentParser().parse_args() and None) == 1

    assert "unrecognized arguments: --depth 3" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["0", "-3", "2.5", "ten", "", "1e3"])
def test_fails_when_an_argument_is_not_a_whole_number_of_1_or_more(text: str):
    parser = ArgumentParser()
    parser.add_argument("--rows", type=whole_number(1))

    with pytest.raises(
        JobError, match=f"--rows: must be a whole number of 1 or more, got '{text}'"
    ):
        parser.parse_args([f"--rows={text}"])


def test_files_written_aside_appear_together_at_the_end(tmp_path: Path):
    with written_aside(tmp_path / "out") as aside:
        (aside / "train").mkdir()
        (aside / "train" / "a.csv").write_text("1")
        assert not (tmp_path / "out" / "train").exists()

    assert [path.name for path in (tmp_path / "out").iterdir()] == ["train"]
    assert (tmp_path / "out" / "train" / "a.csv").read_text() == "1"


def test_nothing_written_aside_remains_after_a_fault(tmp_path: Path):
    def write_and_fail():
        with written_aside(tmp_path) as aside:
            (aside / "a.csv").write_text("1")
            raise JobError("half way")

    with pytest.raises(JobError):
        write_and_fail()

    assert list(tmp_path.iterdir()) == []


def test_only_a_processing_job_has_an_exit_message(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(job, "EXIT_MESSAGE", tmp_path / "message")
    monkeypatch.setattr(job, "PROCESSING_CONFIG", tmp_path / "config.json")
    assert job.exit_message() is None
    (tmp_path / "config.json").write_text("{}")
    assert job.exit_message() == tmp_path / "message"
