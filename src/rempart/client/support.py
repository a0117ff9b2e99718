"""The support desk's three looks as calls."""

from __future__ import annotations

from urllib.parse import urlencode

from rempart.client.calls import Call, Repeat
from rempart.wire.support import SupportAuthorization, SupportInvoices, SupportQuestion

_PATH = "/v1/desk/support/"


def question(identity: str) -> Call[SupportQuestion]:
    """One question by its id. Each look is recorded, so none is repeated when its answer got lost."""
    path = f"{_PATH}questions?{urlencode({'question': identity})}"
    return Call("GET", path, SupportQuestion, repeat=Repeat.UNLESS_LOST)


def invoices(site: str, number: str) -> Call[SupportInvoices]:
    """The invoices that bore this number at this site, the newest first."""
    path = f"{_PATH}invoices?{urlencode({'site': site, 'number': number})}"
    return Call("GET", path, SupportInvoices, repeat=Repeat.UNLESS_LOST)


def authorization(reference: str) -> Call[SupportAuthorization]:
    """One authorization by its reference."""
    path = f"{_PATH}authorizations?{urlencode({'reference': reference})}"
    return Call("GET", path, SupportAuthorization, repeat=Repeat.UNLESS_LOST)
