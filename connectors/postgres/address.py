"""Connection addresses: libpq's own URLs, and those of the JDBC driver.

Owns how an address becomes libpq's keywords. Its errors never show a value of an address, and no
piece of a password that was not encoded.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from urllib.parse import parse_qsl, quote

from psycopg import ProgrammingError, pq
from psycopg.conninfo import conninfo_to_dict

LIBPQ = frozenset(option.keyword.decode() for option in pq.Conninfo.get_defaults()) | {"ssl"}
# What the JDBC driver calls differently.
JDBC_NAMES = {
    "ApplicationName": "application_name",
    "channelBinding": "channel_binding",
    "connectTimeout": "connect_timeout",
    "gssEncMode": "gssencmode",
    "kerberosServerName": "krbsrvname",
    "loginTimeout": "connect_timeout",
    "requireAuth": "require_auth",
    "sslNegotiation": "sslnegotiation",
}
# What it has that means nothing here: how it fetches, caches, logs and rewrites. Socket factories are
# not among them: without its own the server would not be reached, or not be verified as was meant.
JDBC_ONLY = frozenset(
    {"adaptiveFetch", "adaptiveFetchMaximum", "adaptiveFetchMinimum", "allowEncodingChanges",
     "assumeMinServerVersion", "autosave", "binaryTransfer", "binaryTransferDisable",
     "binaryTransferEnable", "cancelSignalTimeout", "cleanupSavepoints",
     "databaseMetadataCacheFields", "databaseMetadataCacheFieldsMiB", "defaultRowFetchSize",
     "disableColumnSanitiser", "escapeSyntaxCallMode", "groupStartupParameters",
     "gssResponseTimeout", "hideUnprivilegedObjects", "hostRecheckSeconds", "loadBalanceHosts",
     "logServerErrorDetail", "logUnclosedConnections", "loggerFile", "loggerLevel",
     "maxResultBuffer", "preferQueryMode", "prepareThreshold", "preparedStatementCacheQueries",
     "preparedStatementCacheSizeMiB", "protocolVersion", "quoteReturningIdentifiers",
     "reWriteBatchedInserts", "readOnlyMode", "receiveBufferSize", "sendBufferSize",
     "socketTimeout", "sslResponseTimeout", "stringtype", "targetServerType", "tcpKeepAlive",
     "tcpNoDelay", "unknownLength"}
)  # fmt: skip
JDBC = LIBPQ | JDBC_NAMES.keys() | JDBC_ONLY | {"currentSchema"}

ENCODING = "Characters such as @ : / ? # % & in a user or password are percent-encoded: %40 for @"
UNREADABLE = f"Not an address that libpq can read. {ENCODING}"


def connection_arguments(url: str) -> dict[str, str]:
    """libpq's keywords. ValueError with a sentence when the address cannot be read."""
    is_jdbc = url.startswith("jdbc:")
    url = url.removeprefix("jdbc:")
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("Expected postgresql://… or jdbc:postgresql://…")
    place, _, query = url.partition("?")
    try:
        readable = f"{place}?{_without_jdbc(query)}" if is_jdbc else url
        arguments = {key: str(value) for key, value in conninfo_to_dict(readable).items()}
    except (ProgrammingError, UnicodeError):  # their words show the address
        raise ValueError(_why_unreadable(query, JDBC if is_jdbc else LIBPQ)) from None
    _check_place(place, arguments)
    return arguments


def _why_unreadable(query: str, known: Collection[str]) -> str:
    for part in query.split("&"):
        name, is_pair, value = part.partition("=")
        # What does not look like a parameter may be the rest of a password.
        if is_pair and name.isidentifier() and name not in known and "@" not in value:
            return f"This sink knows no parameter {name} of an address"
    return UNREADABLE


def _check_place(place: str, arguments: Mapping[str, str]) -> None:
    """A password with a bare @ or / would make its rest a host or a port, which errors show."""
    database = place.partition("://")[2].partition("/")[2]
    if "@" in arguments.get("host", "") or "@" in database:
        raise ValueError(UNREADABLE)
    for port in filter(None, arguments.get("port", "").split(",")):
        if not port.isdecimal() or not 0 < int(port) < 2**16:
            raise ValueError(f"Its port is not a number from 1 to 65535. {ENCODING}")


def _without_jdbc(query: str) -> str:
    said: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True, errors="strict"):
        if name == "currentSchema":
            _add_option(said, f"-csearch_path={_escaped(value)}")
        elif name == "options":
            _add_option(said, value)
        elif name == "ssl":
            if value.lower() != "false":
                said.setdefault("sslmode", "verify-full")
        elif name not in JDBC_ONLY:
            said[JDBC_NAMES.get(name, name)] = value
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in said.items())


def _add_option(said: dict[str, str], option: str) -> None:
    said["options"] = f"{said.get('options', '')} {option}".strip()


def _escaped(value: str) -> str:
    """As the server reads its command line: a space would begin the next option."""
    return value.replace("\\", "\\\\").replace(" ", "\\ ")
