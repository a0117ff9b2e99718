"""The day is the site's: around midnight overseas, forms take and say the day that the counter's calendar shows."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime

import msgspec
import pytest

from rempart.portal import days, session
from support.fake_account import account
from support.fake_doors import Person
from support.fake_invoices import FakeInvoices
from support.portals import CARD, NOON, ONE, SITE, Asker, Clock, doors
from support.quote_desk import QuoteDesk

GUADELOUPE, REUNION, MAYOTTE, PARIS = "America/Guadeloupe", "Indian/Reunion", "Indian/Mayotte", "Europe/Paris"
EVENING = datetime(2027, 2, 1, 0, 30, tzinfo=UTC).timestamp()  # 31 January, 20:30 in Guadeloupe; February in Paris
NIGHT = datetime(2027, 1, 31, 20, 30, tzinfo=UTC).timestamp()  # 1 February, 00:30 at La Réunion; January in Paris
LAST, FIRST = "31/01/2027", "01/02/2027"
PATIENT = {**CARD, "domains": ["PHAR"]}
INVOICE = {
    **CARD, "number": "41", "accreditation": "ABG2J 04W06 818G1 8010K", "key": "3f1c1a52-7f3f-4f6c-9d55-0c6f3f2b9a10",
    "family-1": "pharmacy", "code-1": "ph7", "quantity-1": "1", "spent-1": "13,40", "base-1": "13,40", "rate-1": "65",
}  # fmt: skip


def seat(zone: str, now: float, *desks: object, profession: str = "pharmacy", role: str = "professional") -> Asker:
    """Somebody at a counter in that zone, at that instant."""
    made = Asker(doors(clock=Clock(now)))
    made.doors.people[ONE] = Person(ONE, (SITE,), role, profession, zone=zone)
    made.doors.desks[:] = desks
    made.signed_in()
    return made


def proposed(page: str, field: str) -> str:
    """The value that the page puts into a field of its own accord."""
    (value,) = re.findall(rf'<input id="{field}"[^>]* value="([^"]*)"', page)
    return str(value)


@pytest.mark.parametrize(
    ("zone", "now", "day"),
    [
        (GUADELOUPE, EVENING, LAST), (REUNION, NIGHT, FIRST), (MAYOTTE, NIGHT + 3600, FIRST), (PARIS, EVENING, FIRST),
        (PARIS, NIGHT, LAST), ("", NIGHT, LAST), ("Nowhere/At all", NIGHT, LAST), ("../../etc/passwd", NIGHT, LAST),
    ],
)  # fmt: skip
def test_the_day_proposed_is_the_site_s(zone: str, now: float, day: str) -> None:
    """Whatever the machine's zone; a zone that nobody has, from a cookie that was tampered with, is Paris."""
    asker = seat(zone, now)
    for path in ("/patient", "/factures/nouvelle"):
        assert f'data-today="{day}"' in asker.get(path).text
    assert proposed(asker.get("/patient").text, "care_date") == day


def test_today_s_care_at_la_reunion_is_asked_and_invoiced_while_it_is_yesterday_in_paris() -> None:
    """The question leads on to the invoice, which is taken, and is of the day at the counter."""
    desk = FakeInvoices()
    asker = seat(REUNION, NIGHT, desk)
    answer = asker.post("/patient", {**PATIENT, "care_date": FIRST})
    assert answer.status_code == 200
    assert 'action="/factures/nouvelle"' in answer.text
    sent = asker.post("/factures/nouvelle", {**INVOICE, "care_date": FIRST, "care-1": FIRST})
    assert sent.status_code == 303
    (invoice,) = desk.sent
    assert (invoice.issued, invoice.lines[0].care_date) == ("2027-02-01", "2027-02-01")


def test_an_evening_s_invoice_in_guadeloupe_is_of_the_day_there() -> None:
    """Not of Paris's tomorrow, on which no care was given yet."""
    desk = FakeInvoices()
    asker = seat(GUADELOUPE, EVENING, desk)
    assert asker.post("/factures/nouvelle", {**INVOICE, "care_date": LAST}).status_code == 303
    (invoice,) = desk.sent
    assert (invoice.issued, invoice.lines[0].care_date) == ("2027-01-31", "2027-01-31")
    early = asker.post("/factures/nouvelle", {**INVOICE, "number": "42", "care_date": FIRST})
    assert (early.status_code, len(desk.sent)) == (422, 1)
    asked = asker.post("/patient", {**PATIENT, "care_date": FIRST})
    assert 'action="/factures/nouvelle"' not in asked.text


def test_what_is_to_come_in_paris_is_refused_there() -> None:
    """The same form, at a counter where it is still January."""
    desk = FakeInvoices()
    asker = seat(PARIS, NIGHT, desk)
    assert asker.post("/factures/nouvelle", {**INVOICE, "care_date": FIRST}).status_code == 422
    assert not desk.sent


@pytest.mark.parametrize(("zone", "now", "day"), [(REUNION, NIGHT, FIRST), (GUADELOUPE, EVENING, LAST)])
def test_a_delivery_is_invoiced_on_the_day_at_the_counter(zone: str, now: float, day: str) -> None:
    """From a prise en charge: proposed, taken, issued on it; the day after is not delivered yet."""
    desk = QuoteDesk()
    found = desk.put(valid_from="2026-12-01", valid_until="2027-05-16", delivery_until="2027-05-31")
    asker = seat(zone, now, desk, profession="optician")
    at = f"/prises-en-charge/{found.authorization}/facture"
    assert proposed(asker.get(at).text, "delivered") == day
    form = {
        **CARD, "number": "77", "key": "i" * 24, "cover": "general", "delivered": day, "given_1": "on",
        "amc_1": "119,97", "item_1": "right", "sphere_1": "-2,25", "lens_1": "single", "basket_1": "B",
        "price_1": "120", "base_1": "0,05",
    }  # fmt: skip
    after = f"{int(day[:2]) % 31 + 1:02d}/02/2027"
    assert asker.post(at, {**form, "delivered": after}).status_code == 422
    assert asker.post(at, form).status_code == 200
    (invoice,) = desk.invoiced
    assert (invoice.issued, invoice.lines[0].care_date) == ("-".join(reversed(day.split("/"))),) * 2


@pytest.mark.parametrize(("zone", "now", "day"), [(REUNION, NIGHT, FIRST), (GUADELOUPE, EVENING, LAST)])
def test_an_invoice_left_in_the_waiting_room_is_of_the_day_at_the_counter(zone: str, now: float, day: str) -> None:
    """Its check is the ordinary form's."""
    plain = {name: value for name, value in INVOICE.items() if name not in CARD}
    told = seat(zone, now).post("/salle/facture/verifier", {**plain, "care_date": day})
    assert told.status_code == 200
    assert json.loads(told.text)["request"]["issued"] == "-".join(reversed(day.split("/")))


@pytest.mark.parametrize("path", ["/site-et-equipe/remplacements", "/site-et-equipe/remplacements/code"])
def test_a_locum_may_begin_on_the_day_at_the_counter(path: str) -> None:
    """In Guadeloupe's evening that is yesterday in Paris; the day before is over there too."""
    asker = seat(GUADELOUPE, EVENING, account(), role="manager")
    form = {"account": "a2b4c6d8e0f1g3h5", "first": "2027-01-31", "last": "2027-02-10"}
    assert asker.post(path + "/defi", form).status_code == 200
    assert asker.post(path + "/defi", {**form, "first": "2027-01-30"}).json() == {"wrong": ["first"]}


def test_hours_are_those_of_the_site_s_clock() -> None:
    """In lists and histories; without a session Paris's."""
    desk = FakeInvoices()
    identity = desk.add()
    told = desk.invoices[identity].events[0].instant
    hours = {zone: days.moment(told, _session(zone)) for zone in (PARIS, REUNION, GUADELOUPE)}
    assert len(set(hours.values())) == 3
    assert days.moment(told, None) == hours[PARIS]
    for zone, hour in hours.items():
        assert hour in seat(zone, NOON, desk).get(f"/factures/{identity}").text


def test_another_site_is_another_zone() -> None:
    """Who works on both sides of an ocean changes site, and the day changes with it."""
    asker = seat(REUNION, NIGHT)
    held = asker.held()
    assert held is not None
    asker.cookies["__Host-rempart"] = session.write(msgspec.structs.replace(held, zone=PARIS))
    assert proposed(asker.get("/patient").text, "care_date") == LAST


def _session(zone: str) -> session.SignedIn:
    asker = seat(zone, NOON)
    held = asker.held()
    assert held is not None
    return held
