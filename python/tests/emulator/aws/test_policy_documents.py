import pytest

from emulator.aws.policy_documents import UnknownConditionError, effects

ROLE = "arn:aws:iam::123456789012:role/r"
OBJECT = "arn:aws:s3:::bucket/a/key"


def speaks(statement, context=None):
    usual = {"Principal": "*", "Action": "s3:*", "Resource": "*"}
    rest = {key: value for key, value in usual.items() if f"Not{key}" not in statement}
    document = {"Statement": {"Effect": "Deny", **rest, **statement}}
    found = list(effects(document, "s3:GetObject", OBJECT, {ROLE}, context or {}))
    return found == ["Deny"]


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ({}, True),
        ({"Action": ["s3:Put*", "S3:getobject"]}, True),
        ({"Action": "s3:Put*"}, False),
        ({"NotAction": "s3:Get*"}, False),
        ({"NotAction": "s3:Put*"}, True),
        ({"Resource": "arn:aws:s3:::bucket/a/*"}, True),
        ({"Resource": ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/?/key"]}, True),
        ({"Resource": "arn:aws:s3:::bucket"}, False),
        ({"NotResource": "arn:aws:s3:::bucket/b/*"}, True),
        ({"Principal": {"AWS": ROLE}}, True),
        ({"Principal": {"AWS": ["arn:aws:iam::123456789012:role/other"]}}, False),
        ({"Principal": {"AWS": "*"}}, True),
        ({"Principal": {"Service": "x.amazonaws.com"}}, False),
        ({"NotPrincipal": {"AWS": ROLE}}, False),
    ],
)
def test_a_statement_speaks_about_what_its_elements_match(statement, expected):
    assert speaks(statement) is expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({"Bool": {"aws:SecureTransport": "false"}}, False),
        ({"Bool": {"aws:SecureTransport": True}}, True),
        ({"StringEquals": {"s3:prefix": ["x", "a"]}}, True),
        ({"StringNotEquals": {"s3:prefix": "a"}}, False),
        ({"StringNotEquals": {"s3:missing": "a"}}, True),
        ({"StringEquals": {"s3:missing": "a"}}, False),
        ({"StringEqualsIfExists": {"s3:missing": "a"}}, True),
        ({"StringLike": {"s3:prefix": "A*"}}, False),
        ({"StringEqualsIgnoreCase": {"s3:prefix": "A"}}, True),
        ({"NumericLessThan": {"s3:max-keys": "10"}}, True),
        ({"Null": {"s3:missing": "true"}}, True),
        ({"Null": {"s3:prefix": "true"}}, False),
        ({"Bool": {"aws:SecureTransport": "true"}, "StringEquals": {"s3:prefix": "b"}}, False),
    ],
)
def test_conditions_hold_as_iam_says(condition, expected):
    context = {"aws:securetransport": "true", "s3:prefix": "a", "s3:max-keys": "5"}
    assert speaks({"Condition": condition}, context) is expected


def test_fails_for_a_condition_that_is_not_known():
    with pytest.raises(UnknownConditionError, match="'DateLessThan'"):
        speaks({"Condition": {"DateLessThan": {"aws:CurrentTime": "2026"}}})
