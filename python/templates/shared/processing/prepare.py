"""Reads CSV files with a header, and writes rows to train with and rows to test with.

`npm run rehearse` replays `holdout/test.csv`: the test rows, with what to predict in the last
column.
"""

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
for name in data.columns:
    numbers = pd.Series(pd.to_numeric(data[name], errors="coerce"))
    texts = data.loc[numbers.isna(), name].tolist()
    # A single text would turn all numbers of its column into texts.
    if 0 < len(texts) < len(data) / 10:
        raise SystemExit(
            f"{name} is a column of numbers, but has the value {texts[0]!r}: "
            "correct it in the data, or remove its row"
        )
# The same rows in every run, so that the metrics of two runs can be compared.
test = data.sample(frac=0.25, random_state=42)
for path, rows in {
    "train/data.csv": data.drop(test.index),
    "test/data.csv": test,
    "holdout/test.csv": test,
}.items():
    file = arguments.output_data / path
    file.parent.mkdir(parents=True, exist_ok=True)
    rows.to_csv(file, index=False)
    print(f"{path}: {len(rows)} rows")
