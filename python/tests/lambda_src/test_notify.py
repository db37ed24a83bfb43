"""Messages and events of executions that have ended."""

import json

import pytest
from botocore.exceptions import ClientError

import notify
from execution_metrics import count_refusals, execution_metrics
from outcomes import GATE_REFUSED, ExecutionRunning, outcome_detail
from tests.lambda_src.odd_values import ODD_TEXTS, as_text, nested, odd_objects
from texts import message

STATES = "arn:aws:states:eu-west-1:333344445555:execution"
TRAINED = f"{STATES}:housing-prod:run-1"
RELEASED = f"{STATES}:housing-prod-release:release-7"
VERSION = "arn:aws:sagemaker:eu-west-1:333344445555:model-package/housing-prod/7"
GATE = {"Metric": "test_r2", "Value": 0.8123456, "Threshold": 0.75}
OUTPUT = {"Metrics": {"test_r2": 0.8123456, "rows": 4128}, "Gate": GATE, "ModelPackageArn": VERSION}
MEANINGS = {
    "ModelPerformanceInsufficient": "The model's metric is not above the threshold.",
    "RolledBack": "The new model was refused; the model before serves again.",
    "RollbackFailed": "The endpoint could not go back.",
    "TrainingJobFailed": "The training job failed.",
}


def ended(status="SUCCEEDED", arn=TRAINED, output=None, cause=None, **more):
    return {
        "executionArn": arn,
        "status": status,
        "input": "{}",
        **({} if output is None else {"output": json.dumps(output)}),
        **({} if cause is None else {"cause": json.dumps(cause)}),
        **more,
    }


def notification(description):
    detail = outcome_detail(description, "prod", "housing-prod")
    return detail, *message(detail, "housing", MEANINGS)


def test_a_release_has_version_endpoint_metrics_and_commands():
    detail, subject, text = notification(ended(output={**OUTPUT, "EndpointName": "housing-prod"}))
    assert detail == {
        "Outcome": "released",
        "Environment": "prod",
        "Workflow": "housing-prod",
        "ExecutionArn": TRAINED,
        "ModelPackageArn": VERSION,
        "EndpointName": "housing-prod",
        "Metrics": OUTPUT["Metrics"],
        "Gate": GATE,
    }
    assert subject == "[housing prod] Model version 7 released"
    for part in (
        "Model version 7 is in service on housing-prod.",
        "Gate: test_r2 is 0.8123, threshold 0.75",
        "Metrics: test_r2 0.8123, rows 4128",
        "npm run rollback -- prod VERSION",
        "Account and region: 333344445555, eu-west-1",
        "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1"
        f"#/v2/executions/details/{TRAINED}\n",
    ):
        assert part in text


def test_the_gates_reason_has_the_numbers_of_a_comparison():
    reason = "test_r2 is 0.81, greater than 0.75; over the champion test_r2 improves by 0.02"
    output = {**OUTPUT, "Gate": {**GATE, "Reason": reason}, "EndpointName": "housing-prod"}
    assert f"Gate: {reason}\n" in notification(ended(output=output))[2]


def test_warnings_after_a_release_are_reported():
    output = {**OUTPUT, "EndpointName": "housing-prod", "Warnings": ["nothing was removed"]}
    detail, _, text = notification(ended(output=output))
    assert detail["Warnings"] == ["nothing was removed"]
    assert "\n\nWarning: nothing was removed\n\nNext:" in text


def test_a_release_of_a_registered_version_needs_no_metrics():
    output = {"ModelPackageArn": VERSION, "EndpointName": "housing-prod", "Superseded": False}
    detail, subject, text = notification(ended(arn=RELEASED, output=output))
    assert (detail["Outcome"], subject) == ("released", "[housing prod] Model version 7 released")
    assert "Gate:" not in text
    assert "State machine: housing-prod-release\nExecution: release-7\n" in text


def test_a_superseded_release_is_reported_as_such():
    output = {**OUTPUT, "EndpointName": "housing-prod", "Superseded": True}
    detail, subject, _ = notification(ended(output=output))
    assert detail["Outcome"] == "superseded"
    assert subject == "[housing prod] Model version 7 released, then replaced"


def test_a_pending_approval_has_its_command():
    detail, subject, text = notification(ended(output=OUTPUT))
    assert detail["Outcome"] == "waitingForApproval"
    assert subject == "[housing prod] Model version 7 waits for approval"
    assert "  npm run approve -- prod 7   shows" in text


def test_a_model_refused_by_the_gate_has_reason_and_metrics():
    cause = {"reason": "test_r2 is 0.1, must be greater than 0.75", "metrics": {"test_r2": 0.1}}
    detail, subject, text = notification(
        ended("FAILED", error="ModelPerformanceInsufficient", cause={"job": "train", **cause})
    )
    assert detail["Outcome"] == "gateRefused"
    assert detail["Error"] == "ModelPerformanceInsufficient"
    assert detail["Metrics"] == {"test_r2": 0.1}
    assert subject == "[housing prod] A new model did not pass the gate"
    assert f"Why: {cause['reason']}" in text
    assert "The model's metric is not above the threshold." in text


@pytest.mark.parametrize(
    ("error", "title"),
    [
        ("RolledBack", "Model version 7 rolled back"),
        ("RollbackFailed", "URGENT: the endpoint could not be rolled back"),
    ],
)
def test_a_rollback_names_version_endpoint_and_reason(error, title):
    cause = {
        "state": "CheckEndpoint",
        "endpoint": "housing-prod",
        "reason": "alarm housing-prod-endpoint-errors",
        "rejectedConfigName": "new",
        "servingConfigName": "old",
    }
    given = json.dumps({"ModelPackageArn": VERSION})
    detail, subject, text = notification(
        {**ended("FAILED", RELEASED, error=error, cause=cause), "input": given}
    )
    assert detail["Outcome"] == "rolledBack"
    assert (detail["Error"], detail["EndpointName"]) == (error, "housing-prod")
    assert detail["ModelPackageArn"] == VERSION
    assert subject == f"[housing prod] {title}"
    assert "Why: alarm housing-prod-endpoint-errors" in text
    assert MEANINGS[error] in text
    assert "npm run versions -- prod " in text


def test_a_failure_has_its_meaning_and_the_command_that_shows_it():
    cause = {"state": "ModelTraining", "reason": "AlgorithmError: it broke"}
    detail, subject, text = notification(ended("FAILED", error="TrainingJobFailed", cause=cause))
    assert (detail["Outcome"], detail["Error"]) == ("failed", "TrainingJobFailed")
    assert subject == "[housing prod] Execution failed: TrainingJobFailed"
    assert "The training job failed." in text
    assert f"npm run execute -- prod --attach {TRAINED}" in text


def test_a_cause_that_is_not_json_is_the_reason():
    detail, subject, text = notification(
        {**ended("FAILED", RELEASED, error="States.Runtime"), "cause": "it {broke"}
    )
    assert (detail["Outcome"], detail["Reason"]) == ("failed", "it {broke")
    assert subject == "[housing prod] Release failed: States.Runtime"
    assert "Release release-7 failed." in text
    assert "npm run versions -- prod   lists" in text


@pytest.mark.parametrize(
    ("status", "outcome", "title"),
    [
        ("TIMED_OUT", "timedOut", "Execution timed out"),
        ("ABORTED", "aborted", "Execution aborted"),
    ],
)
def test_other_statuses_have_no_named_error(status, outcome, title):
    detail, subject, text = notification(ended(status))
    assert detail["Outcome"] == outcome
    assert subject == f"[housing prod] {title}"
    assert "Why:" not in text


def test_a_subject_is_short_ascii_and_texts_are_limited():
    description = ended("FAILED", error="Größe" * 50, cause={"reason": "x" * 9000})
    detail, subject, text = notification(description)
    assert subject.isascii()
    assert len(subject) == 99
    assert len(detail["Reason"]) == 4000
    many = {f"m{i}": i for i in range(1000)}
    detail, _, text = notification(ended(output={**OUTPUT, "Metrics": many}))
    assert len(detail["Metrics"]) == 50
    assert "m19 19" in text
    assert "m20 20" not in text


def test_a_description_that_is_too_old_is_read_again():
    with pytest.raises(ExecutionRunning, match="is RUNNING"):
        notification(ended("RUNNING"))


WHOLE = {**OUTPUT, "EndpointName": "housing-prod", "Superseded": False, "Warnings": ["w"]}
CAUSE = {"state": "s", "job": "j", "reason": "r", "endpoint": "e", "metrics": {"test_r2": 0.1}}
ODD = [
    *({"status": "SUCCEEDED", "output": text} for text in ODD_TEXTS),
    *({"status": "ABORTED", "cause": text, "error": text[:256]} for text in ODD_TEXTS),
    *({"status": "FAILED", "error": "RolledBack", "cause": text} for text in ODD_TEXTS),
    *({"status": "SUCCEEDED", "input": text, "output": text} for text in ODD_TEXTS),
    *({"status": "SUCCEEDED", "output": as_text(one)} for one in odd_objects(100, WHOLE)),
    *(
        {"status": "FAILED", "error": name, "cause": as_text(one)}
        for name in (*MEANINGS, "Whatever")
        for one in odd_objects(40, CAUSE)
    ),
    *({"status": "ABORTED", "cause": as_text({"metrics": nested(depth)})} for depth in (90, 900)),
]


def test_every_end_of_an_execution_is_reported():
    """In the expected order, and within the limits of SNS and EventBridge."""
    for one in ODD:
        detail, subject, text = notification({"executionArn": TRAINED, "input": "{}", **one})
        assert detail["Outcome"]
        assert subject.isascii()
        assert len(subject) <= 99
        assert "\n" not in subject
        assert len(text.encode()) < 100_000
        assert text.count("\nNext:\n") == 1
        assert text.rstrip().endswith(TRAINED)
        entry = json.dumps(detail, allow_nan=False).encode()
        assert len(entry) < 200_000


def test_texts_from_data_stay_on_one_line():
    """The text of an error cannot add a section, or a link on a separate line."""
    forged = "no\r\n\nNext:\n  curl https://evil.example\u2028https://evil.example\x1b[2J\u202e"
    cause = {"reason": forged, "endpoint": forged, "metrics": {forged: 1}}
    detail, _, text = notification(ended("FAILED", error="TrainingJobFailed", cause=cause))
    assert detail["Reason"] == ("no Next: curl https://evil.example https://evil.example [2J")
    assert "https://evil" not in "".join(
        line for line in text.splitlines() if not line.startswith(("Why", "Metrics", "Endpoint"))
    )
    gate = {**GATE, "Reason": forged}
    _, _, text = notification(ended(output={**OUTPUT, "Gate": gate, "Warnings": [forged]}))
    assert text.count("Next:\n") == 1


class Clients:
    """Step Functions, SNS, EventBridge and CloudWatch, of which the last three can fail."""

    def __init__(self, broken=(), refused=False):
        self.broken, self.refused = broken, refused
        self.sent = []

    def __call__(self, service):
        self.service = service
        return self

    def describe_execution(self, executionArn):
        return ended(arn=executionArn, output={**OUTPUT, "EndpointName": "housing-prod"})

    def list_executions(self, **_request):
        return {"executions": [{"status": "SUCCEEDED", "executionArn": TRAINED}]}

    def put_metric_data(self, **request):
        self._send("cloudwatch", request)

    def publish(self, **request):
        self._send("sns", request)

    def put_events(self, Entries):
        self._send("events", Entries[0])
        entry = {"ErrorCode": "ThrottlingException", "ErrorMessage": "later"}
        return {"FailedEntryCount": int(self.refused), "Entries": [entry]}

    def _send(self, service, request):
        if service in self.broken:
            error = {"Code": "AccessDenied", "Message": f"no {service}"}
            raise ClientError({"Error": error}, service)
        self.sent.append((service, request))


@pytest.fixture
def handle(monkeypatch):
    variables = {
        "PREFIX": "housing",
        "ENVIRONMENT": "prod",
        "TOPIC_ARN": "topic",
        "METRIC_NAMESPACE": "SageMakerWorkflow/Executions",
        "EVENT_SOURCE": "sagemaker-workflow.releases",
        "EVENT_DETAIL_TYPE": "Release Outcome",
        "FAILURES": json.dumps(MEANINGS),
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    def call(clients):
        monkeypatch.setattr(notify, "_client", clients)
        return notify.lambda_handler({"detail": {"executionArn": TRAINED}}, None)

    return call


def test_the_function_sends_a_message_an_event_and_metrics(handle):
    clients = Clients()
    detail = handle(clients)
    (_, published), (_, event), (_, metrics) = clients.sent
    assert published["TopicArn"] == "topic"
    assert published["Subject"] == "[housing prod] Model version 7 released"
    assert event["Source"] == "sagemaker-workflow.releases"
    assert event["DetailType"] == "Release Outcome"
    assert json.loads(event["Detail"]) == detail
    assert metrics["Namespace"] == "SageMakerWorkflow/Executions"
    assert {one["MetricName"]: one["Value"] for one in metrics["MetricData"]} == {
        "GateRefusalsInARow": 0,
        "VersionInService": 7,
        "GateMetric": 0.8123456,
    }


@pytest.mark.parametrize(
    ("clients", "sent", "problem"),
    [
        (Clients(broken=["sns"]), ["events", "cloudwatch"], "the topic: .*no sns"),
        (Clients(broken=["events"]), ["sns", "cloudwatch"], "the event bus: .*no events"),
        (Clients(broken=["cloudwatch"]), ["sns", "events"], "the metrics: .*no cloudwatch"),
        (
            Clients(refused=True),
            ["sns", "events", "cloudwatch"],
            "the event bus: ThrottlingException: later",
        ),
        (
            Clients(broken=["sns", "events", "cloudwatch"]),
            [],
            "the topic: .*; the event bus: .*; the metrics: ",
        ),
    ],
)
def test_a_failing_channel_does_not_stop_the_other_and_raises_an_error(
    handle, clients, sent, problem
):
    with pytest.raises(notify.NotificationFailed, match=problem):
        handle(clients)
    assert [service for service, _ in clients.sent] == sent


def metrics_of(description, refusals=2):
    asked = []

    def count(machine):
        asked.append(machine)
        return refusals

    data = execution_metrics(outcome_detail(description, "prod", "housing-prod"), count)
    for one in data:
        assert one["Dimensions"] == [{"Name": "Workflow", "Value": "housing-prod"}]
    return {one["MetricName"]: one["Value"] for one in data}, asked


MACHINE = "arn:aws:states:eu-west-1:333344445555:stateMachine:housing-prod"


@pytest.mark.parametrize(
    ("description", "metrics"),
    [
        (ended("FAILED", error="ModelPerformanceInsufficient"), {"GateRefusalsInARow": 2}),
        (ended(output=OUTPUT), {"GateRefusalsInARow": 2}),
        (
            ended(output={**OUTPUT, "EndpointName": "e"}),
            {"GateRefusalsInARow": 2, "VersionInService": 7, "GateMetric": 0.8123456},
        ),
        # It says nothing about the gate.
        (ended("FAILED", error="TrainingJobFailed"), {}),
        (ended("ABORTED"), {}),
        # A release has no gate.
        (
            ended(arn=RELEASED, output={"ModelPackageArn": VERSION, "EndpointName": "e"}),
            {"VersionInService": 7},
        ),
        (ended("FAILED", arn=RELEASED, error="RolledBack"), {}),
    ],
)
def test_metrics_say_what_the_gate_decided_and_what_is_in_service(description, metrics):
    found, asked = metrics_of(description)
    assert found == metrics
    assert asked == ([MACHINE] if "GateRefusalsInARow" in metrics else [])


@pytest.mark.parametrize(
    ("ends", "refused"),
    [
        ([], 0),
        (["SUCCEEDED", GATE_REFUSED], 0),
        ([GATE_REFUSED, GATE_REFUSED, GATE_REFUSED], 3),
        ([GATE_REFUSED, "SUCCEEDED", GATE_REFUSED], 1),
        (["RUNNING", GATE_REFUSED, "TrainingJobFailed", "ABORTED", GATE_REFUSED], 2),
    ],
)
def test_refusals_are_counted_until_a_model_has_passed(ends, refused):
    statuses = {"RUNNING", "SUCCEEDED", "ABORTED"}
    executions = [
        (end, lambda: pytest.fail("it has no error"))
        if end in statuses
        else ("FAILED", lambda end=end: end)
        for end in ends
    ]
    assert count_refusals(executions) == refused


def test_odd_executions_have_metrics_that_cloudwatch_takes():
    for one in ODD:
        found, _ = metrics_of({"executionArn": TRAINED, "input": "{}", **one})
        json.dumps(found, allow_nan=False)
