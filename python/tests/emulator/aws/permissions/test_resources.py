import pytest

from emulator.aws.permissions.actions import find_action
from emulator.aws.permissions.resources import Scope, resource_arns

ACCOUNT = "123456789012"


def arns(action, parameters):
    return resource_arns(find_action(action), parameters, Scope("aws", "us-east-1"))


def arn(service, rest):
    return f"arn:aws:{service}:us-east-1:{ACCOUNT}:{rest}"


MACHINE = arn("states", "stateMachine:m")
EXECUTION = arn("states", "execution:m:run-1")
FUNCTION = arn("lambda", "function:f")


@pytest.mark.parametrize(
    ("action", "parameters", "expected"),
    [
        (
            "sagemaker:CreateTrainingJob",
            {"TrainingJobName": "Train-1", "RoleArn": "arn:aws:iam::1:role/training-job/x"},
            [arn("sagemaker", "training-job/train-1")],
        ),
        (
            "sagemaker:CreateEndpoint",
            {"EndpointName": "e", "EndpointConfigName": "c"},
            [arn("sagemaker", "endpoint/e"), arn("sagemaker", "endpoint-config/c")],
        ),
        *(
            ("ssm:GetParameter", {"Name": name}, [arn("ssm", "parameter/housing/webhook")])
            for name in ("/housing/webhook", arn("ssm", "parameter/housing/webhook"))
        ),
        (
            "ecr:BatchGetImage",
            {"registryId": "683313688378", "repositoryName": "images/own"},
            ["arn:aws:ecr:us-east-1:683313688378:repository/images/own"],
        ),
        (
            "ecr:BatchGetImage",
            {"repositoryName": "own"},
            [arn("ecr", "repository/own")],
        ),
        (
            "scheduler:GetScheduleGroup",
            {"Name": "looks"},
            [arn("scheduler", "schedule-group/looks")],
        ),
        (
            "scheduler:GetSchedule",
            {"Name": "s"},
            [arn("scheduler", "schedule/default/s")],
        ),
        (
            "sagemaker:AddTags",
            {"ResourceArn": arn("sagemaker", "model/m"), "Tags": []},
            [arn("sagemaker", "model/m")],
        ),
        (
            "sagemaker:CreateModelPackage",
            {"ModelPackageGroupName": "Group"},
            [
                arn("sagemaker", "model-package-group/group"),
                arn("sagemaker", "model-package/group/*"),
            ],
        ),
        (
            "sagemaker:DescribeModelPackage",
            {"ModelPackageName": arn("sagemaker", "model-package/group/1")},
            [arn("sagemaker", "model-package/group/1")],
        ),
        *(
            (
                "sagemaker:CreateModel",
                {"ModelName": "m", "PrimaryContainer": {"ModelPackageName": name}},
                [arn("sagemaker", "model/m"), arn("sagemaker", "model-package/group/1")],
            )
            for name in ("Group/1", arn("sagemaker", "model-package/group/1"))
        ),
        (
            "sagemaker:CreateTransformJob",
            {"TransformJobName": "Score-1", "ModelName": "m"},
            [arn("sagemaker", "transform-job/score-1")],
        ),
        ("sagemaker:ListModels", {"NameContains": "x"}, ["*"]),
        ("states:StartExecution", {"stateMachineArn": MACHINE, "input": "{}"}, [MACHINE]),
        ("states:StartExecution", {"stateMachineArn": f"{MACHINE}:3"}, [MACHINE]),
        ("states:DeleteStateMachineAlias", {"stateMachineAliasArn": f"{MACHINE}:a"}, [MACHINE]),
        ("states:CreateStateMachine", {"name": "m", "definition": "{}"}, [MACHINE]),
        ("states:DescribeExecution", {"executionArn": EXECUTION}, [EXECUTION]),
        ("states:ListExecutions", {"stateMachineArn": MACHINE}, [MACHINE]),
        ("lambda:InvokeFunction", {"FunctionName": "f"}, [FUNCTION]),
        ("lambda:InvokeFunction", {"FunctionName": f"{FUNCTION}:1"}, [f"{FUNCTION}:1"]),
        ("lambda:InvokeFunction", {"FunctionName": f"{ACCOUNT}:function:f"}, [FUNCTION]),
        ("lambda:InvokeFunction", {"FunctionName": "f", "Qualifier": "1"}, [f"{FUNCTION}:1"]),
        ("events:PutRule", {"Name": "r"}, [arn("events", "rule/r")]),
        ("events:PutTargets", {"Rule": "r"}, [arn("events", "rule/r")]),
        (
            "events:PutTargets",
            {"Rule": "r", "EventBusName": "default"},
            [arn("events", "rule/r")],
        ),
        ("events:PutTargets", {"Rule": "r", "EventBusName": "b"}, [arn("events", "rule/b/r")]),
        ("events:PutEvents", {"Entries": [{}]}, [arn("events", "event-bus/default")]),
        (
            "events:PutEvents",
            {"Entries": [{"EventBusName": "a"}, {"EventBusName": "b"}]},
            [arn("events", "event-bus/a"), arn("events", "event-bus/b")],
        ),
        ("sns:Publish", {"TopicArn": arn("sns", "t"), "Message": "m"}, [arn("sns", "t")]),
        ("cloudwatch:PutMetricData", {"Namespace": "n"}, ["*"]),
        (
            "cloudwatch:DescribeAlarms",
            {"AlarmNames": ["a", "b"]},
            [arn("cloudwatch", "alarm:a"), arn("cloudwatch", "alarm:b")],
        ),
        ("cloudwatch:DescribeAlarms", {}, [arn("cloudwatch", "alarm:*")]),
        (
            "logs:CreateLogStream",
            {"logGroupName": "/aws/lambda/f", "logStreamName": "s"},
            [arn("logs", "log-group:/aws/lambda/f:log-stream:s")],
        ),
        (
            "logs:CreateLogGroup",
            {"logGroupName": "/aws/lambda/f"},
            [arn("logs", "log-group:/aws/lambda/f:log-stream:")],
        ),
        ("kms:Decrypt", {"KeyId": "1234"}, [arn("kms", "key/1234")]),
        (
            "sqs:SendMessage",
            {"QueueUrl": f"http://127.0.0.1:1/{ACCOUNT}/q"},
            [arn("sqs", "q")],
        ),
        (
            "sagemaker:CreateModelPackage",
            {
                "ModelPackageGroupName": "g",
                "CustomerMetadataProperties": {"from": arn("sagemaker", "model-package/other/1")},
            },
            [arn("sagemaker", "model-package-group/g"), arn("sagemaker", "model-package/g/*")],
        ),
        ("iam:GetRole", {"RoleName": "none"}, [f"arn:aws:iam::{ACCOUNT}:role/none"]),
    ],
)
def test_a_requests_resources_are_those_it_names(action, parameters, expected):
    assert arns(action, parameters) == expected


def test_a_key_is_found_by_its_alias(client, name):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]
    kms.create_alias(AliasName=f"alias/{name}", TargetKeyId=key["KeyId"])
    assert arns("kms:Encrypt", {"KeyId": f"alias/{name}"}) == [key["Arn"]]


def test_a_role_is_found_with_its_path(client, name):
    trust = '{"Version": "2012-10-17", "Statement": []}'
    iam = client("iam")
    iam.create_role(RoleName=name, Path="/team/", AssumeRolePolicyDocument=trust)
    assert arns("iam:GetRole", {"RoleName": name}) == [f"arn:aws:iam::{ACCOUNT}:role/team/{name}"]
