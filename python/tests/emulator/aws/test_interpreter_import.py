import subprocess
import sys
from pathlib import Path

PYTHON_DIR = Path(__file__).parents[3]


def test_the_interpreter_comes_without_ec2_and_batch_can_still_be_had():
    code = (
        "import sys; from emulator.aws.stepfunctions.interpreter_import import import_interpreter\n"
        "import_interpreter(); assert 'moto.ec2' not in sys.modules\n"
        "from moto.batch.utils import JobStatus; assert len(JobStatus) > 2\n"
    )
    subprocess.run([sys.executable, "-c", code], cwd=PYTHON_DIR, check=True)
