import http.client
import io
import json
import os
import signal
import threading
import time
from dataclasses import replace

import numpy as np
import pytest

from emulator.runtime.environments import Environments
from emulator.runtime.model_servers.server import ModelServer, ModelServerError
from tests.patience import FOR_EVER, LIMIT_SECONDS

JSON = {"Content-Type": "application/json"}
DOUBLE = (
    "def model_fn(model_dir):\n    return type('M', (), {'predict': lambda self, x: x * 2})()\n"
)


@pytest.fixture
def start(host, s3, tar_gz):
    """Start a server from the text of inference.py."""
    servers = []

    def start(code, files=(), environment=(), on=host, **changes):
        s3.put("m/model.tar.gz", tar_gz({"code/inference.py": code, **dict(files)}))
        container = {
            "Image": "sagemaker-scikit-learn:1.2-1-cpu-py3",
            "ModelDataUrl": "s3://bucket/m/model.tar.gz",
            "Environment": {
                "SAGEMAKER_PROGRAM": "inference.py",
                "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code",
                "SAGEMAKER_MODEL_SERVER_WORKERS": "1",
                **dict(environment),
            },
        }
        options = {
            "log_group": "/aws/sagemaker/Endpoints/e",
            "log_stream": "primary/i-1",
            **changes,
        }
        server = ModelServer.start(on, "primary", container, "arn:role", **options)
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop()


def test_serves_a_model_with_the_scripts_functions(
    start, aws, host, state_dir, each_isolation, wait_until
):
    server = start(
        """
        import json, os
        import helper
        def model_fn(model_dir):
            print("loading")
            return open(os.path.join(model_dir, "weights.txt")).read()
        def input_fn(body, content_type):
            assert isinstance(body, str) and content_type == "application/json"
            return json.loads(body)["instances"]
        def predict_fn(data, model):
            return [f"{model}{helper.MARK}{row}" for row in data]
        def output_fn(prediction, accept):
            return json.dumps({"predictions": prediction}), accept
        """,
        files={"weights.txt": "w", "code/helper.py": "MARK = '!'"},
        on=replace(host, isolation=each_isolation),
    )

    response = server.invoke(b'{"instances": [1, 2]}', JSON)

    assert response.status == 200
    assert response.headers["Content-Type"].startswith("application/json")
    assert json.loads(response.body) == {"predictions": ["w!1", "w!2"]}
    wait_until(lambda: "loading" in aws.log("/aws/sagemaker/Endpoints/e"), "its log is delivered")
    server.stop()
    assert not list(state_dir.glob("run-*/model-servers/*"))


def test_the_defaults_read_and_write_json_csv_and_npy(start):
    server = start(DOUBLE)
    array = io.BytesIO()
    np.save(array, np.array([[1.5, 2]]))

    for body, sent, accept, expected in [
        (b"[[1, 2], [3, 4]]", "application/json", "*/*", b"[[2.0, 4.0], [6.0, 8.0]]"),
        (b"1,2\n3,4\n", "text/csv", "text/csv", b"2.0,4.0\n6.0,8.0\n"),
        (array.getvalue(), "application/x-npy", "application/json", b"[[3.0, 4.0]]"),
    ]:
        response = server.invoke(body, {"Content-Type": sent, "Accept": accept})
        assert (response.status, response.body) == (200, expected)
    response = server.invoke(b"[1]", {**JSON, "Accept": "application/x-npy"})
    assert np.load(io.BytesIO(response.body)).tolist() == [2.0]


def test_statuses_are_those_of_the_container(start):
    server = start(DOUBLE)

    def status(body, headers):
        return server.invoke(body, headers).status

    assert status(b"not json", JSON) == 500
    assert status(b"1", {"Content-Type": "text/plain"}) == 500
    assert status(b"1,2", {"Content-Type": "text/csv; charset=utf-8"}) == 500
    assert status(b"[1]", {**JSON, "Accept": "image/png"}) == 500
    assert status(b"[1]", {**JSON, "Accept": "text/csv, */*"}) == 500
    request = server._served.connections.request
    assert request("GET", "/ping", {}, b"", 5).body == b""
    assert request("POST", "/ping", {}, b"", 5).status == 405
    assert request("GET", "/invocations", {}, b"", 5).status == 405
    assert b"<title>500" in server.invoke(b"not json", JSON).body


def test_fails_for_requests_without_the_token(start):
    server = start(DOUBLE)
    port = server._served.connections._port
    for headers in ({}, {"X-Emulator-Token": "guessed"}):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=LIMIT_SECONDS)
        connection.request("POST", "/invocations", b"[1]", {**JSON, **headers})
        response = connection.getresponse()
        assert (response.status, response.read()) == (
            403,
            b"call the endpoint through the emulator",
        )
        connection.close()
    # A client of the endpoint cannot replace the emulator's token.
    assert server.invoke(b"[1]", {**JSON, "X-Emulator-Token": "guessed"}).status == 200


def test_what_output_fn_may_return(start):
    server = start(
        DOUBLE
        + """
def input_fn(body, content_type):
    return body
def predict_fn(data, model):
    return data
def output_fn(prediction, accept):
    import flask
    return {
        "response": flask.Response("bad row", status=400),
        "text": "hello",
        "dict": {"a": 1},
        "none": None,
        "three": ("a", "b", "c"),
    }[prediction]
"""
    )

    responses = {
        name: server.invoke(name.encode(), JSON)
        for name in ("response", "text", "dict", "none", "three")
    }

    statuses = [response.status for response in responses.values()]
    assert statuses == [400, 200, 200, 500, 500]
    assert responses["response"].body == b"bad row"
    assert responses["text"].headers["Content-Type"].startswith("text/html")
    assert json.loads(responses["dict"].body) == {"a": 1}


def test_transform_fn_replaces_and_excludes_the_others(start):
    transform = DOUBLE + "def transform_fn(model, body, sent, accept): return body + sent, accept\n"
    response = start(transform).invoke(b"x", {"Content-Type": "text/x", "Accept": "text/y"})
    # The body of a type other than JSON and CSV is bytes.
    assert response.status == 500
    transform = transform.replace("body + sent", "body")
    response = start(transform).invoke(b"x", {"Content-Type": "text/x", "Accept": "text/y"})
    assert (response.status, response.body) == (200, b"x")
    assert response.headers["Content-Type"].startswith("text/y")

    with pytest.raises(ModelServerError, match=r"must not have \['input_fn'\]"):
        start(transform + "def input_fn(body, content_type): return body\n")


@pytest.mark.parametrize(
    ("code", "environment", "reason"),
    [
        ("def model_fn(d): raise OSError('no weights')", {}, "no weights"),
        ("import nothing_such", {}, "No module named 'nothing_such'"),
        ("x = 1", {}, "no model_fn"),
        (DOUBLE, {"SAGEMAKER_PROGRAM": ""}, "SAGEMAKER_PROGRAM is not set"),
        (DOUBLE, {"SAGEMAKER_SUBMIT_DIRECTORY": ""}, "No module named 'inference'"),
        (DOUBLE, {"SAGEMAKER_SUBMIT_DIRECTORY": "file:///code"}, "file:///code"),
    ],
)
def test_an_unhealthy_server_has_a_reason_and_is_stopped(
    start, state_dir, code, environment, reason
):
    with pytest.raises(ModelServerError) as raised:
        start(code, environment=environment)

    assert reason in str(raised.value)
    assert not list(state_dir.glob("run-*/model-servers/*"))


@pytest.mark.parametrize("act", ["import time; time.sleep(60)", "import os; os._exit(9)"])
def test_a_server_that_is_healthy_too_late_is_stopped(start, act):
    with pytest.raises(ModelServerError, match="did not pass the ping health check"):
        start(f"def model_fn(d):\n    {act}", startup_seconds=1)


def test_a_missing_or_broken_model_archive_is_named(start, s3, monkeypatch):
    monkeypatch.setattr(s3, "put", lambda *_: None)
    with pytest.raises(ModelServerError, match=r"s3://bucket/m/model\.tar\.gz.*NoSuchKey"):
        start(DOUBLE)
    monkeypatch.undo()
    monkeypatch.setattr(s3, "get_object", lambda **_: {"Body": io.BytesIO(b"no archive")})
    with pytest.raises(ModelServerError, match=r"cannot unpack s3://bucket/m/model\.tar\.gz"):
        start(DOUBLE)


def test_requirements_that_cannot_be_installed_are_a_reason(start):
    with pytest.raises(ModelServerError, match=r"cannot install -r requirements\.txt"):
        start(DOUBLE, files={"code/requirements.txt": "/no/such/package"})


def test_an_image_without_environment_is_a_reason(start, host):
    class Unmapped(Environments):
        def python_for_image(self, image_uri):
            return super().python_for_image("other:1")

    with pytest.raises(ModelServerError, match="no Python environment is mapped"):
        start(DOUBLE, on=replace(host, environments=Unmapped()))


def test_idle_connections_that_the_server_closed_do_not_matter(start):
    server = start(DOUBLE)
    assert server.invoke(b"[1]", JSON).status == 200
    for connection in server._served.connections._idle:
        connection.shutdown(2)

    assert server.invoke(b"[1]", JSON).status == 200


def test_concurrent_requests_are_all_answered_and_a_dead_worker_is_replaced(start):
    server = start(
        DOUBLE + "def input_fn(body, content_type):\n"
        "    import os, json; data = json.loads(body)\n"
        "    if data == 'die': os._exit(1)\n"
        "    import numpy; return numpy.array(data)\n",
        environment={"SAGEMAKER_MODEL_SERVER_WORKERS": "2"},
    )
    statuses = []
    threads = [
        threading.Thread(target=lambda: statuses.append(server.invoke(b"[1]", JSON).status))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with pytest.raises(ModelServerError, match="not responding"):
        server.invoke(b'"die"', JSON)

    assert statuses == [200] * 8
    assert server.invoke(b"[1]", JSON).status == 200


def test_answers_do_not_wait_for_acknowledgements(start):
    server = start(DOUBLE)
    seconds = []
    for _ in range(15):
        started = time.monotonic()
        server.invoke(b"[1]", JSON)
        seconds.append(time.monotonic() - started)

    assert min(seconds) < 0.04  # Nagle's algorithm would make each of them 0.04


def test_a_stopped_server_is_gone(start):
    server = start(DOUBLE)
    server.stop()

    with pytest.raises(ModelServerError, match="not responding"):
        server.invoke(b"[1]", JSON)


def test_a_killed_server_does_not_wait_for_a_request(start, tmp_path, wait_until):
    under_way = tmp_path / "under-way"
    asked = (
        "def input_fn(body, content_type):\n"
        f"    open({str(under_way)!r}, 'w').close()\n"
        f"    import time; time.sleep({FOR_EVER})\n"
    )
    server = start(DOUBLE + asked)
    answers = []

    def invoke():
        with pytest.raises(ModelServerError, match="not responding"):
            server.invoke(b"[1]", JSON)
        answers.append("none")

    request = threading.Thread(target=invoke)
    request.start()
    wait_until(under_way.exists, "the request is under way")
    server.kill()
    request.join(LIMIT_SECONDS)

    assert answers == ["none"]


@pytest.mark.parametrize("victim", ["server", "supervisor"])
def test_a_server_that_was_killed_is_started_again(start, aws, wait_until, victim):
    told = (
        "def input_fn(body, content_type):\n"
        "    import os, numpy; return numpy.array([os.getppid()])\n"
    )
    server = start(DOUBLE + told)
    first = json.loads(server.invoke(b"[]", JSON).body)[0] // 2
    supervisor = server._served.process
    os.kill(first if victim == "server" else supervisor._process.pid, signal.SIGKILL)
    wait_until(lambda: server._served.process is not supervisor, "another process serves")

    response = server.invoke(b"[]", JSON)

    assert response.status == 200
    assert json.loads(response.body)[0] // 2 != first
    assert "The container has ended; it is started again" in aws.log("/aws/sagemaker/Endpoints/e")


def test_a_server_that_is_not_to_be_started_again_stays_ended(start):
    server = start(DOUBLE)
    server.no_restarts()
    os.kill(server._served.process._process.pid, signal.SIGKILL)
    server._logger.join(LIMIT_SECONDS)

    with pytest.raises(ModelServerError, match="not responding"):
        server.invoke(b"[1]", JSON)
