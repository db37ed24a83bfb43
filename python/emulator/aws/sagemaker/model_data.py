"""The model artifacts that models and model packages name."""

from urllib.parse import urlparse

from botocore.exceptions import ClientError
from moto.sagemaker.exceptions import ValidationError

from emulator.aws.account import REGION
from emulator.aws.clients import EmulatedAws

_SERVICE = "sagemaker.amazonaws.com"


def check_model_data(aws: EmulatedAws, url: str, role_arn: str | None = None) -> None:
    """Refuse an artifact that does not exist, or that the role cannot read.

    Raises
    ------
    ValidationError
        With AWS's message for each case.
    """
    parts = urlparse(url)
    try:
        aws.client("s3", role_arn).head_object(Bucket=parts.netloc, Key=parts.path.lstrip("/"))
    except ClientError as error:
        if error.response["ResponseMetadata"]["HTTPStatusCode"] == 403 and role_arn:
            raise ValidationError(
                message=f"Could not access model data at {url}. Please ensure that the role "
                f'"{role_arn}" exists and that its trust relationship policy allows the action '
                f'"sts:AssumeRole" for the service principal "{_SERVICE}". Also ensure that the '
                'role has "s3:GetObject" permissions and that the object is located in '
                f"{REGION}."
            ) from error
        raise ValidationError(message=f"Could not find model data at {url}.") from error
