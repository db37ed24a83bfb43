"""What services ask of a role before they take it."""

import io
import json
import zipfile

import pytest

from emulator.aws.permissions.roles import principals

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")

ACTIONS = ("events:PutTargets", "events:PutRule", "events:DescribeRule")
RULE = (
    "arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMakerTrainingJobsRule"
)
PASS = {"StartAt": "Pass", "States": {"Pass": {"Type": "Pass", "End": True}}}
NOT_TRUSTED = (
    "Neither the global service principal states.amazonaws.com, nor the regional one is "
    "authorized to assume the provided role."
)


def trusting(service, **condition):
    statement = {"Action": "sts:AssumeRole", "Principal": {"Service": f"{service}.amazonaws.com"}}
    return {**statement, "Condition": {"ArnLike": condition}} if condition else statement


@pytest.fixture
def create(client, name):
    """Create a state machine with a role; gives its ARN."""
    sfn = client("stepfunctions", checked=False)

    def call(role_arn, definition=PASS, suffix=""):
        return sfn.create_state_machine(
            name=f"{name}{suffix}", definition=json.dumps(definition), roleArn=role_arn
        )["stateMachineArn"]

    return call


@pytest.fixture
def training(request_for):
    """Return a definition that trains and waits for the end."""
    parameters = {**request_for("TrainingJob"), "TrainingJobName": "t"}
    resource = "arn:aws:states:::sagemaker:createTrainingJob.sync"
    task = {"Type": "Task", "Resource": resource, "Parameters": parameters, "End": True}
    branch = {"StartAt": "Train", "States": {"Train": task}}
    return {
        "StartAt": "Both",
        "States": {"Both": {"Type": "Parallel", "Branches": [branch], "End": True}},
    }


def refused(call, *arguments):
    from botocore.exceptions import ClientError

    with pytest.raises(ClientError) as error:
        call(*arguments)
    assert error.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


@pytest.mark.parametrize(
    "trust",
    [
        trusting("lambda"),
        trusting("states", **{"aws:SourceAccount": "210987654321"}),
        trusting("states", **{"aws:SourceArn": "arn:aws:states:us-east-1:*:stateMachine:other"}),
        trusting("states", **{"aws:PrincipalOrgID": "o-1"}),
        trusting("states.eu-west-1"),
    ],
)
def test_fails_to_make_a_state_machine_whose_role_does_not_trust_it(create, role, trust):
    assert refused(create, role(trust=trust)) == ("AccessDeniedException", NOT_TRUSTED)


def test_fails_to_make_a_state_machine_that_the_trust_policy_denies(
    create, role, client, policy_document
):
    arn = role()
    trust = [trusting("states"), {**trusting("states"), "Effect": "Deny"}]
    client("iam").update_assume_role_policy(
        RoleName=arn.rpartition("/")[2], PolicyDocument=policy_document(*trust)
    )
    assert refused(create, arn)[1] == NOT_TRUSTED


def test_a_trust_policy_that_cannot_be_evaluated_trusts_nobody(create, role, caplog):
    condition = {"BinaryEquals": {"aws:SourceAccount": "MTIz"}}
    arn = role(trust={**trusting("states"), "Condition": condition})
    assert refused(create, arn)[1] == NOT_TRUSTED
    assert "condition operator 'BinaryEquals'" in caplog.text


def test_fails_to_make_a_state_machine_whose_role_does_not_exist(create):
    missing = "arn:aws:iam::123456789012:role/none"
    assert refused(create, missing) == ("AccessDeniedException", NOT_TRUSTED)


@pytest.mark.parametrize(
    "condition",
    [
        {},
        {"aws:SourceAccount": "123456789012"},
        {"aws:SourceArn": "arn:aws:states:us-east-1:123456789012:stateMachine:*"},
    ],
)
def test_a_state_machine_may_have_a_role_that_trusts_it(create, role, condition):
    create(role(trust=trusting("states", **condition)))


def test_a_role_may_trust_step_functions_in_the_machines_own_region(create, role):
    create(role(trust=trusting("states.us-east-1")))


@pytest.mark.parametrize(
    ("service", "region", "spelled"),
    [
        ("states", "eu-west-1", {"states.amazonaws.com", "states.eu-west-1.amazonaws.com"}),
        ("states", "cn-north-1", {"states.amazonaws.com", "states.cn-north-1.amazonaws.com.cn"}),
        ("states", None, {"states.amazonaws.com"}),
        ("lambda", "eu-west-1", {"lambda.amazonaws.com"}),
    ],
)
def test_only_step_functions_is_also_known_by_its_region(service, region, spelled):
    assert principals(f"{service}.amazonaws.com", region) == spelled


def test_sync_jobs_need_the_right_to_make_their_rule(create, role, training, uses):
    arn = role({"Action": [*ACTIONS[:2]], "Resource": RULE})
    denied = ("AccessDeniedException", f"'{arn}' is not authorized to create managed-rule.")
    assert refused(create, arn, training) == denied
    role.change(arn, {"Action": [*ACTIONS], "Resource": RULE})
    create(arn, training)
    counts = {key: value for key, value in uses(arn).items() if key[0] == ACTIONS[2]}
    assert counts == {(ACTIONS[2], RULE): (1, 1)}


def test_an_update_checks_the_trust_policy(create, role, client, training):
    sfn = client("stepfunctions", checked=False)
    machine = create(role())

    def update(**changes):
        sfn.update_state_machine(stateMachineArn=machine, **changes)

    untrusted = role(trust=trusting("lambda"))
    assert refused(lambda: update(roleArn=untrusted))[1] == NOT_TRUSTED
    assert "managed-rule" in refused(lambda: update(definition=json.dumps(training)))[1]


def test_fails_to_make_a_function_whose_role_does_not_trust_lambda(client, role, name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("f.py", "def handler(event, context): pass")
    functions = client("lambda", checked=False)

    def make(role_arn):
        functions.create_function(
            FunctionName=name,
            Runtime="python3.11",
            Handler="f.handler",
            Role=role_arn,
            Code={"ZipFile": packed.getvalue()},
        )

    code, message = refused(make, role(trust=trusting("states")))
    assert code == "InvalidParameterValueException"
    assert message == "The role defined for the function cannot be assumed by Lambda."
    make(role(trust=trusting("lambda", **{"aws:SourceAccount": "123456789012"})))


def test_fails_to_start_a_job_whose_role_trusts_another_account(client, role, request_for, name):
    elsewhere = role(trust=trusting("sagemaker", **{"aws:SourceAccount": "210987654321"}))
    request = {**request_for("ProcessingJob"), "ProcessingJobName": name, "RoleArn": elsewhere}
    sagemaker = client("sagemaker", checked=False)
    code, message = refused(lambda: sagemaker.create_processing_job(**request))
    assert code == "ValidationException"
    assert f"Could not assume role {elsewhere}" in message
