import json
import threading
import zipfile
from dataclasses import replace

import pytest

from emulator.runtime.jobs.training import model_artifacts_uri
from tests.patience import LIMIT_SECONDS

ARN = "arn:aws:sagemaker:us-east-1:123456789012:training-job/job"
OUTPUT = "model-artifacts/job/output/"


def channel(name, prefix, **changes):
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://bucket/{prefix}"}
    return {"ChannelName": name, "DataSource": {"S3DataSource": source}, **changes}


def test_trains_from_channels_and_uploads_model_and_output(
    aws, s3, training_request, run, phases, read_tar_gz, state_dir, runner, each_isolation
):
    # Prepare
    runner._host = replace(runner._host, isolation=each_isolation)
    s3.put("data/train/a.csv", "1")
    s3.put("data/training.csv", "2")
    request = training_request(
        """
        import os, pathlib, sys
        import helper
        data = sorted(p.name for p in pathlib.Path("/opt/ml/input/data/train").rglob("*.csv"))
        print("files", data, os.path.samefile(os.getcwd(), "/opt/ml/code"), sys.argv[1:])
        pathlib.Path(os.environ["SM_MODEL_DIR"], "model.txt").write_text(helper.TEXT)
        pathlib.Path("/opt/ml/output/data/evaluation.json").write_text("{}")
        print("test_r2: 0.5")
        print("noise test_r2: 0.75;")
        print("test_r2: none")
        """,
        files={"helper.py": "TEXT = 'model'"},
        hyperparameters={"n-estimators": "10", "flag": "true"},
        InputDataConfig=[channel("train", "data/train")],
    )
    request["AlgorithmSpecification"]["MetricDefinitions"] = [
        {"Name": "test_r2", "Regex": "test_r2: ([-+.0-9eE]+)"},
        {"Name": "absent", "Regex": "absent: (.*?)"},
    ]

    # Act
    outcome = run(request)

    # Assess
    assert outcome.status == outcome.secondary_status == "Completed", outcome
    assert phases == ["Downloading", "Training", "Uploading"]
    assert [(metric.name, metric.value) for metric in outcome.metrics] == [("test_r2", 0.75)]
    assert read_tar_gz(s3.get(f"{OUTPUT}model.tar.gz")) == {"model.txt": b"model"}
    assert read_tar_gz(s3.get(f"{OUTPUT}output.tar.gz")) == {"evaluation.json": b"{}"}
    assert model_artifacts_uri(request) == f"s3://bucket/{OUTPUT}model.tar.gz"
    assert aws.log("/aws/sagemaker/TrainingJobs")[0] == (
        "files ['a.csv', 'training.csv'] True ['--flag', 'True', '--n-estimators', '10']"
    )
    assert not list(state_dir.glob("run-*/TrainingJobs/*"))


def test_the_container_finds_its_configuration_files(s3, training_request, run, read_tar_gz):
    s3.put("data/a", "1")
    request = training_request(
        "import shutil; shutil.copytree('/opt/ml/input/config', '/opt/ml/output/data/config')",
        hyperparameters={"n": "1"},
        InputDataConfig=[channel("train", "data/", ContentType="text/csv")],
    )

    assert run(request).status == "Completed"

    files = read_tar_gz(s3.get(f"{OUTPUT}output.tar.gz"))
    config = {name.split("/")[1]: json.loads(data) for name, data in files.items()}
    assert config["hyperparameters.json"]["n"] == "1"
    assert config["inputdataconfig.json"] == {
        "train": {
            "TrainingInputMode": "File",
            "S3DistributionType": "FullyReplicated",
            "RecordWrapperType": "None",
            "ContentType": "text/csv",
        }
    }
    assert config["resourceconfig.json"]["current_instance_type"] == "ml.m5.large"
    assert config["resourceconfig.json"]["hosts"] == ["algo-1"]


def test_a_failing_script_gives_the_toolkits_reason_and_its_output_but_no_model(
    s3, training_request, run
):
    request = training_request(
        """
        open("/opt/ml/output/data/partial", "w").write("x")
        open("/opt/ml/model/half", "w").write("x")
        raise SystemExit(3)
        """,
        hyperparameters={"depth": "2"},
    )

    outcome = run(request)

    assert outcome.status == outcome.secondary_status == "Failed"
    assert outcome.failure_reason.startswith(
        'AlgorithmError: ExecuteUserScriptError:\nExitCode 3\nErrorMessage ""\nCommand "'
    )
    assert outcome.failure_reason.endswith('python train.py --depth 2"')
    assert f"{OUTPUT}output.tar.gz" in s3.names()
    assert f"{OUTPUT}model.tar.gz" not in s3.names()


def test_a_failure_file_of_the_script_is_the_reason(training_request, run):
    request = training_request(
        "open('/opt/ml/output/failure', 'w').write('no target: ' + 'x' * 2000); exit(1)"
    )

    reason = run(request).failure_reason

    assert reason.startswith("AlgorithmError: no target: xxx")
    assert len(reason) == 1024


def test_a_program_that_is_not_in_the_archive_fails_as_python_says(training_request, run):
    request = training_request("", hyperparameters={"sagemaker_program": "other.py"})

    assert "ExitCode 2" in run(request).failure_reason


def test_a_job_without_a_program_names_the_missing_hyperparameter(training_request, run):
    request = training_request("")
    del request["HyperParameters"]["sagemaker_program"]

    assert "sagemaker_program" in run(request).failure_reason


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("s3://bucket/code/absent.tar.gz", "s3://bucket/code/absent.tar.gz"),
        ("s3://bucket/code/text.tar.gz", "s3://bucket/code/text.tar.gz"),
        ("/home/source", "/home/source"),
    ],
)
def test_source_that_cannot_be_read_is_named(s3, training_request, run, address, named):
    s3.put("code/text.tar.gz", "no archive")
    request = training_request("", hyperparameters={"sagemaker_submit_directory": address})

    outcome = run(request)

    assert outcome.status == "Failed"
    assert named in outcome.failure_reason


def test_an_archive_cannot_write_outside_its_folder(s3, training_request, run, tar_gz, tmp_path):
    request = training_request("")
    s3.put("code/source.tar.gz", tar_gz({"train.py": "", "../../../escaped": "x"}))

    outcome = run(request)

    assert outcome.failure_reason.startswith("ClientError: cannot unpack s3://bucket/code/source")
    assert not list(tmp_path.rglob("escaped"))


def test_source_can_come_from_a_channel(s3, training_request, run, tar_gz):
    s3.put("in/code.tar.gz", tar_gz({"train.py": "open('/opt/ml/model/m', 'w')"}))
    request = training_request(
        "exit(1)",
        hyperparameters={"sagemaker_submit_directory": "/opt/ml/input/data/code/code.tar.gz"},
        InputDataConfig=[channel("code", "in/code.tar.gz")],
    )

    assert run(request).status == "Completed"


def test_requirements_are_installed_for_this_job_only(training_request, run, aws, tmp_path):
    # A wheel's path and a package of the image: an installation without a package index.
    wheel = tmp_path / "emulatorprobe-1.0-py3-none-any.whl"
    metadata = "emulatorprobe-1.0.dist-info"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("emulatorprobe.py", "NAME = 'probe'")
        archive.writestr(
            f"{metadata}/METADATA", "Metadata-Version: 2.1\nName: emulatorprobe\nVersion: 1.0\n"
        )
        archive.writestr(
            f"{metadata}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{metadata}/RECORD", "")
    requirements = {"requirements.txt": f"scikit-learn\n{wheel}\n"}
    script = "import emulatorprobe; print('got', emulatorprobe.NAME)"

    assert run(training_request(script, files=requirements)).status == "Completed"
    assert run(training_request(script)).status == "Failed"
    assert "got probe" in aws.log("/aws/sagemaker/TrainingJobs")


def test_requirements_that_cannot_be_installed_fail_the_job(training_request, run):
    request = training_request("", files={"requirements.txt": "/no/such/package"})

    assert "InstallRequirementsError" in run(request).failure_reason


def test_a_shell_script_is_run_by_the_shell(training_request, run, aws):
    request = training_request(
        "",
        files={"go.sh": "echo shell $SM_NUM_GPUS $1 $2"},
        hyperparameters={"sagemaker_program": "go.sh", "n": "1"},
    )

    assert run(request).status == "Completed"
    assert aws.log("/aws/sagemaker/TrainingJobs") == ["shell 0 -n 1"]


def test_an_entrypoint_replaces_the_toolkit(s3, training_request, run):
    request = training_request("exit(1)")
    request["AlgorithmSpecification"].update(
        ContainerEntrypoint=["/bin/sh", "-c", 'echo "$0" > /opt/ml/model/said'],
        ContainerArguments=["hello"],
    )

    assert run(request).status == "Completed"


def test_uncompressed_output_is_separate_objects(s3, training_request, run):
    request = training_request("open('/opt/ml/model/m', 'w').write('x')")
    request["OutputDataConfig"]["CompressionType"] = "NONE"

    assert run(request).status == "Completed"
    assert s3.get(f"{OUTPUT}model/m") == b"x"
    assert model_artifacts_uri(request) == f"s3://bucket/{OUTPUT}model"


def test_a_channel_without_objects_fails_the_job(training_request, run):
    outcome = run(training_request("", InputDataConfig=[channel("train", "nothing/")]))

    assert outcome.failure_reason.startswith("ClientError: No S3 objects found under S3 URL")
    assert "s3://bucket/nothing/" in outcome.failure_reason


def test_a_job_that_runs_too_long_is_stopped_and_keeps_its_model(s3, training_request, run):
    request = training_request(
        "open('/opt/ml/model/m', 'w').write('x'); import time; time.sleep(60)",
        StoppingCondition={"MaxRuntimeInSeconds": 1},
    )

    outcome = run(request)

    assert outcome.status == "Stopped"
    assert outcome.secondary_status == "MaxRuntimeExceeded"
    assert outcome.failure_reason is None
    assert f"{OUTPUT}model.tar.gz" in s3.names()


def test_a_stopped_job_keeps_what_it_saved(s3, training_request, run, stop, aws, wait_until):
    request = training_request(
        """
        import signal, sys, time
        def save(*_):
            open("/opt/ml/model/saved", "w").write("x")
            sys.exit(0)
        signal.signal(signal.SIGTERM, save)
        print("ready", flush=True)
        time.sleep(60)
        """
    )
    outcomes = []
    job = threading.Thread(target=lambda: outcomes.append(run(request)))
    job.start()
    wait_until(lambda: aws.logs, "the script is ready")
    stop.set()
    job.join(LIMIT_SECONDS)

    assert outcomes[0].status == outcomes[0].secondary_status == "Stopped"
    assert f"{OUTPUT}model.tar.gz" in s3.names()


def test_no_more_jobs_run_at_once_than_allowed(runner, training_request, stop, tmp_path):
    runner._slots = threading.Semaphore(1)
    request = training_request(
        f"""
        import os, time
        os.mkdir({str(tmp_path / "alone")!r})
        time.sleep(0.2)
        os.rmdir({str(tmp_path / "alone")!r})
        """
    )
    outcomes = []
    jobs = [
        threading.Thread(
            target=lambda name=name: outcomes.append(
                runner.run_training({**request, "TrainingJobName": name}, ARN, stop, print)
            )
        )
        for name in ("one", "two", "three")
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join(LIMIT_SECONDS)

    assert [outcome.status for outcome in outcomes] == ["Completed"] * 3
