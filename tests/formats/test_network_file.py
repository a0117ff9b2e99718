"""A file of networks of care, read whole; and how it differs from what was known."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.guarantee import Membership
from rempart.domain.network_files import Change, compare
from rempart.formats.network_file import read

SITE, OTHER = "751234568", "970499992"
FIRST = date(2026, 1, 1)
HEAD = "network;site;from;to\n"


def test_a_file_is_read_whole() -> None:
    """Semicolons or commas, an open end, a byte order mark, an empty line."""
    told = HEAD + f"CLAIR;{SITE};2026-01-01;\n\nCLAIR;{OTHER};2026-01-01;2026-06-30\n"
    members = (Membership("CLAIR", SITE, FIRST), Membership("CLAIR", OTHER, FIRST, date(2026, 6, 30)))
    assert read(told.encode("utf-8-sig")) == (members, ())
    assert read(told.replace(";", ",").encode()).members == members


@pytest.mark.parametrize(
    ("line", "code"),
    [
        (f"CLAIR;{SITE};2026-01-01", "cells-missing"), (f"a network;{SITE};2026-01-01;", "network-malformed"),
        ("CLAIR;751234567;2026-01-01;", "site-key"), (f"CLAIR;{SITE};2026-02-30;", "impossible-date"),
        (f"CLAIR;{SITE};2026-02-02;2026-02-01", "dates-reversed"), (f"CLAIR;{SITE};1/2/2026;", "impossible-date"),
        (f"CLAIR;{SITE};2026-01-01;\nCLAIR;{SITE};2026-03-01;", "membership-twice"),
    ],
)  # fmt: skip
def test_a_faulty_line_is_told_by_its_number(line: str, code: str) -> None:
    """Never by what it held."""
    found = read((HEAD + line).encode()).faults
    assert [(each.line, each.code) for each in found] == [(2 + line.count("\n"), code)]


@pytest.mark.parametrize("content", [b"", b"\xff", b"site;network\n", b'network;site;from;to\n"open'])
def test_another_file_is_one_fault(content: bytes) -> None:
    """Nothing of it is believed."""
    found = read(content)
    assert found.members == ()
    assert len(found.faults) == 1


SETS = st.dictionaries(
    st.tuples(st.sampled_from("AB"), st.sampled_from((SITE, OTHER)), st.integers(0, 3)),
    st.integers(0, 400), max_size=6,
).map(
    lambda told: [
        Membership(network, site, FIRST + timedelta(start), FIRST + timedelta(start + long))
        for (network, site, start), long in told.items()
    ]
)  # fmt: skip


def believed(known: list[Membership], changes: tuple[Change, ...]) -> list[Membership]:
    left = [one for one in known if one not in {change.before for change in changes}]
    return left + [change.after for change in changes if change.after is not None]


@given(SETS, SETS, st.integers(0, 500))
def test_what_is_believed_is_the_file_from_its_day_on(
    known: list[Membership], listed: list[Membership], day: int
) -> None:
    """From the file's day on its memberships hold and no other; of before, what it leaves out stays; twice is once."""
    as_of = FIRST + timedelta(day)
    differences, changes = compare(known, listed, as_of)
    after = believed(known, changes)
    assert {one for one in after if one.end >= as_of} == {one for one in listed if one.end >= as_of}
    assert len(changes) == differences.joined + differences.left + differences.altered
    assert not compare(after, [*listed, *(one for one in after if one.end < as_of and one not in listed)], as_of)[1]


def test_a_site_that_is_left_out_was_in_until_the_day_before() -> None:
    """Care of before stays in the network."""
    before = Membership("CLAIR", SITE, FIRST)
    (change,) = compare([before], [Membership("CLAIR", OTHER, FIRST)], date(2026, 7, 1))[1][1:]
    assert change == Change(before, before._replace(end=date(2026, 6, 30)))
