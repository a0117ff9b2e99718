"""Settlement files over psycopg 3: which calls want one, what each holds, how files chain, what insurers answered.

What a file holds follows from facts as they stood when the call was made, so that making it again gives the same bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from rempart.application.settlement import (
    Answer,
    Call,
    Cancelled,
    Chained,
    Judged,
    Movement,
    Penalty,
    Settled,
    TakenBack,
)
from rempart.domain import accounts
from rempart.storage.decided_lines import read_lines
from rempart.storage.log_reading import read_checkpoint

Connection = psycopg.Connection[Any]
EPOCH = date(1970, 1, 1).toordinal()
LOCK = 0x52_4D_50_53_46  # "RMPSF": one writer of settlement files at a time
TOGETHER = 2_000  # rows read at a time
AT_ONCE = 10_000  # movements of a call that are read by one prepared statement, some 10 MB; a greater one by parts

CALLS: LiteralString = """
select c.fund_call, c.operator, c.insurer, c.day, c.amount, c.movements, c.end_to_end, c.called
from rempart.fund_call c left join rempart.settlement_file s using (fund_call)
"""
# One row a movement: what it is, then the columns of whichever kind it is. What is looked up by a kind's own key is not
# looked up for the others: their key is null.
MOVEMENTS: LiteralString = """
select t.kind, case when t.debit = %(owed)s then t.amount else -t.amount end, t.subject,
       coalesce(i.site, c.site, p.site), i.care_day, d.lines, coalesce(g.bound, ''), coalesce(r.remittance::text, ''),
       k.settlement, c.claw_back, c.invoice, c.reason, x.remittance::text, p.half
from rempart.fund_call_line l
join rempart.transfer t using (transfer)
left join rempart.invoice i on i.invoice = t.subject and t.kind in ('decision', 'cancellation')
left join rempart.decision d on d.invoice = i.invoice and t.kind = 'decision'
left join rempart.guarantee_posting g on g.invoice = i.invoice and t.kind = 'decision'
left join rempart.invoice_sealed k on k.invoice = i.invoice and t.kind = 'decision'
left join lateral (
    select m.remittance from rempart.remittance_line b join rempart.remittance m using (remittance)
    left join rempart.remittance_end e using (remittance)
    where b.invoice = i.invoice and t.kind = 'decision' and m.reserved < %(called)s
      and not coalesce(e.outcome = 'released' and e.instant < %(called)s, false)
    order by m.reserved desc limit 1) r on true
left join rempart.remittance_deduction x
    on x.deduction = case when t.kind in ('deduct', 'undeduct') then t.subject end
left join rempart.debt_payment y on y.payment = case when t.kind = 'repay' then t.subject end
left join rempart.claw_back c on c.claw_back = coalesce(x.claw_back, y.claw_back)
left join rempart.delay_penalty p on p.penalty = case when t.kind = 'penalty' then t.subject end
where l.fund_call = %(call)s
order by t.transfer
"""
# A call names few of many movements: each is looked up, whatever was counted of tables that grew since. That way is the
# same for every call, so it is planned once: planning takes longer than a small call's look-ups.
ONE_BY_ONE: LiteralString = """
select set_config(way, value, true) from (values ('enable_hashjoin', 'off'), ('enable_mergejoin', 'off'),
    ('enable_seqscan', 'off'), ('plan_cache_mode', 'force_generic_plan')) s(way, value)
"""
REFERENCES: LiteralString = """
select b.batch, b.wrapped, m.person, m.sealed_ref
from rempart.reference_batch b join rempart.member_ref m on m.batch = b.batch and m.insurer = b.insurer
where b.insurer = %s and b.created >= %s and b.created < %s
order by b.batch, m.person
"""


class Written(NamedTuple):
    """A settlement file as it was written."""

    call: Call
    chained: Chained
    sha256: bytes
    rows: int


@contextmanager
def alone(connection: Connection, *, wait: bool = True) -> Iterator[bool]:
    """Waits for its turn, which ends with the connection; without waiting, False while another one writes."""
    asked = "select pg_advisory_lock(%s) is not null" if wait else "select pg_try_advisory_lock(%s)"
    held = connection.execute(asked, (LOCK,)).fetchone() == (True,)
    try:
        yield held
    finally:
        if held and not connection.broken:
            connection.execute("select pg_advisory_unlock(%s)", (LOCK,))


def unsettled(connection: Connection) -> list[Call]:
    """Calls that have no file yet, each insurer's in order."""
    rows = connection.execute(CALLS + "where s.fund_call is null order by c.operator, c.insurer, c.day")
    return [Call(*row) for row in rows]


def written(connection: Connection) -> list[Written]:
    """Every file written, each insurer's in order."""
    rows = connection.execute(
        "select c.fund_call, c.operator, c.insurer, c.day, c.amount, c.movements, c.end_to_end, c.called, "
        "s.sequence, s.previous, s.checkpoint, s.month, s.sha256, s.rows "
        "from rempart.settlement_file s join rempart.fund_call c using (fund_call) "
        "order by c.operator, c.insurer, s.sequence"
    )
    return [Written(Call(*row[:8]), Chained(*row[8:12]), row[12], row[13]) for row in rows]


def chain(connection: Connection, call: Call, day: date) -> Chained:
    """The next place among the insurer's files, and the newest note of the log of `day`'s month."""
    row = connection.execute(
        "select sequence, sha256 from rempart.settlement_file where operator = %s and insurer = %s "
        "order by sequence desc limit 1",
        (call.operator, call.insurer),
    ).fetchone()
    note = read_checkpoint(connection, day.year * 12 + day.month - 1) or b""
    sequence, previous = (row[0] + 1, row[1]) if row else (1, b"")
    return Chained(sequence, previous, note, f"{day:%Y-%m}")


def movements(connection: Connection, call: Call) -> Iterator[Movement]:
    """What a call asks for, in the ledger's order; inside a transaction, a great one a part at a time."""
    asked = {"call": call.fund_call, "owed": accounts.owed(call.operator, call.insurer), "called": call.called}
    connection.execute(ONE_BY_ONE)
    if call.movements <= AT_ONCE:
        for row in connection.execute(MOVEMENTS, asked, prepare=True, binary=True):
            yield _movement(*row)
        return
    with connection.cursor(name="movements") as cursor:
        cursor.itersize = TOGETHER
        cursor.execute(MOVEMENTS, asked)
        for row in cursor:
            yield _movement(*row)


def _movement(kind: str, amount: int, subject: UUID, site: str, *rest: Any) -> Movement:
    care, lines, bound, remittance, sealed, claw_back, invoice, reason, deducted_by, half = rest
    if kind == "decision":
        day = date.fromordinal(care + EPOCH)
        return Settled(subject, site, day, read_lines(lines), bound, remittance, amount, sealed or b"")
    if kind == "cancellation":
        return Cancelled(subject, site, amount)
    if kind == "penalty":
        return Penalty(subject, site, half, amount)
    return TakenBack(claw_back, invoice, site, reason, deducted_by or "", amount)


def references(
    connection: Connection, insurer: str, since: int, until: int
) -> Iterator[tuple[int, bytes, bytes, bytes]]:
    """(batch, wrapped key, what it is bound to, sealed reference) of the people named between two instants."""
    with connection.cursor(name="people") as cursor:
        cursor.itersize = TOGETHER
        cursor.execute(REFERENCES, (insurer, since, until))
        for batch, wrapped, person, sealed in cursor:
            yield batch, wrapped, hashlib.sha256(person).digest()[:16], sealed


def remember(connection: Connection, made: Written, instant: int) -> None:
    """Writes a file's own row; `UniqueViolation` when the call has one."""
    call, chained = made.call, made.chained
    connection.execute(
        "insert into rempart.settlement_file (fund_call, operator, insurer, sequence, previous, checkpoint, month, "
        "sha256, rows, amount, written) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            call.fund_call, call.operator, call.insurer, chained.sequence, chained.previous, chained.checkpoint,
            chained.month, made.sha256, made.rows, call.amount, instant,
        ),
    )  # fmt: skip


def keep(connection: Connection, fund_call: UUID, kind: str, pieces: Iterable[bytes]) -> None:
    """Keeps the bytes that the insurer's client fetches; what is kept already stays. In the caller's transaction."""
    if connection.execute(
        "select from rempart.settlement_content where fund_call = %s and kind = %s limit 1", (fund_call, kind)
    ).fetchone():
        return
    for place, piece in enumerate(pieces):  # one after the other: together they would all be in memory
        connection.execute(
            "insert into rempart.settlement_content (fund_call, kind, place, content) values (%s, %s, %s, %s)",
            (fund_call, kind, place, piece),
        )


def kept(connection: Connection) -> frozenset[UUID]:
    """Calls whose file can be fetched."""
    rows = connection.execute(
        "select fund_call from rempart.settlement_content where kind = 'settlement' and place = 0"
    )
    return frozenset(row[0] for row in rows)


def replies(connection: Connection) -> list[tuple[UUID, bytes]]:
    """Answers that were sent to the hub and not taken yet, the oldest first."""
    rows = connection.execute(
        "select r.reply, r.content from rempart.settlement_reply r "
        "left join rempart.settlement_reply_taken t using (reply) where t.reply is null order by r.received, r.reply"
    )
    return [(row[0], row[1]) for row in rows]


def taken(connection: Connection, reply: UUID, judged: Sequence[Judged] | str, instant: int) -> None:
    """Writes what became of answers that were sent to the hub."""
    code, answers = (judged, ()) if isinstance(judged, str) else ("", judged)
    connection.execute(
        "insert into rempart.settlement_reply_taken (reply, code, answers, refused, instant) "
        "values (%s, %s, %s, %s, %s) on conflict (reply) do nothing",
        (reply, code, len(answers), sum(1 for one in answers if one.code), instant),
    )


class SettlementBooks:
    """The `AnswerBooks` port. The connection is in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def whole(self) -> Iterator[None]:
        """One transaction; a claw-back proposed in it is of the same one."""
        with self._connection.transaction():
            yield

    def file(self, insurer: str, sequence: int, sha256: bytes) -> UUID | None:
        """The call of the file that was written with these bytes."""
        row = self._connection.execute(
            "select fund_call from rempart.settlement_file where insurer = %s and sequence = %s and sha256 = %s",
            (insurer, sequence, sha256),
        ).fetchone()
        return row[0] if row else None

    def told(self, fund_call: UUID) -> frozenset[UUID]:
        """The invoices whose decision the file told."""
        rows = self._connection.execute(
            "select t.subject from rempart.fund_call_line l join rempart.transfer t using (transfer) "
            "where l.fund_call = %s and t.kind = 'decision'",
            (fund_call,),
        )
        return frozenset(row[0] for row in rows)

    def judged(self, fund_call: UUID) -> dict[tuple[UUID, str], Judged]:
        """What was accepted or taken before, by invoice and reason; what was refused is judged anew."""
        rows: Sequence[Any] = self._connection.execute(
            "select invoice, verdict, reason, code, amount, claw_back from rempart.settlement_answer "
            "where fund_call = %s and verdict <> 'refused'",
            (fund_call,),
        ).fetchall()
        return {
            (invoice, reason): Judged(
                Answer(invoice, "accepted" if verdict == "accepted" else "rejected", reason, amount),
                verdict, code, claw_back,
            )
            for invoice, verdict, reason, code, amount, claw_back in rows
        }  # fmt: skip

    def keep(self, fund_call: UUID, judged: Judged, instant: int) -> None:
        """Writes one answer and what became of it."""
        answer = judged.answer
        self._connection.execute(
            "insert into rempart.settlement_answer (fund_call, invoice, verdict, reason, code, amount, claw_back, "
            "instant) values (%s, %s, %s, %s, %s, %s, %s, %s)",
            (
                fund_call, answer.invoice, judged.verdict, answer.reason, judged.code, answer.amount, judged.claw_back,
                instant,
            ),
        )  # fmt: skip
