"""gzip by zlib-ng, and by zlib where that is not installed: any reader reads both."""

from __future__ import annotations

import gzip
import shutil
import subprocess
import sys
import zlib

import orjson
import pytest
from zlib_ng import zlib_ng

from connectors.s3.compression import GZIP_LEVELS, compression
from tests.factory.alerts import alert

LINES = [
    b"".join(orjson.dumps(alert(n), option=orjson.OPT_APPEND_NEWLINE) for n in range(at, at + 500))
    for at in range(0, 3_000, 500)
]
WITHOUT_TIME = b"\x1f\x8b\x08" + bytes(5)

levels = pytest.mark.parametrize("level", GZIP_LEVELS)


@pytest.fixture(params=["zlib-ng", "zlib"])
def library(request: pytest.FixtureRequest) -> str:
    if request.param == "zlib":
        request.getfixturevalue("without_zlib_ng")
    return str(request.param)


@pytest.fixture
def without_zlib_ng(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zlib_ng", None)


def compressed(level: int) -> bytes:
    compressor = compression("gzip", level).start()
    return b"".join(compressor.compress(LINES)) + compressor.flush()


def by_zlib(level: int) -> bytes:
    stream = zlib.compressobj(level, zlib.DEFLATED, 31)
    return b"".join(map(stream.compress, LINES)) + stream.flush()


@levels
def test_python_reads_what_is_compressed(library: str, level: int) -> None:
    assert gzip.decompress(compressed(level)) == b"".join(LINES)


@pytest.mark.skipif(shutil.which("gzip") is None, reason="the gzip command is not there")
@levels
def test_the_gzip_command_reads_what_is_compressed(library: str, level: int) -> None:
    found = subprocess.run(
        ["gzip", "-dc"], input=compressed(level), capture_output=True, check=True
    )
    assert (found.stdout, found.stderr) == (b"".join(LINES), b"")


@levels
def test_the_same_lines_are_the_same_bytes_at_any_time(library: str, level: int) -> None:
    content = compressed(level)
    assert content == compressed(level)
    assert content.startswith(WITHOUT_TIME)


@levels
def test_without_zlib_ng_the_bytes_are_those_of_zlib(without_zlib_ng: None, level: int) -> None:
    assert compressed(level) == by_zlib(level)


@pytest.mark.parametrize(("level", "own"), [(-1, 5), (1, 2), (6, 6), (9, 9)])
def test_zlib_ng_has_levels_of_its_own_for_those_of_zlib(level: int, own: int) -> None:
    stream = zlib_ng.compressobj(own, zlib.DEFLATED, 31)
    assert compressed(level) == b"".join(map(stream.compress, LINES)) + stream.flush()


@levels
def test_zlib_ng_makes_files_about_as_large_as_zlib(level: int) -> None:
    assert len(compressed(level)) < 1.05 * len(by_zlib(level))
