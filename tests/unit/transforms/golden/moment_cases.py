"""Cases of TimestampConverter."""

from __future__ import annotations

from collections.abc import Iterator

from tests.unit.transforms.golden.field_cases import NOT_OBJECTS, TWO
from tests.unit.transforms.golden.forms import (
    DATE,
    FILLS,
    FULL,
    KEEPS,
    MOMENT,
    TIME,
    Case,
    a,
    case,
    maybe,
    plain,
    struct,
    typed,
)

MOMENTS = {
    "a number": plain(1_700_000_000_123), "a negative number": plain(-1_500), "a zero": plain(0),
    "a fraction": plain(1.5), "a boolean": plain(True), "a text": plain("2023-11-14 22:13:20"),
    "another text": plain("14.11.2023"), "an array": plain([1]), "null": None,
    "an int64": typed(a("int64"), 1_700_000_000_123), "an int32": typed(a("int32"), 1_700_000_000),
    "an optional int64": typed(maybe("int64", default=5, name="N"), 1_700_000_000_123),
    "a null": typed(maybe("int64"), None), "a string": typed(a("string"), "2023-11-14 22:13:20"),
    "a date": typed(DATE, 19_000), "a time": typed(TIME, 3_600_001),
    "a moment": typed(MOMENT, 1_700_000_000_123), "an old moment": typed(MOMENT, -1),
    "a double": typed(a("double"), 1.5),
}  # fmt: skip
PRECISIONS = ("seconds", "milliseconds", "microseconds", "nanoseconds")
FORMATS = (
    ("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'", "2023-11-14T22:13:20.123Z"),
    ("yyyy-MM-dd'T'HH:mm:ss.SSSX", "2023-11-14T22:13:20.123+01:00"),
    ("yyyy-MM-dd'T'HH:mm:ssXXX", "2023-11-14T22:13:20-05:30"),
    ("yyyy-MM-dd HH:mm:ss Z", "2023-11-14 22:13:20 +0100"),
    ("yyyy-MM-dd HH:mm:ss z", "2023-11-14 22:13:20 UTC"), ("yyyyMMdd", "20231114"),
    ("yyyyMMddHHmmssSSS", "20231114221320123"), ("d.M.yy", "4.1.23"), ("dd.MM.yyyy", "4.1.2023"),
    ("EEE, d MMM yyyy", "Tue, 14 Nov 2023"), ("EEEE d MMMM yyyy", "tuesday 14 november 2023"),
    ("h:mm a", "10:05 pm"), ("hh:mm a", "12:05 AM"), ("K:mm a", "0:05 PM"), ("k:mm", "24:05"),
    ("D yyyy", "318 2023"), ("yyyy-MM-dd", "2023-02-30"), ("yyyy-MM-dd", "2023-13-01"),
    ("yyyy-MM-dd", "2023-11-14 and more"), ("yyyy-MM-dd", "23-11-14"), ("yyyy-MM-dd", "x"),
    ("yyyy-MM-dd", ""), ("yyyy-MM-dd", " 2023-11-14"), ("yyyy-MM-dd HH", "2023-11-14  5"),
    ("ss.SSS", "1.5"), ("ss.SSSSSS", "01.123456"), ("yyyy''MM", "2023'11"), ("G yyyy", "AD 2023"),
    ("HH:mm:ss", "25:61:61"), ("yyyy/MM", "2023-11"), ("MMM yyyy", "11 2023"), ("yyMMdd", "231114"),
    ("u yyyy", "2 2023"), ("yyyy-MM-dd'T'HH:mm", "2023-11-14t22:13"), ("y", "2023"), ("yyy", "2023"),
    ("LLLL yyyy", "November 2023"), ("SSS", "-5"), ("yyyy-MM-dd HH:mm", "2023-11-14 -2:13"),
)  # fmt: skip


KIND = "TimestampConverter$Value"


def timestamp_converter() -> Iterator[Case]:
    yield from _targets()
    yield from _precisions()
    yield from _formats()
    yield from _fields()


def _targets() -> Iterator[Case]:
    for target in ("string", "unix", "Date", "Time", "Timestamp"):
        config = {"target.type": target, "format": "yyyy-MM-dd HH:mm:ss"}
        for name, value in MOMENTS.items():
            yield case(f"{name} to {target}", KIND, config, value)
        field = config | {"field": "f"}
        yield case(f"a field to {target}", KIND, field, plain({"f": 1_700_000_000_123, "g": 1}))
        schema = struct({"f": maybe("int64", default=5), "g": a("string")}, name="S", optional=True)
        given = typed(schema, {"f": 1_700_000_000_123, "g": "x"})
        yield case(f"a field of a struct to {target}", KIND, field, given)
        empty = typed(schema, {"f": None, "g": "x"})
        yield case(f"a null field to {target}, filled", KIND, field | FILLS, empty)
        yield case(f"a null field to {target}", KIND, field | KEEPS, empty)


def _precisions() -> Iterator[Case]:
    for precision in PRECISIONS:
        for number in (1_700_000_000, 1_700_000_000_123_456_789, -1_500, 1_999, -1):
            config = {"target.type": "Timestamp", "unix.precision": precision}
            yield case(f"{number} {precision}", KIND, config, plain(number))
        config = {"target.type": "unix", "unix.precision": precision}
        for number in (1_700_000_000_123, -1_500, -1):
            yield case(f"{number} ms in {precision}", KIND, config, typed(MOMENT, number))
    wrong = {"target.type": "unix", "unix.precision": "minutes"}
    yield case("no such precision", KIND, wrong, plain(1))


def _formats() -> Iterator[Case]:
    for pattern, text in FORMATS:
        config = {"target.type": "Timestamp", "format": pattern}
        yield case(f"<{text}> by <{pattern}>", KIND, config, plain(text))
    for pattern in dict(FORMATS):
        config = {"target.type": "string", "format": pattern}
        yield case(f"a moment by <{pattern}>", KIND, config, typed(MOMENT, 1_700_000_000_123))
    for pattern in ("", " ", "b", "'", "yyyy-'T"):
        config = {"target.type": "string", "format": pattern}
        yield case(f"the format <{pattern}>", KIND, config, typed(MOMENT, 0))
    yield case("a text without a format", KIND, {"target.type": "unix"}, plain("2023"))
    yield case("no target", KIND, {}, plain(1))
    yield case("no such target", KIND, {"target.type": "date"}, plain(1))


def _fields() -> Iterator[Case]:
    yield case("a field that there is not", KIND, {"target.type": "Date", "field": "z"}, TWO)
    yield case("what the struct has not", KIND, {"target.type": "Date", "field": "z"}, FULL)
    yield case("a key", "TimestampConverter$Key", {"target.type": "Date"}, key=plain(1), value=TWO)
    for name, value in NOT_OBJECTS.items():
        yield case(f"on {name}", KIND, {"target.type": "Date", "field": "a"}, value)
