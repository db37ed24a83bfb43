"""The table of operations is complete and correct, and its page is generated from it."""

import logging
from pathlib import Path

import pytest

from emulator.aws.protocol.operation_table import OPERATIONS, Status, refused_members, status, table
from emulator.aws.protocol.operations import operation_model, service_model, services
from emulator.operations_page import page

PAGE = Path(__file__).parents[5] / "docs/emulator-operations.md"


@pytest.mark.parametrize("service", sorted(table()))
def test_a_service_names_operations_that_exist_each_once(service):
    assert service in services()
    named = [*table()[service].runs, *table()[service].record]
    assert len(named) == len(set(named))
    assert set(named) <= set(service_model(service).operation_names)


@pytest.mark.parametrize("service", sorted(table()))
def test_refused_members_exist(service):
    for name in table()[service].without:
        operation, _, member = name.partition(".")
        assert status(service, operation) is not Status.REFUSED
        assert member in operation_model(service, operation).input_shape.members


def test_an_operation_that_is_not_in_the_table_is_refused():
    assert status("stepfunctions", "StartExecution") is Status.RUNS
    assert status("sagemaker", "CreateTrial") is Status.RECORD
    assert status("sagemaker", "CreatePipeline") is Status.REFUSED
    assert status("athena", "StartQueryExecution") is Status.REFUSED


def test_the_reason_names_the_operation_and_the_alternative():
    reason = OPERATIONS.reason("bedrock-runtime", "InvokeModel") or ""
    assert reason.startswith("bedrock:InvokeModel ")
    assert "leave the call out" in reason
    assert "--allow-records" in reason
    assert OPERATIONS.reason("stepfunctions", "StartExecution") is None


def test_refused_members_may_have_empty_values():
    assert refused_members("sns", "Publish") == ("PhoneNumber",)
    reason = OPERATIONS.member_reason("sns", "Publish", lambda: {"PhoneNumber": "+1"}) or ""
    assert reason.startswith("PhoneNumber of sns:Publish ")
    assert OPERATIONS.member_reason("sns", "Publish", lambda: {"TopicArn": "arn"}) is None


def test_allowed_records_are_logged_once_per_operation(bare_records, caplog):
    with caplog.at_level(logging.WARNING, "emulator"):
        for _ in range(2):
            assert OPERATIONS.reason("sagemaker", "CreatePipeline") is None
            assert OPERATIONS.reason("sagemaker", "CreateDomain") is None
    told = [record.getMessage() for record in caplog.records]
    assert len(told) == 2
    assert told[0].startswith("sagemaker:CreatePipeline is only recorded")


def test_the_documentation_page_is_generated_from_the_table():
    assert PAGE.read_text() == page(), "write docs/emulator-operations.md again, as it says itself"
