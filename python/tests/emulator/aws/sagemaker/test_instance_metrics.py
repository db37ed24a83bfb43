"""The load of endpoints, from what their servers use."""

import pytest

from emulator.aws.faults import Faults
from emulator.aws.sagemaker import instance_metrics
from emulator.aws.sagemaker.endpoints import Endpoints
from emulator.aws.sagemaker.fleet import Fleet, Variant, VariantPlan
from emulator.aws.sagemaker.instance_metrics import InstanceMetrics
from emulator.aws.sagemaker.traffic import Traffic
from emulator.runtime.processes.usage import Usage, machine_memory_bytes
from tests.emulator.aws.pretended import PretendedServer

GIB = 1024**3


@pytest.fixture
def published(monkeypatch):
    """Collect what is published: values by variant and metric."""
    found = []
    monkeypatch.setattr(instance_metrics, "put_metrics", found.extend)

    def values():
        taken = {(one.dimensions["VariantName"], one.name): one.value for one in found}
        for one in found:
            assert (one.namespace, one.unit) == ("/aws/sagemaker/Endpoints", "Percent")
            assert one.dimensions["EndpointName"] == "e"
        found.clear()
        return taken

    return values


@pytest.fixture
def serve():
    """Return the metrics of an endpoint with the given variants, and their servers."""

    def start(**variants):
        servers = {name: PretendedServer({}) for name in variants}
        endpoints = Endpoints(lambda *_args, **_kwargs: PretendedServer({}), Faults())
        fleet = Fleet(
            "config",
            [
                Variant(VariantPlan(name, 1, {}, "role", **changes), servers[name])
                for name, changes in variants.items()
            ],
        )
        endpoints._traffic["e"] = Traffic(fleet, "real-time")
        return InstanceMetrics(endpoints, 1), servers

    return start


def test_processors_are_measured_between_two_looks_and_memory_at_each(serve, published):
    metrics, servers = serve(primary={}, other={})
    servers["primary"].used = Usage(cpu_seconds=10, memory_bytes=machine_memory_bytes() // 4)
    metrics.measure(100)
    assert published() == {("primary", "MemoryUtilization"): pytest.approx(25)}
    # One and a half processors, for ten seconds.
    servers["primary"].used = Usage(cpu_seconds=25, memory_bytes=machine_memory_bytes() // 2)
    metrics.measure(110)
    assert published() == {
        ("primary", "MemoryUtilization"): pytest.approx(50),
        ("primary", "CPUUtilization"): pytest.approx(150),
    }


def test_a_server_that_was_started_again_counts_from_zero(serve, published):
    metrics, servers = serve(primary={})
    servers["primary"].used = Usage(cpu_seconds=100, memory_bytes=1)
    metrics.measure(100)
    servers["primary"].used = Usage(cpu_seconds=2, memory_bytes=1)
    metrics.measure(110)
    assert published()["primary", "CPUUtilization"] == pytest.approx(20)


def test_of_a_serverless_endpoint_only_its_memory_is_measured(serve, published):
    sizes = {"MemorySizeInMB": 2048, "MaxConcurrency": 1}
    metrics, servers = serve(primary={"instance_count": None, "serverless": sizes})
    for now in (100, 110):
        servers["primary"].used = Usage(cpu_seconds=now, memory_bytes=GIB)
        metrics.measure(now)
    assert published() == {("primary", "MemoryUtilization"): pytest.approx(50)}


def test_nothing_is_published_where_the_machine_does_not_tell(serve, published):
    metrics, _ = serve(primary={})
    metrics.measure(100)
    assert published() == {}
