import pytest

from emulator.runtime.logs import job_log, metric_matcher
from emulator.runtime.logs.job_log import JobLog
from tests.patience import LIMIT_SECONDS, wait_until


@pytest.fixture
def log(aws, tmp_path):
    definitions = [{"Name": "r2", "Regex": "r2=([0-9.]+)"}, {"Name": "n", "Regex": "[0-9]+ rows"}]
    return JobLog(aws, "group", "stream", tmp_path / "log.txt", definitions)


def test_pieces_become_lines_and_the_last_one_needs_no_newline(log, aws, tmp_path):
    for piece in (b"fir", b"st\r\nsec", b"ond\n\nth\xc3", b"\xa9\xff"):
        log.feed(piece)
    log.close()

    assert aws.log("group") == ["first", "second", "thé\ufffd"]
    assert (tmp_path / "log.txt").read_bytes().startswith(b"first\nsecond\n")


def test_lines_are_written_in_batches(log, aws):
    for number in range(100):
        log.feed(b"%d\n" % number)
        log.flush()
    assert aws.log_calls == 0
    log._flushed_at -= 2
    log.flush()

    assert aws.log_calls == 1
    assert len(aws.log("group")) == 100


def test_a_line_without_end_is_cut(log, aws):
    log.feed(b"x" * 300_000)
    log.flush(force=True)

    assert len(aws.log("group")) == 1


def test_the_last_numeric_value_of_a_metric_counts(log):
    log.feed(b"r2=0.1 r2=0.5\nr2=...\n12 rows\n")

    assert {metric.name: metric.value for metric in log.metrics} == {"r2": 0.5}


def test_an_endless_expression_is_stopped_and_does_not_block(aws, tmp_path, monkeypatch):
    monkeypatch.setattr(metric_matcher, "BEHIND_SECONDS", LIMIT_SECONDS)
    definitions = [{"Name": "n", "Regex": "n=([0-9]+)"}, {"Name": "bad", "Regex": "(a+)+$"}]
    log = JobLog(aws, "group", "stream", tmp_path / "log.txt", definitions)
    log.feed(b"n=1\n" + b"a" * 40 + b"!\nn=2\n")
    metrics = log.metrics
    log.close()

    assert {metric.name: metric.value for metric in metrics} == {"n": 1}
    (note,) = [line for line in aws.log("group") if line.startswith("[")]
    assert "took more than 2 s for a line of this log" in note


def test_slow_expressions_are_stopped_and_do_not_block(aws, tmp_path, monkeypatch):
    monkeypatch.setattr(metric_matcher, "BEHIND_SECONDS", 1.0)
    definitions = [{"Name": "slow", "Regex": "(a+)+$"}]
    log = JobLog(aws, "group", "stream", tmp_path / "log.txt", definitions)
    log.feed((b"a" * 22 + b"!\n") * 20_000)  # some tenths of a second each
    log.close()

    (note,) = [line for line in aws.log("group") if line.startswith("[")]
    assert "its metric definitions are 1 s behind this log; further lines are not" in note


def test_closing_a_log_waits_for_slow_expressions_up_to_a_limit(aws, tmp_path, monkeypatch):
    monkeypatch.setattr(metric_matcher, "BEHIND_SECONDS", 1.0)
    definitions = [{"Name": "slow", "Regex": "(a+)+$"}]
    log = JobLog(aws, "group", "stream", tmp_path / "log.txt", definitions)
    log.feed((b"a" * 22 + b"!\n") * 1000)  # all of it fits into the pipe
    assert log.metrics == ()
    log.close()

    assert "1 s behind this log" in aws.log("group")[-1]


def test_the_limit_counts_bytes(log, tmp_path, monkeypatch):
    monkeypatch.setattr(job_log, "MAX_LOG_BYTES", 1000)
    log.feed(b"\xff" * 99 + b"\n" + b"later\n" * 200)  # each becomes three bytes
    log.close()

    assert (tmp_path / "log.txt").stat().st_size < 1200


@pytest.mark.parametrize(("limit", "value"), [("MAX_LOG_BYTES", 1000), ("MAX_LOG_LINES", 100)])
def test_a_log_is_cut_once_and_its_tail_is_kept(log, aws, tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(job_log, limit, value)
    log.feed(b"123456789\n" * 5000 + b"r2=0.5\n" + b"ValueError: at the end\n")
    metrics = log.metrics
    log.close()

    lines = aws.log("group")
    assert len(lines) <= 101
    assert [line for line in lines if "is cut here" in line] == lines[-1:]
    assert (tmp_path / "log.txt").stat().st_size < 2000
    assert log.tail(1) == "ValueError: at the end"
    assert [metric.value for metric in metrics] == [0.5]


def test_a_log_that_cannot_be_written_does_not_fail_the_job(log, aws, monkeypatch, caplog):
    monkeypatch.setattr(aws, "write_log", lambda *_: 1 / 0)
    log.feed(b"line\n")
    log.close()

    assert "cannot write to the log group stream" in caplog.text


def test_the_tail_is_the_last_lines(log):
    log.feed(b"1\n2\n3\n4\n")

    assert log.tail(2) == "3\n4"


def test_every_value_of_a_metric_goes_to_cloudwatch_with_the_lines(aws, tmp_path):
    source = ("/aws/sagemaker/TrainingJobs", {"TrainingJobName": "job"})
    definitions = [{"Name": "r2", "Regex": "r2=([0-9.]+)"}]
    log = JobLog(aws, "group", "stream", tmp_path / "log.txt", definitions, source)
    log.feed(b"r2=0.5\nr2=.\n")
    log.flush(force=True)
    log.feed(b"r2=0.7\n")
    log.close()

    assert aws.metrics == [(*source, "r2", 0.5), (*source, "r2", 0.7)]


def test_every_value_of_a_metric_is_handed_on_as_it_comes(aws, tmp_path):
    definitions = [{"Name": "r2", "Regex": "r2=([0-9.]+)"}]
    heard = []
    log = JobLog(aws, "group", "stream", tmp_path / "log.txt", definitions, on_metric=heard.append)
    log.feed(b"r2=0.5\nr2=.\nr2=0.7\n")
    wait_until(lambda: len(heard) == 2, "both values")
    log.close()

    assert [(metric.name, metric.value) for metric in heard] == [("r2", 0.5), ("r2", 0.7)]
