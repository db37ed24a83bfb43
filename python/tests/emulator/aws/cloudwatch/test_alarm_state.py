"""States of alarms, from AWS's own tables.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarms-and-missing-data.html
"""

import pytest

from emulator.aws.cloudwatch.alarm_state import Threshold, next_state

TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
NONE, STAYS = "INSUFFICIENT_DATA", "the state before"


@pytest.mark.parametrize(
    ("points", "needed", "expected"),
    [
        ("0 - X - X", 3, ("OK", "OK", "OK", "OK")),
        ("0 - - - -", 3, ("OK", "OK", "OK", "OK")),
        ("- - - - -", 3, (NONE, STAYS, "ALARM", "OK")),
        ("0 X X - X", 3, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("- - - - X", 3, (NONE, STAYS, "ALARM", "OK")),
        ("X - - - -", 3, ("ALARM", STAYS, "ALARM", "OK")),
        ("0 - X - X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 0 X 0 X", 2, ("ALARM", "ALARM", "ALARM", "ALARM")),
        ("0 - X - -", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - - 0", 2, ("OK", "OK", "ALARM", "OK")),
        ("- - - - X", 2, (NONE, STAYS, "ALARM", "OK")),
    ],
)
def test_missing_data_is_treated_as_documented(points, needed, expected):
    values = [{"0": 0.0, "X": 9.0, "-": None}[point] for point in points.split()]
    for treatment, state in zip(TREATMENTS, expected):
        threshold = Threshold("GreaterThanThreshold", 5.0, 3, needed, treatment)
        assert next_state(values, threshold, STAYS) == state, treatment


@pytest.mark.parametrize(
    ("comparison", "at", "above"),
    [
        ("GreaterThanThreshold", "OK", "ALARM"),
        ("GreaterThanOrEqualToThreshold", "ALARM", "ALARM"),
        ("LessThanThreshold", "OK", "OK"),
        ("LessThanOrEqualToThreshold", "ALARM", "OK"),
    ],
)
def test_each_comparison(comparison, at, above):
    threshold = Threshold(comparison, 5.0, 1, 1, "missing")
    assert next_state([None, None, 5.0], threshold, "OK") == at
    assert next_state([None, None, 5.1], threshold, "OK") == above
