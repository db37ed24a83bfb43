"""The control paths and the listening socket."""

import json
import socket
import threading

import pytest
from werkzeug.test import Client

from emulator import server
from emulator.aws.faults import Faults, InjectedError
from emulator.aws.mails import KEPT, Mails
from emulator.aws.permissions.audit import Audit
from emulator.front.access_keys import new_access_key
from emulator.front.admission import Admission
from tests.patience import LIMIT_SECONDS, wait_until

KEY = new_access_key()


@pytest.fixture
def faults():
    return Faults()


@pytest.fixture
def audit():
    return Audit()


@pytest.fixture
def mails():
    return Mails()


@pytest.fixture
def web(faults, audit, mails):
    admission = Admission(80, KEY, {KEY.id: KEY}.get)
    kept = {"audit": audit, "mails": mails}
    client = Client(server.Application(lambda: {"endpoint": "here"}, faults, kept, admission))

    def send_request(path, method="GET", **options):
        options = {"headers": {"Host": "127.0.0.1:80"}, "auth": (KEY.id, KEY.secret), **options}
        return client.open(path, method=method, **options)

    return send_request


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
def test_fails_for_unknown_control_paths(web, method, path):
    assert web(path, method).status_code == 404


def test_it_listens_on_loopback_only_and_reports_a_taken_port():
    with server.bind(0) as listener:
        host, port = listener.getsockname()
        assert host == "127.0.0.1"
        with pytest.raises(server.PortTakenError, match=f"port {port} of 127.0.0.1 is taken"):
            server.bind(port)
    with server.bind(port), socket.create_connection(("127.0.0.1", port)):
        pass


def test_too_many_connections_are_refused_and_logged_once(web, monkeypatch, caplog):
    monkeypatch.setattr(server, "MAX_CONNECTIONS", 2)
    with server.bind(0) as listener:
        http = server.serve_on(listener, lambda environ, start: start("200 OK", []) or [b"x"])
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        address, taken = listener.getsockname(), []

        def send_request():
            connection = socket.create_connection(address, LIMIT_SECONDS)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
            return connection, connection.recv(65536)

        for _ in range(2):
            connection, answer = send_request()
            assert answer.startswith(b"HTTP/1.1 200")
            taken.append(connection)
        for _ in range(2):
            connection, answer = send_request()
            assert answer.startswith(b"HTTP/1.1 503")
            connection.close()
        assert len([one for one in caplog.records if "2 connections are open" in one.message]) == 1
        taken.pop().close()
        wait_until(lambda: send_request()[1].startswith(b"HTTP/1.1 200"))
        for connection in taken:
            connection.close()
        http.shutdown()
        thread.join()


def test_the_audit_can_be_read_and_reset(web, audit):
    audit.record("arn:aws:iam::123456789012:role/r", "s3:GetObject", "arn:1", allowed=True)
    use = {"action": "s3:GetObject", "resource": "arn:1", "allowed": 1, "denied": 0}
    role = {"arn": "arn:aws:iam::123456789012:role/r", "name": "r", "uses": [use]}
    assert web("/_emulator/audit").json == {"roles": [role]}
    assert web("/_emulator/audit", "DELETE").status_code == 200
    assert web("/_emulator/audit").json == {"roles": []}


def test_the_newest_emails_can_be_read_and_removed(web, mails):
    for number in range(KEPT + 1):
        mails.add("ml-team@example.com", "arn:topic", f"Subject {number}", "Text")
    found = web("/_emulator/mails").json["mails"]
    assert len(found) == KEPT
    assert {key: found[-1][key] for key in ("to", "topic", "subject", "text")} == {
        "to": "ml-team@example.com",
        "topic": "arn:topic",
        "subject": f"Subject {KEPT}",
        "text": "Text",
    }
    assert web("/_emulator/mails", "DELETE").status_code == 200
    assert web("/_emulator/mails").json == {"mails": []}


def test_an_unknown_path_lists_the_control_paths(web):
    answer = web("/_emulator/nothing")
    assert answer.status_code == 404
    assert "GET and DELETE /_emulator/mails" in answer.json["error"]
