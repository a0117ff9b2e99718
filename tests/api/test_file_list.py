"""A site reads the list of the files sent for it, and its people their reports; nobody else does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import msgspec
import pytest

from rempart.storage import recent_files
from rempart.storage.recent_invoices import first_id
from rempart.wire.invoices import FileList, FileState
from support.money import NOW, SITES, MoneyWorld
from support.readers import as_site, sign_in

if TYPE_CHECKING:
    from support.readers import Reader

pytestmark = pytest.mark.postgres
MINUTE = 60_000_000  # microseconds
PERSON = {"kind": "account", "vendor": "portal:horizon", "role": "staff"}


def put(money: MoneyWorld, at: int, **others: Any) -> UUID:
    """A deposit that began to come at this instant."""
    told = {"client": "till", "site": SITES[0], "channel": "file", "state": "decided", "report": {}, **others}
    identity = UUID(bytes=first_id(at).bytes[:6] + money.numbers.to_bytes(6, "big") + bytes(4))
    money.numbers += 1
    with money.sql() as connection:
        connection.execute(
            "insert into rempart.inbound (inbound, client, site, channel, grant_id, fingerprint, received, bytes, "
            "state, report) values (%s, %s, %s, %s, 'g', %s, %s, 2048, %s, %s)",
            (identity, told["client"], told["site"], told["channel"], identity.bytes, at, told["state"],
             json.dumps(told["report"])),
        )  # fmt: skip
    return identity


@pytest.fixture
def filled(money: MoneyWorld) -> tuple[MoneyWorld, list[UUID]]:
    """Three files of the site, the newest one another program's; others that it does not see."""
    sign_in(money)
    first = put(money, NOW - 3 * MINUTE, report={"refused": 2, "fault_count": 3, "faults": [{"code": "nir-key"}]})
    for place, state in enumerate(("accepted", "paid", "rejected", "held"), 1):
        made = money.decide(SITES[0], 1_000, state=state)
        own = UUID(bytes=first.bytes[:12] + place.to_bytes(4, "big"))
        with money.sql() as connection:
            connection.execute(
                "update rempart.invoice set invoice = %s, inbound = %s where invoice = %s", (own, first, made)
            )
    second = put(money, NOW - 2 * MINUTE, state="received")
    third = put(money, NOW - MINUTE, client="another", state="refused")
    put(money, NOW, site=SITES[1])
    put(money, NOW, site="")  # a concentrator's file of many
    put(money, NOW, channel="api")
    put(money, NOW, state="refused", report={"faults": [{"code": "file-already-received"}]})
    return money, [third, second, first]


def read(money: MoneyWorld, path: str, shape: Any, site: str = SITES[0], **who: str) -> Any:
    async def use(reader: Reader) -> Any:
        answer = await reader.get(path)
        return msgspec.json.decode(answer.content, type=shape) if answer.status_code == 200 else answer.status_code

    return as_site(money, site, use, **who)


def test_the_files_of_a_site_come_the_newest_first_with_what_became_of_them(
    filled: tuple[MoneyWorld, list[UUID]],
) -> None:
    """Whoever sent them; counts of what is decided; not one sent twice, nor what came without a file."""
    money, ids = filled
    found = read(money, "/v1/files", FileList)
    assert [one.file for one in found.files] == [str(one) for one in ids]
    refused, received, decided = found.files
    assert [one.own for one in found.files] == [False, True, True]
    assert (refused.state, received.state, received.invoices, received.bytes) == ("refused", "received", 0, 2_048)
    assert (decided.invoices, decided.accepted, decided.rejected, decided.held) == (4, 2, 1, 1)
    assert (decided.refused, decided.fault_count, found.next_before) == (2, 3, "")
    assert not read(money, "/v1/files", FileList, SITES[2]).files


def test_older_ones_follow_below_the_last(
    filled: tuple[MoneyWorld, list[UUID]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Page by page, each once."""
    money, ids = filled
    monkeypatch.setattr(recent_files, "MOST", 2)
    first = read(money, "/v1/files", FileList)
    assert first.next_before == str(ids[1])
    rest = read(money, f"/v1/files?before_file={first.next_before}", FileList)
    assert ([one.file for one in rest.files], rest.next_before) == ([str(ids[2])], "")


def test_people_read_the_report_of_whatever_was_sent_for_their_site(filled: tuple[MoneyWorld, list[UUID]]) -> None:
    """A program reads its own alone; another site's looks absent to everybody."""
    money, ids = filled
    assert [read(money, f"/v1/files/{one}", FileState) for one in ids[:1]] == [404]
    for one in ids:
        assert read(money, f"/v1/files/{one}", FileState, **PERSON).file == str(one)
        assert read(money, f"/v1/files/{one}", FileState, SITES[1], **PERSON) == 404


def test_a_report_agrees_with_its_line_in_the_list(filled: tuple[MoneyWorld, list[UUID]]) -> None:
    """The same counts in both."""
    money, ids = filled
    line = read(money, "/v1/files", FileList).files[2]
    report = read(money, f"/v1/files/{ids[2]}", FileState)
    assert [getattr(line, name) for name in ("invoices", "accepted", "rejected", "held", "refused", "fault_count")] == [
        getattr(report, name) for name in ("invoices", "accepted", "rejected", "held", "refused", "fault_count")
    ]
