import io
import json
import textwrap
import threading
import zipfile

import pytest

from emulator.runtime.errors import UnsupportedError
from emulator.runtime.functions import function as function_module
from emulator.runtime.functions import sandbox
from emulator.runtime.functions.function import FunctionSpec, check_function
from emulator.runtime.functions.runner import FunctionRunner
from tests.patience import LIMIT_SECONDS

GROUP = "/aws/lambda/evaluate"


@pytest.fixture
def functions(host):
    functions = FunctionRunner(host)
    yield functions
    functions.close()


@pytest.fixture
def function():
    """Return a function from the text of its module."""

    def make(code, **changes):
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w") as archive:
            archive.writestr("module.py", textwrap.dedent(code))
        values = {
            "arn": "arn:aws:lambda:us-east-1:123456789012:function:evaluate",
            "name": "evaluate",
            "version": "$LATEST",
            "runtime": "python3.11",
            "handler": "module.handler",
            "timeout_seconds": 5,
            "memory_mb": 256,
            "environment": {},
            "code_zip": stream.getvalue(),
            "code_sha256": str(hash(code)),
            "role_arn": "arn:aws:iam::123456789012:role/lambda",
            "log_group": GROUP,
        }
        return FunctionSpec(**{**values, **changes})

    return make


def test_a_handler_gets_event_context_and_variables(functions, function, aws):
    spec = function(
        """
        import logging, os
        logging.getLogger().setLevel("INFO")
        def handler(event, context):
            logging.info("asked for %s", event["n"])
            print("printed")
            return {
                "n": event["n"] + 1,
                "text": "é",
                "name": context.function_name,
                "arn": context.invoked_function_arn,
                "left": 4000 < context.get_remaining_time_in_millis() <= 5000,
                "key": os.environ["AWS_ACCESS_KEY_ID"],
                "stage": os.environ["STAGE"],
                "stream": context.log_stream_name == os.environ["AWS_LAMBDA_LOG_STREAM_NAME"],
            }
        """,
        environment={"STAGE": "dev"},
    )

    result = functions.invoke(spec, '{"n": 1}')

    assert not result.errored
    assert json.loads(result.payload) == {
        "n": 2,
        "text": "é",
        "name": "evaluate",
        "arn": spec.arn,
        "left": True,
        "key": "AKIAROLE",
        "stage": "dev",
        "stream": True,
    }
    lines = aws.log(GROUP)
    assert lines == result.log.splitlines()
    assert [line.split()[0] for line in lines] == ["START", "[INFO]", "printed", "END", "REPORT"]
    assert lines[1].endswith("asked for 1")


def test_a_process_is_reused_until_the_code_changes(functions, function):
    counting = "n = 0\ndef handler(event, context):\n    global n; n += 1; return n"

    first, second = (functions.invoke(function(counting), "{}").payload for _ in range(2))
    changed = functions.invoke(function(counting + " + 100"), "{}").payload

    assert (first, second, changed) == ("1", "2", "101")


def test_idle_processes_end_with_the_runner(functions, function, wait_until_gone):
    spec = function("import os\ndef handler(event, context): return os.getpid()")
    process = int(functions.invoke(spec, "{}").payload)
    functions.close()
    wait_until_gone(process)


def test_invocations_run_in_parallel(functions, function, tmp_path):
    spec = function(
        f"""
        import os, time
        def handler(event, context):
            open({str(tmp_path)!r} + f"/{{event}}", "w").close()
            while len(os.listdir({str(tmp_path)!r})) < 3:
                time.sleep(0.01)
            return event
        """,
        timeout_seconds=LIMIT_SECONDS,
    )
    payloads = []
    threads = [
        threading.Thread(target=lambda n=n: payloads.append(functions.invoke(spec, n).payload))
        for n in "123"
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(payloads) == ["1", "2", "3"]


@pytest.mark.parametrize(
    ("code", "error_type", "message"),
    [
        ("def handler(e, c):\n    raise KeyError('absent')", "KeyError", "'absent'"),
        (
            "class MetricsMissing(Exception): pass\n"
            "def handler(e, c):\n    raise MetricsMissing('no file')",
            "MetricsMissing",
            "no file",
        ),
        ("def handler(e, c):\n    return {1, 2}", "Runtime.MarshalError", "set is not JSON"),
        (
            "def handler(e, c):\n    return '\\ud800'",
            "Runtime.MarshalError",
            "surrogates not allowed",
        ),
        ("import nothing_such", "Runtime.ImportModuleError", "No module named 'nothing_such'"),
        ("def handler(:", "Runtime.UserCodeSyntaxError", "Syntax error in module 'module'"),
        ("raise ValueError('at import')", "ValueError", "at import"),
        ("other = 1", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'module'"),
        (
            "import os\ndef handler(e, c):\n    print('last words', flush=True); os._exit(7)",
            "Runtime.ExitError",
            "Runtime exited with error: exit status 7",
        ),
        ("import os, signal\nos.kill(os.getpid(), 9)", "Runtime.ExitError", "signal: killed"),
    ],
)
def test_errors_have_awss_names(functions, function, code, error_type, message):
    spec = function(code)

    # The second time in a reused process, or after one that died.
    for result in (functions.invoke(spec, "{}"), functions.invoke(spec, "{}")):
        error = json.loads(result.payload)
        assert result.errored
        assert error["errorType"] == error_type
        assert message in error["errorMessage"]
        assert message in result.log


def test_the_stack_trace_shows_the_function_and_not_the_runtime(functions, function):
    spec = function("def handler(e, c):\n    return deeper()\ndef deeper():\n    return 1 / 0")

    error = json.loads(functions.invoke(spec, "{}").payload)

    assert [line.split("in ")[1].split("\n")[0] for line in error["stackTrace"]] == [
        "handler",
        "deeper",
    ]


def test_a_function_that_takes_too_long_is_killed(functions, function, wait_until_gone):
    spec = function(
        "import os, time\ndef handler(e, c):\n    print(os.getpid(), flush=True); time.sleep(60)",
        timeout_seconds=0.5,
    )

    result = functions.invoke(spec, "{}")

    error = json.loads(result.payload)
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Error: Task timed out after 0.50 seconds")
    wait_until_gone(int(result.log.splitlines()[1]))


def test_a_long_log_is_cut_and_a_large_response_is_refused(functions, function, monkeypatch):
    monkeypatch.setattr(sandbox, "MAX_OUTPUT_BYTES", 1000)
    monkeypatch.setattr(sandbox, "MAX_ANSWER_BYTES", 100)
    spec = function("def handler(event, context):\n    print('x' * 5000)\n    return 'y' * event")

    assert json.loads(functions.invoke(spec, "98").payload) == "y" * 98
    result = functions.invoke(spec, "99")

    assert result.errored
    assert json.loads(result.payload) == {
        "errorType": "Function.ResponseSizeTooLarge",
        "errorMessage": "Response payload size (101 bytes) exceeded maximum allowed payload size "
        "(100 bytes).",
    }
    assert result.log.count("[the log is cut here") == 1
    assert len(result.log) < 2000


def test_a_function_has_a_home_of_its_own_and_no_credentials(functions, function, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@127.0.0.1:9")
    monkeypatch.setenv("PIP_INDEX_URL", "https://token:secret@127.0.0.1/simple")
    monkeypatch.setenv("PIP_DEFAULT_TIMEOUT", "7")
    spec = function("import os\ndef handler(event, context): return dict(os.environ)")

    variables = json.loads(functions.invoke(spec, "{}").payload)

    assert variables["HOME"] == variables["LAMBDA_TASK_ROOT"]
    assert variables["PIP_DEFAULT_TIMEOUT"] == "7"
    assert "secret" not in str(variables)


def test_a_large_event_and_result_pass(functions, function):
    spec = function("def handler(event, context): return event")
    event = json.dumps("x" * 2_000_000)

    assert functions.invoke(spec, event).payload == event


def test_code_larger_than_lambda_takes_is_refused(functions, function, monkeypatch):
    monkeypatch.setattr(function_module, "MAX_CODE_BYTES", 20)
    spec = function("def handler(event, context): return 'more than twenty bytes'")

    with pytest.raises(function_module.CodeTooLargeError, match="must be smaller than 20 bytes"):
        functions.invoke(spec, "{}")


def test_a_function_that_is_not_a_python_zip_is_refused():
    check_function("python3.12")
    with pytest.raises(UnsupportedError, match=r"cannot run 'nodejs20\.x'"):
        check_function("nodejs20.x")
    with pytest.raises(UnsupportedError, match=r"PackageType.*'Image'"):
        check_function(None, "Image")
