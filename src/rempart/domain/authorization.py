"""The life of an authorization (prise en charge) and what a request is answered: pure, every change an event.

A request is answered at once by the insurer's own table, or waits for a case worker when a named review says so. Terms
(validity, tolerances, amount from which a person looks) are dated rows by domain; no figure stands in logic. What is
delivered in parts is counted by `deliveries`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from rempart.domain.decision import DecidedLine, Decision

REQUESTED = "requested"
PENDING = "pending"
AGREED = "agreed"
REFUSED = "refused"
MODIFIED = "modified"
CANCELLED = "cancelled"
EXPIRED = "expired"
PARTLY_INVOICED = "partly-invoiced"
INVOICED = "invoiced"

TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({REQUESTED}),
    REQUESTED: frozenset({AGREED, REFUSED, PENDING}),
    PENDING: frozenset({AGREED, REFUSED, MODIFIED, CANCELLED, EXPIRED}),
    AGREED: frozenset({MODIFIED, CANCELLED, EXPIRED, PARTLY_INVOICED, INVOICED}),
    PARTLY_INVOICED: frozenset({CANCELLED, EXPIRED, PARTLY_INVOICED, INVOICED, AGREED}),
    INVOICED: frozenset({PARTLY_INVOICED, AGREED}),
    REFUSED: frozenset(),
    MODIFIED: frozenset(),
    CANCELLED: frozenset(),
    EXPIRED: frozenset(),
}
"""From each state, those that may follow; "" is before the first event. `modified`: another request replaced it.

A cancelled invoice gives back what it took: the way from `invoiced` to `partly-invoiced` or `agreed`. Once cancelled or
expired, what was delivered before stays owed and the rest is not.
"""

STATES = tuple(state for state in TRANSITIONS if state)
ENDED = frozenset(state for state in STATES if not TRANSITIONS[state])
HOLDING = frozenset({AGREED, PARTLY_INVOICED})
"""States in which an allowance is held."""


@dataclass(frozen=True, slots=True)
class Event:
    """One change: the state it led to, microseconds UTC, and the cause (a code of `reasons`, or who did it)."""

    state: str
    instant: int
    cause: str = ""


def step(present: str, following: str, *, instant: int, cause: str = "") -> Event | str:
    """The event that leads from `present` to `following`, or `transition-not-allowed`."""
    if following not in TRANSITIONS.get(present, frozenset()):
        return "transition-not-allowed"
    return Event(following, instant, cause)


def replayed(events: tuple[Event, ...]) -> str:
    """The state that these events lead to, oldest first; ValueError when they could not have happened."""
    state = ""
    for event in events:
        if event.state not in TRANSITIONS[state]:
            raise ValueError(f"no way from {state or 'nothing'} to {event.state}")
        state = event.state
    return state


# --- terms ---


@dataclass(frozen=True, slots=True)
class Terms:
    """What one domain's authorizations are worth, for requests made from `start` to `end`, both included.

    `days` of validity, the day of the request the first; `late_days` more in which a delivery is still taken;
    `line_cents` and `total_cents` by which an invoice may ask more than was agreed; `review_from`: cents asked of the
    insurer from which a case worker looks, None: never for the amount.
    """

    domain: str
    days: int
    late_days: int
    line_cents: int
    total_cents: int
    review_from: int | None
    source: str
    start: date = date.min
    end: date = date.max


_PRACTICE = "our own start values, to be replaced by the insurers' agreements; no public source"
TERMS: tuple[Terms, ...] = (
    Terms("OPTI", 180, 15, 100, 200, 1_000_00, _PRACTICE),
    Terms("AUDI", 180, 15, 100, 200, 3_600_00, _PRACTICE),
    Terms("DEPR", 365, 30, 500, 1_000, 3_000_00, _PRACTICE),
    Terms("DESO", 365, 30, 500, 1_000, 3_000_00, _PRACTICE),
    Terms("HOSP", 90, 30, 2_000, 5_000, 5_000_00, _PRACTICE),
)
"""A domain that is not here takes no request."""

PLANNED_AHEAD = 365  # days from the request to the planned delivery, at most


def terms_of(domain: str, day: date) -> Terms | None:
    """The terms for a request made on `day`; None when this domain takes none."""
    return next((row for row in TERMS if row.domain == domain and row.start <= day <= row.end), None)


# --- the answer ---


class Review(NamedTuple):
    """What a review looks at: the decision by the table and the terms of its domain."""

    decision: Decision
    terms: Terms


def table_does_not_say(review: Review) -> str:
    """The insurer's table is absent or silent about one line."""
    return review.decision.reason if review.decision.outcome == "held" else ""


def amount_to_review(review: Review) -> str:
    """The insurer wants a person to look from this amount on."""
    most = review.terms.review_from
    return "amount-to-review" if most is not None and review.decision.amc >= most else ""


REVIEWS: tuple[Callable[[Review], str], ...] = (table_does_not_say, amount_to_review)
"""Each returns "" or why a case worker must decide; the first one wins."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a request is answered: state, the reason when not agreed, and what binds when agreed (days included).

    `last` is the end of validity; a delivery is taken until `latest`. `cut`: validity ends with the rights known today.
    """

    state: str
    reason: str
    domain: str
    lines: tuple[DecidedLine, ...]
    first: date
    last: date
    latest: date
    line_cents: int = 0
    total_cents: int = 0
    cut: bool = False

    @property
    def amc(self) -> int:
        return sum(line.amc for line in self.lines)


def rule(decision: Decision, day: date, planned: date, rights_end: Callable[[str], date | None]) -> Ruling:
    """Answer a request made on `day` for a delivery planned on another by its decision.

    `rights_end` gives a domain's last day of the rights known today. A stay that began already is covered from then.
    """
    domain = next((line.domain for line in decision.lines if line.domain), "")
    terms = terms_of(domain, day)
    if decision.outcome == "rejected" or terms is None:
        reason = decision.reason or "domain-without-authorization"
        return Ruling(REFUSED, reason, domain, decision.lines, day, day, day)
    last, latest, cut = validity(terms, day, rights_end(domain))
    why = next((code for check in REVIEWS if (code := check(Review(decision, terms)))), "")
    state = PENDING if why else AGREED
    return Ruling(
        state, why, domain, decision.lines, min(day, planned), last, latest, terms.line_cents, terms.total_cents, cut
    )  # fmt: skip


def validity(terms: Terms, day: date, rights_end: date | None) -> tuple[date, date, bool]:
    """(last day, latest delivery, whether known rights cut it): nobody is bound beyond the rights known that day."""
    last = day + timedelta(days=terms.days - 1)
    if rights_end is not None and rights_end <= last:
        return max(rights_end, day), max(rights_end, day), True
    latest = last + timedelta(days=terms.late_days)
    return last, latest if rights_end is None else min(latest, rights_end), False


def if_rights_end(ruling_last: date, *, cut: bool) -> str:
    """What happens when rights end before the delivery, in French, printed on every agreement."""
    day = f"{ruling_last:%d/%m/%Y}"
    if cut:
        return (
            f"Les droits connus à ce jour s'arrêtent le {day} : une livraison après cette date n'est pas couverte par"
            " cet accord. Redemandez-le dès que les droits sont renouvelés."
        )
    return (
        "Si les droits prennent fin avant la livraison, cet accord reste dû pour une livraison jusqu'au"
        f" {day} : facturez avec sa référence. La date des soins est celle de la livraison."
    )
