"""Cases of the transforms of keys, headers, topics and schemas, and of the predicates."""

from __future__ import annotations

from collections.abc import Iterator

from tests.unit.transforms.golden.field_cases import NOT_OBJECTS, NULLS, TWO
from tests.unit.transforms.golden.forms import (
    FILLS,
    FULL,
    KEEPS,
    OBJECT,
    Case,
    a,
    case,
    maybe,
    plain,
    struct,
    typed,
)  # fmt: skip

HEADERS = (("h", "1"), ("i", "x"), ("h", "2"))


def value_to_key() -> Iterator[Case]:
    kind = "ValueToKey"
    for fields in ("a", "b,a", "z", "a,z", "a,a", "", " a , b "):
        yield case(f"<{fields}>", kind, {"fields": fields}, TWO, key=plain("old"))
        yield case(f"<{fields}> of a struct", kind, {"fields": fields}, NULLS, key=plain("old"))
    yield case("no fields", kind, {}, TWO)
    yield case("of each type", kind, {"fields": "id,price,at,place,tags"}, FULL)
    yield case("nulls become defaults", kind, {"fields": "a,b"} | FILLS, NULLS)
    yield case("nulls stay nulls", kind, {"fields": "a,b"} | KEEPS, NULLS)
    for name, value in NOT_OBJECTS.items():
        yield case(f"on {name}", kind, {"fields": "a"}, value)


def drop_headers() -> Iterator[Case]:
    for names in ("h", "i", "h,i", "z", "H", "", "h,h"):
        yield case(f"<{names}>", "DropHeaders", {"headers": names}, TWO, headers=HEADERS)
    yield case("of none", "DropHeaders", {"headers": "h"}, TWO)
    yield case("no names", "DropHeaders", {}, TWO)


def insert_header() -> Iterator[Case]:
    for text in ("x", "", "1", "-5", "128", "40000", "3000000000", "1.5", "true", "null", "[1,2]",
                 '{"a":1}', "2020-01-02", "2020-01-02T03:04:05.678Z", "a b"):  # fmt: skip
        yield case(f"<{text}>", "InsertHeader", {"header": "n", "value.literal": text}, TWO)
    config = {"header": "h", "value.literal": "9"}
    yield case("of a name that there is", "InsertHeader", config, TWO, headers=HEADERS)
    yield case("no name", "InsertHeader", {"value.literal": "9"}, TWO)
    yield case("no value", "InsertHeader", {"header": "h"}, TWO)


def header_from() -> Iterator[Case]:
    kind = "HeaderFrom$Value"
    for operation in ("copy", "move"):
        one = {"fields": "a", "headers": "h", "operation": operation}
        yield case(operation, kind, one, TWO, headers=HEADERS)
        yield case(f"{operation} of a struct", kind, one, NULLS, headers=HEADERS)
        more = {"fields": "id,at,price,place", "headers": "1,2,3,4", "operation": operation}
        yield case(f"{operation} several", kind, more, FULL)
        yield case(f"{operation} what is not there", kind, one | {"fields": "z"}, TWO)
        yield case(f"{operation} what the struct has not", kind, one | {"fields": "z"}, NULLS)
        twice = {"fields": "a,a", "headers": "h,i", "operation": operation}
        yield case(f"{operation} a field twice", kind, twice, TWO)
        yield case(f"{operation} a field of a struct twice", kind, twice, NULLS)
        same = {"fields": "a,b", "headers": "h,h", "operation": operation}
        yield case(f"{operation} two into one name", kind, same, TWO)
        yield case(f"{operation}, nulls become defaults", kind, one | FILLS, NULLS)
        yield case(f"{operation}, nulls stay nulls", kind, one | KEEPS, NULLS)
        both = {"fields": "a,b", "headers": "h", "operation": operation}
        yield case(f"{operation} with a header too few", kind, both, TWO)
    good = {"fields": "a", "headers": "h", "operation": "copy"}
    for name, wrong in {"operation in capitals": {"operation": "COPY"}, "no fields": {"fields": ""},
                        "no headers": {"headers": ""}, "another operation": {"operation": "cp"},
                        }.items():  # fmt: skip
        yield case(name, kind, good | wrong, TWO)
    yield case("no operation", kind, {"fields": "a", "headers": "h"}, TWO)
    yield case("of a key", "HeaderFrom$Key", good | {"operation": "move"}, key=TWO, value=TWO)
    for name, value in NOT_OBJECTS.items():
        yield case(f"on {name}", kind, good, value)


def set_schema_metadata() -> Iterator[Case]:
    kind = "SetSchemaMetadata$Value"
    for name, config in {
        "a name": {"schema.name": "New"}, "a version": {"schema.version": "9"}, "nothing": {},
        "both": {"schema.name": "New", "schema.version": "9"}, "an empty name": {"schema.name": ""},
        "no number": {"schema.version": "x"}, "a fraction": {"schema.version": "1.5"},
        "too large a version": {"schema.version": "3000000000"},
    }.items():  # fmt: skip
        yield case(name, kind, config, FULL)
        yield case(f"{name}, without a schema", kind, config, TWO)
    for name, value in NOT_OBJECTS.items():
        yield case(f"on {name}", kind, {"schema.name": "New"}, value)
    yield case("nulls become defaults", kind, {"schema.name": "New"} | FILLS, NULLS)
    yield case("nulls stay nulls", kind, {"schema.name": "New"} | KEEPS, NULLS)
    yield case("of a key", "SetSchemaMetadata$Key", {"schema.name": "K"}, key=FULL, value=FULL)


def regex_router() -> Iterator[Case]:
    for regex, replacement, topic in (
        ("(.*)s", "$1", "alerts"), ("alert", "x", "alerts"), ("al|alerts", "x", "alerts"),
        ("(a)(l)(.*)", "$3-$2$1", "alerts"), ("(?<head>\\w+)-(\\d+)", "${head}.$2", "t-12"),
        ("(.*)", "$12", "t"), ("(a)?(.*)", "<$1>$2", "bcd"), (".*", "\\$1\\\\x", "t"), ("t", "", "t"),
        ("(.*)", "$2", "t"), ("(.*)", "$", "t"), ("(.*)", "${no}", "t"), ("(.*)", "x\\", "t"),
        ("(.*", "x", "t"), ("", "x", "t"), ("\\p{Alpha}+", "x", "abc"), ("\\p{Alpha}+", "x", "ab1"),
        ("[\\p{Lower}_]+\\P{L}", "x", "a_b-"), ("\\Qa.b\\E", "x", "a.b"), ("\\Qa.b\\E", "x", "acb"),
        ("(?i)ALERTS", "x", "alerts"), ("(a|b)*+c", "x", "ababc"), ("(?>ab|a)c", "x", "abc"),
        ("(\\w)\\1", "$1", "aa"), ("(?<c>\\w)\\k<c>", "${c}", "aa"), ("a{2,3}", "x", "aaa"),
        ("(?=a)\\w+\\z", "x", "abc"), ("alerts$", "x", "alerts"), ("*", "x", "t"), ("[a", "x", "a"),
    ):  # fmt: skip
        config = {"regex": regex, "replacement": replacement}
        yield case(
            f"<{regex}> by <{replacement}> in {topic}", "RegexRouter", config, TWO, topic=topic
        )
    yield case("no regex", "RegexRouter", {"replacement": "x"}, TWO)
    yield case("no replacement", "RegexRouter", {"regex": ".*"}, TWO)
    yield case("a tombstone", "RegexRouter", {"regex": ".*", "replacement": "x"}, None)


def timestamp_router() -> Iterator[Case]:
    for name, config in {
        "as it is": {}, "by the month": {"timestamp.format": "yyyy_MM"},
        "another form": {"topic.format": "${timestamp}/${topic}/${topic}"},
        "with nothing in it": {"topic.format": "fixed"}, "an unknown name": {"topic.format": "${x}"},
        "with words": {"timestamp.format": "EEEE, d MMMM yy 'at' h a"},
    }.items():  # fmt: skip
        yield case(name, "TimestampRouter", config, TWO)
    yield case("before 1970", "TimestampRouter", {}, TWO, timestamp=-1)
    yield case("at 0", "TimestampRouter", {}, TWO, timestamp=0)
    yield case("without a timestamp", "TimestampRouter", {}, TWO, timestamp=None)
    yield case("a bad pattern", "TimestampRouter", {"timestamp.format": "yyyy-bb"}, TWO)


def filter_and_predicates() -> Iterator[Case]:
    yield case("anything", "Filter", {}, TWO)
    yield case("a tombstone", "Filter", {}, None)
    for name in ("h", "z", "H", ""):
        yield case(f"<{name}>", "predicates.HasHeaderKey", {"name": name}, TWO, headers=HEADERS)
    yield case("no name", "predicates.HasHeaderKey", {}, TWO)
    yield case("without headers", "predicates.HasHeaderKey", {"name": "h"}, TWO)
    optional = typed(maybe("string"), None)
    for name, value in {"an object": OBJECT, "nothing": None, "null with a schema": optional,
                        "an empty object": plain({}), "false": plain(False),
                        "an empty struct": typed(struct({}), {}), "a zero": typed(a("int8"), 0),
                        }.items():  # fmt: skip
        yield case(name, "predicates.RecordIsTombstone", {}, value)
    for pattern in ("alerts", "alert", "al.*", ".*", "", "(", "ALERTS", "(?i)ALERTS", "\\p{L}+"):
        yield case(f"<{pattern}>", "predicates.TopicNameMatches", {"pattern": pattern}, TWO)
    yield case("no pattern", "predicates.TopicNameMatches", {}, TWO)
