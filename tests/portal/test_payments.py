"""The pages of payments: sums, charts, one payment and its files, what is taken back; nothing that is not there."""

from __future__ import annotations

import re

import msgspec
import pytest

from rempart.wire.payments import DebtList, RemittanceAdvice
from support.fake_doors import Person
from support.payment_desk import BACK, NOTHING, OWED, PAID, RETURNED, PaymentDesk
from support.portals import ONE, SITE, Asker, Clock, doors


@pytest.fixture
def asker() -> Asker:
    """A person signed in at a site that has payments."""
    made = Asker(doors(clock=Clock()))
    made.doors.desks.append(PaymentDesk(ONE))
    made.signed_in(ONE)
    return made


def desk(asker: Asker) -> PaymentDesk:
    (found,) = asker.doors.desks
    assert isinstance(found, PaymentDesk)
    return found


def test_sums_say_what_is_due_and_by_when(asker: Asker) -> None:
    """All that is accepted and not ordered, the first promised day, what waits and why, what is to be paid back."""
    page = asker.get("/paiements").text
    assert "397,60\u00a0€" in page
    assert "au plus tard le 20/11/2026" in page
    assert "sans date promise" in page
    assert "n’a pas encore versé ses fonds" in page
    assert "Reste à rendre" in page
    assert "Mutuelle des Trois Rivières" in page


def test_charts_are_drawn_with_a_name_and_their_numbers_beside(asker: Asker) -> None:
    """One column for each week with a payment, none for the week without; every week is in the table."""
    page = asker.get("/paiements").text
    assert page.count('role="img"') == 2
    assert re.findall(r'aria-labelledby="chart-(paid|delay)-title"', page) == ["paid", "delay"]
    assert len(re.findall(r"<rect[^>]*><title>", page)) == 22
    assert "16/11 : 1\u202f234\u00a0€" in page
    assert "16/11 : 8 j" in page
    assert page.count('data-label="Semaine du"') == 12
    assert "Les droits étaient fermés ce jour-là" in page  # in plain words where the portal has them
    assert "Une phrase de demain." in page


def test_a_site_without_payments_sees_calm_words_and_no_chart(asker: Asker) -> None:
    """Nothing due, nothing paid, nothing taken back: sentences, no empty frames."""
    empty = desk(asker)
    empty.remittances, empty.waiting, empty.figures, empty.claw_backs = (), (), NOTHING, ()
    empty.debts = DebtList(0, ())
    page = asker.get("/paiements").text
    assert "Aucun virement pour le moment" in page
    assert "Rien n’attend" in page
    assert 'role="img"' not in page
    assert "repris" not in page
    assert "Délai médian, du dépôt au paiement</dt>" not in page


def test_payments_of_the_same_day_are_said_to_be(asker: Asker) -> None:
    """A delay of no day in every week draws no column, and is not taken for weeks without a payment."""
    same = desk(asker)
    weeks = tuple(msgspec.structs.replace(week, delay=0 if week.transfers else None) for week in same.figures.weeks)
    same.figures = msgspec.structs.replace(same.figures, weeks=weeks, delay=0)
    page = asker.get("/paiements").text
    assert "Payé le jour même." in page
    assert "Aucun virement pendant ces semaines" not in page


def test_a_payment_is_told_line_by_line_with_reasons(asker: Asker) -> None:
    """By insurer and own number; notes, deductions, penalties and rejections; invoices can be opened."""
    page = asker.get(f"/paiements/{PAID}").text
    assert "Virement du 18/11/2026" in page
    for number in ("000000041", "000000042", "000000043", "000000044", "000000011"):
        assert number in page
    assert "Ligne 2\u00a0:" in page
    assert "Ces soins ne passent pas en tiers payant" in page
    assert "−2,00\u00a0€" in page
    assert "Pénalités de retard" in page
    assert "dont payées en partie\u00a0: 1" in page
    assert re.search(r'href="/factures/[0-9a-f-]{36}"', page)
    assert "Votre banque a renvoyé ce virement" in asker.get(f"/paiements/{RETURNED}").text


@pytest.mark.parametrize(
    ("kind", "media", "start"),
    [("pdf", "application/pdf", b"%PDF"), ("json", "application/json", b"{"), ("noemie", "application/octet-stream",
     b"NOEMIE")],
)  # fmt: skip
def test_each_file_is_a_download_that_nobody_keeps(asker: Asker, kind: str, media: str, start: bytes) -> None:
    """Named after the day and the bank's reference; never stored on the way."""
    answer = asker.get(f"/paiements/{PAID}/releve/{kind}")
    assert answer.headers["content-type"].startswith(media)
    assert answer.headers["content-disposition"] == f'attachment; filename="releve-20261118-RMP019CADDD6600.{kind}"'
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(start)


def test_the_json_is_the_advice_itself(asker: Asker) -> None:
    """It reads back as the hub's own words."""
    content = asker.get(f"/paiements/{PAID}/releve/json").content
    assert msgspec.json.decode(content, type=RemittanceAdvice).remittance.remittance == PAID


@pytest.mark.parametrize(
    "path",
    [f"/paiements/{OWED}", f"/paiements/{OWED}/releve/pdf", f"/paiements/{PAID}/releve/exe", "/paiements/1",
     f"/paiements/reprises/{PAID}/demande.pdf"],
)  # fmt: skip
def test_what_is_not_the_site_s_looks_absent(asker: Asker, path: str) -> None:
    """404 and a way back, with the session kept."""
    answer = asker.get(path)
    assert answer.status_code == 404
    assert "existe pas" in answer.text
    assert asker.held() is not None


def test_a_claw_back_is_disputed_once_and_a_debt_is_printed(asker: Asker) -> None:
    """A button while its notice runs; afterwards the list says where it stands."""
    page = asker.get("/paiements").text
    assert page.count("/contester") == 1
    answer = asker.post(f"/paiements/reprises/{BACK}/contester")
    assert (answer.status_code, answer.headers["location"]) == (303, "/paiements#reprises")
    assert desk(asker).disputed == [BACK]
    assert asker.get(f"/paiements/reprises/{OWED}/demande.pdf").content.startswith(b"%PDF")
    assert "RF19OWED" in page


def test_staff_are_told_who_may_dispute_and_are_not_signed_out_for_trying(asker: Asker) -> None:
    """No button for them; a no of the hub is a page, and the session stays."""
    asker.doors.people[ONE] = Person(ONE, (SITE,), role="staff")
    asker.signed_in(ONE)
    page = asker.get("/paiements").text
    assert "/contester" not in page
    assert "Un professionnel du site peut la contester avant le 01/12/2026" in page
    asker.doors.refusal = "purpose"
    assert asker.post(f"/paiements/reprises/{BACK}/contester").status_code == 403
    assert asker.held() is not None


def test_older_payments_go_on_from_a_day_and_nothing_else(asker: Asker) -> None:
    """The link is followed; what is no day is not passed on."""
    assert 'href="/paiements?avant=2026-11-12"' in asker.get("/paiements").text
    assert "Revenir aux derniers virements" in asker.get("/paiements?avant=2026-11-12").text
    asker.get("/paiements?avant=drop%20table")
    assert [path for path in desk(asker).asked if "before" in path] == ["/v1/remittances?before=2026-11-12"]


@pytest.mark.parametrize("path", ["/paiements", f"/paiements/{PAID}", f"/paiements/{PAID}/releve/pdf", "/questions",
                                  "/site-et-equipe"])  # fmt: skip
def test_a_no_is_a_page_and_keeps_the_session_where_it_can(asker: Asker, path: str) -> None:
    """Closed, away, over, stopped, signed out: each a calm page with its own status."""
    for code, status in (("compartment", 503), ("unavailable", 503), ("client-standing", 403)):
        asker.signed_in(ONE)
        asker.doors.refusal = code
        assert asker.get(path).status_code == status
        assert (asker.held() is None) == (code == "client-standing")
    asker.doors.refusal = ""
    asker.signed_in(ONE)
    asker.doors.down = True
    away = asker.get(path)
    assert away.status_code == 503
    assert "ne répond pas" in away.text
    assert asker.held() is not None
    asker.doors.down = False
    asker.doors._live.clear()
    assert asker.get(path).status_code == 401
    assert asker.get(path).headers["location"] == "/"


def test_in_english_reasons_are_english_or_marked_as_french(asker: Asker) -> None:
    """A sentence that only the hub knows in French says that it is French."""
    page = asker.get(f"/paiements/{PAID}", accept_language="en").text
    assert '<span lang="fr">Trop-perçu' in page
    assert "Droits fermés." not in page
    assert "A sentence of tomorrow." in asker.get("/paiements", accept_language="en").text
