"""What an operator's support looks up, for the hub: each look is recorded first.

Another operator's sites, and all that is theirs, look absent.
"""

from __future__ import annotations

from typing import NamedTuple
from uuid import UUID

from rempart.storage import authorizations, states
from rempart.storage.door import Database

QUESTION, INVOICE, AUTHORIZATION = "question", "invoice", "authorization"
"""What is looked up."""
MOST = 10  # invoices of one number
RECORD = """
insert into rempart.support_reading (account, operator, kind, wanted, site, instant) values ($1, $2, $3, $4, $5, $6)
"""
ASKED = "select * from rempart.support_question($1, $2)"
SITE = "select profession from rempart.site where site = $1 and operator = $2"
FACTS = """
select i.insurer, b.channel, w.reason from rempart.invoice i left join rempart.inbound b using (inbound)
left join rempart.payment_waiting w
    on i.state = 'accepted' and (w.site, w.insurer, w.operator) = (i.site, i.insurer, $2) where i.invoice = $1
"""
REQUEST = """
select r.request, r.site, r.domain, s.profession
from rempart.authorization_request r join rempart.site s on s.site = r.site and s.operator = $2
where r.number = $1
"""


class Look(NamedTuple):
    """Who looks up what: an id, a number with its site, or a reference; `instant` microseconds UTC."""

    account: str
    operator: str
    kind: str
    wanted: str
    instant: int
    site: str = ""


class AskedQuestion(NamedTuple):
    """One question as the log has it; `kind` the client's."""

    site: str
    profession: str
    kind: str
    insurer: str
    purpose: str
    evidence: str
    outcome: str


class SentInvoice(NamedTuple):
    """One invoice, and what its site does not read of it: insurer and channel; `waiting`: why its payment waits."""

    row: states.InvoiceRow
    profession: str
    insurer: str
    channel: str
    waiting: str


class AskedAuthorization(NamedTuple):
    """One authorization and its site."""

    row: authorizations.AuthorizationRow
    site: str
    profession: str
    domain: str


async def question(database: Database, look: Look, asked: int) -> AskedQuestion | None:
    """The question asked at that instant (microseconds UTC) by a site of this operator."""
    await _record(database, look)
    rows = await database.fetch(ASKED, look.operator, asked)
    return AskedQuestion(*(value or "" for value in rows[0])) if rows else None


async def invoices(database: Database, look: Look) -> list[SentInvoice]:
    """Those that bore this number at this site, the newest first."""
    await _record(database, look)
    known = await database.fetch(SITE, look.site, look.operator)
    found: list[SentInvoice] = []
    for identity in (await states.by_number(database, look.site, look.wanted))[:MOST] if known else ():
        row = await states.invoice(database, look.site, identity)
        ((insurer, channel, waiting),) = await database.fetch(FACTS, identity, look.operator)
        if row is not None:
            found.append(SentInvoice(row, known[0][0], insurer, channel or "", waiting or ""))
    return found


async def authorization(database: Database, look: Look) -> AskedAuthorization | None:
    """The one of this number, asked by a site of this operator."""
    await _record(database, look)
    for request, site, domain, profession in await database.fetch(REQUEST, look.wanted, look.operator):
        row = await authorizations.one(database, site, UUID(str(request)))
        if row is not None:
            return AskedAuthorization(row, site, profession, domain)
    return None


async def _record(database: Database, look: Look) -> None:
    """Before anything is told, whether it is found or not."""
    await database.fetch(RECORD, look.account, look.operator, look.kind, look.wanted, look.site, look.instant)
