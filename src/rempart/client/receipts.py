"""The keys by which a site's browsers sign receipts of card checks, as calls."""

from __future__ import annotations

import re

import msgspec

from rempart.client.calls import Call
from rempart.wire.receipts import ReceiptKeyEnrolled, ReceiptKeyList, ReceiptKeyRequest

_KEY = re.compile(r"[0-9a-f]{32}")


def keys() -> Call[ReceiptKeyList]:
    """Those of the site that are not ended."""
    return Call("GET", "/v1/receipt-keys", ReceiptKeyList)


def enrol(point: str) -> Call[ReceiptKeyEnrolled]:
    """One more, for the site of the session. `point`: 65 bytes of P-256, base64url; the same one again is no other."""
    body = msgspec.json.encode(ReceiptKeyRequest(point))
    return Call("POST", "/v1/receipt-keys", ReceiptKeyEnrolled, body)


def end(key: str) -> Call[bytes]:
    """Ends one. Raises ValueError for what is no key's name."""
    if not _KEY.fullmatch(key):
        raise ValueError("not a name of ours")
    return Call("POST", f"/v1/receipt-keys/{key}/end", bytes)
