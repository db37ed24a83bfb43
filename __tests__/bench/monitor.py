"""How often the model monitor is wrong, and what it costs.

`npm run python -- __tests__/bench/monitor.py` has three parts, which need no emulator:

- false alarms: monitor runs on requests as in training, each with a new baseline;
- power: runs in which one of eight features moved by half a standard deviation;
- cost: time and memory of the script for many captured rows, against only parsing the same lines.
"""

import argparse
import json
import os
import subprocess
import sys
import tarfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from baseline import (
    Baseline,
    Labels,
    column_of,
    numbers_of,
    with_predictions,
    write_baseline,
)
from drift import Tolerances, judge
from sketches import NumberColumns
from window import Window

NAMES = [f"x{place}" for place in range(8)]
BASELINE_ROWS, TEST_ROWS = 16_512, 4_128
SCRIPTS = Path(__file__).parents[2] / "python" / "scripts"
PARSE = """
import json, sys
for path in sys.argv[1:]:
    with open(path, encoding="utf-8") as file:
        for line in file:
            data = json.loads(line)["captureData"]
            list(map(float, data["endpointInput"]["data"].split(",")))
            json.loads(data["endpointOutput"]["data"])
"""
MEASURE = """
import resource, subprocess, sys
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, used.ru_utime + used.ru_stime, used.ru_maxrss)
"""


def rows_of(rng: np.random.Generator, rows: int, kind: str) -> np.ndarray:
    """Draw columns: all of normal values, or of the kinds that real tables have."""
    if kind == "normal":
        return rng.normal(size=(rows, 8))
    return np.column_stack(
        [
            *rng.normal(size=(2, rows)),
            rng.lognormal(size=rows),
            rng.exponential(size=rows),
            rng.integers(1, 53, rows),
            np.maximum(rng.normal(size=rows), 0),
            np.where(rng.random(rows) < 0.1, np.nan, rng.uniform(size=rows)),
            rng.standard_t(2, size=rows),
        ]
    )


def category_of(rng: np.random.Generator, rows: int) -> list[str]:
    """Draw a column of five frequent and many rare categories."""
    shares = np.array([0.4, 0.25, 0.15, 0.1, 0.05, *[0.0005] * 100])
    names = [f"c{place}" for place in range(len(shares))]
    return rng.choice(names, rows, p=shares / shares.sum()).tolist()


def predicted(rows: np.ndarray) -> np.ndarray:
    """Predict as a model would: from the first two features."""
    return 2 * rows[:, 0] - rows[:, 1]


def baseline_of(rng: np.random.Generator, kind: str) -> Baseline:
    """Return the baseline of new training data, and of predictions for new test data."""
    columns = NumberColumns(NAMES, 0)
    columns.add(rows_of(rng, BASELINE_ROWS, kind))
    answers = predicted(rows_of(rng, TEST_ROWS, kind))
    found = with_predictions(numbers_of(columns), answers, answers)
    if kind == "mixed":
        found.features.append(column_of("category", category_of(rng, BASELINE_ROWS)))
    return found


def alarms_of(
    rng: np.random.Generator, baseline: Baseline, rows: int, kind: str, shift: float
) -> set[str]:
    """Return the columns that a monitor run finds to have drifted."""
    window = Window(baseline, 0)
    table = rows_of(rng, rows, kind)
    table[:, 0] += shift
    lists = table.tolist()
    if isinstance(baseline.features[-1], Labels):
        lists = [[*row, name] for row, name in zip(lists, category_of(rng, rows))]
    window.requests = window.rows = rows
    window.take(lists, predicted(table).tolist())
    features, prediction, requests = judge(window, Tolerances(), 0)
    columns = [*features, *([prediction] if prediction else [])]
    return {c["name"] for c in columns if c["drift"]} | {c["name"] for c in requests if c["drift"]}


def runs(kind: str, sizes: list[int], number: int, shift: float) -> None:
    """Print in how many runs there was an alarm, and in how many the moved feature had one."""
    for rows in sizes:
        rng = np.random.default_rng(rows)
        found: Counter[str] = Counter()
        alarms = 0
        for place in range(number):
            # A new baseline for each run, except where that would take most of the time.
            if rows < 100_000 or place % 10 == 0:
                baseline = baseline_of(rng, kind)
            names = alarms_of(rng, baseline, rows, kind, shift)
            alarms += bool(names)
            found.update(names)
        print(
            f"{kind}, {rows} rows, shift {shift:g}: alarms in {alarms} of {number} runs "
            f"({alarms / number:.2%}), x0 in {found['x0']} ({found['x0'] / number:.1%}); "
            f"{dict(found.most_common(4))}",
            flush=True,
        )


def captured(rng: np.random.Generator, rows: int) -> Iterator[str]:
    """Yield captured lines of one row each."""
    for chunk in range(0, rows, 10_000):
        table = rows_of(rng, min(10_000, rows - chunk), "normal")
        for row, answer in zip(table.round(4).tolist(), predicted(table).tolist()):
            line = {
                "captureData": {
                    "endpointInput": {
                        "observedContentType": "text/csv",
                        "mode": "INPUT",
                        "data": ",".join(map(str, row)) + "\n",
                        "encoding": "CSV",
                    },
                    "endpointOutput": {
                        "observedContentType": "application/json",
                        "mode": "OUTPUT",
                        "data": json.dumps({"predictions": [answer], "model_type": "Forest"}),
                        "encoding": "JSON",
                    },
                },
                "eventMetadata": {
                    "eventId": "00000000-0000-0000-0000-000000000000",
                    "inferenceTime": "2026-11-27T10:30:00Z",
                },
                "eventVersion": "0",
            }
            yield json.dumps(line, separators=(",", ":")) + "\n"


def cost(sizes: list[int], python: str) -> None:
    """Print time and memory of the script, and the time that only parsing takes."""
    used = {}
    for rows in sizes:
        with TemporaryDirectory(prefix="monitor-") as name:
            folder = Path(name)
            hour = folder / "capture" / "AllTraffic" / "2026" / "11" / "27" / "10"
            hour.mkdir(parents=True)
            rng = np.random.default_rng(0)
            write_baseline(folder, baseline_of(rng, "normal"))
            (folder / "model").mkdir()
            with tarfile.open(folder / "model" / "model.tar.gz", "w:gz") as tar:
                tar.add(folder / "baseline.json", arcname="baseline.json")
            # Half a million rows a file.
            for part in range(0, rows, 500_000):
                with (hour / f"{part:08}.jsonl").open("w") as file:
                    file.writelines(captured(rng, min(500_000, rows - part)))
            files = sorted(map(str, hour.glob("*.jsonl")))
            start = time.monotonic()
            parsed = measured([python, "-c", PARSE, *files])
            paths = {"--capture": folder / "capture", "--model": folder / "model"}
            paths |= {"--output": folder / "report", "--labels": "/absent", "--history": "/absent"}
            times = ["--start", "2026-11-27T10:00:00Z", "--end", "2026-11-27T11:00:00Z"]
            arguments = [str(one) for pair in paths.items() for one in pair]
            used[rows] = measured([python, str(SCRIPTS / "monitor.py"), *arguments, *times])
            report = json.loads((folder / "report" / "report.json").read_text())
            print(
                f"{rows} rows: monitor {used[rows][0]:.1f} s of processor time, "
                f"{used[rows][1] / 1024:.0f} MB; only parsing {parsed[0]:.1f} s; "
                f"{used[rows][0] / parsed[0]:.2f} times; verdict {report['verdict']}; "
                f"{time.monotonic() - start:.0f} s on the clock",
                flush=True,
            )
    first, *_, last = used.values()
    print(f"memory: {last[1] / first[1]:.3f} times that of the fewest rows")


def measured(command: list[str]) -> tuple[float, float]:
    """Return processor seconds and peak memory in KB of a command."""
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *command],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    code, seconds, memory = done.stdout.split()
    if code != "0":
        raise SystemExit(f"{command[:2]} failed")
    return float(seconds), float(memory)


def main() -> None:
    """Parse the arguments and run."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", nargs="*", default=["false-alarms", "power", "cost"])
    parser.add_argument("--runs", type=int, default=1000)
    parser.add_argument("--kinds", nargs="*", default=["normal", "mixed"], help="of columns")
    parser.add_argument("--sizes", type=int, nargs="*", default=[50, 100, 200, 1000, 100_000])
    parser.add_argument("--cost-rows", type=int, nargs="*", default=[50_000, 5_000_000])
    parser.add_argument("--python", default=sys.executable, help="Python that runs the script")
    args = parser.parse_args()
    if "false-alarms" in args.parts:
        for kind in args.kinds:
            runs(kind, args.sizes, args.runs, 0.0)
    if "power" in args.parts:
        runs("normal", [1000], args.runs, 0.5)
    if "cost" in args.parts:
        cost(args.cost_rows, args.python)


if __name__ == "__main__":
    main()
