"""Cases of the transforms that insert, replace, extract, hoist, flatten and mask fields."""

from __future__ import annotations

from collections.abc import Iterator

from tests.unit.transforms.golden.forms import (
    FILLS,
    FULL,
    KEEPS,
    OBJECT,
    ROW,
    Case,
    a,
    case,
    decimal,
    maybe,
    plain,
    struct,
    typed,
)  # fmt: skip

DEFAULTED = struct({"a": maybe("int32", default=7), "b": maybe("string"), "c": a("string")})
NULLS = typed(DEFAULTED, {"a": None, "b": None, "c": "x"})
TWO = plain({"a": 1, "b": 2})
NOT_OBJECTS = {
    "a text": plain("x"), "an array": plain([1]), "a number with a schema": typed(a("int32"), 1),
    "an array with a schema": typed(a("array", items=a("int32")), [1]),
    "a map with a schema": typed(a("map", keys=a("string"), values=a("int32")), {"a": 1}),
    "a null with a schema": typed(struct({"a": a("int32")}, optional=True), None),
    "null": None,
}  # fmt: skip


def insert_field() -> Iterator[Case]:
    everything = {
        "topic.field": "t", "partition.field": "p", "offset.field": "o", "timestamp.field": "ts",
        "static.field": "s", "static.value": "x",
    }  # fmt: skip
    kind = "InsertField$Value"
    static = {"static.field": "s", "static.value": "x"}
    yield case("everything into an object", kind, everything, OBJECT)
    yield case("everything into a struct", kind, everything, FULL)
    yield case("everything without a timestamp", kind, everything, OBJECT, timestamp=None)
    yield case(
        "everything into a struct without a timestamp", kind, everything, FULL, timestamp=None
    )
    required = {k: v + "!" if k.endswith(".field") else v for k, v in everything.items()}
    yield case("required fields", kind, required, FULL)
    yield case("required fields without a schema", kind, required, OBJECT)
    yield case("optional fields", kind, {"topic.field": "t?", "offset.field": "o?"}, FULL)
    yield case("only a mark", kind, {"topic.field": "!"}, TWO)
    yield case("a field that there is", kind, static | {"static.field": "a"}, TWO)
    yield case("a field that the schema has", kind, static | {"static.field": "id"}, FULL)
    yield case("two fields of one name", kind, everything | {"offset.field": "t"}, FULL)
    yield case("an empty name", kind, static | {"static.field": ""}, TWO)
    yield case("an empty text", kind, static | {"static.value": ""}, TWO)
    yield case("nothing to insert", kind, {}, TWO)
    yield case("no value for it", kind, {"static.field": "s"}, TWO)
    yield case("a value for nothing", kind, {"static.value": "s"}, TWO)
    yield case("into a key", "InsertField$Key", static, key=TWO, value=TWO)
    yield case("into a key with a schema", "InsertField$Key", everything, key=FULL, value=TWO)
    yield from _defaults(kind, static)
    yield from _not_objects(kind, static)


def replace_field() -> Iterator[Case]:
    kind = "ReplaceField$Value"
    for name, config in {
        "nothing": {}, "exclude": {"exclude": "a"}, "exclude what is not there": {"exclude": "z"},
        "include": {"include": "a"}, "include and exclude": {"include": "a,b", "exclude": "a"},
        "include nothing there is": {"include": "z"}, "rename": {"renames": "a:x"},
        "swap": {"renames": "a:b,b:a"}, "blanks": {"exclude": " a , z ", "renames": "b:x"},
        "rename what is excluded": {"exclude": "a", "renames": "a:x"},
        "rename and include the old name": {"include": "a", "renames": "a:x"},
        "rename and include the new name": {"include": "x", "renames": "a:x"},
        "rename to nothing": {"renames": "a:"}, "rename from nothing": {"renames": ":x"},
        "a colon too many": {"renames": "a:b:c"}, "a colon at the end": {"renames": "a:b:"},
        "no colon": {"renames": "a"}, "exclude twice": {"exclude": "a,a"},
        "include twice": {"include": "b,b"}, "rename one twice": {"renames": "a:x,a:y"},
    }.items():  # fmt: skip
        yield case(name, kind, config, TWO)
        yield case(f"{name}, with a schema", kind, config, NULLS)
    yield case("rename to a name that the schema has", kind, {"renames": "a:c"}, NULLS)
    yield case("a full struct", kind, {"exclude": "id,place", "renames": "at:when"}, FULL)
    yield case("of a key", "ReplaceField$Key", {"exclude": "a"}, key=TWO, value=TWO)
    yield from _defaults(kind, {"renames": "a:x"})
    yield from _not_objects(kind, {"exclude": "a"})


def extract_field() -> Iterator[Case]:
    kind, nested = "ExtractField$Value", {"field.syntax.version": "V2"}
    deep = plain({"a": {"b": {"c": 1}}, "a.b": 2, "x": None, "b`c": 3, "d.`e": {"f": 4}, "": 5})
    inner = struct({"b": maybe("string", default="d")}, optional=True)
    schema = struct(
        {"a": inner, "a.b": a("int32"), "m": a("map", keys=a("string"), values=a("int8"))}
    )
    given = typed(schema, {"a": {"b": "x"}, "a.b": 2, "m": {"k": 1}})
    for path in ("a", "a.b", "z", "x", "x.y", "", "a.z", "a.b.c.d", "`a.b`", "a.b.c", "b`c", "`b`c`",
                 "`d.\\`e`.f", "`a", "`a.b`.c", "a.", ".", "`a`b`", "``", "`a`.b", "a..b",
                 "`a\\`", "`a\\`.b", "`a\\`.b`"):  # fmt: skip
        yield case(f"<{path}>", kind, {"field": path}, deep)
        yield case(f"<{path}> of V2", kind, {"field": path} | nested, deep)
    for path in ("a", "a.b", "z", "a.z", "a.b.c", "`a.b`", "m.k", "m"):
        yield case(f"<{path}> of a struct", kind, {"field": path}, given)
        yield case(f"<{path}> of a struct in V2", kind, {"field": path} | nested, given)
    without = typed(schema, {"a": None, "a.b": 2, "m": {}})
    yield case("in a struct that is null", kind, {"field": "a.b"} | nested, without)
    for fills in (FILLS, KEEPS):
        shown = fills["replace.null.with.default"]
        yield case(f"a null with a default, {shown}", kind, {"field": "a"} | fills, NULLS)
        empty = typed(schema, {"a": {"b": None}, "a.b": 2, "m": {}})
        path = {"field": "a.b", **nested, **fills}
        yield case(f"an inner null with a default, {shown}", kind, path, empty)
    yield case("of each type", kind, {"field": "price"}, FULL)
    yield case("a moment", kind, {"field": "at"}, FULL)
    yield case("a struct", kind, {"field": "place"}, FULL)
    yield case(
        "version in small letters", kind, {"field": "a.b", "field.syntax.version": "v2"}, deep
    )
    yield case("no such version", kind, {"field": "a", "field.syntax.version": "V3"}, deep)
    yield case("no field", kind, {}, deep)
    yield case("of a key", "ExtractField$Key", {"field": "id"}, key=FULL, value=TWO)
    yield from _not_objects(kind, {"field": "a"})


def hoist_field() -> Iterator[Case]:
    kind = "HoistField$Value"
    for name, value in NOT_OBJECTS.items():
        yield case(name, kind, {"field": "f"}, value)
    yield case("an object", kind, {"field": "f"}, OBJECT)
    yield case("a struct", kind, {"field": "f"}, FULL)
    yield case("no field", kind, {}, OBJECT)
    yield case("an empty name", kind, {"field": ""}, OBJECT)
    yield case("a key", "HoistField$Key", {"field": "id"}, key=plain(1), value=TWO)
    yield case(
        "a key with a schema", "HoistField$Key", {"field": "id"}, key=typed(a("string"), "k")
    )


def flatten() -> Iterator[Case]:
    kind = "Flatten$Value"
    nested = plain(
        {"a": {"b": {"c": 1, "d": None}, "e": [1, {"f": 2}]}, "g": "x", "h": {}, "i": None}
    )
    yield case("objects", kind, {}, nested)
    yield case("another delimiter", kind, {"delimiter": "_"}, nested)
    yield case("no delimiter", kind, {"delimiter": ""}, nested)
    yield case("names that meet", kind, {"delimiter": ""}, plain({"a": {"b": 1}}))
    yield case("a full struct with a map", kind, {}, FULL)
    without = {**ROW, "fields": [f for f in ROW["fields"] if f["field"] != "limits"]}
    payload = {k: v for k, v in FULL["payload"].items() if k != "limits"}
    yield case("a full struct", kind, {}, typed(without, payload))
    yield case("a struct that is null", kind, {}, typed(without, payload | {"place": None}))
    leaf = struct({"x": a("int32"), "y": maybe("string", default="d"), "z": a("int8", default=3)},
                  optional=True, name="Leaf")  # fmt: skip
    tree = struct({"l": leaf, "r": {**leaf, "optional": False}, "v": a("string")})
    full = {"l": {"x": 1, "y": None, "z": 2}, "r": {"x": 4, "y": "q", "z": 5}, "v": "w"}
    yield case("defaults of fields", kind, {}, typed(tree, full))
    yield case("defaults of fields of nothing", kind, {}, typed(tree, full | {"l": None}))
    optional = {**tree, "optional": True}
    yield case("an optional root", kind, {"delimiter": "__"}, typed(optional, full))
    twice = struct({"a.b": a("int8"), "a": struct({"b": a("int8")})})
    yield case("a name twice", kind, {}, typed(twice, {"a.b": 1, "a": {"b": 2}}))
    yield case("a key", "Flatten$Key", {}, key=plain({"a": {"b": 1}}), value=TWO)
    yield from _not_objects(kind, {})


def mask_field() -> Iterator[Case]:
    kind = "MaskField$Value"
    for field in ("id", "name", "level", "ratio", "ok", "tags", "place", "z"):
        yield case(f"{field} of an object", kind, {"fields": field}, OBJECT)
        yield case(f"{field} replaced", kind, {"fields": field, "replacement": "12"}, OBJECT)
    for field in [each["field"] for each in ROW["fields"]]:
        yield case(f"{field} of a struct", kind, {"fields": field}, FULL)
        for text in ("12", "x"):
            config = {"fields": field, "replacement": text}
            yield case(f"{field} of a struct replaced by {text}", kind, config, FULL)
    yield case("what the struct has not", kind, {"fields": "z"}, FULL)
    numbers = struct({"b": a("int8"), "s": a("int16"), "i": a("int32"), "l": a("int64"),
                      "f": a("float"), "d": a("double"), "n": decimal(2)})  # fmt: skip
    given = typed(numbers, {"b": 1, "s": 1, "i": 1, "l": 1, "f": 1.5, "d": 1.5, "n": "BNI="})
    for text in ("300", "70000", "3000000000", "99999999999999999999", "1.9", "-1.9", "1e3", ".5",
                 "5.", "+5", "1e400", "0x10", "1_0", "NaN"):  # fmt: skip
        config = {"fields": "b,s,i,l,f,d,n", "replacement": text}
        yield case(f"numbers replaced by <{text}>", kind, config, given)
    yield case("several", kind, {"fields": "id, name"}, OBJECT)
    yield case("a field twice", kind, {"fields": "id,id"}, OBJECT)
    yield case("no fields", kind, {}, OBJECT)
    yield case("empty fields", kind, {"fields": ""}, OBJECT)
    yield case("an empty replacement", kind, {"fields": "id", "replacement": ""}, OBJECT)
    yield case("a key", "MaskField$Key", {"fields": "a"}, key=TWO, value=TWO)
    yield from _defaults(kind, {"fields": "a"})
    yield from _not_objects(kind, {"fields": "a"})


def _defaults(kind: str, config: dict[str, str]) -> Iterator[Case]:
    yield case("nulls become defaults", kind, config | FILLS, NULLS)
    yield case("nulls stay nulls", kind, config | KEEPS, NULLS)


def _not_objects(kind: str, config: dict[str, str]) -> Iterator[Case]:
    for name, value in NOT_OBJECTS.items():
        yield case(f"on {name}", kind, config, value)
