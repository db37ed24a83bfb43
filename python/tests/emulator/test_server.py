"""The control paths and the listening socket."""

import json
import socket

import pytest
from werkzeug.test import Client

from emulator import server
from emulator.aws.permissions.audit import Audit
from emulator.faults import Faults, InjectedError


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def audit():
    return Audit()


@pytest.fixture
def web(faults, audit):
    return Client(server.Application(lambda: {"endpoint": "here"}, faults, audit))


def test_it_describes_itself(web):
    assert web.get("/_emulator").json == {"endpoint": "here"}


def test_fault_rules_are_posted_and_deleted(web, faults):
    rule = {"operation": "states:StartExecution", "error": "E", "times": 0}
    assert web.post("/_emulator/faults", data=json.dumps({"faults": [rule]})).status_code == 200
    with pytest.raises(InjectedError):
        faults.refuse("states:StartExecution", None)
    assert web.delete("/_emulator/faults").status_code == 200
    faults.refuse("states:StartExecution", None)


@pytest.mark.parametrize("body", ["{", '{"faults": [{"operation": "states:Start"}]}'])
def test_fails_for_bad_rules_with_the_reason(web, body):
    answer = web.post("/_emulator/faults", data=body)
    assert answer.status_code == 400
    assert answer.json["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/_emulator"), ("GET", "/_emulator/x"), ("POST", "/moto-api/reset")],
)
def test_fails_for_controls_that_there_are_not(web, method, path):
    assert web.open(path, method=method).status_code == 404


def test_it_listens_on_loopback_alone_and_says_when_a_port_is_taken():
    with server.bind(0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(server.PortTakenError, match=f"port {port} of 127.0.0.1 is taken"):
            server.bind(port)
    with server.bind(port), socket.create_connection(("127.0.0.1", port)):
        pass


def test_it_gives_and_empties_the_audit(web, audit):
    audit.record("arn:aws:iam::123456789012:role/r", "s3:GetObject", "arn:1", allowed=True)
    use = {"action": "s3:GetObject", "resource": "arn:1", "allowed": 1, "denied": 0}
    role = {"arn": "arn:aws:iam::123456789012:role/r", "name": "r", "uses": [use]}
    assert web.get("/_emulator/audit").json == {"roles": [role]}
    assert web.delete("/_emulator/audit").status_code == 200
    assert web.get("/_emulator/audit").json == {"roles": []}
