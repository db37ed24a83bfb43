"""Check an event of the cache, and know what each step's job leaves in the artifact bucket."""

from __future__ import annotations

import json
import os
import re
from typing import Any, Literal, NamedTuple, cast, get_args

Step = Literal["DataPreprocessing", "ModelTraining", "ModelTuning"]
STEPS = get_args(Step)

PROCESSED_DATA_PREFIX = os.environ["PROCESSED_DATA_PREFIX"]
TRAINING_OUTPUT_PREFIX = os.environ["TRAINING_OUTPUT_PREFIX"]

# Members of a key that the function adds itself.
OWN_MEMBERS = frozenset({"Version", "Step", "Image", "Inputs"})

# As many as a second can list; a step with more runs each time.
MAX_OBJECTS = 10_000

_ADDRESS = re.compile(r"s3://([^/]+)/(.+/)")
_JOB = re.compile(r"[a-z0-9-]{1,63}")


class InvalidEvent(Exception):
    """The function's event lacks a key or has an invalid value."""


class Place(NamedTuple):
    """A bucket, and the beginning of keys in it; it ends with a slash."""

    bucket: str
    prefix: str


class CachedStep(NamedTuple):
    """A step as its event describes it.

    Attributes
    ----------
    bucket : str
        The artifact bucket.
    job_start : str
        The beginning of the names of the step's jobs.
    image : str
        The address of the container image.
    parameters : dict
        Everything else in the job's request that its result depends on.
    inputs : dict of str to Place
        What the job reads, by channel.
    """

    name: Step
    bucket: str
    job_start: str
    image: str
    parameters: dict[str, Any]
    inputs: dict[str, Place]

    def output(self, job: str) -> Place | None:
        """Return where the job `job` has written its results; None if no job has this name."""
        if not job.startswith(self.job_start) or not _JOB.fullmatch(job):
            return None
        if self.name == "DataPreprocessing":
            return Place(self.bucket, f"{PROCESSED_DATA_PREFIX}{job}/")
        return Place(self.bucket, f"{TRAINING_OUTPUT_PREFIX}{job}/output/")

    def fault_of(self, result: dict[str, Any]) -> str | None:
        """Return what a result lacks that a later state reads; None if it has everything."""
        if self.name != "ModelTuning":
            return None
        job, found = result.get("TuningJobName"), result.get("HyperParameters")
        if (
            not isinstance(job, str)
            or not job.startswith(self.job_start)
            or not _JOB.fullmatch(job)
        ):
            return f"TuningJobName must begin with {self.job_start}, got {shown(job)}"
        if not isinstance(found, dict) or not all(isinstance(one, str) for one in found.values()):
            return f"HyperParameters must be an object of texts, got {shown(found)}"
        return None

    def missing(self, names: set[str]) -> list[str]:
        """Return what a whole result has, and `names` of objects below the output do not."""
        if self.name == "DataPreprocessing":
            folders = ("train/", "test/")
            return [one for one in folders if not any(name.startswith(one) for name in names)]
        return [one for one in ("model.tar.gz", "output.tar.gz") if one not in names]


def parse_step(event: dict[str, Any]) -> CachedStep:
    """Check what describes the step in an event.

    Raises
    ------
    InvalidEvent
        If a key is missing or has an invalid value; the message names the first one.
    """
    name = event.get("Step")
    if name not in STEPS:
        raise InvalidEvent(f"Step must be one of {', '.join(STEPS)}, got {shown(name)}")
    parameters = event.get("Parameters")
    if not isinstance(parameters, dict) or OWN_MEMBERS & set(parameters):
        raise InvalidEvent(
            f"Parameters must be an object without {', '.join(sorted(OWN_MEMBERS))}, "
            f"got {shown(parameters)}"
        )
    return CachedStep(
        name=cast("Step", name),
        bucket=text_in(event, "Bucket"),
        job_start=text_in(event, "JobNamesBeginWith"),
        image=text_in(event, "Image"),
        parameters=parameters,
        inputs=_inputs(event.get("Inputs")),
    )


def _inputs(given: Any) -> dict[str, Place]:
    if not isinstance(given, dict) or not given:
        raise InvalidEvent(f"Inputs must be an object of addresses, got {shown(given)}")
    found = {}
    for channel, url in given.items():
        address = _ADDRESS.fullmatch(url) if isinstance(url, str) else None
        if address is None:
            raise InvalidEvent(
                f"Inputs.{channel} must have the form s3://<bucket>/<prefix>/, got {shown(url)}"
            )
        found[channel] = Place(address[1], address[2])
    return found


def text_in(event: dict[str, Any], key: str) -> str:
    """Return a text of an event.

    Raises
    ------
    InvalidEvent
        If it is missing, empty, or no text.
    """
    value = event.get(key)
    if not isinstance(value, str) or not value:
        raise InvalidEvent(f"{key} must be a non-empty text, got {shown(value)}")
    return value


def shown(value: Any, limit: int = 200) -> str:
    """Return the beginning of any value as JSON."""
    try:
        text = json.dumps(value, ensure_ascii=False)
    except (ValueError, TypeError, RecursionError):
        return f"a {type(value).__name__} that cannot be shown"
    return text if len(text) <= limit else f"{text[:limit]}…"
