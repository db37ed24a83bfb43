"""The recipe's state machine, with its faults fixed."""

import json

from tests.emulator.aws.conftest import IMAGE

CLUSTER = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}


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
