import pytest

from emulator.runtime.job_log import JobLog


@pytest.fixture
def log(aws, tmp_path):
    definitions = [{"Name": "r2", "Regex": "r2=([0-9.]+)"}, {"Name": "n", "Regex": "[0-9]+ rows"}]
    return JobLog(aws, "group", "stream", tmp_path / "log.txt", definitions)


def test_pieces_become_lines_and_the_last_one_needs_no_newline(log, aws, tmp_path):
    for piece in (b"fir", b"st\r\nsec", b"ond\n\nth\xc3", b"\xa9\xff"):
        log.feed(piece)
    log.close()

    assert aws.log("group") == ["first", "second", "thé\ufffd"]
    assert (tmp_path / "log.txt").read_bytes().startswith(b"first\r\nsecond\n")


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


def test_the_last_value_of_a_metric_counts_and_what_is_no_number_does_not(log):
    log.feed(b"r2=0.1 r2=0.5\nr2=...\n12 rows\n")

    assert {metric.name: metric.value for metric in log.metrics} == {"r2": 0.5}


def test_a_log_that_cannot_be_written_is_no_fault_of_the_job(log, aws, monkeypatch, caplog):
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
