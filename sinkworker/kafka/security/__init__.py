"""The security of the connection to Kafka: the Java client's settings → what kafka-python takes.

Owns TLS, logins, stores of keys and certificates, and why a setting among them cannot be honoured.
Must not know clients or where the settings were written. No secret is in a repr or a message.
"""

from sinkworker.kafka.security.problems import RefusedError, SettingError
from sinkworker.kafka.security.reading import FIXED, KNOWN, read_security, why_refused
from sinkworker.kafka.security.settings import Security
from sinkworker.kafka.security.tls import Tls

__all__ = [
    "FIXED",
    "KNOWN",
    "RefusedError",
    "Security",
    "SettingError",
    "Tls",
    "read_security",
    "why_refused",
]
