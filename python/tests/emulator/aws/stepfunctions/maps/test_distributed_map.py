"""Distributed Maps: failing children, tolerated failures, sources of items, results."""

import json

import pytest

JSONPATH = {"QueryLanguage": "JSONPath"}
# A child fails for the items "bad".
CHILD = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "Which",
    "States": {
        "Which": {
            "Type": "Choice",
            "Choices": [{"Condition": "{% $states.input = 'bad' %}", "Next": "Bad"}],
            "Default": "Good",
        },
        "Bad": {"Type": "Fail", "Error": "Bad.Item", "Cause": "it is bad"},
        "Good": {"Type": "Pass", "End": True},
    },
}


def distributed(**fields):
    return {"Map": {"Type": "Map", "ItemProcessor": CHILD, "End": True, **fields}}


def in_jsonpath(**fields):
    child = json.loads(json.dumps(CHILD))
    child["States"]["Which"]["Choices"] = [{"Variable": "$", "StringEquals": "bad", "Next": "Bad"}]
    return {"Map": {"Type": "Map", "ItemProcessor": child, "End": True, **fields}}


def ran(machine, states, given, **options):
    execution = machine(states, **options).run(given)
    assert execution["status"] == "SUCCEEDED", execution.get("cause")
    return json.loads(execution["output"])


@pytest.mark.parametrize(
    ("tolerated", "items"),
    [
        ({}, ["a", "bad"]),
        ({"ToleratedFailureCount": 1}, ["bad", "bad", "a"]),
        ({"ToleratedFailurePercentage": 50}, ["bad", "bad", "a"]),
        ({"ToleratedFailurePercentage": 49.5, "ToleratedFailureCount": 5}, ["bad", "a"]),
        ({"ToleratedFailureCount": "{% $states.input[0] = 'bad' ? 0 : 1 %}"}, ["bad", "a"]),
    ],
)
def test_fails_if_more_children_fail_than_tolerated(machine, tolerated, items):
    states = distributed(Items="{% $states.input %}", **tolerated)
    execution = machine(states).run(items)
    assert (execution["status"], execution["error"]) == (
        "FAILED",
        "States.ExceedToleratedFailureThreshold",
    )


@pytest.mark.parametrize(
    "tolerated",
    [
        {"ToleratedFailureCount": 1},
        {"ToleratedFailurePercentage": 50},
        {"ToleratedFailurePercentage": 33.4, "ToleratedFailureCount": 1},
        {"ToleratedFailurePercentagePath": "$.most"},
        {"ToleratedFailureCountPath": "$.count"},
    ],
)
def test_tolerated_failures_are_in_the_result_at_their_position(machine, tolerated):
    states = in_jsonpath(ItemsPath="$.items", **tolerated)
    given = {"items": ["a", "bad", "c"], "most": 50, "count": 1}
    first, failed, last = ran(machine, states, given, definition=JSONPATH)
    assert (first, last) == ("a", "c")
    assert (failed["Status"], failed["Error"], failed["Cause"]) == (
        "FAILED",
        "Bad.Item",
        "it is bad",
    )
    assert failed["Input"] == '"bad"'


def test_exceeding_can_be_caught_and_stops_the_other_children(machine, client):
    waits = {"Type": "Wait", "Seconds": 60_000, "End": True}
    child = {**CHILD, "States": {**CHILD["States"], "Good": waits}}
    catch = {"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "Next": "Caught"}
    states = {
        "Map": {
            **distributed(Items=["a", "bad", "b"], Catch=[catch])["Map"],
            "ItemProcessor": child,
        },
        "Caught": {"Type": "Succeed"},
    }
    made = machine(states)
    arn = made.start()
    assert made.wait(arn)["status"] == "SUCCEEDED"
    sfn = client("stepfunctions")
    (listed,) = sfn.list_map_runs(executionArn=arn)["mapRuns"]
    run = sfn.describe_map_run(mapRunArn=listed["mapRunArn"])
    assert run["status"] == "FAILED"
    counts = {name: run["executionCounts"][name] for name in ("failed", "running")}
    assert counts == {"failed": 1, "running": 0}
    # The last one may not have started.
    assert run["executionCounts"]["aborted"] in (1, 2)
    kinds = [event["type"] for event in made.history(arn)]
    assert [kind for kind in kinds if kind.startswith("MapRun") or kind == "MapStateFailed"] == [
        "MapRunStarted",
        "MapRunFailed",
        "MapStateFailed",
    ]


def test_children_have_executions_variables_and_histories_of_their_own(machine):
    child = {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "Own",
        "States": {
            "Own": {
                "Type": "Pass",
                "Output": {
                    "id": "{% $states.context.Execution.Id %}",
                    "input": "{% $states.context.Execution.Input %}",
                    "outer": "{% $exists($outer) %}",
                },
                "End": True,
            }
        },
    }
    states = {
        "First": {"Type": "Pass", "Assign": {"outer": 1}, "Next": "Map"},
        "Map": {
            "Type": "Map",
            "Items": [1, 2],
            "Label": "Batch",
            "ItemSelector": {"value": "{% $states.context.Map.Item.Value + $outer %}"},
            "ItemProcessor": child,
            "End": True,
        },
    }
    made = machine(states)
    arn = made.start()
    one, two = json.loads(made.wait(arn)["output"])
    assert one["id"].startswith(arn.rpartition(":")[0] + "/Batch:")
    assert one["id"] != two["id"]
    assert [one["input"], two["input"]] == [{"value": 2}, {"value": 3}]
    assert one["outer"] is False
    assert "PassStateEntered" not in [event["type"] for event in made.history(arn)][4:]


@pytest.fixture
def bucket(client, name):
    client("s3").create_bucket(Bucket=name)
    return name


READ = "arn:aws:states:::s3:getObject"


@pytest.mark.parametrize(
    ("body", "config", "items"),
    [
        (b'["a", "b"]', {"InputType": "JSON"}, ["a", "b"]),
        (b'{"x": {"y/z": [1, 2, 3]}}', {"InputType": "JSON", "ItemsPointer": "/x/y~1z"}, [1, 2, 3]),
        (b'{"a": 1}\n\n{"a": 2}\n', {"InputType": "JSONL"}, [{"a": 1}, {"a": 2}]),
        (
            b"\xef\xbb\xbfx,y\r\n1,2\r\n3\r\n",
            {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"},
            [{"x": "1", "y": "2"}, {"x": "3", "y": ""}],
        ),
        (
            b'1|"a|b"\n2|c\n3|d\n',
            {
                "InputType": "CSV",
                "CSVHeaderLocation": "GIVEN",
                "CSVHeaders": ["x", "y"],
                "CSVDelimiter": "PIPE",
                "MaxItems": 2,
            },
            [{"x": "1", "y": "a|b"}, {"x": "2", "y": "c"}],
        ),
    ],
)
def test_items_come_from_an_object(machine, client, bucket, body, config, items):
    client("s3").put_object(Bucket=bucket, Key="items", Body=body)
    place = {"Bucket": "{% $states.input.bucket %}", "Key": "items"}
    reader = {"Resource": READ, "Arguments": place, "ReaderConfig": config}
    assert ran(machine, distributed(ItemReader=reader), {"bucket": bucket}) == items


def test_items_are_the_objects_of_a_prefix(machine, client, bucket):
    for key in ("in/a", "in/b", "out/c"):
        client("s3").put_object(Bucket=bucket, Key=key, Body=b"12")
    reader = {
        "Resource": "arn:aws:states:::s3:listObjectsV2",
        "Parameters": {"Bucket.$": "$.bucket", "Prefix": "in/"},
    }
    states = in_jsonpath(ItemReader=reader, ItemSelector={"key.$": "$$.Map.Item.Value.Key"})
    states["Map"]["ItemProcessor"]["States"] = {"Which": {"Type": "Pass", "End": True}}
    found = ran(machine, states, {"bucket": bucket}, definition=JSONPATH)
    assert found == [{"key": "in/a"}, {"key": "in/b"}]


@pytest.mark.parametrize(
    ("key", "config"),
    [
        ("missing", {"InputType": "JSON"}),
        ("object", {"InputType": "JSONL"}),
        ("object", {"InputType": "JSON"}),
    ],
)
def test_an_unreadable_source_is_an_error_that_can_be_caught(machine, client, bucket, key, config):
    client("s3").put_object(Bucket=bucket, Key="object", Body=b'{\n"a": 1}')
    place = {"Bucket": bucket, "Key": key}
    reader = {"Resource": READ, "Arguments": place, "ReaderConfig": config}
    execution = machine(distributed(ItemReader=reader)).run()
    assert execution["error"] == "States.ItemReaderFailed"


def test_items_are_batched(machine):
    batcher = {"MaxItemsPerBatchPath": "$.size", "BatchInput": {"shared.$": "$.shared"}}
    child = {**CHILD, "StartAt": "Good", "States": {"Good": {"Type": "Pass", "End": True}}}
    states = {
        "Map": {
            "Type": "Map",
            "ItemsPath": "$.items",
            "ItemBatcher": batcher,
            "ItemProcessor": child,
            "End": True,
        }
    }
    given = {"items": [1, 2, 3], "size": 2, "shared": "x"}
    assert ran(machine, states, given, definition=JSONPATH) == [
        {"BatchInput": {"shared": "x"}, "Items": [1, 2]},
        {"BatchInput": {"shared": "x"}, "Items": [3]},
    ]


def writer(bucket, **config):
    place = {"Bucket": bucket, "Prefix": "results/"}
    return {"Resource": "arn:aws:states:::s3:putObject", "Arguments": place, **config}


def read(client, bucket, key):
    return json.loads(client("s3").get_object(Bucket=bucket, Key=key)["Body"].read())


def test_results_are_written_with_a_manifest(machine, client, bucket):
    states = distributed(Items=["a", "bad", {"x": 1}], ToleratedFailureCount=1)
    states["Map"]["ResultWriter"] = writer(bucket)
    result = ran(machine, states, {})
    details = result["ResultWriterDetails"]
    assert details["Bucket"] == bucket
    assert details["Key"].startswith("results/")
    assert details["Key"].endswith("/manifest.json")
    manifest = read(client, bucket, details["Key"])
    assert manifest["DestinationBucket"] == bucket
    assert manifest["MapRunArn"] == result["MapRunArn"]
    files = manifest["ResultFiles"]
    assert files["PENDING"] == []
    (succeeded,), (failed,) = files["SUCCEEDED"], files["FAILED"]
    assert succeeded["Key"].endswith("/SUCCEEDED_0.json")
    head = client("s3").head_object(Bucket=bucket, Key=succeeded["Key"])
    assert head["ContentLength"] == succeeded["Size"]
    outputs = [child["Output"] for child in read(client, bucket, succeeded["Key"])]
    assert outputs == ['"a"', '{"x":1}']
    (child,) = read(client, bucket, failed["Key"])
    assert (child["Error"], child["Input"], child["Status"]) == ("Bad.Item", '"bad"', "FAILED")


def test_items_that_did_not_run_are_written_as_pending(machine, client, bucket):
    states = distributed(Items=["bad", "a"], MaxConcurrency=1, ResultWriter=writer(bucket))
    assert machine(states).run()["error"] == "States.ExceedToleratedFailureThreshold"
    keys = [o["Key"] for o in client("s3").list_objects_v2(Bucket=bucket)["Contents"]]
    assert [key.rpartition("/")[2] for key in keys] == [
        "FAILED_0.json",
        "PENDING_0.json",
        "manifest.json",
    ]


@pytest.mark.parametrize(
    ("transformation", "results"),
    [("COMPACT", [[1, 2], "a"]), ("FLATTEN", [1, 2, "a"])],
)
def test_results_are_transformed_without_s3(machine, transformation, results):
    config = {"WriterConfig": {"Transformation": transformation, "OutputType": "JSON"}}
    states = distributed(Items=[[1, 2], "a"], ResultWriter=config)
    assert ran(machine, states, {}) == results


def test_results_that_cannot_be_written_are_an_error_that_can_be_caught(machine, name):
    states = distributed(Items=["a"], ResultWriter=writer(f"{name}-none"))
    assert machine(states).run()["error"] == "States.ResultWriterFailed"


def test_a_stop_ends_the_children(machine, client):
    waits = {"Type": "Wait", "Seconds": 60_000, "End": True}
    child = {**CHILD, "StartAt": "Good", "States": {"Good": waits}}
    made = machine({"Map": {**distributed(Items=[1])["Map"], "ItemProcessor": child}})
    arn = made.start()
    sfn = client("stepfunctions")
    while not any(event["type"] == "MapRunStarted" for event in made.history(arn)):
        pass
    sfn.stop_execution(executionArn=arn)
    assert made.wait(arn)["status"] == "ABORTED"
    (listed,) = sfn.list_map_runs(executionArn=arn)["mapRuns"]
    counts = sfn.describe_map_run(mapRunArn=listed["mapRunArn"])["executionCounts"]
    assert counts["running"] + counts["aborted"] + counts["pending"] == 1


@pytest.mark.parametrize(
    ("items", "batcher", "expected"),
    [
        ([1, 2, 3], None, [(1, 1), (2, 1), (3, 1)]),
        ([1, 2, 3], {"MaxItemsPerBatch": 2}, [({"Items": [1, 2]}, 2), ({"Items": [3]}, 1)]),
        # {"Items":[1,2]} has 15 bytes; "ä" has four, with its quotes.
        (
            [1, 2, "ä"],
            {"MaxInputBytesPerBatch": 15},
            [({"Items": [1, 2]}, 2), ({"Items": ["ä"]}, 1)],
        ),
        (["long"], {"MaxInputBytesPerBatch": 3}, [({"Items": ["long"]}, 1)]),
        ([], {"MaxItemsPerBatch": 2}, []),
    ],
)
def test_batches_are_limited_in_items_and_bytes(items, batcher, expected):
    from emulator.aws.stepfunctions.maps.item_batches import batches

    assert list(batches(items, batcher)) == expected
