"""Random tables, and random records for them: good ones, and bad ones of every kind.

Owns what the columns are and which values fit them. Must not know the sink, nor any database.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

UUID = "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"
LONG_AGO = "2024-01-01"


class Key(NamedTuple):
    """A column of a primary key. same: values that Postgres finds equal, key by key."""

    type: str
    same: Sequence[Sequence[Any]]
    bad: Sequence[Any]


KEYS = [
    Key("int", [[1, "1", " 1", "+1"], [2, "02"], [3]], ["x", 2**31, 1.5, True]),
    Key("int", [[1], [2], [3], [4]], ["x"]),
    Key("bigint", [[2**40, str(2**40)], [-5, "-5"]], ["", 2**63]),
    Key("text", [["a"], ["A"], ["1", 1], ["true", True], [""], ["é "], [1.5, "1.5"]], ["a\0", "\ud800"]),
    Key("varchar(3)", [["abc", "abc  "], ["a "], ["a"]], ["abcd"]),
    Key("char(4)", [["a", "a  "], ["b"], ["abcd", "abcd   "]], ["abcde"]),
    Key("citext", [["a", "A"], ["b"], ["É", "é"]], ["\0"]),
    Key("uuid", [[UUID, UUID.upper(), UUID.replace("-", "")], [UUID[:-1] + "2"]], ["x", 1]),
    Key("numeric", [[1, "1.0", 1.0, "1e0"], [1.5, "1.50"], ["NaN", "nan"]], ["one", True]),
    Key("numeric(6,2)", [[1, "1.001", 1.0], [2.5, "2.499999"]], [10**6, "x"]),
    Key("double precision", [[0.0, -0.0, 0, "0"], [1.5, "1.50"], [1e22, 10**22]], ["x", "1e999"]),
    Key("timestamptz", [[f"{LONG_AGO}T00:00:00Z", f"{LONG_AGO} 01:00+01", LONG_AGO], ["infinity"]],
        ["never", 1]),
    Key("timestamp(0)", [[f"{LONG_AGO} 00:00:00", f"{LONG_AGO} 00:00:00.4"], ["epoch"]], ["never"]),
    Key("boolean", [[True, "yes", 1], [False, "off"]], ["maybe", 2]),
    Key("inet", [["10.0.0.1", "10.0.0.1/32"], ["::1"]], ["10.0.0", 5]),
    Key("positive", [[1, "1"], [2, " 2 "], [3]], [-1, "x", 0]),
    Key("level", [["Minor"], ["Major"]], ["Worst", 1]),
    Key("word", [["a"], ["b"], ["1", 1]], ["", "two words"]),
]  # fmt: skip


class Column(NamedTuple):
    """A column that is no key. good: values that fit it; bad: those that do not."""

    definition: str
    good: Sequence[Any]
    bad: Sequence[Any]


COLUMNS: Mapping[str, Column] = {
    "i": Column("int", [1, 2, "3", None], ["x", 2**40, {"a": 1}]),
    "d": Column("smallint NOT NULL DEFAULT 7", [1, 2, 3], [None, 40_000]),
    "t": Column(
        "text", ["x", "", 5, True, {"a": [1]}, [1], None, "\\N", "a\tb"], ["a\0", "\ud800"]
    ),
    "j": Column("jsonb", [{"a": 1}, [1, "x"], "text", None, 1.5], [{"a": "\0"}, float("nan")]),
    "a": Column("int[]", [[1, 2], [], "{3}", None, [[1], [2]]], [[1, "x"], [[1], [1, 2]]]),
    "c": Column("numeric(6,2) CHECK (c > 0)", [1, 2.5, "3.14159", None], [-1, 10**6]),
    "f": Column("int REFERENCES parent", [1, 2, None], [99, "x"]),
    "l": Column("int REFERENCES parent DEFERRABLE INITIALLY DEFERRED", [1, 2, None], [98, "x"]),
    "e": Column("level DEFAULT 'Minor'", ["Minor", "Major", None], ["Worst"]),
    "n": Column("int NOT NULL", [1, 2, 3], [None, "x"]),
    "w": Column("text CHECK (w IS NOT NULL)", ["x", "y"], [None]),
    "b": Column("text", ["x", "y", None], ["before", "after", "deferred"]),
    "p": Column("positive", [1, 2, None], [0, "x"]),
    "q": Column("tsquery", ["a & b", None], ["a & & ("]),
    "at": Column("timestamptz DEFAULT '2020-01-01'", [LONG_AGO, None], ["2023-02-29"]),
    "u": Column("int UNIQUE", [1, 2, 3, None], ["x"]),
}
REFUSED, UNIQUE = "b", "u"

SURROUNDINGS = """
DROP EXTENSION IF EXISTS citext CASCADE;
CREATE EXTENSION citext;
CREATE TABLE parent (id int PRIMARY KEY);
INSERT INTO parent VALUES (1), (2);
CREATE TYPE level AS ENUM ('Minor', 'Major');
CREATE DOMAIN positive AS int CHECK (VALUE > 0);
CREATE DOMAIN word AS text CHECK (VALUE ~ '^[a-z0-9]+$');
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS
$$BEGIN IF NEW.b = TG_ARGV[0] THEN RAISE 'no'; END IF; RETURN NEW; END$$;
"""
DIVISIONS = """
CREATE TABLE p0 PARTITION OF alerts FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE p1 PARTITION OF alerts FOR VALUES WITH (MODULUS 2, REMAINDER 1)
"""
TRIGGERS = """
CREATE TRIGGER one BEFORE INSERT OR UPDATE ON alerts FOR EACH ROW EXECUTE FUNCTION refuse('before');
CREATE TRIGGER two AFTER INSERT OR UPDATE ON alerts FOR EACH ROW EXECUTE FUNCTION refuse('after');
CREATE CONSTRAINT TRIGGER three AFTER INSERT OR UPDATE ON alerts DEFERRABLE INITIALLY DEFERRED
  FOR EACH ROW EXECUTE FUNCTION refuse('deferred');
"""


class RandomTable:
    """A table `alerts`. Where it has no primary key, its keys are ordinary columns."""

    def __init__(self, random: Random, *, has_primary_key: bool) -> None:
        self._random, self._has_primary_key = random, has_primary_key
        keys = random.choices(KEYS, k=random.choice([1, 1, 1, 2]))
        self.keys = {f"k{i}": key for i, key in enumerate(keys)}
        names = random.sample(list(COLUMNS), random.randint(1, 7))
        self.columns = {name: COLUMNS[name] for name in names}
        # How often values are bad, and how often fields are missing.
        self._badness = random.choice([0, 0.02, 0.1, 0.4])
        self._partiality = random.choice([0, 0, 0.3, 0.7])
        self._is_divided = has_primary_key and UNIQUE not in names and random.random() < 0.2

    def statements(self) -> str:
        """To create it, and all that it needs, in an empty schema."""
        parts = [f"{name} {key.type}" for name, key in self.keys.items()]
        parts += [f"{name} {column.definition}" for name, column in self.columns.items()]
        keys = ", ".join(self.keys)
        if self._has_primary_key:
            parts.append(f"PRIMARY KEY ({keys})")
        division = f" PARTITION BY HASH ({keys}); {DIVISIONS}" if self._is_divided else ""
        triggers = TRIGGERS if REFUSED in self.columns else ""
        return f"{SURROUNDINGS} CREATE TABLE alerts ({', '.join(parts)}){division}; {triggers}"

    def canonical(self, key: Mapping[str, Any]) -> tuple[str, ...] | None:
        """One spelling for all keys that Postgres finds equal; None for what can be no key."""
        parts = [_first_of_same(part, self.keys[name]) for name, part in key.items()]
        return None if None in parts else tuple(map(str, parts))

    def texts(self, fields: Mapping[str, Any]) -> list[str | None]:
        """The values of these fields as literals of their columns' types."""
        return [_literal(value, self._type(name)) for name, value in fields.items()]

    def _type(self, name: str) -> str:
        return self.columns[name].definition if name in self.columns else self.keys[name].type

    def key(self) -> dict[str, Any]:
        """The key of a record; seldom one that is none."""
        return {name: self._key_part(key) for name, key in self.keys.items()}

    def _key_part(self, key: Key) -> Any:
        if self._random.random() < self._badness / 4:
            return self._random.choice([*key.bad, None, [1]])
        return self._random.choice(self._random.choice(key.same))

    def value(self) -> Any:
        """The fields of a record without its key, in any order; seldom something else."""
        if self._random.random() < self._badness / 8:
            return self._random.choice(["no object", [1], 5])
        names = [name for name in self.columns if self._random.random() >= self._partiality]
        self._random.shuffle(names)
        fields = {name: self._field(self.columns[name]) for name in names}
        return fields if self._random.random() >= self._badness / 8 else {**fields, "unknown": 1}

    def _field(self, column: Column) -> Any:
        is_bad = self._random.random() < self._badness / 2
        return self._random.choice(column.bad if is_bad else column.good)


def _first_of_same(value: Any, key: Key) -> Any:
    spelling = (type(value), repr(value))
    found = [same for same in key.same if spelling in [(type(each), repr(each)) for each in same]]
    return found[0][0] if found else None


def _literal(value: Any, type_: str) -> str | None:
    if value is None:
        return None
    if type_ == "int[]" and isinstance(value, list):
        return json.dumps(value).replace("[", "{").replace("]", "}")
    if type_ == "jsonb" or isinstance(value, bool | dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return str(value)
