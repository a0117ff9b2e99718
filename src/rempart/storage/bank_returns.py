"""Bank statements taken into the ledger, over psycopg 3: one transaction a statement, one row an entry.

Entries are judged in their order, by what the ledger knows and by the entries before them. What a bank or a stranger
wrote as a reference is kept only when it has the shape of ours.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, LiteralString, NamedTuple
from uuid import UUID

import psycopg

from rempart.application.bank_returns import HeldEntry, Statement
from rempart.domain.bank_return import AFTER, FUND_CALL, HELD, REMITTANCE, BankEntry, Known, Verdict, judge
from rempart.domain.payment import referenced
from rempart.domain.transfer import RELEASED, RESERVED, SETTLED
from rempart.ground.instants import PARIS, civil_date
from rempart.storage import funds
from rempart.storage.endings import Ending, come_back, end
from rempart.storage.ledger import payer_alone
from rempart.storage.notices import Notice, tell

Connection = psycopg.Connection[Any]
ALARM = "bank-entry-held"

KNOWN: LiteralString = """
select r.remittance, r.site, 'remittance', r.end_to_end, r.amount, f.written is not null,
       case when t.remittance is not null then 'returned' else coalesce(e.outcome, 'reserved') end
from rempart.remittance r join rempart.payment_file f using (file)
left join rempart.remittance_end e using (remittance) left join rempart.remittance_return t using (remittance)
where r.end_to_end = any(%(references)s) or r.file = %(file)s
union all
select c.fund_call, '', 'fund-call', c.end_to_end, c.amount, true, coalesce(e.outcome, 'called')
from rempart.fund_call c left join rempart.fund_call_end e using (fund_call)
where c.end_to_end = any(%(references)s)
"""
HELD_ROWS: LiteralString = """
select e.entry, s.name, e.position, e.code, e.outcome, e.amount, e.day, e.end_to_end
from rempart.bank_entry e join rempart.bank_statement s using (statement)
left join rempart.bank_entry_resolved r using (entry)
where e.verdict = 'held' and r.entry is null and (%(statement)s::bytea is null or e.statement = %(statement)s)
order by e.entry
"""


class _Match(NamedTuple):
    identity: UUID
    site: str
    known: Known


class _Judged(NamedTuple):
    entry: BankEntry
    verdict: Verdict
    match: _Match | None


class BankBooks:
    """The `ReturnBooks` port. The connection is in autocommit."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @contextmanager
    def alone(self) -> Iterator[None]:
        """One at a time, and no payer meanwhile."""
        with payer_alone(self._connection):
            yield

    def take(self, statement: Statement, fingerprint: bytes, instant: int) -> list[tuple[int, Verdict]] | None:
        """Judges and applies every entry; None when the statement was taken before."""
        with self._connection.transaction():
            new = self._connection.execute(
                "insert into rempart.bank_statement (statement, name, entries, read) values (%s, %s, %s, %s) "
                "on conflict do nothing",
                (fingerprint, statement.name, len(statement.paid) + len(statement.received), instant),
            ).rowcount
            if not new:
                return None
            judged = self._judge(statement, civil_date(instant, PARIS))
            self._apply(judged, instant)
            self._write(judged, fingerprint, instant)
            self._tell(judged, instant)
        return [(number, one.verdict) for number, one in enumerate(judged, 1)]

    def held(self, statement: bytes | None = None) -> list[HeldEntry]:
        """Entries that wait for an operator, of one statement or of all."""
        rows = self._connection.execute(HELD_ROWS, {"statement": statement})
        return [HeldEntry(*row) for row in rows]

    def set_aside(self, entry: int, *, said_by: str, instant: int) -> bool:
        """An operator looked and needs no more; False when the entry is not held."""
        with self._connection.transaction():
            return bool(
                self._connection.execute(
                    "insert into rempart.bank_entry_resolved (entry, how, said_by, instant) "
                    "select e.entry, 'set-aside', %s, %s from rempart.bank_entry e "
                    "where e.entry = %s and e.verdict = 'held' on conflict do nothing",
                    (said_by, instant, entry),
                ).rowcount
            )

    def _judge(self, statement: Statement, today: date) -> list[_Judged]:
        order = referenced(statement.order)
        named = [one.end_to_end for one in (*statement.paid, *statement.received)]
        found = self._known([one for one in named if referenced(one)], order)
        judged = [_judged(one, found, REMITTANCE) for one in statement.paid]
        judged += [_judged(one, found, FUND_CALL) for one in statement.received]
        if statement.order and statement.outcome != "unknown":
            judged += self._whole(statement, found, set(named), today)
        return judged

    def _known(self, references: list[str], order: UUID | None) -> dict[str, _Match]:
        rows = self._connection.execute(KNOWN, {"references": references, "file": order}).fetchall()
        return {
            reference: _Match(identity, site, Known(kind, state, amount, left))
            for identity, site, kind, reference, amount, left, state in rows
        }

    def _whole(self, statement: Statement, found: dict[str, _Match], named: set[str], today: date) -> list[_Judged]:
        """What an outcome of the whole order means for its transfers that the report did not name."""
        order = referenced(statement.order)
        rows = self._connection.execute(
            "select end_to_end from rempart.remittance where file = %s order by end_to_end", (order,)
        ).fetchall()
        others = [row[0] for row in rows if row[0] not in named]
        waiting = [one for one in others if found[one].known.state == RESERVED]
        blank = BankEntry("", statement.outcome, statement.reason, 0, today)
        if not rows:
            return [_Judged(blank, Verdict(HELD, "reference-unknown"), None)]
        if statement.outcome == "rejected" and any(found[one].known.state == SETTLED for one in others):
            return [_Judged(blank, Verdict(HELD, "order-refused-after-settlement"), None)]
        return [_judged(blank._replace(end_to_end=one), found, REMITTANCE) for one in waiting]

    def _apply(self, judged: Sequence[_Judged], instant: int) -> None:
        connection = self._connection
        settled = _endings(judged, "settled")
        if settled:
            end(connection, settled, SETTLED, cause="bank-settled", instant=instant)
        released = _endings(judged, "released")
        if released:
            end(connection, released, RELEASED, cause="bank-rejected", instant=instant)
        returned = _endings(judged, "returned")
        if returned:
            come_back(connection, returned, instant=instant)
        for one in judged:
            if one.match is not None and one.verdict.act in {"funded", "unfunded"}:
                outcome = AFTER[one.verdict.act]
                funds.end_call(
                    connection, one.match.identity, outcome,
                    reason=one.entry.reason, day=one.entry.day, instant=instant,
                )  # fmt: skip

    def _write(self, judged: Sequence[_Judged], fingerprint: bytes, instant: int) -> None:
        rows = [_row(number, one, fingerprint, instant) for number, one in enumerate(judged, 1)]
        with self._connection.cursor() as cursor:
            cursor.executemany(
                "insert into rempart.bank_entry (statement, position, end_to_end, outcome, reason, amount, day, "
                "verdict, code, remittance, fund_call, instant) "
                "values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
                rows,
            )
        ended = [one.match.identity for one in judged if one.match is not None and one.verdict.act in AFTER]
        self._connection.execute(
            "insert into rempart.bank_entry_resolved (entry, how, said_by, instant) "
            "select e.entry, 'later-entry', 'bank', %s from rempart.bank_entry e "
            "where e.verdict = 'held' and e.code = 'outcome-unknown' and e.statement <> %s "
            "and (e.remittance = any(%s) or e.fund_call = any(%s)) on conflict do nothing",
            (instant, fingerprint, ended, ended),
        )

    def _tell(self, judged: Sequence[_Judged], instant: int) -> None:
        """Sites are told of transfers that did not go through, the operator of what is held."""
        kinds = {"released": "transfer-rejected", "returned": "transfer-returned"}
        tell(
            self._connection,
            [
                Notice(one.match.site, kinds[one.verdict.act], one.match.identity, one.entry.day)
                for one in judged
                if one.match is not None and one.verdict.act in kinds
            ],
            instant,
        )
        codes = Counter(one.verdict.code for one in judged if one.verdict.act == HELD)
        if codes:
            counts = {"items": codes.total(), "cents": sum(j.entry.amount for j in judged if j.verdict.act == HELD)}
            self._connection.execute(
                "insert into rempart.alarm (instant, code, counts, context) values (%s, %s, %s, %s)",
                (instant, ALARM, json.dumps(counts), json.dumps({"codes": ", ".join(sorted(codes))})),
            )


def _judged(entry: BankEntry, found: dict[str, _Match], kind: str) -> _Judged:
    """Judges one entry and remembers the state it leads to, for the entries after it."""
    match = found.get(entry.end_to_end)
    if match is not None and match.known.kind != kind:
        return _Judged(entry, Verdict(HELD, "wrong-side"), match)
    verdict = judge(entry, match.known if match else None)
    if match is not None and verdict.act in AFTER:
        found[entry.end_to_end] = match._replace(known=match.known._replace(state=AFTER[verdict.act]))
    return _Judged(entry, verdict, match)


def _endings(judged: Sequence[_Judged], act: str) -> list[Ending]:
    return [
        Ending(one.match.identity, one.entry.reason, one.entry.day)
        for one in judged
        if one.match is not None and one.verdict.act == act
    ]


def _row(number: int, one: _Judged, fingerprint: bytes, instant: int) -> tuple[Any, ...]:
    entry, match = one.entry, one.match
    kind = match.known.kind if match else ""
    identity = match.identity if match else None
    return (
        fingerprint, number, entry.end_to_end if referenced(entry.end_to_end) else "", entry.outcome, entry.reason,
        entry.amount, entry.day, one.verdict.act, one.verdict.code, identity if kind == REMITTANCE else None,
        identity if kind == FUND_CALL else None, instant,
    )  # fmt: skip
