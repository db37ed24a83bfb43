"""The emulator process: ``python -m emulator``."""

import argparse
import gc
import json
import logging
import os
import platform
import resource
import signal
import sys
import tempfile
import threading
from importlib.metadata import version
from pathlib import Path
from typing import Any

from emulator.aws.account import ACCOUNT, REGION
from emulator.aws.clients import EmulatedAws, remove_aws_settings
from emulator.aws.faults import FaultRuleError, Faults
from emulator.aws.mock_file import MockFile, MockFileError
from emulator.front.access_keys import new_access_key
from emulator.runtime.state_dir import remove_run_directory, run_directory

LOG = logging.getLogger("emulator")

_WANTED_OPEN_FILES = 65_536

# Service models and parsed definitions are millions of objects that stay: with Python's own
# thresholds, looking through them for garbage is a third of the work.
_GARBAGE_THRESHOLDS = (50_000, 20, 50)


def main(arguments: list[str] | None = None) -> int:
    """Run the emulator until it is stopped; return the exit code."""
    options = _parse(arguments)
    _set_up_logging()
    gc.set_threshold(*_GARBAGE_THRESHOLDS)
    remove_aws_settings()
    _allow_many_open_files()
    try:
        faults = Faults(json.loads(options.faults.read_text()) if options.faults else None)
    except (FaultRuleError, OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else error
        return _refuse(f"--faults {options.faults} must be a file with fault rules: {reason}")
    try:
        mocks = MockFile(options.mocks)
    except MockFileError as error:
        return _refuse(f"--mocks {error}")
    return _serve(options, faults, mocks)


def _set_up_logging() -> None:
    logging.basicConfig(
        stream=sys.stderr, level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s"
    )
    LOG.setLevel(logging.INFO)
    # moto logs the repr of every failed task, which the execution's history contains.
    logging.getLogger("moto").setLevel(logging.CRITICAL)


def _serve(options: Any, faults: Faults, mocks: MockFile) -> int:
    from emulator import server
    from emulator.assembly import Emulator
    from emulator.aws.patching import MotoMismatchError
    from emulator.aws.permissions.access_keys import known_keys
    from emulator.front.admission import Admission
    from emulator.runtime.processes.isolation import IsolationError

    try:
        listener = server.bind(options.port)
    except server.PortTakenError as error:
        return _refuse(str(error))
    port, key = listener.getsockname()[1], new_access_key()
    endpoint = f"http://{server.HOST}:{port}"
    state_dir = options.state_dir.resolve()
    _keep_temporary_files_in(run_directory(state_dir) / "objects")
    try:
        emulator = Emulator(
            EmulatedAws(endpoint, key),
            faults,
            state_dir,
            options.time_scale,
            allow_records=options.allow_records,
            mocks=mocks,
        )
    except (MotoMismatchError, IsolationError) as error:
        return _refuse(str(error))
    ready = _ready(endpoint, options.time_scale, emulator.isolation)
    versions = {name: version(name) for name in ("moto", "boto3", "jsonata-python")}
    description = {**ready, "versions": {"python": platform.python_version(), **versions}}
    admission = Admission(port, key, known_keys(key), any_key=options.any_key)
    application = server.Application(lambda: description, faults, emulator.kept, admission)
    http = server.serve_on(listener, application)
    threading.Thread(target=http.serve_forever, name="http", daemon=True).start()
    stopped = _stop_requests(options.exit_with_stdin)
    keys = {"accessKeyId": key.id, "secretAccessKey": key.secret}
    print(json.dumps({**ready, **keys}), flush=True)  # noqa: T201 - the line that parent processes wait for
    stopped.wait()
    LOG.info("stopping")
    emulator.close()
    remove_run_directory(state_dir)
    return 0


def _ready(endpoint: str, time_scale: float, isolation: str) -> dict[str, Any]:
    return {
        "endpoint": endpoint,
        "account": ACCOUNT,
        "region": REGION,
        "timeScale": time_scale,
        "isolation": isolation,
        "pid": os.getpid(),
    }


def _parse(arguments: list[str] | None) -> Any:
    parser = argparse.ArgumentParser(
        prog="emulator", description="The AWS services of the workflow, on this machine."
    )
    parser.add_argument("--port", type=int, default=0, help="port on 127.0.0.1 (0: a free one)")
    parser.add_argument(
        "--time-scale",
        type=_time_scale,
        default=1.0,
        help="factor for waits, retry intervals, alarm periods and the waits of deployments, above "
        "0 and at most 1 (default: 1)",
    )
    parser.add_argument("--state-dir", type=Path, default=Path(".emulator"), help="working files")
    parser.add_argument("--faults", type=Path, help="JSON file with fault rules")
    parser.add_argument(
        "--mocks", type=Path, help="JSON file with answers of tasks, as for Step Functions Local"
    )
    parser.add_argument(
        "--allow-records",
        action="store_true",
        help="let moto answer operations that the emulator does not run, with bare records",
    )
    parser.add_argument(
        "--any-key",
        action="store_true",
        help="accept any access key, and unsigned requests: any program and user of this machine "
        "may then call",
    )
    parser.add_argument(
        "--exit-with-stdin", action="store_true", help="stop when standard input ends"
    )
    return parser.parse_args(arguments)


def _time_scale(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"must be above 0 and at most 1, got {text!r}")
    return value


def _refuse(message: str) -> int:
    print(f"emulator: {message}", file=sys.stderr)  # noqa: T201
    return 2


def _allow_many_open_files() -> None:
    # Every large S3 object is an open temporary file, every model server has a few pipes.
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _WANTED_OPEN_FILES if hard == resource.RLIM_INFINITY else min(hard, _WANTED_OPEN_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _keep_temporary_files_in(directory: Path) -> None:
    # If /tmp is in memory, object bodies would be in memory, too.
    directory.mkdir(parents=True, exist_ok=True)
    tempfile.tempdir = str(directory)


def _stop_requests(exit_with_stdin: bool) -> threading.Event:
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    if exit_with_stdin:

        def wait_for_end() -> None:
            while os.read(sys.stdin.fileno(), 4096):
                pass
            stopped.set()

        threading.Thread(target=wait_for_end, name="stdin", daemon=True).start()
    return stopped


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)  # freeing all objects takes longer than the rest of the shutdown
