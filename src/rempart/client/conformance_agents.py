"""What the conformance kit asks of software that says who sits at it; who says nothing has nothing wrong."""

from __future__ import annotations

import hashlib
import re
from base64 import urlsafe_b64encode

from rempart.client.recording import Exchange, unverified

HEADER = "rempart-agent"
TYPE = "rempart-agent+jwt"
_WORD = re.compile(r"(?=.*[0-9])(?!.*[A-Za-z]{5})(?!.*[0-9]{8})[A-Za-z0-9][A-Za-z0-9 ./_-]{0,19}")


def agent_signed(exchanges: tuple[Exchange, ...]) -> list[str] | None:
    """Each word is signed for the token that it comes with, and is no name, NIR or date."""
    if not exchanges:
        return None
    return [
        f"{each.method} {each.path} -> {each.status}" for each in exchanges
        if HEADER in each.headers and not _sound(each)
    ]  # fmt: skip


def _sound(each: Exchange) -> bool:
    header, claims = unverified(each.headers[HEADER])
    token = each.headers.get("authorization", "").partition(" ")[2]
    digest = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    word = str(claims.get("agent", ""))
    return header.get("typ") == TYPE and claims.get("ath") == digest and _WORD.fullmatch(word) is not None
