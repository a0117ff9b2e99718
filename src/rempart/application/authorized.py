"""The invoice made from an authorization, at its decision: found by its reference, bound to its person, matched.

`application.invoices` calls `authorizations_of` once a batch and `authorization_for` for each invoice that cites one.
"""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence
from typing import Protocol

from rempart.application.authorizations import PREFIX, binding, mark_scope
from rempart.domain import accreditation
from rempart.domain.authorized import Agreed, Authorized, Billed, acts_of, match
from rempart.domain.invoice import Invoice

MARK = "authorization"
"""The keeper's label of the fingerprints of acts."""


class AgreedBooks(Protocol):
    """Stored authorizations. Raises `Unavailable`."""

    async def agreed(self, numbers: Sequence[str]) -> Mapping[str, Agreed]: ...


class Fingerprints(Protocol):
    """The keeper's box: one keyed fingerprint an item (label, scope, content). Raises `Unavailable`."""

    async def fingerprints(self, items: Sequence[tuple[str, str, bytes]]) -> Sequence[bytes]: ...


def number_of(invoice: Invoice) -> str | None:
    """The authorization's number that an invoice cites where an accreditation stands; None when it cites none."""
    return accreditation.parse(invoice.accreditation, prefix=PREFIX) if invoice.accreditation else None


Cited = tuple[Agreed, tuple[Billed, ...]]
"""A stored authorization, and the lines of the invoice that cites it with their marks."""


async def authorizations_of(
    books: AgreedBooks, box: Fingerprints, cited: Sequence[tuple[str, Invoice]]
) -> list[Cited | None]:
    """For each (number, invoice) what is stored under the number; None when nothing is."""
    stored = await books.agreed(sorted({number for number, _ in cited}))
    found = [(number, invoice) for number, invoice in cited if number in stored]
    items = [(MARK, mark_scope(number), acts_of(line)) for number, invoice in found for line in invoice.lines]
    marks = iter(await box.fingerprints(items) if items else ())
    return [
        (stored[number], tuple(Billed(next(marks), line) for line in invoice.lines)) if number in stored else None
        for number, invoice in cited
    ]


def authorization_for(number: str, cited: Cited | None, site: str, accreditor: bytes) -> Authorized | str:
    """What an invoice of `site` about the person of `accreditor` may claim from its authorization, or the reason."""
    if cited is None or cited[0].site != site:
        return "authorization-unknown"
    agreed, billed = cited
    if not hmac.compare_digest(agreed.mac, binding(accreditor, number, site)):
        return "authorization-other-person"
    return match(agreed, billed)
