"""Tuning jobs of state machines, and what roles need for them."""

import json

import pytest
from botocore.exceptions import ClientError

from emulator.runtime.jobs.runner import JobOutcome
from tests.emulator.aws.conftest import ROLE
from tests.patience import FOR_EVER

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")

ACCOUNT = "arn:aws:sagemaker:us-east-1:123456789012"


def log_depth(request, log, stop):
    log(float(request["HyperParameters"]["depth"]))


def task(request, action="createHyperParameterTuningJob.sync"):
    resource = f"arn:aws:states:::sagemaker:{action}"
    return {"Tune": {"Type": "Task", "Resource": resource, "Arguments": request, "End": True}}


@pytest.fixture
def acting_as(client, name):
    """Give SageMaker as a role with a policy of statements sees it."""
    iam, made = client("iam"), []

    def act(*statements, service="sagemaker.amazonaws.com"):
        trust = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": service}}
        role_name = f"{name}-r{len(made)}"
        arn = iam.create_role(
            RoleName=role_name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )["Role"]["Arn"]
        document = {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", **statement} for statement in statements],
        }
        iam.put_role_policy(RoleName=role_name, PolicyName="p", PolicyDocument=json.dumps(document))
        made.append(arn)
        return arn

    return act


def test_a_task_waits_for_the_tuning_job_and_gets_the_name_of_the_best(tuning, machine):
    tuning.script(log_depth)
    made = machine(task(tuning.request()))
    execution = made.run()
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    output = json.loads(execution["output"])
    best = tuning.describe(tuning.name)["BestTrainingJob"]["TrainingJobName"]
    # As in a result recorded on AWS.
    assert set(output) == {
        *("HyperParameterTuningJobName", "HyperParameterTuningJobArn"),
        *(
            "HyperParameterTuningJobConfig",
            "TrainingJobDefinition",
            "HyperParameterTuningJobStatus",
        ),
        *("CreationTime", "HyperParameterTuningEndTime", "LastModifiedTime"),
        *("TrainingJobDefinition", "BestTrainingJob", "Tags"),
    }
    assert output["BestTrainingJob"] == {"TrainingJobName": best}
    assert output["HyperParameterTuningJobStatus"] == "Completed"
    assert output["HyperParameterTuningEndTime"] > 1_600_000_000_000
    assert output["Tags"]["MANAGED_BY_AWS"] == "STARTED_BY_STEP_FUNCTIONS"


def test_without_sync_the_arn_comes_at_once(tuning, machine):
    tuning.script(lambda request, log, stop: stop.wait(FOR_EVER) and None)
    made = machine(task(tuning.request(), "createHyperParameterTuningJob"))
    output = json.loads(made.run()["output"])
    arn = f"{ACCOUNT}:hyper-parameter-tuning-job/{tuning.name}"
    assert output["HyperParameterTuningJobArn"] == arn
    tuning.stop(tuning.name)
    tuning.ended(tuning.name)


def test_a_failed_tuning_job_is_task_failed_with_its_description_as_cause(tuning, machine):
    tuning.script(lambda *_: JobOutcome("Failed", "AlgorithmError: it broke"))
    execution = machine(task(tuning.request())).run()
    assert execution["error"] == "States.TaskFailed"
    cause = json.loads(execution["cause"])
    assert cause["HyperParameterTuningJobStatus"] == "Failed"
    assert cause["FailureReason"].startswith("No training job succeeded after 4 attempts.")


def test_a_tuning_job_that_was_stopped_is_task_failed_with_the_best_until_then(
    tuning, machine, until
):
    def run(request, log, stop):
        log(1.0)
        if not request["TrainingJobName"].startswith(f"{tuning.name}-001"):
            stop.wait(FOR_EVER)

    tuning.script(run)
    made = machine(task(tuning.request()))
    execution = made.start()

    def one_has_ended():
        try:
            return tuning.describe(tuning.name)["TrainingJobStatusCounters"]["Completed"]
        except ClientError:
            return False

    until(one_has_ended)
    tuning.stop(tuning.name)
    failed = made.wait(execution)
    assert failed["error"] == "States.TaskFailed"
    cause = json.loads(failed["cause"])
    assert cause["HyperParameterTuningJobStatus"] == "Stopped"
    assert cause["BestTrainingJob"]["TrainingJobName"].startswith(f"{tuning.name}-001-")


def test_aborting_the_execution_stops_the_tuning_job_and_its_training_jobs(
    client, tuning, machine, until
):
    tuning.script(lambda request, log, stop: stop.wait(FOR_EVER) and None)
    execution = machine(task(tuning.request())).start()
    listed = client("sagemaker").list_hyper_parameter_tuning_jobs
    until(
        lambda: (
            listed(NameContains=tuning.name)["HyperParameterTuningJobSummaries"]
            and tuning.jobs(tuning.name)
        )
    )
    client("stepfunctions").stop_execution(executionArn=execution)
    job = tuning.ended(tuning.name)
    assert job["HyperParameterTuningJobStatus"] == "Stopped"
    assert {one["TrainingJobStatus"] for one in tuning.jobs(tuning.name)} == {"Stopped"}


def test_a_machine_that_waits_needs_the_rule_of_tuning_jobs(client, tuning, machine, acting_as):
    rule = "arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMakerTuning"
    events = ["events:PutTargets", "events:PutRule", "events:DescribeRule"]
    own = {"Action": events, "Resource": f"{rule}JobsRule"}
    other = {"Action": events, "Resource": rule.replace("Tuning", "TrainingJobsRule")}
    states = "states.amazonaws.com"
    assert machine(task(tuning.request()), role=acting_as(own, service=states))
    with pytest.raises(ClientError, match="not authorized to create managed-rule"):
        machine(task(tuning.request()), role=acting_as(other, service=states))


def test_a_role_needs_the_tuning_job_and_to_pass_the_role_but_no_training_jobs(
    cloud, tuning, acting_as
):
    tuning.script(log_depth)
    create = {
        "Action": "sagemaker:CreateHyperParameterTuningJob",
        "Resource": f"{ACCOUNT}:hyper-parameter-tuning-job/{tuning.name}",
    }
    passes = {"Action": "iam:PassRole", "Resource": ROLE}
    request = tuning.request()
    for statements, denied in (((create,), "iam:PassRole"), ((passes,), create["Action"])):
        sagemaker = cloud.aws.client("sagemaker", acting_as(*statements))
        with pytest.raises(ClientError, match=f"not authorized to perform: {denied}"):
            sagemaker.create_hyper_parameter_tuning_job(**request)
    cloud.aws.client("sagemaker", acting_as(create, passes)).create_hyper_parameter_tuning_job(
        **request
    )
    assert tuning.ended(tuning.name)["BestTrainingJob"]


@pytest.mark.parametrize(
    "verb",
    [
        "DescribeHyperParameterTuningJob",
        "ListTrainingJobsForHyperParameterTuningJob",
        "StopHyperParameterTuningJob",
    ],
)
def test_a_role_sees_and_stops_the_tuning_jobs_that_it_may(cloud, tuning, acting_as, verb):
    tuning.script(log_depth)
    tuning.run()
    arn = f"{ACCOUNT}:hyper-parameter-tuning-job/"
    allowed = {"Action": f"sagemaker:{verb}", "Resource": f"{arn}{tuning.name}"}
    method = "".join(f"_{c.lower()}" if c.isupper() else c for c in verb).lstrip("_")
    may = getattr(cloud.aws.client("sagemaker", acting_as(allowed)), method)
    if verb.startswith("Stop"):
        with pytest.raises(ClientError, match="is in status Completed"):
            may(HyperParameterTuningJobName=tuning.name)
    else:
        assert may(HyperParameterTuningJobName=tuning.name)
    other = {**allowed, "Resource": f"{arn}other"}
    may_not = getattr(cloud.aws.client("sagemaker", acting_as(other)), method)
    with pytest.raises(ClientError, match=f"not authorized to perform: sagemaker:{verb}"):
        may_not(HyperParameterTuningJobName=tuning.name)


def test_the_training_jobs_belong_to_whoever_may_see_their_names(cloud, tuning, acting_as):
    tuning.script(log_depth)
    name = tuning.run()["BestTrainingJob"]["TrainingJobName"]
    statement = {
        "Action": "sagemaker:DescribeTrainingJob",
        "Resource": f"{ACCOUNT}:training-job/{tuning.name}-*",
    }
    sagemaker = cloud.aws.client("sagemaker", acting_as(statement))
    assert sagemaker.describe_training_job(TrainingJobName=name)["TuningJobArn"]
