"""A site reads the list of its own invoices, the newest first, and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import pytest

from rempart.storage import recent_invoices
from rempart.storage.recent_invoices import first_id
from rempart.wire.invoices import InvoiceList
from support.money import NOW, SITES, MoneyWorld
from support.readers import as_site, sign_in

if TYPE_CHECKING:
    from support.readers import Reader

pytestmark = pytest.mark.postgres
DAY = 86_400_000_000  # microseconds
STATES = ("accepted", "rejected", "accepted", "rejected", "accepted", "accepted")


def deposited(money: MoneyWorld, site: str, state: str, instant: int) -> UUID:
    """One invoice with the id that a deposit of this instant gives."""
    identity = UUID(bytes=first_id(instant).bytes[:6] + money.numbers.to_bytes(10, "big"))
    made = money.decide(site, 1_000, state=state)
    with money.sql() as connection:
        connection.execute("update rempart.invoice set invoice = %s where invoice = %s", (identity, made))
    return identity


@pytest.fixture
def filled(money: MoneyWorld) -> tuple[MoneyWorld, list[UUID]]:
    """One invoice a day for six days, the last one now; another site has one too."""
    sign_in(money)
    ids = [deposited(money, SITES[0], state, NOW - (5 - place) * DAY) for place, state in enumerate(STATES)]
    deposited(money, SITES[1], "accepted", NOW)
    return money, ids


def listed(money: MoneyWorld, site: str, query: str = "") -> InvoiceList:
    async def use(reader: Reader) -> InvoiceList:
        answer = await reader.get(f"/v1/invoices/recent{query}")
        assert answer.headers["cache-control"] == "no-store"
        return msgspec.json.decode(answer.content, type=InvoiceList)

    found: InvoiceList = as_site(money, site, use)
    return found


def test_a_site_sees_its_own_the_newest_first(filled: tuple[MoneyWorld, list[UUID]]) -> None:
    """Number, days, amounts, state, reason; no other site's; no act and no reference."""
    money, ids = filled
    found = listed(money, SITES[0])
    assert [one.invoice for one in found.invoices] == [str(one) for one in reversed(ids)]
    assert [one.reason for one in found.invoices if one.state == "rejected"] == ["rights-closed"] * 2
    newest = found.invoices[0]
    assert (newest.spent, newest.amo, newest.amc, newest.patient, newest.state) == (5000, 2000, 1000, 2000, "accepted")
    assert newest.care_date == "2026-11-20"
    assert found.next_before == ""
    assert set(msgspec.to_builtins(newest)) <= set(newest.__struct_fields__)
    assert "bed 12" not in msgspec.json.encode(found).decode()
    assert len(listed(money, SITES[1]).invoices) == 1
    assert listed(money, SITES[2]).invoices == ()


def test_pages_of_one_state_go_on_until_the_end(
    filled: tuple[MoneyWorld, list[UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However few invoices are looked at for a page, every one is met once, in order."""
    money, ids = filled
    for most, looked in ((1, 2), (2, 3), (2, 100), (50, 1)):
        monkeypatch.setattr(recent_invoices, "MOST", most)
        monkeypatch.setattr(recent_invoices, "LOOKED", looked)
        for state in ("", "rejected", "paid"):
            wanted = [str(one) for one, is_in in zip(ids, STATES, strict=True) if state in {"", is_in}]
            seen: list[str] = []
            before = ""
            while True:
                query = "&".join(f"{k}={v}" for k, v in (("before_invoice", before), ("state", state)) if v)
                page = listed(money, SITES[0], f"?{query}" if query else "")
                assert len(page.invoices) <= most
                seen += [one.invoice for one in page.invoices]
                before = page.next_before
                if not before:
                    break
            assert seen == wanted[::-1]


def test_a_day_is_the_civil_day_of_arrival(filled: tuple[MoneyWorld, list[UUID]]) -> None:
    """In Paris; a day without any is empty, and what is no day or state is refused."""
    money, ids = filled
    assert [one.invoice for one in listed(money, SITES[0], "?day=2026-11-22").invoices] == [str(ids[4])]
    for day in ("2026-11-10", "1066-10-14", "9999-12-31"):
        assert listed(money, SITES[0], f"?day={day}").invoices == ()

    async def use(reader: Reader) -> list[int]:
        wrong = ("day=hier", "state=lost", "before_invoice=1")
        return [(await reader.client.get(f"/v1/invoices/recent?{query}")).status_code for query in wrong]

    assert as_site(money, SITES[0], use) == [400, 400, 400]
