"""A steady stream of requests to an endpoint."""

import http.client
import threading
import time
from dataclasses import dataclass
from urllib.parse import urlsplit

from tests.emulator.aws.signing import signed_headers


@dataclass(frozen=True)
class Answer:
    """The response to a request, and when it was sent."""

    sent: float
    status: int
    body: str


class Load:
    """Sends requests at a rate from several threads until the end of the block."""

    def __init__(self, aws, endpoint, per_second, threads=4, body=b"1,2"):
        self._aws = aws
        self._address = urlsplit(aws.endpoint).netloc
        self._path = f"/endpoints/{endpoint}/invocations"
        self._body = body
        self._interval = threads / per_second
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._send) for _ in range(threads)]
        self.answers = []

    def __enter__(self):
        self._begun = time.monotonic()
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self.seconds = time.monotonic() - self._begun

    def _send(self):
        connection = http.client.HTTPConnection(self._address)
        headers = signed_headers(
            self._aws,
            "POST",
            self._path,
            service="sagemaker",
            body=self._body,
            headers={"Content-Type": "text/csv"},
        )
        due = time.monotonic()
        while not self._stop.is_set():
            sent = time.monotonic()
            connection.request("POST", self._path, self._body, headers)
            response = connection.getresponse()
            self.answers.append(Answer(sent, response.status, response.read().decode()))
            due += self._interval  # a late response does not reduce the rate
            time.sleep(max(0, due - time.monotonic()))
        connection.close()

    @property
    def failed(self):
        """The responses that are errors."""
        return [answer for answer in self.answers if answer.status != 200]
