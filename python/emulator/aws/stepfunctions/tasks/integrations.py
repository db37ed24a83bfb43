"""The service integrations of Step Functions that run here, and those that only AWS runs.

They are written as in a task's ``Resource``: service, action, and the pattern after a dot.
Source: https://docs.aws.amazon.com/step-functions/latest/dg/integrate-optimized.html
"""

import re
from dataclasses import dataclass

_RUNS = """
dynamodb:deleteItem dynamodb:getItem dynamodb:putItem dynamodb:updateItem
events:putEvents events:putEvents.waitForTaskToken
lambda:invoke lambda:invoke.waitForTaskToken
sagemaker:createEndpoint sagemaker:createEndpointConfig sagemaker:createModel
sagemaker:createHyperParameterTuningJob sagemaker:createHyperParameterTuningJob.sync
sagemaker:createProcessingJob sagemaker:createProcessingJob.sync
sagemaker:createTrainingJob sagemaker:createTrainingJob.sync
sagemaker:createTransformJob sagemaker:createTransformJob.sync
sagemaker:updateEndpoint
sns:publish sns:publish.waitForTaskToken
sqs:sendMessage sqs:sendMessage.waitForTaskToken
states:startExecution states:startExecution.sync states:startExecution.sync:2
states:startExecution.waitForTaskToken
"""
RUNS = frozenset(_RUNS.split())
"""The optimized integrations that the emulator runs."""

_ONLY_ON_AWS = """
apigateway:invoke apigateway:invoke.waitForTaskToken
athena:getQueryExecution athena:getQueryResults athena:startQueryExecution
athena:startQueryExecution.sync athena:stopQueryExecution
batch:submitJob batch:submitJob.sync
bedrock:createModelCustomizationJob bedrock:createModelCustomizationJob.sync
bedrock:invokeModel
codebuild:batchDeleteBuilds codebuild:batchGetReports codebuild:deleteBuildBatch
codebuild:retryBuildBatch codebuild:retryBuildBatch.sync codebuild:startBuild
codebuild:startBuild.sync codebuild:startBuildBatch codebuild:startBuildBatch.sync
codebuild:stopBuild codebuild:stopBuildBatch
databrew:startJobRun databrew:startJobRun.sync
ecs:runTask ecs:runTask.sync ecs:runTask.waitForTaskToken
eks:call eks:createCluster eks:createCluster.sync eks:createFargateProfile
eks:createFargateProfile.sync eks:createNodegroup eks:createNodegroup.sync eks:deleteCluster
eks:deleteCluster.sync eks:deleteFargateProfile eks:deleteFargateProfile.sync
eks:deleteNodegroup eks:deleteNodegroup.sync eks:runJob eks:runJob.sync
elasticmapreduce:addStep elasticmapreduce:addStep.sync elasticmapreduce:cancelStep
elasticmapreduce:createCluster elasticmapreduce:createCluster.sync
elasticmapreduce:modifyInstanceFleetByName elasticmapreduce:modifyInstanceGroupByName
elasticmapreduce:setClusterTerminationProtection elasticmapreduce:terminateCluster
elasticmapreduce:terminateCluster.sync
emr-containers:createVirtualCluster emr-containers:deleteVirtualCluster
emr-containers:deleteVirtualCluster.sync emr-containers:startJobRun
emr-containers:startJobRun.sync
emr-serverless:cancelJobRun emr-serverless:cancelJobRun.sync emr-serverless:createApplication
emr-serverless:createApplication.sync emr-serverless:deleteApplication
emr-serverless:deleteApplication.sync emr-serverless:startApplication
emr-serverless:startApplication.sync emr-serverless:startJobRun
emr-serverless:startJobRun.sync emr-serverless:stopApplication
emr-serverless:stopApplication.sync
glue:startJobRun glue:startJobRun.sync
http:invoke
mediaconvert:createJob mediaconvert:createJob.sync
sagemaker:createLabelingJob sagemaker:createLabelingJob.sync
"""
ONLY_ON_AWS = frozenset(_ONLY_ON_AWS.split())
"""AWS's other integrations; a definition with one of them is refused by name."""

_SHOULD = {"http:invoke": "makes the request and has"}

_ARN = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:\d*:.+")
_SERVICE = re.compile(
    r"arn:aws[\w-]*:states:[\w-]*:\d*:(?:(?P<sdk>aws-sdk):)?(?P<service>[\w-]+):(?P<action>\w+)"
    r"(?:\.(?P<pattern>[\w:]+))?"
)
_ACTIVITY = re.compile(r"arn:aws[\w-]*:states:[\w-]+:\d{12}:activity:.+")
_FUNCTION = re.compile(r"arn:aws[\w-]*:lambda:[\w-]+:\d{12}:function:[\w$-]+(?::[\w$-]+)?")


@dataclass(frozen=True)
class Integration:
    """The call of a service that a task's ``Resource`` names.

    Attributes
    ----------
    sdk : bool
        Whether it is an ``aws-sdk:`` integration.
    service, action : str
        As written, such as ``sns`` and ``publish``.
    pattern : str
        ``sync``, ``sync:2``, ``waitForTaskToken``, or nothing.
    """

    sdk: bool
    service: str
    action: str
    pattern: str

    @property
    def name(self) -> str:
        """Return the name in the tables above."""
        call = f"{self.service}:{self.action}"
        return f"{call}.{self.pattern}" if self.pattern else call


def integration(resource: str) -> Integration | None:
    """Return the call that a resource names; None for a function or an unknown resource."""
    if _ACTIVITY.fullmatch(resource):
        return None
    match = _SERVICE.fullmatch(resource)
    if match is None:
        return None
    return Integration(
        match["sdk"] is not None, match["service"], match["action"], match["pattern"] or ""
    )


def unavailable(resource: str) -> str | None:
    """Return why a resource that AWS accepts cannot run here, or None."""
    called = integration(resource)
    if called is not None and not called.sdk and called.name in ONLY_ON_AWS:
        what = _SHOULD.get(called.name, "has")
        return (
            f"The emulator cannot run {called.name}; put a Lambda function that {what} the same "
            "result in its place here, or run this against AWS"
        )
    return None


def is_arn(resource: str) -> bool:
    """Whether a resource has the parts of an ARN, with any values."""
    return bool(_ARN.fullmatch(resource))


def is_function_or_activity(resource: str) -> bool:
    """Whether a resource is the ARN of a function or of an activity."""
    return bool(_FUNCTION.fullmatch(resource) or _ACTIVITY.fullmatch(resource))
