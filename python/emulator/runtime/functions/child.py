"""The program of a function's process: a sandbox that handles invocations one at a time.

Invocations are JSON lines on standard input; responses are JSON lines on the descriptor that the
first argument names, after a line ``ready`` once the handler is imported. Names and messages of
errors are those of AWS's Python runtime.
"""

from __future__ import annotations

import importlib
import json
import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

_LOG_FORMAT = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"


class Context:
    """The context object of a handler."""

    identity = None
    client_context = None

    def __init__(self, invocation: dict[str, Any]):
        self.aws_request_id = invocation["requestId"]
        self.invoked_function_arn = invocation["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self._ends_at = time.monotonic() + invocation["timeoutSeconds"]

    def get_remaining_time_in_millis(self) -> int:
        """Return the time until the function times out."""
        return max(0, int((self._ends_at - time.monotonic()) * 1000))


class _RequestId(logging.Filter):
    request_id = ""

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = self.request_id
        return True


class _RuntimeFault(Exception):  # noqa: N818
    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = f"Runtime.{name}"


def _load_handler(handler: str) -> Callable[..., Any]:
    module_name, dot, function_name = handler.rpartition(".")
    if not dot:
        reason = "not enough values to unpack (expected 2, got 1)"
        raise _RuntimeFault("MalformedHandlerName", f"Bad handler '{handler}': {reason}")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        text = f"Unable to import module '{module_name}': {error}"
        raise _RuntimeFault("ImportModuleError", text) from error
    except SyntaxError as error:
        text = f"Syntax error in module '{module_name}': {error}"
        raise _RuntimeFault("UserCodeSyntaxError", text) from error
    function = getattr(module, function_name, None)
    if function is None:
        text = f"Handler '{function_name}' missing on module '{module_name}'"
        raise _RuntimeFault("HandlerNotFound", text)
    return function


def _describe(error: Exception, request_id: str) -> dict[str, Any]:
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__]
    return {
        "errorMessage": str(error),
        "errorType": getattr(error, "name", None)
        if isinstance(error, _RuntimeFault)
        else type(error).__name__,
        "requestId": request_id,
        "stackTrace": [] if isinstance(error, _RuntimeFault) else traceback.format_list(own),
    }


def _marshal(result: Any) -> str:
    try:
        text = json.dumps(result, ensure_ascii=False)
        text.encode()  # half of a surrogate pair is not text
        return text
    except (TypeError, ValueError) as error:
        text = f"Unable to marshal response: {error}"
        raise _RuntimeFault("MarshalError", text) from error


def _invoke(
    handler: Callable[..., Any] | Exception, invocation: dict[str, Any]
) -> tuple[str, bool]:
    try:
        if isinstance(handler, Exception):
            raise handler
        return _marshal(handler(json.loads(invocation["event"]), Context(invocation))), False
    except Exception as error:
        described = _describe(error, invocation["requestId"])
        lines = [f"[ERROR] {described['errorType']}: {described['errorMessage']}"]
        if described["stackTrace"]:
            lines += ["Traceback (most recent call last):", *described["stackTrace"]]
        sys.stdout.write("\n".join(line.rstrip("\n") for line in lines) + "\n")
        return json.dumps(described, ensure_ascii=False), True


def _set_up_logging() -> _RequestId:
    request_id = _RequestId()
    formatter = logging.Formatter(_LOG_FORMAT, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(formatter)
    handler.addFilter(request_id)
    logging.getLogger().addHandler(handler)
    return request_id


def main() -> None:
    """Handle invocations until standard input ends."""
    # The function's own folder, instead of this file's.
    sys.path[0] = os.environ["LAMBDA_TASK_ROOT"]
    request_id = _set_up_logging()
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as answers:
        try:
            handler = _load_handler(os.environ["_HANDLER"])
        except Exception as error:
            handler = error
        answers.write("ready\n")
        answers.flush()
        for line in sys.stdin:
            invocation = json.loads(line)
            request_id.request_id = invocation["requestId"]
            payload, errored = _invoke(handler, invocation)
            sys.stdout.flush()
            size = len(payload.encode("utf-8", "replace"))
            answer = {
                # The emulator does not read more than this limit.
                "payload": payload if size <= invocation["maxAnswerBytes"] else None,
                "size": size,
                "errored": errored,
                "initialized": not isinstance(handler, Exception),
            }
            answers.write(json.dumps(answer) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
