"""The model server in the image's environment: gunicorn and Flask, like AWS's own.

It behaves like sagemaker-containers 2.8.6 with the handlers of the scikit-learn container:
model_fn, input_fn, predict_fn and output_fn, or transform_fn, from the module in SAGEMAKER_PROGRAM,
with the same defaults and statuses. It must be valid on Python 3.8.

Usage: ``model_server_child.py SOCKET_FD``, a listening socket. Each request must have the value of
the variable EMULATOR_MODEL_SERVER_TOKEN in ``X-Emulator-Token``.
"""

from __future__ import annotations

import hmac
import importlib
import io
import json
import os
import sys
import traceback
from types import ModuleType
from typing import Any, cast

import flask
import numpy as np
from gunicorn.app.base import BaseApplication

CODE_DIR = "/opt/ml/code"
JSON, CSV, NPY = "application/json", "text/csv", "application/x-npy"


class Request(flask.Request):
    """A request with the container's defaults."""

    @property
    def body(self) -> str | bytes:
        """Text for JSON and CSV, bytes for other types."""
        return self.get_data(as_text=self.sent_type in (JSON, CSV))

    @property
    def sent_type(self) -> str:
        """The content type as it was sent, including parameters."""
        return self.headers.get("Content-Type") or JSON

    @property
    def wanted_type(self) -> str:
        """The Accept header, or the container's default."""
        default = os.environ.get("SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT", JSON)
        accept = self.headers.get("Accept")
        return accept if accept and accept != "*/*" else default


def default_model_fn(model_dir: str) -> Any:
    """Fail: only the script can load its model."""
    raise NotImplementedError(f"the script has no model_fn to load the model in {model_dir}")


def default_input_fn(body: Any, content_type: str) -> Any:
    """Parse JSON, CSV or NPY into an array."""
    if content_type == JSON:
        return np.array(json.loads(body), dtype=np.float32)
    if content_type == CSV:
        return np.genfromtxt(io.StringIO(body), dtype=np.float32, delimiter=",")
    if content_type == NPY:
        return np.load(io.BytesIO(body), allow_pickle=True)
    raise ValueError(f"Content type {content_type} is not supported; write an input_fn for it")


def default_predict_fn(data: Any, model: Any) -> Any:
    """Invoke the model."""
    return model.predict(data)


def default_output_fn(prediction: Any, accept: str) -> flask.Response:
    """Serialize an array as JSON, CSV or NPY."""
    if accept == JSON:
        body = json.dumps(prediction, default=lambda array: array.tolist())
    elif accept == CSV:
        stream = io.StringIO()
        np.savetxt(stream, prediction, delimiter=",", fmt="%s")
        body = stream.getvalue()
    elif accept == NPY:
        stream = io.BytesIO()
        np.save(stream, prediction)
        body = stream.getvalue()
    else:
        raise ValueError(f"Accept type {accept} is not supported; write an output_fn for it")
    return flask.Response(body, mimetype=accept)


class Handlers:
    """The script's functions, with defaults for missing ones."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self._transform_fn = getattr(module, "transform_fn", None)
        others = [name for name in ("input_fn", "predict_fn", "output_fn") if hasattr(module, name)]
        if self._transform_fn and others:
            raise ValueError(f"the script has a transform_fn, so it must not have {others}")
        self._model: Any = None

    def load_model(self) -> None:
        """Load the model; called once per worker."""
        model_fn = getattr(self._module, "model_fn", default_model_fn)
        self._model = model_fn(os.environ["SM_MODEL_DIR"])

    def transform(self, request: Request) -> Any:
        """Handle one request."""
        sent_type, accept = request.sent_type, request.wanted_type
        if self._transform_fn:
            result = self._transform_fn(self._model, request.body, sent_type, accept)
        else:
            data = getattr(self._module, "input_fn", default_input_fn)(request.body, sent_type)
            predict = getattr(self._module, "predict_fn", default_predict_fn)
            output = getattr(self._module, "output_fn", default_output_fn)
            result = output(predict(data, self._model), accept)
        if isinstance(result, tuple):
            body, mimetype = cast("tuple[Any, str]", result)
            return flask.Response(body, mimetype=mimetype)
        return result


class ModelServer(BaseApplication):
    """gunicorn with one model per worker."""

    def __init__(self, socket_fd: int, token: str) -> None:
        self._socket_fd = socket_fd
        self._token = token
        super().__init__()

    def load_config(self) -> None:
        """Read the container's variables."""
        timeout = int(os.environ.get("SAGEMAKER_MODEL_SERVER_TIMEOUT", "60"))
        workers = os.environ.get("SAGEMAKER_MODEL_SERVER_WORKERS") or os.cpu_count() or 1
        settings = {
            "bind": f"fd://{self._socket_fd}",
            "workers": int(workers),
            # Keeps connections open, and handles one request at a time, like the image's workers.
            "worker_class": "gthread",
            "threads": 1,
            "keepalive": 3600,
            "timeout": timeout,
            "loglevel": "warning",
        }
        for name, value in settings.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Import the script and load the model; a failure ends the server."""
        program = os.environ.get("SAGEMAKER_PROGRAM")
        handlers, fault = None, "SAGEMAKER_PROGRAM is not set"
        if program:
            # An error here ends the server, as in the container.
            name = program[:-3] if program.endswith(".py") else program
            handlers = Handlers(importlib.import_module(name.replace("/", ".")))
            try:
                handlers.load_model()
                fault = None
            except Exception:
                fault = traceback.format_exc()
        if fault:
            sys.stderr.write(fault + "\n")
            sys.stderr.flush()
        return make_application(handlers, fault, self._token)


def make_application(handlers: Handlers | None, fault: str | None, token: str) -> flask.Flask:
    """Return the two routes; a worker without a model stays unhealthy."""
    application = flask.Flask("model_server")
    application.request_class = Request

    @application.before_request
    def only_the_emulator() -> flask.Response | None:
        given = flask.request.headers.get("X-Emulator-Token", "")
        if not hmac.compare_digest(given.encode(), token.encode()):
            return flask.Response("call the endpoint through the emulator", 403)
        return None

    @application.route("/ping", methods=["GET"])
    def ping() -> flask.Response:
        return flask.Response(status=500 if fault else 200)

    @application.route("/invocations", methods=["POST"])
    def invocations() -> Any:
        if fault or handlers is None:
            return flask.Response(status=500)
        return handlers.transform(cast("Request", flask.request))

    return application


if __name__ == "__main__":
    # The script's folder, instead of this file's.
    sys.path[0] = CODE_DIR
    ModelServer(int(sys.argv[1]), os.environ.pop("EMULATOR_MODEL_SERVER_TOKEN")).run()
