"""The pages about invoices on doors in memory: the list, one invoice and what can be done about it, the words."""

from __future__ import annotations

import re
from html import unescape
from typing import Any
from uuid import UUID, uuid4

import pytest

from rempart.client.calls import Call
from rempart.domain.invoice_states import STATES as HUB_STATES
from rempart.domain.reasons import REASONS as HUB_REASONS
from rempart.formats.b2.codes import CODES
from rempart.portal.file_faults import FILE_FAULTS
from rempart.portal.pages.invoices import LOOKS
from rempart.portal.pages.invoices_said import STATES
from rempart.portal.reasons import REASONS
from rempart.wire.invoices import InvoiceList, InvoiceSummary
from support.fake_doors import Person
from support.fake_invoices import AT, FakeInvoices
from support.portals import ONE, SITE, Asker

NIR = "285047592512345"


def words(text: str) -> str:
    """What a page says, without its tags."""
    main = text.partition("<main")[2].partition("</main>")[0]
    return plain(unescape(re.sub(r"<[^>]*>", " ", main)))


def plain(text: str) -> str:
    """With ordinary single spaces."""
    return re.sub(r"\s+", " ", text)


def rows(text: str) -> list[str]:
    """The numbers of a list, in its order."""
    return re.findall(r'<a class="inv-to" href="[^"]*">([^<]*)</a>', text)


def test_every_reason_of_the_hub_has_its_two_sentences() -> None:
    """Whatever stops a file, a lot, an invoice or a line; those of payments are told elsewhere."""
    assert {one.code for one in HUB_REASONS if one.level != "payment"} == set(REASONS)
    assert all(told.what and told.todo and told.what != told.todo for told in REASONS.values())
    assert set(STATES) == set(HUB_STATES)


def test_every_fault_of_a_b2_file_has_its_sentence() -> None:
    """Of its structure, beside the reasons; and a file that is too large."""
    assert set(FILE_FAULTS) == set(CODES) - set(REASONS) | {"file-too-large"}


def test_the_list_shows_the_newest_first_with_states_and_reasons(asker: Asker, desk: FakeInvoices) -> None:
    """Number, days, state, amounts; the reason in words; a way to the invoice."""
    desk.add("paid")
    desk.add("rejected")
    answer = asker.get("/factures")
    assert answer.status_code == 200
    assert rows(answer.text) == ["000000002", "000000001"]
    said = words(answer.text)
    assert "Rejetée Les droits étaient fermés ce jour-là" in said
    assert "18/11/2026" in said
    assert "13,40 €" in said
    assert 'aria-current="page"' in answer.text


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("", "Aucune facture pour le moment"),
        ("?etat=held", "Aucune facture ici"),
        ("?jour=2026-11-01", "Aucune facture ici"),
        ("?numero=77", "Aucune facture ne porte ce numéro"),
    ],
)
def test_an_empty_list_says_what_to_do(asker: Asker, query: str, said: str) -> None:
    """Whether there is none at all, or none of what was asked for."""
    assert said in words(asker.get(f"/factures{query}").text)


def test_the_list_is_narrowed_by_state_and_day_and_goes_on(asker: Asker, desk: FakeInvoices) -> None:
    """Chips keep the day, paging keeps both, and every invoice is met once."""
    for place in range(120):
        desk.add("held" if place % 2 else "accepted")
    seen: list[str] = []
    address = "/factures?etat=accepted&jour=2026-11-18"
    for _ in range(2):
        text = asker.get(address).text
        seen += rows(text)
        older = re.search(r'class="second" href="(/factures\?[^"]*avant[^"]*)"', text)
        address = unescape(older[1]) if older else ""
    assert len(seen) == len(set(seen)) == 60
    assert address == ""
    assert "etat=held&jour=2026-11-18" in unescape(asker.get("/factures?etat=accepted&jour=2026-11-18").text)


def test_of_a_rare_state_the_hub_is_asked_to_go_on(asker: Asker) -> None:
    """A few times for one page; then the person is offered to go on."""
    for empty in (2, 50):
        asked: list[str] = []

        def desk(_session: object, call: Call[Any], asked: list[str] = asked, empty: int = empty) -> InvoiceList:
            asked.append(call.path)
            if len(asked) <= empty:
                return InvoiceList((), str(UUID(int=100 - len(asked))))
            return InvoiceList((InvoiceSummary(str(UUID(int=7)), "000000007", "2026-11-18", AT, "held"),))

        asker.doors.desks[:] = [desk]
        text = asker.get("/factures?etat=held").text
        assert rows(text) == (["000000007"] if empty == 2 else [])
        assert len(asked) == min(empty + 1, LOOKS)
        assert len(set(asked)) == len(asked)
        assert ("avant=" in text) == (empty == 50)


def test_a_number_leads_to_its_invoice(asker: Asker, desk: FakeInvoices) -> None:
    """One: its page. Several under it: the list of these."""
    identity = desk.add("accepted", "000000041")
    answer = asker.post("/factures", {"number": "41", "day": "", "state": ""})
    assert answer.headers["location"] == "/factures?numero=41"
    assert asker.get("/factures?numero=41").headers["location"] == f"/factures/{identity}"
    desk.add("accepted", "000000041")
    assert rows(asker.get("/factures?numero=41").text) == ["000000041"] * 2


@pytest.mark.parametrize("number", [NIR, "DUPONT", "12/04/1985"])
def test_what_is_no_number_never_gets_into_an_address(asker: Asker, number: str) -> None:
    """A search is posted, and answered on the spot when it cannot be a number: nothing of it comes back."""
    answer = asker.post("/factures", {"number": number, "day": ""})
    assert answer.status_code == 422
    assert number not in answer.text
    assert "Un numéro de facture compte" in words(answer.text)
    assert asker.post("/factures", {"number": "", "day": "31/02/2026"}).status_code == 422
    assert asker.post("/factures", {"day": "18/11/2026"}).headers["location"] == "/factures?jour=2026-11-18"
    assert rows(asker.get(f"/factures?numero={number}&etat=lost&avant=x&jour=hier").text) == []


@pytest.mark.parametrize(
    "state", ["received", "acknowledged", "waiting", "held", "accepted", "rejected", "paid", "cancelled"]
)
def test_one_invoice_says_where_it_stands_and_what_to_do(asker: Asker, desk: FakeInvoices, state: str) -> None:
    """The state in words, the amounts, the reason with what to correct, only the acts that make sense, its life."""
    identity = desk.add(state)
    answer = asker.get(f"/factures/{identity}")
    said = words(answer.text)
    assert answer.status_code == 200
    assert STATES[state].name in said
    assert "Part obligatoire" in said
    assert "Ce qui s’est passé" in said
    assert ("data-poll" in answer.text) == (state in {"received", "acknowledged"})
    assert ("/annuler" in answer.text) == (state in {"acknowledged", "waiting", "held", "accepted", "paid"})
    assert ("/distincte" in answer.text) == (state == "held")
    assert ("corrige=" in answer.text) == (state in {"rejected", "cancelled"})
    reason = desk.invoices[identity].reason
    assert not reason or plain(REASONS[reason].todo) in said


def test_every_reason_is_shown_in_both_languages(asker: Asker, desk: FakeInvoices) -> None:
    """What to do stands on the page of an invoice rejected for it; an unknown code says to call."""
    french: set[str] = set()
    for language in ("fr", "en"):
        for code in (*REASONS, "a-code-of-tomorrow"):
            identity = desk.add("rejected", reason=code)
            asker.cookies["__Host-rempart-language"] = language
            answer = asker.get(f"/factures/{identity}")
            assert answer.status_code == 200
            said = words(answer.text)
            assert code in said
            assert said not in french
            french.add(said)


def test_cancelled_and_called_distinct(asker: Asker, desk: FakeInvoices) -> None:
    """Each leads back to the invoice, which says so."""
    held, accepted = desk.add("held"), desk.add("accepted")
    answer = asker.post(f"/factures/{held}/distincte")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/factures/{held}")
    assert desk.invoices[held].state == "accepted"
    assert asker.post(f"/factures/{accepted}/annuler").status_code == 303
    assert "Annulée" in words(asker.get(f"/factures/{accepted}").text)


def test_staff_are_not_offered_what_only_others_may_do(asker: Asker, desk: FakeInvoices) -> None:
    """No cancelling, no word about duplicates; who tries all the same reads whom to ask, and stays signed in."""
    asker.doors.people[ONE] = Person(ONE, (SITE,), role="staff")
    live = asker.signed_in()
    held, rejected = desk.add("held"), desk.add("rejected")
    text = asker.get(f"/factures/{held}").text
    assert "/annuler" not in text
    assert "/distincte" not in text
    assert "Demandez à un professionnel de votre site" in words(text)
    assert "corrige=" in asker.get(f"/factures/{rejected}").text
    desk.refusals["cancel"] = "purpose"
    answer = asker.post(f"/factures/{held}/annuler")
    assert answer.status_code == 409
    assert "Votre rôle ne permet pas" in words(answer.text)
    assert asker.held() == live


def test_what_cannot_be_done_is_told_on_the_invoice(asker: Asker, desk: FakeInvoices) -> None:
    """With its present state below."""
    identity = desk.add("rejected")
    answer = asker.post(f"/factures/{identity}/annuler")
    assert answer.status_code == 409
    assert "ne peut plus être annulée" in words(answer.text)
    assert "Rejetée" in words(answer.text)
    again = asker.post(f"/factures/{identity}/distincte")
    assert "n’attend plus de réponse" in words(again.text)


def test_another_sites_invoice_looks_absent(asker: Asker) -> None:
    """As one that is not; and what is no id is no page."""
    for path in (f"/factures/{uuid4()}", "/factures/1", f"/factures/fichier/{uuid4()}"):
        answer = asker.get(path)
        assert answer.status_code == 404
        assert "n’existe pas" in words(answer.text)
    assert asker.post(f"/factures/{uuid4()}/annuler").status_code == 404


PAGES = (
    "/factures",
    "/factures/nouvelle",
    "/factures/fichier",
    "/factures/{0}",
    "/factures/fichier/{0}",
    "/factures/fichier/{0}/retour",
)


def test_only_who_is_signed_in_at_a_site_sees_them(asker: Asker, desk: FakeInvoices) -> None:
    """Anybody else is led to the entrance, and nothing is asked of the hub."""
    identity = desk.add()
    asker.cookies.clear()
    for path in PAGES:
        assert asker.get(path.format(identity)).headers["location"] == "/"
    for path in ("/factures", "/factures/nouvelle", f"/factures/{identity}/annuler"):
        assert asker.post(path, {"number": "1"}).headers["location"] == "/"
    assert desk.invoices[identity].state == "accepted"


@pytest.mark.parametrize(
    ("code", "status", "said"),
    [("compartment", 503, "fermé"), ("client-standing", 403, "suspendu"), ("grant-invalid", 401, "terminée")],
)
def test_refusals_and_a_silent_hub_stay_calm(
    asker: Asker, desk: FakeInvoices, code: str, status: int, said: str
) -> None:
    """A sentence and what to do, on every page that asks something; `Réessayer` leads back among invoices."""
    identity = desk.add()
    asker.doors.refusal = code
    for path in ("/factures", f"/factures/{identity}"):
        asker.signed_in()
        answer = asker.get(path)
        assert answer.status_code == status
        assert said in words(answer.text)
    asker.doors.refusal, asker.doors.down = "", True
    asker.signed_in()
    answer = asker.get(f"/factures/{identity}")
    assert answer.status_code == 503
    assert f'href="/factures/{identity}"' in answer.text
