"""Which sites are in which network of care, and when, as a guarantee table lists them."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from rempart.domain.guarantee import Membership
from rempart.formats.guarantee_table import values

if TYPE_CHECKING:
    from rempart.formats.guarantee_table.faults import Notes
    from rempart.formats.guarantee_table.positions import Path


def members_of(notes: Notes, given: object) -> tuple[Membership, ...]:
    """Every membership that can be read; what cannot is noted."""
    if not isinstance(given, list):
        notes.fault(("network",), "type-wrong")
        return ()
    found: list[Membership] = []
    for index, table in enumerate(given):
        path: Path = ("network", index)
        if not isinstance(table, dict):
            notes.fault(path, "type-wrong")
            continue
        values.known_keys(notes, path, table, ("name", "members"))
        name = values.code(notes, path, table, "name")
        listed = values.need(notes, path, table, ("members", list)) or []
        made = [_member(notes, (*path, "members", place), name or "", each) for place, each in enumerate(listed)]
        found += [each for each in made if each is not None]
    return tuple(found)


def _member(notes: Notes, path: Path, network: str, table: object) -> Membership | None:
    if not isinstance(table, dict):
        notes.fault(path, "type-wrong")
        return None
    values.known_keys(notes, path, table, ("site", "from", "to"))
    site = values.need(notes, path, table, ("site", str))
    start = values.day(notes, path, table, "from")
    end = values.day(notes, path, table, "to") if "to" in table else date.max
    if site is not None and re.fullmatch(r"[0-9A-Z]{9}", site, re.ASCII) is None:
        notes.fault((*path, "site"), "site-malformed")
        return None
    if site is None or start is None or end is None:
        return None
    if end < start:
        notes.fault((*path, "to"), "dates-reversed")
        return None
    return Membership(network, site, start, end)
