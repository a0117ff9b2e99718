"""Plans of waves in the database: written once, never edited; the newest of an operator counts.

Instants are microseconds UTC.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rempart.domain.identifiers import Fault
from rempart.domain.waves import Plan, plan_fault
from rempart.storage.compartments import named
from rempart.storage.facts import PLANS, plan_of

if TYPE_CHECKING:
    from psycopg import Connection


def plans(connection: Connection[Any]) -> tuple[Plan, ...]:
    """The plan of each operator that ever had one; without windows it has ended."""
    return tuple(plan_of(row) for row in connection.execute(PLANS).fetchall())


def drawn(connection: Connection[Any], operator: str) -> int:
    """The last closing of the operator's portal, by which places are drawn; 0 when it never closed."""
    row = connection.execute(
        "select max(instant) from rempart.compartment_event where state = 'closed' and compartment = %s",
        (f"portal:{operator}",),
    ).fetchone()
    return row[0] if row and row[0] is not None else 0


def write(connection: Connection[Any], plan: Plan, officer: str, instant: int) -> Fault | None:
    """From the next second on it counts at every hub."""
    who = named(officer)
    if not who:
        return Fault("officer", "officer-missing")
    fault = plan_fault(plan)
    if fault is not None:
        return fault
    if plan.windows and plan.ends <= instant:
        return Fault("windows", "windows-past")
    with connection.transaction():
        row = connection.execute(
            "insert into rempart.wave_plan (operator, drawn, officer, instant) values (%s, %s, %s, %s) returning plan",
            (plan.operator, plan.drawn, who, instant),
        ).fetchone()
        for number, window in enumerate(plan.windows, 1):
            connection.execute(
                "insert into rempart.wave_window (plan, number, starts, minutes, share) values (%s, %s, %s, %s, %s)",
                (row and row[0], number, *window),
            )
    return None
