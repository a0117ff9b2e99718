"""The number that guarantees payment: 20 characters of Crockford base32, printed 4×5, the last a check character.

The first character says what it is: `A` an accreditation, `P` an authorization. 18 characters are random (90 bits).
The check is Luhn's algorithm in base 32: any single wrong character and most swaps of neighbours are seen.
It travels in B2 record 2P, positions 47-66.
"""

from __future__ import annotations

import hashlib
import hmac
import struct

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_VALUE = {character: value for value, character in enumerate(ALPHABET)}
_LOOKS_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None})
_SCOPE = struct.Struct(">III")
LENGTH = 20
RANDOM_BYTES = 12
"""How many random bytes `number` takes; 90 of their 96 bits are used."""


def _doubled(value: int) -> int:
    return 2 * value // 32 + 2 * value % 32


# Two characters at a time, with their part of the check: a number is made for every covered answer.
_PAIRS = [(ALPHABET[pair & 31] + ALPHABET[pair >> 5], (pair & 31) + _doubled(pair >> 5)) for pair in range(1024)]


def number(random: bytes, *, prefix: str = "A") -> str:
    """A new number from 12 random bytes."""
    value = int.from_bytes(random[:RANDOM_BYTES], "big")
    text, total = prefix, _doubled(_VALUE[prefix])
    for _ in range(9):
        pair, part = _PAIRS[value & 1023]
        text += pair
        total += part
        value >>= 10
    return text + ALPHABET[-total & 31]


def _check(body: str) -> str:
    total = 0
    factor = 2
    for character in reversed(body):
        product = _VALUE[character] * factor
        total += product // 32 + product % 32
        factor = 3 - factor
    return ALPHABET[-total % 32]


def parse(text: str, *, prefix: str = "A") -> str | None:
    """The 20 characters, upper case, or None when the text is not such a number (length, alphabet, prefix, check)."""
    compact = text.strip().upper().translate(_LOOKS_LIKE)
    if len(compact) != LENGTH or compact[0] != prefix or any(c not in _VALUE for c in compact):
        return None
    return compact if _check(compact[:-1]) == compact[-1] else None


def printed(compact: str) -> str:
    """As printed: four groups of five."""
    return " ".join((compact[:5], compact[5:10], compact[10:15], compact[15:]))


def stored(compact: str) -> bytes:
    """What the database keeps of it: 16 bytes of SHA-256; 90 random bits cannot be searched."""
    return hashlib.sha256(compact.encode("ascii")).digest()[:16]


def bind(accreditor: bytes, hashed: bytes, site: str, scope: tuple[int, int, int]) -> bytes:
    """The MAC that ties a stored number to person and site (both in `accreditor`), domains, first and last day."""
    message = b"accreditation/1" + hashed + site.encode("ascii") + _SCOPE.pack(*scope)
    return hmac.digest(accreditor, message, "sha256")[:16]
