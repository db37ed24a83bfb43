"""Which requests are admitted: hosts, pages, keys and signatures."""

import datetime
import io

import pytest
from botocore.auth import (
    HmacV1Auth,
    HmacV1QueryAuth,
    S3SigV4Auth,
    S3SigV4QueryAuth,
    SigV4Auth,
    SigV4QueryAuth,
)
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from werkzeug.test import EnvironBuilder

from emulator.front.access_keys import AccessKey, new_access_key
from emulator.front.admission import Admission, caller_key
from emulator.front.errors import RefusedError

KEY = new_access_key()
SESSION = AccessKey("ASIASESSION", "of-a-session", "the-token")
KEYS = {key.id: key for key in (KEY, SESSION)}
HERE = "http://127.0.0.1:4566"


@pytest.fixture
def admission():
    return Admission(4566, KEY, KEYS.get)


def environ(path="/", method="GET", headers=None, body=b""):
    builder = EnvironBuilder(method=method, headers=headers or {}, data=body)
    made = builder.get_environ()
    url, _, query = path.partition("?")
    made |= {"REQUEST_URI": path, "RAW_URI": path, "PATH_INFO": url, "QUERY_STRING": query}
    made["HTTP_HOST"] = (headers or {}).get("Host", "127.0.0.1:4566")
    return made


def sent(signer, path="/", method="GET", headers=None, body=b"", key=KEY, service="states"):
    """Return the WSGI environment of a request that botocore has signed."""
    request = AWSRequest(method, f"{HERE}{path}", headers or {}, body)
    credentials = Credentials(key.id, key.secret, key.token)
    args = (service, "us-east-1") if issubclass(signer, SigV4Auth) else ()
    signer(credentials, *args).add_auth(request)
    url = str(request.url).removeprefix(HERE)
    return environ(url, method, dict(request.headers.items()), body)


def refusal(check, made):
    with pytest.raises(RefusedError) as raised:
        check(made)
    return raised.value


@pytest.mark.parametrize("host", ["127.0.0.1:4566", "localhost:4566", "a-bucket.localhost:4566"])
def test_loopback_hosts_with_the_port_are_accepted(admission, host):
    admission.check_sender(environ(headers={"Host": host}))


@pytest.mark.parametrize(
    "host",
    [
        "",
        "127.0.0.1",
        "localhost:80",
        "evil.example:4566",
        "127.0.0.1:4566.evil.example",
        "127.0.0.1.evil.example:4566",
        "localhost.evil.example:4566",
        "evillocalhost:4566",
        "localhost:4566,evil.example",
        "127.0.0.1:4566@evil.example:4566",
        "[::1]:4566",
    ],
)
def test_fails_for_other_hosts(admission, host):
    error = refusal(admission.check_sender, environ(headers={"Host": host}))
    assert error.code == "AccessDenied"
    assert repr(host) in str(error)
    assert "127.0.0.1:4566" in str(error)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": HERE},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
def test_fails_for_pages(admission, headers):
    error = refusal(admission.check_sender, environ(headers=headers))
    assert error.code == "AccessDenied"
    assert ": ".join(next(iter(headers.items()))) in str(error)


def test_an_address_typed_into_a_browser_is_accepted(admission):
    admission.check_sender(
        environ(headers={"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"})
    )


BODY = b'{"name": "x"}'


@pytest.mark.parametrize("key", [KEY, SESSION])
@pytest.mark.parametrize(
    ("signer", "service", "path", "method", "body"),
    [
        (SigV4Auth, "states", "/", "POST", BODY),
        (SigV4Auth, "lambda", "/2015-03-31/functions/arn%3Aaws%3A1/x", "GET", b""),
        (SigV4Auth, "lambda", "/2015-03-31//functions/a/../b", "POST", BODY),
        (SigV4Auth, "iam", "/?b=2&a=%20+%2F~&a=1&empty=&flag", "GET", b""),
        (S3SigV4Auth, "s3", "/bucket/a%20key%2Bwith/%C3%A4?versions=&prefix=a%2Fb", "GET", b""),
        (S3SigV4Auth, "s3", "/bucket//a/../b", "PUT", BODY),
        (SigV4QueryAuth, "sts", "/?Action=GetCallerIdentity", "GET", b""),
        (S3SigV4QueryAuth, "s3", "/bucket/key?versionId=1", "GET", b""),
        (HmacV1Auth, "s3", "/bucket/key?acl", "GET", b""),
        (HmacV1Auth, "s3", "/bucket?list-type=2", "GET", b""),
        (HmacV1QueryAuth, "s3", "/bucket/key?versionId=1", "PUT", b""),
    ],
)
def test_only_a_signed_request_is_admitted(admission, signer, service, path, method, body, key):
    request = sent(signer, path, method, {"X-Amz-Meta-A": "two  words"}, body, key, service)
    admission.check_signature({**request, "wsgi.input": io.BytesIO(body)})
    assert caller_key() == key.id
    forged = AccessKey(key.id, "guessed", key.token)
    request = sent(signer, path, method, {"X-Amz-Meta-A": "two  words"}, body, forged, service)
    error = refusal(admission.check_signature, {**request, "wsgi.input": io.BytesIO(body)})
    assert error.code == "SignatureDoesNotMatch"
    assert caller_key() == ""


def test_fails_for_a_changed_request(admission):
    request = sent(SigV4Auth, "/", "POST", {"X-Amz-Target": "A.B"}, BODY)
    for change in (
        {"REQUEST_METHOD": "PUT"},
        {"REQUEST_URI": "/other"},
        {"REQUEST_URI": "/?x=1"},
        {"HTTP_X_AMZ_TARGET": "A.C"},
        {"HTTP_HOST": "localhost:4566"},
        {"wsgi.input": io.BytesIO(b'{"name": "y"}')},
    ):
        made = {**request, "wsgi.input": io.BytesIO(BODY), **change}
        assert refusal(admission.check_signature, made).code == "SignatureDoesNotMatch", change


def test_the_body_can_be_read_after_it_was_checked(admission):
    request = sent(SigV4Auth, "/", "POST", {}, BODY)
    admission.check_signature(request)
    assert request["wsgi.input"].read() == BODY


def test_fails_for_an_unknown_key_and_says_what_to_export(admission):
    error = refusal(admission.check_signature, sent(SigV4Auth, key=AccessKey("AKIAOTHER", "x")))
    assert error.code == "InvalidClientTokenId"
    assert "'AKIAOTHER'" in str(error)
    assert "export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY" in str(error)


def test_fails_for_a_session_without_its_token(admission):
    without = AccessKey(SESSION.id, SESSION.secret)
    assert (
        refusal(admission.check_signature, sent(SigV4Auth, key=without)).code
        == "InvalidClientTokenId"
    )


def test_fails_without_a_signature(admission):
    error = refusal(admission.check_signature, environ())
    assert error.code == "MissingAuthenticationToken"
    assert "export AWS_ACCESS_KEY_ID" in str(error)


SCOPE = f"Credential={KEY.id}/20260101/us-east-1/s3/aws4_request"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Authorization": ""}, "type ''"),
        ({"Authorization": "Bearer x"}, "type 'Bearer'"),
        ({"Authorization": "AWS4-HMAC-SHA256"}, "requires 'Credential' parameter."),
        ({"Authorization": f"AWS4-HMAC-SHA256 {SCOPE}"}, "requires 'Signature' parameter."),
        (
            {"Authorization": f"AWS4-HMAC-SHA256 {SCOPE}, SignedHeaders=host, Signature=0"},
            "existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
        (
            {
                "Authorization": "AWS4-HMAC-SHA256 Credential=x, SignedHeaders=host, Signature=0",
                "X-Amz-Date": f"{datetime.datetime.now(datetime.timezone.utc):%Y%m%dT%H%M%SZ}",
            },
            "exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got 'x'",
        ),
        ({"Authorization": f"AWS4-HMAC-SHA256 {SCOPE}, SignedHeaders=host, Signature=0",
          "X-Amz-Date": "yesterday"}, "Got 'yesterday'"),
    ],
)  # fmt: skip
def test_fails_for_an_incomplete_signature(admission, headers, said):
    error = refusal(admission.check_signature, environ(headers=headers))
    assert error.code == "IncompleteSignature"
    assert said in str(error)


@pytest.mark.parametrize("query", ["?X-Amz-Algorithm=x", "?AWSAccessKeyId=x", "?X-Amz-Signature=0"])
def test_fails_for_an_incomplete_signature_in_the_query(admission, query):
    assert refusal(admission.check_signature, environ(f"/{query}")).code == "IncompleteSignature"


def test_a_request_must_have_one_signature(admission):
    # Otherwise one signature would be checked, and the role of the other would be used.
    request = sent(SigV4Auth, f"/?X-Amz-Signature=0&X-Amz-Credential={KEY.id}")
    assert "Only one auth mechanism allowed" in str(refusal(admission.check_signature, request))


def test_fails_for_old_signatures(admission, monkeypatch):
    signed = sent(SigV4Auth)
    presigned = sent(S3SigV4QueryAuth, "/b/k", service="s3")  # for an hour
    real = datetime.datetime

    def later(**more):
        class Later(real):
            @classmethod
            def now(cls, tz=None):
                return real.now(tz) + datetime.timedelta(**more)

        monkeypatch.setattr("emulator.front.signature.datetime.datetime", Later)

    later(minutes=14)
    admission.check_signature(signed)
    later(minutes=16)
    assert refusal(admission.check_signature, signed).code == "RequestTimeTooSkewed"
    admission.check_signature(presigned)
    later(minutes=61)
    assert refusal(admission.check_signature, presigned).code == "RequestExpired"


def test_with_any_key_pages_are_still_refused():
    admission = Admission(4566, KEY, KEYS.get, any_key=True)
    admission.check_signature(environ())
    admission.check_signature(environ(headers={"Authorization": "nonsense"}))
    admission.check_signature(sent(SigV4Auth, key=AccessKey("123456789012", "test")))
    assert caller_key() == "123456789012"
    admission.check_control(environ())
    refusal(admission.check_sender, environ(headers={"Origin": "http://evil.example"}))


def test_with_any_key_an_unsigned_invocation_gets_its_service():
    admission = Admission(4566, KEY, KEYS.get, any_key=True)
    for path, named in (
        ("/endpoints/housing-local/invocations", 1),
        ("/endpoints/housing-local/async-invocations", 1),
        ("/endpoints/invocations", 0),
        ("/bucket/key", 0),
    ):
        asked = environ(path, "POST")
        admission.check_signature(asked)
        assert asked.get("HTTP_AUTHORIZATION", "").count("/sagemaker/") == named
    refusal(
        Admission(4566, KEY, KEYS.get).check_signature, environ("/endpoints/e/invocations", "POST")
    )


@pytest.mark.parametrize("any_key", [False, True])
def test_uploads_by_a_form_are_refused_by_name(any_key):
    admission = Admission(4566, KEY, KEYS.get, any_key=any_key)
    form = {"Content-Type": "Multipart/Form-Data; boundary=b"}
    refused = refusal(admission.check_signature, environ("/bucket", "POST", form, b"--b--"))
    assert refused.code == "NotImplemented"
    assert "generate_presigned_post" in str(refused)
    admission.check_signature(sent(S3SigV4Auth, "/bucket", "POST", form, service="s3"))


def test_keys_are_random_and_have_the_form_of_ids():
    first, second = new_access_key(), new_access_key()
    assert first.id != second.id
    assert first.secret != second.secret
    assert len(first.id) == len(first.secret) == 32
    assert first.id.isalnum()
    assert first.id == first.id.upper()
