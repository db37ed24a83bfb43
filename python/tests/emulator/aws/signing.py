"""Requests signed by botocore, for tests that send them in other ways."""

from botocore.auth import S3SigV4Auth, SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials


def signed_headers(aws, method, path, *, service, body=b"", headers=None, key=None):
    """Return the headers of a signed request to `aws`, an `EmulatedAws`."""
    key = key or aws.key
    request = AWSRequest(method, f"{aws.endpoint}{path}", headers or {}, body)
    signer = S3SigV4Auth if service == "s3" else SigV4Auth
    signer(Credentials(key.id, key.secret, key.token), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())
