from emulator.aws.permissions.audit import OTHERS, RESOURCES_PER_ACTION, Audit

ROLE = "arn:aws:iam::123456789012:role/path/r"


def test_uses_are_counted_by_role_action_and_resource():
    audit = Audit()
    for allowed in (True, True, False):
        audit.record(ROLE, "s3:GetObject", "arn:1", allowed=allowed)
    audit.record(ROLE, "s3:GetObject", "arn:2", allowed=True)
    assert audit.describe() == {
        "roles": [
            {
                "arn": ROLE,
                "name": "r",
                "uses": [
                    {"action": "s3:GetObject", "resource": "arn:1", "allowed": 2, "denied": 1},
                    {"action": "s3:GetObject", "resource": "arn:2", "allowed": 1, "denied": 0},
                ],
            }
        ]
    }
    audit.clear()
    assert audit.describe() == {"roles": []}


def test_the_audit_is_bounded():
    audit = Audit()
    for i in range(RESOURCES_PER_ACTION + 5):
        audit.record(ROLE, "s3:GetObject", f"arn:{i:03}", allowed=True)
    uses = audit.describe()["roles"][0]["uses"]
    assert len(uses) == RESOURCES_PER_ACTION + 1
    assert {"action": "s3:GetObject", "resource": OTHERS, "allowed": 5, "denied": 0} in uses
