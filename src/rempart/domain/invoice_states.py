"""The life of an invoice: one visible table of allowed transitions, each an event with its instant and cause.

Events are facts: appended, never edited. The present state is the last event's. Claw-backs have a life of their own:
the invoice stays paid.
"""

from __future__ import annotations

from dataclasses import dataclass

RECEIVED = "received"
ACKNOWLEDGED = "acknowledged"
REFUSED = "refused"
WAITING = "waiting"
HELD = "held"
ACCEPTED = "accepted"
REJECTED = "rejected"
PAID = "paid"
CANCELLED = "cancelled"

TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({RECEIVED}),
    RECEIVED: frozenset({ACKNOWLEDGED, REFUSED}),
    ACKNOWLEDGED: frozenset({ACCEPTED, REJECTED, HELD, WAITING, CANCELLED}),
    WAITING: frozenset({ACCEPTED, REJECTED, HELD, CANCELLED}),
    HELD: frozenset({ACCEPTED, REJECTED, CANCELLED}),
    # A later rights file may open the missing period; a correction cancels the rejected one, so that both cannot pay.
    REJECTED: frozenset({ACCEPTED, HELD, CANCELLED}),
    ACCEPTED: frozenset({PAID, CANCELLED}),
    PAID: frozenset({ACCEPTED}),  # the payee's bank sent the money back: it is due again
    REFUSED: frozenset(),
    CANCELLED: frozenset(),
}
"""From each state, the states that may follow; "" is before the first event."""

STATES = tuple(state for state in TRANSITIONS if state)
LIVE = frozenset({RECEIVED, ACKNOWLEDGED, WAITING, HELD, ACCEPTED, PAID})
"""States in which an invoice keeps its number: a second one under it is a duplicate."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change: the state it led to, microseconds UTC, and the cause (a code of `reasons`, or an act: `load`)."""

    state: str
    instant: int
    cause: str = ""


def step(present: str, following: str, *, instant: int, cause: str = "") -> Event | str:
    """The event that leads from `present` to `following`, or `transition-not-allowed`."""
    if following not in TRANSITIONS.get(present, frozenset()):
        return "transition-not-allowed"
    return Event(following, instant, cause)
