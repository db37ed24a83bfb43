import json
import threading
import time
from dataclasses import replace
from pathlib import Path

from tests.patience import LIMIT_SECONDS

ARN = "arn:aws:sagemaker:us-east-1:123456789012:processing-job/job"


def test_runs_a_script_on_its_inputs_and_uploads_its_outputs(
    aws, s3, processing_request, runner, stop, state_dir, each_isolation
):
    # Prepare
    s3.put("raw-data/a.csv", "1")
    s3.put("raw-data/deep/b.csv", "2")
    runner._host = replace(runner._host, isolation=each_isolation)
    request = processing_request(
        """
        import pathlib, sys
        folder = pathlib.Path(sys.argv[2])
        assert pathlib.Path("/opt/ml/processing/input/a.csv").read_text() == "1"
        text = ",".join(path.read_text() for path in sorted(folder.rglob("*.csv")))
        out = pathlib.Path("/opt/ml/processing/output")
        (out / "train").mkdir()
        (out / "train" / "joined.csv").write_text(text)
        (out / "link").symlink_to("/etc/passwd")
        print("joined", text)
        """
    )

    # Act
    outcome = runner.run_processing(request, ARN, stop)

    # Assess
    assert outcome.status == "Completed", outcome
    assert [key for key in s3.names() if key.startswith("processed")] == [
        "processed/train/joined.csv"
    ]
    assert s3.get("processed/train/joined.csv") == b"1,2"
    assert aws.log("/aws/sagemaker/ProcessingJobs") == ["joined 1,2"]
    assert next(iter(aws.logs))[1].startswith("job/algo-1-")
    assert not list(state_dir.glob("run-*/ProcessingJobs/*"))


def test_the_container_finds_the_request_and_only_its_own_variables(
    s3, processing_request, runner, stop, monkeypatch
):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "real")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    s3.put("raw-data/a.csv", "1")
    request = processing_request(
        """
        import json, os, shutil
        out = "/opt/ml/processing/output/"
        shutil.copytree("/opt/ml/config", out + "config")
        json.dump(dict(os.environ), open(out + "environment.json", "w"))
        """,
        Environment={"GREETING": "hello"},
    )

    assert runner.run_processing(request, ARN, stop).status == "Completed"

    config = json.loads(s3.get("processed/config/processingjobconfig.json"))
    assert config["ProcessingJobArn"] == ARN
    assert config["AppSpecification"]["ContainerArguments"] == [
        "--input",
        "/opt/ml/processing/input",
    ]
    assert config["ProcessingInputs"][0]["S3Input"]["S3DownloadMode"] == "StartOfJob"
    assert config["StoppingCondition"] is None
    hosts = json.loads(s3.get("processed/config/resourceconfig.json"))
    assert hosts == {"current_host": "algo-1", "hosts": ["algo-1"]}
    environment = json.loads(s3.get("processed/environment.json"))
    assert environment["GREETING"] == "hello"
    assert environment["HOME"].endswith("/home")
    assert environment["AWS_ACCESS_KEY_ID"] == "AKIAROLE"
    assert not {"AWS_SECRET_ACCESS_KEY", "PYTHONPATH"} & set(environment)
    assert not [name for name in environment if name.startswith("SM_")]


def test_an_object_keeps_its_base_name_and_the_shell_finds_the_images_python(
    s3, processing_request, runner, stop, tar_gz
):
    s3.put("raw-data/x", "1")
    s3.put("code/scripts.tar.gz", tar_gz({"go.py": "import sys, sklearn; print(sys.argv[1])"}))
    request = processing_request("")
    request["ProcessingInputs"].append(
        {
            "InputName": "code",
            "S3Input": {
                "S3Uri": "s3://bucket/code/scripts.tar.gz",
                "LocalPath": "/opt/ml/processing/input/code",
            },
        }
    )
    command = 'cd /opt/ml/processing/input/code; tar -xzf "$0"; exec python3 "$@" > ../../output/o'
    request["AppSpecification"].update(
        ContainerEntrypoint=["/bin/bash", "-ec", command, "scripts.tar.gz"],
        ContainerArguments=["go.py", "works"],
    )

    outcome = runner.run_processing(request, ARN, stop)

    assert outcome.status == "Completed", outcome
    assert s3.get("processed/o") == b"works\n"


def test_a_failing_script_names_its_exit_code_and_leaves_its_folder_and_message(
    s3, processing_request, runner, stop, state_dir
):
    s3.put("raw-data/a.csv", "1")
    request = processing_request(
        """
        open("/opt/ml/output/message", "w").write("é" * 2000)
        open("/opt/ml/processing/output/partial", "w").write("x")
        raise SystemExit(3)
        """
    )

    outcome = runner.run_processing(request, ARN, stop)

    assert outcome.status == "Failed"
    assert outcome.failure_reason.startswith("AlgorithmError: ")
    assert outcome.failure_reason.endswith("exit code: 3")
    assert outcome.exit_message == "é" * 512
    assert "processed/partial" not in s3.names()
    kept = state_dir / "failed-jobs" / "job"
    assert (kept / "ml/processing/output/partial").read_text() == "x"


def test_only_the_last_three_failed_jobs_are_kept(s3, processing_request, runner, stop, state_dir):
    s3.put("raw-data/a.csv", "1")
    request = processing_request("raise SystemExit(1)")

    for number in range(5):
        runner.run_processing({**request, "ProcessingJobName": f"job-{number}"}, ARN, stop)

    assert sorted(path.name for path in (state_dir / "failed-jobs").iterdir()) == [
        "job-2",
        "job-3",
        "job-4",
    ]


def test_a_message_that_is_not_utf8_fails_the_job(s3, processing_request, runner, stop):
    s3.put("raw-data/a.csv", "1")
    request = processing_request("open('/opt/ml/output/message', 'wb').write(b'\\xff')")

    outcome = runner.run_processing(request, ARN, stop)

    assert outcome.status == "Failed"
    assert "not UTF-8" in outcome.failure_reason


def test_a_prefix_without_objects_fails_the_job_and_names_the_address(
    s3, processing_request, runner, stop
):
    s3.put("raw-data/", "")  # consoles create such an object for an empty folder

    outcome = runner.run_processing(processing_request(""), ARN, stop)

    assert outcome.status == "Failed"
    assert outcome.failure_reason.startswith("ClientError: No S3 objects found under S3 URL")
    assert "s3://bucket/raw-data/" in outcome.failure_reason


def test_an_output_bucket_that_does_not_exist_fails_the_job(s3, processing_request, runner, stop):
    s3.put("raw-data/a.csv", "1")
    request = processing_request("open('/opt/ml/processing/output/x', 'w').write('x')")
    request["ProcessingOutputConfig"]["Outputs"][0]["S3Output"]["S3Uri"] = "s3://other/out"

    outcome = runner.run_processing(request, ARN, stop)

    assert outcome.failure_reason.startswith("ClientError: Failed to upload: s3://other/out/x")


def test_an_unknown_program_fails_the_job(s3, processing_request, runner, stop, aws):
    s3.put("raw-data/a.csv", "1")
    request = processing_request("")
    request["AppSpecification"]["ContainerEntrypoint"] = ["no-such-program"]

    outcome = runner.run_processing(request, ARN, stop)

    assert outcome.failure_reason.endswith("exit code: 127")
    assert "no-such-program" in aws.log("/aws/sagemaker/ProcessingJobs")[0]


def test_logs_are_written_while_the_job_runs(s3, processing_request, runner, stop, aws, wait_until):
    s3.put("raw-data/a.csv", "1")
    request = processing_request(
        """
        import time
        print("early", flush=True)
        time.sleep(60)
        """
    )
    job = threading.Thread(target=runner.run_processing, args=(request, ARN, stop))
    job.start()

    wait_until(lambda: aws.logs, "something is logged")
    logged = aws.log("/aws/sagemaker/ProcessingJobs")
    stop.set()
    job.join(LIMIT_SECONDS)

    assert logged == ["early"]
    assert not job.is_alive()


def test_stopping_terminates_the_group_and_kills_it_after_the_grace_period(
    s3, processing_request, runner, stop, aws, wait_until
):
    s3.put("raw-data/a.csv", "1")
    request = processing_request(
        """
        import os, signal, sys, time
        def asked(number, frame):
            os.write(1, b"asked child\\n" if os.getpid() == child else b"asked parent\\n")
        child = os.getpid() if os.fork() == 0 else None
        signal.signal(signal.SIGTERM, asked)
        os.write(1, b"ready\\n")  # in one piece, unlike print
        while True:
            time.sleep(60)
        """
    )
    outcomes = []
    job = threading.Thread(
        target=lambda: outcomes.append(runner.run_processing(request, ARN, stop))
    )
    job.start()
    wait_until(lambda: len(aws.log("/aws/sagemaker/ProcessingJobs")) == 2, "both are ready")
    started = time.monotonic()
    stop.set()
    job.join(LIMIT_SECONDS)

    assert outcomes[0].status == "Stopped"
    assert time.monotonic() - started >= 0.5
    assert sorted(aws.log("/aws/sagemaker/ProcessingJobs")) == [
        "asked child",
        "asked parent",
        "ready",
        "ready",
    ]


def test_a_job_that_runs_too_long_fails(s3, processing_request, runner, stop):
    s3.put("raw-data/a.csv", "1")
    request = processing_request(
        "import time; time.sleep(60)", StoppingCondition={"MaxRuntimeInSeconds": 1}
    )

    outcome = runner.run_processing(request, ARN, stop)

    assert outcome.status == "Failed"
    assert "Max runtime exceeded" in outcome.failure_reason


def test_a_job_that_waits_for_a_free_core_can_be_stopped(s3, processing_request, runner, stop):
    runner._slots = threading.Semaphore(0)
    stop.set()

    assert runner.run_processing(processing_request(""), ARN, stop).status == "Stopped"


def test_processes_of_a_finished_job_are_killed(s3, processing_request, runner, stop):
    s3.put("raw-data/a.csv", "1")
    request = processing_request(
        """
        import subprocess
        left = subprocess.Popen(["sleep", "600"], start_new_session=True)
        open("/opt/ml/processing/output/pid", "w").write(str(left.pid))
        """
    )

    assert runner.run_processing(request, ARN, stop).status == "Completed"

    assert not Path(f"/proc/{s3.get('processed/pid').decode()}").exists()


def test_a_fault_of_the_emulator_is_an_internal_error(
    processing_request, runner, stop, aws, monkeypatch
):
    monkeypatch.setattr(aws, "client", lambda *_: 1 / 0)

    outcome = runner.run_processing(processing_request(""), ARN, stop)

    assert outcome.failure_reason == "InternalServerError: ZeroDivisionError: division by zero"
