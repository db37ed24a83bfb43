"""Mock files: what is wrong with one is told with its place."""

import json

import pytest

from emulator.aws.mock_file import MockFile, MockFileError

OK = {"Return": 1}


def document(answers=None, response="R"):
    return {
        "StateMachines": {"M": {"TestCases": {"C": {"S": response}}}},
        "MockedResponses": {"R": {"0": OK} if answers is None else answers},
    }


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ([], "the file must be an object"),
        ({"StateMachines": {}}, "MockedResponses must be an object"),
        ({"MockedResponses": {}}, "StateMachines must be an object"),
        (document(response="X"), "C.S must be in MockedResponses, got 'X'"),
        (document({"first": OK}), "MockedResponses.R must have numbers such as 0 or 1-2 as keys"),
        (document({"1": OK}), "must number its answers from 0 without a gap"),
        (document({"0-1": OK, "1": OK}), "must number its answers from 0 without a gap"),
        (document({"0": OK, "2-1": OK}), "must number its answers from 0 without a gap"),
        (document({"0": {}}), "MockedResponses.R.0 must have either Return or Throw"),
        (document({"0": {"Throw": {}}}), "R.0.Throw must have a text as Error"),
    ],
)
def test_a_faulty_file_is_refused(tmp_path, content, problem):
    file = tmp_path / "mocks.json"
    file.write_text(json.dumps(content))
    with pytest.raises(MockFileError) as refused:
        MockFile(file)
    assert problem in str(refused.value)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(MockFileError, match="No such file"):
        MockFile(tmp_path / "none.json")


def test_ranges_are_many_calls_and_each_execution_counts_its_own(tmp_path):
    file = tmp_path / "mocks.json"
    file.write_text(json.dumps(document({"0-1": OK, "2": {"Throw": {"Error": "E"}}})))
    mocks = MockFile(file)
    case = mocks.case("M", "C")
    assert [case.next_answer("S").result for _ in range(2)] == [1, 1]
    assert case.next_answer("S").error == "E"
    with pytest.raises(MockFileError, match="no answer for call 3 of the state S"):
        case.next_answer("S")
    assert mocks.case("M", "C").next_answer("S").result == 1
