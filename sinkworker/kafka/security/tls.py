"""TLS as the Java client's settings describe it → an `ssl.SSLContext`.

Owns whom to trust, and which settings belong together. Stores are read anew for each context, so that
a renewed certificate counts from the next connection on.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sinkworker.kafka.security.identity import KEY_PASSWORD, load_identity
from sinkworker.kafka.security.offers import PROTOCOLS_KEY, SUITES_KEY, offer
from sinkworker.kafka.security.problems import SettingError
from sinkworker.kafka.security.stores import CERTIFICATE, blocks, read_store

HOST_NAMES = "ssl.endpoint.identification.algorithm"
TRUST_LOCATION, TRUST_PEM = "ssl.truststore.location", "ssl.truststore.certificates"
TRUST_PASSWORD, STORE_PASSWORD = "ssl.truststore.password", "ssl.keystore.password"
KEY_LOCATION, KEY_PEM = "ssl.keystore.location", "ssl.keystore.key"
KEY_CHAIN = "ssl.keystore.certificate.chain"


@dataclass(frozen=True)
class Tls:
    """given: settings as the Java client spells them."""

    given: Mapping[str, str] = field(repr=False)

    @property
    def names_us(self) -> bool:
        """Whether a broker that asks gets a certificate of ours."""
        return KEY_LOCATION in self.given or KEY_PEM in self.given

    def context(self) -> ssl.SSLContext:
        """SettingError for the first part that cannot be honoured; `parts` tells of all."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        for apply in self.parts():
            apply(context)
        return context

    def parts(self) -> tuple[Callable[[ssl.SSLContext], None], ...]:
        """Each raises SettingError by itself, whatever becomes of the others."""
        return (self._check_names, self._offer, self._trust, self._identify)

    def _check_names(self, context: ssl.SSLContext) -> None:
        algorithm = self.given.get(HOST_NAMES, "https").lower()
        if algorithm not in ("https", ""):
            raise SettingError(HOST_NAMES, "Expected https, or nothing to accept any host name")
        context.check_hostname = algorithm == "https"

    def _offer(self, context: ssl.SSLContext) -> None:
        offer(context, self.given.get(PROTOCOLS_KEY, ""), self.given.get(SUITES_KEY, ""))

    def _trust(self, context: ssl.SSLContext) -> None:
        # As in Java: a certificate of the store is trusted, also one that another has signed.
        context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
        trusted = self.trusted()
        if trusted is None:
            context.load_default_certs()
            return
        try:
            context.load_verify_locations(cadata=trusted)
        except ssl.SSLError:
            key = TRUST_LOCATION if TRUST_LOCATION in self.given else TRUST_PEM
            raise SettingError(key, "A certificate is damaged") from None

    def trusted(self) -> str | None:
        """The certificates of the trust store as PEM; None stands for those that the system trusts."""
        key = self._one_of_two(TRUST_LOCATION, TRUST_PEM)
        self._refuse_without(TRUST_LOCATION, TRUST_PASSWORD)
        if key is None:
            return None
        certificates = blocks(self._pem("ssl.truststore", key), CERTIFICATE)
        if not certificates:
            raise SettingError(key, "There is no certificate")
        return "".join(certificates)

    def _identify(self, context: ssl.SSLContext) -> None:
        identity = self.identity()
        if identity is not None:
            key = KEY_LOCATION if KEY_LOCATION in self.given else KEY_PEM
            load_identity(context, key, identity, self.given.get(KEY_PASSWORD))

    def identity(self) -> str | None:
        """Our private key and our certificates as PEM."""
        key = self._one_of_two(KEY_LOCATION, KEY_PEM)
        self._refuse_without(KEY_PEM, KEY_CHAIN)
        self._refuse_without(KEY_CHAIN, KEY_PEM)
        self._refuse_without(KEY_LOCATION, STORE_PASSWORD)
        if key is None:
            return None
        chain = self.given[KEY_CHAIN] if key == KEY_PEM else ""
        return self._pem("ssl.keystore", key) + chain

    def _one_of_two(self, key: str, other: str) -> str | None:
        if key in self.given and other in self.given:
            raise SettingError(key, f"{other} is there, too; remove one of them")
        return next((each for each in (key, other) if each in self.given), None)

    def _refuse_without(self, needed: str, key: str) -> None:
        if key in self.given and needed not in self.given:
            raise SettingError(key, f"It is of no use without {needed}")

    def _pem(self, prefix: str, key: str) -> str:
        if key.endswith(".location"):
            return read_store(prefix, self.given[key], self.given.get(f"{prefix}.password"))
        if self.given.get(f"{prefix}.type", "PEM").upper() != "PEM":
            raise SettingError(f"{prefix}.type", f"It must be PEM for {key}")
        return self.given[key]
