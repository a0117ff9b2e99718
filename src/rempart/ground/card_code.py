"""A card's code as text, the same in a QR code and in a DataMatrix: a prefix, then base45 (RFC 9285).

Base45 fits QR's alphanumeric mode: 16.5 bits of symbol for 2 bytes; base64url needs byte mode, a third more symbol.
`labels` reads what a question is routed by and verifies nothing: `rempart.formats.card` does. docs/formats/card.md.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import cbor2

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


def labels(text: str) -> tuple[str, str, str] | None:
    """(AMC number of 10 digits, convention, CSR) as the card says them, unverified; None when it is no card of ours."""
    found = read(text)
    if found is None:
        return None
    card = found.content
    if found.prefix == MINUTE:
        match _payload(card):
            case [int(), bytes(inner)]:
                card = inner
            case _:
                return None
    match _payload(card):
        case [int(amc), str(convention), str(csr), *_] if 0 < amc < 10**10:
            return f"{amc:010d}", convention, csr
    return None


def _payload(content: bytes) -> Any:
    """What a COSE_Sign1 of these bytes carries, None when it carries nothing readable."""
    match _parse(content):
        case [_, _, bytes(payload), _]:
            return _parse(payload)
    return None


def _parse(content: bytes) -> Any:
    try:
        return cbor2.loads(content, max_depth=8, allow_indefinite=False)
    except (cbor2.CBORError, ValueError, TypeError, RecursionError):
        return None
