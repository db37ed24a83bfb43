"""The inputs of targets."""

import json

import pytest

from emulator.aws.eventbridge.inputs import InputError, target_input

RULE = "arn:aws:events:us-east-1:123456789012:rule/approved"
EVENT = {
    "detail-type": "Model Approved",
    "source": "test",
    "time": "2026-01-02T03:04:05Z",
    "detail": {"arn": "arn:1", "version": 3, "say": 'a "b"', "tags": {"k": "v"}, "list": [1, 2]},
}


def given(**target):
    return target_input(target, EVENT, RULE)


def template(text, **paths):
    return given(InputTransformer={"InputPathsMap": paths, "InputTemplate": text})


def test_the_input_is_the_whole_event():
    assert json.loads(given()) == EVENT


def test_the_input_is_a_constant():
    assert given(Input='{"a": 1}') == '{"a": 1}'


def test_the_input_is_a_part_of_the_event():
    assert json.loads(given(InputPath="$.detail.tags")) == {"k": "v"}
    assert json.loads(given(InputPath="$.detail-type")) == "Model Approved"
    assert json.loads(given(InputPath="$.detail.list[1]")) == 2


def test_a_template_quotes_values_outside_quotes():
    text = template(
        '{"arn": <arn>, "version": <version>, "tags": <tags>, "all": "v<version> of <arn>"}',
        arn="$.detail.arn",
        version="$.detail.version",
        tags="$.detail.tags",
    )
    assert json.loads(text) == {
        "arn": "arn:1",
        "version": 3,
        "tags": {"k": "v"},
        "all": "v3 of arn:1",
    }


def test_quotes_in_the_event_are_escaped_in_a_template():
    assert json.loads(template('{"x": "he said <s>"}', s="$.detail.say")) == {"x": 'he said a "b"'}


def test_a_template_of_text():
    assert template('"<v> is there"', v="$.detail.version") == '"3 is there"'


def test_a_template_has_event_bridges_own_variables():
    text = template('{"rule": <aws.events.rule-name>, "e": <aws.events.event.json>}')
    assert json.loads(text) == {"rule": "approved", "e": EVENT}


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ({"InputPath": "$.detail.none"}, r"no value at '\$\.detail\.none'"),
        ({"InputTransformer": {"InputPathsMap": {"x": "$.y"}, "InputTemplate": "<x>"}}, "no value"),
        ({"InputTransformer": {"InputTemplate": '{"a": <b>}'}}, "filled template is not JSON"),
        ({"InputTransformer": {"InputTemplate": "<aws.events.x>"}}, "not a variable"),
    ],
)
def test_fails_if_the_event_lacks_a_value(target, message):
    with pytest.raises(InputError, match=message):
        given(**target)
