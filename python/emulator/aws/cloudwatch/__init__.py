"""CloudWatch: metrics in bounded memory, and alarms that are evaluated on them."""

from emulator.aws.clients import EmulatedAws
from emulator.aws.cloudwatch import alarms, queries
from emulator.aws.cloudwatch.actions import Actions
from emulator.aws.cloudwatch.store import MetricStore
from emulator.aws.eventbridge.targets import Targets


class CloudWatch:
    """The threads that evaluate alarms and run their actions."""

    def __init__(self, aws: EmulatedAws, time_scale: float) -> None:
        self.store = MetricStore()
        self._actions = Actions(Targets(aws))
        self.alarms = alarms.Alarms(self.store, self._actions, time_scale)

    def close(self) -> None:
        """Stop evaluating alarms and running actions."""
        self.alarms.close()
        self._actions.close()


def install(aws: EmulatedAws, time_scale: float) -> CloudWatch:
    """Install every correction; return the running part, which the caller closes."""
    cloudwatch = CloudWatch(aws, time_scale)
    queries.install(cloudwatch.store)
    alarms.install(cloudwatch.alarms)
    cloudwatch.alarms.start()
    return cloudwatch
