"""What can be closed alone (`hub`, `channel:…`, `operator:…`, `insurer:…`, `profession:…`): one closes, two open.

The database itself refuses to open for fewer than two (trigger `guard_compartment`). Instants are microseconds UTC.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rempart.domain.identifiers import Fault

if TYPE_CHECKING:
    from psycopg import Connection

NAME = re.compile(
    r"hub|channel:(?:api|files|portal)|insurer:[0-9]{10}|operator:[a-z0-9-]{1,64}|profession:[a-z-]{1,32}"
)
REASON = re.compile(r"[a-z0-9-]{1,64}")


@dataclass(frozen=True, slots=True)
class CompartmentRow:
    """One compartment that was ever closed; `agreed`: who said that this closing may end."""

    compartment: str
    state: str
    reason: str
    changed: int
    agreed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Opening:
    """`state` is now `open` or still `closed`; `agreed`: who has said so until now."""

    state: str
    agreed: tuple[str, ...]


def compartments(connection: Connection[Any]) -> tuple[CompartmentRow, ...]:
    """All that are or were closed, by name."""
    rows = connection.execute(
        "select c.compartment, c.state, c.reason, c.changed, array(select o.officer from rempart.compartment_opening o "
        "where o.compartment = c.compartment and o.closing = c.changed order by o.instant) "
        "from rempart.compartment c order by c.compartment"
    ).fetchall()
    return tuple(CompartmentRow(row[0], row[1], row[2], row[3], tuple(row[4])) for row in rows)


def close(connection: Connection[Any], name: str, reason: str, instant: int) -> Fault | None:
    """Closes; from the next request on `settle` refuses what is in it, at every hub. Closed again, voices are void."""
    if not NAME.fullmatch(name):
        return Fault("compartment", "compartment-unknown")
    if not REASON.fullmatch(reason):
        return Fault("reason", "reason-shape")
    connection.execute(
        "insert into rempart.compartment (compartment, state, reason, changed) values (%s, 'closed', %s, %s) "
        "on conflict (compartment) do update set state = 'closed', reason = excluded.reason, "
        "changed = greatest(excluded.changed, rempart.compartment.changed + 1)",
        (name, reason, instant),
    )
    return None


def open_again(connection: Connection[Any], name: str, officer: str, instant: int) -> Opening | Fault:
    """One person agrees; with the second, different one it opens."""
    who = " ".join(officer.lower().split())
    if not who:
        return Fault("officer", "officer-missing")
    with connection.transaction():
        row = connection.execute(
            "select state, changed from rempart.compartment where compartment = %s for update", (name,)
        ).fetchone()
        if row is None or row[0] != "closed":
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
            return Opening("closed", agreed)
        connection.execute(
            "update rempart.compartment set state = 'open', reason = '', changed = %s where compartment = %s",
            (max(instant, row[1] + 1), name),
        )
    return Opening("open", agreed)


def _agreed(connection: Connection[Any], name: str, closing: int) -> tuple[str, ...]:
    rows = connection.execute(
        "select officer from rempart.compartment_opening where compartment = %s and closing = %s order by instant",
        (name, closing),
    ).fetchall()
    return tuple(row[0] for row in rows)
