"""Access to the emulated services from the emulator itself: clients, credentials, log streams."""

import os
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

import boto3.session
from botocore.config import Config

from emulator.aws.account import ACCOUNT, REGION
from emulator.front.access_keys import AccessKey
from emulator.runtime.aws_access import Metric

_LOOPBACK = "127.0.0.1,localhost"


def remove_aws_settings() -> None:
    """Remove the user's AWS keys, profiles and endpoints from this process and its children."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(
        AWS_CONFIG_FILE=os.devnull,
        AWS_SHARED_CREDENTIALS_FILE=os.devnull,
        AWS_EC2_METADATA_DISABLED="true",
        NO_PROXY=_LOOPBACK,
        no_proxy=_LOOPBACK,
    )


class EmulatedAws:
    """The runtime's access to the emulated services (`emulator.runtime.aws_access.AwsAccess`).

    Parameters
    ----------
    endpoint : str
        The server's address, ``http://127.0.0.1:<port>``.
    key : AccessKey
        The emulator's own key, which may do everything.
    """

    def __init__(self, endpoint: str, key: AccessKey) -> None:
        self.endpoint = endpoint
        self.key = key
        self._session = boto3.session.Session()
        self._clients: dict[tuple[str, str, str | None, bool], Any] = {}
        self._roles: dict[str, Any] = {}
        self._lock = threading.RLock()

    def client(
        self,
        service: str,
        role_arn: str | None = None,
        region: str = REGION,
        *,
        checked: bool = True,
    ) -> Any:
        """Return a shared client with the credentials of `role_arn`, or of the account without one.

        Parameters
        ----------
        checked : bool
            Whether the client validates parameters. The state machine's clients do not: the
            server's errors are AWS's.
        """
        key = (service, region, role_arn, checked)
        with self._lock:  # creating clients is not thread-safe
            if key not in self._clients:
                self._clients[key] = self._new_client(service, role_arn, region, checked)
            return self._clients[key]

    def _new_client(self, service: str, role_arn: str | None, region: str, checked: bool) -> Any:
        keys = self._keys(role_arn)
        client = self._session.client(
            service,
            region_name=region,
            endpoint_url=self.endpoint,
            aws_access_key_id=keys["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=keys["AWS_SECRET_ACCESS_KEY"],
            aws_session_token=keys.get("AWS_SESSION_TOKEN"),
            config=Config(
                parameter_validation=checked,
                retries={"total_max_attempts": 3 if checked else 1},
                connect_timeout=10,
                read_timeout=1000,  # a function may run for 900 s
                max_pool_connections=50,
                proxies={},
            ),
        )
        # The interpreter needs the request id of every error; an HTML 500 has none.
        client.meta.events.register("after-call.*.*", _ensure_request_id)
        return client

    def environment(self, role_arn: str) -> dict[str, str]:
        """Return the environment variables that make a child process's SDKs call the emulator."""
        return {
            **self._keys(role_arn),
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
            "AWS_CONFIG_FILE": os.devnull,
            "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
            "AWS_EC2_METADATA_DISABLED": "true",
            "NO_PROXY": _LOOPBACK,
            "no_proxy": _LOOPBACK,
        }

    def write_log(self, group: str, stream: str, lines: Iterable[str]) -> None:
        """Append lines to a log stream; create the stream and its group if they are missing."""
        from moto.logs.models import logs_backends

        now = int(time.time() * 1000)
        events = [{"timestamp": now, "message": line} for line in lines]
        backend = logs_backends[ACCOUNT][REGION]
        with self._lock:
            backend.ensure_log_group(group)
            if stream not in backend.groups[group].streams:
                backend.create_log_stream(group, stream)
            if events:
                backend.put_log_events(group, stream, events)

    def put_metrics(
        self, namespace: str, dimensions: Mapping[str, str], metrics: Iterable[Metric]
    ) -> None:
        """Put values of metrics into CloudWatch, without a unit."""
        from emulator.aws import metrics as cloudwatch

        cloudwatch.put_metrics(
            cloudwatch.Metric(
                namespace, one.name, dict(dimensions), one.value, "None", one.timestamp
            )
            for one in metrics
        )

    def _keys(self, role_arn: str | None) -> dict[str, str]:
        if role_arn is None:
            return {
                "AWS_ACCESS_KEY_ID": self.key.id,
                "AWS_SECRET_ACCESS_KEY": self.key.secret,
            }
        role = self._assume(role_arn)
        return {
            "AWS_ACCESS_KEY_ID": role.access_key_id,
            "AWS_SECRET_ACCESS_KEY": role.secret_access_key,
            "AWS_SESSION_TOKEN": role.session_token,
        }

    def _assume(self, role_arn: str) -> Any:
        from moto.sts.models import sts_backends

        with self._lock:
            if role_arn not in self._roles:
                self._roles[role_arn] = sts_backends[ACCOUNT]["aws"].assume_role(
                    REGION, "emulator", role_arn, policy="", duration=3600, external_id=""
                )
            return self._roles[role_arn]


def _ensure_request_id(parsed: dict[str, Any], **_: Any) -> None:
    parsed.setdefault("ResponseMetadata", {}).setdefault("RequestId", "none")
