"""SNS topics: messages invoke functions if their policy allows it; emails are kept."""

import functools
import json
from typing import Any

from moto.core.utils import iso_8601_datetime_with_milliseconds
from moto.sns.models import Subscription

from emulator.aws.eventbridge.deliveries import Deliveries
from emulator.aws.eventbridge.targets import Sender
from emulator.aws.mails import Mails
from emulator.aws.metrics import Metric
from emulator.aws.patching import wrap

_PRINCIPAL = "sns.amazonaws.com"


_OURS = ("lambda", "email", "email-json")


def install(deliveries: Deliveries, mails: Mails) -> None:
    """Invoke functions as SNS does, and keep emails; moto does neither."""
    wrap(Subscription, "publish", functools.partial(_publish, deliveries, mails))


def _publish(
    deliveries: Deliveries,
    mails: Mails,
    original: Any,
    self: Any,
    message: str,
    message_id: str,
    **given: Any,
) -> None:
    if self.protocol not in _OURS:
        original(self, message, message_id, **given)
        return
    attributes = given.get("message_attributes")
    matcher = self._filter_policy_matcher
    if matcher is not None and not matcher.matches(attributes, message):
        return
    if given.get("message_structure") == "json":
        message = self._parse_message_structure(message, self.protocol)
    topic = self.topic
    if self.protocol != "lambda":
        mails.add(self.endpoint, topic.arn, given.get("subject"), message)
        return
    event = _event(self, message, message_id, given.get("subject"), attributes)
    failed = Metric("AWS/SNS", "NumberOfNotificationsFailed", {"TopicName": topic.name})
    sender = Sender(_PRINCIPAL, topic.arn)
    deliveries.submit({"Arn": self.endpoint}, json.dumps(event), sender, failed)


def _event(
    subscription: Any,
    message: str,
    message_id: str,
    subject: str | None,
    attributes: dict[str, Any] | None,
) -> dict[str, Any]:
    # https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html
    topic = subscription.topic
    host = f"https://sns.{topic.sns_backend.region_name}.amazonaws.com"
    record = {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": subscription.arn,
        "Sns": {
            "Type": "Notification",
            "MessageId": message_id,
            "TopicArn": topic.arn,
            "Subject": subject,
            "Message": message,
            "Timestamp": iso_8601_datetime_with_milliseconds(),
            "SignatureVersion": "1",
            # Not signed: functions need not verify messages that SNS passes to them directly.
            "Signature": "EMULATED",
            "SigningCertUrl": f"{host}/emulated.pem",
            "UnsubscribeUrl": f"{host}/?Action=Unsubscribe&SubscriptionArn={subscription.arn}",
            "MessageAttributes": attributes or {},
        },
    }
    return {"Records": [record]}
