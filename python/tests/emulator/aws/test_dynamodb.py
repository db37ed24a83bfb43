"""DynamoDB: tables, conditions, transactions and streams; tasks and permissions."""

import json

import pytest


@pytest.fixture
def table(client, name):
    """The name of a table with a key and a stream."""
    dynamodb = client("dynamodb")
    dynamodb.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "LockID", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "LockID", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    yield name
    dynamodb.delete_table(TableName=name)


ABSENT = "attribute_not_exists(LockID)"


def lock(who="a"):
    return {"LockID": {"S": "state"}, "Info": {"S": who}}


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        ("put_item", {"TableName": "T", "Item": {"LockID": {"S": "a"}}}),
        ("get_item", {"TableName": "T", "Key": {"LockID": {"S": "a"}}}),
        (
            "update_item",
            {"TableName": "T", "Key": {"LockID": {"S": "a"}}, "UpdateExpression": "REMOVE b"},
        ),
        ("batch_get_item", {"RequestItems": {"T": {"Keys": [{"LockID": {"S": "a"}}]}}}),
        (
            "batch_write_item",
            {"RequestItems": {"T": [{"DeleteRequest": {"Key": {"LockID": {"S": "a"}}}}]}},
        ),
        (
            "transact_write_items",
            {"TransactItems": [{"Put": {"TableName": "T", "Item": {"LockID": {"S": "a"}}}}]},
        ),
    ],
)
def test_the_capacity_is_returned_on_request(client, table, operation, parameters):
    dynamodb = client("dynamodb")
    parameters = json.loads(json.dumps(parameters).replace('"T"', json.dumps(table)))
    plain = getattr(dynamodb, operation)(**parameters)
    assert not {"ConsumedCapacity", "ItemCollectionMetrics"} & set(plain)
    asked = getattr(dynamodb, operation)(**parameters, ReturnConsumedCapacity="TOTAL")
    # moto does not count capacity for writing transactions.
    assert ("ConsumedCapacity" in asked) == (operation != "transact_write_items")


def test_a_lock_is_taken_once(client, table):
    dynamodb = client("dynamodb")
    dynamodb.put_item(TableName=table, Item=lock(), ConditionExpression=ABSENT)
    with pytest.raises(dynamodb.exceptions.ConditionalCheckFailedException):
        dynamodb.put_item(TableName=table, Item=lock("b"), ConditionExpression=ABSENT)
    key = {"LockID": {"S": "state"}}
    assert dynamodb.get_item(TableName=table, Key=key)["Item"] == lock()
    dynamodb.delete_item(TableName=table, Key=key)
    assert "Item" not in dynamodb.get_item(TableName=table, Key=key)


def test_a_transaction_is_atomic(client, table):
    dynamodb = client("dynamodb")
    dynamodb.put_item(TableName=table, Item=lock())
    other = {"Put": {"TableName": table, "Item": {"LockID": {"S": "other"}}}}
    taken = {"Put": {"TableName": table, "Item": lock("b"), "ConditionExpression": ABSENT}}
    with pytest.raises(dynamodb.exceptions.TransactionCanceledException):
        dynamodb.transact_write_items(TransactItems=[other, taken])
    assert dynamodb.scan(TableName=table)["Items"] == [lock()]


def stream_records(streams, arn):
    (shard,) = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    iterator = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )["ShardIterator"]
    return streams.get_records(ShardIterator=iterator)["Records"]


def test_a_stream_has_the_changes(client, table):
    client("dynamodb").put_item(TableName=table, Item=lock())
    streams = client("dynamodbstreams")
    (stream,) = streams.list_streams(TableName=table)["Streams"]
    (record,) = stream_records(streams, stream["StreamArn"])
    assert (record["eventName"], record["dynamodb"]["NewImage"]) == ("INSERT", lock())


def task(action, **arguments):
    return {
        "Type": "Task",
        "Resource": f"arn:aws:states:::{action}",
        "Arguments": arguments,
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught", "Output": "{% $states %}"}],
        "End": True,
    }


CAUGHT = {
    "Caught": {"Type": "Pass", "Output": "{% $states.input.errorOutput.Error %}", "End": True}
}


@pytest.mark.parametrize("integration", ["dynamodb", "aws-sdk:dynamodb"])
def test_a_task_puts_and_gets_an_item(client, table, machine, integration):
    put = task(f"{integration}:putItem", TableName=table, Item=lock())
    assert machine({"Put": put, **CAUGHT}).run()["status"] == "SUCCEEDED"
    get = task(f"{integration}:getItem", TableName=table, Key={"LockID": {"S": "state"}})
    output = json.loads(machine({"Get": get, **CAUGHT}).run()["output"])
    assert output["Item"] == lock()


@pytest.mark.parametrize(
    ("integration", "error"),
    [
        ("dynamodb", "DynamoDB.ConditionalCheckFailedException"),
        ("aws-sdk:dynamodb", "DynamoDb.ConditionalCheckFailedException"),
    ],
)
def test_a_condition_that_fails_is_caught_by_name(client, table, machine, integration, error):
    client("dynamodb").put_item(TableName=table, Item=lock())
    put = task(
        f"{integration}:putItem", TableName=table, Item=lock("b"), ConditionExpression=ABSENT
    )
    assert json.loads(machine({"Put": put, **CAUGHT}).run()["output"]) == error


@pytest.fixture
def role_for(client, role):
    """Return a role with some permissions for one table."""

    def create(table, *actions):
        arn = role("lambda.amazonaws.com", actions=())
        of_table = f"arn:aws:dynamodb:us-east-1:123456789012:table/{table}"
        statement = {
            "Effect": "Allow",
            "Action": list(actions),
            "Resource": [of_table, f"{of_table}/stream/*"],
        }
        client("iam").put_role_policy(
            RoleName=arn.rpartition("/")[2],
            PolicyName="p",
            PolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": statement}),
        )
        return arn

    return create


def test_a_role_reaches_only_the_tables_that_its_policy_names(cloud, table, role_for):
    dynamodb = cloud.aws.client("dynamodb", role_for(table, "dynamodb:PutItem"))
    dynamodb.put_item(TableName=table, Item=lock())
    with pytest.raises(dynamodb.exceptions.ClientError, match="dynamodb:Scan on resource"):
        dynamodb.scan(TableName=table)
    with pytest.raises(dynamodb.exceptions.ClientError, match=r"AccessDenied.*table/another"):
        dynamodb.put_item(TableName="another", Item=lock())


def test_a_transaction_needs_what_its_parts_need(cloud, table, role_for):
    dynamodb = cloud.aws.client("dynamodb", role_for(table, "dynamodb:PutItem"))
    dynamodb.transact_write_items(TransactItems=[{"Put": {"TableName": table, "Item": lock()}}])
    delete = {"Delete": {"TableName": table, "Key": {"LockID": {"S": "state"}}}}
    with pytest.raises(dynamodb.exceptions.ClientError, match=r"dynamodb:DeleteItem on resource"):
        dynamodb.transact_write_items(TransactItems=[delete])


def test_a_batch_needs_every_table_and_a_stream_its_records(cloud, client, table, role_for):
    arn = role_for(table, "dynamodb:*")
    dynamodb = cloud.aws.client("dynamodb", arn)
    put = [{"PutRequest": {"Item": lock()}}]
    dynamodb.batch_write_item(RequestItems={table: put})
    with pytest.raises(dynamodb.exceptions.ClientError, match=r"BatchWriteItem.*table/another"):
        dynamodb.batch_write_item(RequestItems={table: put, "another": put})
    stream = client("dynamodb").describe_table(TableName=table)["Table"]["LatestStreamArn"]
    assert len(stream_records(cloud.aws.client("dynamodbstreams", arn), stream)) == 1


@pytest.mark.parametrize(
    ("operation", "parameters"),
    [
        (
            "update_time_to_live",
            {"TimeToLiveSpecification": {"Enabled": True, "AttributeName": "t"}},
        ),
        (
            "update_continuous_backups",
            {"PointInTimeRecoverySpecification": {"PointInTimeRecoveryEnabled": True}},
        ),
        ("update_table", {"ReplicaUpdates": [{"Create": {"RegionName": "eu-west-1"}}]}),
    ],
)
def test_unsupported_operations_are_refused(client, table, operation, parameters):
    dynamodb = client("dynamodb")
    with pytest.raises(dynamodb.exceptions.ClientError, match="NotImplementedException"):
        getattr(dynamodb, operation)(TableName=table, **parameters)
