"""Malformed requests at the socket: each has a response with a named error."""

import http.client
import json
import socket
from base64 import b64encode
from urllib.parse import urlparse

import pytest

from tests.emulator.aws.signing import signed_headers
from tests.patience import LIMIT_SECONDS

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest.fixture
def raw(cloud):
    """Send bytes; return the response until the server closes, or until the end of its head."""

    def send(data):
        address = urlparse(cloud.endpoint)
        with socket.create_connection((address.hostname, address.port), LIMIT_SECONDS) as client:
            client.sendall(data)
            received = b""
            while b"\r\n\r\n" not in received and (more := client.recv(65536)):
                received += more
            return received.decode("latin-1")

    return send


@pytest.fixture
def send_request(cloud):
    """Send a signed request; return status and text of the response."""

    def send(method, path, service, body=b"", headers=None, **options):
        headers = signed_headers(
            cloud.aws, method, path, service=service, body=body, headers=headers, **options
        )
        connection = http.client.HTTPConnection(urlparse(cloud.endpoint).netloc)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        status, text = answer.status, answer.read().decode()
        connection.close()
        return status, text

    return send


def host(cloud):
    return urlparse(cloud.endpoint).netloc


def test_an_unsupported_method_on_a_key_is_refused_by_name(send_request):
    status, text = send_request("POST", "/bucket/key", "s3", b"{}")
    assert (status // 100, "<Code>MethodNotAllowed</Code>" in text) == (4, True)


def test_with_any_key_an_unsigned_invocation_reaches_the_endpoint(cloud, monkeypatch):
    monkeypatch.setattr(cloud.admission, "_any_key", True)
    connection = http.client.HTTPConnection(urlparse(cloud.endpoint).netloc)
    connection.request("POST", "/endpoints/none-such/invocations", b"{}")
    answer = connection.getresponse().read().decode()
    connection.close()
    assert "Endpoint none-such of account 123456789012 not found" in answer


@pytest.mark.parametrize("length", ["abc", "-1", "1.5", "9" * 30])
def test_an_invalid_length_is_refused(cloud, raw, length):
    head = f"POST / HTTP/1.1\r\nHost: {host(cloud)}\r\nContent-Length: {length}\r\n"
    for more in (
        "",
        "Content-Type: application/x-www-form-urlencoded\r\n",
        "X-Amz-Target: A.B\r\n",
    ):
        answer = raw(f"{head}{more}\r\n".encode())
        assert answer.startswith("HTTP/1.1 400")


def test_a_body_that_is_too_long_is_refused_before_it_is_sent(cloud, raw):
    scope = "AWS4-HMAC-SHA256 Credential=k/20260101/us-east-1/lambda/aws4_request"
    head = f"POST / HTTP/1.1\r\nHost: {host(cloud)}\r\nAuthorization: {scope}\r\n"
    answer = raw(f"{head}Content-Length: {200 * 1024 * 1024}\r\n\r\n".encode())
    assert answer.startswith("HTTP/1.1 413")
    assert "RequestEntityTooLargeException" in answer


@pytest.mark.parametrize("target", ["//[", "/%zz?%zz=%", "*", "/\xff?\xff"])
def test_an_invalid_request_target_is_refused(cloud, raw, target):
    answer = raw(f"GET {target} HTTP/1.1\r\nHost: {host(cloud)}\r\n\r\n".encode("latin-1"))
    assert answer.startswith("HTTP/1.1 4")


def test_malformed_chunks_are_refused_and_not_stored(cloud, client, raw, name):
    client("s3").create_bucket(Bucket=name)
    headers = signed_headers(cloud.aws, "PUT", f"/{name}/key", service="s3")
    lines = [f"{key}: {value}" for key, value in headers.items()]
    head = "\r\n".join([f"PUT /{name}/key HTTP/1.1", f"Host: {host(cloud)}", *lines])
    answer = raw(f"{head}\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n".encode())
    assert answer.startswith("HTTP/1.1 400")
    assert "<Code>IncompleteBody</Code>" in answer
    assert client("s3").list_objects_v2(Bucket=name)["KeyCount"] == 0


def test_an_incomplete_object_is_not_stored(cloud, client, raw, name):
    client("s3").create_bucket(Bucket=name)
    headers = signed_headers(cloud.aws, "PUT", f"/{name}/key", service="s3", body=b"abcdef")
    address = urlparse(cloud.endpoint)
    with socket.create_connection((address.hostname, address.port), LIMIT_SECONDS) as connection:
        lines = [f"{key}: {value}" for key, value in headers.items()]
        head = "\r\n".join([f"PUT /{name}/key HTTP/1.1", f"Host: {host(cloud)}", *lines])
        connection.sendall(f"{head}\r\nContent-Length: 6\r\n\r\nabc".encode())
        connection.shutdown(socket.SHUT_WR)
        answer = connection.recv(65536)
    assert b"IncompleteBody" in answer
    assert client("s3").list_objects_v2(Bucket=name)["KeyCount"] == 0


def test_endless_headers_are_refused(cloud, raw):
    head = f"GET / HTTP/1.1\r\nHost: {host(cloud)}\r\n"
    assert raw(f"{head}X: {'a' * 70_000}\r\n\r\n".encode()).startswith("HTTP/1.1 431")
    many = "".join(f"X-{number}: a\r\n" for number in range(200))
    assert raw(f"{head}{many}\r\n".encode()).startswith("HTTP/1.1 431")


def test_rules_that_are_nested_too_deeply_are_refused(cloud):
    connection = http.client.HTTPConnection(host(cloud))
    pair = b64encode(f"{cloud.aws.key.id}:{cloud.aws.key.secret}".encode()).decode()
    for body in (
        "[" * 20_000,
        "[" * 200_000 + "]" * 200_000,
        "\xff",
        "null",
        "[]",
        '{"faults": 1}',
    ):
        connection.request(
            "POST", "/_emulator/faults", body.encode("latin-1"), {"Authorization": f"Basic {pair}"}
        )
        answer = connection.getresponse()
        assert answer.status == 400
        assert json.loads(answer.read())["error"]
    connection.close()


def test_a_form_stores_its_bytes_in_s3(send_request, client, name):
    client("s3").create_bucket(Bucket=name)
    for body in (b"a=1&b=%20\x00\xff", b"Action=ListUsers&Version=2010-05-08"):
        assert send_request("PUT", f"/{name}/key", "s3", body, FORM)[0] == 200
        found = client("s3").get_object(Bucket=name, Key="key")
        assert found["Body"].read() == body
        assert found["ContentType"] == FORM["Content-Type"]


@pytest.mark.parametrize(
    ("service", "headers", "body", "code"),
    [
        ("sts", FORM, b"Foo=1", "MissingAction"),
        ("iam", FORM, b"", "MissingAction"),
        ("ec2", FORM, b"Version=1", "MissingAction"),
        ("sagemaker", {}, b"{}", "UnknownOperationException"),
        ("states", {"X-Amz-Target": "AWSStepFunctions."}, b"{}", "UnknownOperationException"),
    ],
)
def test_a_request_without_an_operation_is_refused(send_request, service, headers, body, code):
    status, text = send_request("POST", "/", service, body, headers)
    assert status == 400
    assert code in text
