"""The whole emulator: services, and the runtime behind them."""

import functools
from pathlib import Path

from emulator.aws import Cloud
from emulator.aws.clients import EmulatedAws
from emulator.aws.faults import Faults
from emulator.aws.mock_file import MockFile
from emulator.aws.runners import Runners
from emulator.runtime.environments import Environments, UnmappedImageError
from emulator.runtime.errors import UnsupportedError
from emulator.runtime.functions.runner import FunctionRunner
from emulator.runtime.host import Host
from emulator.runtime.jobs.runner import JobRunner
from emulator.runtime.model_servers.server import ModelServer
from emulator.runtime.processes.isolation import detect_isolation
from emulator.runtime.tuning.study import StudyProposer


class Emulator:
    """Services connected to the runtime.

    Parameters
    ----------
    state_dir : Path
        Folder for working files and image environments.
    time_scale : float
        Factor for waits and retry intervals.
    allow_records : bool
        Whether moto answers operations that the emulator does not run.
    mocks : MockFile, optional
        Answers of tasks.
    """

    def __init__(
        self,
        aws: EmulatedAws,
        faults: Faults,
        state_dir: Path,
        time_scale: float,
        *,
        allow_records: bool = False,
        mocks: MockFile | None = None,
    ):
        # Resolved: an environment contains its path, and would be built again at another.
        environments = Environments((state_dir / "environments").resolve())
        host = Host(state_dir, aws, environments, detect_isolation())
        self.isolation = host.isolation.name
        self._functions = FunctionRunner(host)
        runners = Runners(
            jobs=JobRunner(host),
            functions=self._functions,
            check_image=functools.partial(_check_image, environments),
            start_model_server=functools.partial(ModelServer.start, host),
            start_study=functools.partial(StudyProposer, environments),
            image_manifest=environments.manifest_for_image,
        )
        self._cloud = Cloud(
            aws, runners, faults, time_scale, allow_records=allow_records, mocks=mocks
        )
        self.kept = {"audit": self._cloud.audit, "mails": self._cloud.mails}

    def close(self) -> None:
        """Stop all running parts."""
        self._cloud.close()
        self._functions.close()


def _check_image(environments: Environments, uri: str) -> None:
    try:
        environments.name_for_image(uri)
    except UnmappedImageError as error:
        raise UnsupportedError(str(error)) from error
