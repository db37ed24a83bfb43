import re
import shutil
from pathlib import Path

import pytest

from preprocessing import preprocess
from tests.scripts.comparison.conftest import pack, verdict


def test_a_clearly_better_model_wins(compare, good: Path, weak: Path):
    _, found, _ = compare(good, weak)

    assert found["status"] == "compared"
    assert found["reason"] is None
    assert found["difference"]["low"] > 0.02
    assert (verdict(found).passed, verdict(found).rule) == (True, "Margin")
    _, turned, _ = compare(weak, good)
    assert turned["difference"]["high"] < -0.02
    assert verdict(turned).passed is False
    assert turned["champion"] == found["challenger"]


def test_the_same_model_does_not_win(compare, linear: Path):
    _, found, _ = compare(linear, linear)

    assert [found["difference"][key] for key in ("value", "low", "high")] == [0, 0, 0]
    assert verdict(found).passed is False


def test_the_first_release_has_no_champion(compare, linear: Path, tmp_path: Path):
    (tmp_path / "empty").mkdir()
    for champion in (tmp_path / "absent", tmp_path / "empty"):
        _, found, _ = compare(linear, champion)

        assert found["status"] == "first-release"
        assert found["reason"] == "this is the first release, there is no champion"
        assert found["champion"] is found["difference"] is None
        assert (verdict(found).passed, verdict(found).rule) == (True, "FirstRelease")


@pytest.fixture
def narrow(raw: Path, tmp_path: Path, train):
    """A champion trained without the last two features."""
    folder = tmp_path / "narrow"
    folder.mkdir()
    for name in ("train", "test"):
        lines = (raw / f"{name}.csv").read_text().splitlines()[:2001]
        kept = [",".join([*line.split(",")[:6], line.split(",")[-1]]) for line in lines]
        (folder / f"{name}.csv").write_text("\n".join(kept))
    preprocess(folder, folder / "processed", "target", 5000)
    assert train(folder / "processed", folder, "--n-estimators", 5).returncode == 0
    return folder


def test_a_champion_with_fewer_features_is_compared(compare, good: Path, narrow: Path):
    _, found, _ = compare(good, pack(narrow, narrow / "input"))

    assert found["status"] == "compared"
    unused = {part["name"] for part in found["featureImportances"] if part["champion"] is None}
    assert unused == {"Latitude", "Longitude"}


def test_a_champion_that_needs_more_features_is_not_comparable(compare, good: Path, narrow: Path):
    rows = narrow / "processed" / "holdout"

    _, found, _ = compare(pack(narrow, narrow / "input"), good, data=rows)

    assert found["status"] == "not-comparable"
    assert "must have the model's features Latitude, Longitude" in found["reason"]
    assert (verdict(found).passed, verdict(found).rule) == (False, "ChampionNotComparable")


def break_archive(model: Path) -> None:
    (model / "model.tar.gz").write_bytes(b"no archive")


def rename_archive(model: Path) -> None:
    (model / "model.tar.gz").rename(model / "other.tar.gz")


@pytest.fixture
def unreadable(trained: Path, tmp_path: Path) -> Path:
    """A model whose model.pkl is not a pickle."""
    shutil.copytree(trained / "model", tmp_path / "unreadable" / "model")
    (tmp_path / "unreadable" / "model" / "model.pkl").write_bytes(b"no pickle")
    return pack(tmp_path / "unreadable", tmp_path / "unreadable" / "input")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (break_archive, "must be a readable tar.gz"),
        (rename_archive, "model.tar.gz: does not exist; .* contains other.tar.gz"),
        (lambda _: None, "model.tar.gz: "),
    ],
)
def test_a_broken_champion_is_reported_and_a_broken_challenger_fails(
    compare, linear: Path, unreadable: Path, spoil, reason: str
):
    spoil(unreadable)

    code, found, _ = compare(linear, unreadable)

    assert code == 0
    assert found["status"] == "not-comparable"
    assert found["reason"].startswith("the champion could not be evaluated: ")
    assert re.search(reason, found["reason"])
    assert found["champion"] is found["difference"] is None
    code, _, last = compare(unreadable, linear)
    assert code == 1
    assert re.search(reason, last)
