"""Closing, restricting and opening compartments, over psycopg 3: one person closes, two different ones open.

The database itself refuses to open for fewer than two (trigger `guard_compartment`) and writes every change down
(trigger `record_compartment`), whoever writes the statement. Instants are microseconds UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rempart.domain.compartments import (
    BANK_DETAILS,
    CLOSED,
    NAME,
    OPEN,
    REASON,
    RESTRICTED,
    Closure,
    sentence_fault,
)
from rempart.domain.identifiers import Fault
from rempart.storage.facts import CLOSURES

if TYPE_CHECKING:
    from psycopg import Connection


@dataclass(frozen=True, slots=True)
class Shutting:
    """What an officer does: `state` is closed or restricted; sentences in both languages, or "" for the usual ones."""

    compartment: str
    state: str
    reason: str
    officer: str
    reopens: int | None = None
    french: str = ""
    english: str = ""


@dataclass(frozen=True, slots=True)
class CompartmentRow:
    """One compartment that was ever closed or restricted; `agreed`: who said that this closing may end."""

    compartment: str
    state: str
    reason: str
    changed: int
    officer: str
    reopens: int | None
    agreed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Event:
    """One step of a compartment's history: `closed`, `restricted`, `agreed` (a voice to open) or `open`."""

    instant: int
    compartment: str
    step: str
    officer: str
    reason: str
    reopens: int | None
    french: str
    english: str


@dataclass(frozen=True, slots=True)
class Opening:
    """`state` is now `open` or what it was; `agreed`: who has said so until now."""

    state: str
    agreed: tuple[str, ...]


def compartments(connection: Connection[Any]) -> tuple[CompartmentRow, ...]:
    """All that are or were closed or restricted, by name."""
    rows = connection.execute(
        "select c.compartment, c.state, c.reason, c.changed, c.officer, c.reopens, array(select o.officer "
        "from rempart.compartment_opening o where o.compartment = c.compartment and o.closing = c.changed "
        "order by o.instant) from rempart.compartment c order by c.compartment"
    ).fetchall()
    return tuple(CompartmentRow(row[0], row[1], row[2], row[3], row[4], row[5], tuple(row[6])) for row in rows)


def closures(connection: Connection[Any]) -> tuple[Closure, ...]:
    """Those that are not open now, by name."""
    return tuple(Closure(*row) for row in connection.execute(CLOSURES).fetchall())


def history(connection: Connection[Any], name: str = "") -> tuple[Event, ...]:
    """What happened to one compartment, or to all; the oldest first."""
    rows = connection.execute(
        "select instant, compartment, state, officer, reason, reopens, french, english, event "
        "from rempart.compartment_event where %(name)s in ('', compartment) "
        "union all select instant, compartment, 'agreed', officer, '', null, '', '', 0 "
        "from rempart.compartment_opening where %(name)s in ('', compartment) order by 1, 9, 2",
        {"name": name},
    ).fetchall()
    return tuple(Event(*row[:8]) for row in rows)


def shut(connection: Connection[Any], asked: Shutting, instant: int) -> Fault | None:
    """Closes or restricts; from the next request on `settle` refuses by it, at every hub. Voices to open are void.

    What is closed is not restricted without being opened first: that would be opening it by one person.
    """
    fault = _fault(asked, instant)
    if fault is not None:
        return fault
    done = connection.execute(
        "insert into rempart.compartment as c (compartment, state, reason, changed, officer, reopens, french, english) "
        "values (%s, %s, %s, %s, %s, %s, %s, %s) on conflict (compartment) do update set state = excluded.state, "
        "reason = excluded.reason, changed = greatest(excluded.changed, c.changed + 1), officer = excluded.officer, "
        "reopens = excluded.reopens, french = excluded.french, english = excluded.english "
        "where excluded.state = 'closed' or c.state <> 'closed'",
        (asked.compartment, asked.state, asked.reason, instant, named(asked.officer), asked.reopens, asked.french,
         asked.english),
    )  # fmt: skip
    return None if done.rowcount else Fault("compartment", "closed-already")


def _fault(asked: Shutting, instant: int) -> Fault | None:
    if not NAME.fullmatch(asked.compartment):
        return Fault("compartment", "compartment-unknown")
    if asked.state not in {CLOSED, RESTRICTED} or (asked.state == RESTRICTED and asked.compartment == BANK_DETAILS):
        return Fault("compartment", "not-restrictable")
    if not REASON.fullmatch(asked.reason):
        return Fault("reason", "reason-shape")
    if not named(asked.officer):
        return Fault("officer", "officer-missing")
    if asked.reopens is not None and asked.reopens <= instant:
        return Fault("reopens", "reopens-in-the-past")
    code = sentence_fault(asked.french, asked.english)
    return Fault("sentence", code) if code else None


_HELD = {
    "insurer": "select exists (select from rempart.insurer where insurer = %(of)s)",
    "operator": "select exists (select from rempart.site where operator = %(of)s "
    "union all select from rempart.insurer where operator = %(of)s)",
    "portal": "select exists (select from rempart.account where operator = %(of)s)",
    "profession": "select exists (select from rempart.site where profession = %(of)s)",
    "region": "select exists (select from rempart.site where region = %(of)s)",
}


def holds_somebody(connection: Connection[Any], name: str) -> bool:
    """Whether anybody registered is in it: a name that is misspelt closes nothing and reassures."""
    kind, _, of = name.partition(":")
    statement = _HELD.get(kind)
    if statement is None:
        return True
    row = connection.execute(statement, {"of": of}).fetchone()
    return bool(row and row[0])


def open_again(connection: Connection[Any], name: str, officer: str, instant: int) -> Opening | Fault:
    """One person agrees; with the second, different one it opens."""
    who = named(officer)
    if not who:
        return Fault("officer", "officer-missing")
    with connection.transaction():
        row = connection.execute(
            "select state, changed from rempart.compartment where compartment = %s for update", (name,)
        ).fetchone()
        if row is None or row[0] == OPEN:
            return Fault("compartment", "not-closed")
        said = connection.execute(
            "insert into rempart.compartment_opening (compartment, closing, officer, instant) values (%s, %s, %s, %s) "
            "on conflict do nothing",
            (name, row[1], who, instant),
        )
        if not said.rowcount:
            return Fault("officer", "officer-already-spoke")
        agreed = _agreed(connection, name, row[1])
        if len(agreed) < 2:
            return Opening(row[0], agreed)
        connection.execute(
            "update rempart.compartment set state = 'open', reason = '', changed = %s, officer = %s, reopens = null, "
            "french = '', english = '' where compartment = %s",
            (max(instant, row[1] + 1), who, name),
        )
    return Opening(OPEN, agreed)


def named(officer: str) -> str:
    """One way of writing one name, so that one person has one voice."""
    return " ".join(officer.lower().split())


def _agreed(connection: Connection[Any], name: str, closing: int) -> tuple[str, ...]:
    rows = connection.execute(
        "select officer from rempart.compartment_opening where compartment = %s and closing = %s order by instant",
        (name, closing),
    ).fetchall()
    return tuple(row[0] for row in rows)
