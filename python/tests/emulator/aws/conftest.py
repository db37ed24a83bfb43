"""One server for the session, in this process, with pretended jobs and servers."""

import copy
import functools
import json
import threading
import time
import types

import pytest

from emulator import server
from emulator.aws import Cloud
from emulator.aws.clients import EmulatedAws
from emulator.aws.faults import Faults
from emulator.aws.mock_file import MockFile
from emulator.aws.permissions.access_keys import known_keys
from emulator.aws.protocol.operation_table import OPERATIONS
from emulator.aws.runners import Runners
from emulator.front.access_keys import new_access_key
from emulator.front.admission import Admission
from emulator.runtime.environments import ENVIRONMENTS, Environments
from emulator.runtime.tuning.study import StudyProposer
from tests.emulator.aws.machine import Machine
from tests.emulator.aws.pretended import (
    PretendedFunctions,
    PretendedJobs,
    PretendedServers,
    pretended_image_check,
)
from tests.emulator.aws.serving import Serving
from tests.patience import wait_until

ROLE = "arn:aws:iam::123456789012:role/workflow"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"


@pytest.fixture(scope="session")
def _session():
    listener = server.bind(0)
    port, key = listener.getsockname()[1], new_access_key()
    endpoint = f"http://{server.HOST}:{port}"
    aws, faults, mocks = EmulatedAws(endpoint, key), Faults(), MockFile()
    jobs, functions, servers = PretendedJobs(), PretendedFunctions(), PretendedServers()
    environments = Environments(ENVIRONMENTS.resolve())
    start_study = functools.partial(StudyProposer, environments)
    cloud = Cloud(
        aws,
        Runners(
            *(jobs, functions, servers, pretended_image_check, start_study),
            environments.manifest_for_image,
        ),
        faults,
        time_scale=0.02,
        mocks=mocks,
    )
    admission = Admission(port, key, known_keys(key))
    application = server.Application(lambda: {"endpoint": endpoint}, faults, {}, admission)
    http = server.serve_on(listener, application)
    thread = threading.Thread(target=http.serve_forever, daemon=True)
    thread.start()
    trust = {"Effect": "Allow", "Action": "sts:AssumeRole"}
    principal = {"Service": [f"{name}.amazonaws.com" for name in ("sagemaker", "states", "lambda")]}
    document = json.dumps({"Statement": [{**trust, "Principal": principal}]})
    iam = aws.client("iam")
    iam.create_role(RoleName="workflow", AssumeRolePolicyDocument=document)
    everything = {"Effect": "Allow", "Action": "*", "Resource": "*"}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [everything]})
    iam.put_role_policy(RoleName="workflow", PolicyName="all", PolicyDocument=policy)
    yield types.SimpleNamespace(
        aws=aws,
        faults=faults,
        mocks=mocks,
        jobs=jobs,
        functions=functions,
        servers=servers,
        endpoint=endpoint,
        admission=admission,
        audit=cloud.audit,
        mails=cloud.mails,
        application=application,
    )
    cloud.close()
    http.shutdown()
    thread.join()


@pytest.fixture
def cloud(_session):
    """The emulated services, with the fault rules and switches of the start."""
    yield _session
    _session.faults.clear()
    _session.mocks.path = None
    _session.servers.may_start.set()
    _session.jobs.scripts.clear()


@pytest.fixture
def client(cloud):
    """Return a boto3 client of a service."""
    return cloud.aws.client


@pytest.fixture
def name(request):
    """A unique name for each test."""
    digest = abs(hash(request.node.nodeid)) % 10**8
    return f"t{digest}-{time.monotonic_ns() % 10**6}"


@pytest.fixture
def serving(client, name):
    """Helpers that create endpoints."""
    return Serving(client, name)


@pytest.fixture
def machine(client, name):
    """Create a JSONata state machine with the given states and options."""
    sfn = client("stepfunctions")
    created = []

    def create(states, start_at=None, **options):
        definition = {
            "QueryLanguage": "JSONata",
            "StartAt": start_at or next(iter(states)),
            "States": states,
            **options.pop("definition", {}),
        }
        response = sfn.create_state_machine(
            name=f"{name}-{len(created)}",
            definition=json.dumps(definition),
            roleArn=options.pop("role", ROLE),
            **options,
        )
        created.append(response["stateMachineArn"])
        return Machine(sfn, created[-1])

    yield create
    for arn in created:
        sfn.delete_state_machine(stateMachineArn=arn)


@pytest.fixture
def output(machine):
    """Return the output of a JSONata expression in a Pass state."""

    def evaluate(expression, execution_input=None):
        made = machine({"Only": {"Type": "Pass", "Output": expression, "End": True}})
        execution = made.run(execution_input)
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        return json.loads(execution["output"])

    return evaluate


@pytest.fixture
def request_for():
    """Return a request that creates a `ProcessingJob` or `TrainingJob`, without its name."""
    cluster = {"InstanceType": "ml.m5.large", "InstanceCount": 1, "VolumeSizeInGB": 30}
    requests = {
        "ProcessingJob": {
            "RoleArn": ROLE,
            "AppSpecification": {"ImageUri": IMAGE, "ContainerEntrypoint": ["python3", "x.py"]},
            "ProcessingResources": {"ClusterConfig": cluster},
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
        "TrainingJob": {
            "RoleArn": ROLE,
            "AlgorithmSpecification": {"TrainingImage": IMAGE, "TrainingInputMode": "File"},
            "OutputDataConfig": {"S3OutputPath": "s3://bucket/model-artifacts/"},
            "ResourceConfig": cluster,
            "StoppingCondition": {"MaxRuntimeInSeconds": 3600},
        },
    }
    return lambda kind: copy.deepcopy(requests[kind])


@pytest.fixture
def seen(client, name):
    """Return the events that match a pattern once there are enough of them."""
    group = f"/aws/events/{name}"
    client("logs").create_log_group(logGroupName=group)
    arn = f"arn:aws:logs:us-east-1:123456789012:log-group:{group}"

    def watch(pattern):
        client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
        client("events").put_targets(Rule=name, Targets=[{"Id": "log", "Arn": arn}])

        def wait_for(count):
            def enough():
                events = client("logs").filter_log_events(logGroupName=group)["events"]
                return len(events) >= count and events

            return [json.loads(event["message"]) for event in wait_until(enough, f"{count} events")]

        return wait_for

    yield watch
    client("events").remove_targets(Rule=name, Ids=["log"])
    client("events").delete_rule(Name=name)


@pytest.fixture
def until():
    """Wait for a true value and return it."""
    return wait_until


@pytest.fixture
def role(client, name):
    """Create a role that a service may assume, allowed the given actions."""
    iam, made = client("iam"), []

    def create(service="events.amazonaws.com", actions=("states:StartExecution",), condition=None):
        trust = {
            "Effect": "Allow",
            "Action": "sts:AssumeRole",
            "Principal": {"Service": service},
            **({"Condition": condition} if condition else {}),
        }
        role_name = f"{name}-{len(made)}"
        arn = iam.create_role(
            RoleName=role_name, AssumeRolePolicyDocument=json.dumps({"Statement": [trust]})
        )["Role"]["Arn"]
        allowed = {"Effect": "Allow", "Action": list(actions), "Resource": "*"}
        if actions:
            iam.put_role_policy(
                RoleName=role_name,
                PolicyName="p",
                PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [allowed]}),
            )
        made.append(arn)
        return arn

    return create


@pytest.fixture
def machine_input(client, machine, until):
    """A state machine, and the input of its first execution."""
    made = machine({"Only": {"Type": "Pass", "End": True}})
    sfn = client("stepfunctions")

    def wait():
        (found,) = until(lambda: sfn.list_executions(stateMachineArn=made.arn)["executions"])
        return json.loads(sfn.describe_execution(executionArn=found["executionArn"])["input"])

    made.first_input = wait
    made.executions = lambda: sfn.list_executions(stateMachineArn=made.arn)["executions"]
    return made


@pytest.fixture
def bare_records():
    """Allow moto's bare records, and definitions with operations that do not run."""
    OPERATIONS.allow_records(True)
    yield
    OPERATIONS.allow_records(False)
