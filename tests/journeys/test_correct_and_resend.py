"""Rejected, told so in a NOEMIE return, corrected and sent again under its number: paid once, and told so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from rempart.domain.returns import InvoiceReturn
from rempart.formats import noemie
from rempart.simulation.caller import Caller
from rempart.simulation.events import Bill
from rempart.wire.problem import Problem
from support.houses import decided_file
from support.journey import Journey, journey_in

pytestmark = pytest.mark.postgres


@pytest.fixture(scope="module")
def journey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journey]:
    with journey_in(tmp_path_factory.mktemp("resend") / "h", 1_200) as made:
        yield made


def _wrong(bill: Bill) -> Bill:
    """AMO five cents from what any rate gives."""
    lines = tuple(replace(line, amo=line.amo + 5, amc=0) for line in bill.invoice.lines)
    amo = sum(line.amo for line in lines)
    return replace(bill, invoice=replace(bill.invoice, lines=lines, total_amo=amo, total_amc=0))


def _sent(journey: Journey, site: int, bills: tuple[Bill, ...], number: int) -> list[InvoiceReturn]:
    """What the site's software reads about a B2 file once it is decided."""
    content = journey.town.b2(site, bills, number)

    async def send(caller: Caller) -> str:
        receipt = await caller.file(content)
        assert not isinstance(receipt, Problem), receipt
        assert await decided_file(caller, receipt.file) == "decided"
        return receipt.file

    return _invoices(journey.read(site, f"/v1/files/{journey.at(site, send)}/noemie"))


def _invoices(content: bytes) -> list[InvoiceReturn]:
    events = list(noemie.read([content]))
    assert isinstance(events[-1], noemie.FileEnd), events[-1]
    return [event for event in events if isinstance(event, InvoiceReturn)]


def test_the_return_says_what_to_correct_and_the_correction_is_paid(journey: Journey) -> None:
    """A file of two: one right, one wrong. The return names the wrong one; only it is sent again; both are paid."""
    country = journey.town.country
    index = {site.number: site.index for site in country.all_sites()}
    bills = [b for b in journey.town.bills(visits=600) if country.site(index[b.invoice.site]).profession == "pharmacy"]
    right = next(b for b in bills if index[b.invoice.site] > 3 and all(line.spent >= 100 for line in b.invoice.lines))
    site = index[right.invoice.site]
    bill = next(b for b in bills if b.invoice.site == right.invoice.site and b.person != right.person)
    journey.met += [country.person(right.person), country.person(bill.person)]

    told = {one.number: one for one in _sent(journey, site, (right, _wrong(bill)), 1)}
    assert told[right.invoice.number].amc.state == "deferred", "owed, and paid by a later remittance"
    refused = told[bill.invoice.number]
    assert (refused.amc.state, [reject.info for reject in refused.rejects]) == ("rejected", ["amo-inconsistent"])
    assert refused.comments, "what to do next stands in the return"

    (corrected,) = _sent(journey, site, (bill,), 2)
    assert (corrected.number, corrected.amc.state) == (bill.invoice.number, "deferred")
    assert journey.pay() == right.amc + bill.amc
    (again,) = _sent(journey, site, (bill,), 3)
    assert [reject.info for reject in again.rejects] == ["duplicate"], "a number that is paid is not free"

    listed = json.loads(journey.read(site, "/v1/remittances"))["remittances"]
    (advice,) = [journey.read(site, f"/v1/remittances/{one['remittance']}/advice.noemie") for one in listed]
    paid = {one.number: one.amc.paid for one in _invoices(advice) if one.amc.paid}
    assert paid == {right.invoice.number: right.amc, bill.invoice.number: bill.amc}
    assert journey.pay() == 0
    journey.sound()
