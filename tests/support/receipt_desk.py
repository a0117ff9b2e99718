"""A hub's part about the keys that sign receipts, as one of `FakeDoors.desks`."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.wire.receipts import ReceiptKey, ReceiptKeyEnrolled, ReceiptKeyList, ReceiptKeyRequest
from support.fake_doors import no

MOST = 3


@dataclass
class ReceiptDesk:
    """`points` by the name of their key, as the hub would keep them."""

    points: dict[str, bytes] = field(default_factory=dict)

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        if not call.path.startswith("/v1/receipt-keys"):
            return None
        if call.method == "GET":
            return ReceiptKeyList(tuple(ReceiptKey(key, "2026-11-20", session.account) for key in self.points))
        if call.path.endswith("/end"):
            return b"" if self.points.pop(call.path.split("/")[3], None) else no("not-found")
        point = urlsafe_b64decode(msgspec.json.decode(call.body, type=ReceiptKeyRequest).point + "=")
        if len(self.points) == MOST:
            return no("receipt-keys-too-many")
        key = hashlib.sha256(point).digest()[:16].hex()
        self.points[key] = point
        return ReceiptKeyEnrolled(key, session.site)
