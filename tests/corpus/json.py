"""JSON that is none, and JSON that is no alert."""

from __future__ import annotations

import gzip
import json
from typing import Any

from hypothesis import strategies as st

from sinkworker.api import Stage
from tests.corpus.bad import NUL, Bad, generated, named

NO_JSON: dict[str, bytes] = {
    "an open brace": b"{",
    "an open bracket": b"[",
    "an open quote": b'"',
    "a name without value": b'{"sensor_id"',
    "a name and a colon": b'{"sensor_id":',
    "an object without end": b'{"sensor_id":1',
    "an object that ends with a comma": b'{"sensor_id":1,',
    "a comma too many": b'{"sensor_id":1,}',
    "a comma too many in a list": b"[1,]",
    "a comma instead of a colon": b'{"sensor_id",1}',
    "two commas": b'{"a":1,,"b":2}',
    "no comma": b'{"a":1 "b":2}',
    "a name without quotes": b"{sensor_id:1}",
    "single quotes": b"{'sensor_id':1}",
    "a number for a name": b'{1:"sensor_id"}',
    "a wrong end": b'{"sensor_id":1]',
    "an end too many": b'{"sensor_id":1}}',
    "a closing brace": b"}",
    "half a null": b"nul",
    "half a true": b"tru",
    "Python's True": b'{"sensor_id":1,"status":True}',
    "Python's None": b"None",
    "undefined": b"undefined",
    "NaN": b'{"sensor_id":NaN}',
    "Infinity": b'{"sensor_id":Infinity}',
    "minus Infinity": b'{"sensor_id":-Infinity}',
    "a number beyond all floats": b'{"sensor_id":1e999}',
    "a number below all floats": b'{"sensor_id":-1e999}',
    "a leading zero": b'{"sensor_id":01}',
    "a leading plus": b'{"sensor_id":+1}',
    "a leading point": b'{"sensor_id":.5}',
    "a trailing point": b'{"sensor_id":5.}',
    "an exponent without digits": b'{"sensor_id":5e}',
    "two signs": b'{"sensor_id":--1}',
    "a hexadecimal number": b'{"sensor_id":0x10}',
    "digits with an underscore": b'{"sensor_id":1_000}',
    "two texts": b'{"sensor_id":1}{"sensor_id":2}',
    "two texts on two lines": b'{"sensor_id":1}\n{"sensor_id":2}',
    "text after the end": b'{"sensor_id":1}x',
    "a zero after the end": b'{"sensor_id":1}\0',
    "a byte order mark": b'\xef\xbb\xbf{"sensor_id":1}',
    "UTF-16": '{"sensor_id":1}'.encode("utf-16"),
    "UTF-32": '{"sensor_id":1}'.encode("utf-32-be"),
    "Latin-1": '{"sensor_id":1,"status":"größer"}'.encode("latin-1"),
    "an overlong slash": b'{"sensor_id":1,"status":"\xc0\xaf"}',
    "a surrogate in UTF-8": b'{"sensor_id":1,"status":"\xed\xa0\x80"}',
    "half a character": b'{"sensor_id":1,"status":"\xc3"}',
    "a character beyond Unicode": b'{"sensor_id":1,"status":"\xf5\x80\x80\x80"}',
    "an unknown escape": b'{"sensor_id":1,"status":"\\x41"}',
    "half an escape": b'{"sensor_id":1,"status":"\\u12"}',
    "an escape at the end": b'{"sensor_id":1,"status":"\\',
    "half a surrogate pair": b'{"sensor_id":1,"status":"\\ud800"}',
    "a surrogate pair turned round": b'{"sensor_id":1,"status":"\\udc00\\ud800"}',
    "a line break in a text": b'{"sensor_id":1,"status":"a\nb"}',
    "a zero in a text": b'{"sensor_id":1,"status":"a\0b"}',
    "a comment": b'{"sensor_id":1 /* one */}',
    "a comment to the end": b'{"sensor_id":1} // one',
    "blanks only": b"   ",
    "zeros": bytes(16),
    "lists a hundred thousand deep": b"[" * 100_000,
    "objects a hundred thousand deep": b'{"a":' * 100_000,
    "closed lists a thousand deep": b"[" * 1000 + b"]" * 1000,
    "gzip": gzip.compress(b'{"sensor_id":1}', mtime=0),
    "XML": b"<alert sensor_id='1'/>",
    "YAML": b"sensor_id: 1\n",
    "CSV": b"1,Critical\n",
    "a stack trace": b"Exception in thread main",
}
NO_ALERT: dict[str, bytes] = {
    "a number": b"5",
    "a text": b'"Critical"',
    "a boolean": b"true",
    "a list": b'[{"sensor_id":1}]',
    "an empty object": b"{}",
    "no sensor": b'{"status":"Minor"}',
    "null for the sensor": b'{"sensor_id":null}',
    "a text for the sensor": b'{"sensor_id":"seven"}',
    "an empty text for the sensor": b'{"sensor_id":""}',
    "a list for the sensor": b'{"sensor_id":[1]}',
    "an object for the sensor": b'{"sensor_id":{"id":1}}',
    "a boolean for the sensor": b'{"sensor_id":true}',
    "a sensor beyond 64 bit": b'{"sensor_id":9223372036854775808}',
    "a sensor of a thousand digits": b'{"sensor_id":' + b"9" * 1000 + b"}",
    "a text for the time": b'{"sensor_id":1,"time":"soon"}',
    "a day that there is not": b'{"sensor_id":1,"time":"2026-02-30T00:00:00Z"}',
    "an escaped zero in a text": b'{"sensor_id":1,"status":"a\\u0000b"}',
    "an escaped zero in a name": b'{"sensor_id":1,"sta\\u0000tus":"Minor"}',
    "a field without a column": b'{"sensor_id":1,"nobody_knows_it":2}',
    "an empty name": b'{"sensor_id":1,"":2}',
    "a name that is SQL": b'{"sensor_id":1,"status\\"); DROP TABLE alerts; --":2}',
    "a system column": b'{"sensor_id":1,"ctid":"(0,1)"}',
    "a name of a thousand letters": b'{"sensor_id":1,"' + b"a" * 1000 + b'":2}',
}


OF_SENSOR = r"{} \({}\) in column sensor_id"
AT = r" at line \d+ column \d+"


def alert(**fields: Any) -> bytes:
    whole = {"sensor_id": 7, "time": "2026-05-01T12:00:00.123Z", "status": "Minor"}
    return json.dumps(whole | fields).encode()


def good(number: int) -> bytes:
    return alert(sensor_id=number)


def bad() -> tuple[Bad, ...]:
    return (*named(NO_JSON, Stage.VALUE_CONVERTER), *named(NO_ALERT, Stage.TASK_PUT))


def damage() -> st.SearchStrategy[Bad]:
    """Alerts that are no JSON any more, and JSON that no column takes."""
    whole, letters = alert(), st.text("abcdefgh", min_size=1, max_size=9)
    places = st.integers(1, len(whole) - 1)
    return st.one_of(
        generated("cut off", f"invalid JSON: EOF while parsing an? [a-z]+{AT}",
                  places.map(lambda at: whole[:at])),
        generated("more behind its end", f"invalid JSON: trailing characters{AT}",
                  st.binary(max_size=9).map(lambda more: whole + b"x" + more)),
        generated("a byte of no text", f"invalid JSON: .+{AT}",
                  places.map(lambda at: whole[:at] + b"\xff" + whole[at:])),
        generated("a number beyond its column", OF_SENSOR.format("numeric value out of range", 22003),
                  st.integers(2**63, 2**80).map(lambda many: alert(sensor_id=many)),
                  Stage.TASK_PUT),
        generated("no number", OF_SENSOR.format("invalid text representation", "22P02"),
                  letters.map(lambda text: alert(sensor_id=text)), Stage.TASK_PUT),
        generated("no moment", r"invalid datetime format \(22007\) in column time",
                  letters.map(lambda text: alert(time="x" + text)), Stage.TASK_PUT),
        generated("NUL in a text", NUL,
                  st.tuples(letters, letters).map(lambda two: alert(status="\0".join(two))),
                  Stage.TASK_PUT),
        generated("no object", "its value is no object but int, and a row needs fields",
                  st.integers().map(lambda number: str(number).encode()), Stage.TASK_PUT),
    )  # fmt: skip
