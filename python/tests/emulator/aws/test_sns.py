"""Functions that subscribe to a topic receive its messages if their policy allows it."""

import io
import json
import zipfile

import pytest

from tests.emulator.aws.conftest import ROLE


@pytest.fixture
def topic(client, name):
    arn = client("sns").create_topic(Name=name)["TopicArn"]
    yield arn
    client("sns").delete_topic(TopicArn=arn)


@pytest.fixture
def function(cloud, client, name, topic):
    """Create a function that subscribes; return the events that it received."""
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
    client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    yield got
    client("lambda").delete_function(FunctionName=name)


@pytest.fixture
def let_in(client, name):
    def call(source_arn):
        client("lambda").add_permission(
            FunctionName=name,
            StatementId="topic",
            Action="lambda:InvokeFunction",
            Principal="sns.amazonaws.com",
            SourceArn=source_arn,
        )

    return call


@pytest.fixture
def failures(client, name, until):
    """Wait for the metric of failed deliveries."""
    return lambda: until(
        lambda: client("cloudwatch").list_metrics(
            Namespace="AWS/SNS",
            MetricName="NumberOfNotificationsFailed",
            Dimensions=[{"Name": "TopicName", "Value": name}],
        )["Metrics"]
    )


def test_a_function_that_allows_the_topic_receives_the_message(
    client, topic, function, let_in, until
):
    let_in(topic)
    attributes = {"Outcome": {"DataType": "String", "StringValue": "released"}}
    message_id = client("sns").publish(
        TopicArn=topic, Subject="a", Message="b", MessageAttributes=attributes
    )["MessageId"]
    (event,) = until(lambda: function)
    (record,) = event["Records"]
    assert record["EventSource"] == "aws:sns"
    assert record["EventSubscriptionArn"].startswith(f"{topic}:")
    told = record["Sns"]
    assert (told["Subject"], told["Message"], told["MessageId"]) == ("a", "b", message_id)
    assert told["TopicArn"] == topic
    assert told["MessageAttributes"] == {"Outcome": {"Type": "String", "Value": "released"}}


def test_a_separate_message_for_functions_is_used(client, topic, function, let_in, until):
    let_in(topic)
    texts = json.dumps({"default": "all", "lambda": "functions"})
    client("sns").publish(TopicArn=topic, Message=texts, MessageStructure="json")
    (event,) = until(lambda: function)
    assert event["Records"][0]["Sns"]["Message"] == "functions"
    assert event["Records"][0]["Sns"]["Subject"] is None


@pytest.mark.usefixtures("function")
def test_a_filter_holds_back_what_does_not_match(client, topic, function, let_in, until):
    let_in(topic)
    sns = client("sns")
    (subscription,) = sns.list_subscriptions_by_topic(TopicArn=topic)["Subscriptions"]
    sns.set_subscription_attributes(
        SubscriptionArn=subscription["SubscriptionArn"],
        AttributeName="FilterPolicy",
        AttributeValue=json.dumps({"Outcome": ["failed"]}),
    )
    for outcome in ("released", "failed"):
        attributes = {"Outcome": {"DataType": "String", "StringValue": outcome}}
        sns.publish(TopicArn=topic, Message=outcome, MessageAttributes=attributes)
    (event,) = until(lambda: function)
    assert event["Records"][0]["Sns"]["Message"] == "failed"


@pytest.mark.parametrize("source", [None, "arn:aws:sns:us-east-1:123456789012:another"])
def test_a_function_that_denies_the_topic_receives_no_message(
    client, topic, function, let_in, failures, source, caplog
):
    if source:
        let_in(source)
    client("sns").publish(TopicArn=topic, Message="b")
    failures()
    assert function == []
    assert "does not allow sns.amazonaws.com lambda:InvokeFunction" in caplog.text


def test_an_email_is_kept_and_shown(cloud, client, topic, caplog):
    caplog.set_level("INFO", logger="emulator")
    client("sns").subscribe(TopicArn=topic, Protocol="email", Endpoint="ml-team@example.com")
    client("sns").publish(
        TopicArn=topic, Subject="Version 7 waits", Message="Gate: passed\nNext: approve"
    )
    client("sns").publish(TopicArn=topic, Message="without a subject")
    first, second = [mail for mail in cloud.mails.describe()["mails"] if mail["topic"] == topic]
    assert (first["to"], first["subject"], first["text"]) == (
        "ml-team@example.com",
        "Version 7 waits",
        "Gate: passed\nNext: approve",
    )
    assert second["subject"] == "AWS Notification Message"
    shown = "email to ml-team@example.com: Version 7 waits\n  Gate: passed\n  Next: approve"
    assert shown in caplog.text
