"""What an advice tells of lines, and what an insurer's side opens, is disclosed before it leaves."""

from __future__ import annotations

from rempart.api.invoice_routes import InvoiceDesk
from rempart.application.guard import Caller
from rempart.application.remittances import Advice
from rempart.storage import reading
from rempart.storage.authorization_decisions import Case
from rempart.storage.door import Database


async def disclose_advice(desk: InvoiceDesk, caller: Caller, database: Database, found: Advice) -> None:
    """Of each invoice of which a line is told. Raises `Unavailable`."""
    opened = [paid.invoice for part in found.parts for paid in part.invoices if paid.notes]
    await reading.disclose(database, desk.reader(caller), reading.REMITTANCE, opened)


async def disclose_case(desk: InvoiceDesk, caller: Caller, database: Database, case: Case) -> None:
    """A request that waits, opened whole by its insurer's agent or case worker. Raises `Unavailable`."""
    reader = desk.reader(caller)._replace(site=case.site)
    await reading.disclose(database, reader, reading.AUTHORIZATION, requests=(case.request,))
