"""The model registry: groups, and packages with their approval.

moto's own operations drop fields that an update does not name, accept a group's name for a package,
and reuse the number of a deleted version.
"""

import json
import threading
from collections.abc import Callable
from typing import Any

from moto.core.responses import ActionResult, EmptyResult
from moto.sagemaker.exceptions import ValidationError
from moto.sagemaker.models import ModelPackageGroup, SageMakerModelBackend
from moto.sagemaker.responses import SageMakerResponse
from moto.sts.models import sts_backends

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.clients import EmulatedAws
from emulator.aws.faults import Faults
from emulator.aws.patching import add, method, replace, wrap
from emulator.aws.protocol.errors import EmulatorError
from emulator.aws.sagemaker.model_data import check_model_data
from emulator.aws.sagemaker.model_packages import (
    ModelPackage,
    check_creation,
    containers_of,
    new_package,
    package_arn,
    update_package,
)
from emulator.aws.sagemaker.state_changes import announce_model_package
from emulator.front.admission import caller_key
from emulator.runtime.requests.checks import check_container
from emulator.runtime.requests.members import check_members

_LOCK = threading.Lock()


def install(aws: EmulatedAws, check_image: Callable[[str], object], faults: Faults) -> None:
    """Handle model packages as SageMaker does."""
    wrap(SageMakerResponse, "create_model_package_group", _create_group)
    wrap(ModelPackageGroup, "gen_response_object", _describe_group)
    replace(
        SageMakerResponse, "create_model_package", method(_create_package, aws, check_image, faults)
    )
    replace(SageMakerResponse, "update_model_package", method(_update_package, aws, check_image))
    replace(SageMakerModelBackend, "describe_model_package", find_package)
    replace(SageMakerModelBackend, "describe_model_package_group", _find_group)
    add(SageMakerResponse, "delete_model_package_group", _delete_group)
    add(SageMakerResponse, "delete_model_package", _delete_package)


def _check_containers(
    aws: EmulatedAws, check_image: Callable[[str], object], request: dict[str, Any]
) -> None:
    for container in containers_of(request):
        check_container(container)
        check_image(container["Image"])
        if container.get("ModelDataUrl"):
            check_model_data(aws, container["ModelDataUrl"])


def _create_package(
    aws: EmulatedAws, check_image: Callable[[str], object], faults: Faults, self: Any
) -> ActionResult:
    request = json.loads(self.body)
    check_creation(request)
    known = _created_with_token(self.sagemaker_backend, request)
    if known is not None:
        return ActionResult({"ModelPackageArn": known.arn})
    _check_containers(aws, check_image, request)
    with _LOCK:
        package = _create(self.sagemaker_backend, request, faults)
    announce_model_package(package)
    return ActionResult({"ModelPackageArn": package.arn})


def _update_package(
    aws: EmulatedAws, check_image: Callable[[str], object], self: Any
) -> ActionResult:
    request = json.loads(self.body)
    check_members("UpdateModelPackage", request)
    _check_containers(aws, check_image, request)
    token = request.get("ClientToken")
    with _LOCK:
        package = find_package(self.sagemaker_backend, request["ModelPackageArn"])
        repeated = token is not None and token == package.update_token
        updated = [] if repeated else update_package(package, request)
        package.update_token = token
    if updated:
        announce_model_package(package, updated)
    return ActionResult({"ModelPackageArn": package.arn})


def find_package(backend: Any, model_package_name: str) -> ModelPackage:
    """Return a package by its name, ``group/version`` or ARN.

    Raises
    ------
    ValidationError
        If it does not exist.
    """
    arn = package_arn(backend, model_package_name)
    package = backend.model_packages.get(arn)
    if package is None:
        raise ValidationError(message=f"ModelPackage {arn} does not exist.")
    return package


def container_of_package(backend: Any, given: dict[str, Any]) -> dict[str, Any]:
    """Return the container of the approved package that a model refers to.

    The model's variables are added to the package's.

    Raises
    ------
    ValidationError
        If the package is missing, is a version that is not approved, or has failed.
    """
    package = find_package(backend, given["ModelPackageName"])
    for member in ("Image", "ModelDataUrl"):
        if given.get(member):
            raise ValidationError(
                message=f"{member} cannot be given together with ModelPackageName; {package.arn} "
                "has it."
            )
    status = package.fields["ModelPackageStatus"]
    if status != "Completed":
        raise ValidationError(
            message=f"Cannot create a model from model package {package.arn} in status {status}; "
            "it must be Completed."
        )
    approval = package.model_approval_status
    if approval not in (None, "Approved"):
        raise ValidationError(
            message=f"Cannot create a model from model package {package.arn}: its "
            f"ModelApprovalStatus is {approval}, and must be Approved."
        )
    containers = containers_of(package.fields)
    if len(containers) != 1:
        raise ValidationError(
            message=f"The emulator serves one container for each model; {package.arn} has "
            f"{len(containers)}."
        )
    environment = {**containers[0].get("Environment", {}), **(given.get("Environment") or {})}
    return {**containers[0], "Environment": environment}


def _create(backend: Any, request: dict[str, Any], faults: Faults) -> ModelPackage:
    version = None
    if request.get("ModelPackageGroupName"):
        group = _group(backend, request["ModelPackageGroupName"])
        if group is None:
            raise ValidationError(message="Model Package Group does not exist.")
        # The numbers of deleted versions are not reused.
        version = group.last_version = getattr(group, "last_version", 0) + 1
        request = {**request, "ModelPackageGroupName": group.model_package_group_name}
    package = new_package(backend, request, version)
    if package.arn in backend.model_packages:
        raise EmulatorError("ConflictException", f"Model Package already exists: {package.arn}")
    name = package.model_package_name
    reason = faults.failure_reason("sagemaker:CreateModelPackage", name)
    if reason is not None:
        failed = {"Name": package.arn, "Status": "Failed", "FailureReason": reason}
        package.fields["ModelPackageStatus"] = "Failed"
        package.fields["ModelPackageStatusDetails"]["ValidationStatuses"] = [failed]
    backend.model_packages[package.arn] = package
    return package


def _created_with_token(backend: Any, request: dict[str, Any]) -> ModelPackage | None:
    token = request.get("ClientToken")
    for package in list(backend.model_packages.values()) if token else []:
        if package.request.get("ClientToken") == token:
            if _without_group_arn(package.request) != _without_group_arn(request):
                raise EmulatorError(
                    "ConflictException",
                    f"ClientToken {token} was used for {package.arn} with other parameters",
                )
            return package
    return None


def _without_group_arn(request: Any) -> dict[str, Any]:
    group = request.get("ModelPackageGroupName")
    return {**request, "ModelPackageGroupName": group and group.rpartition("/")[2].lower()}


def _group(backend: Any, name_or_arn: str) -> Any | None:
    # Names in ARNs are in lower case.
    name = name_or_arn.rpartition("/")[2].lower()
    groups = list(backend.model_package_groups.values())
    return next((one for one in groups if one.model_package_group_name.lower() == name), None)


def _find_group(backend: Any, model_package_group_name: str) -> Any:
    group = _group(backend, model_package_group_name)
    if group is None:
        raise ValidationError(
            message=f"ModelPackageGroup {model_package_group_name} does not exist."
        )
    return group


def _create_group(original: Any, self: Any) -> ActionResult:
    check_members("CreateModelPackageGroup", json.loads(self.body))
    with _LOCK:
        existing = _group(self.sagemaker_backend, self._get_param("ModelPackageGroupName"))
        if existing is not None:
            raise ValidationError(message=f"Model Package Group already exists: {existing.arn}")
        response = original(self)
        name = self._get_param("ModelPackageGroupName")
        group = self.sagemaker_backend.model_package_groups[name]
        group.created_by = {"IamIdentity": _identity(caller_key())}
        return response


def _identity(access_key: str) -> dict[str, str]:
    identity = sts_backends[ACCOUNT]["aws"].get_caller_identity(access_key, REGION)
    principal_id, arn, _ = identity
    return {"Arn": arn, "PrincipalId": principal_id}


def _describe_group(original: Any, group: Any) -> dict[str, Any]:
    return {**original(group), "CreatedBy": group.created_by}


def _delete_group(self: Any) -> EmptyResult:
    backend = self.sagemaker_backend
    with _LOCK:
        group = _find_group(backend, self._get_param("ModelPackageGroupName"))
        name = group.model_package_group_name
        packages = backend.model_packages.values()
        versions = [one for one in packages if one.model_package_group_name == name]
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
    with _LOCK:
        package = find_package(backend, self._get_param("ModelPackageName"))
        del backend.model_packages[package.arn]
    return EmptyResult()
