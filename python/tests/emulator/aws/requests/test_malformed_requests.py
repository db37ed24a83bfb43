"""A thousand malformed requests to all services: each is refused with one of AWS's errors."""

import builtins
import http.client
import json
import random
import re
from urllib.parse import urlparse

import pytest

from tests.emulator.aws.signing import signed_headers
from tests.patience import LIMIT_SECONDS

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")

JSON = "application/x-amz-json-1.1"
FORM = "application/x-www-form-urlencoded"
# Operations of each protocol: how they are called, and a string member.
TARGETS = {
    "sagemaker": ("SageMaker.DescribeTrainingJob", "TrainingJobName"),
    "states": ("AWSStepFunctions.DescribeExecution", "executionArn"),
    "events": ("AWSEvents.PutRule", "Name"),
    "logs": ("Logs_20140328.CreateLogGroup", "logGroupName"),
    "dynamodb": ("DynamoDB_20120810.DescribeTable", "TableName"),
    "ssm": ("AmazonSSM.GetParameter", "Name"),
    "kms": ("TrentService.DescribeKey", "KeyId"),
    "application-autoscaling": ("AnyScaleFrontendService.DescribeScalableTargets", "NextToken"),
}
FORMS = {
    "iam": ("GetRole", "2010-05-08"),
    "sts": ("AssumeRole", "2011-06-15"),
    "sns": ("Publish", "2010-03-31"),
    "monitoring": ("PutMetricAlarm", "2010-08-01"),
    "ec2": ("DescribeVpcs", "2016-11-15"),
}
PATHS = {
    "lambda": ("POST", "/2015-03-31/functions"),
    "scheduler": ("POST", "/schedules/x"),
    "s3": ("POST", "/no-such-bucket?delete"),
}
BODIES = [
    b"",
    b"null",
    b"[]",
    b"1",
    b'"text"',
    b"{",
    b'{"a": }',
    b"\xff\xfe\x00",
    b'{"a": "\xff"}',
    b"[" * 50_000,
    b'{"a":' * 50_000,
    b"Action",
    b"%zz=%",
    b"<a>",
    b"\x00" * 1000,
]
PYTHON = sorted(
    name
    for name, value in vars(builtins).items()
    if isinstance(value, type) and issubclass(value, BaseException)
)
EXCEPTION = re.compile(rf"\b(?:{'|'.join(PYTHON)}|JSONDecodeError|ExpatError)\b|Traceback")


def values(random):
    wrong = [None, True, 1, -1.5, [], {}, [1], {"a": []}, "\ud800", "", "x" * 3000]
    return json.dumps(random.choice(wrong))


def malformed(random):
    """Return method, path, service, body and headers."""
    kind = random.choice(["json", "form", "path"])
    if kind == "json":
        service, (target, member) = random.choice(list(TARGETS.items()))
        one = f'{{"{member}": {values(random)}}}'.encode()
        body = random.choice([*BODIES, *[one] * 10])
        headers = {"Content-Type": JSON, "X-Amz-Target": target}
        if random.random() < 0.1:
            headers["X-Amz-Target"] = random.choice(["", ".", "x", target + "\xe9", "a" * 5000])
        return "POST", "/", service, body, headers
    if kind == "form":
        service, (action, version) = random.choice(list(FORMS.items()))
        head = f"Action={action}&Version={version}".encode()
        more = [b"&RoleName=%ff", b"&RoleName=&RoleName=", b"&Tags.member.1=x&Tags.member.a.b=1"]
        body = random.choice([*BODIES, head, *[head + one for one in more]])
        return "POST", "/", service, body, {"Content-Type": FORM}
    service, (method, path) = random.choice(list(PATHS.items()))
    return method, path, service, random.choice(BODIES), {"Content-Type": "application/json"}


def broken(random, headers):
    """Remove or break a part of a signature."""
    found = headers["Authorization"]
    return {
        **headers,
        "Authorization": random.choice(
            [
                found[: random.randrange(len(found))],
                found.replace("Credential=", ""),
                found.replace("aws4_request", ""),
                found.replace("/", ""),
                "AWS4-HMAC-SHA256 " + "," * 100,
                "AWS x",
                "",
            ]
        ),
    }


@pytest.mark.parametrize("seed", range(4))
def test_each_is_refused_by_name(cloud, caplog, seed):
    chance = random.Random(seed)  # noqa: S311
    connection = http.client.HTTPConnection(urlparse(cloud.endpoint).netloc, timeout=LIMIT_SECONDS)
    unnamed = []
    for _ in range(250):
        method, path, service, body, headers = malformed(chance)
        headers = signed_headers(
            cloud.aws, method, path, service=service, body=body, headers=headers
        )
        if chance.random() < 0.15:
            headers = broken(chance, headers)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        shown = (service, headers.get("X-Amz-Target"), headers["Authorization"][:60], body[:60])
        if answer.status == 200 and body and b"Action=DescribeVpcs" in body:
            continue  # it needs no parameters
        if EXCEPTION.search(text) or "InternalFailure" in text:
            unnamed.append((shown, text[:300]))
        elif answer.status >= 500 or not re.search(
            r"__type|<Code>|\"(?:Type|error|message)\"", text
        ):
            unnamed.append((shown, answer.status, text[:300]))
    connection.close()
    assert not unnamed, "\n".join(map(str, unnamed[:20])) + f"\n{len(unnamed)} in all"
    assert not [record for record in caplog.records if record.exc_info]
