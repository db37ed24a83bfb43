import pytest
from moto.sagemaker.exceptions import ValidationError

from emulator.aws.sagemaker.deployment_policy import parse_policy


def config(kind, size=None, wait=300, **blue_green):
    routing = {"Type": kind, "WaitIntervalInSeconds": wait}
    if size:
        name = {"CANARY": "CanarySize", "LINEAR": "LinearStepSize"}[kind]
        routing[name] = {"Type": size[0], "Value": size[1]}
    return {"BlueGreenUpdatePolicy": {"TrafficRoutingConfiguration": routing, **blue_green}}


def percent(value):
    return ("CAPACITY_PERCENT", value)


def count(value):
    return ("INSTANCE_COUNT", value)


@pytest.mark.parametrize(
    ("given", "instances", "shares"),
    [
        (None, 1, [1]),
        (config("ALL_AT_ONCE"), 1, [1]),
        (config("CANARY", count(1)), 2, [1 / 2, 1]),
        (config("CANARY", percent(30)), 10, [3 / 10, 1]),
        (config("CANARY", percent(10)), 2, [1 / 2, 1]),  # two instances have no smaller share
        (config("CANARY", percent(50)), 3, [1 / 3, 1]),
        (config("LINEAR", count(1)), 3, [1 / 3, 2 / 3, 1]),
        (config("LINEAR", percent(40)), 5, [2 / 5, 4 / 5, 1]),
        (config("LINEAR", percent(50)), 2, [1 / 2, 1]),
    ],
)
def test_traffic_moves_by_whole_instances(given, instances, shares):
    stages = parse_policy(given, {"v": instances}).stages({"v": instances})
    assert [stage.share for stage in stages] == shares
    assert [stage.capacities["v"] for stage in stages] == [s * instances for s in shares]


def test_no_variant_gets_more_than_its_share():
    policy = parse_policy(config("CANARY", percent(50)), {"a": 3, "b": 2})
    stage = policy.stages({"a": 3, "b": 2})[0]
    assert (stage.capacities, stage.share) == ({"a": 1, "b": 1}, 1 / 3)


def test_waits_are_those_of_the_configuration():
    given = config("CANARY", count(1), wait=60, TerminationWaitInSeconds=120)
    first, last = parse_policy(given, {"v": 2}).stages({"v": 2})
    assert (first.wait_seconds, first.wait_name) == (60, "WaitIntervalInSeconds")
    assert (last.wait_seconds, last.wait_name) == (120, "TerminationWaitInSeconds")
    assert (first.is_full, last.is_full) == (False, True)


@pytest.mark.parametrize(
    ("given", "instances", "problem"),
    [
        (config("CANARY", count(1)), 1, "variant v has 1: use 2 instances or more"),
        (config("LINEAR", percent(50)), 1, "variant v has 1"),
        (config("CANARY", count(2)), 3, "from 1 to 50 % .* got 2 of 3 instances"),
        (config("CANARY", percent(51)), 10, "got 51 %"),
        (config("LINEAR", percent(9)), 20, "from 10 to 50 %"),
        (config("LINEAR", count(1)), 20, "got 1 of 20 instances"),
        (config("CANARY"), 2, "Type CANARY needs CanarySize"),
        (config("ALL_AT_ONCE"), None, "not supported for serverless"),
        (
            config("LINEAR", count(1), wait=300, MaximumExecutionTimeoutInSeconds=600),
            3,
            r"\(600\) must be larger than all waits .* take 600 seconds",
        ),
    ],
)
def test_fails_for_what_sagemaker_refuses(given, instances, problem):
    with pytest.raises(ValidationError, match=problem):
        parse_policy(given, {"v": instances})


def test_fails_for_sizes_of_another_type():
    given = config("CANARY", count(1))
    given["BlueGreenUpdatePolicy"]["TrafficRoutingConfiguration"]["Type"] = "ALL_AT_ONCE"
    with pytest.raises(ValidationError, match="ALL_AT_ONCE does not take CanarySize"):
        parse_policy(given, {"v": 2})
