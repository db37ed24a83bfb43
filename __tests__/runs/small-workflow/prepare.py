"""The smallest preprocessing that the workflow accepts; data with a file "hang" make it hang."""

import argparse
import shutil
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--input-data", type=Path, required=True)
parser.add_argument("--output-data", type=Path, required=True)
arguments = parser.parse_args()

if (arguments.input_data / "hang").is_file():
    time.sleep(600)
for name in ("train", "test", "holdout"):
    shutil.copytree(arguments.input_data, arguments.output_data / name)
