"""The arguments and SM_* variables that AWS's training toolkit passes to a training script.

Source: sagemaker-training 4.8.0, the release in the scikit-learn images
(environment.py, mapping.py, params.py).
"""

from __future__ import annotations

import json
import os
import shlex
from typing import Any, cast

from emulator.runtime.jobs.job import Job
from emulator.runtime.requests.parts import part

CODE_DIR = "/opt/ml/code"
_PROGRAM, _SUBMIT_DIRECTORY = "sagemaker_program", "sagemaker_submit_directory"
_LOG_LEVEL = "sagemaker_container_log_level"
# The toolkit's own settings; other hyperparameters starting with "sagemaker_" are the framework's.
_OWN = frozenset(
    {
        *(_PROGRAM, _SUBMIT_DIRECTORY, _LOG_LEVEL, "sagemaker_enable_cloudwatch_metrics"),
        *("sagemaker_region", "sagemaker_job_name", "sagemaker_s3_output"),
        *("default_user_module_name", "_tuning_objective_metric"),
    }
)


class ScriptMode:
    """The toolkit's view of a training job.

    Parameters
    ----------
    request : dict
        The CreateTrainingJob request.
    resource_config, input_data_config : dict
        Contents of the files below /opt/ml/input/config.
    """

    def __init__(
        self,
        request: dict[str, Any],
        resource_config: dict[str, Any],
        input_data_config: dict[str, Any],
    ):
        given = part(request, "HyperParameters")
        parsed = {key: _parse(value) for key, value in given.items()}
        environment = part(request, "Environment")
        self._own = {key: value for key, value in parsed.items() if key in _OWN}
        self._framework = {
            key: value
            for key, value in parsed.items()
            if key.startswith("sagemaker_") and key not in _OWN
        }
        self._hyperparameters = {
            key: value
            for key, value in parsed.items()
            if key not in self._own and key not in self._framework
        }
        self._job_name = request["TrainingJobName"]
        self._region = self._own.get("sagemaker_region") or ""
        self._resource_config = resource_config
        self._input_data_config = input_data_config
        program = environment.get("SAGEMAKER_PROGRAM") or self._own.get(_PROGRAM)
        self.program: str | None = str(program) if program else None
        self.submit_directory = str(self._own.get(_SUBMIT_DIRECTORY) or CODE_DIR)
        self._framework_module = environment.get("SAGEMAKER_TRAINING_MODULE")

    def arguments(self) -> list[str]:
        """Return the hyperparameters as arguments of the script."""
        arguments: list[str] = []
        for key, value in sorted(self._hyperparameters.items()):
            arguments += [f"--{key}" if len(key) > 1 else f"-{key}", _argument(value)]
        return arguments

    def commands(self, job: Job) -> list[list[str]]:
        """Return the commands for the unpacked source: installation, if any, then the script."""
        program = self.program or ""
        files = {path.name for path in job.local(CODE_DIR).iterdir()}
        if program.endswith(".sh") or not (program.endswith(".py") or "setup.py" in files):
            if program in files:
                job.local(f"{CODE_DIR}/{program}").chmod(0o755)
            return [["/bin/sh", "-c", f"./{program} {shlex.join(self.arguments())}"]]
        python = str(job.python)
        requirements = ["-r", "requirements.txt"] if "requirements.txt" in files else []
        install = [python, "-m", "pip", "install"]
        if "setup.py" in files:
            script = ["-m", program.removesuffix(".py")]
            return [[*install, ".", *requirements], [python, *script, *self.arguments()]]
        script = [python, program, *self.arguments()]
        return [[*install, *requirements], script] if requirements else [script]

    def variables(self) -> dict[str, str]:
        """Return the environment variables of the script."""
        shared = self._shared()
        values = {
            **shared,
            "hps": self._hyperparameters,
            "framework_params": self._framework,
            "channels": sorted(self._input_data_config),
            "training_env": self._training_env(shared),
            "user_args": self.arguments(),
            **{f"channel_{name}": path for name, path in self._channels().items()},
            **{f"hp_{key}": value for key, value in self._hyperparameters.items()},
        }
        return {
            **{f"SM_{key.upper()}": _variable(value) for key, value in values.items()},
            "CURRENT_HOST": self._resource_config["current_host"],
            "SAGEMAKER_JOB_NAME": _text(self._own.get("sagemaker_job_name")),
            **({"SAGEMAKER_REGION": self._region} if self._region else {}),
            "PYTHONPATH": CODE_DIR,
        }

    def _channels(self) -> dict[str, str]:
        return {name: f"/opt/ml/input/data/{name}" for name in self._input_data_config}

    def _shared(self) -> dict[str, Any]:
        """Return the values that have the same name in the variables and in SM_TRAINING_ENV."""
        config = self._resource_config
        groups = {group["instance_group_name"]: group for group in config["instance_groups"]}
        return {
            "current_host": config["current_host"],
            "current_instance_group": config["current_group_name"],
            "current_instance_group_hosts": config["hosts"],
            "current_instance_type": config["current_instance_type"],
            "distribution_instance_groups": [],
            "framework_module": self._framework_module,
            "hosts": config["hosts"],
            "input_config_dir": "/opt/ml/input/config",
            "input_data_config": self._input_data_config,
            "input_dir": "/opt/ml/input",
            "instance_groups": list(groups),
            "instance_groups_dict": groups,
            "is_hetero": False,
            "log_level": self._own.get(_LOG_LEVEL, 20),
            "model_dir": "/opt/ml/model",
            "module_dir": self.submit_directory,
            "module_name": (self.program or "").removesuffix(".py"),
            "network_interface_name": config["network_interface_name"],
            "num_cpus": os.cpu_count(),
            "num_gpus": 0,
            "num_neurons": 0,
            "output_data_dir": "/opt/ml/output/data",
            "output_dir": "/opt/ml/output",
            "output_intermediate_dir": "/opt/ml/output/intermediate",
            "resource_config": config,
            "user_entry_point": self.program,
        }

    def _training_env(self, shared: dict[str, Any]) -> dict[str, Any]:
        return {
            **shared,
            "additional_framework_parameters": self._framework,
            "channel_input_dirs": self._channels(),
            "distribution_hosts": [],
            "hyperparameters": self._hyperparameters,
            "is_master": True,
            "is_modelparallel_enabled": None,
            "is_smddpmprun_installed": False,
            "is_smddprun_installed": False,
            "job_name": self._job_name,
            "master_hostname": self._resource_config["current_host"],
        }


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _argument(value: Any) -> str:
    if not isinstance(value, dict):
        return _text(value)
    pairs = cast("dict[str, Any]", value)
    return ",".join(f"{name}={item}" for name, item in sorted(pairs.items()))


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _variable(value: Any) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
