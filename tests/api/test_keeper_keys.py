"""The hub hands on what the keeper signed, keeps it for a minute, and asks the keeper no more often than that."""

from __future__ import annotations

import asyncio
from datetime import date
from typing import Any

import pytest

from rempart.api import keeper_keys
from rempart.api.keeper_keys import KeyDesk
from rempart.api.sealed_invoices import checked
from rempart.application.guard import Caller
from rempart.application.together import Unavailable
from rempart.domain.identifiers import Fault
from rempart.domain.member import ANY_MEMBER
from rempart.formats import invoice_json
from rempart.sealing.identity_frames import CheckIdentityResult, KeySetItem, KeySetResult
from rempart.storage.facts import Facts

CALLER = Caller(None, "software", "site", "990000002", "", b"grant", bytes(16), 0)
LINE = (
    b'{"care_date":"2026-11-22","code":"PH7","family":"pharmacy","base":1340,"rate":65,"amo":871,"spent":1340,'
    b'"amc":469}'
)


class Asked:
    """A keeper that remembers what it was asked; it knows the keys of one insurer."""

    def __init__(self) -> None:
        self.items: list[str] = []

    async def call(self, _operation: str, items: list[KeySetItem]) -> list[Any]:
        self.items += [item.insurer for item in items]
        return [KeySetResult("insurer-unknown") if item.insurer == "0099999999" else KeySetResult("", b"signed")
                for item in items]  # fmt: skip


def test_a_document_is_asked_for_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody reaches the keeper by asking often; what it does not know is not kept."""
    keeper, at = Asked(), [1000.0]
    monkeypatch.setattr(keeper_keys.time, "monotonic", lambda: at[0])
    desk = KeyDesk(keeper, None)  # type: ignore[arg-type]  # no routing here

    async def ask() -> list[bytes]:
        found = [await desk.document(insurer) for insurer in ("", "", "0099000000", "", "0099999999", "0099999999")]
        at[0] += keeper_keys.FRESH + 1
        return [*found, await desk.document("")]

    assert asyncio.run(ask()) == [b"signed"] * 4 + [b"", b"", b"signed"]
    assert keeper.items == ["", "0099000000", "0099999999", "0099999999", ""]


def body(*jwes: str) -> bytes:
    """One invoice for each, sealed."""
    return b'{"invoices":[' + b",".join(
        b'{"number":"%d","issued":"2026-11-22","amc_number":"99000000","identity_jwe":"%s","lines":[%s]}'
        % (number, jwe.encode(), LINE) for number, jwe in enumerate(jwes, 1)
    ) + b"]}"  # fmt: skip


class _Route:
    insurer = "0099000000"


class _Facts(Facts):
    """Every card is of one insurer."""

    def route(self, *_: Any) -> Any:
        return _Route


def check(refusals: list[str], *jwes: str) -> Any:
    found = invoice_json.read(body(*jwes), "990000002")
    assert isinstance(found, tuple)
    asked: list[Any] = []

    async def call(operation: str, items: list[Any]) -> list[Any]:
        assert operation == "check_identity"
        asked.extend(items)
        return [CheckIdentityResult(refusal) for refusal in refusals]

    said = asyncio.run(checked(call, _Facts(rules={"0099000000": ANY_MEMBER}), CALLER, found))
    assert [item.sealed.jwe for item in asked] == list(jwes)
    assert {item.sealed.labels for item in asked} == {("0099000000", "", "")}
    assert {item.sealed.days for item in asked} == {(date(2026, 11, 22).toordinal() - date(1970, 1, 1).toordinal(),)}
    return said


def test_a_fault_inside_a_seal_refuses_its_invoice_alone() -> None:
    """With the field and its code; the others are received."""
    first, second = check(["", "identity-fields:nir=nir-key"], "a", "b")
    assert isinstance(first, invoice_json.Taken)
    assert first.invoice.presented.sealed == "a"
    assert second == invoice_json.Refused("000000002", (Fault("identity_jwe.nir", "nir-key"),))


@pytest.mark.parametrize("code", ["identity-key-unknown", "identity-stale", "identity-not-yours"])
def test_a_seal_that_is_not_good_refuses_the_request(code: str) -> None:
    """Nothing is kept: the client fetches the keys, or seals anew, and sends the whole again."""
    assert check(["", code], "a", "b") == code


def test_a_keeper_that_refuses_for_its_own_reasons_takes_nothing() -> None:
    """A grant that ended meanwhile is no fault of the invoice."""
    with pytest.raises(Unavailable):
        check(["grant-expired"], "a")


def test_sealed_and_clear_invoices_do_not_share_a_body() -> None:
    """All of one body are sealed, or none."""
    mixed = body("a").replace(b"]}]}", b']},{"number":"9","issued":"2026-11-22","amc_number":"99000000","member":"1",'
                              b'"birth_date":"850101","lines":[%s]}]}' % LINE)  # fmt: skip
    assert isinstance(invoice_json.read(mixed, "990000002"), Fault)
    both = body("a").replace(b'"identity_jwe"', b'"member":"1","identity_jwe"')
    assert isinstance(invoice_json.read(both, "990000002"), Fault)
