"""The effect of every member of the SageMaker requests that create jobs, models and endpoints.

A member is *honoured*; or *recorded*, because it concerns disks, networks and the like; or *idle*:
it has no effect, and the emulator logs this once; or *refused* by name. A test walks the service's
model, and fails for a member that is not listed.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from emulator.runtime.errors import UnsupportedError

LOG = logging.getLogger("emulator")

_LEAVE_OUT = "leave it out here"


@dataclass(frozen=True)
class Members:
    """The members of an operation's request, by their paths, which do not show lists.

    ``a.{b,c}`` stands for ``a.b a.c``. *Idle* and *refused* paths include all members below them.

    Attributes
    ----------
    honoured, recorded : str
        Paths, separated by spaces.
    idle : mapping
        The message that is logged once, and the paths it applies to.
    refused : mapping
        The alternative, and the paths it applies to.
    """

    honoured: str
    recorded: str = ""
    idle: Mapping[str, str] = field(default_factory=dict[str, str])
    refused: Mapping[str, str] = field(default_factory=dict[str, str])


_TAGS = "Tags.{Key,Value}"
_VPC = "VpcConfig.{SecurityGroupIds,Subnets}"
_EXPERIMENT = {"the emulator creates no trial components of jobs": "ExperimentConfig"}
_CHOSEN = "InstancePreferences SelectedInstanceType SelectedInstanceCount"
_ONE_TYPE = "give InstanceType and InstanceCount"
_CONTAINER = "Image Mode ModelDataUrl Environment ModelPackageName"
_CONTAINER_REFUSED = {
    "give Image and ModelDataUrl": "ModelDataSource AdditionalModelDataSources MultiModelConfig",
    "use an image of ECR": "ImageConfig.RepositoryAuthConfig",
    _LEAVE_OUT: "InferenceSpecificationName ContainerMetricsConfig",
}
_PACKAGED = """Image ModelDataUrl Environment Framework FrameworkVersion NearestModelName
    ModelInput.DataInputConfig ImageDigest ContainerHostname ProductId ModelDataETag"""
_PACKAGED_REFUSED = """ModelDataSource AdditionalModelDataSources AdditionalS3DataSource BaseModel
    IsCheckpoint"""
_SPECIFIED = """SupportedTransformInstanceTypes SupportedRealtimeInferenceInstanceTypes
    SupportedContentTypes SupportedResponseMIMETypes"""
_REPORT = "{ContentType,ContentDigest,S3Uri}"


def _below(prefix: str, paths: str) -> str:
    return " ".join(f"{prefix}.{path}" for path in paths.split())


def _specification(prefix: str, more: str = "") -> str:
    return f"{_below(prefix, f'{_SPECIFIED} {more}')} {_below(f'{prefix}.Containers', _PACKAGED)}"


def _reports(prefix: str, kinds: Mapping[str, str]) -> str:
    return " ".join(f"{prefix}.{kind}.{{{of}}}.{_REPORT}" for kind, of in kinds.items())


_PACKAGE_CONTAINERS = ("InferenceSpecification", "AdditionalInferenceSpecifications")
_UPDATE_CONTAINERS = ("InferenceSpecification", "AdditionalInferenceSpecificationsToAdd")
_LIFE_CYCLE = "ModelLifeCycle.{Stage,StageStatus,StageDescription}"
_CARD = "ModelCard.{ModelCardContent,ModelCardStatus}"
_DEPLOYMENT = """DeploymentConfig.AutoRollbackConfiguration.Alarms.AlarmName
    DeploymentConfig.BlueGreenUpdatePolicy.{TerminationWaitInSeconds,MaximumExecutionTimeoutInSeconds}
    DeploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.{Type,WaitIntervalInSeconds}
    DeploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.CanarySize.{Type,Value}
    DeploymentConfig.BlueGreenUpdatePolicy.TrafficRoutingConfiguration.LinearStepSize.{Type,Value}"""
_NO_ROLLING = {
    "use BlueGreenUpdatePolicy with LINEAR traffic, which shifts in steps, too": (
        "DeploymentConfig.RollingUpdatePolicy"
    )
}

_RANGES = """CategoricalParameterRanges.{Name,Values}
    IntegerParameterRanges.{Name,MinValue,MaxValue,ScalingType}
    ContinuousParameterRanges.{Name,MinValue,MaxValue,ScalingType}"""
_COMPLETION = """TargetObjectiveMetricValue ConvergenceDetected.CompleteOnConvergence
    BestObjectiveNotImproving.MaxNumberOfTrainingJobsNotImproving"""
# Of a training job, whether a request or a tuning job creates it.
_TRAINED = """RoleArn Environment EnableManagedSpotTraining
    AlgorithmSpecification.{TrainingImage,TrainingInputMode}
    AlgorithmSpecification.MetricDefinitions.{Name,Regex}
    InputDataConfig.{ChannelName,ContentType,CompressionType,RecordWrapperType,InputMode}
    InputDataConfig.DataSource.S3DataSource.{S3DataType,S3Uri,S3DataDistributionType}
    OutputDataConfig.{KmsKeyId,S3OutputPath,CompressionType}
    ResourceConfig.{InstanceType,InstanceCount,KeepAlivePeriodInSeconds}
    CheckpointConfig.{S3Uri,LocalPath}
    StoppingCondition.{MaxRuntimeInSeconds,MaxWaitTimeInSeconds}
    RetryStrategy.MaximumRetryAttempts"""
_TRAINED_RECORDED = f"""ResourceConfig.{{VolumeSizeInGB,VolumeKmsKeyId}}
    StoppingCondition.MaxPendingTimeInSeconds {_VPC}
    EnableInterContainerTrafficEncryption"""
_NOT_TRAINED = {
    _LEAVE_OUT: "EnableNetworkIsolation",
    "give TrainingImage": "AlgorithmSpecification.AlgorithmName",
    "use S3DataSource": "InputDataConfig.DataSource.{FileSystemDataSource,DatasetSource}",
    "give the data as objects below a prefix": _below(
        "InputDataConfig.DataSource.S3DataSource",
        "AttributeNames InstanceGroupNames ModelAccessConfig HubAccessConfig",
    ),
    "shuffle in the script": "InputDataConfig.ShuffleConfig",
    _ONE_TYPE: f"ResourceConfig.InstanceGroups {_below('ResourceConfig', _CHOSEN)}",
}
_PLACED = "ResourceConfig.{TrainingPlanArn,InstancePlacementConfig}"
_CONFIG = "HyperParameterTuningJobConfig"
_TUNED = "TrainingJobDefinition"

MEMBERS: dict[str, Members] = {
    "CreateTrainingJob": Members(
        honoured=f"""TrainingJobName HyperParameters {_TRAINED} {_TAGS}
            AlgorithmSpecification.{{ContainerEntrypoint,ContainerArguments}}
            AlgorithmSpecification.TrainingImageConfig.TrainingRepositoryAccessMode""",
        recorded=_TRAINED_RECORDED,
        idle={
            **_EXPERIMENT,
            "the images that run here have no debugger, on AWS neither": "DebugHookConfig",
            "the emulator has no profiler": "ProfilerConfig",
            "metrics go to CloudWatch": "AlgorithmSpecification.EnableSageMakerMetricsTimeSeries",
            "there are no accelerators to check": "InfraCheckConfig",
        },
        refused={
            **_NOT_TRAINED,
            _LEAVE_OUT: f"""{_NOT_TRAINED[_LEAVE_OUT]} {_PLACED} DebugRuleConfigurations
                ProfilerRuleConfigurations TensorBoardOutputConfig ServerlessJobConfig MlflowConfig
                RemoteDebugConfig.EnableRemoteDebug
                SessionChainingConfig.EnableSessionTagChaining""",
            "register the model in a separate step": "ModelPackageConfig",
            "use an image of ECR": """
                AlgorithmSpecification.TrainingImageConfig.TrainingRepositoryAuthConfig""",
        },
    ),
    "CreateHyperParameterTuningJob": Members(
        honoured=f"""HyperParameterTuningJobName {_TAGS} {_below(_TUNED, _TRAINED)}
            WarmStartConfig.ParentHyperParameterTuningJobs.HyperParameterTuningJobName
            WarmStartConfig.WarmStartType
            {_CONFIG}.{{Strategy,RandomSeed,TrainingJobEarlyStoppingType}}
            {_CONFIG}.StrategyConfig.HyperbandStrategyConfig.{{MinResource,MaxResource}}
            {_CONFIG}.HyperParameterTuningJobObjective.{{Type,MetricName}}
            {_CONFIG}.ResourceLimits.{{MaxNumberOfTrainingJobs,MaxParallelTrainingJobs}}
            {_CONFIG}.ResourceLimits.MaxRuntimeInSeconds
            {_below(f"{_CONFIG}.ParameterRanges", _RANGES)}
            {_below(f"{_CONFIG}.TuningJobCompletionCriteria", _COMPLETION)}
            {_TUNED}.{{DefinitionName,StaticHyperParameters}}
            {_TUNED}.HyperParameterTuningResourceConfig.{{InstanceType,InstanceCount}}""",
        recorded=f"""{_below(_TUNED, _TRAINED_RECORDED)}
            {_TUNED}.HyperParameterTuningResourceConfig.{{VolumeSizeInGB,VolumeKmsKeyId}}""",
        refused={
            **{remedy: _below(_TUNED, text) for remedy, text in _NOT_TRAINED.items()},
            _LEAVE_OUT: _below(_TUNED, f"{_NOT_TRAINED[_LEAVE_OUT]} {_PLACED}"),
            "give TrainingJobDefinition": "TrainingJobDefinitions",
            "give ranges and limits": f"Autotune {_CONFIG}.ParameterRanges.AutoParameters",
            f"give it in {_CONFIG}": f"{_TUNED}.{{TuningObjective,HyperParameterRanges}}",
            "give InstanceType": _below(
                f"{_TUNED}.HyperParameterTuningResourceConfig", "AllocationStrategy InstanceConfigs"
            ),
        },
    ),
    "CreateProcessingJob": Members(
        honoured=f"""ProcessingJobName RoleArn Environment StoppingCondition.MaxRuntimeInSeconds
            AppSpecification.{{ImageUri,ContainerEntrypoint,ContainerArguments}}
            ProcessingInputs.InputName ProcessingOutputConfig.{{KmsKeyId,Outputs.OutputName}}
            ProcessingInputs.S3Input.{{S3Uri,LocalPath,S3DataType,S3InputMode,S3CompressionType}}
            ProcessingInputs.S3Input.S3DataDistributionType
            ProcessingOutputConfig.Outputs.S3Output.{{S3Uri,LocalPath,S3UploadMode}}
            ProcessingResources.ClusterConfig.{{InstanceType,InstanceCount}} {_TAGS}""",
        recorded=f"""ProcessingResources.ClusterConfig.{{VolumeSizeInGB,VolumeKmsKeyId}}
            NetworkConfig.EnableInterContainerTrafficEncryption {_below("NetworkConfig", _VPC)}""",
        idle=_EXPERIMENT,
        refused={
            _LEAVE_OUT: "NetworkConfig.EnableNetworkIsolation",
            "use S3Input": "ProcessingInputs.{DatasetDefinition,AppManaged}",
            "use S3Output": "ProcessingOutputConfig.Outputs.{FeatureStoreOutput,AppManaged}",
            _ONE_TYPE: _below("ProcessingResources.ClusterConfig", _CHOSEN),
        },
    ),
    "CreateTransformJob": Members(
        honoured=f"""TransformJobName ModelName MaxConcurrentTransforms MaxPayloadInMB BatchStrategy
            Environment ModelClientConfig.{{InvocationsTimeoutInSeconds,InvocationsMaxRetries}}
            TransformInput.{{ContentType,CompressionType,SplitType}} {_TAGS}
            TransformInput.DataSource.S3DataSource.{{S3DataType,S3Uri}}
            TransformOutput.{{S3OutputPath,Accept,AssembleWith,KmsKeyId}}
            TransformResources.{{InstanceType,InstanceCount}}
            DataProcessing.{{InputFilter,OutputFilter,JoinSource}}""",
        recorded="TransformResources.{VolumeKmsKeyId,TransformAmiVersion}",
        idle=_EXPERIMENT,
        refused={_LEAVE_OUT: "DataCaptureConfig"},
    ),
    "CreateModel": Members(
        honoured=f"""ModelName ExecutionRoleArn {_TAGS} {_below("PrimaryContainer", _CONTAINER)}
            {_below("Containers", _CONTAINER)} PrimaryContainer.ImageConfig.RepositoryAccessMode
            Containers.ImageConfig.RepositoryAccessMode""",
        recorded=f"PrimaryContainer.ContainerHostname Containers.ContainerHostname {_VPC}",
        refused={
            "leave it out: networks are not isolated here": "EnableNetworkIsolation",
            "leave it out: a model has one container here": "InferenceExecutionConfig",
            **{
                remedy: f"{_below('PrimaryContainer', text)} {_below('Containers', text)}"
                for remedy, text in _CONTAINER_REFUSED.items()
            },
        },
    ),
    "CreateEndpointConfig": Members(
        honoured=f"""EndpointConfigName {_TAGS}
            DataCaptureConfig.{{EnableCapture,InitialSamplingPercentage,DestinationS3Uri,KmsKeyId}}
            DataCaptureConfig.CaptureOptions.CaptureMode
            DataCaptureConfig.CaptureContentTypeHeader.{{CsvContentTypes,JsonContentTypes}}
            ProductionVariants.{{VariantName,ModelName,InitialInstanceCount,InstanceType}}
            ProductionVariants.{{InitialVariantWeight,ServerlessConfig.MaxConcurrency}}
            ProductionVariants.ServerlessConfig.ProvisionedConcurrency
            AsyncInferenceConfig.ClientConfig.MaxConcurrentInvocationsPerInstance
            AsyncInferenceConfig.OutputConfig.{{KmsKeyId,S3OutputPath,S3FailurePath}}
            AsyncInferenceConfig.OutputConfig.NotificationConfig.{{SuccessTopic,ErrorTopic}}""",
        recorded="""ProductionVariants.{VolumeSizeInGB,ServerlessConfig.MemorySizeInMB} KmsKeyId""",
        idle={
            "one server stands for all instances of a variant": "ProductionVariants.RoutingConfig",
            "servers have a fixed time to start": """ProductionVariants.{
                ModelDataDownloadTimeoutInSeconds,ContainerStartupHealthCheckTimeoutInSeconds,
                VariantInstanceProvisionTimeoutInSeconds}""",
            "models use their own role": "ExecutionRoleArn",
        },
        refused={
            _LEAVE_OUT: """ExplainerConfig MetricsConfig CrossRegionTrafficConfig
                EnableNetworkIsolation ShadowProductionVariants ProductionVariants.{
                AcceleratorType,CoreDumpConfig,EnableSSMAccess,InferenceAmiVersion,
                CapacityReservationConfig,AcceleratorPartitionLayouts}""",
            "read the output object": """
                AsyncInferenceConfig.OutputConfig.NotificationConfig.IncludeInferenceResponseIn""",
            "give InstanceType": "ProductionVariants.InstancePools",
            "give it with the model": "VpcConfig",
            "register a scalable target": "ProductionVariants.ManagedInstanceScaling",
        },
    ),
    "CreateEndpoint": Members(
        honoured=f"EndpointName EndpointConfigName {_TAGS} {_DEPLOYMENT}", refused=_NO_ROLLING
    ),
    "UpdateEndpoint": Members(
        honoured=f"""EndpointName EndpointConfigName RetainAllVariantProperties
            ExcludeRetainedVariantProperties.VariantPropertyType RetainDeploymentConfig
            {_DEPLOYMENT}""",
        refused=_NO_ROLLING,
    ),
    "CreateModelPackageGroup": Members(
        honoured=f"ModelPackageGroupName ModelPackageGroupDescription {_TAGS}",
        refused={_LEAVE_OUT: "ManagedConfiguration"},
    ),
    "CreateModelPackage": Members(
        honoured=f"""ModelPackageName ModelPackageGroupName ModelPackageDescription ClientToken
            ModelApprovalStatus CustomerMetadataProperties SkipModelValidation
            {_specification("InferenceSpecification")} {_TAGS}""",
        recorded=f"""ModelPackageRegistrationType Domain Task SamplePayloadUrl SourceUri {_CARD}
            SecurityConfig.KmsKeyId MetadataProperties.{{CommitId,Repository,GeneratedBy,ProjectId}}
            {_specification("AdditionalInferenceSpecifications", "Name Description")} {_LIFE_CYCLE}
            {
            _reports(
                "ModelMetrics",
                {
                    "ModelQuality": "Statistics,Constraints",
                    "ModelDataQuality": "Statistics,Constraints",
                    "Bias": "Report,PreTrainingReport,PostTrainingReport",
                    "Explainability": "Report",
                },
            )
        }
            {
            _reports(
                "DriftCheckBaselines",
                {
                    "Bias": "ConfigFile,PreTrainingConstraints,PostTrainingConstraints",
                    "Explainability": "Constraints,ConfigFile",
                    "ModelQuality": "Statistics,Constraints",
                    "ModelDataQuality": "Statistics,Constraints",
                },
            )
        }""",
        refused={
            _LEAVE_OUT: "CertifyForMarketplace ManagedStorageType",
            "validate the model in a step of the workflow": "ValidationSpecification",
            "give InferenceSpecification": "SourceAlgorithmSpecification",
            "give Image and ModelDataUrl": " ".join(
                _below(f"{one}.Containers", _PACKAGED_REFUSED) for one in _PACKAGE_CONTAINERS
            ),
        },
    ),
    "UpdateModelPackage": Members(
        honoured=f"""ModelPackageArn ModelApprovalStatus ApprovalDescription ClientToken
            CustomerMetadataProperties CustomerMetadataPropertiesToRemove
            {_specification("InferenceSpecification")}""",
        recorded=f"""ModelPackageRegistrationType SourceUri {_CARD} {_LIFE_CYCLE}
            {_specification("AdditionalInferenceSpecificationsToAdd", "Name Description")}""",
        refused={
            "give Image and ModelDataUrl": " ".join(
                _below(f"{one}.Containers", _PACKAGED_REFUSED) for one in _UPDATE_CONTAINERS
            )
        },
    ),
}


def check_members(operation: str, request: Mapping[str, Any]) -> None:
    """Refuse the refused members of `MEMBERS` by name, and log each idle one once.

    Raises
    ------
    UnsupportedError
        If the request gives a refused member a value other than its default.
    """
    members = MEMBERS[operation]
    for remedy, text in members.refused.items():
        for path in paths(text):
            for where, value in _given(request, path.split("."), ""):
                if value:
                    raise UnsupportedError(f"{where}: the emulator cannot run {value!r}; {remedy}")
    for why, text in members.idle.items():
        for path in paths(text):
            if any(value for _, value in _given(request, path.split("."), "")):
                _log_once(operation, path, why)


@functools.cache
def paths(text: str) -> tuple[str, ...]:
    """Return the paths of a text in `Members`, with ``a.{b,c}`` expanded."""
    words = re.sub(r"\{[^{}]*\}", lambda group: re.sub(r"\s", "", group[0]), text).split()
    return tuple(path for word in words for path in _alternatives(word))


def _alternatives(word: str) -> Iterable[str]:
    found = re.search(r"\{([^{}]*)\}", word)
    if found is None:
        return [word]
    options = found[1].split(",")
    return [
        path
        for option in options
        for path in _alternatives(word[: found.start()] + option + word[found.end() :])
    ]


def _given(value: Any, path: list[str], where: str) -> Iterator[tuple[str, Any]]:
    """Yield the values at a path with their positions: ``InputDataConfig[0].ShuffleConfig``."""
    if not path:
        yield where, value
    elif isinstance(value, list):
        for i, item in enumerate(cast("list[Any]", value)):
            yield from _given(item, path, f"{where}[{i}]")
    elif isinstance(value, Mapping):
        members = cast("Mapping[str, Any]", value)
        if members.get(path[0]) is not None:
            yield from _given(members[path[0]], path[1:], f"{where}.{path[0]}".lstrip("."))


@functools.cache
def _log_once(operation: str, path: str, why: str) -> None:
    LOG.warning("%s: %s has no effect here: %s", operation, path, why)
