"""Logins that waiting does not mend.

Owns the words with which libpq and the server refuse one, and what to do about each. libpq does not
pass on the SQLSTATE of a refused login, so the words decide; what they do not know is waited for.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# libpq checks its parameters before it names a server.
BEFORE_ANY_SERVER = (
    r"connection is bad: (?!connection to server|could not translate|out of memory|no error)"
)

# The first that matches counts.
ADVICE: Sequence[tuple[re.Pattern[str], str]] = [
    (re.compile(words), advice)
    for words, advice in (
        (
            r"pg_hba\.conf",
            "Let the role in by the server's pg_hba.conf, or change sslmode, the role or the host",
        ),
        (r"permission denied for database", "GRANT CONNECT ON that DATABASE TO the role"),
        (
            r'authentication failed|no password supplied|role ".*" does not exist|'
            r"is not permitted to log in",
            "Check connection.user and connection.password",
        ),
        (
            r'database ".*" does not exist|cannot connect to invalid database',
            "Create the database, or check connection.url",
        ),
        (
            r"does not match host name|host name must be specified",
            "Write the host in connection.url as it is in the server's certificate",
        ),
        (
            r"certificate verify failed|root certificate",
            "Set sslrootcert in connection.url to the certificate of the authority that signed the "
            "server's; neither may have expired",
        ),
        (
            r"certificate file|private key file|private SSL key|valid client certificate|"
            r"alert (unknown ca|bad certificate|certificate \w+|handshake failure)",
            "Check sslcert and sslkey in connection.url",
        ),
        (
            r"does not support SSL|GSSAPI encryption|channel binding (is )?required|"
            r"authentication method|SASL authentication mechanisms|requirepeer specifies|"
            r"valid SSL certificate|did not request an SSL certificate|"
            r"server only supports protocol version|alert protocol version|unsupported protocol",
            "The server and the parameters of connection.url contradict each other: change one",
        ),
        (
            BEFORE_ANY_SERVER + r"|invalid integer value|could not match|bad value for|"
            r"unrecognized configuration parameter|invalid value for parameter|"
            r"permission denied to set parameter|parameter .* cannot be |"
            r"invalid command-line argument",
            "Correct that parameter of connection.url",
        ),
    )
]
# psycopg tries every address of every host, and tells the last failure first, then all.
ATTEMPT = re.compile(r"\nMultiple connection attempts failed.*|\n- host: .*?, hostaddr: .*?: ")


def refusal(text: str) -> str | None:
    """Why a login is refused for good, and what to do; None when it may succeed later."""
    for attempt in ATTEMPT.split(text):
        for words, advice in ADVICE:
            if words.search(attempt):
                return ". ".join([*_lines(attempt), advice]) + "."
    return None


def _lines(attempt: str) -> list[str]:
    """libpq may have tried with and without encryption, and then says the same twice."""
    lines = [" ".join(line.split()).rstrip(".") for line in attempt.splitlines()]
    return [line for at, line in enumerate(lines) if not any(line in said for said in lines[:at])]
