"""Concurrent definitions and executions, in both query languages."""

import concurrent.futures
import json
import sys

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser
from moto.stepfunctions.parser.asl.parse.preprocessor import Preprocessor

JSONPATH = {
    "StartAt": "A",
    "States": {"A": {"Type": "Pass", "Parameters": {"a.$": "$.b"}, "End": True}},
}
BROKEN = {
    "an expression": {"Type": "Pass", "Output": "{% $x + %}", "End": True},
    "a nested language": {
        "Type": "Parallel",
        "QueryLanguage": "JSONata",
        "End": True,
        "Branches": [JSONPATH | {"QueryLanguage": "JSONPath"}],
    },
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_refused_definition_does_not_affect_the_next(client, fault):
    sfn = client("stepfunctions")

    def validate(definition):
        return sfn.validate_state_machine_definition(definition=json.dumps(definition))["result"]

    broken = {"QueryLanguage": "JSONata", "StartAt": "A", "States": {"A": BROKEN[fault]}}
    assert validate(broken) == "FAIL"
    assert validate(JSONPATH) == "OK"


def test_concurrent_executions_of_both_languages_are_independent(machine):
    jsonata = machine(
        {
            f"S{i}": {"Type": "Pass", "Output": "{% $states.input %}", "Next": f"S{i + 1}"}
            for i in range(5)
        }
        | {"S5": {"Type": "Pass", "Output": {"b": "{% $states.input.b + 1 %}"}, "End": True}}
    )
    jsonpath = machine(
        {
            f"S{i}": {"Type": "Pass", "Parameters": {"b.$": "$.b"}, "Next": f"S{i + 1}"}
            for i in range(5)
        }
        | {"S5": {"Type": "Pass", "Parameters": {"b.$": "States.MathAdd($.b, 1)"}, "End": True}},
        definition={"QueryLanguage": "JSONPath"},
    )

    def run(number):
        made = jsonata if number % 2 else jsonpath
        return made.wait(made.start({"b": number}))

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        ended = list(pool.map(run, range(40)))
    assert [execution.get("output") for execution in ended] == [
        json.dumps({"b": number + 1}, separators=(",", ":")) for number in range(40)
    ]


def test_a_definition_is_parsed_once_and_a_refused_one_each_time(client):
    parse = AmazonStateLanguageParser.parse
    assert parse(json.dumps(JSONPATH))[0] is parse(json.dumps(JSONPATH))[0]
    broken = json.dumps(JSONPATH | {"States": {"A": BROKEN["an expression"]}})
    for _ in range(2):
        with pytest.raises(ValueError, match="JSONata"):
            parse(broken)


def test_parsing_does_not_change_the_class():
    AmazonStateLanguageParser.parse(json.dumps(JSONPATH))
    first, second = Preprocessor(), Preprocessor()
    assert first._query_language_per_scope is not second._query_language_per_scope
    assert Preprocessor._query_language_per_scope == []


def _shared():
    """Return the mutable data of the interpreter's classes and modules."""
    found = {}
    for module_name, module in list(sys.modules.items()):
        if not module_name.startswith(("moto.stepfunctions.parser.asl", "emulator.aws.stepfunc")):
            continue
        if ".antlr" in module_name:  # the tables learned by the parser, which a lock guards
            continue
        owners = [(module_name, module)]
        owners += [
            (f"{module_name}.{name}", value)
            for name, value in vars(module).items()
            if isinstance(value, type) and value.__module__ == module_name
        ]
        for owner_name, owner in owners:
            for name, value in vars(owner).items():
                if isinstance(value, (list, dict, set)) and not name.startswith("__"):
                    found[f"{owner_name}.{name}"] = repr(value)
    return {name: text for name, text in found.items() if not name.endswith(".TMP_THREADS")}


def test_executions_do_not_change_shared_data(machine, client):
    # Covers both languages, branches, iterations, a retry and a refusal.
    before = _shared()
    inner = {"StartAt": "I", "States": {"I": {"Type": "Fail", "Error": "E"}}}
    again = {"Retry": [{"ErrorEquals": ["E"], "MaxAttempts": 1, "IntervalSeconds": 1}], "End": True}
    made = machine(
        {
            "Map": {
                "Type": "Map",
                "Items": [1],
                "ItemProcessor": inner,
                "Assign": {"x": 1},
                **again,
            }
        }
    )
    assert made.run()["error"] == "E"
    states = {"P": {"Type": "Parallel", "Branches": [inner], "ResultPath": "$.x", **again}}
    assert machine(states, definition={"QueryLanguage": "JSONPath"}).run()["error"] == "E"
    with pytest.raises(client("stepfunctions").exceptions.InvalidDefinition):
        machine({"A": BROKEN["an expression"]})
    assert _shared() == before
