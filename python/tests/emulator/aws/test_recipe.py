"""The recipe's commands in their order, with its faults mended, as the requests that they send.

Jobs, function and endpoint are pretended here; what they compute is tested elsewhere.
"""

import io
import json
import zipfile

import pytest

from tests.emulator.aws.conftest import IMAGE

AWS = "arn:aws:iam::aws:policy"
POLICIES = {
    "sagemaker": ["AmazonSageMakerFullAccess", "AmazonS3FullAccess"],
    "lambda": ["service-role/AWSLambdaBasicExecutionRole", "AmazonS3ReadOnlyAccess"],
    "states": [],
}
RULES = "arn:aws:events:us-east-1:123456789012:rule/StepFunctionsGetEventsForSageMaker*"
STATES_POLICY = [
    {
        "Effect": "Allow",
        "Action": ["sagemaker:*", "s3:*", "iam:PassRole", "lambda:InvokeFunction"],
        "Resource": "*",
    },
    {
        "Effect": "Allow",
        "Action": ["events:PutTargets", "events:PutRule", "events:DescribeRule"],
        "Resource": RULES,
    },
]
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}


def policy(statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


def task(resource, following, parameters, **changes):
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{resource}",
        "Parameters": parameters,
        "ResultPath": None,
        "Next": following,
        **changes,
    }


def retried(seconds, failure):
    retry = {"ErrorEquals": ["States.TaskFailed"], "IntervalSeconds": seconds, "MaxAttempts": 2}
    caught = {"ErrorEquals": ["States.ALL"], "Next": failure, "ResultPath": "$.error"}
    return {"Retry": [{**retry, "BackoffRate": 2.0}], "Catch": [caught]}


def channel(bucket, name, prefix):
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{bucket}/{prefix}"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}}


def definition(bucket, role, function):
    def read(name, prefix):
        source = {"S3Uri": f"s3://{bucket}/{prefix}", "LocalPath": f"/opt/ml/processing/{name}"}
        return {
            "InputName": name,
            "S3Input": {**source, "S3DataType": "S3Prefix", "S3InputMode": "File"},
        }

    output = {"S3Uri": f"s3://{bucket}/processed-data/", "LocalPath": "/opt/ml/processing/output"}
    processing = {
        "ProcessingJobName.$": "$.PreprocessingJobName",
        "RoleArn": role,
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", "/opt/ml/processing/code/preprocessing.py"],
        },
        "ProcessingInputs": [read("raw-data", "raw-data/"), read("code", "code/")],
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "out", "S3Output": {**output, "S3UploadMode": "EndOfJob"}}]
        },
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
    }
    training = {
        "TrainingJobName.$": "$.TrainingJobName",
        "RoleArn": role,
        "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
        "InputDataConfig": [
            channel(bucket, "train", "processed-data/"),
            channel(bucket, "test", "processed-data/"),
            channel(bucket, "code", "code/"),
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{bucket}/model-artifacts/"},
        "ResourceConfig": CLUSTER,
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "HyperParameters": {"sagemaker_program": "training.py"},
    }
    evaluation = {
        "FunctionName": function,
        "Payload": {"TrainingJobName.$": "$.TrainingJobName", "S3Bucket": bucket},
    }
    model = {
        "ModelName.$": "$.ModelName",
        "ExecutionRoleArn": role,
        "PrimaryContainer": {"Image": IMAGE, "ModelDataUrl.$": "$.ModelDataUrl"},
    }
    variant = {
        "VariantName": "primary",
        "ModelName.$": "$.ModelName",
        "InitialInstanceCount": 1,
        "InstanceType": "ml.t2.medium",
        "InitialVariantWeight": 1.0,
    }
    config = {"EndpointConfigName.$": "$.EndpointConfigName", "ProductionVariants": [variant]}
    names = ("EndpointName", "EndpointConfigName")
    endpoint = {f"{name}.$": f"$.{name}" for name in names}
    passed = {"Variable": "$.evaluation.Payload.test_r2", "NumericGreaterThan": 0.7}
    failures = ("ProcessingJobFailed", "TrainingJobFailed", "ModelPerformanceInsufficient")
    states = {
        "DataPreprocessing": task(
            "sagemaker:createProcessingJob.sync",
            "ModelTraining",
            processing,
            **retried(30, failures[0]),
        ),
        "ModelTraining": task(
            "sagemaker:createTrainingJob.sync",
            "ModelEvaluation",
            training,
            **retried(60, failures[1]),
        ),
        "ModelEvaluation": task(
            "lambda:invoke", "CheckModelPerformance", evaluation, ResultPath="$.evaluation"
        ),
        "CheckModelPerformance": {
            "Type": "Choice",
            "Choices": [{**passed, "Next": "CreateModel"}],
            "Default": failures[2],
        },
        "CreateModel": task("sagemaker:createModel", "CreateEndpointConfig", model),
        "CreateEndpointConfig": task("sagemaker:createEndpointConfig", "CreateEndpoint", config),
        "CreateEndpoint": task("sagemaker:createEndpoint", "MLPipelineComplete", endpoint),
        "MLPipelineComplete": {"Type": "Succeed"},
        **{name: {"Type": "Fail", "Error": name} for name in failures},
    }
    return json.dumps({"StartAt": "DataPreprocessing", "States": states})


@pytest.fixture
def roles(client, name):
    """Make the three roles, with policies of AWS."""
    iam, made = client("iam"), {}
    for service, attached in POLICIES.items():
        principal = {"Service": f"{service}.amazonaws.com"}
        trust = [{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole"}]
        role_name = f"{name}-{service}"
        answer = iam.create_role(RoleName=role_name, AssumeRolePolicyDocument=policy(trust))
        made[service] = answer["Role"]["Arn"]
        for one in attached:
            iam.attach_role_policy(RoleName=role_name, PolicyArn=f"{AWS}/{one}")
    iam.put_role_policy(
        RoleName=f"{name}-states", PolicyName="run", PolicyDocument=policy(STATES_POLICY)
    )
    return made


@pytest.fixture
def bucket(client, name):
    """Make the versioned, encrypted bucket with its prefixes, data and code."""
    s3, bucket = client("s3"), f"{name}-sagemaker"
    s3.create_bucket(Bucket=bucket)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    for key in ("raw-data/", "processed-data/", "model-artifacts/", "code/", "raw-data/train.csv"):
        s3.put_object(Bucket=bucket, Key=key)
    s3.put_object(Bucket=bucket, Key="code/training.py", Body=b"print()")
    return bucket


@pytest.fixture
def function(client, cloud, name, roles):
    """Create the function that evaluates a model."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as code:
        code.writestr("evaluate_model.py", "")
    function = f"{name}-EvaluateModel"
    client("lambda").create_function(
        FunctionName=function,
        Runtime="python3.11",
        Role=roles["lambda"],
        Handler="evaluate_model.lambda_handler",
        Code={"ZipFile": archive.getvalue()},
        Timeout=60,
        MemorySize=256,
    )
    cloud.functions.handlers[function] = lambda event: {"test_r2": 0.77, **event}
    return function


def test_the_recipe_runs_to_an_endpoint_and_leaves_nothing(
    client, name, roles, bucket, function, until
):
    sfn, sagemaker, s3, iam = map(client, ("stepfunctions", "sagemaker", "s3", "iam"))
    # Prepare
    model_url = f"s3://{bucket}/model-artifacts/{name}-train/output/model.tar.gz"
    s3.put_object(Bucket=bucket, Key=model_url.split("/", 3)[3], Body=b"")
    machine = sfn.create_state_machine(
        name=name,
        definition=definition(bucket, roles["sagemaker"], function),
        roleArn=roles["states"],
    )["stateMachineArn"]
    started = {
        "PreprocessingJobName": f"{name}-prep",
        "TrainingJobName": f"{name}-train",
        "ModelName": name,
        "EndpointConfigName": name,
        "EndpointName": name,
        "ModelDataUrl": model_url,
    }

    # Act
    execution = sfn.start_execution(
        stateMachineArn=machine, name=f"{name}-run", input=json.dumps(started)
    )["executionArn"]
    until(lambda: sfn.describe_execution(executionArn=execution)["status"] != "RUNNING", 30)

    # Assess
    described = sfn.describe_execution(executionArn=execution)
    assert described["status"] == "SUCCEEDED", described.get("cause")
    until(
        lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService", 30
    )
    answer = client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name,
        ContentType="application/json",
        Body=json.dumps({"instances": [[8.3, 41], [8.3, 21]]}),
    )
    assert json.loads(answer["Body"].read())["instances"] == [[8.3, 41], [8.3, 21]]
    (listed,) = sfn.list_executions(stateMachineArn=machine)["executions"]
    assert listed["status"] == "SUCCEEDED"
    assert s3.list_objects_v2(Bucket=bucket, Prefix="raw-data/")["KeyCount"] == 2

    _clean_up(client, until, name, machine, function, bucket, roles)
    assert bucket not in [one["Name"] for one in s3.list_buckets()["Buckets"]]
    assert not [one for one in iam.list_roles()["Roles"] if one["RoleName"].startswith(f"{name}-")]


def _clean_up(client, until, name, machine, function, bucket, roles):
    sagemaker, s3, iam = client("sagemaker"), client("s3"), client("iam")
    sagemaker.delete_endpoint(EndpointName=name)
    until(
        lambda: name not in [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]]
    )
    sagemaker.delete_endpoint_config(EndpointConfigName=name)
    sagemaker.delete_model(ModelName=name)
    client("stepfunctions").delete_state_machine(stateMachineArn=machine)
    client("lambda").delete_function(FunctionName=function)
    for role in (arn.rpartition("/")[2] for arn in roles.values()):
        for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
            iam.detach_role_policy(RoleName=role, PolicyArn=one["PolicyArn"])
        for one in iam.list_role_policies(RoleName=role)["PolicyNames"]:
            iam.delete_role_policy(RoleName=role, PolicyName=one)
        iam.delete_role(RoleName=role)
    # A removed object leaves a marker, which is a version, too.
    s3.delete_object(Bucket=bucket, Key="code/training.py")
    versions = s3.list_object_versions(Bucket=bucket)
    everything = [
        {"Key": one["Key"], "VersionId": one["VersionId"]}
        for one in [*versions["Versions"], *versions["DeleteMarkers"]]
    ]
    s3.delete_objects(Bucket=bucket, Delete={"Objects": everything})
    s3.delete_bucket(Bucket=bucket)
