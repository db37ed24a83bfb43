"""Model packages and their groups can be deleted; moto has neither operation."""

from typing import Any

from moto.core.responses import EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import ModelPackage, sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse

from emulator.aws.patching import add, wrap
from emulator.aws.requests import EmulatorError


def install() -> None:
    """Let model packages and their groups be deleted."""
    wrap(ModelPackage, "__init__", _number)
    add(SageMakerResponse, "delete_model_package_group", _delete_group)
    add(SageMakerResponse, "delete_model_package", _delete_package)


def _number(original: Any, self: Any, **given: Any) -> None:
    # Moto counts the packages there are; a number that was deleted does not come again.
    name = given["model_package_group_name"]
    if name:
        backend = sagemaker_backends[given["account_id"]][given["region_name"]]
        group: Any = backend.model_package_groups[name]
        group.last_version = getattr(group, "last_version", 0) + 1
        given["model_package_version"] = group.last_version
    original(self, **given)


def _delete_group(self: Any) -> EmptyResult:
    backend = self.sagemaker_backend
    name = self._get_param("ModelPackageGroupName").rpartition("/")[2]
    if name not in backend.model_package_groups:
        raise ValidationError(message=f"ModelPackageGroup {name} does not exist.")
    versions = [
        package
        for package in backend.model_packages.values()
        if package.model_package_group_name == name
    ]
    if versions:
        raise EmulatorError(
            "ConflictException",
            f"Model Package Group {name} cannot be deleted because it contains {len(versions)} "
            "model package(s); delete them first",
        )
    del backend.model_package_groups[name]
    return EmptyResult()


def _delete_package(self: Any) -> EmptyResult:
    backend = self.sagemaker_backend
    arn = backend.model_package_name_mapping.get(
        self._get_param("ModelPackageName"), self._get_param("ModelPackageName")
    )
    if arn not in backend.model_packages:
        raise ValidationError(message=f"ModelPackage {arn} does not exist.")
    package = backend.model_packages.pop(arn)
    for name in (arn, package.model_package_name):
        backend.model_package_name_mapping.pop(name, None)
    return EmptyResult()
