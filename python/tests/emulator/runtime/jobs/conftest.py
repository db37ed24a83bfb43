"""Training jobs, run as the emulator runs them."""

import pytest

ARN = "arn:aws:sagemaker:us-east-1:123456789012:training-job/job"


@pytest.fixture
def phases():
    return []


@pytest.fixture
def run(runner, stop, phases):
    return lambda request: runner.run_training(
        request, ARN, stop, lambda status, message: phases.append(status)
    )


@pytest.fixture
def run_on_spot(runner, stop, phases):
    return lambda request, spot: runner.run_training(
        request, ARN, stop, lambda status, message: phases.append(status), spot=spot
    )
