"""Insurers' funds over psycopg 3: terms, what is left, what remittances draw, deposits, calls and how they end.

In the caller's transaction. That a movement lies in one living call at most is held by the database.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from rempart.domain import accounts
from rempart.domain.funds import CALLED_KINDS, Funds, call_id, cover_id, derived
from rempart.domain.payment import Remittance, bank_reference
from rempart.domain.transfer import Transfer
from rempart.storage.endings import move

Connection = psycopg.Connection[Any]
LATE = 2 * 86_400_000_000
"""Microseconds before the last call within which a movement may still turn up: a transaction lasts less."""

WATCHED: LiteralString = """
select t.operator, t.insurer,
       coalesce((select sum(x.amount) from rempart.transfer x where x.credit = t.account), 0)
       - coalesce((select sum(x.amount) from rempart.transfer x where x.debit = t.account), 0),
       t.ceiling
from (select distinct on (operator, insurer) operator, insurer, ceiling,
             'funds:' || operator || ':' || insurer as account from rempart.funding_terms
      where starts <= %s order by operator, insurer, starts desc) t
order by 1, 2
"""
# What moved insurers' debts before the end of the day and lies in no living call: the ledger is read once for all.
MOVED: LiteralString = """
with party as (select * from unnest(%(calls)s::uuid[], %(owed)s::text[], %(since)s::bigint[]) p(call, owed, since)),
moved as (
    select p.call, t.transfer, t.amount from rempart.transfer t join party p on p.owed = t.debit
    where t.kind = any(%(kinds)s) and t.instant >= p.since and t.instant >= %(first)s and t.instant < %(until)s
    union all
    select p.call, t.transfer, -t.amount from rempart.transfer t join party p on p.owed = t.credit
    where t.kind = any(%(kinds)s) and t.instant >= p.since and t.instant >= %(first)s and t.instant < %(until)s),
free as (
    select m.call, m.transfer, m.amount from moved m
    where not exists (select from rempart.fund_call_line l where l.transfer = m.transfer and l.live))
"""
# Each insurer that owes something is called for it: the sums and the movements are those of one reading.
CALLED: LiteralString = f"""{MOVED},
asked as (
    select call, sum(amount)::bigint as amount, count(*) as movements from free group by 1 having sum(amount) > 0),
made as (
    insert into rempart.fund_call (fund_call, operator, insurer, day, amount, movements, end_to_end, called, file,
                                   mandate)
    select c.call, c.operator, c.insurer, %(day)s, a.amount, a.movements, c.end_to_end, %(called)s, c.file, c.mandate
    from asked a
    join unnest(%(calls)s::uuid[], %(operators)s::text[], %(insurers)s::text[], %(references)s::text[],
                %(files)s::uuid[], %(mandates)s::uuid[]) c(call, operator, insurer, end_to_end, file, mandate)
         using (call)
    returning fund_call, amount, movements),
taken as (
    insert into rempart.fund_call_line (fund_call, transfer)
    select f.call, f.transfer from free f join made m on m.fund_call = f.call order by 1, 2)
select fund_call, amount, movements from made
"""  # noqa: S608 - a constant of this module
BEFORE: LiteralString = """
select c.operator, c.insurer, max(c.called), coalesce(bool_or(e.outcome = 'refused'), false)
from rempart.fund_call c left join rempart.fund_call_end e using (fund_call) group by 1, 2
"""


class Terms(NamedTuple):
    """An insurer's funding terms from a day on; `ceiling` cents beyond its funds. Two different people agree."""

    operator: str
    insurer: str
    starts: date
    ceiling: int
    proposed_by: str
    approved_by: str


class Call(NamedTuple):
    """One call for funds: cents, and of how many movements."""

    fund_call: UUID
    operator: str
    insurer: str
    day: date
    amount: int
    movements: int
    end_to_end: str
    called: int
    outcome: str = "called"


class Deposit(NamedTuple):
    """Money that an insurer sent by itself; `reference` is the bank's, and names it once."""

    operator: str
    insurer: str
    amount: int
    reference: str
    said_by: str


class By(NamedTuple):
    """How a call is collected: the bank file it goes into and the mandate it is debited under."""

    file: UUID
    mandate: UUID


class Party(NamedTuple):
    """Who is called: an insurer of an operator, and how it is debited, None for a statement only."""

    operator: str
    insurer: str
    by: By | None = None


def set_terms(connection: Connection, terms: Terms, instant: int) -> None:
    """Writes terms. `CheckViolation`: one person alone; `UniqueViolation`: terms from that day stand already."""
    connection.execute(
        "insert into rempart.funding_terms (operator, insurer, starts, ceiling, proposed_by, approved_by, instant) "
        "values (%s, %s, %s, %s, %s, %s, %s)",
        (*terms, instant),
    )


def watched(connection: Connection, day: date) -> tuple[Funds, ...]:
    """Every insurer whose terms cover the day, with what is left."""
    rows = connection.execute(WATCHED, (day,)).fetchall()
    return tuple(Funds(row[0], row[1], int(row[2]), row[3]) for row in rows)


def cover(connection: Connection, remittances: Sequence[Remittance], instant: int) -> None:
    """Writes the parts of remittances, and draws funds for those that are watched."""
    rows: list[tuple[Any, ...]] = []
    moves: list[Transfer] = []
    for r in remittances:
        for part in r.parts:
            identity = cover_id(r.identity, part.insurer)
            rows.append((r.identity, part.insurer, part.gross, part.deducted, identity, part.covered))
            net = part.gross - part.deducted
            if part.covered and net:
                sides = (accounts.funds(r.operator, part.insurer), accounts.owed(r.operator, part.insurer))
                moves.append(Transfer(*sides, net, "cover", identity.bytes))
    columns = [list(column) for column in zip(*rows, strict=True)] if rows else [[]] * 6
    connection.execute(
        "insert into rempart.remittance_part (remittance, insurer, gross, deducted, cover, covered) "
        "select * from unnest(%s::uuid[], %s::text[], %s::bigint[], %s::bigint[], %s::uuid[], %s::bool[])",
        columns,
    )
    move(connection, moves, instant)


def deposit(connection: Connection, made: Deposit, instant: int) -> bool:
    """Adds to an insurer's funds; False when this reference was taken before."""
    identity = derived(f"deposit\n{made.operator}\n{made.insurer}\n{made.reference}")
    added = connection.execute(
        "insert into rempart.fund_deposit (deposit, operator, insurer, amount, reference, said_by, instant) "
        "values (%s, %s, %s, %s, %s, %s, %s) on conflict (operator, insurer, reference) do nothing",
        (identity, *made, instant),
    ).rowcount
    if added:
        sides = (accounts.paid_in(made.operator, made.insurer), accounts.funds(made.operator, made.insurer))
        move(connection, [Transfer(*sides, made.amount, "fund", identity.bytes)], instant)
    return bool(added)


def call(connection: Connection, party: Party, day: date, until: int, *, instant: int) -> Call | None:
    """Calls an insurer for what was decided before `until` and not called yet; None when it owes nothing.

    None as well when it was called on this day already: what came since waits for the next day's call.
    """
    return next(iter(call_all(connection, [party], day, until, instant=instant)), None)


def call_all(connection: Connection, parties: Sequence[Party], day: date, until: int, *, instant: int) -> list[Call]:
    """Calls each of these insurers as `call` does, in their order; those that are not called are left out."""
    wanted = {call_id(one.operator, one.insurer, day): one for one in parties}
    known = connection.execute("select fund_call from rempart.fund_call where fund_call = any(%s)", (list(wanted),))
    for row in known.fetchall():
        del wanted[row[0]]
    asked = _asked(wanted, _since(connection), until)
    asked |= {
        "operators": [one.operator for one in wanted.values()], "insurers": [one.insurer for one in wanted.values()],
        "references": [bank_reference(identity) for identity in wanted],
        "files": [one.by.file if one.by else None for one in wanted.values()],
        "mandates": [one.by.mandate if one.by else None for one in wanted.values()], "day": day, "called": instant,
    }  # fmt: skip
    found = {row[0]: (row[1], row[2]) for row in connection.execute(CALLED, asked)}
    return [
        Call(identity, one.operator, one.insurer, day, *found[identity], bank_reference(identity), instant)
        for identity, one in wanted.items()
        if identity in found
    ]


def _asked(wanted: Mapping[UUID, Party], since: Mapping[tuple[str, str], int], until: int) -> dict[str, Any]:
    starts = [since.get((one.operator, one.insurer), 0) for one in wanted.values()]
    return {
        "calls": list(wanted), "owed": [accounts.owed(one.operator, one.insurer) for one in wanted.values()],
        "since": starts, "first": min(starts, default=0), "kinds": list(CALLED_KINDS), "until": until,
    }  # fmt: skip


def _since(connection: Connection) -> dict[tuple[str, str], int]:
    """Older movements lie in calls already, unless a call was refused: then from the beginning."""
    return {
        (operator, insurer): 0 if refused else last - LATE
        for operator, insurer, last, refused in connection.execute(BEFORE)
    }


def calls(connection: Connection, *, open_only: bool = False) -> list[Call]:
    """Calls with how they ended, the newest first."""
    rows = connection.execute(
        "select c.fund_call, c.operator, c.insurer, c.day, c.amount, c.movements, c.end_to_end, c.called, "
        "coalesce(e.outcome, 'called') from rempart.fund_call c left join rempart.fund_call_end e using (fund_call) "
        "where not %s or e.fund_call is null order by c.day desc, c.operator, c.insurer",
        (open_only,),
    )
    return [Call(*row) for row in rows]


def end_call(connection: Connection, fund_call: UUID, outcome: str, *, reason: str, day: date, instant: int) -> None:
    """A call was paid (its funds are there) or refused (the next one asks again); `UniqueViolation` when it ended."""
    connection.execute(
        "insert into rempart.fund_call_end (fund_call, outcome, reason, day, instant) values (%s, %s, %s, %s, %s)",
        (fund_call, outcome, reason, day, instant),
    )
    if outcome == "refused":
        connection.execute("update rempart.fund_call_line set live = false where fund_call = %s and live", (fund_call,))
        return
    row = connection.execute(
        "select operator, insurer, amount from rempart.fund_call where fund_call = %s", (fund_call,)
    ).fetchone()
    if row:
        operator, insurer, amount = row
        sides = (accounts.paid_in(operator, insurer), accounts.funds(operator, insurer))
        move(connection, [Transfer(*sides, amount, "fund", fund_call.bytes)], instant)
