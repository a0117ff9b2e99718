"""Who may act for a site: standing, ownership, mandates with dates."""

from __future__ import annotations

from datetime import date

import pytest

from rempart.domain.parties import Attempt, Client, Mandate, Site, refusal

SITE = Site("752345678", "pharmacy", "almerys-like")
OWN = Client("till", "site", SITE.site, "pharma-soft")
VENDOR = Client("vendor", "vendor", "", "pharma-soft")
OCT = Client("oct", "concentrator", "", "oct")


@pytest.mark.parametrize(
    ("attempt", "code"),
    [
        (Attempt(OWN, SITE, mandated=False), None),
        (Attempt(VENDOR, SITE, mandated=True), None),
        (Attempt(OCT, SITE, mandated=True), None),
        (Attempt(VENDOR, SITE, mandated=False), "no-mandate"),
        (Attempt(OCT, SITE, mandated=False), "no-mandate"),
        (Attempt(OWN, Site("012345678", "pharmacy", "x"), mandated=True), "no-mandate"),
        (Attempt(None, SITE, mandated=True), "unknown-client"),
        (Attempt(OWN, None, mandated=True), "no-mandate"),
        (Attempt(Client("till", "site", SITE.site, "v", "suspended"), SITE, mandated=True), "client-suspended"),
        (Attempt(OWN, Site(SITE.site, "pharmacy", "x", standing="suspended"), mandated=False), "site-suspended"),
        (Attempt(VENDOR, Site(SITE.site, "pharmacy", "x", standing="closed"), mandated=False), "no-mandate"),
    ],
)
def test_a_client_acts_for_its_own_site_or_by_mandate(attempt: Attempt, code: str | None) -> None:
    """The first check that fails names the refusal, and a stranger learns nothing about a site's standing."""
    assert refusal(attempt) == code


def test_a_mandate_is_in_force_on_both_its_days_until_withdrawn() -> None:
    """First and last day count, the days around them do not, and withdrawal ends it at its instant."""
    mandate = Mandate("vendor", SITE.site, date(2026, 3, 1), date(2026, 3, 31))
    days = (date(2026, 2, 28), date(2026, 3, 1), date(2026, 3, 31), date(2026, 4, 1))
    assert [mandate.in_force(day, 5) for day in days] == [False, True, True, False]
    ended = Mandate("vendor", SITE.site, date(2026, 3, 1), date(2026, 3, 31), ended=5)
    assert [ended.in_force(date(2026, 3, 2), instant) for instant in (4, 5)] == [True, False]
