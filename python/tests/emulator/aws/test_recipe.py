"""The requests of the recipe's commands in their order, with its faults fixed.

Jobs, function and endpoint are pretended; their results are tested elsewhere.
"""

import io
import json
import zipfile

import pytest
from botocore.exceptions import ClientError

from tests.emulator.aws.recipe_definition import CLUSTER, definition

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
LISTS = {
    "endpoint": ("sagemaker", "list_endpoints", "Endpoints", "EndpointName"),
    "configuration": (
        "sagemaker",
        "list_endpoint_configs",
        "EndpointConfigs",
        "EndpointConfigName",
    ),
    "model": ("sagemaker", "list_models", "Models", "ModelName"),
    "machine": ("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "function": ("lambda", "list_functions", "Functions", "FunctionName"),
    "role": ("iam", "list_roles", "Roles", "RoleName"),
    "bucket": ("s3", "list_buckets", "Buckets", "Name"),
}
PASSED = {"test_r2": 0.77}


def policy(statements):
    return json.dumps({"Version": "2012-10-17", "Statement": statements})


@pytest.fixture
def roles(client, name):
    """Create the three roles, with AWS managed policies."""
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
    """Create the versioned, encrypted bucket with its prefixes, data and code."""
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
    cloud.functions.handlers[function] = lambda event: PASSED
    return function


class Recipe:
    """The commands after the preparations: create the machine, run it, clean up."""

    def __init__(self, client, until, name, roles, bucket, function):
        self.client, self.until, self.name = client, until, name
        self.roles, self.bucket, self.function = roles, bucket, function
        self.machine = None

    def definition(self):
        return definition(self.bucket, self.roles["sagemaker"], self.function)

    def create(self, text):
        self.machine = self.client("stepfunctions").create_state_machine(
            name=self.name, definition=text, roleArn=self.roles["states"]
        )["stateMachineArn"]

    def run(self, **names):
        """Run the machine, with names of the test's own, and describe the ended execution."""
        sfn, training = self.client("stepfunctions"), f"{self.name}-train"
        model_url = f"s3://{self.bucket}/model-artifacts/{training}/output/model.tar.gz"
        self.client("s3").put_object(
            Bucket=self.bucket, Key=model_url.split("/", 3)[3], Body=b"model"
        )
        self.create(self.definition())
        started = {
            "PreprocessingJobName": f"{self.name}-prep",
            "TrainingJobName": training,
            **dict.fromkeys(("ModelName", "EndpointConfigName", "EndpointName"), self.name),
            "ModelDataUrl": model_url,
            **names,
        }
        execution = sfn.start_execution(
            stateMachineArn=self.machine, name=f"{self.name}-run", input=json.dumps(started)
        )["executionArn"]

        def ended():
            described = sfn.describe_execution(executionArn=execution)
            return described["status"] != "RUNNING" and described

        return self.until(ended, "the recipe's execution has ended")

    def entered(self, execution):
        """Return the states that an execution entered, and how often it scheduled tasks."""
        events = self.client("stepfunctions").get_execution_history(
            executionArn=execution["executionArn"]
        )["events"]
        details = [event.get("stateEnteredEventDetails") for event in events]
        scheduled = [event for event in events if event["type"] == "TaskScheduled"]
        return [one["name"] for one in details if one], len(scheduled)

    def names(self):
        """Count the account's resources with the recipe's name, by kind."""
        return {kind: len(self._named(*listing)) for kind, listing in LISTS.items()}

    def _named(self, service, operation, listed, member):
        pages = self.client(service).get_paginator(operation).paginate()
        names = [one[member] for page in pages for one in page[listed]]
        return [one for one in names if one.startswith(self.name)]

    def clean_up(self):
        sagemaker, iam = self.client("sagemaker"), self.client("iam")
        sagemaker.delete_endpoint(EndpointName=self.name)
        self.until(lambda: not self.names()["endpoint"], "the endpoint is gone")
        sagemaker.delete_endpoint_config(EndpointConfigName=self.name)
        sagemaker.delete_model(ModelName=self.name)
        self.client("stepfunctions").delete_state_machine(stateMachineArn=self.machine)
        self.client("lambda").delete_function(FunctionName=self.function)
        for role in (arn.rpartition("/")[2] for arn in self.roles.values()):
            for one in iam.list_attached_role_policies(RoleName=role)["AttachedPolicies"]:
                iam.detach_role_policy(RoleName=role, PolicyArn=one["PolicyArn"])
            for one in iam.list_role_policies(RoleName=role)["PolicyNames"]:
                iam.delete_role_policy(RoleName=role, PolicyName=one)
            iam.delete_role(RoleName=role)
        self.empty_bucket()
        self.client("s3").delete_bucket(Bucket=self.bucket)

    def empty_bucket(self):
        s3 = self.client("s3")
        found = s3.list_object_versions(Bucket=self.bucket)
        everything = [*found.get("Versions", []), *found.get("DeleteMarkers", [])]
        keys = [{"Key": one["Key"], "VersionId": one["VersionId"]} for one in everything]
        s3.delete_objects(Bucket=self.bucket, Delete={"Objects": keys})


@pytest.fixture
def recipe(client, until, name, roles, bucket, function):
    """Return the commands after the preparations."""
    return Recipe(client, until, name, roles, bucket, function)


def test_the_bucket_is_as_the_recipe_makes_it(client, bucket):
    s3 = client("s3")
    assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == "Enabled"
    (rule,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert rule["ApplyServerSideEncryptionByDefault"] == {"SSEAlgorithm": "AES256"}
    assert s3.head_object(Bucket=bucket, Key="raw-data/train.csv")["ServerSideEncryption"] == (
        "AES256"
    )
    assert s3.list_objects_v2(Bucket=bucket, Prefix="raw-data/")["KeyCount"] == 2


def test_the_recipe_runs_through_every_state_to_an_endpoint(client, cloud, name, recipe):
    asked = []
    cloud.functions.handlers[recipe.function] = lambda event: asked.append(event) or PASSED
    execution = recipe.run()
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    assert recipe.entered(execution) == (
        [
            *("DataPreprocessing", "ModelTraining", "ModelEvaluation", "CheckModelPerformance"),
            *("CreateModel", "CreateEndpointConfig", "CreateEndpoint", "MLPipelineComplete"),
        ],
        6,
    )
    assert asked == [{"TrainingJobName": f"{name}-train", "S3Bucket": recipe.bucket}]
    assert json.loads(execution["output"])["evaluation"]["Payload"] == PASSED
    sfn = client("stepfunctions")
    (listed,) = sfn.list_executions(stateMachineArn=recipe.machine)["executions"]
    assert (listed["name"], listed["status"]) == (f"{name}-run", "SUCCEEDED")


def test_the_jobs_have_the_recipes_settings(client, name, recipe):
    recipe.run()
    sagemaker, bucket = client("sagemaker"), recipe.bucket
    prepared = sagemaker.describe_processing_job(ProcessingJobName=f"{name}-prep")
    assert prepared["ProcessingJobStatus"] == "Completed"
    assert prepared["ProcessingResources"]["ClusterConfig"] == CLUSTER
    (output,) = prepared["ProcessingOutputConfig"]["Outputs"]
    assert output["S3Output"]["S3Uri"] == f"s3://{bucket}/processed-data/"
    trained = sagemaker.describe_training_job(TrainingJobName=f"{name}-train")
    assert trained["TrainingJobStatus"] == "Completed"
    assert trained["HyperParameters"] == {"sagemaker_program": "training.py"}
    assert trained["ModelArtifacts"]["S3ModelArtifacts"] == (
        f"s3://{bucket}/model-artifacts/{name}-train/output/model.tar.gz"
    )
    channels = [one["ChannelName"] for one in trained["InputDataConfig"]]
    assert channels == ["train", "test", "code"]


def test_the_endpoint_serves_the_trained_model(client, cloud, name, recipe, until):
    recipe.run()
    sagemaker = client("sagemaker")
    until(
        lambda: sagemaker.describe_endpoint(EndpointName=name)["EndpointStatus"] == "InService",
        "the endpoint serves",
    )
    described = sagemaker.describe_endpoint(EndpointName=name)
    (variant,) = described["ProductionVariants"]
    assert (variant["VariantName"], variant["CurrentWeight"]) == ("primary", 1.0)
    model = sagemaker.describe_model(ModelName=name)
    assert model["PrimaryContainer"]["ModelDataUrl"].endswith(f"/{name}-train/output/model.tar.gz")
    before = cloud.servers.started[-1].asked
    answer = client("sagemaker-runtime").invoke_endpoint(
        EndpointName=name,
        ContentType="application/json",
        Body=json.dumps({"instances": [[8.3, 41], [8.3, 21]]}),
    )
    assert json.loads(answer["Body"].read())["instances"] == [[8.3, 41], [8.3, 21]]
    assert cloud.servers.started[-1].asked == before + 1


@pytest.mark.parametrize("test_r2", [0.7, 0.0])
def test_a_model_that_is_not_good_enough_is_not_deployed(cloud, recipe, test_r2):
    cloud.functions.handlers[recipe.function] = lambda event: {"test_r2": test_r2}
    execution = recipe.run()
    assert (execution["status"], execution["error"]) == ("FAILED", "ModelPerformanceInsufficient")
    assert [recipe.names()[kind] for kind in ("model", "configuration", "endpoint")] == [0, 0, 0]


@pytest.mark.parametrize(
    ("named", "failure", "earlier"),
    [
        ("PreprocessingJobName", "ProcessingJobFailed", 0),
        ("TrainingJobName", "TrainingJobFailed", 1),
    ],
)
def test_a_failing_job_is_tried_three_times_and_ends_in_its_named_error(
    name, recipe, named, failure, earlier
):
    execution = recipe.run(**{named: f"{name}-fails"})
    assert (execution["status"], execution["error"]) == ("FAILED", failure)
    states, scheduled = recipe.entered(execution)
    assert (states[-1], "ModelEvaluation" in states) == (failure, False)
    assert scheduled == earlier + 3


FAULTS = {
    "outputs at the top of the request": (
        lambda states: states["DataPreprocessing"]["Parameters"].update(ProcessingOutputs=[]),
        "ProcessingOutputs",
    ),
    "a result of the state that succeeds": (
        lambda states: states["MLPipelineComplete"].update(Result={"done": True}),
        "Result",
    ),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_the_definitions_faults_are_refused(recipe, fault):
    spoil, named = FAULTS[fault]
    spoiled = json.loads(recipe.definition())
    spoil(spoiled["States"])
    with pytest.raises(ClientError, match=named) as refused:
        recipe.create(json.dumps(spoiled))
    assert refused.value.response["Error"]["Code"] == "InvalidDefinition"
    assert recipe.names()["machine"] == 0


def test_a_role_without_the_managed_rules_is_refused(client, recipe):
    client("iam").put_role_policy(
        RoleName=recipe.roles["states"].rpartition("/")[2],
        PolicyName="run",
        PolicyDocument=policy(STATES_POLICY[:1]),
    )
    with pytest.raises(ClientError, match="managed-rule") as refused:
        recipe.create(recipe.definition())
    assert refused.value.response["Error"]["Code"] == "AccessDeniedException"
    assert recipe.names()["machine"] == 0


def test_a_tasks_result_replaces_the_names_unless_it_has_a_path(recipe):
    text = json.loads(recipe.definition())
    del text["States"]["DataPreprocessing"]["ResultPath"]
    recipe.definition = lambda: json.dumps(text)
    execution = recipe.run()
    assert execution["status"] == "FAILED"
    assert "$.TrainingJobName" in execution["cause"]


def test_the_cleanup_leaves_nothing(client, recipe, until):
    recipe.run()
    made = recipe.names()
    assert made == {kind: 3 if kind == "role" else 1 for kind in made}
    # A removed object leaves a delete marker, which prevents deletion of the bucket like a version.
    client("s3").delete_object(Bucket=recipe.bucket, Key="code/training.py")
    with pytest.raises(ClientError, match="BucketNotEmpty"):
        client("s3").delete_bucket(Bucket=recipe.bucket)
    recipe.clean_up()
    assert set(recipe.names().values()) == {0}
