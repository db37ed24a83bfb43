"""Tuning jobs in an emulator of its own, whose training jobs are real scripts."""

import io
import json
import os
import subprocess
import sys
import tarfile
import textwrap
from pathlib import Path

import boto3
import pytest
from botocore.config import Config

from emulator.runtime.environments import ENVIRONMENTS
from tests.patience import wait_until

IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"
BUCKET = "tuning"
PARABOLA = """
    import argparse, json, pathlib
    parser = argparse.ArgumentParser()
    parser.add_argument("--depth", type=float)
    parser.add_argument("--offset", type=float)
    args = parser.parse_args()
    print(f"score={-(args.depth - args.offset) ** 2}")
    pathlib.Path("/opt/ml/model/depth.json").write_text(json.dumps(args.depth))
"""
# So slow that a job can be stopped between two epochs.
EPOCHS = """
    import argparse, time
    parser = argparse.ArgumentParser()
    parser.add_argument("--depth", type=int)
    parser.add_argument("--epochs", type=int)
    args = parser.parse_args()
    for epoch in range(1, args.epochs + 1):
        print(f"score={args.depth + epoch / 100}", flush=True)
        time.sleep(0.3)
"""


def archive(code):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as source:
        data = textwrap.dedent(code).encode()
        member = tarfile.TarInfo("train.py")
        member.size = len(data)
        source.addfile(member, io.BytesIO(data))
    return stream.getvalue()


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    state = tmp_path_factory.mktemp("state")
    ENVIRONMENTS.mkdir(parents=True, exist_ok=True)
    (state / "environments").symlink_to(ENVIRONMENTS.resolve())
    process = subprocess.Popen(
        [sys.executable, "-m", "emulator", "--state-dir", str(state), "--exit-with-stdin"],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())

    def make(service):
        return boto3.client(
            service,
            endpoint_url=ready["endpoint"],
            region_name=ready["region"],
            aws_access_key_id=ready["accessKeyId"],
            aws_secret_access_key=ready["secretAccessKey"],
            config=Config(proxies={}, s3={"addressing_style": "path"}),
        )

    yield make
    process.communicate()


@pytest.fixture(scope="module")
def role(client):
    trust = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "sagemaker.amazonaws.com"},
    }
    allowed = {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}
    iam = client("iam")
    created = iam.create_role(
        RoleName="tuning", AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
    )
    policy = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    iam.put_role_policy(RoleName="tuning", PolicyName="p", PolicyDocument=policy)
    client("s3").create_bucket(Bucket=BUCKET)
    return created["Role"]["Arn"]


@pytest.fixture
def tuned(client, role, optuna):
    """Run a tuning job of a script, and give its description and training jobs."""
    sagemaker = client("sagemaker")

    def run(name, code, ranges, jobs, parallel=2, static=None, regex="score=(.*)", **config):
        client("s3").put_object(Bucket=BUCKET, Key=f"{name}.tar.gz", Body=archive(code))
        sagemaker.create_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name,
            HyperParameterTuningJobConfig={
                "Strategy": "Random",
                "RandomSeed": 3,
                "HyperParameterTuningJobObjective": {"Type": "Maximize", "MetricName": "score"},
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs": jobs,
                    "MaxParallelTrainingJobs": parallel,
                },
                "ParameterRanges": ranges,
                **config,
            },
            TrainingJobDefinition={
                "StaticHyperParameters": {
                    "sagemaker_program": "train.py",
                    "sagemaker_submit_directory": f"s3://{BUCKET}/{name}.tar.gz",
                    **(static or {}),
                },
                "AlgorithmSpecification": {
                    "TrainingImage": IMAGE,
                    "TrainingInputMode": "File",
                    "MetricDefinitions": [{"Name": "score", "Regex": regex}],
                },
                "RoleArn": role,
                "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/models/"},
                "ResourceConfig": {
                    "InstanceType": "ml.m5.large",
                    "InstanceCount": 1,
                    "VolumeSizeInGB": 1,
                },
                "StoppingCondition": {"MaxRuntimeInSeconds": 600},
            },
        )

        def ended():
            job = sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)
            return job["HyperParameterTuningJobStatus"] != "InProgress" and job

        job = wait_until(ended, f"{name} has ended")
        listed = sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, MaxResults=100
        )
        return job, listed["TrainingJobSummaries"]

    return run


def between(low, high, kind="Continuous"):
    given = {"Name": "depth", "MinValue": low, "MaxValue": high, "ScalingType": "Linear"}
    return {f"{kind}ParameterRanges": [given]}


def test_a_bayesian_search_names_the_training_job_whose_model_is_the_best(client, tuned):
    job, trained = tuned(
        "parabola",
        PARABOLA,
        between("-10", "10"),
        8,
        parallel=1,
        static={"offset": "2.5"},
        Strategy="Bayesian",
    )
    assert job["HyperParameterTuningJobStatus"] == "Completed", job
    assert job["ObjectiveStatusCounters"]["Succeeded"] == len(trained) == 8
    best = job["BestTrainingJob"]
    objective = best["FinalHyperParameterTuningJobObjectiveMetric"]["Value"]
    depth = float(best["TunedHyperParameters"]["depth"])
    assert objective == pytest.approx(-((depth - 2.5) ** 2))
    assert objective > -9
    name = best["TrainingJobName"]
    artifact = client("sagemaker").describe_training_job(TrainingJobName=name)["ModelArtifacts"]
    key = artifact["S3ModelArtifacts"].removeprefix(f"s3://{BUCKET}/")
    body = client("s3").get_object(Bucket=BUCKET, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(body)) as model:
        file = model.extractfile("depth.json")
        assert file is not None
        assert json.load(file) == depth


def test_epochs_read_from_the_log_stop_what_falls_behind(tuned):
    _, trained = tuned(
        "early",
        EPOCHS,
        between("1", "100", "Integer"),
        7,
        static={"epochs": "8"},
        TrainingJobEarlyStoppingType="Auto",
    )
    values = {one["TrainingJobStatus"]: [] for one in trained}
    for one in trained:
        values[one["TrainingJobStatus"]].append(int(one["TunedHyperParameters"]["depth"]))
    assert set(values) == {"Completed", "Stopped"}
    assert max(values["Stopped"]) < max(values["Completed"])
    assert {one["ObjectiveStatus"] for one in trained} == {"Succeeded"}


def test_hyperband_gives_no_job_more_than_its_epochs(tuned):
    job, trained = tuned(
        "hyperband",
        EPOCHS,
        between("1", "100", "Integer"),
        6,
        static={"epochs": "1000"},
        Strategy="Hyperband",
        StrategyConfig={"HyperbandStrategyConfig": {"MinResource": 1, "MaxResource": 9}},
    )
    assert job["TrainingJobStatusCounters"]["Stopped"] == 6
    epochs = [
        100 * (one["FinalHyperParameterTuningJobObjectiveMetric"]["Value"] % 1) for one in trained
    ]
    # The signal comes an epoch or two after the line that was the last one.
    assert min(epochs) < 9
    assert max(epochs) < 100


def test_an_objective_that_the_log_never_shows_fails_the_tuning_job(tuned):
    job, trained = tuned(
        "silent", PARABOLA, between("0", "1"), 2, static={"offset": "0"}, regex="accuracy=(.*)"
    )
    assert job["HyperParameterTuningJobStatus"] == "Failed"
    assert job["FailureReason"].startswith("No objective metrics found after running 2 training")
    assert [one["TrainingJobStatus"] for one in trained] == ["Completed", "Completed"]
