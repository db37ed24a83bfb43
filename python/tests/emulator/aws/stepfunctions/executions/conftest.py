import pytest


@pytest.fixture
def redrive(client):
    """Redrive an ended execution; return it at its next end."""
    sfn = client("stepfunctions")

    def again(made, arn):
        made.wait(arn)
        sfn.redrive_execution(executionArn=arn)
        return made.wait(arn)

    return again
