"""The Protobuf messages that are dates, times, moments and decimals in Connect.

Owns what each of them becomes. Must not know descriptors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from sinkworker.api import DataError, Schema
from sinkworker.converters.envelope import EPOCH, decimal_of

CONNECT = "org.apache.kafka.connect.data."


def of(full_name: str, parameters: Mapping[str, str]) -> tuple[Schema, Callable[[Any], Any]] | None:
    """Connect's schema, and what makes the value of a message; None for any other message."""
    if full_name == "google.protobuf.Timestamp":
        return _schema("int64", "Timestamp"), _timestamp
    if full_name == "google.type.Date":
        return _schema("int32", "Date"), _date
    if full_name == "google.type.TimeOfDay":
        return _schema("int32", "Time"), _time
    if full_name == "confluent.type.Decimal":
        noted = {"scale": parameters.get("scale", "0")}
        if "precision" in parameters:
            noted["connect.decimal.precision"] = parameters["precision"]
        return {**_schema("bytes", "Decimal"), "parameters": noted}, _decimal
    return None


def _schema(kind: str, name: str) -> Schema:
    return {"type": kind, "name": CONNECT + name, "version": 1}


def _timestamp(message: Any) -> datetime:
    return EPOCH + timedelta(seconds=message.seconds, microseconds=message.nanos // 1000)


def _date(message: Any) -> date:
    try:
        return date(message.year, message.month, message.day)
    except ValueError:
        raise DataError("a day that there is not") from None


def _time(message: Any) -> time:
    try:
        return time(message.hours, message.minutes, message.seconds, message.nanos // 1000)
    except ValueError:
        raise DataError("a time outside the day") from None


def _decimal(message: Any) -> Decimal:
    return decimal_of(message.value, message.scale)
