"""Comparison with what sagemaker-training 4.8.0 passed to a script for the same files."""

import json
import os

import pytest

from emulator.runtime.jobs.script_mode import ScriptMode

RESOURCE_CONFIG = {
    "current_host": "algo-1",
    "current_instance_type": "ml.m5.large",
    "current_group_name": "homogeneousCluster",
    "hosts": ["algo-1"],
    "instance_groups": [
        {
            "instance_group_name": "homogeneousCluster",
            "instance_type": "ml.m5.large",
            "hosts": ["algo-1"],
        }
    ],
    "network_interface_name": "eth0",
}
INPUT_DATA_CONFIG = {
    "train": {
        "TrainingInputMode": "File",
        "S3DistributionType": "FullyReplicated",
        "RecordWrapperType": "None",
        "ContentType": "text/csv",
    }
}
SOURCE = "/opt/ml/input/data/train/s.tar.gz"
HPS = (
    '{"flag":true,"l":[1,2],"n-estimators":100,"name with":"\\u00e9","o":{"k":1},"r":1.5,'
    '"s":"text","z":null}'
)
RESOURCES = (
    '{"current_group_name":"homogeneousCluster","current_host":"algo-1",'
    '"current_instance_type":"ml.m5.large","hosts":["algo-1"],"instance_groups":[{"hosts":'
    '["algo-1"],"instance_group_name":"homogeneousCluster","instance_type":"ml.m5.large"}],'
    '"network_interface_name":"eth0"}'
)
GROUPS = (
    '{"homogeneousCluster":{"hosts":["algo-1"],"instance_group_name":"homogeneousCluster",'
    '"instance_type":"ml.m5.large"}}'
)
CHANNELS = (
    '{"train":{"ContentType":"text/csv","RecordWrapperType":"None",'
    '"S3DistributionType":"FullyReplicated","TrainingInputMode":"File"}}'
)
ARGUMENTS = [
    *("--flag", "True", "-l", "[1, 2]", "--n-estimators", "100", "--name with", "é"),
    *("-o", "k=1", "-r", "1.5", "-s", "text", "-z", ""),
]
TRAINING_ENV = (
    '{"additional_framework_parameters":{"sagemaker_foo":"bar"},"channel_input_dirs":{"train":'
    '"/opt/ml/input/data/train"},"current_host":"algo-1","current_instance_group":'
    '"homogeneousCluster","current_instance_group_hosts":["algo-1"],"current_instance_type":'
    '"ml.m5.large","distribution_hosts":[],"distribution_instance_groups":[],"framework_module":'
    f'null,"hosts":["algo-1"],"hyperparameters":{HPS},"input_config_dir":"/opt/ml/input/config",'
    f'"input_data_config":{CHANNELS},"input_dir":"/opt/ml/input","instance_groups":'
    f'["homogeneousCluster"],"instance_groups_dict":{GROUPS},"is_hetero":false,"is_master":true,'
    '"is_modelparallel_enabled":null,"is_smddpmprun_installed":false,"is_smddprun_installed":'
    'false,"job_name":"job","log_level":20,"master_hostname":"algo-1","model_dir":"/opt/ml/model",'
    f'"module_dir":"{SOURCE}","module_name":"t","network_interface_name":"eth0","num_cpus":'
    f'{os.cpu_count()},"num_gpus":0,"num_neurons":0,"output_data_dir":"/opt/ml/output/data",'
    '"output_dir":"/opt/ml/output","output_intermediate_dir":"/opt/ml/output/intermediate",'
    f'"resource_config":{RESOURCES},"user_entry_point":"t.py"}}'
)
VARIABLES = {
    "CURRENT_HOST": "algo-1",
    "PYTHONPATH": "/opt/ml/code",
    "SAGEMAKER_JOB_NAME": "",
    "SAGEMAKER_REGION": "us-east-1",
    "SM_CHANNELS": '["train"]',
    "SM_CHANNEL_TRAIN": "/opt/ml/input/data/train",
    "SM_CURRENT_HOST": "algo-1",
    "SM_CURRENT_INSTANCE_GROUP": "homogeneousCluster",
    "SM_CURRENT_INSTANCE_GROUP_HOSTS": '["algo-1"]',
    "SM_CURRENT_INSTANCE_TYPE": "ml.m5.large",
    "SM_DISTRIBUTION_INSTANCE_GROUPS": "[]",
    "SM_FRAMEWORK_MODULE": "",
    "SM_FRAMEWORK_PARAMS": '{"sagemaker_foo":"bar"}',
    "SM_HOSTS": '["algo-1"]',
    "SM_HPS": HPS,
    "SM_HP_FLAG": "true",
    "SM_HP_L": "[1,2]",
    "SM_HP_N-ESTIMATORS": "100",
    "SM_HP_NAME WITH": "é",
    "SM_HP_O": '{"k":1}',
    "SM_HP_R": "1.5",
    "SM_HP_S": "text",
    "SM_HP_Z": "",
    "SM_INPUT_CONFIG_DIR": "/opt/ml/input/config",
    "SM_INPUT_DATA_CONFIG": CHANNELS,
    "SM_INPUT_DIR": "/opt/ml/input",
    "SM_INSTANCE_GROUPS": '["homogeneousCluster"]',
    "SM_INSTANCE_GROUPS_DICT": GROUPS,
    "SM_IS_HETERO": "false",
    "SM_LOG_LEVEL": "20",
    "SM_MODEL_DIR": "/opt/ml/model",
    "SM_MODULE_DIR": SOURCE,
    "SM_MODULE_NAME": "t",
    "SM_NETWORK_INTERFACE_NAME": "eth0",
    "SM_NUM_CPUS": str(os.cpu_count()),
    "SM_NUM_GPUS": "0",
    "SM_NUM_NEURONS": "0",
    "SM_OUTPUT_DATA_DIR": "/opt/ml/output/data",
    "SM_OUTPUT_DIR": "/opt/ml/output",
    "SM_OUTPUT_INTERMEDIATE_DIR": "/opt/ml/output/intermediate",
    "SM_RESOURCE_CONFIG": RESOURCES,
    "SM_TRAINING_ENV": TRAINING_ENV,
    "SM_USER_ARGS": json.dumps(ARGUMENTS, separators=(",", ":")),
    "SM_USER_ENTRY_POINT": "t.py",
}


@pytest.fixture
def make():
    def make(hyperparameters, environment=None):
        request = {
            "TrainingJobName": "job",
            "HyperParameters": hyperparameters,
            "Environment": environment or {},
        }
        return ScriptMode(request, RESOURCE_CONFIG, INPUT_DATA_CONFIG)

    return make


def test_arguments_and_variables_are_those_of_the_toolkit(make):
    script_mode = make(
        {
            "n-estimators": "100",
            "flag": "true",
            "l": "[1,2]",
            "o": '{"k":1}',
            "s": "text",
            "z": "null",
            "r": "1.5",
            "sagemaker_program": "t.py",
            "sagemaker_submit_directory": SOURCE,
            "sagemaker_container_log_level": "20",
            "sagemaker_region": '"us-east-1"',
            "sagemaker_foo": "bar",
            "_tuning_objective_metric": "x",
            "name with": "é",
        }
    )

    assert script_mode.arguments() == ARGUMENTS
    assert script_mode.variables() == VARIABLES


def test_the_program_variable_takes_precedence_and_its_submit_directory_is_ignored(make):
    script_mode = make(
        {"sagemaker_program": "hyper.py"},
        {"SAGEMAKER_PROGRAM": "variable.py", "SAGEMAKER_SUBMIT_DIRECTORY": "s3://x/y.tar.gz"},
    )

    assert script_mode.program == "variable.py"
    assert script_mode.submit_directory == "/opt/ml/code"
