"""Avro's logical types that are more than numbers and bytes in Connect, too.

Owns decimals, dates, times and moments. A local time is the same in UTC, as a column without a time
zone takes it. Uuids are texts; any other logical type is what it is written as.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sinkworker.api import DataError, Schema
from sinkworker.converters.envelope import EPOCH, decimal_of

CONNECT = "org.apache.kafka.connect.data."
FIRST_DAY = EPOCH.date()
DAY = timedelta(days=1)
DEFAULT_PRECISION = 64
"""Of a decimal: what Confluent's converter does not write down."""

# (type, logical type) → how many microseconds one is
MOMENTS = {
    ("long", "timestamp-millis"): 1000,
    ("long", "timestamp-micros"): 1,
    ("long", "local-timestamp-millis"): 1000,
    ("long", "local-timestamp-micros"): 1,
}
TIMES = {("int", "time-millis"): 1000, ("long", "time-micros"): 1}
# Connect's converters of old wrote their own names only.
BY_CONNECT_NAME = {
    CONNECT + "Decimal": "decimal",
    CONNECT + "Date": "date",
    CONNECT + "Time": "time-millis",
    CONNECT + "Timestamp": "timestamp-millis",
}

Change = Callable[[Any], Any]


def of(avro: Mapping[str, Any]) -> tuple[Change, Schema, int] | None:
    """What makes the value, Connect's schema, and how many of its units one of Connect's is.

    None when it is no logical type of Connect's.
    """
    name = avro.get("logicalType") or BY_CONNECT_NAME.get(str(avro.get("connect.name")))
    kind = (avro["type"], name)
    if kind in MOMENTS:
        return _moment(MOMENTS[kind]), _schema("int64", "Timestamp"), 1000 // MOMENTS[kind]
    if kind in TIMES:
        return _time(TIMES[kind]), _schema("int32", "Time"), 1000 // TIMES[kind]
    if kind == ("int", "date"):
        return _date, _schema("int32", "Date"), 1
    if name == "decimal" and avro["type"] in ("bytes", "fixed"):
        return _decimal(avro)
    return None


def _schema(kind: str, name: str) -> Schema:
    return {"type": kind, "name": CONNECT + name, "version": 1}


def _moment(unit: int) -> Change:
    step = timedelta(microseconds=unit)

    def change(number: int) -> datetime:
        return EPOCH + number * step

    return change


def _time(unit: int) -> Change:
    step = timedelta(microseconds=unit)

    def change(number: int) -> time:
        since_midnight = number * step
        if not timedelta() <= since_midnight < DAY:
            raise DataError("a time outside the day")
        return (EPOCH + since_midnight).time()

    return change


def _date(number: int) -> date:
    return FIRST_DAY + number * DAY


def _decimal(avro: Mapping[str, Any]) -> tuple[Change, Schema, int]:
    given = avro.get("scale", avro.get("connect.parameters", {}).get("scale", 0))
    scale, precision = int(given), avro.get("precision", DEFAULT_PRECISION)
    parameters = {"scale": str(scale)}
    if precision != DEFAULT_PRECISION:
        parameters["connect.decimal.precision"] = str(precision)

    def change(data: bytes) -> Decimal:
        return decimal_of(data, scale)

    return change, {**_schema("bytes", "Decimal"), "parameters": parameters}, 1
