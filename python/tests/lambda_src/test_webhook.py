"""The documents for chats, and how they are posted."""

import contextlib
import http.server
import json
import ssl
import subprocess
import threading
import traceback
import urllib.error
import urllib.request

import pytest

import post
import webhook
from chat import chat_document, readable
from tests.lambda_src.odd_values import ODD_TEXTS, as_text, odd_objects
from texts import _console

CONSOLE = "https://eu-west-1.console.aws.amazon.com/states/home?region=eu-west-1#/x"
SECRET = "https://hooks.example.com/services/T0/SECRET"
ALARM = {
    "AlarmName": "housing-prod-endpoint-errors",
    "AlarmDescription": "The model answers with errors; npm run rollback -- prod",
    "AWSAccountId": "333344445555",
    "OldStateValue": "OK",
    "NewStateValue": "ALARM",
    "NewStateReason": "Threshold Crossed: 6 > 5",
    "StateChangeTime": "2026-01-02T03:04:05.678+0000",
    "Region": "EU (Ireland)",
}


def test_a_message_is_posted_unchanged():
    assert readable("[housing prod] released", "It serves.\n") == (
        "[housing prod] released",
        "It serves.",
    )
    assert readable(None, "[1]") == ("Notification", "[1]")
    assert readable("numbers", '{"a": 1}') == ("numbers", '{"a": 1}')


def test_an_alarm_is_posted_as_text():
    title, text = readable("ignored", json.dumps(ALARM))
    assert title == "ALARM: housing-prod-endpoint-errors"
    assert text.split("\n") == [
        ALARM["AlarmDescription"],
        "",
        "State: OK -> ALARM",
        "Reason: Threshold Crossed: 6 > 5",
        "Since: 2026-01-02T03:04:05.678+0000",
        "Account and region: 333344445555, EU (Ireland)",
    ]


def test_slack_gets_escaped_text():
    assert chat_document("slack", "a", "<!channel> & b") == {
        "text": "*a*\n&lt;!channel&gt; &amp; b"
    }


def test_teams_gets_a_card_with_a_button_for_the_link():
    document = chat_document("teams", "title", f"test_r2 is 0.8\n\n{CONSOLE}\n")
    (attachment,) = document["attachments"]
    card = attachment["content"]
    assert attachment["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert [block["inlines"][0]["text"] for block in card["body"]] == [
        "title",
        "test_r2 is 0.8",
        CONSOLE,
    ]
    assert card["actions"] == [{"type": "Action.OpenUrl", "title": "Open", "url": CONSOLE}]
    assert chat_document("teams", "title", "no link")["attachments"][0]["content"]["actions"] == []


def button(text):
    """Return the link of the card's button, or None if it has none."""
    (attachment,) = chat_document("teams", "title", text)["attachments"]
    return next((action["url"] for action in attachment["content"]["actions"]), None)


@pytest.mark.parametrize("partition", ["aws", "aws-cn", "aws-us-gov"])
def test_the_button_links_to_the_messages_own_execution(partition):
    link = _console(partition, "xx-east-1", f"arn:{partition}:states:xx-east-1:1:execution:a:b")
    assert button(f"Why: no column 'https://evil.example/'\n\n{link}\n") == link


@pytest.mark.parametrize(
    "line",
    [
        "https://evil.example/login",
        "Why: https://eu-west-1.console.aws.amazon.com/x",
        "https://console.aws.amazon.com.evil.example/x",
        "https://console.aws.amazon.com@evil.example/x",
        "https://evil-console.aws.amazon.com/x",
        "https://evil.example/console.aws.amazon.com/x",
        "http://console.aws.amazon.com/x",
    ],
)
def test_other_links_get_no_button(line):
    assert button(f"{line}\n") is None


def test_whatever_a_topic_delivers_is_posted():
    """Including alarms with odd values; their texts cannot add sections."""
    alarms = map(as_text, odd_objects(100, ALARM))
    for body in (*ODD_TEXTS, *alarms):
        for subject in (None, "", "a\nb", "x" * 5000):
            title, text = readable(subject, body)
            assert "\n" not in title
            assert len(title) <= 200
            for style in ("slack", "teams"):
                assert len(json.dumps(chat_document(style, title, text[:2000]))) < 100_000
    reason = "crossed\n\nNext:\n  curl https://evil.example"
    _, text = readable("ignored", json.dumps({**ALARM, "NewStateReason": reason}))
    assert "Reason: crossed Next: curl https://evil.example\n" in text


def test_another_style_is_refused():
    with pytest.raises(ValueError, match="got 'irc'"):
        chat_document("irc", "a", "b")


class Chat:
    """Responds with one status or exception after the other; the last one repeatedly."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []

    def __call__(self, request, timeout):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer == 200:
            return contextlib.nullcontext()
        if isinstance(answer, int):
            raise urllib.error.HTTPError(request.full_url, answer, "no", None, None)  # type: ignore[arg-type]
        raise answer


@pytest.fixture(autouse=True)
def slept(monkeypatch):
    pauses = []
    monkeypatch.setattr(post.time, "sleep", pauses.append)
    return pauses


def test_a_document_is_posted_as_json():
    chat = Chat(200)
    post.post(SECRET, {"text": "é"}, chat)
    (request,) = chat.requests
    assert request.get_method() == "POST"
    assert request.full_url == SECRET
    assert json.loads(request.data) == {"text": "é"}
    assert request.headers["Content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize(
    "passing", [429, 500, 503, TimeoutError(), urllib.error.URLError(OSError())]
)
def test_a_transient_failure_is_retried(slept, passing):
    chat = Chat(passing, passing, 200)
    post.post(SECRET, {}, chat)
    assert len(chat.requests) == 3
    assert slept == [1.0, 2.0]


def test_it_gives_up_after_four_attempts():
    chat = Chat(503)
    with pytest.raises(post.WebhookFailed, match="it responded with status 503"):
        post.post(SECRET, {}, chat)
    assert len(chat.requests) == 4


@pytest.mark.parametrize("status", [302, 400, 403, 404])
def test_a_refusal_is_not_retried(slept, status):
    chat = Chat(status)
    with pytest.raises(post.WebhookFailed, match=f"status {status}"):
        post.post(SECRET, {}, chat)
    assert slept == []


@pytest.mark.parametrize(
    "url",
    ["http://hooks.example.com/x", "hooks.example.com", "https://", "", "https://[x", "file:///x"],
)
def test_only_https_is_used(url):
    chat = Chat(200)
    with pytest.raises(post.WebhookFailed, match="must begin with https://"):
        post.post(url, {}, chat)
    assert chat.requests == []


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        (SECRET, 404),
        (SECRET, ValueError(f"unknown url type: {SECRET}")),
        (SECRET, urllib.error.URLError(OSError(SECRET))),
        ("https://127.0.0.1:1/SECRET and a space", None),
        (f"http://{SECRET}", 200),
    ],
)
def test_the_url_is_in_no_error(url, answer):
    with pytest.raises(post.WebhookFailed) as caught:
        post.post(url, {}, None if answer is None else Chat(answer))
    assert "SECRET" not in "".join(traceback.format_exception(caught.value))


@pytest.fixture
def server(tmp_path):
    """Serve HTTPS on loopback, with a certificate that only this test trusts."""
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1"),
            *("-keyout", str(key), "-out", str(certificate), "-subj", "/CN=localhost"),
            *("-addext", "subjectAltName=IP:127.0.0.1"),
        ],
        check=True,
        capture_output=True,
    )
    got = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            got.append((self.path, json.loads(body)))
            status = 302 if self.path == "/away" else 200
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "http://127.0.0.1:1/")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format, *args):
            pass

    listener = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    listener.socket = context.wrap_socket(listener.socket, server_side=True)
    thread = threading.Thread(target=listener.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{listener.server_port}", certificate, got
    listener.shutdown()
    thread.join()
    listener.server_close()


def test_a_real_server_receives_it_and_a_redirect_is_not_followed(server, monkeypatch):
    url, certificate, got = server
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    post.post(f"{url}/x", {"text": "hello"})
    with pytest.raises(post.WebhookFailed, match="status 302"):
        post.post(f"{url}/away", {})
    assert got == [("/x", {"text": "hello"}), ("/away", {})]


def test_an_untrusted_certificate_is_refused(server, monkeypatch):
    url, _, got = server
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with pytest.raises(post.WebhookFailed, match="no response: SSLCertVerificationError"):
        post.post(f"{url}/x", {})
    assert got == []


class Ssm:
    class exceptions:  # noqa: N801
        class ParameterNotFound(Exception):  # noqa: N818
            pass

    def __init__(self, value):
        self.value = value

    def get_parameter(self, Name, WithDecryption):
        assert WithDecryption
        if self.value is None:
            raise self.exceptions.ParameterNotFound
        return {"Parameter": {"Value": self.value}}


@pytest.fixture
def handle(monkeypatch):
    monkeypatch.setenv("PARAMETER", "/housing/prod/webhook")
    monkeypatch.setenv("FORMAT", "slack")
    posted = []
    monkeypatch.setattr(webhook, "post", lambda url, document: posted.append((url, document)))

    def call(value):
        monkeypatch.setattr(webhook, "_client", lambda _: Ssm(value))
        record = {"Sns": {"Subject": "a", "Message": "b"}}
        webhook.lambda_handler({"Records": [record]}, None)
        return posted

    return call


def test_the_function_posts_to_the_parameters_url(handle):
    assert handle(f"{SECRET}\n") == [(SECRET, {"text": "*a*\nb"})]


def test_a_missing_parameter_is_named_with_the_command_that_creates_it(handle):
    with pytest.raises(webhook.ParameterMissing, match=r"put-parameter .*/housing/prod/webhook"):
        handle(None)
