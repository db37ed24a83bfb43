"""Parameters of Systems Manager: requesting a missing name does not create it."""

from typing import Any

from moto.ssm.models import SimpleSystemManagerBackend

from emulator.aws.patching import wrap


def install() -> None:
    """Remove names from moto's store that no parameter has."""
    for name in ("describe_parameters", "get_parameters_by_path"):
        wrap(SimpleSystemManagerBackend, name, _without_absent)


def _without_absent(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    # In moto, requesting history or tags of a missing name creates it without a version, which
    # makes later lists fail.
    for name in [name for name, versions in list(self._parameters.items()) if not versions]:
        self._parameters.pop(name, None)
    return original(self, *args, **kwargs)
