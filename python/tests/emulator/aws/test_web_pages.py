"""Requests of web pages are refused: sent directly, and by a browser if there is one."""

import http.client
import http.server
import json
import shutil
import subprocess
import threading
from urllib.parse import urlparse

import pytest

from tests.emulator.aws.signing import signed_headers
from tests.patience import LIMIT_SECONDS

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PAGE_HOST = "evil.example"
# A signature without a valid key, which a page can send.
SCOPE = "AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/{}/aws4_request"
ROLE_FORM = "Action=CreateRole&Version=2010-05-08&RoleName={}&AssumeRolePolicyDocument=%7B%7D"
RULE = {"operation": "states:ListStateMachines", "error": "OfAPage", "times": 0}


@pytest.fixture
def nothing_happened(cloud, client, name):
    """Check that no role, object or fault rule was created."""
    client("s3").create_bucket(Bucket=name)
    cors = {"AllowedOrigins": ["*"], "AllowedMethods": ["GET", "PUT", "POST"]}
    client("s3").put_bucket_cors(Bucket=name, CORSConfiguration={"CORSRules": [cors]})

    def check():
        assert client("s3").list_objects_v2(Bucket=name)["KeyCount"] == 0
        assert name not in [role["RoleName"] for role in client("iam").list_roles()["Roles"]]
        client("stepfunctions").list_state_machines()

    return check


def requests_of_a_page(name):
    """Return method, path, headers and body of requests that a page may send."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    text = {"Content-Type": "text/plain"}
    signed = {"Authorization": SCOPE.format("iam")}
    return [
        ("POST", "/", {**form, **signed}, ROLE_FORM.format(name)),
        ("POST", "/", form, ROLE_FORM.format(name)),
        ("POST", "/_emulator/faults", text, json.dumps({"faults": [RULE]})),
        ("PUT", f"/{name}/key", {}, "of a page"),
        ("POST", f"/{name}", {"Content-Type": "multipart/form-data; boundary=b"}, FILE_FORM),
        ("GET", "/_emulator", {}, None),
        ("OPTIONS", "/", {"Access-Control-Request-Method": "POST"}, None),
        ("OPTIONS", f"/{name}/key", {"Access-Control-Request-Method": "PUT"}, None),
    ]


FILE_FORM = (
    '--b\r\nContent-Disposition: form-data; name="key"\r\n\r\nkey\r\n--b\r\nContent-Disposition: '
    'form-data; name="file"; filename="f"\r\n\r\nof a page\r\n--b--\r\n'
)


@pytest.mark.parametrize(
    "sender",
    [
        {"Origin": f"http://{PAGE_HOST}", "Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "same-site"},
        {"Host": f"{PAGE_HOST}:80"},  # whose name now resolves to this machine
    ],
)
def test_requests_of_pages_are_refused_without_cors_headers(cloud, name, nothing_happened, sender):
    connection = http.client.HTTPConnection(urlparse(cloud.endpoint).netloc)
    for method, path, headers, body in requests_of_a_page(name):
        connection.request(method, path, body, {**headers, **sender})
        answer = connection.getresponse()
        text = answer.read().decode()
        assert answer.status == 403, (method, path, text)
        assert "page" in text
        assert not [one for one in answer.headers if one.lower().startswith("access-control")]
    connection.close()
    nothing_happened()


def test_a_page_is_refused_whatever_it_signs_with(cloud, name, nothing_happened):
    body = ROLE_FORM.format(name).encode()
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    headers = signed_headers(cloud.aws, "POST", "/", service="iam", body=body, headers=form)
    connection = http.client.HTTPConnection(urlparse(cloud.endpoint).netloc)
    connection.request("POST", "/", body, {**headers, "Origin": f"http://{PAGE_HOST}"})
    assert connection.getresponse().status == 403
    connection.close()
    nothing_happened()


PAGE = """<!doctype html><iframe name="hidden"></iframe><script>
const emulator = ENDPOINT, bucket = BUCKET;
const said = [];
const attempt = async (name, path, options) => {
  try {
    const answer = await fetch(emulator + path, options);
    said.push([name, answer.type === "opaque" ? "sent" : `read ${answer.status}`]);
  } catch (error) {
    said.push([name, "failed"]);
  }
};
const form = {"Content-Type": "application/x-www-form-urlencoded"};
(async () => {
  const body = ROLE_FORM;
  await attempt("signed", "/", {method: "POST", headers: {...form, Authorization: SIGNED}, body});
  await attempt("simple", "/", {method: "POST", headers: form, body, mode: "no-cors"});
  await attempt("read", "/_emulator", {});
  await attempt("put", `/${bucket}/key`, {method: "PUT", body: "x"});
  const faults = JSON.stringify({faults: [RULE]});
  await attempt("faults", "/_emulator/faults", {method: "POST", body: faults, mode: "no-cors"});
  const upload = document.createElement("form");
  Object.assign(upload, {method: "POST", enctype: "multipart/form-data", target: "hidden"});
  upload.action = `${emulator}/${bucket}`;
  const key = Object.assign(document.createElement("input"), {name: "key", value: "key"});
  const file = Object.assign(document.createElement("input"), {type: "file", name: "file"});
  const data = new DataTransfer();
  data.items.add(new File(["of a page"], "f"));
  file.files = data.files;
  upload.append(key, file);
  document.body.append(upload);
  const loaded = new Promise((settle) => { document.querySelector("iframe").onload = settle; });
  upload.submit();
  await Promise.race([loaded, new Promise((settle) => setTimeout(settle, 3000))]);
  await fetch("/said", {method: "POST", body: JSON.stringify(said)});
})();
</script>"""


class Site(http.server.ThreadingHTTPServer):
    """The page's own server."""

    page = ""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Pages)
        self.said = []
        self.done = threading.Event()


class Pages(http.server.BaseHTTPRequestHandler):
    """Serves the page, and receives its results."""

    server: Site  # pyright: ignore[reportIncompatibleVariableOverride]

    def do_GET(self):
        self._answer(self.server.page.encode())

    def do_POST(self):
        length = int(self.headers["Content-Length"])
        self.server.said.append(json.loads(self.rfile.read(length)))
        self._answer(b"")
        self.server.done.set()

    def _answer(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format, *args):
        """Log nothing."""


@pytest.fixture
def browser():
    found = next((path for path in map(shutil.which, BROWSERS) if path), None)
    if found is None:
        pytest.skip(f"no browser: {', '.join(BROWSERS)} are not on the PATH")
    return found


def test_a_page_in_a_browser_runs_nothing(
    cloud, name, nothing_happened, browser, tmp_path, monkeypatch
):
    monkeypatch.setattr(cloud.admission, "_any_key", True)
    pages = Site()
    pages.page = (
        PAGE.replace("ENDPOINT", json.dumps(cloud.endpoint))
        .replace("BUCKET", json.dumps(name))
        .replace("ROLE_FORM", json.dumps(ROLE_FORM.format(name)))
        .replace("SIGNED", json.dumps(SCOPE.format("iam")))
        .replace("RULE", json.dumps(RULE))
    )
    serving = threading.Thread(target=pages.serve_forever)
    serving.start()
    port = pages.server_address[1]
    arguments = [
        browser,
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--no-first-run",
        "--disable-dev-shm-usage",
        f"--user-data-dir={tmp_path}",
        "--remote-debugging-port=0",
        f"--host-resolver-rules=MAP {PAGE_HOST} 127.0.0.1",
        # The emulator must not depend on protections that only some browsers have.
        "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
        f"http://{PAGE_HOST}:{port}/",
    ]
    process = subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        assert pages.done.wait(LIMIT_SECONDS)
    finally:
        process.terminate()
        process.wait(LIMIT_SECONDS)
        pages.shutdown()
        serving.join()
        pages.server_close()
    (said,) = pages.said
    assert dict(said) == {
        "signed": "failed",
        "simple": "sent",
        "read": "failed",
        "put": "failed",
        "faults": "sent",
    }
    nothing_happened()
