"""Deliveries to targets, one at a time, in the background."""

import logging
import queue
import threading
from collections.abc import Mapping
from typing import Any

from moto.sqs.models import sqs_backends

from emulator.aws.account import ACCOUNT
from emulator.aws.eventbridge.targets import DeliveryError, Sender, Targets
from emulator.aws.metrics import Metric, put_metrics

LOG = logging.getLogger("emulator")


class Deliveries:
    """Delivers in a background thread; failures are logged, and never reach the source.

    A failed delivery is not retried: the emulator would refuse it again.
    """

    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._waiting: queue.SimpleQueue[Any] = queue.SimpleQueue()
        threading.Thread(target=self._run, name="deliveries", daemon=True).start()

    def submit(self, target: Mapping[str, Any], text: str, sender: Sender, metric: Metric) -> None:
        """Queue a delivery; a failure is counted in `metric`."""
        self._waiting.put((target, text, sender, metric))

    def fail(
        self, target: Mapping[str, Any], text: str, sender: Sender, metric: Metric, reason: str
    ) -> None:
        """Report a failed delivery to the log, the metric and the dead-letter queue."""
        LOG.warning("%s did not reach %s: %s", sender.source_arn, target["Arn"], reason)
        put_metrics([metric])
        queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        if not queue_arn:
            return
        attributes = {
            "RULE_ARN": sender.source_arn,
            "TARGET_ARN": target["Arn"],
            "ERROR_CODE": reason.partition(":")[0],
            "ERROR_MESSAGE": reason,
        }
        try:
            sqs_backends[ACCOUNT][queue_arn.split(":")[3]].send_message(
                queue_arn.split(":")[5],
                text,
                message_attributes={
                    name: {"DataType": "String", "StringValue": value}
                    for name, value in attributes.items()
                },
            )
        except Exception as error:
            LOG.warning("the dead-letter queue %s did not accept the message: %s", queue_arn, error)

    def close(self) -> None:
        """Stop after the current delivery."""
        self._waiting.put(None)

    def _run(self) -> None:
        while (item := self._waiting.get()) is not None:
            target, text, sender, metric = item
            try:
                self._targets.send(target, text, sender)
            except DeliveryError as error:
                self.fail(target, text, sender, metric, str(error))
            except Exception as error:
                LOG.exception("a delivery to %s failed inside the emulator", target["Arn"])
                reason = f"InternalFailure: {type(error).__name__}: {error}"
                self.fail(target, text, sender, metric, reason)
