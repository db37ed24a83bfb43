"""The permissions of roles for services other than S3."""

import pytest

pytestmark = pytest.mark.filterwarnings("ignore:.*does not match an error shape:UserWarning")

MODELS = "arn:aws:sagemaker:us-east-1:123456789012:model/*"
GROUPS = "arn:aws:sagemaker:us-east-1:123456789012:model-package-group/*"
WORKFLOW = "arn:aws:iam::123456789012:role/workflow"


def allow(actions, resources="*", **more):
    return {"Action": actions, "Resource": resources, **more}


def test_a_role_may_do_only_what_its_policies_allow(role, as_role, denial, caplog):
    arn = role(allow("sagemaker:describe*", MODELS))
    sagemaker = as_role("sagemaker", arn)
    _, code, message = denial(sagemaker.describe_model, ModelName="None")
    assert code == "ValidationException", message  # the model does not exist
    status, code, message = denial(sagemaker.delete_model, ModelName="None")
    assert (status, code) == (400, "AccessDeniedException")
    session = f"arn:aws:sts::123456789012:assumed-role/{arn.rpartition('/')[2]}/emulator"
    assert message == (
        f"User: {session} is not authorized to perform: sagemaker:DeleteModel on resource: "
        f"{MODELS[:-1]}none because no identity-based policy allows the sagemaker:DeleteModel "
        "action"
    )
    assert f"denied: {message}" in caplog.messages


def test_a_policy_change_is_effective_at_once(role, as_role, denial):
    arn = role(allow("sagemaker:ListModels"))
    sagemaker = as_role("sagemaker", arn)
    sagemaker.list_models()
    role.change(arn, allow("sagemaker:ListTags"))
    assert "sagemaker:ListModels" in denial(sagemaker.list_models)[2]


def test_attached_policies_and_boundaries_count(
    client, role, as_role, denial, policy_document, name
):
    iam = client("iam")

    def managed(suffix, *actions):
        document = policy_document(allow(list(actions)))
        policy = iam.create_policy(PolicyName=f"{name}-{suffix}", PolicyDocument=document)
        return policy["Policy"]["Arn"]

    boundary = managed("boundary", "sagemaker:ListModels")
    arn = role(PermissionsBoundary=boundary)
    attached = managed("attached", "sagemaker:List*")
    iam.attach_role_policy(RoleName=arn.rpartition("/")[2], PolicyArn=attached)
    sagemaker = as_role("sagemaker", arn)
    sagemaker.list_models()
    message = denial(sagemaker.list_endpoints)[2]
    assert "because no permissions boundary allows the sagemaker:ListEndpoints action" in message


def test_a_boundary_that_does_not_exist_allows_nothing(client, role, as_role, denial):
    arn = role(allow("sagemaker:ListModels"))
    client("iam").put_role_permissions_boundary(
        RoleName=arn.rpartition("/")[2],
        PermissionsBoundary="arn:aws:iam::123456789012:policy/none",
    )
    message = denial(as_role("sagemaker", arn).list_models)[2]
    assert "no permissions boundary allows" in message


def test_a_deleted_role_has_no_permissions(client, role, as_role, denial):
    arn = role()
    sagemaker = as_role("sagemaker", arn)
    denial(sagemaker.list_models)
    client("iam").delete_role(RoleName=arn.rpartition("/")[2])
    assert "no identity-based policy allows" in denial(sagemaker.list_models)[2]


@pytest.mark.parametrize(
    ("service", "operation", "parameters", "status", "code", "action"),
    [
        ("sagemaker", "list_models", {}, 400, "AccessDeniedException", "sagemaker:ListModels"),
        (
            "stepfunctions",
            "list_state_machines",
            {},
            400,
            "AccessDeniedException",
            "states:ListStateMachines",
        ),
        (
            "lambda",
            "invoke",
            {"FunctionName": "f"},
            403,
            "AccessDeniedException",
            "lambda:InvokeFunction on resource: arn:aws:lambda:us-east-1:123456789012:function:f",
        ),
        (
            "sagemaker-runtime",
            "invoke_endpoint",
            {"EndpointName": "e", "Body": b"1,2", "ContentType": "text/csv"},
            403,
            "AccessDeniedException",
            "sagemaker:InvokeEndpoint on resource: "
            "arn:aws:sagemaker:us-east-1:123456789012:endpoint/e",
        ),
        ("iam", "get_role", {"RoleName": "r"}, 403, "AccessDenied", "iam:GetRole"),
        (
            "cloudwatch",
            "put_metric_data",
            {"Namespace": "n", "MetricData": [{"MetricName": "m", "Value": 1}]},
            403,
            "AccessDenied",
            "cloudwatch:PutMetricData",
        ),
        (
            "events",
            "put_events",
            {"Entries": [{"Source": "s", "DetailType": "d", "Detail": "{}"}]},
            400,
            "AccessDeniedException",
            "events:PutEvents on resource: arn:aws:events:us-east-1:123456789012:event-bus/default",
        ),
    ],
)
def test_a_denial_has_the_form_of_its_service(
    role, as_role, denial, service, operation, parameters, status, code, action
):
    call = getattr(as_role(service, role()), operation)
    got = denial(call, **parameters)
    assert got[1] == code
    assert f"is not authorized to perform: {action}" in got[2]
    assert got[0] == status


def test_get_caller_identity_needs_no_permission(role, as_role):
    arn = role()
    assert arn.rpartition("/")[2] in as_role("sts", arn).get_caller_identity()["Arn"]


def test_tags_at_creation_need_their_own_action(role, as_role, denial, name):
    arn = role(allow("sagemaker:CreateModelPackageGroup", GROUPS))
    sagemaker = as_role("sagemaker", arn)
    group = {"ModelPackageGroupName": name, "ModelPackageGroupDescription": "x"}
    tagged = {**group, "Tags": [{"Key": "a", "Value": "b"}]}
    message = denial(sagemaker.create_model_package_group, **tagged)[2]
    assert f"sagemaker:AddTags on resource: {GROUPS[:-1]}{name}" in message
    condition = {"StringEquals": {"sagemaker:TaggingAction": "CreateModelPackageGroup"}}
    tagging = allow("sagemaker:AddTags", GROUPS, Condition=condition)
    role.change(arn, allow("sagemaker:CreateModelPackageGroup", GROUPS), tagging)
    sagemaker.create_model_package_group(**tagged)


def test_creating_an_endpoint_needs_permission_for_its_configuration(role, as_role, denial):
    endpoints = "arn:aws:sagemaker:us-east-1:123456789012:endpoint/*"
    sagemaker = as_role("sagemaker", role(allow("sagemaker:CreateEndpoint", endpoints)))
    call = {"EndpointName": "e", "EndpointConfigName": "c"}
    message = denial(sagemaker.create_endpoint, **call)[2]
    assert f"{endpoints[: -len('endpoint/*')]}endpoint-config/c because" in message


def test_passing_a_role_needs_the_service_it_is_passed_to(
    role, as_role, denial, request_for, uses, name
):
    request = {**request_for("ProcessingJob"), "ProcessingJobName": name}
    create = allow("sagemaker:CreateProcessingJob")

    def passing(service):
        condition = {"StringEquals": {"iam:PassedToService": f"{service}.amazonaws.com"}}
        return allow("iam:PassRole", WORKFLOW, Condition=condition)

    arn = role(create)
    sagemaker = as_role("sagemaker", arn)
    for statements in ([create], [create, passing("lambda")]):
        role.change(arn, *statements)
        message = denial(sagemaker.create_processing_job, **request)[2]
        assert f"is not authorized to perform: iam:PassRole on resource: {WORKFLOW}" in message
    role.change(arn, create, passing("sagemaker"))
    sagemaker.create_processing_job(**request)
    assert uses(arn)["iam:PassRole", WORKFLOW] == (1, 2)


def test_conditions_on_the_request_hold(role, as_role, denial):
    condition = {"StringLike": {"cloudwatch:namespace": "*SageMaker*"}}
    cloudwatch = as_role("cloudwatch", role(allow("cloudwatch:PutMetricData", Condition=condition)))
    data = [{"MetricName": "m", "Value": 1}]
    cloudwatch.put_metric_data(Namespace="/aws/SageMaker/x", MetricData=data)
    denial(cloudwatch.put_metric_data, Namespace="other", MetricData=data)


def test_a_condition_that_cannot_be_determined_denies_by_name(role, as_role, denial):
    condition = {"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}
    sagemaker = as_role("sagemaker", role(allow("sagemaker:ListModels", Condition=condition)))
    message = denial(sagemaker.list_models)[2]
    assert "cannot determine the condition key 'aws:principalorgid'" in message


def test_an_action_that_the_data_set_does_not_have_is_denied_by_name(
    role, as_role, denial, monkeypatch
):
    from emulator.aws.permissions import checks

    monkeypatch.setattr(checks, "iam_name", lambda service, operation: "sagemaker:Nothing")
    status, code, message = denial(as_role("sagemaker", role(allow("*"))).list_models)
    assert (status, code) == (400, "AccessDeniedException")
    assert "cannot check sagemaker:Nothing:" in message


def test_a_key_policy_must_allow_its_use(client, role, as_role, denial, policy_document):
    kms = client("kms")
    key = kms.create_key()["KeyMetadata"]["Arn"]
    arn = role(allow("kms:Encrypt", key))
    as_role("kms", arn).encrypt(KeyId=key, Plaintext=b"x")
    nobody = allow("kms:*", Principal={"AWS": "arn:aws:iam::123456789012:role/none"})
    kms.put_key_policy(KeyId=key, PolicyName="default", Policy=policy_document(nobody))
    message = denial(as_role("kms", arn).encrypt, KeyId=key, Plaintext=b"x")[2]
    assert f"{key} because no resource-based policy allows the kms:Encrypt action" in message


def test_a_role_can_be_assumed_only_by_whom_it_trusts(client, role, as_role, denial):
    service_only = role()
    sts = client("sts", checked=False)
    status, code, message = denial(sts.assume_role, RoleArn=service_only, RoleSessionName="session")
    assert (status, code) == (403, "AccessDenied")
    assert f"sts:AssumeRole on resource: {service_only}" in message

    account = {"Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}
    condition = {"Condition": {"StringEquals": {"sts:ExternalId": "secret"}}}
    target = role(allow("sagemaker:ListModels"), trust={**account, **condition})
    denial(sts.assume_role, RoleArn=target, RoleSessionName="session")
    wanted = {"RoleArn": target, "RoleSessionName": "session", "ExternalId": "secret"}
    sts.assume_role(**wanted)

    # The key's policy delegates the decision to the account.
    caller = role()
    denial(as_role("sts", caller).assume_role, **wanted)
    role.change(caller, allow("sts:AssumeRole", target))
    as_role("sts", caller).assume_role(**wanted)


def test_the_session_of_an_assumed_role_has_the_roles_permissions(cloud, client, role, denial):
    import boto3

    account = {"Action": "sts:AssumeRole", "Principal": {"AWS": "123456789012"}}
    target = role(allow("sagemaker:ListModels"), trust=account)
    keys = client("sts").assume_role(RoleArn=target, RoleSessionName="mine")["Credentials"]
    sagemaker = boto3.client(
        "sagemaker",
        endpoint_url=cloud.endpoint,
        region_name="us-east-1",
        aws_access_key_id=keys["AccessKeyId"],
        aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"],
    )
    sagemaker.list_models()
    assert "/mine is not authorized" in denial(sagemaker.list_endpoints)[2]


def failed(machine, arn, task):
    states = {"Call": {"Type": "Task", "End": True, **task}}
    sfn = machine(states)
    sfn._sfn.update_state_machine(stateMachineArn=sfn.arn, roleArn=arn)
    execution = sfn.run()
    assert execution["status"] == "FAILED"
    return execution["error"], execution["cause"]


@pytest.mark.parametrize(
    ("resource", "arguments", "error"),
    [
        (
            "sagemaker:createModel",
            {"ModelName": "m", "ExecutionRoleArn": WORKFLOW, "Containers": []},
            "SageMaker.AmazonSageMakerException",
        ),
        ("aws-sdk:sagemaker:listModels", {}, "SageMaker.SageMakerException"),
        ("aws-sdk:s3:getObject", {"Bucket": "none", "Key": "k"}, "S3.S3Exception"),
        ("lambda:invoke", {"FunctionName": "f", "Payload": {}}, "Lambda.AWSLambdaException"),
    ],
)
def test_a_denied_task_fails_with_its_services_error(machine, role, resource, arguments, error):
    task = {"Resource": f"arn:aws:states:::{resource}", "Arguments": arguments}
    name, cause = failed(machine, role(), task)
    assert name == error
    assert "is not authorized to perform: " in cause
    assert "(Service: " in cause
