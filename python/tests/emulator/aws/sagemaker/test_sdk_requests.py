"""The requests of the SageMaker Python SDKs with default arguments are accepted.

The requests were recorded from releases 2.257 and 3.27, which are too heavy for every run of the
tests: a trainer, a processor, a deployment, a transform and a registration of each, and the tuner
of release 2.
"""

import json

import pytest

from tests.emulator.aws.conftest import IMAGE, ROLE

LOCAL = "/opt/ml/processing"
CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
DEBUGGER = {"S3OutputPath": "s3://bucket/", "CollectionConfigurations": []}
PROFILER = {"S3OutputPath": "s3://bucket/", "DisableProfiler": False}
CHECKED_OF_A_ROLE = [
    "ecr:GetAuthorizationToken",
    "cloudwatch:PutMetricData",
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DeleteNetworkInterfacePermission",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeVpcs",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeSubnets",
    "ec2:DescribeSecurityGroups",
]


def channel(name, **changes):
    source = {
        "S3DataType": "S3Prefix",
        "S3Uri": f"s3://bucket/{name}",
        "S3DataDistributionType": "FullyReplicated",
    }
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **changes}


def training(release):
    common = {
        "RoleArn": ROLE,
        "OutputDataConfig": {"S3OutputPath": "s3://bucket/"},
        "ResourceConfig": CLUSTER,
    }
    if release == 2:
        return {
            **common,
            "AlgorithmSpecification": {"TrainingInputMode": "File", "TrainingImage": IMAGE},
            "StoppingCondition": {"MaxRuntimeInSeconds": 86400},
            "InputDataConfig": [channel("train")],
            "HyperParameters": {
                "sagemaker_program": '"train.py"',
                "sagemaker_submit_directory": '"s3://bucket/source/sourcedir.tar.gz"',
                "sagemaker_container_log_level": "20",
                "sagemaker_region": '"us-east-1"',
            },
            "DebugHookConfig": DEBUGGER,
            "ProfilerConfig": PROFILER,
        }
    script = "/opt/ml/input/data/sm_drivers/run.sh"
    return {
        **common,
        "AlgorithmSpecification": {
            "TrainingInputMode": "File",
            "TrainingImage": IMAGE,
            "ContainerEntrypoint": ["/bin/bash"],
            "ContainerArguments": ["-c", f"chmod +x {script} && {script}"],
        },
        "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        "InputDataConfig": [
            channel(name, InputMode="File") for name in ("train", "code", "sm_drivers")
        ],
        "HyperParameters": {},
    }


def processing(release):
    managed = {"AppManaged": False} if release == 2 else {}
    code = {
        "S3Uri": "s3://bucket/input/code/prep.py",
        "LocalPath": f"{LOCAL}/input/code",
        "S3DataType": "S3Prefix",
        "S3InputMode": "File",
        "S3DataDistributionType": "FullyReplicated",
        "S3CompressionType": "None",
    }
    output = {"S3Uri": "s3://bucket/out", "LocalPath": f"{LOCAL}/out", "S3UploadMode": "EndOfJob"}
    return {
        "RoleArn": ROLE,
        "ProcessingResources": {"ClusterConfig": CLUSTER},
        "AppSpecification": {
            "ImageUri": IMAGE,
            "ContainerEntrypoint": ["python3", f"{LOCAL}/input/code/prep.py"],
        },
        "ProcessingInputs": [{"InputName": "code", "S3Input": code, **managed}],
        "ProcessingOutputConfig": {
            "Outputs": [{"OutputName": "output-1", "S3Output": output, **managed}]
        },
    }


def package(name, release):
    variables = {"SAGEMAKER_PROGRAM": "train.py", "SAGEMAKER_CONTAINER_LOG_LEVEL": "20"}
    container = {
        "Image": IMAGE,
        "ModelDataUrl": f"s3://{name}/model.tar.gz",
        "Environment": variables,
    }
    card = {"ModelCardStatus": "Draft", "ModelCardContent": json.dumps({"training_details": {}})}
    framework = {"Framework": "SKLEARN"} if release == 2 else {}
    return {
        "ModelPackageGroupName": name,
        "InferenceSpecification": {
            "Containers": [{**container, **framework}],
            "SupportedContentTypes": ["text/csv"],
            "SupportedResponseMIMETypes": ["text/csv"],
            "SupportedRealtimeInferenceInstanceTypes": ["ml.m5.large"],
            "SupportedTransformInstanceTypes": ["ml.m5.large"],
        },
        "CertifyForMarketplace": False,
        "ModelApprovalStatus": "Approved" if release == 2 else "PendingManualApproval",
        "SkipModelValidation": "None",
        **({"ModelCard": card} if release == 2 else {}),
    }


@pytest.fixture
def sagemaker(client):
    return client("sagemaker")


@pytest.mark.parametrize("release", [2, 3])
def test_jobs_of_an_sdk_run(sagemaker, until, name, release):
    for kind, request in (("Training", training(release)), ("Processing", processing(release))):
        named = {f"{kind}JobName": name}
        sagemaker._make_api_call(f"Create{kind}Job", {**named, **request})
        described = until(
            lambda kind=kind, named=named: _ended(
                sagemaker._make_api_call(f"Describe{kind}Job", named), f"{kind}JobStatus"
            )
        )
        assert described[f"{kind}JobStatus"] == "Completed"


def _ended(described, status):
    return described if described[status] in ("Completed", "Failed") else None


def test_release_2_attaches_to_a_job_and_finds_it_by_its_artifact(sagemaker, until, name):
    sagemaker.create_training_job(TrainingJobName=name, **training(2))
    job = until(
        lambda: _ended(sagemaker.describe_training_job(TrainingJobName=name), "TrainingJobStatus")
    )
    assert job["OutputDataConfig"]["KmsKeyId"] == ""
    artifact = job["ModelArtifacts"]["S3ModelArtifacts"]
    wanted = {"Name": "ModelArtifacts.S3ModelArtifacts", "Operator": "Equals", "Value": artifact}
    (found,) = sagemaker.search(Resource="TrainingJob", SearchExpression={"Filters": [wanted]})[
        "Results"
    ]
    assert found["TrainingJob"]["TrainingJobName"] == name


def test_a_model_is_deployed_and_transforms(sagemaker, serving, until, name):
    serving.model(name, Environment={"SAGEMAKER_PROGRAM": "train.py", "SAGEMAKER_REGION": "x"})
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": name,
        "InitialVariantWeight": 1,
        "InitialInstanceCount": 1,
        "InstanceType": "ml.m5.large",
    }
    sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=[])
    assert "DataCaptureConfig" not in serving.settled()
    serving.sagemaker.create_transform_job(
        TransformJobName=name,
        ModelName=name,
        TransformInput={
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{name}/"}},
            "ContentType": "application/json",
        },
        TransformOutput={"S3OutputPath": f"s3://{name}/out"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
        Environment={},
    )
    until(
        lambda: _ended(
            sagemaker.describe_transform_job(TransformJobName=name), "TransformJobStatus"
        )
    )


@pytest.mark.parametrize("release", [2, 3])
def test_a_model_is_registered(sagemaker, serving, name, release):
    assert (
        sagemaker.list_model_package_groups(NameContains=name)["ModelPackageGroupSummaryList"] == []
    )
    sagemaker.create_model_package_group(ModelPackageGroupName=name)
    request = package(name, release)
    arn = sagemaker.create_model_package(**request)["ModelPackageArn"]
    described = sagemaker.describe_model_package(ModelPackageName=arn)
    assert described["ModelPackageStatus"] == "Completed"
    assert described.get("ModelCard") == request.get("ModelCard")


def test_release_3_finds_that_a_role_with_the_usual_policy_may_run_jobs(client, role):
    arn = role("sagemaker.amazonaws.com", actions=())
    policy = "arn:aws:iam::aws:policy/AmazonSageMakerFullAccess"
    invoke = {"PolicySourceArn": arn, "ActionNames": CHECKED_OF_A_ROLE}

    def decisions():
        results = client("iam").simulate_principal_policy(**invoke)["EvaluationResults"]
        return {one["EvalDecision"] for one in results}

    assert decisions() == {"implicitDeny"}
    client("iam").attach_role_policy(RoleName=arn.rpartition("/")[2], PolicyArn=policy)
    allowed = client("iam").simulate_principal_policy(**invoke)["EvaluationResults"]
    assert {one["EvalDecision"] for one in allowed[:3]} == {"allowed"}


@pytest.mark.usefixtures("optuna")
def test_release_2_tunes(cloud, sagemaker, until, name):
    cloud.jobs.scripts[name] = lambda request, log, stop: log(1.0)
    request = training(2)
    algorithm = request["AlgorithmSpecification"]
    sagemaker.create_hyper_parameter_tuning_job(
        HyperParameterTuningJobName=name,
        HyperParameterTuningJobConfig={
            "Strategy": "Bayesian",
            "ResourceLimits": {"MaxNumberOfTrainingJobs": 2, "MaxParallelTrainingJobs": 1},
            "TrainingJobEarlyStoppingType": "Off",
            "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
            "ParameterRanges": {
                "ContinuousParameterRanges": [
                    {"Name": "rate", "MinValue": "0.1", "MaxValue": "0.9", "ScalingType": "Auto"}
                ],
                "CategoricalParameterRanges": [{"Name": "kind", "Values": ['"a"', '"b"']}],
                "IntegerParameterRanges": [],
            },
        },
        TrainingJobDefinition={
            "StaticHyperParameters": request["HyperParameters"],
            "RoleArn": ROLE,
            "OutputDataConfig": request["OutputDataConfig"],
            "StoppingCondition": request["StoppingCondition"],
            "InputDataConfig": request["InputDataConfig"],
            "HyperParameterTuningResourceConfig": CLUSTER,
            "AlgorithmSpecification": {
                **algorithm,
                "MetricDefinitions": [{"Name": "score", "Regex": "score=(.*)"}],
            },
        },
    )
    describe = sagemaker.describe_hyper_parameter_tuning_job
    job = until(
        lambda: _ended(describe(HyperParameterTuningJobName=name), "HyperParameterTuningJobStatus")
    )
    assert job["HyperParameterTuningJobStatus"] == "Completed"
    assert job["BestTrainingJob"]["TunedHyperParameters"]["kind"] in ('"a"', '"b"')
