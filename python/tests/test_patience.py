import itertools
import runpy

import pytest

from tests import patience


def test_returns_the_value_once_it_is_true():
    answers = iter([None, 0, [], "there"])
    assert patience.wait_until(lambda: next(answers)) == "there"


def test_fails_at_its_limit_with_what_is_missing(monkeypatch):
    clock = itertools.count(0, patience.LIMIT_SECONDS)
    monkeypatch.setattr(patience.time, "monotonic", lambda: next(clock))
    with pytest.raises(pytest.fail.Exception, match=r"still not so after .* s: the end"):
        patience.wait_until(lambda: False, "the end")


@pytest.mark.parametrize(("value", "seconds"), [("", 60), ("4", 240)])
def test_limits_are_longer_by_the_factor_of_the_variable(monkeypatch, value, seconds):
    monkeypatch.setenv("WORKFLOW_TEST_PATIENCE", value)
    limits = runpy.run_path(patience.__file__)
    assert limits["LIMIT_SECONDS"] == seconds
    assert limits["FOR_EVER"] == 10 * seconds
