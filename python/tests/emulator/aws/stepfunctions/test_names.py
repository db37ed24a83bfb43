"""Names that Step Functions accepts and refuses, for every kind of name."""

import json

import pytest

from tests.emulator.aws.conftest import ROLE

FORBIDDEN = [*' <>{}[]?*"#%\\^|~`$&,;:\t\n\x00\x1f\x7f\x9f']
# The list for labels does not have these.
NOT_IN_LABELS = [*"/\u00a0\uffff"]
TAKEN = ["n" * 80, "a.b_c-d", "(1)+=@!'", "lauf-für-märz", "執行"]
PASS = {"Only": {"Type": "Pass", "End": True}}


class DefinitionRefusedError(Exception):
    """A definition is not valid for its label."""


@pytest.fixture
def name_in(client, machine, name):
    """Return functions that use a name; each returns the error code of its refusal, or None."""
    sfn = client("stepfunctions", checked=False)
    made = machine(PASS)

    def execution(text):
        sfn.start_execution(stateMachineArn=made.arn, name=text)

    def state_machine(text):
        definition = json.dumps({"StartAt": "Only", "States": PASS})
        arn = sfn.create_state_machine(name=text, definition=definition, roleArn=ROLE)
        sfn.delete_state_machine(stateMachineArn=arn["stateMachineArn"])

    def activity(text):
        sfn.delete_activity(activityArn=sfn.create_activity(name=text)["activityArn"])

    def label(text):
        # A label has half the length.
        processor = {"StartAt": "Only", "States": PASS, "ProcessorConfig": {"Mode": "INLINE"}}
        processor["ProcessorConfig"] = {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}
        each = {"Type": "Map", "Label": text[:40] if len(text) == 80 else text, "End": True}
        definition = {"StartAt": "Each", "States": {"Each": {**each, "ItemProcessor": processor}}}
        answer = sfn.validate_state_machine_definition(definition=json.dumps(definition))
        if answer["result"] != "OK":
            assert "abel" in answer["diagnostics"][0]["message"]
            raise DefinitionRefusedError

    ways = {
        "execution": execution,
        "machine": state_machine,
        "activity": activity,
        "label": label,
    }

    def attempt(kind, text):
        try:
            ways[kind](text)
        except DefinitionRefusedError:
            return "InvalidDefinition"
        except sfn.exceptions.ClientError as error:
            return error.response["Error"]["Code"]
        return None

    return attempt


@pytest.mark.parametrize("kind", ["execution", "machine", "activity", "label"])
def test_names_are_accepted_and_refused_as_documented(name_in, kind):
    assert {text: name_in(kind, text) for text in TAKEN} == dict.fromkeys(TAKEN)
    characters = FORBIDDEN if kind == "label" else FORBIDDEN + NOT_IN_LABELS
    texts = ["", *(f"raw{character}2026" for character in characters), "n" * 81]
    refused = {text: name_in(kind, text) for text in texts}
    codes = {"InvalidDefinition"} if kind == "label" else {"InvalidName", "ValidationException"}
    assert {text for text, code in refused.items() if code not in codes} == set()
