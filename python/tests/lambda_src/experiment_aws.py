"""AWS in memory: the calls of the controller of A/B tests."""

import functools
import json
from datetime import datetime, timedelta, timezone
from typing import Any

import botocore.session
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

from experiment_controller import lambda_handler
from tests.lambda_src.test_experiment import EVENT
from tests.lambda_src.test_experiment_rewards import RewardsInS3, lines
from tests.lambda_src.test_experiment_traffic import MetricsByMinute

HOME = "experiments/housing-dev/forest-against-linear/"
BEGUN = datetime(2025, 6, 1, 12, tzinfo=timezone.utc)


@functools.cache
def input_shape(service: str, operation: str) -> Any:
    model = botocore.session.get_session().get_service_model(service)
    return model.operation_model(operation).input_shape


class InMemoryAws(RewardsInS3):
    """The controller's calls; their parameters are checked against AWS's models."""

    def __init__(self):
        super().__init__()
        self.now = BEGUN
        self.cloudwatch = MetricsByMinute()
        self.config = "housing-dev-1"
        self.config_created = BEGUN - timedelta(hours=1)
        self.status = "InService"
        self.weights: dict[str, float] = {"forest": 0.5, "linear": 0.5}
        self.updates: list[dict[str, Any]] = []
        self.events: list[dict[str, Any]] = []
        self.messages: list[dict[str, Any]] = []
        self.failing: set[str] = set()

    def client(self, service: str) -> Any:
        return self.cloudwatch if service == "cloudwatch" else self

    def check(self, service: str, operation: str, parameters: dict[str, Any]) -> None:
        validate_parameters(parameters, input_shape(service, operation))
        if operation in self.failing:
            raise ClientError({"Error": {"Code": "Busy", "Message": "try later"}}, operation)

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        if Key.startswith("rewards/") and "GetObject" in self.failing:
            raise ClientError({"Error": {"Code": "AccessDenied"}}, "GetObject")
        return super().get_object(Bucket, Key)

    def put_object(self, **parameters: Any) -> None:
        self.check("s3", "PutObject", parameters)
        self.put(parameters["Key"], parameters["Body"])

    def describe_endpoint(self, EndpointName: str) -> dict[str, Any]:
        if "DescribeEndpoint" in self.failing:
            message = f'Could not find endpoint "{EndpointName}".'
            error = {"Code": "ValidationException", "Message": message}
            raise ClientError({"Error": error}, "DescribeEndpoint")
        return {
            "EndpointStatus": self.status,
            "EndpointConfigName": self.config,
            "ProductionVariants": [
                {"VariantName": name, "CurrentWeight": weight}
                for name, weight in self.weights.items()
            ],
        }

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:
        assert EndpointConfigName == self.config
        return {"CreationTime": self.config_created}

    def update_endpoint_weights_and_capacities(self, **parameters: Any) -> None:
        self.check("sagemaker", "UpdateEndpointWeightsAndCapacities", parameters)
        self.updates.append(parameters)
        for each in parameters["DesiredWeightsAndCapacities"]:
            self.weights[each["VariantName"]] = each["DesiredWeight"]

    def put_events(self, **parameters: Any) -> dict[str, Any]:
        self.check("events", "PutEvents", parameters)
        if "entry" in self.failing:
            entry = {"ErrorCode": "InternalFailure", "ErrorMessage": "try later"}
            return {"FailedEntryCount": 1, "Entries": [entry]}
        self.events += parameters["Entries"]
        return {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}

    def publish(self, **parameters: Any) -> None:
        self.check("sns", "Publish", parameters)
        self.messages.append(parameters)

    def saved(self, name: str) -> dict[str, Any]:
        return json.loads(self.objects[HOME + name][0])

    def reward(self, forest: float, linear: float, rewards: int = 4_000) -> None:
        """Write objects of 100 rewards each, with the given means in hundredths."""
        for variant, mean in (("forest", forest), ("linear", linear)):
            ones = round(100 * mean)
            content = lines(*[1] * ones, *[0] * (100 - ones), variant=variant)
            for number in range(rewards // 100):
                key = f"rewards/housing-dev/{variant}/{len(self.objects)}-{number}.jsonl"
                self.put(key, content)

    def traffic(self, minute: int, linear: tuple[int, int, float]) -> None:
        """Count invocations, errors and latency in microseconds at a minute of the test."""
        self.cloudwatch.minutes["linear", minute] = linear


def run_check(aws: InMemoryAws, minutes: int = 5, **changes: Any) -> dict[str, Any]:
    """Run one check, then advance the clock by some minutes."""
    result = lambda_handler({**EVENT, **changes}, None)
    aws.now += timedelta(minutes=minutes)
    return result
