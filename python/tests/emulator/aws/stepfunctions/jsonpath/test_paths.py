"""Paths against the table of cases, each with its source."""

import pytest

from emulator.aws.stepfunctions.jsonpath.path_evaluation import (
    PAST_THE_END,
    PathNotFoundError,
    find,
)
from emulator.aws.stepfunctions.jsonpath.path_syntax import (
    PathSyntaxError,
    UnsupportedPathError,
    parse_path,
    parse_reference_path,
)
from tests.emulator.aws.stepfunctions.jsonpath.path_cases import (
    FOUND,
    NO_PATHS,
    NO_REFERENCE_PATHS,
    NOT_EVALUATED,
    NOWHERE,
)


def strict(value):
    """1 is neither true nor 1.0, although they are equal in Python."""
    return repr(value)


@pytest.mark.parametrize(("path", "data", "value", "source"), FOUND)
def test_a_path_returns_its_value(path, data, value, source):
    found = find(parse_path(path), data)
    wanted = PAST_THE_END if value == "PAST THE END" else value
    assert strict(found) == strict(wanted), source


@pytest.mark.parametrize(("path", "data", "message", "source"), NOWHERE)
def test_a_path_matches_nothing(path, data, message, source):
    with pytest.raises(PathNotFoundError) as raised:
        find(parse_path(path), data)
    assert message in str(raised.value), source


@pytest.mark.parametrize(("text", "problem", "source"), NO_PATHS)
def test_an_invalid_path_is_refused(text, problem, source):
    with pytest.raises(PathSyntaxError) as raised:
        parse_path(text)
    assert problem in str(raised.value), source


@pytest.mark.parametrize(("text", "problem", "source"), NOT_EVALUATED)
def test_a_path_that_only_aws_evaluates_is_refused_as_unsupported(text, problem, source):
    with pytest.raises(UnsupportedPathError) as raised:
        parse_path(text)
    assert problem in str(raised.value), source


@pytest.mark.parametrize("path", NO_REFERENCE_PATHS)
def test_a_reference_path_names_one_value(path):
    parse_path(path)
    with pytest.raises(PathSyntaxError, match="is not a reference path"):
        parse_reference_path(path)
