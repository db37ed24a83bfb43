import tarfile

import pytest

from emulator.runtime.data import archives
from emulator.runtime.data.archives import unpack
from emulator.runtime.data.s3 import download_prefix, upload_file
from emulator.runtime.errors import JobFault


@pytest.mark.parametrize(
    ("prefix", "files"),
    [
        ("data/train/", ["a.csv", "deep/b.csv"]),
        ("data/train", ["a.csv", "deep/b.csv", "train.csv", "training/c.csv"]),
        ("data/train/a.csv", ["a.csv"]),
        ("data/trai", ["train.csv", "train/a.csv", "train/deep/b.csv", "training/c.csv"]),
        ("", ["data/train.csv", "data/train/a.csv", "data/train/deep/b.csv"]),
    ],
)
def test_a_prefix_is_not_a_folder(s3, tmp_path, prefix, files):
    for key in ("train.csv", "train/a.csv", "train/deep/b.csv", "training/c.csv"):
        if prefix or "training" not in key:
            s3.put(f"data/{key}", key)
    s3.put("data/train/folder/", "")

    download_prefix(s3, f"s3://bucket/{prefix}", tmp_path / "in")

    found = [path for path in (tmp_path / "in").rglob("*") if path.is_file()]
    assert sorted(path.relative_to(tmp_path / "in").as_posix() for path in found) == files


@pytest.mark.parametrize("uri", ["bucket/key", "s3://", "https://bucket/key"])
def test_fails_for_an_invalid_s3_address(s3, tmp_path, uri):
    with pytest.raises(JobFault, match="must be s3://bucket/key"):
        download_prefix(s3, uri, tmp_path / "in")


def test_fails_on_a_key_that_leaves_the_folder(s3, tmp_path):
    s3.put("data/../../escaped", "x")

    with pytest.raises(JobFault, match="leaves its folder"):
        download_prefix(s3, "s3://bucket/data/", tmp_path / "in")
    assert not list(tmp_path.glob("escaped"))


def test_fails_on_keys_that_cannot_both_be_files(s3, tmp_path):
    s3.put("data/a", "x")
    s3.put("data/a/b", "x")

    with pytest.raises(JobFault, match="ClientError: Data download failed"):
        download_prefix(s3, "s3://bucket/data/", tmp_path / "in")


def test_data_that_is_not_required_may_be_missing(s3, tmp_path):
    download_prefix(s3, "s3://bucket/none/", tmp_path / "in", required=False)

    assert (tmp_path / "in").is_dir()


def test_a_kms_key_is_passed_on(s3, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(s3, "upload_file", lambda *_, ExtraArgs: asked.append(ExtraArgs))
    upload_file(s3, tmp_path, "s3://bucket/key", "key-id")

    assert asked == [{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "key-id"}]


@pytest.mark.parametrize("has_filter", [True, False])
def test_archives_are_unpacked_inside_their_folder_only(tmp_path, tar_gz, monkeypatch, has_filter):
    if not has_filter:
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(tar_gz({"folder/file": "x"}))
    unpack(archive, tmp_path / "out", "address")
    assert (tmp_path / "out/folder/file").read_text() == "x"

    with tarfile.open(archive, "w:gz") as tar:
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(JobFault, match="cannot unpack address"):
        unpack(archive, tmp_path / "out", "address")


@pytest.mark.parametrize(
    ("limit", "value", "reason"),
    [
        ("MAX_UNPACKED_BYTES", 5 * 1024**2, "more than 5 MiB, which is the limit here"),
        ("MAX_MEMBERS", 2, "it has more than 2 members"),
        ("_SPARE_BYTES", 2**62, "more than 0 MiB, which is the room on the disk"),
    ],
)
@pytest.mark.parametrize("has_filter", [True, False])
def test_an_archive_that_would_fill_the_disk_is_refused(
    tmp_path, tar_gz, monkeypatch, limit, value, reason, has_filter
):
    if not has_filter:
        monkeypatch.delattr(tarfile, "data_filter", raising=False)
    monkeypatch.setattr(archives, limit, value)
    archive = tmp_path / "a.tar.gz"
    archive.write_bytes(tar_gz(dict.fromkeys("abc", "0" * 2 * 1024**2)))

    with pytest.raises(JobFault, match=f"ClientError: cannot unpack address: .*{reason}"):
        unpack(archive, tmp_path / "out", "address")
    unpacked = sum(path.stat().st_size for path in (tmp_path / "out").rglob("*"))
    assert unpacked <= 5 * 1024**2
