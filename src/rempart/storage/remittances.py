"""A site's own remittances, for the hub: another site's looks absent. No IBAN and no payee's name is within reach."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from rempart.application.remittances import (
    Advice,
    ClawBackNote,
    DeductedPart,
    InsurerPart,
    LineNote,
    PaidInvoice,
    PenaltyPart,
    RejectedInvoice,
    Summary,
    WaitingPart,
)
from rempart.storage.copies import EPOCH
from rempart.storage.decided_lines import read_reasons
from rempart.storage.door import Database

LIST_MOST = 100

SUMMARY = """
select r.remittance, r.day, r.amount, r.invoices,
       case when b.remittance is not null then 'returned' else coalesce(e.outcome, 'reserved') end,
       r.end_to_end, r.operator, a.name, coalesce(b.instant, e.instant), r.deducted, coalesce(b.reason, e.reason, '')
from rempart.remittance r
join rempart.paying_account a on a.reference = r.account
left join rempart.remittance_end e using (remittance)
left join rempart.remittance_return b using (remittance)
where r.site = $1
"""

WAITING = """
select insurer, operator, amount, reason, since from rempart.payment_waiting where site = $1 order by 2, 1
"""

DEDUCTED = """
select d.claw_back, i.invoice, i.number, i.care_day, d.insurer, c.reason, d.amount,
       c.amount - (select sum(x.amount) from rempart.remittance_deduction x
                   join rempart.remittance xr on xr.remittance = x.remittance
                   where x.claw_back = d.claw_back and (x.live or x.remittance = d.remittance)
                     and xr.reserved <= r.reserved)
                - coalesce((select sum(y.amount) from rempart.debt_payment y
                            where y.claw_back = d.claw_back and y.instant <= r.reserved), 0)
from rempart.remittance_deduction d
join rempart.remittance r using (remittance)
join rempart.claw_back c using (claw_back)
join rempart.invoice i using (invoice)
where d.remittance = $1 order by c.instant, d.claw_back
"""

PENALTIES = """
select p.penalty, p.insurer, p.half, p.invoices, x.amount from rempart.remittance_penalty x
join rempart.delay_penalty p using (penalty) where x.remittance = $1 order by p.half, p.insurer
"""

CLAW_BACKS = """
select c.claw_back, c.invoice, i.number, c.insurer, c.amount,
       (select coalesce(sum(d.amount), 0)::bigint from rempart.remittance_deduction d
        where d.claw_back = c.claw_back and d.live), c.reason, c.state, c.notice_ends
from rempart.claw_back c join rempart.invoice i using (invoice)
where c.site = $1 and (c.state in ('notified', 'disputed', 'due') or c.instant >= $2)
order by c.instant desc, c.claw_back limit $3
"""

# Each invoice is looked up: what a remittance costs to tell does not grow with the table.
PAID = """
select i.insurer, n.name, i.invoice, i.number, i.care_day, i.spent, i.amo, l.amount, i.patient, d.lines
from rempart.remittance_line l
cross join lateral (select x.* from rempart.invoice x where x.invoice = l.invoice offset 0) i
cross join lateral (select x.lines from rempart.decision x where x.invoice = l.invoice offset 0) d
left join rempart.insurer n on n.insurer = i.insurer
where l.remittance = $1
order by n.name, i.insurer, i.care_day, i.number
"""

# Rejected after the previous remittance of the same payer was made and before this one was. What is rejected is never
# live (`domain.invoice_states.LIVE`): it is found by the index of a site's former numbers.
REJECTED = """
with this as (select r.site, r.operator, r.account, r.reserved from rempart.remittance r where r.remittance = $1),
     since as (select coalesce(max(r.reserved), 0) as instant from rempart.remittance r join this t
               on r.site = t.site and r.account = t.account and r.reserved < t.reserved)
select i.invoice, i.number, i.care_day, i.insurer, i.spent, i.reason
from this t cross join since s
join rempart.invoice i on i.site = t.site and not i.live and i.state = 'rejected' and i.decided > s.instant
                      and i.decided <= t.reserved
join rempart.insurer n on n.insurer = i.insurer and n.operator = t.operator
join lateral (select x.reference from rempart.paying_account x
              where x.operator = t.operator and x.insurer in (i.insurer, '')
              order by x.insurer desc limit 1) a on a.reference = t.account
order by i.care_day, i.number
"""


async def listed(database: Database, site: str, before: date | None = None) -> list[Summary]:
    """The newest first, at most 100; `before` goes on from a day, which is left out."""
    rows = await database.fetch(
        SUMMARY + "and ($2::date is null or r.day < $2) order by r.day desc, r.end_to_end limit $3",
        site, before, LIST_MOST,
    )  # fmt: skip
    return [Summary(*row) for row in rows]


async def waiting(database: Database, site: str) -> list[WaitingPart]:
    """What is due to this site and not paid, with why and since when, as the last run of the payer saw it."""
    return [WaitingPart(*row) for row in await database.fetch(WAITING, site)]


async def claw_backs(database: Database, site: str, since: int) -> list[ClawBackNote]:
    """This site's claw-backs: all that run, and those that began since an instant; the newest first."""
    return [ClawBackNote(*row) for row in await database.fetch(CLAW_BACKS, site, since, LIST_MOST)]


async def dispute(database: Database, site: str, claw_back: UUID, day: date, *, instant: int) -> str:
    """`disputed`, `not-found` or `not-disputable`."""
    rows = await database.fetch("select rempart.dispute_claw_back($1, $2, $3, $4)", claw_back, site, day, instant)
    return str(rows[0][0])


async def advice(database: Database, site: str, identity: UUID) -> Advice | None:
    """One remittance of this site with its invoices by insurer, and what was rejected since the one before."""
    found = await database.fetch(SUMMARY + "and r.remittance = $2", site, identity)
    if not found:
        return None
    parts: dict[tuple[str, str], list[PaidInvoice]] = {}
    for insurer, name, *rest in await database.fetch(PAID, identity):
        parts.setdefault((insurer, name or insurer), []).append(_paid(rest))
    rejected = [
        RejectedInvoice(row[0], row[1], _day(row[2]), row[3], row[4], row[5])
        for row in await database.fetch(REJECTED, identity)
    ]
    grouped = tuple(InsurerPart(insurer, name, tuple(invoices)) for (insurer, name), invoices in parts.items())
    deducted = [
        DeductedPart(row[0], row[1], row[2], _day(row[3]), row[4], row[5], row[6], int(row[7]))
        for row in await database.fetch(DEDUCTED, identity)
    ]
    penalties = [PenaltyPart(*row) for row in await database.fetch(PENALTIES, identity)]
    return Advice(site, Summary(*found[0]), grouped, tuple(rejected), tuple(deducted), tuple(penalties))


def _paid(row: Any) -> PaidInvoice:
    invoice, number, care, spent, amo, paid, patient, lines = row
    notes = tuple(LineNote(*told) for told in read_reasons(lines))
    return PaidInvoice(invoice, number, _day(care), spent, amo, paid, patient, notes)


def _day(number: int) -> date:
    return date.fromordinal(number + EPOCH)
