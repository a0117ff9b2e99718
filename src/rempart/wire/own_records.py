"""POST /v1/own-records: the card is shown again, and the site finds what it has of that person, never another site's.

The request is that of a question, `wire.EligibilityRequest`.
"""

from __future__ import annotations

import msgspec


class OwnAuthorization(msgspec.Struct, frozen=True):
    """One authorization that this site asked for: the hub's id, the insurer's reference, state, instant of asking."""

    authorization: str
    reference: str
    state: str
    requested: str
    site_reference: str


class OwnInvoice(msgspec.Struct, frozen=True):
    """One invoice that this site sent: the hub's id, the site's number, state, instant of reception."""

    invoice: str
    number: str
    state: str
    received: str
    site_reference: str


class OwnRecords(msgspec.Struct, frozen=True):
    """The newest first; empty for a stranger, for nobody, where only others have something. `more`: and older ones."""

    authorizations: tuple[OwnAuthorization, ...] = ()
    invoices: tuple[OwnInvoice, ...] = ()
    more: bool = False
    padding: str = ""
