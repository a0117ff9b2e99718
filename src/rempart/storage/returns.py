"""A site's own deposit with its invoices, for an acknowledgement: numbers, states, amounts, days; no act, no identity.

A deposit of another site looks absent. Of a concentrator's file of many sites, each token reads its own site's part.
"""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from rempart.application.returns import Deposit, DepositedInvoice, DepositFault
from rempart.ground.instants import PARIS, civil_date
from rempart.storage.copies import EPOCH
from rempart.storage.door import Database
from rempart.storage.states import deposit as read_deposit

PAGE = 5_000  # invoices read at once
# An invoice's id is its deposit's first twelve bytes and its place there: a deposit is a range of the primary key.
INVOICES = """
select invoice, number, insurer, state, reason, amc, amo, care_day from rempart.invoice
where invoice > $1 and invoice <= $2 and inbound = $3 and site = $4 order by invoice limit $5
"""


async def deposit(
    database: Database, client: str, site: str, identity: UUID, *, of_site: bool = False
) -> Deposit | None:  # fmt: skip
    """One deposit of this client as `site` may read it; `of_site` as in `states.deposit`."""
    found = await read_deposit(database, client, site, identity, of_site=of_site)
    if found is None:
        return None
    invoices: list[DepositedInvoice] = []
    last, end = identity, UUID(bytes=identity.bytes[:12] + b"\xff" * 4)
    while True:
        rows = await database.fetch(INVOICES, last, end, identity, site, PAGE)
        invoices += [_invoice(row) for row in rows]
        if len(rows) < PAGE:
            break
        last = rows[-1][0]
    faults = tuple(_fault(one) for one in found.report.get("faults", []) if one.get("site", site) == site)
    return Deposit(site, found.state, civil_date(found.received, PARIS), tuple(invoices), faults)


def _invoice(row: Any) -> DepositedInvoice:
    _, number, insurer, state, reason, amc, amo, care = row
    return DepositedInvoice(number, insurer, state, reason, amc, amo, _day(care))


def _fault(told: dict[str, Any]) -> DepositFault:
    return DepositFault(
        told.get("level", ""), told["code"], told.get("number", ""), told.get("record", 0), told.get("position", 0)
    )


def _day(number: int) -> date:
    return date.fromordinal(number + EPOCH)
