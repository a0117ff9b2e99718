"""Spectacles ordered under one insurer and delivered under another: who agreed pays, and nobody pays twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count

import msgspec
import pytest

from rempart.domain.invoice import Presented
from rempart.domain.rights import Coverage, Period
from rempart.formats.rights_file import Expected, format_closure
from rempart.simulation.authorizations import QUOTES, invoice_of, presented, request_for
from rempart.simulation.guarantees import in_network
from rempart.simulation.orders import IN_NETWORK, OWED
from rempart.simulation.people import Person
from rempart.wire.authorizations import AuthorizationRequest, AuthorizationState
from rempart.wire.problem import Problem
from support.houses import FIRST_DAY
from support.journey import Journey, journey_in

pytestmark = pytest.mark.postgres
CHANGE = FIRST_DAY + timedelta(days=7)  # the first day of the new insurer
DELIVERY = 14  # days after the order
_numbers = count(1)


@dataclass
class Mover:
    """Someone who changes insurer, and what each of the two cards shows."""

    person: Person
    before: Presented
    after: Presented
    to: int


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("change") / "h", 900) as made:
        yield made


@pytest.fixture(scope="module")
def movers(journey: Journey) -> list[Mover]:
    """Two people of the same insurer who will move to the next one."""
    country = journey.town.country
    found: list[Mover] = []
    for person in journey.people("OPTI", "PEC"):
        to = 1 if person.insurer != 1 else 0
        member = country.insurers[to].written_member(90_000_000 + person.number)
        card = presented(country, person)
        after = replace(
            card, amc_number=country.insurers[to].number, member=country.insurers[to].printed_member(member),
            convention=country.insurers[to].convention,
        )  # fmt: skip
        found.append(Mover(person, card, after, to))
        if len(found) == 2:
            return found
    raise AssertionError("nobody can order")


def _ask(journey: Journey, request: AuthorizationRequest) -> AuthorizationState:
    found = journey.at(
        journey.site("optician"), lambda caller: caller.authorization(request, f"change-{next(_numbers)}")
    )  # fmt: skip
    assert not isinstance(found, Problem), found
    return found


def _coverage_at(journey: Journey, insurer: int) -> Coverage:
    """What the new insurer's people with spectacles have, from the day of the change on."""
    country = journey.town.country
    other = next(iter(journey.people("OPTI", "PEC", insurer=insurer)))
    coverage = country.coverage(other)
    return replace(coverage, periods=tuple(Period(p.domain, CHANGE, p.end, p.formula) for p in coverage.periods))


def _move(journey: Journey, mover: Mover) -> None:
    """The old insurer closes the person the day before, the new one opens: both by their deltas."""
    closing = format_closure(mover.person.reference, CHANGE - timedelta(days=1))
    assert journey.file(mover.person.insurer, [closing], expected=Expected(0, 1, 0)).state == "applied"
    opening = journey.opening(
        mover.to, mover.person, _coverage_at(journey, mover.to), 90_000_000 + mover.person.number
    )  # fmt: skip
    assert journey.file(mover.to, [opening], expected=Expected(1, 0, 0)).state == "applied"


def _owes(journey: Journey, number: str) -> int:
    """What an insurer owes for the optician's quote: more where its table lists the site in its network."""
    (insurer,) = (each for each in journey.town.country.insurers if each.number == number)
    return IN_NETWORK if in_network(insurer) else OWED["optician"]


def test_who_agreed_pays_and_without_an_agreement_the_insurer_of_the_day_of_delivery(
    journey: Journey, movers: list[Mover]
) -> None:
    """One asked before the change and is owed by the old insurer; the other asks at delivery and the new one owes."""
    early, other = movers
    first, second = _owes(journey, early.before.amc_number), _owes(journey, other.after.amc_number)
    optician = journey.site("optician")
    quote = request_for(early.before, FIRST_DAY + timedelta(days=DELIVERY), QUOTES["optician"])
    agreed = _ask(journey, quote)
    assert (agreed.state, agreed.amc) == ("agreed", first), agreed
    assert agreed.if_rights_end, "the answer says what happens if rights end before the delivery"
    journey.later(8)
    for mover in movers:
        _move(journey, mover)
    journey.later(6)
    assert journey.today == FIRST_DAY + timedelta(days=DELIVERY)
    amounts = tuple(line.amc for line in agreed.lines)
    made = invoice_of(quote, amounts, number="500000001", delivered=journey.today, reference=agreed.reference)
    new_card = msgspec.structs.replace(
        made, amc_number=early.after.amc_number, member=early.after.member, convention=early.after.convention,
        number="500000009",
    )  # fmt: skip
    refused = journey.send(optician, new_card)
    assert (refused.state, refused.reason) == ("rejected", "authorization-other-person"), "one insurer's, not another's"
    owed = journey.send(optician, made)
    assert (owed.state, owed.amc) == ("accepted", first), owed
    assert any(rule.rule == "guaranteed-after-closure" for line in owed.lines for rule in line.rules)

    old = _ask(journey, request_for(other.before, journey.today, QUOTES["optician"]))
    assert old.state == "refused", "ordered too late for the old card"
    fresh = request_for(other.after, journey.today, QUOTES["optician"])
    new = _ask(journey, fresh)
    assert (new.state, new.amc) == ("agreed", second), new
    amounts = tuple(line.amc for line in new.lines)
    billed = invoice_of(fresh, amounts, number="500000002", delivered=journey.today, reference=new.reference)
    assert journey.send(optician, billed).amc == second
    owing = dict(journey.town.sql("select insurer, sum(amc)::int from rempart.invoice where amc > 0 group by 1"))
    assert owing == {early.before.amc_number: first, other.after.amc_number: second}
    assert journey.pay() == first + second
    journey.sound()
