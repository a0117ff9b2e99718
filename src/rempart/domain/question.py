"""A question id: all that support needs to find one answer in the log, and nothing about anyone.

It is the instant of the question (microseconds, 52 bits) and the number of the hub that answered (8 bits), scrambled by
nothing: 12 characters of Crockford base32. A hub never gives two questions the same instant, nor do workers, who
share the number 255 for the answers of batches.
"""

from __future__ import annotations

from rempart.domain.accreditation import ALPHABET

LENGTH = 12
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_PAIRS = [a + b for a in ALPHABET for b in ALPHABET]  # two characters at a time: this is on the hot path


def identifier(instant: int, hub: int) -> str:
    """The id of the question asked at `instant` (microseconds UTC) of hub 0..255."""
    value = instant << 8 | hub
    pairs = _PAIRS
    return (
        pairs[value >> 50 & 1023] + pairs[value >> 40 & 1023] + pairs[value >> 30 & 1023]
        + pairs[value >> 20 & 1023] + pairs[value >> 10 & 1023] + pairs[value & 1023]
    )  # fmt: skip


def parse(text: str) -> tuple[int, int] | None:
    """(instant, hub) of a question id, or None when it is not one."""
    compact = text.strip().upper()
    if len(compact) != LENGTH or any(character not in _VALUE for character in compact):
        return None
    value = 0
    for character in compact:
        value = value << 5 | _VALUE[character]
    return value >> 8, value & 255
