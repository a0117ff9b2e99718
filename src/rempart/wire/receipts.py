"""`/v1/receipt-keys…`: keys of browsers that sign the receipts of card checks made without network."""

from __future__ import annotations

import msgspec


class ReceiptKeyRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A browser's P-256 public key: an uncompressed point of 65 bytes, base64url without padding."""

    point: str


class ReceiptKey(msgspec.Struct, frozen=True):
    """`key`: 32 hexadecimal characters, of SHA-256 of the point. `made`: a day. `by`: the account that enrolled it."""

    key: str
    made: str
    by: str


class ReceiptKeyEnrolled(msgspec.Struct, frozen=True):
    """The key as its site knows it from now on."""

    key: str
    site: str


class ReceiptKeyList(msgspec.Struct, frozen=True):
    """The site's, in the order they were made; a key that was ended is not in it."""

    keys: tuple[ReceiptKey, ...]
