"""Parameters of Systems Manager: a name that was only asked for is not one that there is."""

from typing import Any

from moto.ssm.models import SimpleSystemManagerBackend

from emulator.aws.patching import wrap


def install() -> None:
    """Keep what moto lists free of what it never had."""
    for name in ("describe_parameters", "get_parameters_by_path"):
        wrap(SimpleSystemManagerBackend, name, _without_absent)


def _without_absent(original: Any, self: Any, *args: Any, **kwargs: Any) -> Any:
    # Asking for the history or the tags of a missing name leaves it with no version, over which
    # each later list would stumble.
    for name in [name for name, versions in list(self._parameters.items()) if not versions]:
        self._parameters.pop(name, None)
    return original(self, *args, **kwargs)
