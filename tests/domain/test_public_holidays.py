"""French public holidays: the same as an independent package says, for every year that an invoice may name."""

from __future__ import annotations

from rempart.bootstrap.delays import french_holidays
from rempart.domain.public_holidays import public_holidays


def test_each_year_has_the_days_that_the_package_knows() -> None:
    """2008 to 2099; two of them may fall on one day."""
    assert {year: public_holidays(year) for year in range(2008, 2100)} == {
        year: french_holidays(year) for year in range(2008, 2100)
    }
