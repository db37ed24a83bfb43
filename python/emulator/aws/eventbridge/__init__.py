"""EventBridge: rules and schedules reach their targets."""

from emulator.aws.clients import EmulatedAws
from emulator.aws.eventbridge import entries, rules, scheduler
from emulator.aws.eventbridge.clock import Clock
from emulator.aws.eventbridge.deliveries import Deliveries
from emulator.aws.eventbridge.targets import Targets


class EventBridge:
    """What carries events to their targets."""

    def __init__(self, aws: EmulatedAws, time_scale: float) -> None:
        self.deliveries = Deliveries(Targets(aws))
        self.clock = Clock(
            lambda: [*rules.schedules(self.deliveries), *scheduler.schedules(self.deliveries)],
            time_scale,
        )

    def close(self) -> None:
        """Deliver nothing any more."""
        self.clock.close()
        self.deliveries.close()


def install(aws: EmulatedAws, time_scale: float) -> EventBridge:
    """Put every correction in place, and return what runs, to be stopped at the end."""
    bridge = EventBridge(aws, time_scale)
    rules.install(bridge.deliveries)
    entries.install()
    scheduler.install()
    bridge.clock.start()
    return bridge
