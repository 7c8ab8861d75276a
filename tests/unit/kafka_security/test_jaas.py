"""`sasl.jaas.config` is read as the Java client reads it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinkworker.kafka.security.jaas import parse_jaas

PLAIN = "org.apache.kafka.common.security.plain.PlainLoginModule"

NO_FLAG = "Expected one of required, requisite, sufficient, optional behind the login module"
NOT_ENDED = "JAAS config entry not terminated by semi-colon"
ODD = 'Expected options as name="value", with blanks between them'
ALONE = "Only letters, digits and . _ - $ may stand outside quotes"
SEVERAL = "Expected one login module; a value that holds a ; must be in quotes"


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ('required username="u" password="p";', {"username": "u", "password": "p"}),
        ("required username='u' password='p';", {"username": "u", "password": "p"}),
        ("required username=u password=p;", {"username": "u", "password": "p"}),
        ('  REQUIRED\n username = "u"\n\tpassword="p" ;  ', {"username": "u", "password": "p"}),
        ("requisite;", {}),
        ('required password="a b;c=d//e/*f*/";', {"password": "a b;c=d//e/*f*/"}),
        ("""required password="it's";""", {"password": "it's"}),
        ("""required password='say "so"';""", {"password": 'say "so"'}),
        (r'required password="\"\\\n\t\x";', {"password": '"\\\n\tx'}),
        (r'required password="\101\0\7\377\400";', {"password": "A\0\7\xff 0"}),
        (r'required password="\8";', {"password": "8"}),
        ('required // a comment "\n password="p" /* and ; another */;', {"password": "p"}),
        ("required username=a.b-c_d$f password=1x;",
         {"username": "a.b-c_d$f", "password": "1x"}),
        ('required password="ü€";', {"password": "ü€"}),
        ('required password="first" password="last";', {"password": "last"}),
    ],
)  # fmt: skip
def test_a_login_module_has_options(text: str, options: dict[str, str]) -> None:
    assert parse_jaas(f"{PLAIN} {text}") == (PLAIN, options)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "Login module not specified in JAAS config"),
        ("  // nothing", "Login module not specified in JAAS config"),
        (PLAIN, NO_FLAG),
        (f"{PLAIN};", NO_FLAG),
        (f'{PLAIN} username="u";', NO_FLAG),
        (f"{PLAIN} required", NOT_ENDED),
        (f'{PLAIN} required password="p"', NOT_ENDED),
        (f'{PLAIN} required password="p;', ALONE),
        (f"{PLAIN} required password=it's;", ALONE),
        (f"{PLAIN} required password=a/b;", ALONE),
        (f'{PLAIN} required password="p\n";', ALONE),
        (f"{PLAIN} required password;", ODD),
        (f"{PLAIN} required password=;", ODD),
        (f"{PLAIN} required =p;", ODD),
        (f"{PLAIN} required username u;", ODD),
        (f'{PLAIN} required username="u",password="p";', ALONE),
        (f"{PLAIN} required password=p@ss;", ALONE),
        (f"{PLAIN} required; {PLAIN} required;", SEVERAL),
        (f"{PLAIN} required password=a;b;", SEVERAL),
    ],
)
def test_anything_else_is_told(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^{re.escape(why)}$"):
        parse_jaas(text)


@given(st.text(st.characters(exclude_characters="\n\r", codec="utf-8"), min_size=1))
def test_every_password_can_be_quoted(password: str) -> None:
    quoted = password.replace("\\", r"\\").replace('"', r"\"")
    module = parse_jaas(f'{PLAIN} required username="u" password="{quoted}";')
    assert module.options["password"] == password


@given(st.text())
def test_any_text_is_read_or_refused_with_a_sentence(text: str) -> None:
    try:
        assert parse_jaas(text).name
    except ValueError as error:
        assert str(error) in (
            NO_FLAG, NOT_ENDED, ODD, ALONE, SEVERAL, "Login module not specified in JAAS config",
        )  # fmt: skip


def test_it_never_shows_what_it_read() -> None:
    assert repr(parse_jaas(f'{PLAIN} required password="hunter2";')) == f"LoginModule({PLAIN})"
