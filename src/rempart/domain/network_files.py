"""A file of who is in which network of care: what it says, and how it differs from what was known.

A file speaks for the networks that it names, whole: a membership that it leaves out has ended on the day before the
file's own. What was known before is kept, so that an old decision can be explained. Left out: why a site left.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import NamedTuple

from rempart.domain.guarantee import Membership

ENDLESS = date.max


class Change(NamedTuple):
    """One step from what is known to what the file says: `before` is superseded, `after` becomes known."""

    before: Membership | None
    after: Membership | None


class Differences(NamedTuple):
    """How a file differs, in memberships: `known` before, `listed` by it; `altered` ends otherwise than was known."""

    known: int
    listed: int
    joined: int
    left: int
    altered: int


def compare(
    known: Sequence[Membership], listed: Sequence[Membership], as_of: date
) -> tuple[Differences, tuple[Change, ...]]:
    """What changes when the file of that day is believed; both sides hold one membership for each site and start."""
    before = {_key(one): one for one in known}
    told = {_key(one): one for one in listed}
    changes = [Change(None, one) for key, one in told.items() if key not in before]
    joined = len(changes)
    altered = [Change(before[key], one) for key, one in told.items() if key in before and before[key].end != one.end]
    left = [
        Change(one, _ended(one, as_of)) for key, one in before.items() if key not in told and one.end >= as_of
    ]  # fmt: skip
    return Differences(len(known), len(listed), joined, len(left), len(altered)), (*changes, *altered, *left)


def faults(listed: Sequence[Membership]) -> set[int]:
    """The places of memberships that lie over an earlier one of the same site and network."""
    found: set[int] = set()
    last: dict[tuple[str, str], date] = {}
    for place in sorted(range(len(listed)), key=lambda number: (listed[number].start, number)):
        one = listed[place]
        pair = (one.network, one.site)
        if pair in last and one.start <= last[pair]:
            found.add(place)
        else:
            last[pair] = one.end
    return found


def _key(one: Membership) -> tuple[str, str, date]:
    return one.network, one.site, one.start


def _ended(one: Membership, as_of: date) -> Membership | None:
    """What stays of it: nothing when it had not begun."""
    last = as_of - timedelta(days=1)
    return None if one.start > last else one._replace(end=last)
