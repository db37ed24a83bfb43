"""Error messages for requests at which moto raises an exception."""

import pytest

from emulator.aws.protocol.moto_failures import FAILED_INSIDE, explain
from emulator.aws.protocol.operations import operation_model


def raised_in(package, error):
    """Return an error with a traceback as if a package had raised it."""
    try:
        exec(compile("raise error", f"/x/{package}/models.py", "exec"), {"error": error})  # noqa: S102
    except Exception as caught:
        return caught
    raise AssertionError("nothing was raised")


def explained(error, service="sns", operation="Publish", package="moto", **parameters):
    return explain(raised_in(package, error), operation_model(service, operation), parameters)


def test_an_unknown_name_is_reported():
    code, problem = explained(KeyError("k1"), "kms", "ListGrants", KeyId="k1")
    assert code == "NotFoundException"
    assert problem == "found nothing named 'k1'"


def test_a_member_that_moto_requires_is_named():
    code, problem = explained(
        KeyError("Key"), "secretsmanager", "TagResource", SecretId="s", Tags=[{}]
    )
    assert code == "InvalidParameterException"
    assert "needs Key in the emulator, even if AWS does not" in problem


def test_an_invalid_arn_is_named():
    error = ValueError("not enough values to unpack")
    code, problem = explained(error, TopicArn="orders", Message="m")
    assert code == "InvalidParameter"
    assert "needs an ARN for TopicArn" in problem
    assert "'orders'" in problem


def test_members_that_moto_requires_are_listed():
    error = TypeError("'NoneType' object cannot be interpreted as an integer")
    _, problem = explained(error, "kms", "GenerateRandom", CustomKeyStoreId="c")
    assert "needs another parameter in the emulator: one of NumberOfBytes" in problem


def test_other_exceptions_name_the_parameters_only():
    _, problem = explained(RuntimeError("boom"), "kms", "Encrypt", KeyId="k1")
    assert "'k1'" in problem
    assert "boom" not in problem


@pytest.mark.parametrize("error", [ValueError("v"), KeyError("TopicArn"), ZeroDivisionError()])
def test_the_emulators_own_faults_are_reported_as_such(error):
    assert explained(error, package="emulator", TopicArn="x") == ("InternalFailure", FAILED_INSIDE)
