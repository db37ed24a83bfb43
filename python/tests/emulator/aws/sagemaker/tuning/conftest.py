"""Tuning jobs whose training jobs are pretended."""

import copy

import pytest
from botocore.exceptions import ClientError

from tests.patience import wait_until

RANGES = {
    "IntegerParameterRanges": [{"Name": "depth", "MinValue": "1", "MaxValue": "64"}],
    "CategoricalParameterRanges": [{"Name": "kind", "Values": ["a", "b"]}],
}
GRID = {
    "CategoricalParameterRanges": [
        {"Name": "kind", "Values": ["a", "b"]},
        {"Name": "size", "Values": ["1", "2"]},
    ]
}


class Tuning:
    """Short ways to create, watch and end tuning jobs of one test."""

    def __init__(self, cloud, sagemaker, name, training_request):
        self.name = name[:28]
        self._cloud = cloud
        self._sagemaker = sagemaker
        self._training_request = training_request

    def script(self, run):
        """Run `run(request, log, stop)` as every training job of this test."""
        self._cloud.jobs.scripts[self.name] = run

    def request(self, suffix="", ranges=None, limits=(), config=(), definition=(), **changes):
        training = copy.deepcopy(self._training_request)
        regex = {"Name": "score", "Regex": "score=(.*)"}
        training["AlgorithmSpecification"]["MetricDefinitions"] = [regex]
        objective = {"Type": "Maximize", "MetricName": "score"}
        return {
            "HyperParameterTuningJobName": f"{self.name}{suffix}",
            "HyperParameterTuningJobConfig": {
                "Strategy": "Random",
                "RandomSeed": 1,
                "HyperParameterTuningJobObjective": objective,
                "ParameterRanges": RANGES if ranges is None else ranges,
                "ResourceLimits": {
                    "MaxNumberOfTrainingJobs": 4,
                    "MaxParallelTrainingJobs": 2,
                    **dict(limits),
                },
                **dict(config),
            },
            "TrainingJobDefinition": {
                **training,
                "StaticHyperParameters": {"epochs": "9"},
                **dict(definition),
            },
            **changes,
        }

    def create(self, *arguments, **changes):
        request = self.request(*arguments, **changes)
        self._sagemaker.create_hyper_parameter_tuning_job(**request)
        return request["HyperParameterTuningJobName"]

    def refusal(self, **changes):
        with pytest.raises(ClientError) as refused:
            self.create(**changes)
        return refused.value.response["Error"]

    def describe(self, name):
        return self._sagemaker.describe_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

    def stop(self, name):
        self._sagemaker.stop_hyper_parameter_tuning_job(HyperParameterTuningJobName=name)

    def ended(self, name):
        def found():
            job = self.describe(name)
            return job["HyperParameterTuningJobStatus"] not in ("InProgress", "Stopping") and job

        return wait_until(found, f"{name} has ended")

    def run(self, *arguments, **changes):
        return self.ended(self.create(*arguments, **changes))

    def jobs(self, name, **options):
        options = {"MaxResults": 100, **options}
        return self._sagemaker.list_training_jobs_for_hyper_parameter_tuning_job(
            HyperParameterTuningJobName=name, **options
        )["TrainingJobSummaries"]


@pytest.fixture
def tuning(cloud, client, name, request_for, optuna):
    return Tuning(cloud, client("sagemaker"), name, request_for("TrainingJob"))


def depth(request):
    return int(request["HyperParameters"]["depth"])


def log_depth(request, log, stop):
    log(float(depth(request)))
