"""A presence code: eight characters that a member gets from its insurer and gives at the counter instead of a card.

It is good once, at one site, for a quarter of an hour, and finds the record without any identity: so it is strong
evidence. Format and figures: docs/formats/presence-code.md.
"""

from __future__ import annotations

from typing import Final

from rempart.domain.accreditation import ALPHABET

LENGTH: Final = 8
RANDOM_BYTES: Final = 5
"""How many random bytes `made` takes: 40 bits, all of them used."""
LIFE: Final = 900
"""Seconds from when it was given."""
EVIDENCE: Final = "code"
WRONG_OF_CLIENT: Final = 5
"""Codes a day that find nobody, of one client at one site, after which none is looked at. No rule gives a figure."""
WRONG_OF_SITE: Final = 20
"""The same of all clients of a site together."""
GIVEN_A_DAY: Final = 50_000
"""Codes that an insurer may give in a day; a figure to start with."""
_LOOKS_LIKE = str.maketrans({"O": "0", "I": "1", "L": "1", " ": None, "-": None, "\u00a0": None, "\u202f": None})


def made(random: bytes) -> str:
    """A new code from 5 random bytes."""
    value = int.from_bytes(random[:RANDOM_BYTES], "big")
    return "".join(ALPHABET[value >> shift & 31] for shift in range(35, -1, -5))


def parse(text: str) -> str | None:
    """The 8 characters, upper case, or None when the text is no such code; nothing is looked up for it."""
    compact = text.upper().translate(_LOOKS_LIKE)
    return compact if len(compact) == LENGTH and all(character in ALPHABET for character in compact) else None


def printed(compact: str) -> str:
    """As it is shown to the member: two groups of four."""
    return f"{compact[:4]} {compact[4:]}"
