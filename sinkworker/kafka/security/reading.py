"""The Java client's settings of security, read as a whole.

Owns which there are, which belong together, and why another is refused.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import partial

from sinkworker.api import ConfigProblem
from sinkworker.kafka.security.jaas import parse_jaas
from sinkworker.kafka.security.problems import Problems, SettingError, one_of
from sinkworker.kafka.security.settings import Login, Security
from sinkworker.kafka.security.tls import Tls

PROTOCOLS = ("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
STORE_TYPES = ("PEM", "PKCS12", "JKS")
PROTOCOL, MECHANISM, JAAS = "security.protocol", "sasl.mechanism", "sasl.jaas.config"
MAY_BE_EMPTY = ("ssl.endpoint.identification.algorithm",)

_MODULES = "org.apache.kafka.common.security."
PLAIN_MODULE = f"{_MODULES}plain.PlainLoginModule"
SCRAM_MODULE = f"{_MODULES}scram.ScramLoginModule"
MODULES = {
    "PLAIN": PLAIN_MODULE,
    "SCRAM-SHA-256": SCRAM_MODULE,
    "SCRAM-SHA-512": SCRAM_MODULE,
}

HONOURED = frozenset({
    PROTOCOL, MECHANISM, JAAS,
    "ssl.cipher.suites", "ssl.enabled.protocols", "ssl.endpoint.identification.algorithm",
    "ssl.key.password", "ssl.keystore.certificate.chain", "ssl.keystore.key",
    "ssl.keystore.location", "ssl.keystore.password", "ssl.keystore.type",
    "ssl.truststore.certificates", "ssl.truststore.location", "ssl.truststore.password",
    "ssl.truststore.type",
})  # fmt: skip

NO_JAVA = "it names a Java class"
ONLY_JAVA = "only Java has this choice"
NO_KERBEROS = "Kerberos needs libraries that kafka-python does not bring"
NO_OAUTH = "kafka-python fetches no tokens for OAUTHBEARER"
NOT_SUPPORTED = {"GSSAPI": NO_KERBEROS, "OAUTHBEARER": NO_OAUTH}

# Settings, or what they begin with, and why they cannot be set. The first that fits counts.
REFUSED: Mapping[str, str] = {
    "sasl.client.callback.handler.class": NO_JAVA,
    "sasl.kerberos.": NO_KERBEROS,
    "sasl.login.callback.handler.class": NO_JAVA,
    "sasl.login.class": NO_JAVA,
    "sasl.login.": NO_OAUTH,
    "sasl.oauthbearer.": NO_OAUTH,
    "ssl.engine.factory.class": NO_JAVA,
    "ssl.provider": ONLY_JAVA,
    "ssl.secure.random.implementation": ONLY_JAVA,
}
FIXED: Mapping[str, tuple[str, str]] = {
    "ssl.keymanager.algorithm": ("SunX509", ONLY_JAVA),
    "ssl.trustmanager.algorithm": ("PKIX", ONLY_JAVA),
}
IDLE: Mapping[str, str] = {"ssl.protocol": "ssl.enabled.protocols says what is offered"}
IN_THE_CLEAR = "is SASL_PLAINTEXT: it sends the password unencrypted; SASL_SSL encrypts it"
KNOWN = frozenset({*HONOURED, *IDLE})


def why_refused(key: str) -> str | None:
    """Why one of these settings cannot be set; None when it is none of them."""
    reasons = [why for begin, why in REFUSED.items() if key == begin or _is_below(key, begin)]
    return reasons[0] if reasons else None


def _is_below(key: str, prefix: str) -> bool:
    return prefix.endswith(".") and key.startswith(prefix)


def read_security(
    settings: Mapping[str, str], unread: frozenset[str] = frozenset()
) -> tuple[Security, Problems]:
    """unread: keys that were given, and whose values are not known."""
    given = {key: text for key, text in settings.items() if text or key in MAY_BE_EMPTY}
    problems = Problems()
    protocol = problems.collect(
        lambda: one_of(PROTOCOL, given.get(PROTOCOL, PROTOCOLS[0]).upper(), PROTOCOLS)
    )
    if protocol is None or PROTOCOL in unread:
        return Security(), problems
    _tell_idle(given, protocol, problems)
    unread_kinds = {key.partition(".")[0] for key in unread}
    login = tls = None
    if "SASL" in protocol and "sasl" not in unread_kinds:
        login = problems.collect(lambda: _login(given))
    if "SSL" in protocol and "ssl" not in unread_kinds:
        tls = _tls(given, problems)
    if login is not None and tls is None and login.mechanism == "PLAIN":
        problems.odd.append(ConfigProblem(PROTOCOL, IN_THE_CLEAR))
    return Security(protocol, login, tls), problems


def _tell_idle(given: Mapping[str, str], protocol: str, problems: Problems) -> None:
    for key in given:
        kind = key.partition(".")[0].upper()
        why = IDLE.get(key)
        if why is None and kind in ("SASL", "SSL") and kind not in protocol:
            why = f"{PROTOCOL} is {protocol}"
        if why is not None:
            problems.odd.append(ConfigProblem(key, f"has no effect: {why}"))


def _tls(given: Mapping[str, str], problems: Problems) -> Tls:
    for key in ("ssl.keystore.type", "ssl.truststore.type"):
        form = given.get(key, "PEM").upper()
        problems.collect(partial(one_of, key, form, STORE_TYPES))
    tls = Tls(given)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    for apply in tls.parts():
        problems.collect(partial(apply, context))
    return tls


def _login(given: Mapping[str, str]) -> Login:
    if MECHANISM not in given:
        raise SettingError(PROTOCOL, f"It needs {MECHANISM}: {', '.join(MODULES)}")
    mechanism = given[MECHANISM]
    if mechanism in NOT_SUPPORTED:
        raise SettingError(MECHANISM, f"{NOT_SUPPORTED[mechanism]}; known are {', '.join(MODULES)}")
    one_of(MECHANISM, mechanism, tuple(MODULES))
    if JAAS not in given:
        raise SettingError(PROTOCOL, f"It needs {JAAS}: {MODULES[mechanism]} required …;")
    options = _options(mechanism, given[JAAS])
    return Login(mechanism, options["username"], options["password"])


def _options(mechanism: str, text: str) -> Mapping[str, str]:
    try:
        module = parse_jaas(text)
    except ValueError as error:
        raise SettingError(JAAS, str(error)) from None
    if module.name != MODULES[mechanism]:
        needed = f"{MECHANISM}={mechanism} needs the login module {MODULES[mechanism]}"
        raise SettingError(JAAS, needed)
    for option in ("username", "password"):
        if not module.options.get(option):
            raise SettingError(JAAS, f'It has no {option}="…"')
    if module.options.get("tokenauth", "").lower() == "true":
        raise SettingError(JAAS, "kafka-python does not know delegation tokens (tokenauth)")
    return module.options
