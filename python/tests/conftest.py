"""The kinds of tests, named like Jest's projects: `-m unit` selects those that start no process."""

import os
from pathlib import Path

import pytest

# As jobs have it: threads that spin slow down what other processes of the tests do.
os.environ["OMP_WAIT_POLICY"] = "passive"

HERE = Path(__file__).parent

UNITS = ("lambda_src/", "emulator/front/", "emulator/runtime/", "emulator/test_layers", "scripts/")

STARTERS = {
    "emulator/runtime/functions/test_runner.py",
    "emulator/runtime/jobs/test_processing.py",
    "emulator/runtime/jobs/test_checkpoints.py",
    "emulator/runtime/jobs/test_training.py",
    "emulator/runtime/jobs/test_transform.py",
    "emulator/runtime/logs/test_job_log.py",
    "emulator/runtime/model_servers/test_server.py",
    "emulator/runtime/processes/test_isolation.py",
    "emulator/runtime/processes/test_supervisor.py",
    "emulator/runtime/processes/test_usage.py",
    "emulator/runtime/test_environments.py",
    "emulator/runtime/test_script_tests.py",
    "emulator/runtime/tuning/test_proposers.py",
    "scripts/comparison/test_contents.py",
    "scripts/comparison/test_main.py",
    "scripts/comparison/test_status.py",
    "scripts/monitor/test_baseline.py",
    "scripts/monitor/test_detectable_shift.py",
    "scripts/monitor/test_drift.py",
    "scripts/monitor/test_monitor.py",
    "scripts/monitor/test_monitor_columns.py",
    "scripts/monitor/test_monitor_history.py",
    "scripts/monitor/test_monitor_odd_input.py",
    "scripts/monitor/test_monitor_quality.py",
    "scripts/monitor/test_monitor_report.py",
    "scripts/monitor/test_monitored_model.py",
    "scripts/test_aws_toolkits.py",
    "scripts/test_comparison_statistics.py",
    "scripts/test_generate_sample_data.py",
    "scripts/test_gradient_boosting.py",
    "scripts/test_inference.py",
    "scripts/test_interrupted_training.py",
    "scripts/test_model_predictions.py",
    "scripts/test_preprocessing.py",
    "scripts/test_tables_agree.py",
    "scripts/test_training.py",
}
"""Files in these folders whose tests start processes, or take longer than a unit test may."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if not item.path.is_relative_to(HERE):
            continue  # a project's own tests
        file = item.path.relative_to(HERE).as_posix()
        starts = not file.startswith(UNITS) or file in STARTERS
        item.add_marker("runs" if starts else "unit")
