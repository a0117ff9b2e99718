"""An insurer's rejected invoices, as calls."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from rempart.client.calls import Call
from rempart.wire.insurer_rejections import DeskRejectedInvoices, DeskRejections

_PATH = "/v1/desk/insurer/rejections"


def counts() -> Call[DeskRejections]:
    """By reason, of twelve weeks."""
    return Call("GET", _PATH, DeskRejections)


def listed(reason: str, before: str = "") -> Call[DeskRejectedInvoices]:
    """Which ones, the newest first."""
    return Call(
        "GET", f"{_PATH}/{quote(reason, safe='')}?{urlencode({'before_invoice': before})}", DeskRejectedInvoices
    )
