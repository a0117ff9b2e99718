"""What the API's document says of the keys that sign receipts of card checks, with invented examples."""

from __future__ import annotations

from typing import Any

from rempart.api.schema_base import SIGNED, Words
from rempart.wire.receipts import ReceiptKey, ReceiptKeyEnrolled, ReceiptKeyList, ReceiptKeyRequest

_BODY = ("malformed-body", "repeated-field", "body-too-large", "invalid-fields")
_KEY = bytes(range(16)).hex()
_POINT = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"

RECEIPT_WORDS: dict[str, Words] = {
    "EnrolReceiptKey": Words(
        "Let a browser sign receipts of card checks",
        "For the site's people. The browser's private key never leaves it. With it the page for checks without network"
        " signs a receipt that an invoice cites (`receipt`, docs/formats/card.md). A program signs with its own key and"
        " needs none. The same key again changes nothing; one that was ended does not come back.",
        ("purpose", "receipt-keys-too-many", *_BODY, *SIGNED),
        body="ReceiptKeyRequest",
    ),
    "ListReceiptKeys": Words(
        "The browsers that sign receipts for the site",
        "Those that are not ended, in the order they were made.",
        ("purpose", *SIGNED),
    ),
    "EndReceiptKey": Words(
        "Let a browser sign no more",
        "From now on; receipts that it signed before stay good.",
        ("not-found", "purpose", *SIGNED),
    ),
}
RECEIPT_FIELDS: dict[str, dict[str, str]] = {
    "ReceiptKeyRequest": {"point": "P-256, the uncompressed point of 65 bytes; base64url."},
    "ReceiptKey": {
        "key": "Its name, 32 hexadecimal characters, of SHA-256 of the point.",
        "made": "The day it was enrolled.",
        "by": "The account that enrolled it.",
    },
    "ReceiptKeyEnrolled": {"key": "Its name, 32 hexadecimal characters.", "site": "For which it signs."},
    "ReceiptKeyList": {"keys": "In the order they were made."},
}
RECEIPT_REQUESTS: dict[str, Any] = {"EnrolReceiptKey": ReceiptKeyRequest(_POINT)}
RECEIPT_ANSWERS: dict[str, Any] = {
    "EnrolReceiptKey": ReceiptKeyEnrolled(_KEY, "751234568"),
    "ListReceiptKeys": ReceiptKeyList((ReceiptKey(_KEY, "2026-03-02", "a7k2m9x4c1v8b3n5"),)),
}
