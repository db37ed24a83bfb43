"""The smallest comparison that the gate accepts; a file "hang-comparison" makes it hang."""

import argparse
import json
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--challenger", type=Path, required=True)
parser.add_argument("--champion", type=Path)
parser.add_argument("--test-data", type=Path, required=True)
parser.add_argument("--output", type=Path, required=True)
parser.add_argument("--metric", required=True)
arguments = parser.parse_args()

if (arguments.test_data / "hang-comparison").is_file():
    time.sleep(600)
if arguments.champion is None:
    comparison = {"status": "first-release", "reason": "nothing serves yet"}
else:
    found = {"metric": "score", "value": 1, "low": 0.9, "high": 1.1, "confidence": 0.95}
    comparison = {"status": "compared", "difference": found}
(arguments.output / "comparison.json").write_text(json.dumps(comparison))
