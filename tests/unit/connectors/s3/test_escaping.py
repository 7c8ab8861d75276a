"""A field's value is one segment of a path, whatever it is."""

from __future__ import annotations

from urllib.parse import unquote

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from connectors.s3.escaping import LONGEST, NO_VALUE, escaped

TEXT = st.text(alphabet=st.characters(exclude_categories=()), max_size=400) | st.text("./%\0=~")


@pytest.mark.parametrize(
    ("text", "segment"),
    [
        ("plain-1_2.3 x", "plain-1_2.3 x"),
        ("", NO_VALUE),
        (NO_VALUE, f"%5F{NO_VALUE[1:]}"),
        (".", "%2E"),
        ("..", "%2E."),
        ("../../etc", "..%2F..%2Fetc"),
        ("a/b", "a%2Fb"),
        ("100%", "100%25"),
        ("a=b", "a%3Db"),
        ("nul\0", "nul%00"),
        ("line\nend", "line%0Aend"),
        ("back\\slash", "back%5Cslash"),
        ("Größe 東京", "Größe 東京"),
        ("\ud800", "%ED%A0%80"),
        ("\uffff", "%EF%BF%BF"),
    ],
)
def test_segment(text: str, segment: str) -> None:
    assert escaped(text) == segment


@settings(deadline=None)
@given(TEXT)
def test_every_text_is_a_harmless_segment(text: str) -> None:
    segment = escaped(text)
    assert 0 < len(segment.encode()) <= LONGEST
    assert segment not in {".", ".."}
    assert not set(segment) & set('/\\"\0\n\r\x7f')
    assert segment.isprintable() or not segment.isascii()


@settings(deadline=None)
@given(TEXT)
def test_a_short_one_can_be_read_back(text: str) -> None:
    segment = escaped(text)
    assume(text)
    assume("~" not in segment or len(segment) < 100)
    if len(text.encode("utf-8", "surrogatepass")) * 3 <= LONGEST:
        assert unquote(segment, errors="surrogatepass") == text


@settings(deadline=None)
@given(TEXT, TEXT)
def test_different_texts_are_different_segments(one: str, other: str) -> None:
    assume(one != other)
    assert escaped(one) != escaped(other)


def test_long_texts_that_begin_alike_stay_apart() -> None:
    one, other = "x" * 5000 + "1", "x" * 5000 + "2"
    assert escaped(one) != escaped(other)
    assert escaped(one).startswith("x" * 100)
    assert len(escaped("東" * 5000).encode()) <= LONGEST
    assert len(escaped("/" * 5000)) <= LONGEST
