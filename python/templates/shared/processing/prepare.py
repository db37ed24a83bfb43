"""Reads CSV files with a header, and writes rows to train with and rows to test with."""

import argparse
from pathlib import Path

import pandas as pd

parser = argparse.ArgumentParser()
parser.add_argument("--input-data", type=Path, required=True)
parser.add_argument("--output-data", type=Path, required=True)
arguments = parser.parse_args()

files = sorted(arguments.input_data.glob("*.csv"))
if not files:
    raise SystemExit(f"There is no .csv file in {arguments.input_data}")
data = pd.concat([pd.read_csv(file) for file in files], ignore_index=True).dropna()
# The same rows in every run, so that the metrics of two runs can be compared.
test = data.sample(frac=0.25, random_state=42)
for name, rows in (("train", data.drop(test.index)), ("test", test)):
    folder = arguments.output_data / name
    folder.mkdir(parents=True, exist_ok=True)
    rows.to_csv(folder / "data.csv", index=False)
    print(f"{name}: {len(rows)} rows")
