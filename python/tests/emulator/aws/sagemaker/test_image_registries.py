import pytest
from botocore.exceptions import ClientError

from emulator.aws.sagemaker.image_registries import check_registry
from emulator.runtime.errors import UnsupportedError

NAME = "sagemaker-scikit-learn:1.2-1-cpu-py3"


@pytest.mark.parametrize(
    "image",
    [
        f"683313688378.dkr.ecr.us-east-1.amazonaws.com/{NAME}",
        f"141502667606.dkr.ecr.eu-west-1.amazonaws.com/{NAME}",
        "450853457545.dkr.ecr.cn-north-1.amazonaws.com.cn/sagemaker-xgboost:1.7-1",
        f"123456789012.dkr.ecr.xx-new-1.amazonaws.com/{NAME}",  # an unknown region
        "123456789012.dkr.ecr.us-east-1.amazonaws.com/own:1",
        NAME,
    ],
)
def test_images_of_the_regions_account_and_own_ones_pass(image):
    check_registry(image)


def test_fails_for_the_account_of_another_region_and_names_the_right_one():
    image = f"246618743249.dkr.ecr.us-east-1.amazonaws.com/{NAME}"
    with pytest.raises(UnsupportedError, match="is account 683313688378, not 246618743249"):
        check_registry(image)


def test_jobs_and_models_are_refused_with_it(client, request_for, serving, name):
    image = f"246618743249.dkr.ecr.us-east-1.amazonaws.com/{NAME}"
    request = request_for("TrainingJob")
    request["AlgorithmSpecification"]["TrainingImage"] = image
    with pytest.raises(ClientError, match="cannot be pulled"):
        client("sagemaker").create_training_job(TrainingJobName=name, **request)
    with pytest.raises(ClientError, match="cannot be pulled"):
        serving.model(name, Image=image)
