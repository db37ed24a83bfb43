"""A private layer over a shared Python environment, one per job or model server.

Packages that a job installs (requirements.txt) go into its layer; packages of the shared
environment count as installed, as in the image.
"""

from __future__ import annotations

import functools
import json
import shutil
import subprocess
from pathlib import Path

from emulator.runtime.processes import path_shim

_DESCRIBE = """
import json, sys, sysconfig
base = getattr(sys, "_base_executable", sys.executable)
print(json.dumps([base, sysconfig.get_paths()["purelib"], "%d.%d" % sys.version_info[:2]]))
"""
_PIP = '#!/bin/sh\nexec "{python}" -m pip "$@"\n'


def make_overlay(python: Path, directory: Path) -> Path:
    """Create a layer over a Python environment; return the layer's interpreter."""
    # Equivalent to `python -m venv` without pip, in a hundredth of its time.
    base, packages, minor_version = _describe(python)
    site_packages = directory / "lib" / f"python{minor_version}" / "site-packages"
    site_packages.mkdir(parents=True)
    (directory / "bin").mkdir()
    settings = f"home = {Path(base).parent}\ninclude-system-site-packages = false\n"
    (directory / "pyvenv.cfg").write_text(settings, "utf-8")
    new_python = directory / "bin" / "python"
    new_python.symlink_to(base)
    for alias in ("python3", f"python{minor_version}"):
        (new_python.parent / alias).symlink_to("python")
    for alias in ("pip", "pip3"):
        (new_python.parent / alias).write_text(_PIP.format(python=new_python), "utf-8")
        (new_python.parent / alias).chmod(0o755)
    shutil.copy(path_shim.__file__, site_packages / "opt_ml_shim.py")
    (site_packages / "shared_environment.pth").write_text(
        f"import opt_ml_shim\nimport site; site.addsitedir({packages!r})\n", "utf-8"
    )
    return new_python


@functools.cache
def _describe(python: Path) -> tuple[str, str, str]:
    run = subprocess.run([python, "-I", "-c", _DESCRIBE], capture_output=True, check=True)
    base, packages, minor_version = json.loads(run.stdout)
    return base, packages, minor_version
