"""The smallest training that the workflow accepts; --behave makes it misbehave, --aim may vary."""

import argparse
import json
import os
import tarfile
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--behave", default="well")
parser.add_argument("--aim", type=float)
arguments = parser.parse_args()
behave = arguments.behave

if behave == "checkpoint":
    # Begins anew until a copy of "done" comes back, and leaves one file less than it wrote.
    folder = Path("/opt/ml/checkpoints")
    if not (folder / "done").exists():
        (folder / "started").write_text("")
        (folder / "done").write_text("")
        time.sleep(60)
    (folder / "started").unlink()
if behave == "hang" or (behave == "hang-first" and "-001-" in os.environ["TRAINING_JOB_NAME"]):
    time.sleep(600)
if behave == "fail":
    raise SystemExit("told to fail")
model_dir = Path(os.environ["SM_MODEL_DIR"])
answer = {"absurd": 1e6, "better": 43}.get(behave, 42)
model = {"answer": answer, "broken": behave == "broken", "failing": behave == "failing"}
(model_dir / "model.json").write_text(json.dumps(model))
for bundle in Path(os.environ["SM_CHANNEL_CODE"]).glob("*.tar.gz"):
    with tarfile.open(bundle) as archive:
        archive.extractall(model_dir / "code")
metrics = {"score": 1.0}
if arguments.aim is not None:
    metrics["score"] -= (arguments.aim - 0.7) ** 2
    print(f"score: {metrics['score']}")
if behave != "forget":
    evaluation = Path(os.environ["SM_OUTPUT_DATA_DIR"]) / "evaluation.json"
    evaluation.write_text(json.dumps(metrics))
