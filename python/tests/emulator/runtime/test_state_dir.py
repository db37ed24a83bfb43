import subprocess
import sys
from pathlib import Path

from emulator.runtime.state_dir import new_directory, run_directory

PYTHON_ROOT = Path(__file__).parents[3]
HOLD = """
import sys
from pathlib import Path
from emulator.runtime.state_dir import new_directory
print(new_directory(Path(sys.argv[1]), "jobs", "x"), flush=True)
sys.stdin.read()
"""


def hold(state_dir):
    """Start a process with the folders of another emulator."""
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, state_dir],
        env={"PYTHONPATH": str(PYTHON_ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def _first_line(process):
    assert process.stdout
    return Path(process.stdout.readline().strip())


def test_folders_of_dead_emulators_are_removed_except_environments(tmp_path):
    (tmp_path / "environments").mkdir()
    (tmp_path / "failed-jobs" / "old").mkdir(parents=True)
    with hold(tmp_path) as other:
        left = _first_line(other)
        other.kill()
    assert left.is_dir()

    run_directory(tmp_path)

    assert not left.exists()
    assert not (tmp_path / "failed-jobs").exists()
    assert (tmp_path / "environments").is_dir()


def test_folders_of_a_running_emulator_are_kept(tmp_path):
    with hold(tmp_path) as other:
        living = _first_line(other)
        (tmp_path / "failed-jobs" / "its").mkdir(parents=True)

        own = new_directory(tmp_path, "jobs", "x")

        assert living.is_dir()
        assert (tmp_path / "failed-jobs" / "its").is_dir()
        assert own.parent.parent != living.parent.parent
        assert other.stdin
        other.stdin.close()
