"""The names of errors of services and functions in optimized integrations."""

import json
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError


@dataclass(frozen=True)
class _Names:
    """A service's names in error names, in causes, and in its generic error."""

    error: str
    cause: str
    other: str


NAMES = {
    "dynamodb": _Names("DynamoDB", "AmazonDynamoDBv2", "AmazonDynamoDBException"),
    "events": _Names("EventBridge", "AmazonEventBridge", "AmazonEventBridgeException"),
    "lambda": _Names("Lambda", "AWSLambda", "AWSLambdaException"),
    "sagemaker": _Names("SageMaker", "AmazonSageMaker", "AmazonSageMakerException"),
    "sns": _Names("SNS", "AmazonSNS", "AmazonSNSException"),
    "sqs": _Names("SQS", "AmazonSQS", "AmazonSQSException"),
    "states": _Names("StepFunctions", "AWSStepFunctions", "AWSStepFunctionsException"),
}


def service_error(service: str, error: Exception) -> tuple[str, str] | None:
    """Return name and cause of an error of boto3, or None for other errors.

    Parameters
    ----------
    service : str
        As in resources, such as ``states``.
    """
    names = NAMES[service]
    if isinstance(error, BotoCoreError):
        return f"{names.error}.SdkClientException", str(error)
    if not isinstance(error, ClientError):
        return None
    # All errors that the service's model does not have get the same name.
    kind = type(error).__name__
    name = names.other if kind == "ClientError" else f"{kind.removesuffix('Exception')}Exception"
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    metadata = error.response["ResponseMetadata"]
    cause = (
        f"{message} (Service: {names.cause}; Status Code: {metadata['HTTPStatusCode']}; "
        f"Error Code: {code}; Request ID: {metadata['RequestId']}; Proxy: null)"
    )
    return f"{names.error}.{name}", cause


def function_error(payload: str) -> str:
    """Return the error name in the response of a failed function."""
    try:
        return str(json.loads(payload)["errorType"])
    except (ValueError, KeyError, TypeError):
        return "Exception"
