"""Images of registries, as the functions of a workflow see them."""

import hashlib

import pytest

from emulator.runtime.environments import LOCKS, Environments
from tests.emulator.aws.conftest import IMAGE

NAME = "sagemaker-scikit-learn"
TAG = {"imageTag": "1.2-1-cpu-py3"}
AWS = "683313688378"


def image(ecr, image_id=TAG, registry=AWS, name=NAME):
    return ecr.batch_get_image(registryId=registry, repositoryName=name, imageIds=[image_id])


def test_the_digest_of_an_image_is_that_of_its_manifest(client):
    answer = image(client("ecr"))

    (found,) = answer["images"]
    digest = hashlib.sha256(found["imageManifest"].encode()).hexdigest()
    assert found["imageId"] == {**TAG, "imageDigest": f"sha256:{digest}"}
    assert (found["registryId"], found["repositoryName"], answer["failures"]) == (AWS, NAME, [])
    assert image(client("ecr"), found["imageId"])["images"] == [found]


@pytest.mark.parametrize(
    ("image_id", "registry", "name"),
    [
        ({"imageTag": "9"}, AWS, NAME),
        (TAG, AWS, "other"),
        (TAG, "246618743249", NAME),  # the registry of another region
        ({**TAG, "imageDigest": "sha256:" + "0" * 64}, AWS, NAME),
    ],
)
def test_an_image_that_no_job_could_use_is_not_found(client, image_id, registry, name):
    answer = image(client("ecr"), image_id, registry, name)

    assert answer["images"] == []
    assert [failure["failureCode"] for failure in answer["failures"]] == ["ImageNotFound"]


def test_the_manifest_changes_with_the_packages(tmp_path):
    for name in ("images.json", "scikit-learn-1.2-1.txt"):
        (tmp_path / name).write_bytes((LOCKS / name).read_bytes())
    before = Environments(tmp_path, tmp_path).manifest_for_image(IMAGE)
    assert before == Environments(tmp_path, LOCKS).manifest_for_image(IMAGE)
    with (tmp_path / "scikit-learn-1.2-1.txt").open("a") as lock:
        lock.write("\n")

    assert Environments(tmp_path, tmp_path).manifest_for_image(IMAGE) != before
