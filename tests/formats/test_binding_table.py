"""`rempart-bindings/1`: what is read, and what is refused with its place."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from rempart.domain.binding import Binding
from rempart.formats.binding_table import Fault, Read, read

SAMPLE = Path(__file__).parents[2] / "docs" / "formats" / "samples" / "binding-table.toml"
GOOD = SAMPLE.read_text("utf-8")


def test_the_page_s_sample_is_read() -> None:
    """Kinds, dates, professions, limits and days."""
    found = read(GOOD.encode())
    assert isinstance(found, Read)
    assert found.insurer == "0000401166"
    assert found.table.row("card", "pharmacy", date(2026, 5, 1)) == Binding(
        "card", date(2026, 1, 1), professions=frozenset({"pharmacy"}), most=15_000, days=30
    )
    assert found.table.row("paper", "pharmacy", date(2026, 5, 1)) is None


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("rempart-bindings/1", "rempart-bindings/2", Fault("not-as-expected", "format")),
        ('kind = "card"', 'kind = "stamp"', Fault("not-as-expected", "binds[2].kind")),
        ("most = 15000", "most = 150.0", Fault("not-as-expected", "binds[2].most")),
        ("days = 30", "dayz = 30", Fault("not-as-expected", "binds[2]")),
        ("days = 30", "", Fault("days-misplaced", "binds[2]")),
        ("[[binds]]", "[binds", Fault("toml-syntax")),
        ('kind = "authorization"', 'kind = "accreditation"', Fault("authorization-must-bind", "binds")),
    ],
)
def test_what_is_wrong_is_refused_with_its_place(old: str, new: str, fault: Fault) -> None:
    """One thing changed in the sample each time."""
    assert old in GOOD
    assert read(GOOD.replace(old, new, 1).encode()) == fault
