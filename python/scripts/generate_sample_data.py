"""Write sample data: California Housing, or synthetic data with its schema if it is not available.

It writes train.csv and test.csv with eight features, named as in scikit-learn, and `target`, the
median house value of a block group in 100 000 dollars.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.datasets import fetch_california_housing
from sklearn.model_selection import train_test_split

from csv_table import write_csv
from job import ArgumentParser, JobError, run, whole_number, written_aside

FEATURES = (
    "MedInc",
    "HouseAge",
    "AveRooms",
    "AveBedrms",
    "Population",
    "AveOccup",
    "Latitude",
    "Longitude",
)
TARGET = "target"
# The name of the data set in scikit-learn's cache.
CACHED_FILE = "cal_housing_py3.pkz"


def california_housing(download_timeout: float) -> tuple[np.ndarray, np.ndarray, str]:
    """Load the data set from scikit-learn's cache, or download it to the cache.

    Parameters
    ----------
    download_timeout : float
        Timeout of the download, in seconds.

    Returns
    -------
    X : ndarray of shape (20640, 8)
    y : ndarray of shape (20640,)
    origin : str
        The source of the data, as text.

    Raises
    ------
    JobError
        If the data is not in the cache and cannot be downloaded.
    """
    cache = Path(os.environ.get("SCIKIT_LEARN_DATA", "~/scikit_learn_data")).expanduser()
    cached = cache / CACHED_FILE
    origin = f"California Housing from {cached}"
    if not cached.is_file():
        _download(cached, download_timeout)
        origin = f"California Housing, downloaded to {cached}"
    bunch: Any = fetch_california_housing(data_home=str(cache), download_if_missing=False)
    return bunch.data, bunch.target, origin


def synthetic_housing(random_state: int) -> tuple[np.ndarray, np.ndarray]:
    """Generate block groups whose prices depend on income, distance to the coast, crowding and age.

    Parameters
    ----------
    random_state : int
        Seed; the same seed returns the same data.

    Returns
    -------
    X : ndarray of shape (20640, 8)
    y : ndarray of shape (20640,)
    """
    rng = np.random.default_rng(random_state)
    n_samples = 20_640
    # Most people live around San Francisco or Los Angeles, some inland between them.
    centres = np.array([[37.6, -122.2, 0.4], [34.0, -118.1, 0.4], [36.6, -119.8, 1.2]])
    latitude, longitude, spread = centres[rng.choice(3, n_samples, p=[0.3, 0.5, 0.2])].T
    latitude = np.clip(latitude + spread * rng.normal(size=n_samples), 32.5, 42.0)
    longitude = np.clip(longitude + spread * rng.normal(size=n_samples), -124.4, -114.3)
    # The coast runs roughly from (32.5, -117.1) to (42.0, -124.2); degrees inland of it.
    inland = np.clip(longitude + 117.1 + 0.75 * (latitude - 32.5), 0.0, None)

    income = np.clip(rng.lognormal(1.25, 0.45, n_samples), 0.5, 15.0)
    age = rng.integers(1, 53, n_samples).astype(float)
    rooms = np.clip(3.2 + 0.55 * income + rng.normal(0.0, 0.8, n_samples), 1.0, None)
    bedrooms = np.clip(rooms * rng.normal(0.2, 0.02, n_samples), 0.4, None)
    population = np.round(rng.lognormal(7.0, 0.65, n_samples)) + 3.0
    occupancy = np.clip(rng.lognormal(1.05, 0.25, n_samples), 0.8, None)

    price = 0.1 + 0.33 * income + 0.9 * np.exp(-inland / 0.5) + 0.004 * age
    price *= np.clip(1.45 - 0.15 * occupancy, 0.4, None)
    price += rng.normal(0.0, 0.28, n_samples)
    X = np.column_stack([income, age, rooms, bedrooms, population, occupancy, latitude, longitude])
    return X, np.clip(price, 0.15, 5.0)


def load(
    source: str, download_timeout: float, random_state: int
) -> tuple[np.ndarray, np.ndarray, str]:
    """Load the data from `source`: ``california``, ``synthetic``, or ``auto`` for either.

    Returns
    -------
    X : ndarray of shape (n_samples, 8)
    y : ndarray of shape (n_samples,)
    origin : str
        The source of the data, as text.

    Raises
    ------
    JobError
        If the source is ``california`` and the data is neither found nor downloadable.
    """
    why = "as requested"
    if source != "synthetic":
        try:
            return california_housing(download_timeout)
        except JobError as error:
            if source == "california":
                raise
            why = str(error)
    return (*synthetic_housing(random_state), f"SYNTHETIC data with the same schema: {why}")


def split(
    output_dir: Path, X: np.ndarray, y: np.ndarray, test_size: float, random_state: int
) -> dict[str, int]:
    """Split the data and write train.csv and test.csv: both or neither.

    Returns
    -------
    dict of str to int
        The number of rows in each file.
    """
    rows = np.column_stack([X, y])
    parts: Any = train_test_split(rows, test_size=test_size, random_state=random_state)
    with written_aside(output_dir) as aside:
        return {
            name: write_csv(aside / name, [*FEATURES, TARGET], [part])
            for name, part in zip(("train.csv", "test.csv"), parts)
        }


def _download(cached: Path, timeout: float) -> None:
    # scikit-learn creates its cache folder, so the real one is written only at the end. It has no
    # timeout that covers name resolution, so the download runs in a thread that can be abandoned.
    aside = Path(tempfile.mkdtemp())
    faults: list[Exception] = []

    def fetch() -> None:
        try:
            fetch_california_housing(data_home=str(aside))
        except Exception as error:
            faults.append(error)

    try:
        thread = threading.Thread(target=fetch, daemon=True)
        thread.start()
        thread.join(timeout)
        if thread.is_alive():
            raise JobError(
                f"California Housing is not in {cached.parent}, and its download took more than "
                f"{timeout:g} s"
            )
        if faults:
            raise JobError(
                f"California Housing is not in {cached.parent}, and its download failed: "
                f"{faults[0]}"
            ) from faults[0]
        with written_aside(cached.parent) as cache:
            shutil.copy(aside / cached.name, cache)
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1.0:
        raise argparse.ArgumentTypeError(f"must be between 0 and 1, got '{text}'")
    return value


def main() -> None:
    """Parse the arguments and run."""
    parser = ArgumentParser(description=__doc__)
    parser.add_argument("--output-dir", type=Path, required=True)
    parser.add_argument("--test-size", type=_fraction, default=0.2, help="share of the rows")
    parser.add_argument("--random-state", type=whole_number(0), default=42)
    parser.add_argument("--download-timeout", type=whole_number(1), default=15, help="seconds")
    parser.add_argument("--source", choices=("auto", "california", "synthetic"), default="auto")
    args = parser.parse_args()
    X, y, origin = load(args.source, args.download_timeout, args.random_state)
    print(origin)
    rows = split(args.output_dir, X, y, args.test_size, args.random_state)
    for name, count in rows.items():
        print(f"{count} rows in {args.output_dir / name}")


if __name__ == "__main__":
    sys.exit(run(main))
