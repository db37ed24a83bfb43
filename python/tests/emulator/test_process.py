"""The emulator as a process."""

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlparse

import pytest

from tests.patience import LIMIT_SECONDS

PYTHON_DIR = Path(__file__).parents[2]


class Process:
    """A started emulator."""

    def __init__(self, state_dir, *arguments):
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "emulator", "--state-dir", str(state_dir), *arguments],
            env={**os.environ, "PYTHONPATH": str(PYTHON_DIR), "AWS_PROFILE": "of-the-user"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ready(self):
        assert self.popen.stdout is not None
        return json.loads(self.popen.stdout.readline())


@pytest.fixture
def start(tmp_path):
    started = []

    def create(*arguments):
        started.append(Process(tmp_path / "state", *arguments))
        return started[-1]

    yield create
    for process in started:
        process.popen.kill()
        process.popen.wait()
        for pipe in (process.popen.stdin, process.popen.stdout, process.popen.stderr):
            pipe.close()


def send_request(endpoint, path="/_emulator"):
    connection = http.client.HTTPConnection(urlparse(endpoint).netloc, timeout=LIMIT_SECONDS)
    answers = []
    for _ in range(2):  # on one connection
        connection.request("GET", path)
        response = connection.getresponse()
        answers.append(json.loads(response.read()))
        assert response.version == 11
        assert not response.will_close
    connection.close()
    return answers[0]


def test_it_prints_where_it_is_describes_itself_and_stops_on_sigterm(start):
    process = start("--time-scale", "0.5")
    ready = process.ready()
    key = {"accessKeyId", "secretAccessKey"}
    described = {"endpoint", "account", "region", "timeScale", "isolation", "pid"}
    assert set(ready) == key | described
    assert (ready["account"], ready["region"]) == ("123456789012", "us-east-1")
    assert (ready["timeScale"], ready["pid"]) == (0.5, process.popen.pid)
    description = send_request(ready["endpoint"])
    assert description["endpoint"] == ready["endpoint"]
    assert set(description) == described | {"versions"}
    assert description["versions"]["moto"] == "5.2.5"
    process.popen.send_signal(signal.SIGTERM)
    assert process.popen.wait(LIMIT_SECONDS) == 0
    assert "Traceback" not in process.popen.stderr.read()


def test_it_stops_at_the_end_of_standard_input_on_request(start):
    process = start("--exit-with-stdin")
    process.ready()
    process.popen.stdin.close()
    assert process.popen.wait(LIMIT_SECONDS) == 0


def test_its_working_files_are_removed_when_it_stops(start, tmp_path):
    process = start()
    process.ready()
    assert list((tmp_path / "state").glob("run-*"))
    process.popen.send_signal(signal.SIGTERM)
    process.popen.wait(LIMIT_SECONDS)
    assert not list((tmp_path / "state").glob("run-*"))


def test_fails_when_the_port_is_taken(start):
    port = str(urlparse(start().ready()["endpoint"]).port)
    second = start("--port", port)
    assert second.popen.wait(LIMIT_SECONDS) == 2
    assert f"port {port} of 127.0.0.1 is taken" in second.popen.stderr.read()


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (
            ["--faults", "missing.json"],
            "--faults missing.json must be a file with fault rules: No such file or directory",
        ),
        (
            ["--mocks", "missing.json"],
            "--mocks missing.json must be a file with mocks: No such file or directory",
        ),
        (["--time-scale", "2"], "must be above 0 and at most 1, got '2'"),
        (["--time-scale", "fast"], "must be above 0 and at most 1, got 'fast'"),
    ],
)
def test_fails_for_bad_arguments(start, arguments, problem):
    process = start(*arguments)
    assert process.popen.wait(LIMIT_SECONDS) == 2
    assert problem in process.popen.stderr.read()


def test_fault_rules_come_from_a_file(start, tmp_path):
    rules = tmp_path / "faults.json"
    rules.write_text('{"faults": [{"operation": "states:Nothing", "error": "E"}]}')
    process = start("--faults", str(rules))
    assert process.popen.wait(LIMIT_SECONDS) == 2
    assert "faults[0].operation" in process.popen.stderr.read()
