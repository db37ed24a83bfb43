"""Batch transform: objects to requests, responses to objects."""

import functools
import gzip
import io
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from emulator.runtime.errors import JobFault
from emulator.runtime.jobs.transform import Settings, _Transform, payloads, run_transform_job
from emulator.runtime.logs.job_log import JobLog
from emulator.runtime.model_servers.connections import ServerResponse
from emulator.runtime.model_servers.server import ModelServerError
from tests.patience import LIMIT_SECONDS

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
MIB = 1024 * 1024


def transform_request(source=(), target=(), uri="s3://bucket/in/", **changes):
    location = {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}}
    return {
        "TransformJobName": "job",
        "ModelName": "m",
        "TransformInput": {"DataSource": location, "ContentType": "text/csv", **dict(source)},
        "TransformOutput": {"S3OutputPath": "s3://bucket/out", **dict(target)},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
        **changes,
    }


LINES = {"SplitType": "Line"}


class Server:
    """Responds to each request with its text in brackets, or as defined by a test."""

    def __init__(self, answer=lambda body: ServerResponse(200, {}, b"<" + body + b">")):
        self.bodies = []
        self.asked = []
        self._answer = answer

    def invoke(self, body, headers, timeout_seconds=60.0):
        self.bodies.append(body)
        self.asked.append((dict(headers), timeout_seconds))
        return self._answer(body)


@pytest.fixture
def run(aws, s3, tmp_path, stop):
    def run(request, server):
        log = JobLog(aws, "/aws/sagemaker/TransformJobs", "job/i-1/data-log", tmp_path / "log.txt")
        return run_transform_job(request, server, s3, tmp_path, log, stop)

    return run


def outputs(s3):
    return {name: s3.get(name) for name in s3.names() if name.startswith("out")}


def split(text, **changes):
    request = transform_request(LINES, **changes)
    return list(payloads(io.BytesIO(text), Settings.of(request)))


def test_an_object_without_a_split_is_one_request(run, s3):
    s3.put("in/a.csv", "1,2\n3,4\n")
    s3.put("in/deep/b.csv", "5,6")
    s3.put("in/empty.csv", "")
    server = Server()
    outcome = run(transform_request(target={"Accept": "text/csv"}), server)
    assert outcome.status == "Completed"
    assert server.bodies == [b"1,2\n3,4\n", b"5,6"]
    assert server.asked[0] == ({"Content-Type": "text/csv", "Accept": "text/csv"}, 600)
    assert outputs(s3) == {
        "out/a.csv.out": b"<1,2\n3,4\n>",
        "out/deep/b.csv.out": b"<5,6>",
        "out/empty.csv.out": b"",
    }


def test_one_object_and_a_prefix_without_a_slash_keep_their_names(run, s3):
    s3.put("in/a.csv", "1")
    run(transform_request(uri="s3://bucket/in/a.csv"), Server())
    run(transform_request(uri="s3://bucket/i"), Server())
    assert sorted(outputs(s3)) == ["out/a.csv.out", "out/in/a.csv.out"]


def test_records_go_one_by_one_or_as_many_as_fit():
    assert split(b"1\n2\n3", BatchStrategy="SingleRecord") == [b"1", b"2", b"3"]
    assert split(b"1\n2\n3") == [b"1\n2\n3"]
    line = b"x" * (MIB // 2) + b"\n"
    batches = split(line * 3, MaxPayloadInMB=1)
    assert [len(batch) for batch in batches] == [len(line)] * 3
    assert b"".join(batches) == line * 3


def test_a_batch_holds_as_much_as_the_limit():
    line = b"x" * (MIB // 4 - 1) + b"\n"
    assert [len(batch) for batch in split(line * 5, MaxPayloadInMB=1)] == [MIB, len(line)]


def test_fails_for_an_object_longer_than_the_limit():
    assert split(b"x" * MIB + b"\n", MaxPayloadInMB=1)
    with pytest.raises(JobFault, match=r"a record is longer than MaxPayloadInMB \(1\)"):
        split(b"x" * (MIB + 1) + b"\n", MaxPayloadInMB=1)
    whole = Settings.of(transform_request(MaxPayloadInMB=1))
    with pytest.raises(JobFault, match="which is not split"):
        list(payloads(io.BytesIO(b"x" * (MIB + 1)), whole))


@pytest.mark.parametrize(
    ("target", "expected"),
    [({}, b"<1><2>"), ({"AssembleWith": "Line"}, b"<1>\n<2>\n")],
)
def test_answers_are_assembled_in_order(run, s3, target, expected):
    second_is_answered = threading.Event()

    def slow_first(body):
        if body == b"1":
            assert second_is_answered.wait(LIMIT_SECONDS)
        else:
            second_is_answered.set()
        return ServerResponse(200, {}, b"<" + body + b">")

    s3.put("in/a.csv", "1\n2\n")
    request = transform_request(LINES, target, MaxConcurrentTransforms=2)
    run({**request, "BatchStrategy": "SingleRecord"}, Server(slow_first))
    assert outputs(s3) == {"out/a.csv.out": expected}


def test_an_answer_with_a_newline_gets_no_second_one(run, s3):
    s3.put("in/a.csv", "1\n")
    request = transform_request(LINES, {"AssembleWith": "Line"})
    run(request, Server(lambda _: ServerResponse(200, {}, b"4.5\n")))
    assert outputs(s3) == {"out/a.csv.out": b"4.5\n"}


def test_concurrency_is_limited(run, s3):
    counting, under_way, most = threading.Lock(), [0], [0]
    are_three = threading.Event()

    def answer(_):
        with counting:
            under_way[0] += 1
            most[0] = max(most[0], under_way[0])
        if most[0] >= 3:
            are_three.set()
        assert are_three.wait(LIMIT_SECONDS)
        with counting:
            under_way[0] -= 1
        return ServerResponse(200, {}, b"x")

    s3.put("in/a.csv", "1\n" * 20)
    request = transform_request(LINES, BatchStrategy="SingleRecord", MaxConcurrentTransforms=3)
    run(request, Server(answer))
    assert most[0] == 3
    assert outputs(s3) == {"out/a.csv.out": b"x" * 20}


def test_an_object_is_read_only_as_far_as_requests_run(stop):
    drawn, ahead = [], []

    def bodies():
        for i in range(6):
            drawn.append(i)
            yield b"x"

    settings = Settings.of(transform_request(MaxConcurrentTransforms=2))
    with ThreadPoolExecutor(2) as pool:
        answers = _Transform(settings, Server(), pool, stop)._responses(bodies())
        for answered, _ in enumerate(answers):
            ahead.append(len(drawn) - answered)
    assert max(ahead) == 2


def test_gzip_is_unpacked(run, s3):
    s3.put("in/a.csv.gz", gzip.compress(b"1,2"))
    assert run(transform_request({"CompressionType": "Gzip"}), Server()).status == "Completed"
    assert outputs(s3) == {"out/a.csv.gz.out": b"<1,2>"}
    s3.put("in/b.csv.gz", "no gzip")
    outcome = run(transform_request({"CompressionType": "Gzip"}), Server())
    assert outcome.status == "Failed"
    assert "cannot decompress the object" in outcome.failure_reason


def test_a_bad_object_fails_the_job_and_the_others_are_transformed(run, s3, aws):
    def answer(body):
        if body == b"bad":
            return ServerResponse(400, {}, b"what is this")
        return ServerResponse(200, {}, b"ok")

    for name, text in (("a", "1"), ("b", "bad"), ("c", "3")):
        s3.put(f"in/{name}.csv", text)
    server = Server(answer)
    outcome = run(transform_request(), server)
    assert outcome.status == "Failed"
    assert outcome.failure_reason == (
        "AlgorithmError: See job logs for more information. Bad HTTP status received from "
        "algorithm: 400. Message: what is this (bucket/in/b.csv)"
    )
    assert sorted(outputs(s3)) == ["out/a.csv.out", "out/c.csv.out"]
    assert server.bodies.count(b"bad") == 1  # a 4xx response is not retried
    log = aws.log("/aws/sagemaker/TransformJobs")
    assert any("bucket/in/b.csv: AlgorithmError: Bad HTTP status" in line for line in log)


@pytest.mark.parametrize(("retries", "status"), [(1, "Failed"), (2, "Completed")])
def test_a_server_error_is_retried(run, s3, retries, status):
    answers = iter([ServerResponse(500, {}, b""), None, ServerResponse(200, {}, b"ok")])

    def answer(_):
        found = next(answers)
        if found is None:
            raise ModelServerError("no response from the container within 7 seconds")
        return found

    s3.put("in/a.csv", "1")
    client = {"InvocationsMaxRetries": retries, "InvocationsTimeoutInSeconds": 7}
    server = Server(answer)
    outcome = run(transform_request(ModelClientConfig=client), server)
    assert outcome.status == status
    assert server.asked[0][1] == 7
    if status == "Failed":
        assert "Unable to get response from algorithm: no response" in outcome.failure_reason


def test_a_stop_ends_the_job_between_requests(run, s3, stop):
    def answer(body):
        if body == b"2":
            stop.set()
        return ServerResponse(200, {}, b"ok")

    s3.put("in/a.csv", "1\n2\n3\n4\n")
    server = Server(answer)
    outcome = run(transform_request(LINES, BatchStrategy="SingleRecord"), server)
    assert outcome.status == "Stopped"
    assert server.bodies == [b"1", b"2"]
    assert outputs(s3) == {}


def test_fails_for_an_empty_prefix_or_an_unreachable_bucket(run, s3):
    with pytest.raises(JobFault, match=r'No S3 objects found under S3 URL "s3://bucket/in/"'):
        run(transform_request(), Server())
    with pytest.raises(JobFault, match="NoSuchBucket"):
        run(transform_request(uri="s3://other/in/"), Server())
    s3.put("in/a.csv", "1")
    outcome = run(transform_request(target={"S3OutputPath": "s3://other/out"}), Server())
    assert outcome.status == "Failed"
    assert "ClientError: See job logs for more information. Failed to upload" in (
        outcome.failure_reason
    )


INFERENCE = """
import os
assert os.environ["SAGEMAKER_BATCH"] == "true"
assert os.environ["SAGEMAKER_BATCH_STRATEGY"] == "MULTI_RECORD"
def model_fn(model_dir):
    return float(os.environ["FACTOR"])
def input_fn(body, content_type):
    assert content_type == "text/csv"
    return [float(line) for line in body.splitlines()]
def predict_fn(data, model):
    return "".join(f"{value * model}\\n" for value in data)
def output_fn(prediction, accept):
    return prediction, accept
"""


@pytest.fixture
def container(s3, tar_gz):
    def make(code):
        s3.put("m/model.tar.gz", tar_gz({"code/inference.py": code}))
        return {
            "Image": IMAGE,
            "ModelDataUrl": "s3://bucket/m/model.tar.gz",
            "Environment": {
                "SAGEMAKER_PROGRAM": "inference.py",
                "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
                "FACTOR": "2",
            },
        }

    return make


def test_a_job_starts_a_real_server_and_scores_a_prefix(
    runner, s3, aws, container, stop, state_dir
):
    s3.put("in/a.csv", "1\n2\n")
    s3.put("in/b.csv", "5\n")
    request = transform_request(
        LINES, {"Accept": "text/csv", "AssembleWith": "Line"}, Environment={"FACTOR": "10"}
    )
    outcome = runner.run_transform(request, container(INFERENCE), "arn:role", stop)
    assert outcome.status == "Completed", outcome.failure_reason
    assert outputs(s3) == {"out/a.csv.out": b"10.0\n20.0\n", "out/b.csv.out": b"50.0\n"}
    assert any(
        stream.startswith("job/i-") and stream.endswith("/data-log") for _, stream in aws.logs
    )
    assert not list(state_dir.glob("run-*/*/job-*"))


def test_a_server_that_does_not_start_fails_the_job(runner, s3, container, stop):
    s3.put("in/a.csv", "1\n")
    code = "def model_fn(model_dir):\n    raise ValueError('no weights')\n"
    outcome = runner.run_transform(transform_request(), container(code), "arn:role", stop)
    assert outcome.status == "Failed"
    assert outcome.failure_reason.startswith("AlgorithmError: the model server did not start")
    assert "no weights" in outcome.failure_reason


def test_a_killed_server_fails_the_job_and_the_next_job_has_the_whole_result(
    runner, s3, container, stop, tmp_path, wait_until, state_dir
):
    s3.put("in/a.csv", "1\n")
    asked, hang = tmp_path / "asked", tmp_path / "hang"
    hang.touch()
    code = (
        "import os, time\n"
        "def model_fn(model_dir):\n    return 2\n"
        "def transform_fn(model, body, content_type, accept):\n"
        f"    if os.path.exists({str(hang)!r}):\n"
        f"        open({str(asked)!r}, 'w').write(str(os.getppid()))\n"
        "        time.sleep(600)\n"
        "    return '4', 'text/csv'\n"
    )
    run = functools.partial(
        runner.run_transform, transform_request(), container(code), "arn:role", stop
    )
    with ThreadPoolExecutor() as pool:
        killed = pool.submit(run)
        wait_until(lambda: asked.exists() and asked.read_text(), "the server is asked")
        os.kill(int(asked.read_text()), signal.SIGKILL)
        outcome = killed.result(LIMIT_SECONDS)
    assert (outcome.status, outputs(s3)) == ("Failed", {})
    assert outcome.failure_reason.startswith("AlgorithmError"), outcome.failure_reason
    hang.unlink()

    again = run()

    assert again.status == "Completed", again.failure_reason
    assert outputs(s3) == {"out/a.csv.out": b"4"}
    assert not list(state_dir.glob("run-*/*/job-*"))
