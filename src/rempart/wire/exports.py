"""`/v1/exports` and `/v1/desk/insurer/exports`: what people sign before they fetch a file that tells many invoices.

In a person's session only. Bytes are base64url without padding, instants ISO 8601 in UTC.
"""

from __future__ import annotations

import msgspec

from rempart.wire.account import PasskeyProof


class ExportSigning(msgspec.Struct, frozen=True):
    """A signature: of `what` (remittance, settlement) and its id, of so many `invoices`, to be fetched by `taker`.

    `taker` is the signer's own account, or the colleague's whose wish is seconded.
    """

    what: str
    document: str
    invoices: int
    taker: str
    challenge: str
    signed: PasskeyProof


class ExportSigned(msgspec.Struct, frozen=True):
    """Until when it stands."""

    until: str


class ExportAsked(msgspec.Struct, frozen=True):
    """One export that its taker signed within a day.

    `until` of the taker's signature, one's own in this session; `second_until` of the second person's; "" for none.
    """

    number: int
    what: str
    document: str
    invoices: int
    taker: str
    asked: str
    until: str
    second_until: str = ""


class ExportList(msgspec.Struct, frozen=True):
    """One's own, and what colleagues asked for that one may second; how many invoices ask for one and two people."""

    signed_above: int
    second_above: int
    exports: tuple[ExportAsked, ...]
