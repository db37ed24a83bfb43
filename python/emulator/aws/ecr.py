"""Images of ECR: a registry has those for which there is a Python environment.

Nothing can be pushed; the images are AWS's own, or stand for those of other accounts.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult
from moto.ecr.responses import ECRResponse

from emulator.aws.account import ACCOUNT
from emulator.aws.patching import method, replace
from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.sagemaker.image_registries import check_registry
from emulator.runtime.environments import UnmappedImageError
from emulator.runtime.errors import UnsupportedError

_MEDIA_TYPE = "application/vnd.oci.image.manifest.v1+json"


def install(manifest_of: Callable[[str], str]) -> None:
    """Answer for images that jobs can use; moto knows pushed ones only.

    Parameters
    ----------
    manifest_of : callable
        Returns the manifest of an image by its address, or raises `UnmappedImageError`.
    """
    replace(ECRResponse, "batch_get_image", method(_batch_get_image, manifest_of))


def _batch_get_image(manifest_of: Callable[[str], str], self: Any) -> ActionResult:
    repository = self._get_param("repositoryName")
    registry = self._get_param("registryId") or ACCOUNT
    wanted = self._get_param("imageIds")
    if not repository or not wanted:
        raise EmulatorError(
            "InvalidParameterException", "repositoryName and imageIds must not be empty"
        )
    images, failures = [], []
    for image_id in wanted:
        tag, digest = image_id.get("imageTag"), image_id.get("imageDigest")
        address = f"{registry}.dkr.ecr.{self.region}.amazonaws.com/{repository}:{tag}"
        manifest = _manifest(manifest_of, address)
        found = manifest and f"sha256:{hashlib.sha256(manifest.encode()).hexdigest()}"
        if manifest is None or digest not in (None, found):
            failures.append(
                {
                    "imageId": image_id,
                    "failureCode": "ImageNotFound",
                    "failureReason": "Requested image not found",
                }
            )
            continue
        images.append(
            {
                "registryId": registry,
                "repositoryName": repository,
                "imageId": {"imageDigest": found, "imageTag": tag},
                "imageManifest": manifest,
                "imageManifestMediaType": _MEDIA_TYPE,
            }
        )
    return ActionResult({"images": images, "failures": failures})


def _manifest(manifest_of: Callable[[str], str], address: str) -> str | None:
    try:
        check_registry(address)
        return manifest_of(address)
    except (UnmappedImageError, UnsupportedError):
        return None
