"""A card as text, the same in a QR code and in a DataMatrix: a prefix that says what follows, then base45 (RFC 9285).

Base45 fits QR's alphanumeric mode: 16.5 bits of symbol for 2 bytes; base64url needs byte mode, a third more symbol.
"""

from __future__ import annotations

from typing import NamedTuple

PAPER = "RPC1:"  # a card
MINUTE = "RPM1:"  # a card on a phone inside the minute that the phone signed
MOST = 2_048  # characters
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_VALUES = {sign: value for value, sign in enumerate(_SIGNS)}


class Scanned(NamedTuple):
    """What a code holds: `PAPER` or `MINUTE`, and the bytes after it."""

    prefix: str
    content: bytes


def write(prefix: str, content: bytes) -> str:
    """The text to put in a code."""
    return prefix + base45(content)


def read(text: str) -> Scanned | None:
    """What a scanner gave, without the line end that some add; None when it is no card of ours."""
    text = text.rstrip("\r\n")
    prefix = next((one for one in (PAPER, MINUTE) if text.startswith(one)), "")
    content = unbase45(text[len(prefix) :]) if prefix and len(text) <= MOST else None
    return Scanned(prefix, content) if content else None


def base45(content: bytes) -> str:
    """RFC 9285 § 4.1."""
    signs: list[str] = []
    for at in range(0, len(content), 2):
        pair = content[at : at + 2]
        value = int.from_bytes(pair, "big")
        for _ in range(len(pair) + 1):
            value, rest = divmod(value, 45)
            signs.append(_SIGNS[rest])
    return "".join(signs)


def unbase45(text: str) -> bytes | None:
    """RFC 9285 § 4.2; None for a sign outside the alphabet, a group that is cut, or a value beyond its bytes."""
    found = bytearray()
    for at in range(0, len(text), 3):
        group = text[at : at + 3]
        digits = [_VALUES.get(sign, -1) for sign in group]
        value = sum(digit * 45**place for place, digit in enumerate(digits))
        if len(group) == 1 or min(digits) < 0 or value >= 1 << 8 * (len(group) - 1):
            return None
        found += value.to_bytes(len(group) - 1, "big")
    return bytes(found)
