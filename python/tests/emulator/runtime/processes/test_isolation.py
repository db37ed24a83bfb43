import logging
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from emulator.runtime.processes import isolation as isolation_module
from emulator.runtime.processes.isolation import IsolationError, PathShim, detect_isolation
from emulator.runtime.processes.overlay import make_overlay
from emulator.runtime.processes.supervised import Command, SupervisedProcess, base_environment

SYSTEM_PYTHON = "/usr/bin/python3"
PROBES = """
    import glob, io, os, pathlib, shutil, sys, tarfile, tempfile, zipfile
    import joblib, numpy, pandas
    assert open("/opt/ml/given").read() == io.open("/opt/ml/given").read() == "given"
    assert pathlib.Path("/opt/ml/given").read_text() == "given"
    assert os.path.isfile(b"/opt/ml/given") and pathlib.Path("/opt/ml").is_dir()
    assert [path.name for path in pathlib.Path("/opt/ml").iterdir()] == ["given"]
    assert len(glob.glob("/opt/ml/*")) == len(list(pathlib.Path("/opt/ml").rglob("*"))) == 1
    assert [names for _, _, names in os.walk("/opt/ml")] == [["given"]]
    os.makedirs("/opt/ml/a/b")
    shutil.copytree("/opt/ml/a", "/opt/ml/c")
    shutil.rmtree("/opt/ml/a")
    assert not os.path.exists("/opt/ml/a") and os.path.isdir("/opt/ml/c/b")
    pathlib.Path("/opt/ml/d").mkdir()
    pathlib.Path("/opt/ml/d/x").write_text("1")
    pathlib.Path("/opt/ml/d/x").rename("/opt/ml/d/y")
    os.replace("/opt/ml/d/y", "/opt/ml/d/z")
    pathlib.Path("/opt/ml/d/z").unlink()
    shutil.copy("/opt/ml/given", "/opt/ml/e")
    shutil.move("/opt/ml/e", "/opt/ml/f")
    os.symlink("/opt/ml/given", "/opt/ml/link")
    assert open("/opt/ml/link").read() == "given"
    pathlib.Path("/opt/ml/probe_module.py").write_text("NAME = 1")
    sys.path.append("/opt/ml")
    import probe_module
    numpy.save("/opt/ml/n.npy", numpy.zeros(2))
    assert numpy.load("/opt/ml/n.npy").shape == (2,)
    joblib.dump([1], "/opt/ml/j")
    assert joblib.load("/opt/ml/j") == [1]
    pandas.DataFrame({"a": [1]}).to_csv("/opt/ml/p.csv", index=False)
    assert pandas.read_csv(open("/opt/ml/p.csv")).shape == (1, 1)
    with tempfile.NamedTemporaryFile(dir="/opt/ml"):
        pass
    with tarfile.open("/opt/ml/t.tgz", "w:gz") as tar:
        tar.add("/opt/ml/given", arcname="given")
    with zipfile.ZipFile("/opt/ml/t.zip", "w") as archive:
        archive.write("/opt/ml/given")
    os.chdir("/opt/ml/c")
    assert os.listdir(".") == ["b"]
    assert open("/etc/hosts").read() is not None
"""


@pytest.fixture
def root(tmp_path):
    """A folder with one file, to be shown as /opt/ml."""
    root = tmp_path / "ml"
    root.mkdir()
    (root / "given").write_text("given")
    return root


@pytest.fixture
def run(tmp_path, root):
    """Run a command that sees the folder as /opt/ml."""

    def run(isolation, arguments, cwd="/opt/ml", **variables):
        python = make_overlay(Path(sys.executable), tmp_path / "python")
        environment = {**base_environment(python.parent), **variables}
        command = isolation.apply(Command(arguments, environment, cwd), root)
        process = SupervisedProcess(command, grace_seconds=0)
        with process.stdout as stdout:
            output = stdout.read().decode()
        return process.wait(), output

    return run


def test_python_code_sees_its_own_folder(run, root, each_isolation):
    code, output = run(each_isolation, ["python3", "-c", textwrap.dedent(PROBES)])

    assert code == 0, output
    assert (root / "c" / "b").is_dir()
    assert not Path("/opt/ml/given").exists()


def test_arguments_variables_and_working_directory_use_the_folder(run, each_isolation):
    script = 'cat "$0" "$HERE/given" given; cat $(echo --path=/opt/ml/given | cut -d= -f2)'
    code, output = run(each_isolation, ["/bin/sh", "-c", script, "/opt/ml/given"], HERE="/opt/ml")

    assert (code, output) == (0, "given" * 4)


def test_a_mount_namespace_shows_all_programs_the_folder_and_the_rest_of_opt(run, isolation):
    if isinstance(isolation, PathShim):
        pytest.skip("mount namespaces do not work here")
    path = "/opt/m" + "l"  # must not be rewritten
    code, output = run(isolation, ["/bin/sh", "-c", f"cat {path}/given; ls /opt; id -u"])

    assert code == 0, output
    others = {entry.name for entry in Path("/opt").iterdir()} | {"ml"}
    assert output.removeprefix("given").split() == [*sorted(others), str(os.getuid())]


@pytest.mark.parametrize("text", ["/opt/mlflow", "/data/opt/ml/x", "/opt/ml.bak/x", "/opt/ml-old"])
def test_the_shim_leaves_other_paths_alone(text):
    command = PathShim().apply(Command([text], {"A": text}, text), Path("/root"))

    assert (command.arguments, command.environment["A"], command.cwd) == ([text], text, text)


def test_the_shim_is_chosen_and_logged_if_namespaces_do_not_work(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(isolation_module, "_mount_namespace_works", lambda: False)

    with caplog.at_level(logging.WARNING):
        assert detect_isolation(tmp_path / "absent").name == "path shim"

    assert "sqlite3" in caplog.text
    assert "programs other than Python" in caplog.text


def test_fails_if_a_real_opt_ml_exists_and_only_the_shim_works(monkeypatch, tmp_path):
    monkeypatch.setattr(isolation_module, "_mount_namespace_works", lambda: False)

    with pytest.raises(IsolationError, match="Remove or rename"):
        detect_isolation(tmp_path)


def test_a_failing_probe_means_no_namespaces(monkeypatch):
    monkeypatch.setattr(isolation_module, "base_environment", lambda: {"PATH": "/nowhere"})

    assert not isolation_module._mount_namespace_works()


@pytest.mark.skipif(os.getuid() != 0, reason="becomes a plain user")
def test_a_plain_user_keeps_its_own_id(isolation):
    if isinstance(isolation, PathShim) or not Path(SYSTEM_PYTHON).exists():
        pytest.skip("needs mount namespaces and a Python that everybody may run")
    code = """
        import os, sys, tempfile
        supervisor = {"__name__": "supervisor"}
        exec(sys.stdin.read(), supervisor)
        root = tempfile.mkdtemp()
        open(root + "/given", "w").close()
        try:
            supervisor["mount_on_opt_ml"](root)
        except PermissionError as error:
            sys.exit(f"skip {error}")
        print(os.getuid(), os.listdir("/opt/ml"))
    """
    source = Path(isolation_module.__file__).with_name("supervisor.py").read_text()

    run = subprocess.run(
        [SYSTEM_PYTHON, "-c", textwrap.dedent(code)],
        input=source,
        capture_output=True,
        text=True,
        check=False,
        cwd="/",
        user=65534,
        group=65534,
        extra_groups=[],
    )

    if run.stderr.startswith("skip"):
        pytest.skip("user namespaces are shut here")
    assert run.stdout == "65534 ['given']\n", run.stderr
