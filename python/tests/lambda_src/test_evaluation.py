import gzip
import io
import json
import os
import tarfile

import pytest

import evaluation
from evaluation import (
    ArchiveTooLarge,
    EvaluationFileInvalid,
    EvaluationFileMissing,
    MetricMissing,
    passes,
    read_archive,
)

METRICS = {"test_r2": 0.774, "test_rmse": 0.54, "training_samples": 16512}


def archive(*members: "tuple[str, bytes]", link: str = "", compress: bool = True) -> io.BytesIO:
    """Return an output.tar.gz of members by name; `link` adds a symbolic link of that name."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz" if compress else "w") as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo(link)
            info.type, info.linkname = tarfile.SYMTYPE, "/etc/passwd"
            tar.addfile(info)
    buffer.seek(0)
    return buffer


@pytest.mark.parametrize(
    "name",
    ["evaluation.json", "./evaluation.json", "data/evaluation.json", "./data/evaluation.json"],
)
def test_the_metrics_are_found_at_the_root_or_under_data(name: str):
    content = json.dumps(METRICS, indent=2).encode()

    found = read_archive(archive(("success", b""), ("plots/r2.png", b"\0" * 9999), (name, content)))

    assert found.metrics == METRICS
    assert found.content == content


def test_nothing_after_the_file_is_unpacked():
    whole = archive(("evaluation.json", b'{"test_r2": 1}'), ("noise", os.urandom(10**6))).getvalue()

    assert read_archive(io.BytesIO(whole[: len(whole) // 2])).metrics == {"test_r2": 1}


@pytest.mark.parametrize(
    "members",
    [
        [],
        [("model/evaluation.json", b"{}")],
        [("evaluation.json.bak", b"{}"), ("other/data/evaluation.json", b"{}")],
        [("../evaluation.json", b"{}"), ("/evaluation.json", b"{}")],
    ],
)
def test_fails_when_the_file_is_missing_and_lists_the_members(members: list):
    with pytest.raises(EvaluationFileMissing) as caught:
        read_archive(archive(*members))

    for name, _ in members:
        assert name in str(caught.value)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "must be JSON"),
        (b"{", "must be JSON"),
        (b"\xff", "must be JSON"),
        (b"[" * 100_000, "must be JSON"),
        (b"[1]", "must be an object of metrics"),
        (b"{}", "must be an object of metrics"),
        (b'{"test_r2": NaN}', "'test_r2' must be a finite number, got NaN"),
        (b'{"test_r2": 1e999}', "'test_r2' must be a finite number, got Infinity"),
        (b'{"test_r2": "0.9"}', "'test_r2' must be a finite number, got \"0.9\""),
        (b'{"test_r2": true}', "'test_r2' must be a finite number, got true"),
        (b'{"test_r2": null}', "'test_r2' must be a finite number, got null"),
        (b'{"test_r2": 1' + b"0" * 400 + b"}", "must be a finite number"),
        (b'{"regression_metrics": {"r2": 1}}', "'regression_metrics' must be a finite number"),
    ],
)
def test_fails_when_the_file_is_not_an_object_of_finite_numbers(content: bytes, reason: str):
    with pytest.raises(EvaluationFileInvalid) as caught:
        read_archive(archive(("evaluation.json", content)))

    assert reason in str(caught.value)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no archive",
        gzip.compress(b"no tar, but gzip" * 100),
        archive(("evaluation.json", b"{}"), compress=False).getvalue(),
        archive(("evaluation.json", os.urandom(9999))).getvalue()[:5000],
    ],
    ids=["empty", "text", "gzip of text", "tar without gzip", "cut off"],
)
def test_fails_when_the_archive_is_broken(content: bytes):
    with pytest.raises(EvaluationFileInvalid, match=r"must be a readable tar\.gz"):
        read_archive(io.BytesIO(content))


def test_fails_when_the_file_is_a_link():
    with pytest.raises(EvaluationFileInvalid, match="must be a regular file"):
        read_archive(archive(link="evaluation.json"))


def test_fails_when_the_file_is_larger_than_metrics_can_be():
    content = b" " * (evaluation.MAX_MEMBER_BYTES + 1)

    with pytest.raises(
        ArchiveTooLarge, match=r"evaluation\.json must have at most 1048576 bytes, got 1048577"
    ):
        read_archive(archive(("evaluation.json", content)))


def test_fails_when_the_archive_unpacks_to_too_much(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluation, "MAX_UNPACKED_BYTES", 100_000)
    members = [("zeros", b"\0" * 200_000), ("evaluation.json", b'{"test_r2": 1}')]

    with pytest.raises(ArchiveTooLarge, match="must unpack to at most 100000 bytes"):
        read_archive(archive(*members))


def test_a_header_that_claims_to_be_huge_is_not_read_into_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluation, "MAX_UNPACKED_BYTES", 100_000)
    header = tarfile.TarInfo("././@PaxHeader")
    header.type, header.size = tarfile.XHDTYPE, 2**32
    bomb = gzip.compress(header.tobuf(tarfile.USTAR_FORMAT) + b"0" * 1_000_000)

    with pytest.raises(ArchiveTooLarge, match="must unpack to at most"):
        read_archive(io.BytesIO(bomb))


def test_fails_when_the_archive_has_too_many_members(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(evaluation, "MAX_MEMBERS", 3)
    members = [(f"part-{i}", b"") for i in range(3)]

    with pytest.raises(ArchiveTooLarge, match="must have at most 3 members"):
        read_archive(archive(*members, ("evaluation.json", b'{"test_r2": 1}')))


@pytest.mark.parametrize(
    ("value", "threshold", "verdict"),
    [(0.71, 0.7, True), (0.7, 0.7, False), (0.69, 0.7, False), (-1, -2, True), (1, 1, False)],
)
def test_a_model_passes_only_above_the_threshold(value: float, threshold: float, verdict: bool):
    assert passes({"test_r2": value}, "test_r2", threshold) is verdict


@pytest.mark.parametrize(
    ("value", "threshold", "verdict"),
    [(0.69, 0.7, True), (0.7, 0.7, False), (0.71, 0.7, False), (-2, -1, True), (1, 1, False)],
)
def test_smaller_is_better_only_below_the_threshold(value: float, threshold: float, verdict: bool):
    assert passes({"test_rmse": value}, "test_rmse", threshold, "smaller") is verdict


def test_fails_when_the_metric_is_missing_and_lists_the_others():
    with pytest.raises(MetricMissing, match="must contain the metric 'f1', got test_r2, test_rmse"):
        passes(METRICS, "f1", 0.7)
