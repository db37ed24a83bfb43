"""Every member of the requests is listed once, and its status is correct."""

import logging

import botocore.session
import pytest

from emulator.runtime.errors import UnsupportedError
from emulator.runtime.requests import members
from emulator.runtime.requests.members import MEMBERS, check_members, paths

SAGEMAKER = botocore.session.get_session().get_service_model("sagemaker")
OPERATIONS = sorted(MEMBERS)


def leaves(shape, path=(), inside=()):
    """Yield the path of each member that has no members itself."""
    if shape.type_name == "list":
        yield from leaves(shape.member, path, inside)
    elif shape.type_name == "structure" and shape.name not in inside:
        for name, member in shape.members.items():
            yield from leaves(member, (*path, name), (*inside, shape.name))
    else:
        yield ".".join(path)


def model_of(operation):
    return list(leaves(SAGEMAKER.operation_model(operation).input_shape))


def places(operation):
    """Return the paths of an operation that mean one member, and those that include all below."""
    members = MEMBERS[operation]
    texts = (*members.idle.values(), *members.refused.values())
    prefixes = [path for text in texts for path in paths(text)]
    return [*paths(members.honoured), *paths(members.recorded)], prefixes


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_member_of_the_model_has_one_place(operation):
    exact, prefixes = places(operation)
    for leaf in model_of(operation):
        found = [path for path in exact if path == leaf]
        found += [path for path in prefixes if f"{leaf}.".startswith(f"{path}.")]
        assert len(found) == 1, f"{operation}: {leaf} stands at {found}"


@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_listed_member_is_in_the_model(operation):
    exact, prefixes = places(operation)
    known = model_of(operation)
    assert set(exact) <= set(known)
    for path in prefixes:
        assert any(f"{leaf}.".startswith(f"{path}.") for leaf in known), path


def request_with(path, value):
    """Return a request with a value at a path, with the lists of the model."""
    first, *rest = path.split(".")
    inner = request_with(".".join(rest), value) if rest else value
    return {first: [inner] if first in LISTS and rest else inner}


LISTS = ("ProcessingInputs", "Outputs", "Containers", "ProductionVariants", "InputDataConfig")
REFUSED = [
    (operation, path, remedy)
    for operation in OPERATIONS
    for remedy, text in MEMBERS[operation].refused.items()
    for path in paths(text)
]


@pytest.mark.parametrize(("operation", "path", "remedy"), REFUSED)
def test_fails_for_a_refused_member_with_the_alternative(operation, path, remedy):
    with pytest.raises(UnsupportedError) as raised:
        check_members(operation, request_with(path, "something"))
    field, _, rest = str(raised.value).partition(": ")
    assert field.replace("[0]", "") == path
    assert rest.endswith(f"'something'; {remedy}")


def test_a_refused_member_may_have_its_default():
    check_members("CreateTrainingJob", {"RemoteDebugConfig": {"EnableRemoteDebug": False}})
    check_members("CreateTrainingJob", {"DebugRuleConfigurations": [], "ExperimentConfig": {}})


def test_an_idle_member_is_accepted_and_logged_once(caplog):
    members._log_once.cache_clear()
    request = {"DebugHookConfig": {"S3OutputPath": "s3://bucket/", "CollectionConfigurations": []}}
    with caplog.at_level(logging.WARNING, logger="emulator"):
        check_members("CreateTrainingJob", request)
        check_members("CreateTrainingJob", request)
    (said,) = caplog.messages
    assert said.startswith("CreateTrainingJob: DebugHookConfig has no effect here: ")
