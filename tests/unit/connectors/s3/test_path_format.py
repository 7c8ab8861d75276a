"""Patterns in Joda's letters, as Confluent's path.format has them."""

from __future__ import annotations

import string
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.s3.path_format import PathFormat

NOON = datetime(2026, 3, 1, 12, 5, 9, 45_000, tzinfo=UTC)
MIDNIGHT = datetime(2027, 1, 2, 0, 0, tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("'year'=YYYY/'month'=MM/'day'=dd/'hour'=HH", "year=2026/month=03/day=01/hour=12"),
        ("/yyyy/MM/dd/", "2026/03/01"),
        ("yy-M-d", "26-3-1"),
        ("'o''clock' h a", "o'clock 12 PM"),
        ("''yy''", "'26'"),
        ("EEE/EEEE/MMM/MMMM", "Sun/Sunday/Mar/March"),
        ("HHmmss.SSS", "120509.045"),
        ("S", "0"),
        ("DDD/D", "060/60"),
        ("xxxx-'W'ww-e", "2026-W09-7"),
        ("Z/ZZ", "+0000/+00:00"),
        ("G C", "AD 20"),
    ],
)
def test_pattern(pattern: str, path: str) -> None:
    assert PathFormat(pattern)(NOON) == path


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("H k h K a", "0 24 12 0 AM"),
        ("xxxx-ww YYYY", "2026-53 2027"),
        ("z Z ZZ ZZZ", "CET +0100 +01:00 Europe/Paris"),
    ],
)
def test_midnight_and_zones(pattern: str, path: str) -> None:
    assert PathFormat(pattern)(MIDNIGHT) == path


def test_offsets_west_of_greenwich() -> None:
    moment = NOON.replace(tzinfo=timezone(-timedelta(hours=3, minutes=30)))
    assert PathFormat("Z/ZZ")(moment) == "-0330/-03:30"


@pytest.mark.parametrize(
    ("pattern", "why"),
    [
        ("'year=YYYY", "Expected a closing quote"),
        ("year=YYYY", "Expected Joda's letters, and quotes around other text; r is none"),
        ("uuuu", "Expected Joda's letters, and quotes around other text; u is none"),
        ("YYYY//MM", "Expected folders divided by single slashes"),
        ("YYYY/../MM", "Expected folders divided by single slashes"),
        ("YYYY/'.'/MM", "Expected folders divided by single slashes"),
        ("/", "Expected folders divided by single slashes"),
        ("YYYY\\MM", "Expected no control characters and no backslashes"),
        ("YYYY'\n'", "Expected no control characters and no backslashes"),
    ],
)
def test_what_is_no_pattern(pattern: str, why: str) -> None:
    with pytest.raises(ValueError) as raised:
        PathFormat(pattern)
    assert str(raised.value) == why


@pytest.mark.parametrize(
    ("pattern", "has"), [("YYYY/MM", False), ("'MMMM'MM", False), ("MMM", True), ("EEE", True)]
)
def test_names_of_months_and_days_are_noticed(pattern: str, has: bool) -> None:
    assert PathFormat(pattern).has_names is has


@settings(deadline=None)
@given(st.text("yMdH'/=.-" + string.ascii_letters, max_size=12), st.datetimes())
def test_whatever_is_accepted_gives_folders(pattern: str, moment: datetime) -> None:
    try:
        path_format = PathFormat(pattern)
    except ValueError:
        return
    path = path_format(moment.replace(tzinfo=UTC))
    assert not {"", ".", ".."} & set(path.split("/"))


@settings(deadline=None)
@given(st.text(st.characters(exclude_characters="/\\", min_codepoint=32), min_size=1))
def test_quoted_text_is_itself(text: str) -> None:
    quoted = text.replace("'", "''")
    if text.strip("/") not in {".", ".."}:
        assert PathFormat(f"'{quoted}'")(NOON) == text
