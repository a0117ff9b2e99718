"""Before a closed portal in a real browser: the page itself seals what is left, and every page is sound."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import msgspec
import pytest

from rempart.sealing.waiting_jwe import opened, parse
from rempart.wire.authorizations import AuthorizationRequest
from rempart.wire.invoices import InvoiceRequest
from rempart.wire.problem import Problem, TurnTold
from rempart.wire.waiting_room import LeaveRequest, LeftState
from support.fake_doors import Person
from support.portals import CARD, ONE, SITE, TWO, doors, served
from support.seats import LANGUAGES, Seat, World, browser, seat
from support.waiting_desk import WaitingDesk

__all__ = ["browser", "seat"]
pytestmark = [pytest.mark.browser]
LEFT = (
    LeftState("7K2M9X4C1V", "invoice", "2026-11-18T09:30:00Z", "waiting"),
    LeftState("8K2M9X4C1V", "authorization", "2026-11-18T09:20:00Z", "sent", subject=str(UUID(int=7))),
    LeftState("9K2M9X4C1V", "invoice", "2026-11-18T09:10:00Z", "refused", "site-budget"),
)


@pytest.fixture(scope="module")
def world() -> Iterator[World]:
    """A closed portal, and an optician before it."""
    made = doors()
    made.people[TWO] = Person(TWO, (SITE,), profession="optician")
    made.desks.append(WaitingDesk())
    with served(made) as base:
        yield World(made, base)


def desk_of(seat: Seat) -> WaitingDesk:
    (desk,) = seat.world.doors.desks
    assert isinstance(desk, WaitingDesk)
    return desk


def content(desk: WaitingDesk, asked: LeaveRequest) -> bytes:
    """What the keeper would open."""
    parsed = parse(asked.sealed)
    assert parsed is not None
    left = opened(parsed, desk.private)
    assert left is not None
    assert left.site == SITE
    return bytes(left.request)


def test_an_invoice_is_sealed_in_the_page_and_left(seat: Seat) -> None:
    """What the keeper opens is the invoice as typed; no request of the browser holds the patient in clear."""
    desk, sent = desk_of(seat), []
    seat.page.on("request", lambda request: sent.append((request.url, request.post_data or "")))
    seat.signed_in(ONE)
    seat.open("/salle/facture")
    seat.page.click("button.main")
    seat.page.wait_for_selector("#nir-error:not([hidden])")
    seat.sound()
    for name, value in {**CARD, "number": "41", "care_date": "18/11/2026", "code-1": "PH7", "spent-1": "12,40",
                        "base-1": "12,40", "rate-1": "65"}.items():  # fmt: skip
        seat.page.fill(f"#{name}", value)
    seat.page.click("button.main")
    seat.page.wait_for_selector("table.sheet")
    invoice = msgspec.json.decode(content(desk, desk.asked[-1]), type=InvoiceRequest)
    assert (invoice.amc_number, invoice.member, invoice.birth_date) == ("0099000000", "10000001", "1985-04-12")
    assert (invoice.nir, invoice.rank, invoice.convention) == ("285047592512345", "1", "SP")
    assert (invoice.number, invoice.lines[0].spent, invoice.lines[0].amc) == ("000000041", 1240, 434)
    assert not [url for url, body in sent if "2850475925123" in url + body or "12%2F04%2F1985" in body]


def test_a_request_for_spectacles_is_left_the_same_way(seat: Seat) -> None:
    """The quote's lines as the hub takes them."""
    desk = desk_of(seat)
    seat.signed_in(TWO)
    seat.open("/salle/prise-en-charge")
    for name, value in CARD.items():
        seat.page.fill(f"#{name}", value)
    for name, value in {"price_1": "120,00", "base_1": "0,05", "sphere_1": "-2,25"}.items():
        if seat.page.query_selector(f"#{name}"):
            seat.page.fill(f"#{name}", value)
    seat.page.click("button.main")
    seat.page.wait_for_selector("table.sheet")
    asked = msgspec.json.decode(content(desk, desk.asked[-1]), type=AuthorizationRequest)
    assert (asked.member, asked.evidence, len(asked.lines)) == ("10000001", "typed", 1)


def refused(site: str) -> Problem:
    return Problem("Not yet", 503, "turn" if site else "turn-site",
                   turn=TurnTold(4_211, 200_000, "2026-11-18T09:20:00Z", 60) if site else None)  # fmt: skip


@pytest.mark.parametrize("seat", LANGUAGES, indirect=True)
def test_every_page_of_a_closed_portal_is_sound(seat: Seat) -> None:
    """Empty and full, both forms, the rule, all open again; and one's turn in the waves."""
    desk = desk_of(seat)
    before, desk.left = desk.left, ()
    seat.signed_in(TWO)
    try:
        for path in ("/salle", "/salle/facture", "/salle/prise-en-charge"):
            seat.open(path)
            seat.sound()
        desk.left = LEFT
        seat.open("/salle")
        seat.page.fill("#rule-amc", "0099000000")
        seat.page.click(".filters button")
        seat.page.wait_for_selector(".waiting-rule")
        seat.sound()
        room, desk.room = desk.room, None
        seat.open("/salle")
        seat.sound()
        desk.room = room
        seat.world.doors.turns = refused
        seat.page.context.clear_cookies()
        seat.open("/")
        seat.page.click("button.main")
        seat.page.wait_for_selector("#site")
        seat.sound()
        seat.page.fill("#site", SITE)
        seat.page.click("form button.main")
        seat.page.wait_for_selector(".waiting-turn")
        seat.sound()
        seat.world.doors.turns = None
    finally:
        desk.left, seat.world.doors.turns = before, None
