"""A file of networks of care: CSV in UTF-8, `network;site;from;to`, one membership a line (our own format, 2026).

Days are ISO 8601 and included; an empty `to` means until further notice. Separator is a semicolon or a comma, by the
first line. Left out: files as networks write them for their own members; a site's operator turns them into this one.
"""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from typing import NamedTuple

from rempart.domain.guarantee import Membership
from rempart.domain.identifiers import parse_site
from rempart.domain.network_files import ENDLESS, faults

HEADER = ("network", "site", "from", "to")
MOST_BYTES = 64 * 1024 * 1024
NAME = re.compile(r"[A-Za-z0-9._-]{1,20}")


class LineFault(NamedTuple):
    """A line that cannot be right: its number from 1 and a stable code, never what it held."""

    line: int
    code: str


class Read(NamedTuple):
    """The memberships of a file, and the lines that are none."""

    members: tuple[Membership, ...]
    faults: tuple[LineFault, ...]


def read(content: bytes) -> Read:
    """A file whole. A file of another shape has one fault, of line 1."""
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return Read((), (LineFault(1, "not-utf-8"),))
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=";" if ";" in first else ",", strict=True)
    members: list[Membership] = []
    lines: list[int] = []
    wrong: list[LineFault] = []
    try:
        if tuple(cell.strip().lower() for cell in next(rows, ())) != HEADER:
            return Read((), (LineFault(1, "not-this-file"),))
        for row in rows:
            found = _member(row) if row else None
            if isinstance(found, str):
                wrong.append(LineFault(rows.line_num, found))
            elif found is not None:
                members.append(found)
                lines.append(rows.line_num)
    except csv.Error:
        return Read((), (LineFault(rows.line_num, "not-csv"),))
    over = faults(members)
    wrong += [LineFault(lines[place], "membership-twice") for place in over]
    return Read(tuple(one for place, one in enumerate(members) if place not in over), tuple(sorted(wrong)))


def _member(row: list[str]) -> Membership | str:
    if len(row) != len(HEADER):
        return "cells-missing"
    network, site, first, last = (cell.strip() for cell in row)
    if not NAME.fullmatch(network):
        return "network-malformed"
    number = parse_site(site)
    if not isinstance(number, str):
        return number.code
    start, end = _day(first), _day(last) if last else ENDLESS
    if start is None or end is None:
        return "impossible-date"
    return Membership(network, number, start, end) if start <= end else "dates-reversed"


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if len(text) == len("2026-01-01") else None
    except ValueError:
        return None
