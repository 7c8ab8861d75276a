"""Why a broker does not let us in, in a sentence.

Owns what the errors of sockets, TLS and SASL mean: which broker, what is wrong, what to do. Must not
know when connections are made.
"""

from __future__ import annotations

import re
import ssl
from typing import NamedTuple

from kafka import errors

from sinkworker.api import ConnectError, RetriableError
from sinkworker.kafka.security import RefusedError, Security, SettingError
from sinkworker.kafka.security.alerts import of_alert, without_tls

# X509_V_ERR_…, as in OpenSSL's x509_vfy.h.
NOT_YET_VALID, EXPIRED, WRONG_HOST, WRONG_ADDRESS = 9, 10, 62, 64
UNKNOWN_AUTHORITY = (2, 18, 19, 20, 21)

HUNG_UP = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionResetError)

_FRAME = re.compile(r"Invalid frame length: (\d+)")
_TLS_ALERT = 0x1503  # the first bytes of one, where a length was expected


class Refusal(NamedTuple):
    """is_certain: the broker, or our check of it, said so. Otherwise it is what most likely made the
    broker hang up, and a broker that is starting or stopping may look the same."""

    sentence: str
    is_certain: bool = True

    def error(self) -> ConnectError:
        return RefusedError(self.sentence) if self.is_certain else RetriableError(self.sentence)


def explained(
    error: BaseException, broker: str, security: Security, *, knew_us: bool
) -> Refusal | None:
    """Why a connection to this address ended, if it was for reasons of security.

    knew_us: whether the broker had accepted the connection.
    """
    why = cause(error)
    told = _by_login(why, security) or (None if knew_us else _by_tls(why, security))
    if told is not None:
        return Refusal(f"Kafka broker {broker} {told}")
    guessed = _guessed(why, security, knew_us=knew_us)
    return Refusal(f"Kafka broker {broker} {guessed}", is_certain=False) if guessed else None


def cause(error: BaseException) -> BaseException:
    """kafka-python wraps what happened, in one way or another."""
    inner = error.__cause__ or next((a for a in error.args if isinstance(a, BaseException)), None)
    return cause(inner) if inner is not None else error


def _by_login(error: BaseException, security: Security) -> str | None:
    if isinstance(error, errors.SaslAuthenticationFailedError):
        said = str(error).rpartition("SaslAuthenticationFailedError: ")[2]
        return f"refuses the user or the password ({said}): check sasl.jaas.config"
    if isinstance(error, errors.UnsupportedSaslMechanismError):
        mechanism = security.login.mechanism if security.login else ""
        return f"does not offer {mechanism} on this port: check sasl.mechanism"
    if isinstance(error, errors.IllegalSaslStateError):
        other = security.protocol.replace("SASL_", "")
        return f"asks for no login on this port: set security.protocol={other}, or use another port"
    return None


def _by_tls(error: BaseException, security: Security) -> str | None:
    if isinstance(error, ssl.SSLCertVerificationError):
        return _of_their_certificate(error)
    if isinstance(error, ssl.SSLError):
        return of_alert(error.reason or "", security)
    frame = _FRAME.search(str(error))
    if frame and int(frame[1]) >> 16 == _TLS_ALERT:
        secure = "SASL_SSL" if security.login else "SSL"
        return f"speaks TLS on this port: set security.protocol={secure}, or use another port"
    return None


def _of_their_certificate(error: ssl.SSLCertVerificationError) -> str:
    code = error.verify_code
    if code == EXPIRED:
        return "has a certificate that has expired: renew it, or an expired one that has signed it"
    if code == NOT_YET_VALID:
        return "has a certificate that is not valid yet: check the clocks of both machines"
    if code in (WRONG_HOST, WRONG_ADDRESS):
        return (
            "has a certificate for other hosts: connect by a name that it holds, or set "
            "ssl.endpoint.identification.algorithm= to accept any"
        )
    if code in UNKNOWN_AUTHORITY:
        return (
            "has a certificate of an unknown authority: add that authority's to "
            "ssl.truststore.location"
        )
    return f"has a certificate that cannot be trusted: {error.verify_message}"


def _guessed(error: BaseException, security: Security, *, knew_us: bool) -> str | None:
    if isinstance(error, SettingError):  # the store could be read when the worker started
        return f"is not asked: {error}"
    if security.tls is not None and not knew_us and isinstance(error, HUNG_UP):
        return (
            "hung up when TLS began: it is starting or stopping, or the port has no TLS "
            f"({without_tls(security)})"
        )
    if isinstance(error, ssl.SSLError):
        return f"broke off TLS: {(error.reason or str(error)).lower().replace('_', ' ')}"
    if knew_us and security.login is None and "socket disconnected" in str(error):
        return (
            "hung up at the first request: it is stopping, or the port asks for a login "
            f"(security.protocol=SASL_{security.protocol})"
        )
    return None
