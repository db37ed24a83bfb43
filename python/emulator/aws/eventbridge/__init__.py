"""EventBridge: rules and schedules that deliver to their targets."""

from emulator.aws.clients import EmulatedAws
from emulator.aws.eventbridge import entries, rules, scheduler
from emulator.aws.eventbridge.clock import Clock
from emulator.aws.eventbridge.deliveries import Deliveries
from emulator.aws.eventbridge.targets import Targets


class EventBridge:
    """The threads that deliver events to their targets."""

    def __init__(self, aws: EmulatedAws, time_scale: float) -> None:
        self.deliveries = Deliveries(Targets(aws))
        self.clock = Clock(
            lambda: [*rules.schedules(self.deliveries), *scheduler.schedules(self.deliveries)],
            time_scale,
        )

    def close(self) -> None:
        """Stop delivering."""
        self.clock.close()
        self.deliveries.close()


def install(aws: EmulatedAws, time_scale: float) -> EventBridge:
    """Install every correction; return the running part, which the caller closes."""
    bridge = EventBridge(aws, time_scale)
    rules.install(bridge.deliveries)
    entries.install()
    scheduler.install()
    bridge.clock.start()
    return bridge
