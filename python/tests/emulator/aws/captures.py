"""Requests of data capture."""

from emulator.aws.sagemaker.capture_plan import CapturePlan, capture_plan


def capture_config(bucket, **changes):
    """Return a ``DataCaptureConfig`` of everything; a member that is None is left out."""
    given = {
        "EnableCapture": True,
        "InitialSamplingPercentage": 100,
        "DestinationS3Uri": f"s3://{bucket}/captured",
        "CaptureOptions": [{"CaptureMode": "Input"}, {"CaptureMode": "Output"}],
        "CaptureContentTypeHeader": {
            "CsvContentTypes": ["text/csv"],
            "JsonContentTypes": ["application/json"],
        },
        **changes,
    }
    return {key: value for key, value in given.items() if value is not None}


def plan_of(**changes) -> CapturePlan:
    """Return the plan of such a configuration."""
    plan = capture_plan(capture_config("bucket", **changes))
    assert plan is not None
    return plan
