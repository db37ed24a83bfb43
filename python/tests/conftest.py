"""The kinds of tests, called as Jest's projects are: `-m unit` takes those that start nothing."""

from pathlib import Path

import pytest

HERE = Path(__file__).parent

UNITS = ("lambda_src", "emulator/front", "emulator/runtime", "scripts")

STARTERS = {
    "emulator/runtime": (
        "test_environments",
        "test_functions",
        "test_isolation",
        "test_job_log",
        "test_model_servers",
        "test_processing",
        "test_supervisor",
        "test_training",
        "test_transform",
    ),
    "scripts": (
        "test_aws_toolkits",
        "test_comparison",
        "test_comparison_statistics",
        "test_generate_sample_data",
        "test_inference",
        "test_model_predictions",
        "test_preprocessing",
        "test_training",
    ),
}
"""Files of those folders whose tests start what they test."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        folder = item.path.parent.relative_to(HERE).as_posix()
        starts = folder not in UNITS or item.path.stem in STARTERS.get(folder, ())
        item.add_marker("runs" if starts else "unit")
