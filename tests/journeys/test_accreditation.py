"""An accreditation binds the insurer for its site, person, domains and period, even when rights are closed since."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import count
from typing import TYPE_CHECKING

import psycopg
import pytest

from rempart.formats.rights_file import Draft, Expected, format_closure, write
from rempart.sealing.client import KeeperSync
from rempart.sealing.loading import OPERATIONS
from rempart.simulation.caller import presented_request
from rempart.simulation.care import domain_for
from rempart.wire.problem import Problem
from rempart.worker.rights import Rules, Wish, load_path
from support.houses import FIRST_DAY, Town, decided, request_of, town

if TYPE_CHECKING:
    from rempart.simulation.events import Bill

pytestmark = pytest.mark.postgres
CLOSED = FIRST_DAY - timedelta(days=20)  # the insurer hears late, and says so with effect in the past


@dataclass
class Closed:
    """A doctor's patient whose rights were open when asked and closed by a later file, and someone else's card."""

    town: Town
    site: int
    other_site: int
    bill: Bill
    other: Bill
    number: str


def _close(made: Town, bill: Bill) -> None:
    """The insurer's delta closes this person's rights in the past; loaded as any file."""
    person = made.country.person(bill.person)
    insurer = made.country.insurer_of(person)
    path = made.house.folder / "closing.rights"
    draft = Draft(insurer.number, "delta", 2, f"{FIRST_DAY.isoformat()}T10:00:00Z", "none", Expected(0, 1, 0))
    with path.open("wb") as out:
        write(out, draft, [format_closure(person.reference, CLOSED)], insurer.signing_key)
    settings = made.house.settings
    with (
        psycopg.connect(settings.database.worker_url, autocommit=True) as connection,
        KeeperSync(str(settings.paths.keeper_socket("load")), OPERATIONS) as keeper,
    ):
        wish = Wish(allow_clear=True)
        outcome = load_path(connection, keeper, path, Rules.of(settings.rights), instant=made.world.now(), wish=wish)
    assert (outcome.state, outcome.code) == ("applied", ""), outcome


async def _accredited(made: Town, site: int, bill: Bill) -> str:
    """The number of a question about the bill's person."""
    caller = made.caller(site)
    profession = made.country.site(site).profession
    asked = presented_request(
        bill.invoice.presented, care_date=FIRST_DAY.isoformat(), domains=(domain_for(profession),), evidence="machine"
    )
    answer = await caller.eligibility(asked)
    await caller.close()
    assert not isinstance(answer, Problem), answer.code
    assert answer.answer == "covered"
    assert answer.accreditation
    return answer.accreditation.replace(" ", "")


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    """Asked in the morning, closed by a file at noon."""
    with town(tmp_path_factory.mktemp("accreditation") / "h", 1_200) as made:
        index = {site.number: site.index for site in made.country.all_sites()}
        bills = [(index[b.invoice.site], b) for b in made.bills(visits=600)]
        pharmacy = [(s, b) for s, b in bills if made.country.site(s).profession == "pharmacy" and s > 3]
        site, bill = pharmacy[0]
        other_site = next(s for s, _ in pharmacy if s != site)
        family = made.country.person(bill.person).family.number
        strangers = [b for _, b in pharmacy if made.country.person(b.person).family.number != family]
        number = asyncio.run(_accredited(made, site, bill))
        _close(made, bill)
        yield Closed(made, site, other_site, bill, strangers[0], number)


_numbers = count(800_000_001)


def _sent(closed: Closed, site: int, bill: Bill, accreditation: str | None) -> tuple[str, str, int]:
    """(state, reason, the insurer's share) of the bill under a fresh number."""

    async def send() -> tuple[str, str, int]:
        caller = closed.town.caller(site)
        number = str(next(_numbers))
        request = request_of(bill, number, accreditation=accreditation, distinct=True)
        receipt = await caller.invoices((request,), f"accredited-{number}")
        assert not isinstance(receipt, Problem), receipt.code
        state = await decided(caller, receipt.invoices[0].invoice)
        await caller.close()
        return state.state, state.reason, state.amc

    return asyncio.run(send())


def _on(bill: Bill, care: date) -> Bill:
    lines = tuple(replace(line, care_date=care) for line in bill.invoice.lines)
    return replace(bill, invoice=replace(bill.invoice, lines=lines))


def test_without_it_the_closed_rights_are_a_rejection(closed: Closed) -> None:
    """The control: the file did close the person's rights."""
    assert _sent(closed, closed.site, closed.bill, None) == ("rejected", "rights-closed", 0)


def test_it_is_honoured_for_its_site_person_domain_and_day(closed: Closed) -> None:
    """The same invoice with the number is owed in full, and the decision says by which rule."""
    assert _sent(closed, closed.site, closed.bill, closed.number) == ("accepted", "", closed.bill.amc)
    assert closed.town.broken() == {}


REFUSED: tuple[tuple[str, Callable[[Closed], tuple[int, Bill, str]], str], ...] = (
    ("another site", lambda c: (c.other_site, c.bill, c.number), "accreditation-unknown"),
    ("another person", lambda c: (c.site, c.other, c.number), "accreditation-other-person"),
    ("a number never given", lambda c: (c.site, c.bill, "A0000000000000000000"), "accreditation-unknown"),
    ("a day before", lambda c: (c.site, _on(c.bill, FIRST_DAY - timedelta(days=3)), c.number), "rights-closed"),
)


@pytest.mark.parametrize(("what", "case", "reason"), REFUSED)
def test_it_is_worth_nothing_elsewhere(
    closed: Closed, what: str, case: Callable[[Closed], tuple[int, Bill, str]], reason: str
) -> None:
    """Another site, another person, an invented number, a day outside its period."""
    site, bill, number = case(closed)
    state, told, owed = _sent(closed, site, bill, number)
    assert (state, told, owed) == ("rejected", reason, 0), what


def test_it_binds_no_other_domain(closed: Closed) -> None:
    """Care of another column of the card under the same number is judged on rights alone."""
    line = closed.bill.invoice.lines[0]
    bill = replace(closed.bill, invoice=replace(closed.bill.invoice, lines=(
        replace(line, code="VER", family="optics", base=500, rate=60, amo=300, spent=5_000, amc=200, detail=()),
    )))  # fmt: skip
    state, _, owed = _sent(closed, closed.site, bill, closed.number)
    assert (state, owed) == ("rejected", 0)


def test_a_question_after_the_closure_gets_no_new_number(closed: Closed) -> None:
    """The hub's answers follow the file at once: no accreditation is given on closed rights."""

    async def ask() -> tuple[str, str | None]:
        caller = closed.town.caller(closed.other_site)
        shown = closed.bill.invoice.presented
        asked = presented_request(shown, care_date=FIRST_DAY.isoformat(), domains=("PHAR",), evidence="machine")
        answer = await caller.eligibility(asked)
        await caller.close()
        assert not isinstance(answer, Problem)
        return answer.answer, answer.accreditation

    answer, number = asyncio.run(ask())
    assert answer == "not-confirmed"
    assert not number
