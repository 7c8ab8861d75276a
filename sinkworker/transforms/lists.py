"""What lists in the configuration of a transform must be like.

Owns the checks that several transforms have in common, in Kafka's words.
"""

from __future__ import annotations


def distinct(items: tuple[str, ...]) -> tuple[str, ...]:
    """Each once: as in Kafka, what is listed twice is no mistake."""
    return tuple(dict.fromkeys(items))


def not_empty(items: tuple[str, ...]) -> tuple[str, ...]:
    if not items:
        raise ValueError("must not be empty")
    return items


def pairs(items: tuple[str, ...]) -> tuple[str, ...]:
    for item in items:
        pair(item)
    return items


def pair(item: str) -> tuple[str, str]:
    """`<old>:<new>`; colons at the end count for nothing, as in Java."""
    parts = item.rstrip(":").split(":")
    if len(parts) != 2:
        raise ValueError(f"Invalid rename mapping: {item}")
    return parts[0], parts[1]
