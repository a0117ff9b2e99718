"""A site reads its remittances and deposits as NOEMIE returns, equal to the ledger, and nobody else's."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID, uuid4

import msgspec
import pytest

from rempart.domain.returns import Group, InvoiceReturn, Signal, total
from rempart.formats import noemie
from rempart.wire.payments import RemittanceList
from support.money import NOW, SITES, MoneyWorld, iban
from support.readers import as_site, sign_in

if TYPE_CHECKING:
    from support.readers import Reader

pytestmark = pytest.mark.postgres


@pytest.fixture
def paid(money: MoneyWorld) -> MoneyWorld:
    sign_in(money)
    money.decide(SITES[0], 1_000)
    money.decide(SITES[0], 234)
    money.decide(SITES[0], state="rejected")
    money.decide(SITES[1], 500)
    money.pay()
    return money


def deposit(money: MoneyWorld, site: str, state: str = "decided", report: object = None) -> UUID:
    """A deposit of the client's own, as the worker leaves it."""
    identity = UUID(bytes=uuid4().bytes[:12] + bytes(4))
    with money.sql() as connection:
        connection.execute(
            "insert into rempart.inbound (inbound, client, site, channel, grant_id, fingerprint, received, state, "
            "report) values (%s, 'till', %s, 'file', 'g', %s, %s, %s, %s)",
            (identity, site, identity.bytes, NOW, state, json.dumps(report or {})),
        )
        # An invoice of a deposit has the deposit's id, its place in the last four bytes.
        connection.execute(
            "insert into rempart.invoice (invoice, site, number, client, inbound, position, insurer, mode, state, "
            "reason, live, received, care_day, spent, amo, amc) "
            "select (left(%(deposit)s::uuid::text, 28) || lpad(to_hex(row_number() over ()), 8, '0'))::uuid, site, "
            "number, client, %(deposit)s, position, insurer, mode, state, reason, false, received, care_day, spent, "
            "amo, amc from rempart.invoice where site = %(site)s",
            {"deposit": identity, "site": SITES[0]},
        )
    return identity


def items(content: bytes) -> list[Any]:
    """The items of a sound return."""
    *events, end = noemie.read([content])
    assert isinstance(end, noemie.FileEnd)
    return [event for event in events if not isinstance(event, (noemie.Envelope, noemie.GroupEnd))]


def test_a_remittance_is_told_as_a_return_equal_to_the_ledger(paid: MoneyWorld) -> None:
    """Group, invoices and sums: the transfer's reference and amount; the rejection with its code; no identity."""

    async def use(reader: Reader) -> Any:
        listed = await reader.get("/v1/remittances")
        (one,) = msgspec.json.decode(listed.content, type=RemittanceList).remittances
        return one, await reader.get(f"/v1/remittances/{one.remittance}/advice.noemie")

    one, answer = as_site(paid, SITES[0], use)
    assert answer.headers["content-type"] == "application/octet-stream"
    assert answer.headers["cache-control"] == "no-store"
    found = items(answer.content)
    assert isinstance(found[0], Group)
    assert (found[0].payee, found[0].label) == (SITES[0], one.reference)
    assert total(found) == one.amount == 1_234
    states = sorted((item.amc.state, item.amc.paid) for item in found[1:])
    assert states == [("paid", 234), ("paid", 1_000), ("rejected", 0)]
    for secret in (iban(1), "Pharmacie", "bed 12", "PHAR"):
        assert secret.encode() not in answer.content


def test_a_deposit_is_told_with_each_invoice(paid: MoneyWorld) -> None:
    """Taken as a whole, an unreadable invoice rejected, the others as they stand."""
    wrong = {"level": "invoice", "code": "nir-key-wrong", "record": 7, "position": 25}
    faults = [
        {**wrong, "site": SITES[0], "number": "000000077"},
        {**wrong, "site": SITES[1], "number": "000000078"},  # another site's, of a concentrator's file
    ]
    identity = deposit(paid, SITES[0], report={"faults": faults})

    async def use(reader: Reader) -> Any:
        return await reader.get(f"/v1/files/{identity}/noemie")

    answer = as_site(paid, SITES[0], use)
    assert answer.status_code == 200
    group, signal, *invoices = items(answer.content)
    assert (group.payee, group.label) == (SITES[0], "")
    assert isinstance(signal, Signal)
    assert signal.code == "RECU"
    assert all(isinstance(one, InvoiceReturn) for one in invoices)
    assert sorted(one.amc.state for one in invoices) == ["deferred", "deferred", "rejected", "rejected"]
    assert [one.number for one in invoices if one.rejects and one.rejects[0].code == "R301"] == ["000000077"]


@pytest.mark.parametrize(
    ("state", "report", "code"),
    [
        ("received", {}, "EN-COURS"),
        ("refused", {"faults": [{"level": "file", "code": "not-b2", "record": 1, "position": 66}]}, "REFUSE"),
        ("refused", {"faults": [{"level": "file", "code": "file-already-received"}]}, "REFUSE"),
        ("refused", {"faults": [{"level": "file", "code": "a-code-of-tomorrow"}]}, "REFUSE"),
    ],
)
def test_a_deposit_that_waits_or_is_refused_is_told_so(money: MoneyWorld, state: str, report: Any, code: str) -> None:
    """Whatever stopped it, there is a return that says it."""
    sign_in(money)
    identity = deposit(money, SITES[0], state, report)

    async def use(reader: Reader) -> Any:
        return await reader.get(f"/v1/files/{identity}/noemie")

    found = items(as_site(money, SITES[0], use).content)
    assert [item.code for item in found if isinstance(item, Signal)] == [code]


def test_another_sites_returns_look_absent(paid: MoneyWorld) -> None:
    """By their ids: 404, as for what is not there."""
    remittance = paid.one("select remittance from rempart.remittance where site = %s", SITES[1])
    identity = deposit(paid, SITES[1])

    async def use(reader: Reader) -> list[int]:
        paths = (
            f"/v1/remittances/{remittance}/advice.noemie", f"/v1/files/{identity}/noemie",
            f"/v1/files/{uuid4()}/noemie", f"/v1/remittances/{uuid4()}/advice.noemie",
        )  # fmt: skip
        return [(await reader.get(path)).status_code for path in paths]

    assert as_site(paid, SITES[0], use) == [404] * 4


def test_a_share_beyond_its_zone_is_told_and_a_number_beyond_it_is_a_refusal(money: MoneyWorld) -> None:
    """1,234,567.89 € in two entities of one number; a number of an earlier form is a value, never a fault of ours."""
    sign_in(money)
    with money.sql() as connection:
        connection.execute("alter table rempart.invoice drop constraint if exists invoice_patient_check")
    invoice = money.decide(SITES[0], 123_456_789)
    money.pay()

    async def use(reader: Reader) -> Any:
        listed = await reader.get("/v1/remittances")
        (one,) = msgspec.json.decode(listed.content, type=RemittanceList).remittances
        return await reader.get(f"/v1/remittances/{one.remittance}/advice.noemie")

    answer = as_site(money, SITES[0], use)
    assert answer.status_code == 200
    paid = [item.amc.paid for item in items(answer.content) if isinstance(item, InvoiceReturn)]
    assert paid == [99_999_999, 23_456_790]
    with money.sql() as connection:
        connection.execute("update rempart.invoice set number = 'A-1' where invoice = %s", (invoice,))
    refused = as_site(money, SITES[0], use)
    assert (refused.status_code, refused.json()["code"]) == (409, "return-not-writable")


def test_without_sign_in_nothing_is_read(paid: MoneyWorld) -> None:
    """No token: 401."""

    async def use(reader: Reader) -> list[int]:
        paths = (f"/v1/files/{uuid4()}/noemie", f"/v1/remittances/{uuid4()}/advice.noemie")
        return [int((await reader.client.get(path)).status_code) for path in paths]

    assert as_site(paid, SITES[0], use) == [401, 401]
