"""Helpers that create models and endpoints."""

from tests.patience import wait_until

ROLE = "arn:aws:iam::123456789012:role/workflow"
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.2-1-cpu-py3"


class Serving:
    """Helpers that create models and endpoints."""

    def __init__(self, client, name):
        self.sagemaker = client("sagemaker")
        self.runtime = client("sagemaker-runtime")
        self.name = name
        client("s3").create_bucket(Bucket=name)
        client("s3").put_object(Bucket=name, Key="model.tar.gz", Body=b"")

    def model(self, name, role=ROLE, **changes):
        container = {"Image": IMAGE, "ModelDataUrl": f"s3://{self.name}/model.tar.gz", **changes}
        return self.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=role, PrimaryContainer=container
        )

    def config(self, suffix, count=1, variants=None, role=ROLE, capture=None, **environment):
        """Create a configuration of `variants`, or of one variant with `count` instances.

        `capture` is its ``DataCaptureConfig``.
        """
        name = f"{self.name}-{suffix}"
        self.model(name, role, Environment=environment)
        on_instances = {"InstanceType": "ml.t2.medium", "InitialInstanceCount": count}
        given = variants or [{"VariantName": "primary", **on_instances}]
        self.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{"ModelName": name, **variant} for variant in given],
            **({"DataCaptureConfig": capture} if capture else {}),
        )
        return name

    def create(self, suffix, **options):
        config = self.config(suffix, **options)
        self.sagemaker.create_endpoint(EndpointName=self.name, EndpointConfigName=config)

    def update(self, suffix, request=None, **options):
        config = self.config(suffix, **options)
        self.sagemaker.update_endpoint(
            EndpointName=self.name, EndpointConfigName=config, **(request or {})
        )

    def describe(self):
        return self.sagemaker.describe_endpoint(EndpointName=self.name)

    def settled(self):
        """Describe the endpoint once its status is final."""

        def found():
            endpoint = self.describe()
            return endpoint["EndpointStatus"] in ("InService", "Failed") and endpoint

        return wait_until(found, "the endpoint has settled")

    def delete(self):
        self.sagemaker.delete_endpoint(EndpointName=self.name)

    def invoke(self, body=b"1,2", **options):
        response = self.runtime.invoke_endpoint(EndpointName=self.name, Body=body, **options)
        return response["Body"].read().decode()
