import pytest

from emulator.aws.permissions.callers import IdentityPolicies
from emulator.aws.permissions.decisions import ResourcePolicy, refusal

ROLE = "arn:aws:iam::123456789012:role/r"
SESSION = "arn:aws:sts::123456789012:assumed-role/r/s"
OBJECT = "arn:aws:s3:::bucket/key"


def policy(effect, action, **more):
    return {"Statement": [{"Effect": effect, "Action": action, "Resource": "*", **more}]}


ALLOW = policy("Allow", "s3:GetObject")
DENY = policy("Deny", "s3:*")
OTHER = policy("Allow", "s3:PutObject")


def on_resource(effect, who, must_allow=False):
    return ResourcePolicy(policy(effect, "s3:*", Principal={"AWS": who}), must_allow)


def why(identity=(), boundary=None, resource=None, context=None):
    policies = IdentityPolicies(tuple(identity), boundary)
    principals = {ROLE, SESSION}
    return refusal(policies, resource, principals, "s3:GetObject", OBJECT, context or {})


NONE_ALLOWS = "because no identity-based policy allows the s3:GetObject action"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"identity": [ALLOW]}, None),
        ({"identity": [OTHER, ALLOW]}, None),
        ({}, NONE_ALLOWS),
        ({"identity": [OTHER]}, NONE_ALLOWS),
        ({"identity": [ALLOW, DENY]}, "with an explicit deny in an identity-based policy"),
        ({"identity": [ALLOW], "boundary": ALLOW}, None),
        (
            {"identity": [ALLOW], "boundary": OTHER},
            "because no permissions boundary allows the s3:GetObject action",
        ),
        (
            {"identity": [ALLOW], "boundary": DENY},
            "with an explicit deny in a permissions boundary",
        ),
        ({"boundary": ALLOW}, NONE_ALLOWS),
        (
            {"identity": [ALLOW], "resource": on_resource("Deny", "*")},
            "with an explicit deny in a resource-based policy",
        ),
        (
            {"identity": [ALLOW], "resource": on_resource("Deny", "123456789012")},
            "with an explicit deny in a resource-based policy",
        ),
        ({"resource": on_resource("Allow", ROLE)}, None),
        ({"resource": on_resource("Allow", SESSION)}, None),
        (
            {"resource": on_resource("Allow", ROLE), "boundary": OTHER},
            NONE_ALLOWS,
        ),
        # Naming the account delegates the decision to the role's policies.
        ({"resource": on_resource("Allow", "123456789012")}, NONE_ALLOWS),
        (
            {"identity": [ALLOW], "resource": on_resource("Allow", "x", must_allow=True)},
            "because no resource-based policy allows the s3:GetObject action",
        ),
        (
            {
                "identity": [ALLOW],
                "resource": on_resource("Allow", "arn:aws:iam::123456789012:root", must_allow=True),
            },
            None,
        ),
    ],
)
def test_policies_are_evaluated_as_iam_does(given, expected):
    assert why(**given) == expected


def test_a_condition_that_cannot_be_evaluated_denies_and_is_named():
    condition = {"BinaryEquals": {"s3:key": "eA=="}}
    said = why([policy("Allow", "s3:*", Condition=condition)]) or ""
    assert "the emulator cannot evaluate a condition" in said
    assert "'BinaryEquals'" in said


def test_the_developer_may_do_what_no_resource_denies():
    assert refusal(None, None, set(), "s3:GetObject", OBJECT, {}) is None
    denied = on_resource("Deny", "*")
    assert refusal(None, denied, set(), "s3:GetObject", OBJECT, {}) is not None


def test_an_unknown_condition_does_not_matter_if_another_statement_allows():
    odd = {"Condition": {"Unheard": {"aws:SourceIp": "1"}}}
    allowed, denied = policy("Allow", "s3:*", **odd), policy("Deny", "s3:*", **odd)
    assert why([allowed, ALLOW]) is None
    assert why([ALLOW, allowed]) is None
    for document in (allowed, denied):
        assert "cannot evaluate a condition" in str(why([OTHER, document]))
    assert "cannot evaluate a condition" in str(why([ALLOW, denied]))
    assert "cannot evaluate a condition" in str(why([ALLOW], boundary=allowed))
