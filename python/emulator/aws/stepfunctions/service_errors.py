"""How optimized integrations name what services and functions raise."""

import json
from dataclasses import dataclass

from botocore.exceptions import BotoCoreError, ClientError


@dataclass(frozen=True)
class _Names:
    """How the integration of a service names it in errors, in causes, and where it knows less."""

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
    """Return name and cause of what boto3 raised, or None if the error is not boto3's.

    Parameters
    ----------
    service : str
        As resources write it, ``states`` for instance.
    """
    names = NAMES[service]
    if isinstance(error, BotoCoreError):
        return f"{names.error}.SdkClientException", str(error)
    if not isinstance(error, ClientError):
        return None
    # Errors that the service's model does not have are all called the same.
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
    """Return the error name in what a function that failed gave back."""
    try:
        return str(json.loads(payload)["errorType"])
    except (ValueError, KeyError, TypeError):
        return "Exception"
