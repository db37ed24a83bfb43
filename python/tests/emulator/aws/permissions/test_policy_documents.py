import pytest

from emulator.aws.permissions.policy_documents import UnknownConditionError, effects

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
def test_a_statement_applies_if_its_elements_match(statement, expected):
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
def test_conditions_are_evaluated_as_documented(condition, expected):
    context = {"aws:securetransport": "true", "s3:prefix": "a", "s3:max-keys": "5"}
    assert speaks({"Condition": condition}, context) is expected


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "expected"),
    [
        ("DateLessThan", "2026-01-01T00:00:00Z", "2025-12-31T23:59:59+00:00", True),
        ("DateGreaterThan", "1767225600", "2026-01-01T00:00:01Z", True),
        ("IpAddress", "127.0.0.0/8", "127.0.0.1", True),
        ("NotIpAddress", "127.0.0.0/8", "127.0.0.1", False),
        ("NumericEquals", "5", "no number", False),
        ("ForAnyValue:StringEquals", ["a", "b"], ["b", "c"], True),
        ("ForAnyValue:StringEquals", ["a"], ["b", "c"], False),
        ("ForAnyValue:StringEquals", ["a"], [], False),
        ("ForAllValues:StringLike", ["a*", "b"], ["ab", "b"], True),
        ("ForAllValues:StringLike", ["a*"], ["ab", "b"], False),
        ("ForAllValues:StringEquals", ["a"], [], True),
        ("ForAllValues:StringNotEquals", ["a"], ["b", "a"], False),
        ("StringNotEquals", "a", ["b", "a"], False),
        ("StringEquals", "*", "anything", False),
        ("StringLike", "a?c", "abc", True),
    ],
)
def test_operators_compare_as_documented(operator, wanted, value, expected):
    assert speaks({"Condition": {operator: {"x:Key": wanted}}}, {"x:key": value}) is expected


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ("arn:aws:s3:::bucket/${aws:PrincipalTag/folder}/key", True),
        ("arn:aws:s3:::bucket/${aws:PrincipalTag/other, 'a'}/key", True),
        ("arn:aws:s3:::bucket/${aws:PrincipalTag/other}/key", False),
        # The value of a variable is not a pattern, and ${*} is not a wildcard.
        ("arn:aws:s3:::bucket/${x:pattern}", False),
        ("arn:aws:s3:::bucket/${*}", False),
    ],
)
def test_variables_are_filled_from_the_request(resource, expected):
    context = {"aws:principaltag/folder": "a", "x:pattern": "*"}
    assert speaks({"Resource": resource}, context) is expected


def test_a_condition_can_name_a_variable():
    condition = {"StringEquals": {"aws:ResourceTag/owner": "${aws:PrincipalTag/owner}"}}
    both = {"aws:resourcetag/owner": "x", "aws:principaltag/owner": "x"}
    assert speaks({"Condition": condition}, both)
    assert not speaks({"Condition": condition}, {**both, "aws:principaltag/owner": "y"})


@pytest.mark.parametrize("operator", ["BinaryEquals", "ForEach:StringEquals"])
def test_fails_for_a_condition_that_is_not_known(operator):
    with pytest.raises(UnknownConditionError, match=f"'{operator}'"):
        speaks({"Condition": {operator: {"aws:CurrentTime": "2026"}}})
