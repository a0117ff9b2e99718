"""What must hold of the money at every instant, as named checks; each gives a list of violations, empty when it holds.

They read in the caller's transaction (take REPEATABLE READ while others write), either everything (`since` 0) or what
moved since an instant, which costs as much as moved. A violation names internal ids and counts, never a person, a
site's name or an account number.
"""

from __future__ import annotations

from rempart.storage.invariants._told import MOST, Connection, Invariant
from rempart.storage.invariants.after import (
    calls_equal_what_was_decided,
    claw_backs_take_no_more_than_was_paid,
    debts_are_what_is_left,
    funds_hold_what_came_in,
    funds_stay_within_their_ceiling,
    penalties_are_posted_or_paid,
)
from rempart.storage.invariants.counters import counters_equal_their_entries
from rempart.storage.invariants.journal import journal_equals_disclosures
from rempart.storage.invariants.payments import (
    accounts_balance,
    every_paid_invoice_in_one_file,
    no_reference_twice,
    nothing_paid_twice,
    reserved_is_what_is_open,
    shares_make_the_whole,
)

__all__ = ["CONTINUOUS", "INVARIANTS", "MOST", "check", "journal_equals_disclosures"]

INVARIANTS: tuple[Invariant, ...] = (
    accounts_balance,
    nothing_paid_twice,
    no_reference_twice,
    shares_make_the_whole,
    every_paid_invoice_in_one_file,
    reserved_is_what_is_open,
    funds_stay_within_their_ceiling,
    funds_hold_what_came_in,
    calls_equal_what_was_decided,
    claw_backs_take_no_more_than_was_paid,
    debts_are_what_is_left,
    penalties_are_posted_or_paid,
    counters_equal_their_entries,
)
"""What holds of the money."""

CONTINUOUS: tuple[Invariant, ...] = (*INVARIANTS, journal_equals_disclosures)
"""What the worker looks at every minute."""


def check(
    connection: Connection, since: int = 0, invariants: tuple[Invariant, ...] = INVARIANTS
) -> dict[str, list[str]]:
    """Every invariant by its name, with what breaks it, at most `MOST` of each query."""
    return {invariant.__name__: invariant(connection, since) for invariant in invariants}
