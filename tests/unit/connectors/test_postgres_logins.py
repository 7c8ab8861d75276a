"""Logins: which refusals are for good, what is said to do about them, and what is waited for."""

from __future__ import annotations

import psycopg
import pytest

from connectors.postgres.failures import Kind, kind_of, translated
from connectors.postgres.logins import refusal
from sinkworker.api import ConnectError

AT = 'connection to server at "10.0.0.1", port 5432 failed: '

# What to do, and the words of libpq and the server of which that is said.
REFUSALS = {
    "Check connection.user and connection.password": """
        FATAL: password authentication failed for user "ann"
        FATAL: LDAP authentication failed for user "ann"
        FATAL: role "ann" does not exist
        FATAL: role "ann" is not permitted to log in
        fe_sendauth: no password supplied
    """,
    "Create the database, or check connection.url": """
        FATAL: database "factory" does not exist
        FATAL: cannot connect to invalid database "factory"
    """,
    "GRANT CONNECT ON that DATABASE TO the role": """
        FATAL: permission denied for database "factory" DETAIL: User does not have CONNECT privilege
    """,
    "Let the role in by the server's pg_hba.conf, or change sslmode, the role or the host": """
        FATAL: no pg_hba.conf entry for host "10.0.0.1", user "ann", database "factory", no encryption
        FATAL: pg_hba.conf rejects connection for host "10.0.0.1", user "ann", database "factory"
    """,
    "Write the host in connection.url as it is in the server's certificate": """
        server certificate for "db" does not match host name "10.0.0.1"
        server certificate for "db" (and 2 other names) does not match host name "10.0.0.1"
        host name must be specified for a verified SSL connection
    """,
    "Set sslrootcert in connection.url to the certificate of the authority that signed the server's; "
    "neither may have expired": """
        SSL error: certificate verify failed: self-signed certificate in certificate chain
        root certificate file "/etc/ca.pem" does not exist
        could not read root certificate file "/etc/ca.pem": no certificate or crl found
        could not load system root certificate paths: x
    """,
    "Check sslcert and sslkey in connection.url": """
        could not open certificate file "/etc/sink.pem": Permission denied
        could not read certificate file "/etc/sink.pem": no start line
        certificate present, but not private key file "/etc/sink.key"
        private key file "/etc/sink.key" has group or world access
        could not load private key file "/etc/sink.key": bad decrypt
        certificate does not match private key file "/etc/sink.key": key values mismatch
        FATAL: connection requires a valid client certificate
        SSL error: tlsv1 alert unknown ca
        SSL error: ssl/tls alert bad certificate
        SSL error: tlsv13 alert certificate required
        SSL error: sslv3 alert handshake failure
    """,
    "The server and the parameters of connection.url contradict each other: change one": """
        server does not support SSL, but SSL was required
        server doesn't support GSSAPI encryption, but it was required
        channel binding required, but SSL not in use
        channel binding is required, but server did not offer an authentication method for it
        authentication method requirement "scram-sha-256" failed: server requested md5
        none of the server's SASL authentication mechanisms are supported
        requirepeer specifies "ann", but actual peer user name is "postgres"
        server only supports protocol version 3.0, but "min_protocol_version" was set to 3.2
        server accepted connection without a valid SSL certificate
        SSL error: tlsv1 alert protocol version
    """,
    "Correct that parameter of connection.url": """
        invalid integer value "x" for connection option "keepalives"
        FATAL: unrecognized configuration parameter "plant"
        FATAL: invalid value for parameter "work_mem": "x"
        FATAL: permission denied to set parameter "log_statement"
        FATAL: parameter "shared_buffers" cannot be changed without restarting the server
        FATAL: invalid command-line argument for server process: --x
        could not match 2 port numbers to 1 hosts
    """,
}

OUTAGES = """
Connection refused Is the server running on that host and accepting TCP/IP connections?
server closed the connection unexpectedly
FATAL: the database system is starting up
FATAL: the database system is shutting down
FATAL: sorry, too many clients already
FATAL: too many connections for role "ann"
FATAL: remaining connection slots are reserved for roles with the SUPERUSER attribute
FATAL: database "factory" is not currently accepting connections
session is read-only
timeout expired
could not translate host name "db" to address: Temporary failure in name resolution
SSL error: unexpected eof while reading
SSL SYSCALL error: EOF detected
consuming input failed: SSL connection has been closed unexpectedly
""".strip().splitlines()

SAYINGS = [
    (line.strip(), advice) for advice, words in REFUSALS.items() for line in words.split("\n")
    if line.strip()
]  # fmt: skip


@pytest.mark.parametrize(("words", "advice"), SAYINGS)
def test_a_refused_login_is_for_good_and_says_what_to_do(words: str, advice: str) -> None:
    error = psycopg.OperationalError(f"connection failed: {AT}{words}")
    assert kind_of(error) is Kind.FATAL
    told = translated(error, "connecting")
    assert (type(told), str(told)) == (
        ConnectError, f"Postgres, connecting: connection failed: {AT}{words}. {advice}."
    )  # fmt: skip


@pytest.mark.parametrize("words", OUTAGES)
@pytest.mark.parametrize("before", ["", f"connection failed: {AT}", f"connection is bad: {AT}"])
def test_everything_else_is_an_outage(before: str, words: str) -> None:
    assert kind_of(psycopg.OperationalError(before + words)) is Kind.RETRIABLE


@pytest.mark.parametrize(
    "words",
    [
        'could not translate host name "db" to address: Temporary failure in name resolution',
        "out of memory",
        "no error details available",
        'connection to server on socket "/run/.s.PGSQL.5432" failed: No such file or directory',
    ],
)
def test_what_fails_before_a_server_was_named_may_be_an_outage(words: str) -> None:
    assert refusal(f"connection is bad: {words}") is None


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (('root certificate file "ca.pem" does not exist', "Either provide the file, or not."),
         'root certificate file "ca.pem" does not exist. Either provide the file, or not'),
        (('FATAL: no pg_hba.conf entry for user "ann", SSL encryption',
          f'{AT}FATAL: no pg_hba.conf entry for user "ann", no encryption'),
         'FATAL: no pg_hba.conf entry for user "ann", SSL encryption. '
         f'{AT}FATAL: no pg_hba.conf entry for user "ann", no encryption'),
        (('FATAL: role "ann" does not exist', f'{AT}FATAL: role "ann" does not exist'),
         'FATAL: role "ann" does not exist'),
    ],
)  # fmt: skip
def test_several_lines_are_told_as_sentences_and_none_twice(
    lines: tuple[str, ...], told: str
) -> None:
    refused = refusal(AT + "\n\t".join(lines))
    assert refused is not None
    assert refused.startswith(f"{AT}{told}. ")


@pytest.mark.parametrize(
    "parameters",
    [
        "sslmode=sometimes", "channel_binding=maybe", "gssencmode=maybe", "sslnegotiation=maybe",
        "target_session_attrs=any-other", "load_balance_hosts=yes", "require_auth=magic",
        "require_auth=md5,!none", "sslcertmode=maybe", "ssl_min_protocol_version=1",
        "ssl_min_protocol_version=TLSv1.3&ssl_max_protocol_version=TLSv1.2",
        "max_protocol_version=2", "sslnegotiation=direct", "hostaddr=nowhere", "port=seven",
        "port=70000", "port=1,2", "service=nowhere", "connect_timeout=soon", "keepalives=x",
        "keepalives_idle=x", "keepalives_interval=x", "keepalives_count=x", "tcp_user_timeout=x",
        "scram_client_key=x", "host=/" + "x" * 110,
    ],
)  # fmt: skip
def test_a_parameter_that_libpq_refuses_is_refused_for_good(parameters: str) -> None:
    """Nobody listens at port 1: libpq says so before it has gone there, or just after."""
    place = "127.0.0.1" if "host" not in parameters else ""
    with pytest.raises(psycopg.Error) as refused:
        psycopg.connect(f"postgresql://{place}:1/factory?{parameters}")
    assert kind_of(refused.value) is Kind.FATAL
    assert str(translated(refused.value, "connecting")).endswith(
        ". Correct that parameter of connection.url."
    )


def test_of_several_attempts_the_refused_one_is_told() -> None:
    """psycopg tries every address of a name: here ::1 first, where nobody listens."""
    refused = 'connection to server at "::1", port 1 failed: FATAL: role "ann" does not exist'
    gone = (
        'connection to server at "127.0.0.1", port 1 failed: Connection refused\n\tIs it running?'
    )
    failures = "Multiple connection attempts failed. All failures were:"
    first = f"- host: 'localhost', port: '1', hostaddr: '::1': connection failed: {refused}"
    second = f"- host: 'localhost', port: '1', hostaddr: '127.0.0.1': connection failed: {gone}"
    advice = "Check connection.user and connection.password."
    for last in (refused, gone):
        text = f"connection failed: {last}\n{failures}\n{first}\n{second}"
        assert refusal(text) == f"connection failed: {refused}. {advice}"
