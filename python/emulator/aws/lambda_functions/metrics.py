"""The CloudWatch metrics of calls, in the namespace ``AWS/Lambda``.

Source: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html
"""

from __future__ import annotations

from emulator.aws.metrics import Metric, put_metrics


def _metric(function: str, name: str, value: float, unit: str = "Count") -> Metric:
    return Metric("AWS/Lambda", name, {"FunctionName": function}, value, unit)


def count_call(function: str, *, errored: bool, seconds: float) -> None:
    """Publish a call of the handler, which lasted for `seconds`."""
    put_metrics(
        [
            _metric(function, "Invocations", 1),
            _metric(function, "Errors", int(errored)),
            _metric(function, "Throttles", 0),
            _metric(function, "Duration", seconds * 1000, "Milliseconds"),
        ]
    )


def count_throttle(function: str) -> None:
    """Publish a call that was refused; it counts as no invocation."""
    put_metrics([_metric(function, "Throttles", 1)])
