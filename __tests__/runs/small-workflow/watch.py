"""The smallest monitor: counts what was captured; a label file "hang-monitor" makes it hang, one
named "drift" or "quality" is the verdict."""

import argparse
import json
import tarfile
import time
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--start", required=True)
parser.add_argument("--end", required=True)
parser.add_argument("--metric", required=True)
arguments = parser.parse_args()

inputs = Path("/opt/ml/processing/input")
output = Path("/opt/ml/processing/output/report")
if (inputs / "labels/hang-monitor").is_file():
    time.sleep(600)
with tarfile.open(inputs / "model/model.tar.gz") as model:
    model.getmember("model.json")
times = [
    json.loads(line)["eventMetadata"]["inferenceTime"]
    for file in (inputs / "capture").rglob("*.jsonl")
    for line in file.read_text().splitlines()
]
rows = sum(arguments.start[:19] <= time[:19] < arguments.end[:19] for time in times)
history = inputs / "history/report.json"
earlier = json.loads(history.read_text()) if history.is_file() else []
(output / "report.json").write_text(json.dumps([*earlier, rows]))
(output / "report.html").write_text(f"<p>{rows}</p>")
verdict = {
    "Verdict": "ok" if rows > 0 else "silence",
    "Reasons": [] if rows > 0 else ["nothing was captured"],
    "Features": [],
    "Rows": rows,
    "Metrics": {"Rows": rows, "Runs": len(earlier) + 1},
}
for name in ("drift", "quality"):
    if (inputs / "labels" / name).is_file():
        verdict |= {"Verdict": name, "Reasons": [f"{name} was asked for", "and more"]}
(output / "verdict.json").write_text(json.dumps(verdict))
