"""Training jobs with checkpoints, and on spot instances, which are taken away."""

import threading
import time

from emulator.runtime.jobs.spot import Interruption, SpotRun
from tests.patience import LIMIT_SECONDS


def test_checkpoints_are_downloaded_and_uploaded_even_if_the_job_fails(s3, training_request, run):
    s3.put("checkpoints/step", "1")
    request = training_request(
        """
        step = int(open("/opt/ml/checkpoints/step").read())
        open("/opt/ml/checkpoints/step", "w").write(str(step + 1))
        exit(1)
        """,
        CheckpointConfig={"S3Uri": "s3://bucket/checkpoints"},
    )

    assert run(request).status == "Failed"
    assert s3.get("checkpoints/step") == b"2"


def test_checkpoints_are_in_s3_while_the_job_runs_and_deletions_too(
    s3, training_request, run, stop, wait_until
):
    request = training_request(
        """
        import pathlib, time
        folder = pathlib.Path("/opt/ml/checkpoints")
        (folder / "one").write_text("1")
        while not pathlib.Path("/opt/ml/checkpoints/copied").exists():
            time.sleep(0.05)
            if (folder / "one").stat().st_mtime < time.time() - 1:
                (folder / "one").unlink()
                (folder / "copied").write_text("2")
        time.sleep(60)
        """,
        CheckpointConfig={"S3Uri": "s3://bucket/checkpoints"},
    )
    job = threading.Thread(target=run, args=[request])
    job.start()
    wait_until(lambda: "checkpoints/one" in s3.names(), "the first checkpoint is in S3")
    wait_until(lambda: "checkpoints/copied" in s3.names(), "the second one is in S3")
    wait_until(lambda: "checkpoints/one" not in s3.names(), "the first one is deleted in S3")
    stop.set()
    job.join(LIMIT_SECONDS)


def spot(**changes):
    return SpotRun(**{"ends_at": time.monotonic() + LIMIT_SECONDS, **changes})


COUNTS = """
    import pathlib, signal, sys, time
    path = pathlib.Path("/opt/ml/checkpoints/step")
    step = int(path.read_text()) if path.exists() else 0
    print("begins at", step, flush=True)
    def save(*_):
        pathlib.Path("/opt/ml/checkpoints/saved").write_text("in time")
        sys.exit(0)
    signal.signal(signal.SIGTERM, save)
    if step < 2:
        path.write_text(str(step + 1))
        time.sleep(60)
    pathlib.Path("/opt/ml/model/m").write_text("x")
"""


def test_a_spot_job_is_interrupted_after_a_checkpoint_with_time_to_save(
    aws, s3, training_request, run_on_spot, phases
):
    request = training_request(COUNTS, CheckpointConfig={"S3Uri": "s3://bucket/checkpoints"})

    outcomes = [run_on_spot(request, spot(interruption=Interruption(None, 20))) for _ in range(3)]

    assert [one.secondary_status for one in outcomes] == ["Interrupted", "Interrupted", "Completed"]
    assert aws.log("/aws/sagemaker/TrainingJobs") == ["begins at 0", "begins at 1", "begins at 2"]
    assert s3.get("checkpoints/saved") == b"in time"
    assert "model-artifacts/job/output/model.tar.gz" in s3.names()
    # Nothing of an interrupted run is uploaded but its checkpoints.
    assert phases == ["Downloading", "Training"] * 3 + ["Uploading"]


def test_a_spot_job_is_interrupted_after_a_time(training_request, run_on_spot):
    request = training_request("import time; time.sleep(60)")

    outcome = run_on_spot(request, spot(interruption=Interruption(0.2, 0)))

    assert (outcome.status, outcome.secondary_status) == ("Stopped", "Interrupted")


def test_a_spot_job_ends_when_its_wait_is_over_even_in_the_queue(
    training_request, run_on_spot, runner
):
    request = training_request("import time; time.sleep(60)")
    outcome = run_on_spot(request, spot(ends_at=time.monotonic() + 0.5))
    assert (outcome.status, outcome.secondary_status) == ("Stopped", "MaxWaitTimeExceeded")

    runner._slots = threading.Semaphore(0)
    outcome = run_on_spot(request, spot(ends_at=time.monotonic()))
    assert (outcome.status, outcome.secondary_status) == ("Stopped", "MaxWaitTimeExceeded")


def test_the_runs_of_a_spot_job_share_its_longest_runtime(training_request, run_on_spot):
    request = training_request(
        "import time; time.sleep(60)", StoppingCondition={"MaxRuntimeInSeconds": 40}
    )

    outcome = run_on_spot(request, spot(trained_seconds=39.9))

    assert outcome.secondary_status == "MaxRuntimeExceeded"
