"""Someone's own preprocessing: reads points.csv, writes every fourth row as test data."""

import argparse
import csv
from pathlib import Path

parser = argparse.ArgumentParser()
parser.add_argument("--input-data", type=Path, required=True)
parser.add_argument("--output-data", type=Path, required=True)
parser.add_argument("--every", type=int, default=4)
arguments = parser.parse_args()

with (arguments.input_data / "points.csv").open(newline="") as file:
    rows = list(csv.reader(file))
for name, chosen in (
    ("train", [row for i, row in enumerate(rows) if i % arguments.every]),
    ("test", [row for i, row in enumerate(rows) if i % arguments.every == 0]),
):
    folder = arguments.output_data / name
    folder.mkdir(parents=True)
    with (folder / "points.csv").open("w", newline="") as file:
        csv.writer(file).writerows(chosen)
