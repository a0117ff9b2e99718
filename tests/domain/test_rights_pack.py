"""A coverage survives being packed; what cannot be or was not packed is an error; prolonging touches open periods."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rempart.domain.rights import DOMAINS, KINDS, LAST_DAY, Coverage, Period, pack, prolong, unpack

days = st.dates(date(1970, 1, 1), LAST_DAY)
texts = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20)
periods = st.builds(Period, st.sampled_from(DOMAINS), days, days, texts)
coverages = st.builds(
    Coverage,
    st.sampled_from((1, 2)),
    texts,
    texts,
    st.sampled_from(KINDS),
    st.lists(periods, max_size=16).map(tuple),
    st.lists(st.tuples(texts, days), max_size=4).map(tuple),
)
PLAIN = Coverage(1, "P", "1", "responsible", (Period("PHAR", date(2026, 1, 1), date(2026, 12, 31), "100"),))


@given(coverage=coverages)
def test_a_coverage_is_unpacked_as_it_was_packed(coverage: Coverage) -> None:
    """Every field, every period and equipment, in their order."""
    assert unpack(pack(coverage)) == coverage


@given(one=coverages, other=coverages)
def test_two_coverages_never_pack_alike(one: Coverage, other: Coverage) -> None:
    """Equal bytes mean equal rights: a load counts changes by comparing what was sealed."""
    assert (pack(one) == pack(other)) is (one == other)


@given(coverage=coverages, data=st.data())
def test_a_cut_coverage_is_an_error(coverage: Coverage, data: st.DataObject) -> None:
    """Whatever is missing at the end, nothing is guessed."""
    packed = pack(coverage)
    cut = data.draw(st.integers(0, len(packed) - 1))
    if not coverage.last_equipment:  # its last day is read as far as it goes
        with pytest.raises(ValueError, match="packed coverage"):
            unpack(packed[:cut])


def test_another_version_is_an_error() -> None:
    """A record of a layout to come is not read as one of this one."""
    with pytest.raises(ValueError, match="unknown version"):
        unpack(b"\x02" + pack(PLAIN)[1:])


@pytest.mark.parametrize(
    "wrong",
    [
        replace(PLAIN, product="é"),
        replace(PLAIN, level="x" * 256),
        replace(PLAIN, kind="other"),
        replace(PLAIN, periods=(Period("PHAR", date(1969, 12, 31), LAST_DAY, "100"),)),
        replace(PLAIN, periods=(Period("PHAR", date(2026, 1, 1), LAST_DAY + timedelta(1), "100"),)),
    ],
)
def test_what_a_record_cannot_hold_is_an_error(wrong: Coverage) -> None:
    """Nothing is cut to fit."""
    with pytest.raises(ValueError):  # noqa: PT011  # each cause has its own sentence, one of them the language's
        pack(wrong)


def test_prolonging_moves_the_end_of_open_periods_only() -> None:
    """A period ended before, one that starts later and one that ends later anyway stay as they are."""
    first, last = date(2026, 11, 20), date(2026, 11, 27)
    day = timedelta(1)
    ending = Period("PHAR", date(2026, 1, 1), first, "100")
    ended = Period("MED", date(2026, 1, 1), first - day, "100")
    coming = Period("OPTI", first + day, last - day, "65")
    longer = Period("LABO", date(2026, 1, 1), last + day, "100")
    given_rights = replace(PLAIN, periods=(ending, ended, coming, longer))
    prolonged = prolong(given_rights, first, last)
    assert prolonged == replace(given_rights, periods=(ending._replace(end=last), ended, coming, longer))


@given(coverage=coverages, first=days, last=days)
def test_prolonging_never_takes_a_day_away(coverage: Coverage, first: date, last: date) -> None:
    """Whatever the dates, no period starts later, ends earlier or changes its formula."""
    for before, after in zip(coverage.periods, prolong(coverage, first, last).periods, strict=True):
        assert after.end >= before.end
        assert after._replace(end=before.end) == before
