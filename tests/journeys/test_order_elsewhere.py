"""Ordered at A, bought at B: what A's agreement holds is not B's to spend, until A gives it up."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from rempart.simulation.authorizations import presented, request_for
from rempart.simulation.caller import Caller
from rempart.simulation.people import Person
from rempart.wire.authorizations import AuthorizationState, QuoteLine
from rempart.wire.invoices import ParticularsRequest
from rempart.wire.problem import Problem
from support.houses import FIRST_DAY
from support.journey import Journey, act, journey_in

pytestmark = pytest.mark.postgres
BASE, SHARE = 39_48, 15_79  # contact lenses: the base, and what the compulsory scheme leaves of it
ALLOWANCE = 120_00  # a calendar year, beyond that share
PRICE = 150_00
BEYOND = PRICE - BASE  # what comes out of the allowance
_numbers = count(1)


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("elsewhere") / "h", 900) as made:
        yield made


def _quote(journey: Journey, site: int, person: Person) -> AuthorizationState:
    line = QuoteLine("OPT", "optics", BASE, 60, PRICE, particulars=ParticularsRequest("contact-lenses"))
    request = request_for(presented(journey.town.country, person), FIRST_DAY, (line,))

    async def ask(caller: Caller) -> AuthorizationState:
        found = await caller.authorization(request, f"elsewhere-{next(_numbers)}")
        assert not isinstance(found, Problem), found
        return found

    return journey.at(site, ask)


def test_b_is_told_until_when_and_gets_what_is_left_then_everything(journey: Journey) -> None:
    """B's quote is refused with a day and no name; B's sale gets what A leaves; once A cancels, the rest is free."""
    first, second = journey.site("optician"), journey.site("equipment")
    person = next(journey.people("OPTI", "150 EUR"))  # a formula that needs no agreement, so B may sell without one
    ordered = _quote(journey, first, person)
    assert (ordered.state, ordered.amc) == ("agreed", SHARE + BEYOND), ordered

    told = _quote(journey, second, person)
    assert (told.state, told.reason, told.held_until) == ("refused", "allowance-held", ordered.delivery_until), told
    site = journey.town.country.site(first)
    assert not [word for word in (site.number, site.name, ordered.reference) if word in repr(told)], "not where"

    lenses = act(
        "OPT", "optics", BASE, 60, PRICE - (BASE - SHARE), spent=PRICE,
        particulars=ParticularsRequest("contact-lenses"),
    )  # fmt: skip
    bought = journey.send(second, journey.invoice(person, (lenses,)))
    assert (bought.state, bought.amc) == ("accepted", SHARE + ALLOWANCE - BEYOND), bought
    given_up = journey.at(first, lambda caller: caller.cancel_authorization(ordered.authorization))
    assert not isinstance(given_up, Problem), given_up
    again = journey.send(second, journey.invoice(person, (lenses,), distinct=True))
    assert (again.state, again.amc) == ("accepted", SHARE + BEYOND), again
    used = "select coalesce(sum(used), 0)::bigint, coalesce(sum(held), 0)::bigint from rempart.counter"
    assert journey.town.sql(used) == [(ALLOWANCE, 0)]
    assert journey.pay() == 2 * SHARE + ALLOWANCE
    journey.sound()
