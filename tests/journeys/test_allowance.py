"""An allowance through every program: consumed, never exceeded by who comes at once, held, given back; an estimate."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from itertools import count
from typing import Any, TypeVar

import msgspec
import pytest

from rempart.domain import accreditation
from rempart.domain.money import percent
from rempart.simulation.authorizations import Quoted, presented, quotes
from rempart.simulation.caller import Caller
from rempart.wire.authorizations import AuthorizationState, QuoteLine
from rempart.wire.estimates import EstimateAnswer, EstimateLine, EstimateRequest, EstimateStay
from rempart.wire.invoices import CorrectionRequest, InvoiceRequest, InvoiceState, LineRequest, ParticularsRequest
from rempart.wire.problem import Problem
from support.houses import FIRST_DAY, Town, decided, town

pytestmark = pytest.mark.postgres
_numbers = count(800_000_001)
ALLOWANCE = 120_00  # of the simulated tables, for contact lenses, by calendar year
T = TypeVar("T")


@dataclass
class Shop:
    """A town whose worker decides two invoices at a time in four lanes, and people who never bought lenses."""

    town: Town
    people: Iterator[Quoted]

    def at(self, site: int, work: Callable[[Caller], Awaitable[T]]) -> T:
        """Runs with the software of one site."""

        async def run() -> T:
            caller = self.town.caller(site)
            try:
                return await work(caller)
            finally:
                await caller.close()

        return asyncio.run(run())

    def invoice(self, quoted: Quoted, spent: int) -> InvoiceRequest:
        """Contact lenses, asking for all that the compulsory scheme leaves."""
        return self.invoice_of(quoted, line_of("OPT", (39_48, spent), ParticularsRequest("contact-lenses")))

    def invoice_of(self, quoted: Quoted, *lines: LineRequest) -> InvoiceRequest:
        """These lines for one person, under a number of their own; what looks like another invoice is another one."""
        shown, number = presented(self.town.country, self.town.country.person(quoted.person)), str(next(_numbers))
        return InvoiceRequest(
            number, FIRST_DAY.isoformat(), shown.amc_number, shown.member, shown.birth, lines, shown.nir, shown.rank,
            shown.convention, shown.csr, distinct=True,
        )  # fmt: skip

    def bill(self, quoted: Quoted, spent: tuple[int, ...]) -> list[InvoiceState]:
        """Contact lenses at these prices, all in one deposit; their states once decided."""
        return self.deposit(quoted, *(self.invoice(quoted, each) for each in spent))

    def deposit(self, quoted: Quoted, *wanted: InvoiceRequest) -> list[InvoiceState]:
        """All in one deposit; their states once decided."""

        async def send(caller: Caller) -> list[InvoiceState]:
            receipt = await caller.invoices(wanted, f"lenses-{next(_numbers)}")
            assert not isinstance(receipt, Problem), receipt
            return [await decided(caller, each.invoice) for each in receipt.invoices]

        return self.at(quoted.site, send)


def line_of(code: str, amounts: tuple[int, int], told: ParticularsRequest) -> LineRequest:
    """An optician's line of (base, spent), asking for all that the compulsory scheme leaves."""
    base, spent = amounts
    amo = percent(base, 60)
    return LineRequest(
        FIRST_DAY.isoformat(), code, "optics", base, 60, amo, spent, spent - amo, particulars=told
    )  # fmt: skip


CEILING = 420_00  # of law, for two simple lenses and their frame


def frame() -> LineRequest:
    """Class B; asks for 149.97 euros and is worth 100 at most."""
    return line_of("MON", (5, 150_00), ParticularsRequest("frame", basket="B"))


def lens(side: str) -> LineRequest:
    """A simple lens of class B that asks for 300 euros, which the tables pay."""
    told = ParticularsRequest("lens", side, correction=CorrectionRequest(-225), basket="B")
    return line_of("VER", (5, 300_03), told)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    options = {"worker": {"batch_most": 2, "lanes": 4}}
    with town(tmp_path_factory.mktemp("counters") / "h", 1_500, options=options) as made:
        everyone = quotes(made.country, FIRST_DAY, profession="optician")
        yield Shop(made, (each for each in everyone if _needs_no_agreement(made, each)))


def _needs_no_agreement(made: Town, quoted: Quoted) -> bool:
    periods = made.country.coverage(made.country.person(quoted.person)).periods
    return all(period.formula != "PEC" for period in periods if period.domain == "OPTI")


def from_allowance(state: InvoiceState) -> int:
    """What an accepted invoice took: what it is paid beyond the ticket modérateur of its base."""
    return max(state.amc - (39_48 - percent(39_48, 60)), 0)


def test_fifty_invoices_never_exceed_an_allowance(shop: Shop) -> None:
    """Fifty of one person over four lanes at once: what comes out of the allowance makes it, to the cent."""
    states = shop.bill(next(shop.people), tuple(80_00 + each for each in range(50)))
    assert {state.state for state in states} == {"accepted"}
    assert sum(map(from_allowance, states)) == ALLOWANCE
    assert shop.town.one("select sum(used) from rempart.counter where used > 0") == ALLOWANCE
    assert shop.town.broken() == {}


def test_a_cancellation_gives_back_and_the_next_invoice_takes_it(shop: Shop) -> None:
    """The allowance is empty, then not: nobody was asked whose it is."""
    person = next(shop.people)
    first, empty = shop.bill(person, (200_00,))[0], shop.bill(person, (90_00,))[0]
    assert (from_allowance(first), from_allowance(empty)) == (ALLOWANCE, 0)
    assert not isinstance(shop.at(person.site, lambda caller: caller.cancel(first.invoice)), Problem)
    (again,) = shop.bill(person, (91_00,))
    assert from_allowance(again) == 91_00 - 39_48
    assert shop.town.broken() == {}


def estimate_of(shop: Shop, quoted: Quoted, spent: int, **changes: Any) -> EstimateAnswer | Problem:
    """What the same lenses would leave to the patient."""
    billed = shop.invoice(quoted, spent)
    lines = tuple(
        EstimateLine(x.code, x.family, x.base, x.rate, x.spent, particulars=x.particulars, care_date=x.care_date)
        for x in billed.lines
    )
    asked = EstimateRequest(
        billed.amc_number, billed.member, billed.birth_date, "machine", lines, convention=billed.convention,
        csr=billed.csr, nir=billed.nir, rank=billed.rank,
    )  # fmt: skip
    asked = msgspec.structs.replace(asked, **changes)
    return shop.at(quoted.site, lambda caller: caller.estimate(asked))


def test_an_estimate_reads_the_allowance_and_holds_nothing(shop: Shop) -> None:
    """What it says is what the invoice then gets; asked twice it says the same; when all is used it says so."""
    person = next(shop.people)
    first, again = (estimate_of(shop, person, 150_00) for _ in range(2))
    assert first == again
    assert isinstance(first, EstimateAnswer)
    (billed,) = shop.bill(person, (150_00,))
    assert (first.answer, first.amc, first.patient) == ("estimated", billed.amc, billed.patient)
    assert [rule.rule for rule in first.lines[0].rules] == ["ticket-moderateur", "formula-of-table"]
    after = estimate_of(shop, person, 150_00)
    assert isinstance(after, EstimateAnswer)
    assert after.amc - 15_79 == max(ALLOWANCE - (150_00 - 39_48), 0)
    assert after.spent == after.amo + after.amc + after.patient
    assert {len(msgspec.json.encode(each)) % 1024 for each in (first, after)} == {0}


def test_an_estimate_knows_a_stay_and_an_accreditation(shop: Shop) -> None:
    """Daily fees day by day, at any site; an accreditation of nobody's is told to who knows the person alone."""
    person = next(shop.people)
    stay = estimate_of(shop, person, 90_00, lines=(), stay=EstimateStay(FIRST_DAY.isoformat(), 4))
    assert isinstance(stay, EstimateAnswer)
    assert (stay.answer, stay.spent, [line.domain for line in stay.lines]) == ("estimated", 4 * 23_00, ["HOSP"])
    wrong = accreditation.number(bytes(12))
    unknown = estimate_of(shop, person, 90_00, accreditation=wrong)
    assert isinstance(unknown, EstimateAnswer)
    assert (unknown.answer, unknown.reason, unknown.lines) == ("not-confirmed", "", ())
    malformed = estimate_of(shop, person, 90_00, accreditation="A" * 20)
    assert isinstance(malformed, Problem)
    assert malformed.errors[0].code == "accreditation-malformed"
    nobody = estimate_of(shop, person, 90_00, member="9" * 8)
    assert isinstance(nobody, EstimateAnswer)
    assert nobody.answer == "not-confirmed"


def test_what_an_agreed_quote_holds_is_not_free_until_it_ends(shop: Shop) -> None:
    """Held by the quote, the allowance is not estimated to be free; a second quote is told until when; ended, it is."""
    person = next(shop.people)
    billed = shop.invoice(person, 150_00).lines[0]
    line = QuoteLine(
        billed.code, billed.family, billed.base, billed.rate, billed.spent, particulars=billed.particulars
    )  # fmt: skip
    quote = msgspec.structs.replace(person.request, lines=(line,))

    def asked(key: str, replaces: str = "") -> AuthorizationState:
        found = shop.at(person.site, lambda caller: caller.authorization(quote, key, replaces=replaces))
        assert isinstance(found, AuthorizationState), found
        return found

    agreed, second = asked("lenses-first"), asked("lenses-second")
    assert (agreed.state, agreed.amc - 15_79) == ("agreed", 150_00 - 39_48)
    assert (second.state, second.reason, second.held_until) == ("refused", "allowance-held", agreed.delivery_until)
    held = estimate_of(shop, person, 150_00)
    assert isinstance(held, EstimateAnswer)
    assert held.amc - 15_79 == ALLOWANCE - (150_00 - 39_48)
    modified = asked("lenses-third", agreed.authorization)
    assert modified.state == "agreed"
    ended = shop.at(person.site, lambda caller: caller.cancel_authorization(modified.authorization))
    assert not isinstance(ended, Problem)
    free = estimate_of(shop, person, 150_00)
    assert isinstance(free, EstimateAnswer)
    assert free.amc == agreed.amc
    assert shop.town.broken() == {}


def test_spectacles_on_several_invoices_have_one_ceiling(shop: Shop) -> None:
    """Frame, then one lens, then the other: 100, 300, and the 20 that are left; cancelled, they are there again."""
    person = next(shop.people)
    first, second, third = (
        shop.deposit(person, shop.invoice_of(person, line))[0] for line in (frame(), lens("left"), lens("right"))
    )
    assert [state.amc for state in (first, second, third)] == [100_00, 300_00, CEILING - 400_00]
    assert [rule.rule for rule in third.lines[0].rules][-1] == "responsible-optics-ceiling"
    assert not isinstance(shop.at(person.site, lambda caller: caller.cancel(second.invoice)), Problem)
    (again,) = shop.deposit(person, shop.invoice_of(person, lens("left")))
    assert (again.state, again.amc) == ("accepted", 300_00)
    assert shop.town.broken() == {}


def test_elements_that_come_at_once_never_exceed_the_ceiling(shop: Shop) -> None:
    """Frame and lenses on three invoices of one deposit, in lanes beside each other: the ceiling, to the cent."""
    person = next(shop.people)
    used = "select coalesce(sum(used), 0)::bigint from rempart.counter where used > 2"  # not the units of renewals
    before = shop.town.one(used)
    states = shop.deposit(person, *(shop.invoice_of(person, line) for line in (lens("left"), frame(), lens("right"))))
    assert sum(state.amc for state in states) == CEILING
    assert shop.town.one(used) == before + CEILING
    assert shop.town.broken() == {}


def test_an_agreed_quote_holds_its_part_of_the_ceiling(shop: Shop) -> None:
    """A frame agreed at 89.97: of the ceiling its lenses have 330.03, until it is cancelled."""
    person = next(shop.people)
    quote = msgspec.structs.replace(person.request, lines=person.request.lines[2:])
    agreed = shop.at(person.site, lambda caller: caller.authorization(quote, "frame-alone"))
    assert isinstance(agreed, AuthorizationState), agreed
    assert (agreed.state, agreed.amc) == ("agreed", 89_97)
    left, right = (shop.deposit(person, shop.invoice_of(person, lens(side)))[0] for side in ("left", "right"))
    assert (left.amc, right.amc) == (300_00, CEILING - 89_97 - 300_00)
    for done in (
        shop.at(person.site, lambda caller: caller.cancel_authorization(agreed.authorization)),
        shop.at(person.site, lambda caller: caller.cancel(right.invoice)),
    ):
        assert not isinstance(done, Problem), done
    (free,) = shop.deposit(person, shop.invoice_of(person, lens("right")))
    assert free.amc == CEILING - 300_00
    assert shop.town.broken() == {}
