"""Connection addresses: libpq's own URLs, and those of the JDBC driver.

Owns how an address becomes libpq's keywords. Its errors never show pieces of an address, which may
hold a password.
"""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit, urlunsplit

from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

# What the JDBC driver calls differently, and what it has that means nothing here.
JDBC_NAMES = {
    "ApplicationName": "application_name",
    "connectTimeout": "connect_timeout",
    "currentSchema": "options",
    "loginTimeout": "connect_timeout",
}
JDBC_ONLY = frozenset(
    {"loggerLevel", "prepareThreshold", "reWriteBatchedInserts", "socketTimeout", "stringtype",
     "tcpKeepAlive", "targetServerType", "binaryTransfer", "defaultRowFetchSize"}
)  # fmt: skip


def connection_arguments(url: str) -> dict[str, str]:
    """libpq's keywords. ValueError with a sentence when the address cannot be read."""
    if url.startswith("jdbc:"):
        try:
            url = _without_jdbc(url.removeprefix("jdbc:"))
        except ValueError:  # urllib's words show the address
            raise ValueError("Not an address that libpq can read") from None
    if not url.startswith(("postgresql://", "postgres://")):
        raise ValueError("Expected postgresql://… or jdbc:postgresql://…")
    try:
        return {key: str(value) for key, value in conninfo_to_dict(url).items()}
    except ProgrammingError:
        raise ValueError("Not an address that libpq can read") from None


def _without_jdbc(url: str) -> str:
    parts = urlsplit(url)
    query = []
    for key, value in parse_qsl(parts.query, keep_blank_values=True):
        if key == "currentSchema":
            query.append(f"options=-csearch_path%3D{value}")
        elif key == "ssl":
            query.append("sslmode=" + ("verify-full" if value != "false" else "disable"))
        elif key not in JDBC_ONLY:
            query.append(f"{JDBC_NAMES.get(key, key)}={value}")
    return urlunsplit((*parts[:3], "&".join(query), ""))
