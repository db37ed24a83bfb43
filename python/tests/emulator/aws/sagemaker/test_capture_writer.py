"""The lines of captured requests, and the writer: what is written, when, and what is not."""

import base64
import json
import random
import threading

import pytest

from emulator.aws.sagemaker.capture_plan import Exchange
from emulator.aws.sagemaker.data_capture import (
    FILE_BYTES,
    MOST_BYTES,
    CapturedVariant,
    CaptureWriter,
)
from emulator.aws.sagemaker.fleet import Fleet, Variant, VariantPlan
from tests.emulator.aws.captures import plan_of
from tests.emulator.aws.pretended import PretendedServer
from tests.emulator.aws.serving import ROLE
from tests.patience import FOR_EVER


@pytest.mark.parametrize(
    ("content_type", "body", "encoding", "data"),
    [
        ("text/csv", "ä,2".encode(), "CSV", "ä,2"),
        ("TEXT/CSV;charset=utf-8", b"1", "CSV", "1"),
        ("application/json; charset=utf-8", b'{"a": 1}', "JSON", '{"a": 1}'),
        ("application/x-npy", b"\x93NUMPY", "BASE64", base64.b64encode(b"\x93NUMPY").decode()),
        ("application/jsonlines", b"{}", "BASE64", "e30="),
        ("text/csv", b"\xff", "BASE64", "/w=="),
        (None, b"1", "BASE64", "MQ=="),
    ],
)
def test_listed_types_are_captured_as_text_and_others_as_base64(content_type, body, encoding, data):
    plan = plan_of()
    line = json.loads(plan.line(Exchange(body, content_type, b"1", "text/csv", None, 0)))
    assert line["captureData"]["endpointInput"] == {
        "observedContentType": content_type or "application/octet-stream",
        "mode": "INPUT",
        "data": data,
        "encoding": encoding,
    }
    assert line["captureData"]["endpointOutput"]["encoding"] == "CSV"
    assert line["eventMetadata"]["inferenceTime"] == "1970-01-01T00:00:00Z"


def test_without_listed_types_everything_is_base64():
    plan = plan_of(CaptureContentTypeHeader=None)
    line = json.loads(plan.line(Exchange(b"1", "text/csv", b"2", "application/json", None, 0)))
    parts = line["captureData"].values()
    assert [(part["encoding"], part["data"]) for part in parts] == [
        ("BASE64", "MQ=="),
        ("BASE64", "Mg=="),
    ]


@pytest.mark.parametrize(
    ("options", "parts"),
    [
        (["Input"], {"endpointInput"}),
        (["Output"], {"endpointOutput"}),
        (["InputAndOutput"], {"endpointInput", "endpointOutput"}),
    ],
)
def test_only_the_chosen_parts_are_captured(options, parts):
    plan = plan_of(CaptureOptions=[{"CaptureMode": one} for one in options])
    line = json.loads(plan.line(Exchange(b"1", "text/csv", b"2", "text/csv", None, 0)))
    assert set(line["captureData"]) == parts


class Bucket:
    """Takes files, once it `may_take` them."""

    def __init__(self):
        self.files, self.said = [], []
        self.may_take = threading.Event()
        self.may_take.set()
        self.asked = threading.Event()

    def client(self, service, role_arn):
        assert (service, role_arn) == ("s3", ROLE)
        return self

    def put_object(self, Key, Body, **_):
        self.asked.set()
        assert self.may_take.wait(FOR_EVER)
        self.files.append((Key, Body.decode().splitlines()))

    def write_log(self, group, stream, lines):
        assert (group, stream) == ("/aws/sagemaker/Endpoints/e", "v/i-1")
        self.said += lines


@pytest.fixture
def bucket():
    return Bucket()


@pytest.fixture
def writer(bucket):
    def create(seconds=FOR_EVER, **changes):
        return CaptureWriter(
            bucket,
            CapturedVariant("e", "v", ROLE, "v/i-1"),
            plan_of(**changes),
            flush_seconds=seconds,
            chance=random.Random(1),  # noqa: S311
        )

    return create


def exchange(request=b"1", seconds=0.0):
    return Exchange(request, "text/csv", b"2", "text/csv", None, seconds)


@pytest.mark.parametrize("percentage", [0, 20, 100])
def test_the_percentage_of_the_requests_is_captured(bucket, writer, percentage):
    one = writer(InitialSamplingPercentage=percentage)
    for _ in range(2000):
        one.offer(exchange())
    one.close()
    count = sum(len(lines) for _, lines in bucket.files)
    # Four standard deviations of a binomial distribution; the seed is fixed.
    assert abs(count - 20 * percentage) <= 4 * (20 * percentage * (1 - percentage / 100)) ** 0.5


def test_lines_go_to_the_hour_of_their_request(bucket, writer):
    one = writer()
    for seconds in (3599.5, 3600, 3599.9):
        one.offer(exchange(seconds=seconds))
    one.close()
    assert [(key[:31], len(lines)) for key, lines in bucket.files] == [
        ("captured/e/v/1970/01/01/00/59-5", 2),
        ("captured/e/v/1970/01/01/01/00-0", 1),
    ]
    assert bucket.files[0][0].startswith("captured/e/v/1970/01/01/00/59-59-500-")


def test_many_bytes_are_written_before_the_interval_has_passed(bucket, writer, until):
    one = writer()
    half = exchange(b"x" * (FILE_BYTES // 2))
    one.offer(half)
    assert not bucket.asked.wait(0.05)
    one.offer(half)
    until(lambda: bucket.files)
    assert len(bucket.files[0][1]) == 2
    one.close()


def test_the_interval_writes_a_few(bucket, writer, until):
    one = writer(0.01)
    one.offer(exchange())
    until(lambda: bucket.files)
    one.offer(exchange())
    until(lambda: len(bucket.files) == 2)
    one.close()
    assert len(bucket.files) == 2


def test_memory_is_limited_and_callers_never_wait_for_s3(bucket, writer):
    one = writer(0.0)
    bucket.may_take.clear()
    large = exchange(b"x" * (MOST_BYTES // 4))
    one.offer(large)
    assert bucket.asked.wait(FOR_EVER)
    for _ in range(5):
        one.offer(large)  # there is space for two more
    bucket.may_take.set()
    one.close()
    assert sum(len(lines) for _, lines in bucket.files) == 3
    assert bucket.said == ["Data capture: 3 requests were not captured: more than the buffer takes"]


def test_a_writer_goes_on_after_a_failure_of_its_own(bucket, writer, until):
    one = writer(0.0)
    put, failures = bucket.put_object, []

    def fails_once(**request):
        if not failures:
            failures.append(request)
            raise RuntimeError("broken")
        put(**request)

    bucket.put_object = fails_once
    one.offer(exchange())
    until(lambda: failures)
    one.offer(exchange())
    one.close()
    assert len(bucket.files) == 1


@pytest.mark.parametrize("end", [Fleet.retire, Fleet.stop, Fleet.kill])
def test_servers_that_end_leave_nothing_in_the_buffer(bucket, writer, end):
    one = writer()
    plan = VariantPlan("v", 1.0, {}, ROLE)
    fleet = Fleet("c", [Variant(plan, PretendedServer({}), one)])
    one.offer(exchange())
    end(fleet)
    assert [len(lines) for _, lines in bucket.files] == [1]


def test_a_writer_without_requests_has_no_thread(writer):
    before = threading.active_count()
    one = writer()
    assert threading.active_count() == before
    one.close()
