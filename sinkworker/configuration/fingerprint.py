"""A short name for what a connector's configuration says.

Owns what counts as the same configuration: the same keys with the same values, secrets left out. Must
not know what any key means.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from sinkworker.validation import Given

LENGTH = 12
ADDRESS = "url"  # may hold a password


def fingerprint(given: Mapping[str, Given]) -> str:
    """Twelve hexadecimal digits: enough to tell one configuration from the next one.

    Values that are or may hold a secret do not count: a hash of one could be guessed from.
    """
    lines = [f"{key}={_open_part(each)}\n" for key, each in sorted(given.items())]
    return hashlib.sha256("".join(lines).encode(errors="backslashreplace")).hexdigest()[:LENGTH]


def _open_part(given: Given) -> str:
    return "" if given.is_secret() or given.key.endswith(ADDRESS) else given.value
