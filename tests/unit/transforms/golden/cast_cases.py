"""Cases of Cast."""

from __future__ import annotations

from collections.abc import Iterator

from tests.unit.transforms.golden.field_cases import NOT_OBJECTS, NULLS, TWO
from tests.unit.transforms.golden.forms import (
    DATE,
    FILLS,
    FULL,
    KEEPS,
    MOMENT,
    OBJECT,
    TIME,
    Case,
    a,
    case,
    decimal,
    maybe,
    plain,
    struct,
    typed,
)  # fmt: skip

TYPES = ("int8", "int16", "int32", "int64", "float32", "float64", "boolean", "string")
VALUES = (
    0, 1, -1, 127, 300, -129, 40_000, 3_000_000_000, -9_223_372_036_854_775_808, 1.5, -1.5, 0.5, 1e10,
    1e300, -1e300, 0.001, 0.0001, 123_456_789.125, 100.0, True, False, "5", "-5", "+7", "300", "abc",
    " 5", "1e3", "1.5", ".5", "5.", "1.5f", "NaN", "-Infinity", "0x1p3", "0x10", "1_0", "true", "TRUE",
    "yes", "", "9999999999", [1], {"a": 1},
)  # fmt: skip
TYPED = {
    "an int8": typed(a("int8"), -5), "an int16": typed(a("int16"), 300),
    "an int32": typed(a("int32"), 70_000), "an int64": typed(a("int64"), 3_000_000_000),
    "a float": typed(a("float"), 1.1), "a large float": typed(a("float"), 1.0e20),
    "a double": typed(a("double"), 1.1), "a large double": typed(a("double"), 1.0e20),
    "a boolean": typed(a("boolean"), True), "a text": typed(a("string"), "12"),
    "bytes": typed(a("bytes"), "AQI="), "a decimal": typed(decimal(2), "BNI="),
    "a negative decimal": typed(decimal(1), "+w=="), "a whole decimal": typed(decimal(-3), "BNI="),
    "a date": typed(DATE, 19_000), "a first date": typed(DATE, 0), "a time": typed(TIME, 3_600_001),
    "a moment": typed(MOMENT, 1_700_000_000_123), "a midnight": typed(MOMENT, 1_699_920_000_000),
    "an old moment": typed(MOMENT, -86_400_001), "a name": typed(a("int64", name="My", doc="d"), 5),
    "an array": typed(a("array", items=a("int8")), [1]),
    "a map": typed(a("map", keys=a("string"), values=a("int8")), {"a": 1}),
    "a struct": typed(struct({"a": a("int8")}), {"a": 1}),
    "an optional": typed(maybe("int32", default=300), 5),
    "a null": typed(maybe("int32", default=300), None),
}  # fmt: skip


def cast() -> Iterator[Case]:
    kind = "Cast$Value"
    for target in TYPES:
        for value in VALUES:
            shown = f"{value!r} as {target}"
            yield case(shown, kind, {"spec": f"f:{target}"}, plain({"f": value, "g": 1}))
        for name, given in TYPED.items():
            yield case(f"{name} as {target}", kind, {"spec": target}, given)
            within = struct({"f": given["schema"], "g": a("string")}, name="S", version=2)
            payload = {"f": given["payload"], "g": "x"}
            yield case(f"{name} in a struct as {target}", kind, {"spec": f"f:{target}"},
                       typed(within, payload))  # fmt: skip
    for spec in ("", "f", "int7", "f:", "f:bytes", "f:int8:int8", "int8,int16", "f:int8,int8",
                 "bytes", "f : int8 ", "F:INT8", "g:int8, f:STRING", "f:int8,f:string",
                 ":int8"):  # fmt: skip
        yield case(f"<{spec}>", kind, {"spec": spec}, plain({"f": "5", "g": "6"}))
    yield case("no spec", kind, {}, TWO)
    yield case("a field that there is not", kind, {"spec": "z:int8"}, TWO)
    yield case("a field that the struct has not", kind, {"spec": "z:int8"}, NULLS)
    yield case("a null", kind, {"spec": "level:int8"}, OBJECT)
    yield case("a default", kind, {"spec": "a:string"}, NULLS)
    yield case("nulls become defaults", kind, {"spec": "a:string"} | FILLS, NULLS)
    yield case("nulls stay nulls", kind, {"spec": "a:string"} | KEEPS, NULLS)
    wrong = typed(struct({"a": maybe("string", default="x")}), {"a": "1"})
    yield case("a default that is no number", kind, {"spec": "a:int8"}, wrong)
    optional = struct({"a": a("int8")}, optional=True, doc="d", parameters={"p": "1"})
    yield case("an optional struct", kind, {"spec": "a:string"}, typed(optional, {"a": 2}))
    yield case("a full struct", kind, {"spec": "id:int8,at:string,price:float64"}, FULL)
    yield case("a key", "Cast$Key", {"spec": "int32"}, key=plain("7"), value=TWO)
    for name, value in NOT_OBJECTS.items():
        yield case(f"on {name}", kind, {"spec": "a:int32"}, value)
