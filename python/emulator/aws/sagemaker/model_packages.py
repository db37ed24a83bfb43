"""Model packages: the records of the registry, and the checks of their members."""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from moto.core.utils import utcnow
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.utils import arn_formatter

from emulator.runtime.errors import UnsupportedError
from emulator.runtime.requests.members import check_members

_MAX_PROPERTIES = 50
_MAX_KEY, _MAX_VALUE = 128, 256
_MAX_ADDITIONAL_SPECIFICATIONS = 15
_STORED = (
    "AdditionalInferenceSpecifications",
    "CustomerMetadataProperties",
    "Domain",
    "DriftCheckBaselines",
    "InferenceSpecification",
    "MetadataProperties",
    "ModelApprovalStatus",
    "ModelCard",
    "ModelLifeCycle",
    "ModelMetrics",
    "ModelPackageDescription",
    "ModelPackageGroupName",
    "ModelPackageName",
    "ModelPackageRegistrationType",
    "SamplePayloadUrl",
    "SecurityConfig",
    "SkipModelValidation",
    "SourceUri",
    "Task",
)
_REPLACED_BY_UPDATES = (
    "ApprovalDescription",
    "InferenceSpecification",
    "ModelApprovalStatus",
    "ModelCard",
    "ModelLifeCycle",
    "ModelPackageRegistrationType",
    "SourceUri",
)


@dataclass
class ModelPackage:
    """A model package, with the attributes that moto uses to list and search.

    Attributes
    ----------
    fields : dict
        The package in the form of DescribeModelPackage, without its ARN.
    request : mapping
        The request that created it; a client token may only be reused with the same request.
    """

    arn: str
    fields: dict[str, Any]
    request: Mapping[str, Any]
    tags: list[dict[str, str]] = field(default_factory=list)
    update_token: str | None = None

    @property
    def model_package_name(self) -> str:
        """Its own name, or its group's if it is a version."""
        return self.fields.get("ModelPackageName") or self.fields["ModelPackageGroupName"]

    @property
    def model_package_group_name(self) -> str | None:
        """None if it is not a version."""
        return self.fields.get("ModelPackageGroupName")

    @property
    def model_package_version(self) -> int | None:
        """None if it is not a version."""
        return self.fields.get("ModelPackageVersion")

    @property
    def model_approval_status(self) -> str | None:
        """None if it is not a version."""
        return self.fields.get("ModelApprovalStatus")

    @property
    def creation_time(self) -> Any:
        """When it was created."""
        return self.fields["CreationTime"]

    def gen_response_object(self) -> dict[str, Any]:
        """Return the response of DescribeModelPackage."""
        return {"ModelPackageArn": self.arn, **self.fields}


def new_package(backend: Any, request: Mapping[str, Any], version: int | None) -> ModelPackage:
    """Create the record of a checked request; `version` is None for an unversioned package."""
    fields = {key: request[key] for key in _STORED if request.get(key) is not None}
    if version is None:
        name = request["ModelPackageName"]
    else:
        name = f"{request['ModelPackageGroupName']}/{version}"
        fields["ModelPackageVersion"] = version
        fields.setdefault("ModelApprovalStatus", "PendingManualApproval")
    fields.update(
        CertifyForMarketplace=False,
        CreationTime=utcnow(),
        # Neither validated nor scanned, like AWS's versions.
        ModelPackageStatus="Completed",
        ModelPackageStatusDetails={"ValidationStatuses": [], "ImageScanStatuses": []},
    )
    arn = package_arn(backend, name)
    return ModelPackage(arn, fields, request, tags=list(request.get("Tags") or []))


def package_arn(backend: Any, name: str) -> str:
    """Return the ARN of a package given by name, ``group/version`` or ARN."""
    if name.startswith("arn:"):
        return name
    return arn_formatter("model-package", name.lower(), backend.account_id, backend.region_name)


def check_creation(request: Mapping[str, Any]) -> None:
    """Refuse a CreateModelPackage that AWS refuses, or that the emulator does not support."""
    group, name = request.get("ModelPackageGroupName"), request.get("ModelPackageName")
    if group and name:
        raise ValidationError(
            message="Both ModelPackageName and ModelPackageGroupName are provided in the input. "
            "Cannot determine which one to use."
        )
    if not group and not name:
        raise ValidationError(message="Missing ARN.")
    check_members("CreateModelPackage", request)
    if not request.get("InferenceSpecification"):
        raise UnsupportedError("InferenceSpecification is missing; the emulator copies no packages")
    if group and request.get("Tags"):
        # https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html
        raise ValidationError(
            message="Tags cannot be given for a version of a model package group: it has the "
            "group's. Tag the group."
        )
    if name and request.get("ModelApprovalStatus"):
        raise ValidationError(
            message="ModelApprovalStatus does not apply to an unversioned model package; give "
            "ModelPackageGroupName."
        )
    if name and any(one.get("Environment") for one in containers_of(request)):
        raise ValidationError(
            message="1 validation errors detected:Environment variable map cannot be specified "
            "when using non-versioned ModelPackages"
        )
    check_properties(request.get("CustomerMetadataProperties") or {})


def containers_of(fields: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the containers of a package's or request's inference specification."""
    return (fields.get("InferenceSpecification") or {}).get("Containers") or []


def check_properties(properties: Mapping[str, str]) -> None:
    """Refuse metadata properties outside SageMaker's limits.

    Source: the patterns of ``CustomerMetadataKey`` and ``CustomerMetadataValue``.
    """
    if len(properties) > _MAX_PROPERTIES:
        raise ValidationError(
            message="1 validation error detected: Value at 'customerMetadataProperties' failed to "
            "satisfy constraint: Map must have length less than or equal to "
            f"{_MAX_PROPERTIES}, got {len(properties)}"
        )
    for key, value in properties.items():
        for text, longest in ((key, _MAX_KEY), (value, _MAX_VALUE)):
            if not 1 <= len(text) <= longest or not all(map(_may_be_in_property, text)):
                raise ValidationError(
                    message=f"1 validation error detected: Value '{text}' at "
                    f"'customerMetadataProperties.{key}' failed to satisfy constraint: Member must "
                    f"have 1 to {longest} characters, each a letter, digit, space or one of "
                    "_.:/=+-@"
                )


def _may_be_in_property(character: str) -> bool:
    return character in "_.:/=+-@" or unicodedata.category(character)[0] in "LZN"


def update_package(package: ModelPackage, request: Mapping[str, Any]) -> list[str]:
    """Apply an UpdateModelPackage; return the fields that it named."""
    if package.model_package_version is None and request.get("ModelApprovalStatus"):
        raise ValidationError(
            message=f"ModelApprovalStatus does not apply to {package.arn}, which is no version of "
            "a model package group."
        )
    changes = {key: request[key] for key in _REPLACED_BY_UPDATES if request.get(key) is not None}
    removed = request.get("CustomerMetadataPropertiesToRemove") or []
    if request.get("CustomerMetadataProperties") or removed:
        properties = {
            **package.fields.get("CustomerMetadataProperties", {}),
            **(request.get("CustomerMetadataProperties") or {}),
        }
        check_properties(properties)
        changes["CustomerMetadataProperties"] = {
            key: value for key, value in properties.items() if key not in removed
        }
    added = request.get("AdditionalInferenceSpecificationsToAdd")
    if added:
        specifications = [*package.fields.get("AdditionalInferenceSpecifications", []), *added]
        if len(specifications) > _MAX_ADDITIONAL_SPECIFICATIONS:
            raise ValidationError(
                message="The total number of additional inference specifications cannot exceed "
                f"{_MAX_ADDITIONAL_SPECIFICATIONS}, got {len(specifications)}."
            )
        changes["AdditionalInferenceSpecifications"] = specifications
    if changes:
        # Replaced as a whole, so that concurrent descriptions are consistent.
        package.fields = {**package.fields, **changes, "LastModifiedTime": utcnow()}
    return sorted(changes)
