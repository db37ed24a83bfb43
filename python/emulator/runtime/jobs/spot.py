"""What ends the run of a spot job on its instances: an interruption, or the end of its wait."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field

GRACE_SECONDS = 120.0
"""Time between SIGTERM and SIGKILL when SageMaker takes the instances away."""


@dataclass(frozen=True)
class Interruption:
    """When the instances are taken away, and how.

    Attributes
    ----------
    after_seconds : float or None
        How long the container runs before; None for until the next checkpoint is in S3.
    grace_seconds : float
        Time between SIGTERM and SIGKILL.
    """

    after_seconds: float | None
    grace_seconds: float = GRACE_SECONDS


@dataclass(frozen=True)
class SpotRun:
    """One run of a spot job, from the start of its container to an interruption or its end.

    Attributes
    ----------
    ends_at : float
        When the job's MaxWaitTimeInSeconds is over, as `time.monotonic` counts.
    trained_seconds : float
        How long its containers ran before; it counts for MaxRuntimeInSeconds.
    interruption : Interruption or None
        How this run will be interrupted.
    has_checkpoint : threading.Event
        Set when a checkpoint of this run is in S3.
    """

    ends_at: float
    trained_seconds: float = 0
    interruption: Interruption | None = None
    has_checkpoint: threading.Event = field(default_factory=threading.Event)

    @property
    def has_waited_out(self) -> bool:
        """Whether the job's longest wait is over."""
        return time.monotonic() > self.ends_at

    def early_end(self, running_seconds: float) -> str | None:
        """Return the secondary status with which the container must stop now, if any."""
        if self.has_waited_out:
            return "MaxWaitTimeExceeded"
        if self.interruption is None:
            return None
        after = self.interruption.after_seconds
        due = self.has_checkpoint.is_set() if after is None else running_seconds >= after
        return "Interrupted" if due else None
