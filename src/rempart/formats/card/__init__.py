"""Signed cards, `rempart-card/1`: what a QR code or DataMatrix of a card holds, and what verifies it without network.

Rempart's own format over COSE_Sign1 (RFC 9052), described in docs/formats/card.md. It holds no name and no NIR.
"""

from rempart.formats.card.keys import (
    CardKeys,
    InsurerKey,
    KeysFault,
    key_id,
    read_entries,
    read_keys,
    sign_keys,
)
from rempart.formats.card.payload import MAX_SERIAL
from rempart.formats.card.revocation import Filter, FilterFault, Revoked, standing
from rempart.formats.card.revocation import build as build_filter
from rempart.formats.card.revocation import read as read_filter
from rempart.formats.card.signing import (
    MAX_CARD,
    MAX_MINUTE,
    CardFault,
    Genuine,
    read_card,
    read_minute,
    read_text,
    sign_card,
    sign_minute,
)
from rempart.formats.card.text import MINUTE, PAPER
from rempart.formats.card.text import write as write_text

__all__ = [
    "MAX_CARD", "MAX_MINUTE", "MAX_SERIAL", "MINUTE", "PAPER", "CardFault", "CardKeys", "Filter", "FilterFault",
    "Genuine", "InsurerKey", "KeysFault", "Revoked", "build_filter", "key_id", "read_card", "read_entries",
    "read_filter", "read_keys", "read_minute", "read_text", "sign_card", "sign_keys", "sign_minute", "standing",
    "write_text",
]  # fmt: skip
