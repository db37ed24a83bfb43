"""The distribution of requests to fleets."""

import contextlib
import threading
import time

import pytest

from emulator.aws.sagemaker.fleet import Fleet, ThrottledError, Variant, VariantPlan
from emulator.aws.sagemaker.traffic import NoTrafficError, Traffic
from tests.emulator.aws.pretended import PretendedServer


def fleet(config, *variants, **plan):
    names = variants or ("primary",)
    plans = [VariantPlan(name, 1.0, {}, "arn:role", **plan) for name in names]
    return Fleet(config, [Variant(one, PretendedServer({})) for one in plans])


def configs(traffic, requests, variant=None):
    seen = []
    for _ in range(requests):
        with traffic.serving(variant) as assigned:
            seen.append(assigned.config)
    return seen


@pytest.mark.parametrize("share", [0.05, 0.1, 1 / 3, 0.5])
def test_the_next_fleet_gets_its_share_at_any_time(share):
    traffic = Traffic(fleet("old"), "real-time")
    traffic.shift(fleet("new"), share)
    seen = configs(traffic, 2000)
    for start in range(0, 2000, 50):
        for length in (50, 500, 2000):
            part = seen[start : start + length]
            assert abs(part.count("new") - share * len(part)) <= 3


def test_all_traffic_is_restored_or_completed():
    old, new = fleet("old"), fleet("new")
    traffic = Traffic(old, "real-time")
    traffic.shift(new, 0.5)
    traffic.restore(new)
    assert set(configs(traffic, 20)) == {"old"}
    traffic.shift(new, 1.0)
    assert set(configs(traffic, 20)) == {"new"}
    assert traffic.fleet is old
    assert traffic.complete(new) is old
    assert traffic.fleet is new


class SlowToChoose(Fleet):
    """A fleet that is replaced while it chooses a server."""

    def __init__(self, *arguments):
        super().__init__(*arguments)
        self.chosen = threading.Event()

    def hold(self, name):
        self.chosen.set()
        time.sleep(0.2)
        return super().hold(name)


def test_a_stopped_fleet_receives_no_request():
    server = PretendedServer({})
    old = SlowToChoose("old", [Variant(VariantPlan("v", 1.0, {}, "arn:role"), server)])
    traffic, seen = Traffic(old, "real-time"), []

    def invoke():
        with traffic.serving(None) as assigned:
            seen.append((assigned.config, server.stopped.wait(0.2)))

    asker = threading.Thread(target=invoke)
    asker.start()
    assert old.chosen.wait(5)
    traffic.complete(fleet("new")).retire()
    asker.join()
    assert seen == [("old", False)]
    assert server.stopped.is_set()


def test_a_deleted_endpoint_accepts_no_request():
    old, new = fleet("old"), fleet("new")
    traffic = Traffic(old, "real-time")
    traffic.shift(new, 0.5)
    assert traffic.close() == [old, new]
    with pytest.raises(NoTrafficError), traffic.serving(None):
        pass
    with pytest.raises(NoTrafficError):
        traffic.complete(new)


def test_weights_count_from_the_next_request_on():
    served = fleet("c", "a", "b")
    traffic = Traffic(served, "real-time")
    served.adjust({"a": {"weight": 0.0}})
    for _ in range(50):
        with traffic.serving(None) as assigned:
            assert assigned.plan.name == "b"
    with traffic.serving("a") as assigned:
        assert assigned.plan.name == "a"


def test_a_serverless_variant_answers_no_more_at_once_than_it_may():
    traffic = Traffic(
        fleet("c", instance_count=None, serverless={"MaxConcurrency": 2}), "serverless"
    )
    with contextlib.ExitStack() as requests:
        for _ in range(2):
            requests.enter_context(traffic.serving(None))
        with pytest.raises(ThrottledError):
            requests.enter_context(traffic.serving(None))
    with traffic.serving(None):
        pass


@pytest.mark.parametrize("leave", ["complete", "restore"])
def test_retiring_fleets_are_waited_for(leave):
    old, new = fleet("old"), fleet("new")
    traffic = Traffic(old, "real-time")
    traffic.shift(new, 0.5)
    getattr(traffic, leave)(new)
    leaving = {"complete": old, "restore": new}[leave]
    waiting = threading.Thread(target=traffic.wait_for_retired)
    waiting.start()
    waiting.join(0.1)
    assert waiting.is_alive()
    leaving.stop()
    waiting.join(5)
    assert not waiting.is_alive()
