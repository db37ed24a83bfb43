"""The fields that each type of state has, by query language.

Source: https://states-language.net/spec.html#state-types
"""

from dataclasses import dataclass

EVERY_STATE = {"Type", "Comment", "QueryLanguage"}
PROGRAM_FIELDS = {
    *("Comment", "QueryLanguage", "StartAt", "States", "TimeoutSeconds", "Version"),
    "ProcessorConfig",
}
RETRIER_FIELDS = {
    *("ErrorEquals", "IntervalSeconds", "MaxAttempts", "BackoffRate", "MaxDelaySeconds"),
    *("JitterStrategy", "Comment"),
}
CATCHER_FIELDS = {"ErrorEquals", "Next", "Assign", "Comment"}
JSONATA_RULE_FIELDS = {"Condition", "Next", "Assign", "Output", "Comment"}
_JSONPATH_FILTERS = {"InputPath", "OutputPath", "Parameters", "ResultPath", "ResultSelector"}


@dataclass(frozen=True)
class Fields:
    """The fields of one type of state; ``a|b`` in `required` means exactly one of them."""

    both: frozenset[str]
    jsonpath: frozenset[str]
    jsonata: frozenset[str]
    required: tuple[str, ...]

    def of(self, jsonata: bool) -> frozenset[str]:
        """Return the fields in one query language."""
        return self.both | (self.jsonata if jsonata else self.jsonpath)


def _fields(both: str, jsonpath: set[str], jsonata: str, *required: str) -> Fields:
    return Fields(
        frozenset(both.split()), frozenset(jsonpath), frozenset(jsonata.split()), required
    )


STATE_FIELDS = {
    "Task": _fields(
        "Resource Next End Assign Retry Catch TimeoutSeconds HeartbeatSeconds Credentials",
        _JSONPATH_FILTERS | {"TimeoutSecondsPath", "HeartbeatSecondsPath"},
        "Arguments Output",
    ),
    "Pass": _fields(
        "Next End Assign",
        {"InputPath", "OutputPath", "Parameters", "ResultPath", "Result"},
        "Output",
    ),
    "Choice": _fields("Choices Default Assign", {"InputPath", "OutputPath"}, "Output", "Choices"),
    "Wait": _fields(
        "Next End Seconds Timestamp Assign",
        {"InputPath", "OutputPath", "SecondsPath", "TimestampPath"},
        "Output",
        "Seconds|SecondsPath|Timestamp|TimestampPath",
    ),
    "Succeed": _fields("", {"InputPath", "OutputPath"}, "Output"),
    "Fail": _fields("Error Cause", {"ErrorPath", "CausePath"}, ""),
    "Parallel": _fields(
        "Branches Next End Assign Retry Catch", _JSONPATH_FILTERS, "Arguments Output", "Branches"
    ),
    "Map": _fields(
        "ItemProcessor Iterator ItemReader ItemBatcher ResultWriter ItemSelector MaxConcurrency "
        "Label ToleratedFailurePercentage ToleratedFailureCount Next End Assign Retry Catch",
        _JSONPATH_FILTERS
        | {
            "ItemsPath",
            "MaxConcurrencyPath",
            "ToleratedFailurePercentagePath",
            "ToleratedFailureCountPath",
        },
        "Items Output",
        "ItemProcessor|Iterator",
    ),
}
