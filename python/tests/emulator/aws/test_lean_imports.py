import subprocess
import sys
from pathlib import Path

PYTHON_DIR = Path(__file__).parents[3]


def run(*lines):
    code = "\n".join(("import sys", *lines))
    subprocess.run([sys.executable, "-c", code], cwd=PYTHON_DIR, check=True)


def test_services_load_without_ec2_which_stays_importable():
    run(
        "from emulator.aws.lean_imports import import_services",
        "import_services(); assert not [m for m in sys.modules if m.startswith('moto.ec2')]",
        "from moto.batch.utils import JobStatus; assert len(JobStatus) > 2",
        "from moto.applicationautoscaling.models import applicationautoscaling_backends as scaling",
        "ecs = scaling['123456789012']['us-east-1'].ecs_backend",
        "ecs.create_cluster('one'); assert ecs.list_clusters()",
        "from moto.ecs import ecs_backends",
        "assert ecs_backends['123456789012']['us-east-1'].list_clusters() == ecs.list_clusters()",
        "assert 'moto.ec2' in sys.modules",
    )


def test_an_emulator_starts_without_ec2(tmp_path):
    command = ["-X", "importtime", "-m", "emulator", "--exit-with-stdin", "--state-dir", tmp_path]
    ended = subprocess.run(
        [sys.executable, *command],
        cwd=PYTHON_DIR,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    assert b"moto.sagemaker.models" in ended.stderr
    assert b"moto.ec2" not in ended.stderr
