"""The control paths and the listening socket."""

import json
import socket

import pytest
from werkzeug.test import Client

from emulator import server
from emulator.aws.permissions.audit import Audit
from emulator.faults import Faults, InjectedError
from emulator.front.access_keys import new_access_key
from emulator.front.gate import Gate

KEY = new_access_key()


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def audit():
    return Audit()


@pytest.fixture
def web(faults, audit):
    gate = Gate(80, KEY, {KEY.id: KEY}.get)
    client = Client(server.Application(lambda: {"endpoint": "here"}, faults, audit, gate))

    def ask(path, method="GET", **options):
        options = {"headers": {"Host": "127.0.0.1:80"}, "auth": (KEY.id, KEY.secret), **options}
        return client.open(path, method=method, **options)

    return ask


def test_it_describes_itself(web):
    assert web("/_emulator").json == {"endpoint": "here"}


def test_fault_rules_are_posted_and_deleted(web, faults):
    rule = {"operation": "states:StartExecution", "error": "E", "times": 0}
    assert web("/_emulator/faults", "POST", data=json.dumps({"faults": [rule]})).status_code == 200
    with pytest.raises(InjectedError):
        faults.refuse("states:StartExecution", None)
    assert web("/_emulator/faults", "DELETE").status_code == 200
    faults.refuse("states:StartExecution", None)


@pytest.mark.parametrize("body", ["{", '{"faults": [{"operation": "states:Start"}]}'])
def test_fails_for_bad_rules_with_the_reason(web, body):
    answer = web("/_emulator/faults", "POST", data=body)
    assert answer.status_code == 400
    assert answer.json["error"]


@pytest.mark.parametrize(
    ("method", "path"),
    [("PUT", "/_emulator"), ("GET", "/_emulator/x")],
)
def test_fails_for_controls_that_there_are_not(web, method, path):
    assert web(path, method).status_code == 404


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
    assert web("/_emulator/audit").json == {"roles": [role]}
    assert web("/_emulator/audit", "DELETE").status_code == 200
    assert web("/_emulator/audit").json == {"roles": []}
