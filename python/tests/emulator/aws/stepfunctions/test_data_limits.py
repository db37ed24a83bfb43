"""Size limits of variables and causes."""

import pytest

SET = {"Type": "Pass", "Next": "End"}
KB = 1024


def assigning(**values):
    return {"Set": {**SET, "Assign": values}, "End": {"Type": "Succeed"}}


FAILING = {"Only": {"Type": "Fail", "Error": "Named", "Cause": "{% $states.input.text %}"}}


def ended(machine, states, length):
    made = machine(states)
    return made.wait(made.start({"text": "x" * length}))


@pytest.mark.parametrize(
    ("sizes", "error"),
    [
        ([250], None),
        ([120, 120], None),
        ([257], "States.DataLimitExceeded"),
        ([130, 130], "States.DataLimitExceeded"),
    ],
)
def test_one_assign_sets_256_kib_at_most(machine, sizes, error):
    made = machine(assigning(**{f"v{i}": "{% $states.input.text %}" for i in range(len(sizes))}))
    text = "x" * (sizes[0] * KB)
    if len(text) > 255 * KB:
        # An input cannot be as large: it is doubled here.
        made = machine(assigning(v0="{% $states.input.text & $states.input.text %}"))
        text = text[: len(text) // 2]
    execution = made.wait(made.start({"text": text}))
    assert execution.get("error") == error


def test_each_assign_counts_for_itself(machine):
    made = machine(
        {
            "First": {"Type": "Pass", "Assign": {"a": "{% $states.input.text %}"}, "Next": "Then"},
            "Then": {"Type": "Pass", "Assign": {"b": "{% $a %}"}, "End": True},
        }
    )
    assert made.wait(made.start({"text": "x" * 200 * KB}))["status"] == "SUCCEEDED"


def test_data_limit_exceeded_is_caught_by_its_own_name_only(machine):
    def caught_by(name):
        return {
            "Call": {
                "Type": "Task",
                "Resource": "arn:aws:states:::aws-sdk:sts:getCallerIdentity",
                "Arguments": {},
                "Assign": {"v": "{% $states.input.text & $states.input.text %}"},
                "Catch": [{"ErrorEquals": [name], "Next": "Caught"}],
                "End": True,
            },
            "Caught": {"Type": "Succeed"},
        }

    caught = ended(machine, caught_by("States.DataLimitExceeded"), 130 * KB)
    assert caught["status"] == "SUCCEEDED"
    missed = ended(machine, caught_by("States.ALL"), 130 * KB)
    assert missed["error"] == "States.DataLimitExceeded"


@pytest.mark.parametrize(
    ("length", "error"), [(32_768, "Named"), (32_769, "States.DataLimitExceeded")]
)
def test_a_cause_has_32768_characters_at_most(machine, length, error):
    execution = ended(machine, FAILING, length)
    assert execution["error"] == error
    assert len(execution["cause"]) <= 32_768
