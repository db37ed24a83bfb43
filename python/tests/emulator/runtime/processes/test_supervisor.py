import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from emulator.runtime.processes.supervised import (
    Command,
    SupervisedProcess,
    all_at_once,
    base_environment,
)
from tests.patience import LIMIT_SECONDS

PYTHON_ROOT = Path(__file__).parents[4]


@pytest.fixture
def run():
    """Start a shell command; it is killed after the test."""
    processes = []

    def run(script, **options):
        command = Command(["/bin/sh", "-c", script], base_environment(), "/")
        process = SupervisedProcess(command, **{"grace_seconds": 0.3, **options})
        processes.append(process)
        return process

    yield run
    for process in processes:
        process.kill()
        process.stdout.close()


def test_gives_output_and_exit_code(run):
    process = run("echo out; echo err >&2; exit 5")

    assert process.stdout.read() == b"out\nerr\n"
    assert process.wait() == 5


def test_a_signal_is_128_plus_its_number(run):
    assert run("kill -SEGV $$").wait() == 128 + signal.SIGSEGV


def test_a_program_that_does_not_exist_is_127():
    command = Command(["no-such-program"], base_environment(), "/")
    process = SupervisedProcess(command, grace_seconds=0)

    assert b"cannot start no-such-program" in process.stdout.read()
    process.stdout.close()
    assert process.wait() == 127


def test_a_missing_working_directory_fails():
    command = Command(["true"], base_environment(), "/no/such/folder")
    process = SupervisedProcess(command, grace_seconds=0)

    assert b"/no/such/folder" in process.stdout.read()
    process.stdout.close()
    assert process.wait() == 127


def test_only_pip_gets_credentials_of_proxies_and_indexes(monkeypatch):
    monkeypatch.setenv("HOME", "/home/of-the-developer")
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "user:secret@127.0.0.1:9")
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("TMPDIR", "/home/me@work/tmp")
    monkeypatch.setenv(
        "PIP_EXTRA_INDEX_URL", "https://a.example/simple https://t:s@b.example/simple"
    )
    monkeypatch.setenv("GITHUB_TOKEN", "secret")
    names = ("HOME", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "TMPDIR", "PIP_EXTRA_INDEX_URL")

    child = base_environment(home="/own")
    pip = base_environment(home="/own", installs_packages=True)

    assert {name for name in names if name in child} == {"HOME", "HTTP_PROXY", "TMPDIR"}
    assert child["HOME"] == "/own"
    assert {*names} <= {*pip}
    assert pip["HOME"] == "/home/of-the-developer"
    for variables in (child, pip):
        assert "GITHUB_TOKEN" not in variables
        assert variables["AWS_CONFIG_FILE"] == os.devnull
        assert variables["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
        assert variables["AWS_EC2_METADATA_DISABLED"] == "true"
        assert variables["OMP_WAIT_POLICY"] == "passive"


def test_calls_run_in_parallel_and_a_failure_is_raised_when_all_have_ended():
    together = threading.Barrier(3, timeout=LIMIT_SECONDS)
    ended = []

    def call(number):
        together.wait()
        ended.append(number)
        if number == 1:
            raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        all_at_once([lambda number=number: call(number) for number in range(3)])

    assert sorted(ended) == [0, 1, 2]


def test_niceness_is_added(run):
    process = run("nice", nice=10)

    assert int(process.stdout.read()) == os.nice(0) + 10


def test_terminate_reaches_the_whole_group(run):
    process = run("sleep 60 & echo started; wait; sleep 60")
    process.stdout.readline()
    process.terminate()

    assert process.wait(LIMIT_SECONDS) == 128 + signal.SIGTERM


def test_a_process_that_ignores_sigterm_is_killed_after_the_grace_period(run):
    process = run("trap '' TERM; echo started; sleep 60; sleep 60")
    process.stdout.readline()
    started = time.monotonic()
    process.terminate()

    assert process.wait(LIMIT_SECONDS) == 128 + signal.SIGKILL
    assert time.monotonic() - started >= 0.3


def test_terminate_after_the_end_does_nothing(run):
    process = run("true")
    process.wait()

    process.terminate()


@pytest.mark.skipif(sys.platform != "linux", reason="needs a subreaper")
def test_a_daemon_does_not_outlive_its_command(run, wait_until_gone):
    process = run("setsid sh -c 'echo $$; exec sleep 60' & sleep 0.2")

    daemon = int(process.stdout.readline())
    process.wait(5)

    wait_until_gone(daemon)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_child_outlives_its_emulator(wait_until_gone, number):
    code = """
        from emulator.runtime.processes.supervised import Command, SupervisedProcess
        from emulator.runtime.processes.supervised import base_environment
        script = "trap '' TERM; sleep 60 & echo $$ $!; wait; sleep 60"
        command = Command(["/bin/sh", "-c", script], base_environment(), "/")
        process = SupervisedProcess(command, grace_seconds=60)
        print(process.stdout.readline().decode(), flush=True)
        process.wait()
    """
    with subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        env={**os.environ, "PYTHONPATH": str(PYTHON_ROOT)},
        stdout=subprocess.PIPE,
    ) as emulator:
        assert emulator.stdout
        children = [int(text) for text in emulator.stdout.readline().split()]
        assert len(children) == 2
        emulator.send_signal(number)

    for child in children:
        wait_until_gone(child)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_to_the_supervisor_also_ends_the_command(run, wait_until_gone, number):
    process = run("echo $$; sleep 60")
    child = int(process.stdout.readline())
    os.kill(process._process.pid, number)

    process.wait(5)
    wait_until_gone(child)


@pytest.mark.skipif(sys.platform != "linux", reason="needs the death signal of a parent")
def test_a_killed_supervisor_leaves_nothing_behind_and_is_137(run, wait_until_gone):
    process = run("sleep 60 & echo $$ $!; wait; sleep 60")
    children = [int(text) for text in process.stdout.readline().split()]
    os.kill(process._process.pid, signal.SIGKILL)

    assert process.wait(LIMIT_SECONDS) == 128 + signal.SIGKILL
    for child in children:
        wait_until_gone(child)
