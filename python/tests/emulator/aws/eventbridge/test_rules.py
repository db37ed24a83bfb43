"""Rules deliver events to their targets if the targets' policies allow it."""

import io
import json
import time
import zipfile

import pytest

from tests.emulator.aws.conftest import ROLE

ACCOUNT_ARN = "us-east-1:123456789012"


@pytest.fixture
def rule(client, name):
    """Create a rule with targets for the events of the test's own source."""
    events = client("events")

    def create(*targets, **options):
        pattern = {"source": [name]}
        arn = events.put_rule(Name=name, EventPattern=json.dumps(pattern), **options)["RuleArn"]
        named = [{"Id": str(i), **target} for i, target in enumerate(targets)]
        if named:
            events.put_targets(Rule=name, Targets=named)
        return arn

    yield create
    if events.list_rules(NamePrefix=name)["Rules"]:
        targets = events.list_targets_by_rule(Rule=name)["Targets"]
        if targets:
            events.remove_targets(Rule=name, Ids=[target["Id"] for target in targets])
        events.delete_rule(Name=name)


@pytest.fixture
def put(client, name):
    """Put an event of the test's own source."""

    def call(detail=None):
        entry = {"Source": name, "DetailType": "Done", "Detail": json.dumps(detail or {"x": 1})}
        (answer,) = client("events").put_events(Entries=[entry])["Entries"]
        return answer["EventId"]

    return call


@pytest.fixture
def failures(client, name, until):
    """Wait for the metric of failed deliveries."""

    def wait():
        return until(
            lambda: client("cloudwatch").list_metrics(
                Namespace="AWS/Events",
                MetricName="FailedInvocations",
                Dimensions=[{"Name": "RuleName", "Value": name}],
            )["Metrics"]
        )

    return wait


def test_an_event_starts_an_execution_with_the_targets_role(machine_input, role, rule, put):
    rule_arn = rule({"Arn": machine_input.arn, "RoleArn": role()})
    event_id = put({"x": [1]})
    event = machine_input.first_input()
    assert event["id"] == event_id
    assert event["detail"] == {"x": [1]}
    assert event["detail-type"] == "Done"
    assert event["time"].endswith("Z")
    assert "ingestion-time" not in event
    assert rule_arn.endswith(event["source"])


def test_a_template_makes_the_executions_input(machine_input, role, rule, put):
    transformer = {"InputPathsMap": {"x": "$.detail.x"}, "InputTemplate": '{"got": <x>}'}
    rule({"Arn": machine_input.arn, "RoleArn": role(), "InputTransformer": transformer})
    put({"x": "y"})
    assert machine_input.first_input() == {"got": "y"}


def test_a_disabled_rule_and_one_with_a_schedule_take_no_events(
    client, name, machine_input, role, rule, put
):
    target = {"Arn": machine_input.arn, "RoleArn": role()}
    rule(target, State="DISABLED")
    put()
    client("events").put_rule(Name=name, ScheduleExpression="rate(1 day)")
    put()
    time.sleep(0.2)
    assert machine_input.executions() == []


@pytest.mark.parametrize(
    ("service", "actions"),
    [("scheduler.amazonaws.com", ["states:StartExecution"]), ("events.amazonaws.com", [])],
)
def test_a_denied_delivery_is_logged_and_counted(
    machine_input, role, rule, put, failures, caplog, service, actions
):
    rule({"Arn": machine_input.arn, "RoleArn": role(service, actions)})
    put()
    failures()
    assert f"did not reach {machine_input.arn}: AccessDenied" in caplog.text
    assert machine_input.executions() == []


def test_a_trust_policy_may_name_the_rule(machine_input, role, rule, put, name):
    arn = f"arn:aws:events:{ACCOUNT_ARN}:rule/{name}"
    trusting = role(condition={"ArnEquals": {"aws:SourceArn": arn}})
    rule({"Arn": machine_input.arn, "RoleArn": trusting})
    put()
    machine_input.first_input()


def test_a_failed_delivery_goes_to_the_dead_letter_queue(
    client, name, machine_input, role, rule, put, until
):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    queue = f"arn:aws:sqs:{ACCOUNT_ARN}:{name}"
    target = {"Arn": machine_input.arn, "RoleArn": role(actions=[])}
    rule({**target, "DeadLetterConfig": {"Arn": queue}})
    event_id = put()

    def receive():
        answer = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"])
        return answer.get("Messages")

    (message,) = until(receive)
    assert json.loads(message["Body"])["id"] == event_id
    assert message["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "AccessDeniedException"


def test_a_queue_receives_the_targets_input(client, name, rule, put, until):
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    rule({"Arn": f"arn:aws:sqs:{ACCOUNT_ARN}:{name}", "InputPath": "$.detail"})
    put({"a": 1})
    (message,) = until(lambda: sqs.receive_message(QueueUrl=url).get("Messages"))
    assert json.loads(message["Body"]) == {"a": 1}


@pytest.fixture
def topic(client, name):
    """Create a topic with a queue as subscriber; return its ARN and the queue's messages."""
    sns, sqs = client("sns"), client("sqs")
    arn = sns.create_topic(Name=name)["TopicArn"]
    url = sqs.create_queue(QueueName=f"{name}-sns")["QueueUrl"]
    endpoint = f"arn:aws:sqs:{ACCOUNT_ARN}:{name}-sns"
    sns.subscribe(TopicArn=arn, Protocol="sqs", Endpoint=endpoint)
    return arn, lambda: sqs.receive_message(QueueUrl=url).get("Messages")


def test_a_topic_that_allows_event_bridge_receives_the_event(client, topic, rule, put, until):
    arn, received = topic
    policy = {
        "Effect": "Allow",
        "Principal": {"Service": "events.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": arn,
        "Condition": {"StringEquals": {"aws:SourceAccount": "123456789012"}},
    }
    client("sns").set_topic_attributes(
        TopicArn=arn, AttributeName="Policy", AttributeValue=json.dumps({"Statement": [policy]})
    )
    rule({"Arn": arn})
    event_id = put()
    (message,) = until(received)
    assert json.loads(json.loads(message["Body"])["Message"])["id"] == event_id


def test_a_topic_with_its_default_policy_receives_no_event(topic, rule, put, failures, caplog):
    arn, received = topic
    rule({"Arn": arn})
    put()
    failures()
    assert f"the policy of {arn} does not allow events.amazonaws.com sns:Publish" in caplog.text
    assert not received()


@pytest.fixture
def function(cloud, client, name):
    """Create a function; return its ARN and the events that it received."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("index.py", "")
    got = []
    cloud.functions.handlers[name] = got.append
    arn = client("lambda").create_function(
        FunctionName=name,
        Runtime="python3.11",
        Role=ROLE,
        Handler="index.handler",
        Code={"ZipFile": packed.getvalue()},
    )["FunctionArn"]
    yield arn, got
    client("lambda").delete_function(FunctionName=name)


def test_a_function_that_allows_the_rule_receives_the_event(
    client, name, function, rule, put, until
):
    arn, got = function
    rule_arn = rule({"Arn": arn})
    client("lambda").add_permission(
        FunctionName=name,
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=rule_arn,
    )
    event_id = put()
    (event,) = until(lambda: got)
    assert event["id"] == event_id


def test_a_function_that_allows_another_rule_receives_no_event(
    client, name, function, rule, put, failures
):
    arn, got = function
    rule({"Arn": arn})
    client("lambda").add_permission(
        FunctionName=name,
        StatementId="events",
        Action="lambda:InvokeFunction",
        Principal="events.amazonaws.com",
        SourceArn=f"arn:aws:events:{ACCOUNT_ARN}:rule/another",
    )
    put()
    failures()
    assert got == []


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"Arn": f"arn:aws:kinesis:{ACCOUNT_ARN}:stream/x"}, "cannot send events to arn:aws:kin"),
        ({"Arn": f"arn:aws:states:{ACCOUNT_ARN}:stateMachine:x"}, "RoleArn is required"),
    ],
)
def test_fails_for_an_unsupported_target(client, name, rule, target, message):
    rule()
    with pytest.raises(client("events").exceptions.ClientError, match=message):
        client("events").put_targets(Rule=name, Targets=[{"Id": "x", **target}])


def test_fails_for_an_invalid_schedule(client, name):
    events = client("events")
    with pytest.raises(events.exceptions.ClientError, match="ScheduleExpression is not valid"):
        events.put_rule(Name=name, ScheduleExpression="cron(0 6 * * * *)")


def test_a_rule_with_a_rate_fires(client, name, machine_input, role, rule):
    rule({"Arn": machine_input.arn, "RoleArn": role()})
    client("events").put_rule(Name=name, ScheduleExpression="rate(1 minute)")  # 1.2 s here
    event = machine_input.first_input()
    assert (event["source"], event["detail-type"]) == ("aws.events", "Scheduled Event")
