"""The optimized SageMaker integration."""

import json
from unittest.mock import Mock

import pytest

from emulator.aws.sagemaker.endings import ENDINGS
from emulator.aws.stepfunctions.tasks import sagemaker_tasks

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")


def task(action, arguments, **fields):
    resource = f"arn:aws:states:::sagemaker:{action}"
    return {
        "Type": "Task",
        "Resource": resource,
        "Arguments": arguments,
        "End": True,
        **fields,
    }


@pytest.mark.parametrize("kind", ["ProcessingJob", "TrainingJob"])
def test_sync_returns_the_description_with_times_and_tags(machine, name, request_for, kind):
    own_tag = {"Key": "environment", "Value": "test"}
    arguments = {**request_for(kind), f"{kind}Name": name, "Tags": [own_tag]}
    made = machine({"Run": task(f"create{kind}.sync", arguments)})
    endings = ENDINGS.count
    execution_arn = made.start()
    execution = made.wait(execution_arn)
    assert ENDINGS.count > endings
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    result = json.loads(execution["output"])
    assert result[f"{kind}Status"] == "Completed"
    assert result["CreationTime"] > 1_600_000_000_000
    assert result["Tags"] == {
        "environment": "test",
        "MANAGED_BY_AWS": "STARTED_BY_STEP_FUNCTIONS",
        "AWS_STEP_FUNCTIONS_EXECUTION_ARN": execution_arn,
    }
    kinds = [event["type"] for event in made.history(execution_arn)]
    assert kinds == [
        *("ExecutionStarted", "TaskStateEntered", "TaskScheduled", "TaskStarted"),
        *("TaskSubmitted", "TaskSucceeded", "TaskStateExited", "ExecutionSucceeded"),
    ]


def test_without_sync_the_arn_is_returned_at_once(machine, name, request_for):
    arguments = {**request_for("TrainingJob"), "TrainingJobName": f"{name}-endless"}
    made = machine({"Run": task("createTrainingJob", arguments)})
    output = json.loads(made.run()["output"])
    arn = f"arn:aws:sagemaker:us-east-1:123456789012:training-job/{name}-endless"
    assert output.pop("TrainingJobArn") == arn
    assert set(output) == {"SdkHttpMetadata", "SdkResponseMetadata"}


def test_a_failed_job_is_task_failed_with_its_description_as_cause(machine, name, request_for):
    arguments = {**request_for("TrainingJob"), "TrainingJobName": f"{name}-fails"}
    execution = machine({"Run": task("createTrainingJob.sync", arguments)}).run()
    assert execution["error"] == "States.TaskFailed"
    cause = json.loads(execution["cause"])
    assert cause["FailureReason"] == "AlgorithmError: it broke"
    assert cause["TrainingJobName"] == f"{name}-fails"


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("ResourceLimitExceeded", "SageMaker.ResourceLimitExceededException"),
        ("ThrottlingException", "SageMaker.AmazonSageMakerException"),
    ],
)
def test_errors_before_the_job_exists_have_the_names_of_the_integration(
    machine, name, request_for, cloud, code, error
):
    rule = {"operation": "sagemaker:CreateTrainingJob", "match": name, "error": code}
    cloud.faults.load({"faults": [{**rule, "message": "slow down"}]})
    arguments = {**request_for("TrainingJob"), "TrainingJobName": name}
    execution = machine({"Run": task("createTrainingJob.sync", arguments)}).run()
    assert execution["error"] == error
    assert execution["cause"].startswith("slow down (Service: AmazonSageMaker; Status Code: 400")
    assert f"Error Code: {code};" in execution["cause"]


def test_a_taken_job_name_is_resource_in_use_and_can_be_caught(machine, name, request_for):
    arguments = {**request_for("ProcessingJob"), "ProcessingJobName": name}
    catch = {"ErrorEquals": ["SageMaker.ResourceInUseException"], "Next": "Taken"}
    made = machine(
        {
            "Run": task("createProcessingJob.sync", arguments, Catch=[catch]),
            "Taken": {"Type": "Pass", "Output": "taken", "End": True},
        }
    )
    assert json.loads(made.run()["output"])["ProcessingJobName"] == name
    assert json.loads(made.run()["output"]) == "taken"


@pytest.mark.parametrize(
    ("action", "arguments", "problem"),
    [
        ("createModel.sync", {}, "is not recognized"),
        ("deleteModel", {}, "is not recognized"),
        ("createEndpoint.waitForTaskToken", {}, "is not recognized"),
        ("createEndpoint", {"EndpointName": "e"}, '"EndpointConfigName" is required but was'),
        ("createModel", {"ModelName": "m", "Modle": 1}, '"Modle" is not supported'),
        (
            "createProcessingJob",
            {"ProcessingResources": {"ClusterConfig": {"VolumeSize": 1}}},
            '"VolumeSize" is not supported by Step Functions at '
            "/States/Run/Arguments/ProcessingResources/ClusterConfig",
        ),
    ],
)
def test_fails_to_create_a_machine_that_aws_would_refuse(
    machine, client, action, arguments, problem
):
    sfn = client("stepfunctions")
    with pytest.raises(sfn.exceptions.InvalidDefinition) as refusal:
        machine({"Run": task(action, arguments)})
    assert problem in str(refusal.value)


def test_a_job_is_described_again_when_one_has_ended(monkeypatch):
    statuses = iter(["InProgress", "InProgress", "Completed"])
    client = Mock()
    client.describe_training_job = Mock(
        side_effect=lambda **_: {"TrainingJobStatus": next(statuses), "TrainingJobArn": "arn"}
    )
    client.list_tags.return_value = {"Tags": []}
    sleeps: list[float] = []

    def sleep(seconds: float) -> None:
        sleeps.append(seconds)
        if len(sleeps) in (3, 7):
            ENDINGS.add()

    monkeypatch.setattr(sagemaker_tasks.time, "sleep", sleep)
    job = sagemaker_tasks._Job("TrainingJob")
    description = sagemaker_tasks._wait_for_end(Mock(), client, job, "mine")
    assert description is not None
    assert description["TrainingJobStatus"] == "Completed"
    assert (client.describe_training_job.call_count, len(sleeps)) == (3, 7)
