"""How one insurer writes its member numbers, and the single form by which a member is found.

Each insurer declares its rule once; the hub, the keeper and the insurer's own tools all apply this function.
Cards print up to 15 characters (B2 record 2M).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from rempart.domain.identifiers import Fault

_SPACES = str.maketrans("", "", " \t\u00a0\u202f")
LONGEST = 15  # characters, B2 record 2M


@dataclass(frozen=True, slots=True)
class MemberRule:
    """An insurer's declared way of writing member numbers.

    `case`: what is done to letters. `spaces`: dropped everywhere, or kept inside (never at the ends).
    `zeros`: leading zeros kept, stripped, or added up to `max_length`. Lengths count characters of the canonical form
    before padding. `alphabet`: digits only, or letters without accents and digits.
    Raises ValueError when the lengths contradict each other.
    """

    case: Literal["upper", "lower", "keep"] = "upper"
    spaces: Literal["drop", "keep"] = "drop"
    zeros: Literal["keep", "strip", "pad"] = "keep"
    min_length: int = 1
    max_length: int = LONGEST
    alphabet: Literal["digits", "alnum"] = "alnum"

    def __post_init__(self) -> None:
        if not 1 <= self.min_length <= self.max_length <= LONGEST:
            raise ValueError(f"member rule: lengths must satisfy 1 <= min_length <= max_length <= {LONGEST}")


ANY_MEMBER = MemberRule()
"""The widest rule: upper case, no spaces, zeros as they are, 1 to 15 letters or digits."""


def canonical_member(text: str, rule: MemberRule) -> str | Fault:
    """The canonical form of a member number under `rule`, or why it cannot be one; idempotent."""
    if not text.isascii():
        text = text.translate(_SPACES) if rule.spaces == "drop" else text.strip()
        if not text.isascii():
            return Fault("member", "member-alphabet")
    if rule.spaces == "drop":
        bare = text = text if text.isalnum() else text.translate(_SPACES)
    else:
        text = text.strip(" \t")
        bare = text.replace(" ", "")
    if not (bare.isdigit() if rule.alphabet == "digits" else bare.isalnum()):
        return Fault("member", "member-alphabet" if bare else "member-length")
    if rule.zeros == "strip":
        text = _strip_zeros(text)
    if not rule.min_length <= len(text) <= rule.max_length:
        return Fault("member", "member-length")
    if rule.case != "keep":
        text = text.upper() if rule.case == "upper" else text.lower()
    return text.rjust(rule.max_length, "0") if rule.zeros == "pad" else text


def _strip_zeros(text: str) -> str:
    """Leading zeros gone, and the spaces they leave in front; the number zero stays "0"."""
    return text.lstrip("0 ") or "0"
