"""Paths: their results as (path, data, value, source), and those that match nothing."""

from tests.emulator.aws.stepfunctions.jsonpath.sources import (
    CONFORMANCE,
    FLOCI,
    JAYWAY,
    LOCALSTACK_11369,
    OURS,
    PATHS,
    PIPELINE,
    RECORDED,
    SPEC,
)

METRICS = {"m": [{"name": "r2", "value": 0.77}, {"name": "mae", "value": 0.3}]}
STORE = {
    "books": [
        {"title": "A", "price": 8.95, "kind": "novel", "tags": ["x", "y"]},
        {"title": "B", "price": 12, "kind": "novel"},
        {"title": "C", "price": 8, "kind": "atlas", "isbn": None},
    ],
    "bike": {"price": 19.5, "colour": "red"},
}
ARNAV = {"foo": 123, "bar": ["a", "b", "c"], "car": {"cdr": True}}
JAR = {"jar": [{"a": 1}, {"a": 5}, {"a": 2}, {"a": 7}, {"a": 3}]}

FOUND = [
    # One field, one position: the value itself.
    ("$", [1], [1], SPEC),
    ("$.foo", ARNAV, 123, PATHS),
    ("$.bar", ARNAV, ["a", "b", "c"], PATHS),
    ("$.car.cdr", ARNAV, True, PATHS),
    ("  $.foo ", ARNAV, 123, JAYWAY),
    ("$.m[0].value", METRICS, 0.77, LOCALSTACK_11369),
    ("$['m'][0]['value']", METRICS, 0.77, LOCALSTACK_11369),
    ("$.m[0]", METRICS, {"name": "r2", "value": 0.77}, RECORDED),
    ("$.m[1].name", METRICS, "mae", LOCALSTACK_11369),
    ("$.m[-1].name", METRICS, "mae", JAYWAY),
    ("$[1]", [1, 2], 2, JAYWAY),
    ("$[1][0].x", [0, [{"x": "y"}]], "y", JAYWAY),
    ("$.a", {"a": None}, None, CONFORMANCE),
    ("$.a", {"a": []}, [], SPEC),
    ("$['delivery-partner'].name", {"delivery-partner": {"name": "d"}}, "d", CONFORMANCE),
    ("$.delivery-partner", {"delivery-partner": "U"}, "U", RECORDED),
    ('$["a b"].c', {"a b": {"c": 1}}, 1, JAYWAY),
    ("$['a.b']", {"a.b": 1}, 1, JAYWAY),
    (r"$['it\'s']", {"it's": 1}, 1, JAYWAY),
    ('$[\'Test\\""Name"\']', {'Test\\""Name"': "v"}, "v", RECORDED),
    ("$.höhe.größe", {"höhe": {"größe": 2}}, 2, JAYWAY),
    ("$.a$b.@c", {"a$b": {"@c": 3}}, 3, JAYWAY),
    ("$.RoleArn", {"RoleArn": "r"}, "r", SPEC),
    # A position past the end is null, and the execution continues.
    ("$.m[5]", METRICS, "PAST THE END", FLOCI),
    ("$.m[-5]", METRICS, "PAST THE END", FLOCI),
    # Indefinite paths return a list.
    ("$.m[*].name", METRICS, ["r2", "mae"], SPEC),
    ("$.m[*]", {"m": []}, [], RECORDED),
    ("$[*]", {}, [], RECORDED),
    ("$.bike.*", STORE, [19.5, "red"], JAYWAY),
    ("$.bike[*]", STORE, [19.5, "red"], JAYWAY),
    ("$.books[0,2].title", STORE, ["A", "C"], JAYWAY),
    ("$.books[0:1].title", STORE, ["A"], JAYWAY),
    ("$.books[1:].title", STORE, ["B", "C"], SPEC),
    ("$.books[:2].title", STORE, ["A", "B"], JAYWAY),
    ("$.books[-2:].title", STORE, ["B", "C"], JAYWAY),
    ("$.books[:-1].title", STORE, ["A", "B"], JAYWAY),
    ("$.books[1:9].title", STORE, ["B", "C"], JAYWAY),
    ("$.vals[3:]", {"vals": [0, 10, 20, 30, 40, 50]}, [30, 40, 50], SPEC),
    ("$..price", STORE, [8.95, 12, 8, 19.5], JAYWAY),
    ("$..tags[0]", STORE, ["x"], JAYWAY),
    ("$.books..kind", STORE, ["novel", "novel", "atlas"], JAYWAY),
    ("$..[?(@.colour)].price", STORE, [19.5], JAYWAY),
    ("$.bike['price','colour']", STORE, [{"price": 19.5, "colour": "red"}], JAYWAY),
    ("$.books[*].isbn", STORE, [None], JAYWAY),
    ("$.books[*].tags[1]", STORE, ["y"], JAYWAY),
    # Indefinite paths that match nothing: an empty list.
    ("$.items[*]", {}, [], RECORDED),
    ("$.items[1:]", {}, [], RECORDED),
    ("$.item.items[1:5]", {}, [], RECORDED),
    ("$.items[*].itemValue", {}, [], RECORDED),
    ("$.item.items[1:5].itemValue", {}, [], RECORDED),
    ("$..nothing", STORE, [], JAYWAY),
    ("$.m[?(@.name == 'z')].value", METRICS, [], JAYWAY),
    # Filters.
    ("$.jar[?(@.a >= 5)]", JAR, [{"a": 5}, {"a": 7}], PATHS),
    (
        "$.users[?(@.status == 0)]",
        {"users": [{"status": 0}, {"status": 1}]},
        [{"status": 0}],
        RECORDED,
    ),
    ("$.m[?(@.name == 'r2')].value", METRICS, [0.77], JAYWAY),
    ("$.m[?(@.name=='r2')]['value']", METRICS, [0.77], JAYWAY),
    ('$.m[?(@["name"] == "r2")].value', METRICS, [0.77], JAYWAY),
    ("$.[?(@.year <= 1998)].name", [{"year": 1997, "name": "x"}, {"year": 1999}], ["x"], JAYWAY),
    ("$[?(@.year <= 1998)].name", [{"year": 1997, "name": "x"}], ["x"], JAYWAY),
    ("$.books[?(@.price < 10 && @.kind == 'novel')].title", STORE, ["A"], JAYWAY),
    ("$.books[?(@.price > 10 || @.kind == 'atlas')].title", STORE, ["B", "C"], JAYWAY),
    (
        "$.books[?((@.price > 10 || @.price < 8.5) && @.kind != 'x')].title",
        STORE,
        ["B", "C"],
        JAYWAY,
    ),
    ("$.books[?(!(@.kind == 'novel'))].title", STORE, ["C"], JAYWAY),
    ("$.books[?(@.tags)].title", STORE, ["A"], JAYWAY),
    ("$.books[?(!@.tags)].title", STORE, ["B", "C"], JAYWAY),
    ("$.books[?(@.isbn)].title", STORE, ["C"], JAYWAY),
    ("$.books[?(@.isbn == null)].title", STORE, ["C"], JAYWAY),
    ("$.books[?(@.tags[0] == 'x')].title", STORE, ["A"], JAYWAY),
    ("$.books[?(@.price != 12)].title", STORE, ["A", "C"], JAYWAY),
    ("$.l[?(@.on == true)].n", {"l": [{"on": True, "n": 1}, {"on": 1, "n": 2}]}, [1], JAYWAY),
    ("$.l[?(@.n == 1.0)].n", {"l": [{"n": 1}, {"n": 2}]}, [1], JAYWAY),
    ("$.l[?(@.n > -1.5e0)].n", {"l": [{"n": -1}, {"n": -2}]}, [-1], JAYWAY),
    ("$.l[?(@.s < 'b')].s", {"l": [{"s": "a"}, {"s": "b"}, {"s": 1}]}, ["a"], JAYWAY),
    ("$.bike[?(@.price > 1)].colour", STORE, ["red"], JAYWAY),
    ("$.l[?(@ > 1)]", {"l": [1, 2, 3]}, [], PATHS),
    ("$.l[?(@.n == ')]')].n", {"l": [{"n": ")]"}]}, [")]"], JAYWAY),
    # The one function.
    ("$.books.length()", STORE, 3, JAYWAY),
    ("$.bike.length()", STORE, 2, JAYWAY),
    ("$.length()", "abcd", 4, JAYWAY),
]

NOWHERE = [
    # (path, data, the second half of AWS's message, source)
    ("$.nope", {"a": 1}, "No results for path: $['nope']", RECORDED),
    ("$.a.nope", {"a": {}}, "No results for path: $['a']['nope']", JAYWAY),
    ("$.no.such.result", {}, "Missing property in path $['no']", RECORDED),
    (
        "$[0]",
        {"p": {"id": "x", "l": [1, None]}},
        "Filter: [0] can only be applied to arrays. Current context is: {p={id=x, l=[1, null]}}",
        PIPELINE,
    ),
    ("$[1:5]", {}, "Filter: [1:5] can only be applied to arrays. Current context is: {}", RECORDED),
    ("$.a[0]", {"a": None}, "The path $['a'] is null", JAYWAY),
    ("$.a[3].b", {"a": []}, "Expected to find an object with property ['b']", JAYWAY),
    ("$.a.b", {"a": 7}, "Expected to find an object with property ['b']", JAYWAY),
    ("$.a[?(@.b)]", {"a": 7}, "Filter: [?(@.b)] can not be applied to primitives", JAYWAY),
    ("$.a.length()", {"a": 7}, "The function length() cannot be applied to $['a']", OURS),
]

NO_PATHS = [
    # (text, what the refusal says, source)
    ("a.b", "a path starts with $", SPEC),
    ("$.", "a name is missing", SPEC),
    ("$.a..", "something must follow '..'", JAYWAY),
    ("$.a[", "not closed", SPEC),
    ("$.a[b]", "'[' must be followed by", "recorded: Stedi-Public-Archive/ts2asl#912"),
    ("$.a['b]", "must be quoted", SPEC),
    ("$.a[0]b", "expected '.' or '['", "recorded: Stedi-Public-Archive/ts2asl#912"),
    ("$.a b", "write a name with blanks in brackets", JAYWAY),
    ("$.a[1:2:3]", "'[' must be followed by", JAYWAY),
    ("$.a[?(@.b =~ /x/)]", "no regular expressions", PATHS),
    ("$.a[?(@.b in ['c'])]", "no operators that are words", PATHS),
    ("$.a[?(@.b in @.c)]", "no operators that are words", PATHS),
    ("$.a[?(@.b subsetof @.c)]", "no operators that are words", PATHS),
    ("$.a[?(@.b == $.c)]", "no references to other data", PATHS),
    ("$.a[?(@.b == $$.Execution.Id)]", "no references to other data", PATHS),
    ("$.a[?(@.b ==)]", "an operand is missing", JAYWAY),
    ("$.a[?(@.b == 1]", "a filter is written", JAYWAY),
    ("$.a[?((@.b == 1)]", "a ')' is missing", JAYWAY),
    ("$.a[?(@.b == 1) && 2]", "a filter is written", JAYWAY),
    ("$.a[?(b == 1)]", "'b' is no path; a field is written @.b", JAYWAY),
    ("$.a[?(@.b && !(c))]", "'c' is no path; a field is written @.c", JAYWAY),
    ("$.a[?(@.b == -)]", "write '-' with them", OURS),
    ("$.a[?(@.b == 'x' y)]", "operators that are words, such as 'y'", OURS),
    ("$.a.min()", "does not evaluate min()", OURS),
    ("$.a.length().b", "nothing may follow a function", OURS),
    ("$.a['b','c'].d", "nothing may follow", OURS),
]

NOT_EVALUATED = [
    # (a path that AWS takes, what the refusal says, where it was seen)
    (
        "$.a[?(@.name==ecs.availability-zone)].value",
        "write 'ecs.availability-zone' with them",
        "aws-samples/aws-batch-runtime-monitoring#6",
    ),
    (
        "$.a[?(@.Name==/eggs/cooked/like)].Value",
        "write '/eggs/cooked/like' with them",
        "getmoto/moto#7825",
    ),
    (
        "$.Payload[?(@.subject_status == subject_completed)]..subject_id",
        "write 'subject_completed' with them",
        "nibble-4bits/aws-local-stepfunctions#79",
    ),
    ("$.a[?(@.b == some text && @.c == 1)]", "write 'some text' with them", OURS),
    ("$.a[?((@.b > 2026-01-01))]", "write '2026-01-01' with them", OURS),
    ("$.a[?(@.b[*].c == 1)]", "fields and positions only, and not '@.b[*].c == 1'", OURS),
    ("$.a[?(@.b.length() > 1)]", "fields and positions only, and not '@.b.length() > 1'", OURS),
    ("$.a[?(@..b)]", "fields and positions only, and not '@..b'", OURS),
    ("$.a[?(@.b[?(@.c == 1)])]", "fields and positions only", OURS),
]

NO_REFERENCE_PATHS = ["$.a[*]", "$.a[1:2]", "$..a", "$.a[?(@.b)]", "$.a['b','c']", "$.a.length()"]
