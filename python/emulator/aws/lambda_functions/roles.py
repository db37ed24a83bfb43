"""The check that a function's role trusts Lambda."""

from typing import Any

from moto.awslambda.responses import LambdaResponse

from emulator.aws.account import ACCOUNT
from emulator.aws.patching import wrap
from emulator.aws.permissions.roles import trusts
from emulator.aws.protocol.errors import EmulatorError


def install() -> None:
    """Refuse functions whose role Lambda cannot assume, as AWS does at creation."""
    for name in ("create_function", "update_function_configuration"):
        wrap(LambdaResponse, name, _with_lambdas_role)


def _with_lambdas_role(original: Any, self: Any) -> Any:
    role_arn = self.json_body.get("Role")
    name = self.json_body.get("FunctionName") or self.path.split("/")[3]
    arn = f"arn:{self.partition}:lambda:{self.region}:{ACCOUNT}:function:{name}"
    if role_arn and not trusts(role_arn, "lambda.amazonaws.com", arn):
        raise EmulatorError(
            "InvalidParameterValueException",
            "The role defined for the function cannot be assumed by Lambda.",
        )
    return original(self)
