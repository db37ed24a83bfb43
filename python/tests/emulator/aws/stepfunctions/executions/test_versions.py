"""Versions and aliases: publication, start, lists and deletion."""

import collections
import json

import pytest


def says(text):
    return {"Only": {"Type": "Pass", "Output": text, "End": True}}


def definition(states):
    return json.dumps({"QueryLanguage": "JSONata", "StartAt": "Only", "States": states})


class Published:
    """A machine whose versions return one and two; unpublished, it returns three."""

    def __init__(self, sfn, made):
        self._sfn = sfn
        self.made = made
        self.arn = made.arn
        self.versions = [f"{made.arn}:1"]
        self.versions.append(self.update("two", publish=True)["stateMachineVersionArn"])
        self.update("three")

    def update(self, text, **options):
        return self._sfn.update_state_machine(
            stateMachineArn=self.arn, definition=definition(says(text)), **options
        )

    def alias(self, *weights, name="live"):
        routes = [
            {"stateMachineVersionArn": arn, "weight": weight}
            for arn, weight in zip(self.versions, weights, strict=False)
            if weight is not None
        ]
        answer = self._sfn.create_state_machine_alias(name=name, routingConfiguration=routes)
        return answer["stateMachineAliasArn"]

    def run(self, arn):
        started = self._sfn.start_execution(stateMachineArn=arn)["executionArn"]
        return self.made.wait(started)


@pytest.fixture
def sfn(client):
    return client("stepfunctions")


@pytest.fixture
def published(machine, sfn):
    return Published(sfn, machine(says("one"), publish=True))


def test_starts_the_machine_version_or_alias_of_the_arn(published):
    arns = {"three": published.arn, "one": published.versions[0], "two": published.versions[1]}
    for text, arn in arns.items():
        execution = published.run(arn)
        assert json.loads(execution["output"]) == text
        assert execution["stateMachineArn"] == published.arn
        assert execution.get("stateMachineVersionArn") == (None if text == "three" else arn)
        assert "stateMachineAliasArn" not in execution


def test_an_alias_routes_by_its_weights(published):
    certain = published.run(published.alias(None, 100, name="second"))
    assert json.loads(certain["output"]) == "two"
    assert certain["stateMachineVersionArn"] == published.versions[1]
    assert certain["stateMachineAliasArn"] == f"{published.arn}:second"
    never = published.alias(0, 100, name="never")
    assert {json.loads(published.run(never)["output"]) for _ in range(12)} == {"two"}
    even = published.alias(50, 50, name="even")
    counted = collections.Counter(json.loads(published.run(even)["output"]) for _ in range(24))
    assert set(counted) == {"one", "two"}  # all from one version: once in eight million


def test_executions_are_listed_by_what_started_them(published, sfn):
    alias = published.alias(100)
    started = {arn: published.run(arn) for arn in (published.arn, published.versions[1], alias)}

    def listed(arn):
        found = sfn.list_executions(stateMachineArn=arn)["executions"]
        return {execution["executionArn"]: execution for execution in found}

    assert len(listed(published.arn)) == 3
    assert set(listed(published.versions[1])) == {started[published.versions[1]]["executionArn"]}
    (by_alias,) = listed(alias).values()
    assert by_alias["stateMachineAliasArn"] == alias
    assert by_alias["stateMachineVersionArn"] == published.versions[0]
    assert by_alias["stateMachineArn"] == published.arn


@pytest.mark.parametrize("qualifier", ["3", "0", "none"])
def test_fails_to_start_or_list_missing_machines_versions_and_aliases(published, sfn, qualifier):
    arn = f"{published.arn}:{qualifier}"
    with pytest.raises(sfn.exceptions.StateMachineDoesNotExist, match=arn):
        sfn.start_execution(stateMachineArn=arn)
    with pytest.raises(sfn.exceptions.StateMachineDoesNotExist, match=arn):
        sfn.list_executions(stateMachineArn=arn)


def test_fails_to_list_executions_without_an_arn(sfn):
    with pytest.raises(sfn.exceptions.ClientError, match="ValidationException"):
        sfn.list_executions()


def test_a_version_cannot_be_updated(published, sfn):
    with pytest.raises(sfn.exceptions.StateMachineDoesNotExist):
        sfn.update_state_machine(
            stateMachineArn=published.versions[0], definition=definition(says("four"))
        )


def test_a_revision_is_published_once(published, sfn):
    described = sfn.describe_state_machine(stateMachineArn=published.arn)
    request = {"stateMachineArn": published.arn}
    third = sfn.publish_state_machine_version(**request, revisionId=described["revisionId"])
    assert third["stateMachineVersionArn"] == f"{published.arn}:3"
    again = sfn.publish_state_machine_version(**request)
    assert again["stateMachineVersionArn"] == third["stateMachineVersionArn"]
    unchanged = published.update("three", publish=True)
    assert unchanged["stateMachineVersionArn"] == third["stateMachineVersionArn"]
    assert unchanged["revisionId"] == described["revisionId"]
    with pytest.raises(sfn.exceptions.ConflictException, match="current State Machine revision is"):
        sfn.publish_state_machine_version(**request, revisionId="another")


def test_a_version_is_described_as_published(published, sfn):
    described = sfn.describe_state_machine(stateMachineArn=published.versions[0])
    assert described["stateMachineArn"] == published.versions[0]
    assert '"one"' in described["definition"]
    execution = published.run(published.versions[0])
    started = sfn.describe_state_machine_for_execution(executionArn=execution["executionArn"])
    assert started["definition"] == described["definition"]
    assert started["stateMachineArn"] == published.arn


def test_the_number_of_a_deleted_version_is_not_reused(published, sfn):
    alias = published.alias(None, 100)
    first, second = published.versions
    with pytest.raises(sfn.exceptions.ConflictException, match=r"referenced by an alias.*\[live\]"):
        sfn.delete_state_machine_version(stateMachineVersionArn=second)
    sfn.delete_state_machine_alias(stateMachineAliasArn=alias)
    for _ in range(2):  # a second time, too
        sfn.delete_state_machine_version(stateMachineVersionArn=second)
    listed = sfn.list_state_machine_versions(stateMachineArn=published.arn)
    assert [v["stateMachineVersionArn"] for v in listed["stateMachineVersions"]] == [first]
    with pytest.raises(sfn.exceptions.StateMachineDoesNotExist):
        sfn.start_execution(stateMachineArn=second)
    third = sfn.publish_state_machine_version(stateMachineArn=published.arn)
    assert third["stateMachineVersionArn"] == f"{published.arn}:3"


def test_another_role_is_another_revision(published, sfn, role):
    before = sfn.describe_state_machine(stateMachineArn=published.arn)["revisionId"]
    changed = sfn.update_state_machine(
        stateMachineArn=published.arn, roleArn=role("states.amazonaws.com"), publish=True
    )
    assert changed["revisionId"] != before
    assert changed["stateMachineVersionArn"] == f"{published.arn}:3"


@pytest.mark.parametrize(
    ("routes", "code", "message"),
    [
        ([("", 100)], "ValidationException", "must contain state machine version ARNs"),
        ([(":1", 50), (":1", 50)], "ValidationException", "distinct state machine version ARNs"),
        ([(":1", 70), (":2", 29)], "ValidationException", "must be equal to 100"),
        ([(":9", 100)], "StateMachineDoesNotExist", "Does Not Exist"),
    ],
)
def test_fails_to_create_an_alias_of_a_missing_version(published, sfn, routes, code, message):
    configuration = [
        {"stateMachineVersionArn": published.arn + suffix, "weight": weight}
        for suffix, weight in routes
    ]
    with pytest.raises(sfn.exceptions.ClientError, match=message) as refusal:
        sfn.create_state_machine_alias(name="a", routingConfiguration=configuration)
    assert refusal.value.response["Error"]["Code"] == code


def test_only_the_same_alias_may_be_created_again(published, sfn):
    assert published.alias(100) == published.alias(100)
    with pytest.raises(sfn.exceptions.ConflictException, match="different routing"):
        published.alias(None, 100)


@pytest.fixture
def narrowed(published, client, role):
    """Return a role that may start the machine only by its alias live."""
    arn = role("scheduler.amazonaws.com", actions=())
    statement = {
        "Effect": "Allow",
        "Action": "states:StartExecution",
        "Resource": published.arn,
        "Condition": {"ForAnyValue:StringEquals": {"states:StateMachineQualifier": ["live"]}},
    }
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    name = arn.rpartition("/")[2]
    client("iam").put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=policy)
    return arn


def test_a_role_may_be_limited_to_one_alias(published, cloud, narrowed):
    live, other = published.alias(None, 100), published.alias(100, name="other")
    as_role = cloud.aws.client("stepfunctions", narrowed)
    as_role.start_execution(stateMachineArn=live)
    for arn in (published.arn, *published.versions, other):
        with pytest.raises(as_role.exceptions.ClientError, match="AccessDenied"):
            as_role.start_execution(stateMachineArn=arn)


def test_a_schedule_starts_an_alias_with_a_role_limited_to_it(
    published, client, narrowed, name, until, caplog
):
    live = published.alias(None, 100)
    scheduler, sfn = client("scheduler"), client("stepfunctions")
    targets = {f"{name}-denied": published.arn, name: live}
    for schedule, arn in targets.items():
        scheduler.create_schedule(
            Name=schedule,
            ScheduleExpression="rate(1 minute)",
            FlexibleTimeWindow={"Mode": "OFF"},
            Target={"Arn": arn, "RoleArn": narrowed, "Input": '{"by": "schedule"}'},
        )
    try:
        started = until(lambda: sfn.list_executions(stateMachineArn=live)["executions"])
        until(lambda: f"did not reach {published.arn}: AccessDenied" in caplog.text)
    finally:
        for schedule in targets:
            scheduler.delete_schedule(Name=schedule)
    assert started[-1]["stateMachineVersionArn"] == published.versions[1]
    described = sfn.describe_execution(executionArn=started[-1]["executionArn"])
    assert json.loads(described["input"]) == {"by": "schedule"}
    executions = sfn.list_executions(stateMachineArn=published.arn)["executions"]
    assert {execution.get("stateMachineAliasArn") for execution in executions} == {live}


def test_rules_and_nested_executions_reach_an_alias(published, machine, client, role, name, until):
    alias = published.alias(None, 100)
    events, sfn = client("events"), client("stepfunctions")
    events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))
    target = {"Id": "alias", "Arn": alias, "RoleArn": role()}
    assert events.put_targets(Rule=name, Targets=[target])["FailedEntryCount"] == 0
    events.put_events(Entries=[{"Source": name, "DetailType": "t", "Detail": "{}"}])
    (by_rule,) = until(lambda: sfn.list_executions(stateMachineArn=alias)["executions"])
    assert by_rule["stateMachineVersionArn"] == published.versions[1]
    events.remove_targets(Rule=name, Ids=["alias"])
    events.delete_rule(Name=name)
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::states:startExecution.sync:2",
        "Arguments": {"StateMachineArn": alias},
        "Output": "{% [$states.result.Output, $states.result.StateMachineAliasArn] %}",
        "End": True,
    }
    nested = machine({"Start": task}).run()
    assert json.loads(nested["output"]) == ["two", alias]
