"""A site reads and prints its own remittances through the hub's routes, and nobody else's."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from rempart.application.claw_backs import Claimed, ClawBacks
from rempart.domain.payment_delay import Half
from rempart.domain.returns import DebtMove, InvoiceReturn, total
from rempart.formats import noemie
from rempart.storage import delays, funds
from rempart.storage.claw_backs import ClawBackBooks
from rempart.wire.payments import DebtList, RemittanceAdvice, RemittanceList
from support.money import DAY, FIRST, NOW, OPERATOR, SECOND, SITES, MoneyWorld, iban
from support.readers import as_site, sign_in

if TYPE_CHECKING:
    from support.readers import Reader

pytestmark = pytest.mark.postgres


@pytest.fixture
def paid(money: MoneyWorld) -> MoneyWorld:
    sign_in(money)
    money.decide(SITES[0], 1_000)
    money.decide(SITES[0], 234, SECOND)
    money.decide(SITES[0], state="rejected")
    money.decide(SITES[1], 500)
    money.pay()
    return money


def test_a_site_reads_its_remittance_by_insurer(paid: MoneyWorld) -> None:
    """The list, then the detail: amounts by insurer and invoice, and what was rejected with its sentence."""

    async def use(reader: Reader) -> tuple[Any, Any]:
        listed = await reader.get("/v1/remittances")
        (one,) = msgspec.json.decode(listed.content, type=RemittanceList).remittances
        return one, await reader.get(f"/v1/remittances/{one.remittance}")

    one, answer = as_site(paid, SITES[0], use)
    assert (one.amount, one.invoices, one.state, one.payer) == (1_234, 2, "reserved", "Operateur Un")
    found = msgspec.json.decode(answer.content, type=RemittanceAdvice)
    assert {part.insurer: part.amount for part in found.insurers} == {"0000401166": 1_000, "0000775001": 234}
    assert [(one.reason, bool(one.sentence)) for one in found.rejected] == [("rights-closed", True)]
    for invoice in (invoice for part in found.insurers for invoice in part.invoices):
        assert invoice.spent == invoice.amo + invoice.paid + invoice.patient
    for secret in (iban(1), "Pharmacie", "bed 12", "PHAR"):
        assert secret.encode() not in answer.content
    assert answer.headers["cache-control"] == "no-store"


def test_it_prints_as_a_pdf_without_identity(paid: MoneyWorld) -> None:
    """The PDF comes as a download whose name holds the day and the bank's reference."""

    async def use(reader: Reader) -> Any:
        listed = await reader.get("/v1/remittances")
        (one,) = msgspec.json.decode(listed.content, type=RemittanceList).remittances
        return one, await reader.get(f"/v1/remittances/{one.remittance}/advice.pdf")

    one, answer = as_site(paid, SITES[0], use)
    assert answer.headers["content-type"] == "application/pdf"
    assert f"releve-20261123-{one.reference}.pdf" in answer.headers["content-disposition"]
    assert answer.content.startswith(b"%PDF")
    for secret in (iban(1), "Pharmacie", "Inventée", "bed 12"):
        assert secret.encode() not in answer.content


def test_another_sites_remittance_looks_absent(paid: MoneyWorld) -> None:
    """By its id, as JSON or PDF: 404, the same as for one that is not."""
    other = paid.one("select remittance from rempart.remittance where site = %s", SITES[1])

    async def use(reader: Reader) -> list[int]:
        paths = (f"/v1/remittances/{other}", f"/v1/remittances/{other}/advice.pdf", f"/v1/remittances/{SITES[0]:0>32}")
        return [(await reader.get(path)).status_code for path in paths]

    assert as_site(paid, SITES[0], use) == [404, 404, 404]
    assert as_site(paid, SITES[2], _first_page).remittances == ()


def test_without_sign_in_nothing_is_read(paid: MoneyWorld) -> None:
    """No token: 401."""

    async def use(reader: Reader) -> int:
        return int((await reader.client.get("/v1/remittances")).status_code)

    assert as_site(paid, SITES[0], use) == 401


def test_a_rejection_is_told_in_one_advice_only(paid: MoneyWorld) -> None:
    """The next remittance tells what was rejected since, and its state follows the bank."""
    paid.confirm("main-20261123-01.xml")
    paid.decide(SITES[0], 77)
    paid.pay(DAY + timedelta(days=1))

    async def use(reader: Reader) -> Any:
        newest, older = (await _first_page(reader)).remittances
        before = await reader.get(f"/v1/remittances?before={newest.day}")
        detail = await reader.get(f"/v1/remittances/{newest.remittance}")
        return newest, older, msgspec.json.decode(before.content, type=RemittanceList), detail

    newest, older, before, detail = as_site(paid, SITES[0], use)
    assert (newest.state, older.state) == ("reserved", "settled")
    assert older.ended
    assert before.remittances == (older,)
    assert msgspec.json.decode(detail.content, type=RemittanceAdvice).rejected == ()


async def _first_page(reader: Reader) -> RemittanceList:
    return msgspec.json.decode((await reader.get("/v1/remittances")).content, type=RemittanceList)


def test_a_site_sees_what_waits_what_is_deducted_and_disputes(money: MoneyWorld) -> None:
    """Why and since when it is not paid, what is taken back of which invoice; another site sees none of it."""
    sign_in(money)
    invoice = money.decide(amc=1_000)
    money.pay()
    money.confirm("main-20261123-01.xml")
    with money.sql("worker") as connection:
        books = ClawBackBooks(connection)
        claim = ClawBacks(books).propose(Claimed(invoice, FIRST, 600, "over-billing", "agent-7"), DAY, NOW)
        funds.set_terms(connection, funds.Terms(OPERATOR, SECOND, DAY, 0, "agent-1", "agent-2"), NOW)
    money.decide(amc=400, insurer=SECOND)
    money.decide(amc=900)
    money.pay(DAY + timedelta(days=15))

    async def own(reader: Reader) -> None:
        listed = msgspec.json.decode((await reader.get("/v1/remittances")).content, type=RemittanceList)
        assert [(one.reason, one.amount, one.insurer) for one in listed.waiting] == [
            ("insurer-out-of-funds", 400, SECOND)
        ]
        assert (listed.remittances[0].amount, listed.remittances[0].deducted) == (300, 600)
        path = f"/v1/remittances/{listed.remittances[0].remittance}"
        advice = msgspec.json.decode((await reader.get(path)).content, type=RemittanceAdvice)
        assert [(one.amount, one.left, one.reason) for one in advice.deductions] == [(600, 0, "over-billing")]
        paid = sum(one.paid for part in advice.insurers for one in part.invoices)
        assert paid - sum(one.amount for one in advice.deductions) == advice.remittance.amount
        assert (await reader.get(path + "/advice.pdf")).content.startswith(b"%PDF-")
        claims = (await reader.get("/v1/claw-backs")).json()
        assert [(one["claw_back"], one["state"], one["deducted"]) for one in claims] == [(str(claim), "recovered", 600)]

    async def other(reader: Reader) -> None:
        listed = msgspec.json.decode((await reader.get("/v1/remittances")).content, type=RemittanceList)
        assert (listed.waiting, listed.remittances) == ((), ())
        assert (await reader.get("/v1/claw-backs")).json() == []

    as_site(money, SITES[0], own)
    as_site(money, SITES[1], other)


def test_a_site_reads_its_debts_and_prints_the_demand(money: MoneyWorld) -> None:
    """What is left, since when, what was asked, how to pay; another site's debt looks absent."""
    sign_in(money)
    invoice = money.decide(amc=1_000)
    money.pay()
    money.confirm("main-20261123-01.xml")
    with money.sql("worker") as connection:
        claimed = Claimed(invoice, FIRST, 600, "over-billing", "agent-7")
        claim = ClawBacks(ClawBackBooks(connection)).propose(claimed, DAY, NOW)
    money.pay(DAY + timedelta(days=15))
    money.pay(DAY + timedelta(days=45))

    async def own(reader: Reader) -> None:
        answer = await reader.get("/v1/debts")
        found = msgspec.json.decode(answer.content, type=DebtList)
        (one,) = found.debts
        assert (found.left, one.left, one.amount, one.claw_back) == (600, 600, 600, str(claim))
        assert [(each.step, each.amount) for each in one.asked] == [("demanded", 600)]
        assert (len(one.reference), one.since) == (29, str(DAY + timedelta(days=15)))
        printed = await reader.get(f"/v1/debts/{claim}/demand.pdf")
        assert printed.headers["content-type"] == "application/pdf"
        assert printed.content.startswith(b"%PDF-1.7")
        for secret in (iban(1), "Pharmacie", "bed 12", "PHAR"):
            assert secret.encode() not in answer.content + printed.content

    async def other(reader: Reader) -> None:
        assert (await reader.get("/v1/debts")).json() == {"left": 0, "debts": []}
        assert (await reader.get(f"/v1/debts/{claim}/demand.pdf")).status_code == 404

    as_site(money, SITES[0], own)
    as_site(money, SITES[1], other)


def test_a_penalty_is_a_line_of_its_own(money: MoneyWorld) -> None:
    """With its half-year, insurer and reason, in JSON, PDF, NOEMIE and FHIR; together they are the transfer."""
    sign_in(money)
    with money.sql("worker") as connection, connection.transaction():
        delays.post(connection, Half(2026, 1), [delays.Penalty(OPERATOR, FIRST, SITES[0], 2, 300)], NOW)
    money.decide(amc=1_000)
    money.pay()

    async def own(reader: Reader) -> None:
        (one,) = (await _first_page(reader)).remittances
        path = f"/v1/remittances/{one.remittance}"
        advice = msgspec.json.decode((await reader.get(path)).content, type=RemittanceAdvice)
        (line,) = advice.penalties
        assert (line.reason, line.half, line.invoices, line.amount) == ("late-payment-penalty", "2026-1", 2, 300)
        paid = sum(one.paid for part in advice.insurers for one in part.invoices)
        assert paid + line.amount == one.amount == 1_300
        assert (await reader.get(path + "/advice.pdf")).content.startswith(b"%PDF-")
        assert total(event for event in noemie.read([(await reader.get(path + "/advice.noemie")).content])
                     if isinstance(event, InvoiceReturn | DebtMove)) == 1_300  # fmt: skip
        bundle = (await reader.get(f"/fhir/PaymentReconciliation/{one.remittance}")).json()
        assert sum(round(detail["amount"]["value"] * 100) for detail in bundle["detail"]) == 1_300

    as_site(money, SITES[0], own)
