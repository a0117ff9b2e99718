"""The demo's contracts: two operators with partly different insurers, one contract ended yesterday."""

from __future__ import annotations

from datetime import date, timedelta
from typing import NamedTuple

import pytest

from rempart.bench.demo_contracts import START, served
from rempart.domain.contracts import ELSEWHERE, gathered

TODAY = date(2026, 11, 22)
INSURERS = ("0099000001", "0099000002", "0099000003", "0099000004")


class Site(NamedTuple):
    operator: str
    site: str = "992300010"
    profession: str = "pharmacy"


@pytest.mark.parametrize("shown", INSURERS)
def test_both_serve_the_insurer_whose_desk_is_shown(shown: str) -> None:
    """The first serves all; the second none of one, another until yesterday, and the others."""
    contracts = gathered(served(INSURERS, ("horizon", "littoral"), shown, TODAY), [])
    told = {number: contracts.refusal(Site("littoral"), number, TODAY) for number in INSURERS}
    assert told[shown] == ""
    assert list(told.values()).count(ELSEWHERE) == 2
    assert not any(contracts.refusal(Site("horizon"), number, TODAY) for number in INSURERS)
    before = [contracts.refusal(Site("littoral"), number, TODAY - timedelta(1)) for number in INSURERS]
    assert before.count(ELSEWHERE) == 1


def test_a_country_of_one_insurer_is_served_by_both() -> None:
    """Nothing is left out where there is nothing else."""
    assert {one.starts for one in served(INSURERS[:1], ("a", "b"), INSURERS[0], TODAY)} == {START}
