"""Signed cards at the door: what a scan costs, and how many sites may first meet one person by a card in a day."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from rempart.application.ports import Settle
from rempart.storage.door import CARD_SITES
from support.settle_ledger import DAY, NOW, SITE, TODAY, Ledger, line

if TYPE_CHECKING:
    from support.databases import Database

pytestmark = pytest.mark.postgres
SITES = [f"99230{number:04d}" for number in range(1000, 1012)]


@pytest.fixture
def ledger(postgres: Database) -> Ledger:
    """Twelve more sites."""
    made = Ledger(postgres)
    made.fill()
    for site in SITES:
        made.sql("insert into rempart.site (site, profession, operator, since) values (%s, 'pharmacy', 'op', 0)", site)
    return made


def shown(person: int, site: str = SITE, **changes: Any) -> Settle:
    """A scan at that site: the token of the ledger is of one site, a worker's line has none."""
    meeting = f"{site}{person:07d}".encode()
    return line(person, **({"evidence": "card", "site": site, "token": None, "meeting": meeting} | changes))


def test_a_card_that_too_many_sites_meet_in_a_day_is_refused_at_the_next(ledger: Ledger) -> None:
    """The sites that met it go on, another person is not touched, typed questions are not counted, nor yesterday."""
    for site in SITES[:CARD_SITES]:
        assert ledger.verdicts(shown(1, site)) == ["ok"]
        assert ledger.verdicts(shown(2, site, evidence="typed")) == ["ok"]
    after = [shown(1, SITES[-1]), shown(1, SITES[0]), shown(2, SITES[-1]), shown(3, SITES[-1])]
    assert ledger.verdicts(*after) == ["refused:card-velocity", "ok", "ok", "ok"]
    assert ledger.verdicts(shown(1, SITES[-1], evidence="typed")) == ["ok"]
    tomorrow = shown(1, SITES[-2], instant=NOW + DAY)
    assert ledger.verdicts(tomorrow) == ["ok"]
    assert ("card", "none", "refused:card-velocity", shown(1).tag) in ledger.disclosed()


def test_a_site_that_knows_the_person_is_never_refused_for_a_card(ledger: Ledger) -> None:
    """Who was billed there scans on, however often the card was shown elsewhere."""
    home = SITES[-1]
    assert ledger.verdicts(shown(1, home, known_until=TODAY + 60)) == ["ok"]
    for site in SITES[:CARD_SITES]:
        ledger.settle(shown(1, site))
    assert ledger.verdicts(shown(1, SITES[-2]), shown(1, home)) == ["refused:card-velocity", "ok"]


def test_a_scan_on_paper_counts_with_the_typed_ones_and_a_live_one_does_not(ledger: Ledger) -> None:
    """Both have the cap that the hub gives with them; a live card costs nothing, whatever was scanned before."""
    typed = [line(person, site_cap=4, evidence="typed") for person in (1, 2, 3)]
    assert ledger.verdicts(*typed) == ["ok"] * 3
    assert ledger.verdicts(line(4, site_cap=4), line(5, site_cap=4)) == ["ok", "refused:site-budget"]
    paper = [line(person, site_cap=8, evidence="card") for person in (6, 7, 8, 9, 10)]
    assert ledger.verdicts(*paper) == ["ok"] * 4 + ["refused:site-budget"]
    live = [line(person, site_cap=8, cost=0, evidence="card") for person in range(11, 31)]
    assert ledger.verdicts(*live) == ["ok"] * 20
    assert ledger.budget(f"site:{SITE}")[:3] == (8, 0, 0)
