"""Calls every operation: refused ones never succeed, none ends in a Python exception."""

import builtins
import re
import time

import pytest
from moto.backend_index import backend_url_patterns

from emulator.aws.protocol.operation_table import Status, refused_members, status, table
from emulator.aws.protocol.operations import service_model
from emulator.aws.requests.unknown_operations import UnavailableError, create_app
from tests.emulator.aws.requests.generated_requests import full, minimal, nameless, send

_EXCEPTIONS = [name for name in dir(builtins) if name.endswith(("Error", "Exception"))]
_PYTHON = re.compile(rf"\b({'|'.join([*_EXCEPTIONS, 'NoneType', 'Traceback'])})\b")
_TABLE = sorted(table())
_OTHERS = {module for module, _ in backend_url_patterns} - {
    *(name.replace("-", "") for name in _TABLE),
    "awslambda",
}


# Differs from ListBuckets in its host only.
_LIKE_ANOTHER = {("s3", "ListDirectoryBuckets")}


def called(service, *wanted):
    return [
        name
        for name in service_model(service).operation_names
        if status(service, name) in wanted and (service, name) not in _LIKE_ANOTHER
    ]


def is_refusal(answer, operation):
    return (
        answer.status == 400
        and "NotImplementedException" in answer.text
        and re.search(rf":{operation} is not (run|supported) by the emulator", answer.text)
    )


@pytest.mark.parametrize("service", _TABLE)
def test_refused_operations_return_an_error(cloud, service):
    for operation in called(service, Status.REFUSED):
        shape = service_model(service).operation_model(operation).input_shape
        answer = send(cloud, service, operation, minimal(shape))
        assert is_refusal(answer, operation), (operation, answer)


@pytest.mark.parametrize("module", sorted(_OTHERS))
def test_a_service_that_is_not_in_the_table_is_not_loaded(cloud, module):
    with pytest.raises(UnavailableError, match="is not run by the emulator"):
        create_app(module)


@pytest.mark.parametrize("make", [minimal, full, nameless])
@pytest.mark.parametrize("service", _TABLE)
def test_operations_in_the_table_respond_like_aws(cloud, service, make):
    for operation in called(service, Status.RUNS, Status.RECORD):
        shape = service_model(service).operation_model(operation).input_shape
        parameters = make(shape)
        for member in refused_members(service, operation):
            parameters.pop(member, None)
        begun = time.monotonic()
        answer = send(cloud, service, operation, parameters)
        assert time.monotonic() - begun < 20, operation
        assert answer.status < 500, (operation, answer)
        if answer.status >= 400:
            assert not _PYTHON.search(answer.text), (operation, answer)
            assert "InternalFailure" not in answer.text, (operation, answer)
            assert "NotImplementedException" not in answer.text, (operation, answer)
