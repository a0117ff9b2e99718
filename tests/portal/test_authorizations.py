"""Prises en charge in the portal: asked for, read again, cancelled, invoiced; nothing of the card comes back."""

from __future__ import annotations

import re

import pytest

from rempart.domain import reasons
from rempart.domain.adjudication import HELD_REASONS
from rempart.domain.authorization import STATES
from rempart.domain.reasons_authorization import ROWS
from rempart.portal import quote_reasons
from rempart.portal.pages.authorizations_shown import CANCELLABLE, FAULTS
from rempart.portal.pages.authorizations_shown import STATES as SHOWN
from rempart.wire.invoices import CorrectionRequest, LineState, ParticularsRequest
from support.portals import CARD, Asker
from support.quote_desk import REFERENCE, QuoteDesk, seated

HERE, NEW = "/prises-en-charge", "/prises-en-charge/nouvelle"
KEY = "k" * 24
LENSES = {
    "cover": "general", "key": KEY, "planned": "01/12/2026", "site_reference": "DEV-41",
    "item_1": "right", "sphere_1": "-2,25", "cylinder_1": "0,50", "lens_1": "single", "basket_1": "B",
    "price_1": "120", "item_2": "frame", "basket_2": "B", "price_2": "90,50",
    "item_3": "right", "basket_3": "B", "lens_3": "single",
}  # fmt: skip
FORM = {**CARD, **LENSES}
IDENTITY = ("10000001", "2 85 04", "285047592512345", "12/04/1985", "1985-04-12", "0099000000")


@pytest.fixture
def desk() -> QuoteDesk:
    """What the hub answers about quotes."""
    return QuoteDesk()


@pytest.fixture
def asker(desk: QuoteDesk) -> Asker:
    """An optician who is signed in."""
    return seated(desk, "optician")


def fields_of(page: str) -> dict[str, str]:
    """The fields of the page's forms, as a browser without script would send them."""
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)"[^>]*? value="([^"]*)"', page))
    for name, options in re.findall(r'<select id="[^"]+" name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'value="([^"]*)" selected|value="([^"]*)"[^>]* selected', options)
        found[name] = (chosen[1] or chosen[2]) if chosen else ""
    return found


# ---- asking ---------------------------------------------------------------------------------------------------


def test_a_quote_is_agreed_and_shown_with_what_binds(asker: Asker, desk: QuoteDesk) -> None:
    """Amounts, reference in fives, validity, tolerance; the empty row is no line; the card is nowhere in the page."""
    page = asker.post(NEW, FORM)
    assert page.status_code == 200
    for said in ("L’assureur paie 210,44", REFERENCE, "16/05/2027", "31/05/2027", "DEV-41", "1,00", "2,00"):
        assert said in page.text
    assert not [one for one in IDENTITY if one in page.text]
    (asked,) = desk.asked
    lens, frame = asked.lines
    assert (lens.code, lens.family, lens.base, lens.rate, lens.spent) == ("VER", "optics", 5, 60, 120_00)
    assert lens.particulars == ParticularsRequest("lens", "right", correction=CorrectionRequest(-225, 50), basket="B")
    assert (frame.code, frame.spent, frame.particulars) == ("MON", 90_50, ParticularsRequest("frame", basket="B"))
    assert (asked.evidence, asked.planned_date, asked.site_reference) == ("typed", "2026-12-01", "DEV-41")
    assert (asked.nir, asked.birth_date, asked.nature) == ("285047592512345", "1985-04-12", "10")


def test_sent_twice_it_is_asked_once(asker: Asker, desk: QuoteDesk) -> None:
    """The key stands in the form: a reload, or a second press, finds the first answer."""
    first, second = asker.post(NEW, FORM), asker.post(NEW, FORM)
    assert first.text == second.text
    assert desk.keys == [KEY]
    keys = {fields_of(asker.get(NEW).text)["key"] for _ in range(2)}
    assert len(keys) == 2
    assert min(map(len, keys)) >= 20


def test_a_dear_quote_waits_and_a_refused_one_says_why_and_what_to_do(asker: Asker, desk: QuoteDesk) -> None:
    """Pending: come back. Refused: the reason, the day, and no button that leads nowhere."""
    waits = asker.post(NEW, {**FORM, "price_1": "1 500,00"}).text
    assert "Un gestionnaire de l’assureur regarde le montant" in waits
    assert "Actualiser" in waits
    assert "Faire la facture" not in waits
    desk.refuse, desk.held_until = "allowance-held", "2026-12-31"
    refused = asker.post(NEW, {**FORM, "key": "r" * 24}).text
    assert "Le forfait est retenu par une autre prise en charge" in refused
    assert "31/12/2026" in refused
    assert "allowance-held" in refused
    assert "annuler" not in refused


def test_what_cannot_be_right_is_told_by_field_and_the_quote_stays(asker: Asker, desk: QuoteDesk) -> None:
    """Without script the lines come back as typed, the card never; nothing reached the hub."""
    wrong = {**FORM, "nir": "285047592512399", "price_1": "12O", "sphere_1": "?", "planned": "31/02/2027"}
    page = asker.post(NEW, wrong)
    assert page.status_code == 422
    assert not desk.asked
    assert [name for name in FAULTS if f'href="#{name}"' in page.text] == ["nir", "planned"]
    assert 'href="#price_1"' in page.text
    assert 'href="#sphere_1"' in page.text
    assert page.text.count('aria-invalid="true"') == 4
    sent = fields_of(page.text)
    assert (sent["price_1"], sent["price_2"], sent["key"]) == ("12O", "90,50", KEY)
    assert not [one for one in (*IDENTITY, "285047592512399") if one in page.text]


def test_an_empty_quote_asks_for_a_line(asker: Asker, desk: QuoteDesk) -> None:
    """Lists alone are no line."""
    page = asker.post(NEW, {**CARD, "key": KEY, "planned": "01/12/2026", "item_1": "right", "basket_1": "B"})
    assert page.status_code == 422
    assert 'href="#lines"' in page.text
    assert not desk.asked


def test_the_fields_that_the_hub_finds_wrong_are_those_of_the_form(asker: Asker, desk: QuoteDesk) -> None:
    """Its second line is the form's second row; what is inside a sealed identity is the card's."""
    desk.wrong = ("lines[1].spent", "lines[0].particulars.correction", "identity_jwe.birth", "site_reference")
    page = asker.post(NEW, FORM)
    assert page.status_code == 422
    for name in ("price_2", "sphere_1", "birth_date", "site_reference"):
        assert f'href="#{name}"' in page.text


@pytest.mark.parametrize(
    ("profession", "lines", "told"),
    [
        ("hearing", {"item_1": "left", "basket_1": "1", "price_1": "950", "base_1": "400"},
         ("AUD", "hearing", 400_00, 60, 950_00, 1, ParticularsRequest("aid", "left", basket="1"))),
        ("dentist", {"item_1": "prosthesis", "act_1": "hbld490", "teeth_1": "26 27", "basket_1": "moderated",
                     "price_1": "550", "base_1": "120", "limit_1": "600", "cover": "full"},
         ("HBLD490", "dental-prosthesis", 120_00, 100, 550_00, 1,
          ParticularsRequest(teeth=("26", "27"), basket="moderated", price_limit=600_00))),
        ("hospital", {"item_1": "room", "days_1": "4", "price_1": "45,00"},
         ("CHB", "hospital-stay", 0, 0, 180_00, 4, ParticularsRequest("private-room", days=4))),
    ],
)  # fmt: skip
def test_each_profession_has_its_own_form(
    desk: QuoteDesk, profession: str, lines: dict[str, str], told: tuple[object, ...]
) -> None:
    """Ears, teeth, days of a stay: what is typed is what the hub is asked."""
    asker = seated(desk, profession)
    page = asker.get(NEW).text
    assert all(f'name="{name}"' in page for name in lines)
    assert asker.post(NEW, {**CARD, "key": KEY, "planned": "18/11/2026", **lines}).status_code == 200
    ((line,),) = [asked.lines for asked in desk.asked]
    found = (line.code, line.family, line.base, line.rate, line.spent, line.quantity, line.particulars)
    assert found == told


def test_a_profession_whose_care_needs_no_agreement_is_told_what_to_do_instead(desk: QuoteDesk) -> None:
    """A pharmacist finds the list, no button, and the way to the rights question."""
    asker = seated(desk, "pharmacy")
    assert "Nouvelle demande" not in asker.get(HERE).text
    assert 'href="/patient"' in asker.get(NEW).text
    asker.post(NEW, FORM)
    assert not desk.asked


NOES = (
    ("site-budget", 429, "pour ce site"), ("compartment", 503, "fermé pour le moment"),
    ("unavailable", 503, "ne répond pas"), ("unknown-amc-number", 422, "n’existe pas"),
    ("idempotency-key-reused", 422, "déjà partie"), ("site-standing", 403, "suspendu"),
    ("session-over", 401, "terminée"),
)  # fmt: skip


def test_a_no_of_the_hub_is_a_sentence_and_the_quote_stays_where_it_can(asker: Asker) -> None:
    """On the form while sending again may help; a page of its own when it cannot."""
    for code, status, said in NOES:
        asker.signed_in()
        asker.doors.refusal = code
        page = asker.post(NEW, FORM)
        assert page.status_code == status
        assert said in page.text
        assert ('value="90,50"' in page.text) == (status not in {401, 403})
        assert not [one for one in IDENTITY if one in page.text]


def test_without_the_hub_every_page_stays_calm(asker: Asker, desk: QuoteDesk) -> None:
    """The list, one, the form that was sent, the cancellation: a sentence, no trace, still signed in."""
    found = desk.put()
    asker.doors.down = True
    one = f"{HERE}/{found.authorization}"
    answers = [asker.get(HERE), asker.get(one), asker.get(f"{one}/facture"), asker.post(NEW, FORM)]
    for answer in (*answers, asker.post(f"{one}/annuler")):
        assert answer.status_code == 503
        assert "ne répond pas" in answer.text
    assert asker.get(NEW).status_code == 200
    assert asker.held() is not None


def test_who_is_not_signed_in_sees_none_of_it(asker: Asker, desk: QuoteDesk) -> None:
    """Every page leads to the sign-in."""
    found = desk.put()
    asker.cookies.clear()
    for path in (HERE, NEW, f"{HERE}/{found.authorization}", f"{HERE}/{found.authorization}/facture"):
        assert asker.get(path).headers["location"] == "/"
    for path in (HERE, NEW, f"{HERE}/{found.authorization}/annuler", f"{HERE}/{found.authorization}/facture"):
        assert asker.post(path, FORM).headers["location"] == "/"
    assert not desk.asked


# ---- finding and reading --------------------------------------------------------------------------------------


def test_the_list_has_states_as_chips_and_the_newest_first(asker: Asker, desk: QuoteDesk) -> None:
    """Empty it says what it is for; then each state has its word and its colour, and older ones are one press away."""
    assert "Aucune demande pour le moment" in asker.get(HERE).text
    for state in SHOWN:
        desk.put(state=state, site_reference=state.upper())
    page = asker.get(HERE).text
    for name, look in SHOWN.values():
        assert f'<span class="chip {look}">{name}</span>' in page
    assert page.index("INVOICED") < page.index("PENDING")
    assert f'href="{HERE}?avant=1795000000000000"' in page
    assert "avant=" not in asker.get(f"{HERE}?avant=1795000000000000").text
    assert asker.get(f"{HERE}?avant=x").status_code == 200


def test_it_is_found_by_either_reference_and_nothing_searched_is_in_an_address(asker: Asker, desk: QuoteDesk) -> None:
    """The agreement's in any spelling, the site's own exactly; what is nowhere is said, what cannot be too."""
    found = desk.put(site_reference="DEV-7")
    for wanted in (REFERENCE.lower(), REFERENCE.replace(" ", "-"), "DEV-7"):
        page = asker.post(HERE, {"wanted": wanted})
        assert page.status_code == 200
        assert f"{HERE}/{found.authorization}" in page.text
    for wanted in ("DEV-8", "n’importe <quoi>", "X" * 40):
        page = asker.post(HERE, {"wanted": wanted})
        assert "Rien sous cette référence" in page.text
        assert wanted not in page.text
    assert asker.post(HERE, {"wanted": " "}).headers["location"] == HERE


def test_another_s_looks_absent(asker: Asker) -> None:
    """An id that the hub does not give this site is no page."""
    for path in ("00000000-0000-4000-8000-000000000000", "00000000-0000-4000-8000-000000000000/facture", "x"):
        assert asker.get(f"{HERE}/{path}").status_code == 404


def test_lines_that_pay_nothing_say_why(asker: Asker, desk: QuoteDesk) -> None:
    """By line, in plain words."""
    line = LineState(1, "OPTI", 9_000, 3, 0, 8_997, reason="renewal-too-early")
    found = desk.put(lines=(line,))
    assert "L’équipement est renouvelé trop tôt" in asker.get(f"{HERE}/{found.authorization}").text


def test_it_is_cancelled_where_it_can_be_and_nowhere_else(asker: Asker, desk: QuoteDesk) -> None:
    """In two presses; a state that cannot be left has no button, and the hub's no is a sentence."""
    for state in SHOWN:
        found = desk.put(state=state, invoice="00000000-0000-4000-8000-000000000001")
        one = f"{HERE}/{found.authorization}"
        assert (f'action="{one}/annuler"' in asker.get(one).text) == (state in CANCELLABLE)
        answer = asker.post(f"{one}/annuler")
        if state in CANCELLABLE:
            assert answer.headers["location"] == one
            assert "Annulée" in asker.get(one).text
        else:
            assert answer.status_code == 422
            assert "ne peut plus changer" in answer.text


# ---- the invoice ----------------------------------------------------------------------------------------------


def test_what_was_just_agreed_is_invoiced_without_typing_the_quote_again(asker: Asker, desk: QuoteDesk) -> None:
    """The quote is carried to the form; the card is shown again; the invoice asks what was agreed, on the day given."""
    agreed = asker.post(NEW, FORM).text
    (found,) = desk.quotes.values()
    at = f"{HERE}/{found.authorization}/facture"
    form = asker.post(at, fields_of(agreed[agreed.index(f'action="{at}"') :]))
    assert form.status_code == 200
    sent = fields_of(form.text)
    assert (sent["price_1"], sent["amc_1"], sent["base_1"], sent["sphere_1"]) == ("120", "119,97", "0,05", "-2,25")
    assert (sent["item_2"], sent["price_2"], sent["delivered"]) == ("frame", "90,50", "18/11/2026")
    done = asker.post(at, {**sent, **CARD, "number": "77", "key": "i" * 24})
    assert "Votre facture n°\u00a0000000077 est reçue" in done.text
    (invoice,) = desk.invoiced
    assert (invoice.number, invoice.accreditation, invoice.issued) == ("77", REFERENCE.replace(" ", ""), "2026-11-18")
    lens, frame = invoice.lines
    assert (lens.care_date, lens.code, lens.base, lens.rate, lens.amo, lens.spent, lens.amc) == (
        "2026-11-18", "VER", 5, 60, 3, 120_00, 119_97,
    )  # fmt: skip
    assert lens.particulars == desk.asked[0].lines[0].particulars
    assert (frame.code, frame.amc) == ("MON", 90_47)
    assert not [one for one in IDENTITY if one in done.text + form.text + agreed]
    closed = asker.get(f"{HERE}/{found.authorization}").text
    assert "Tout est facturé" in closed
    assert asker.get(at).status_code == 409


def test_later_the_form_begins_with_the_agreed_amounts(asker: Asker, desk: QuoteDesk) -> None:
    """One row a line that is still owed; a line that is not ticked is not invoiced."""
    asker.post(NEW, FORM)
    (found,) = desk.quotes.values()
    at = f"{HERE}/{found.authorization}/facture"
    sent = fields_of(asker.get(at).text)
    assert (sent["item_1"], sent["price_1"], sent["amc_1"], sent["price_2"]) == ("right", "120,00", "119,97", "90,50")
    del sent["given_1"]
    done = asker.post(at, {**sent, **CARD, "number": "78", "item_2": "frame"})
    assert done.status_code == 200
    assert [line.code for line in desk.invoiced[0].lines] == ["MON"]


WRONG: tuple[tuple[dict[str, str], str], ...] = (
    ({"delivered": "17/11/2026"}, "delivered"), ({"delivered": "19/11/2026"}, "delivered"),
    ({"number": "0"}, "number"), ({"number": "1234567890"}, "number"), ({"amc_1": "-1"}, "amc_1"),
    ({"nir": "1"}, "nir"), ({"price_1": ""}, "price_1"),
)  # fmt: skip


def test_an_invoice_that_cannot_be_right_is_not_sent(asker: Asker, desk: QuoteDesk) -> None:
    """Before the request, after today, a number that is none: told at the field, and the lines stay."""
    asker.post(NEW, FORM)
    (found,) = desk.quotes.values()
    at = f"{HERE}/{found.authorization}/facture"
    begun = {**fields_of(asker.get(at).text), **CARD, "sphere_1": "1", "number": "79"}
    for changed, wrong in WRONG:
        page = asker.post(at, {**begun, **changed})
        assert page.status_code == 422
        assert f'href="#{wrong}"' in page.text
        assert fields_of(page.text)["amc_2"] == "90,47"
    assert not desk.invoiced


def test_a_stay_is_invoiced_by_its_days(desk: QuoteDesk) -> None:
    """The price of a day, and the days that are left."""
    asker = seated(desk, "hospital")
    asker.post(NEW, {**CARD, "key": KEY, "planned": "18/11/2026", "item_1": "room", "days_1": "4", "price_1": "45"})
    (found,) = desk.quotes.values()
    at = f"{HERE}/{found.authorization}/facture"
    sent = fields_of(asker.get(at).text)
    assert (sent["days_1"], sent["price_1"], sent["amc_1"]) == ("4", "45,00", "180,00")
    asker.post(at, {**sent, **CARD, "number": "80", "item_1": "room", "days_1": "3", "amc_1": "135"})
    (line,) = desk.invoiced[0].lines
    assert (line.quantity, line.spent, line.amc, line.amo) == (3, 135_00, 135_00, 0)


# ---- words ----------------------------------------------------------------------------------------------------


def test_every_state_of_the_hub_has_a_word() -> None:
    """`requested` is a step of the history only."""
    assert set(SHOWN) == set(STATES) - {"requested"}


def test_every_reason_that_stops_a_quote_has_its_words() -> None:
    """Those of lines, of authorizations, and those for which a request waits; and they speak of a quote."""
    lines = {reason.code for reason in reasons.REASONS if reason.level == "line"}
    codes = lines | {row.code for row in ROWS} | set(HELD_REASONS) | {"not-confirmed", "totals-wrong", "no-lines"}
    assert not [code for code in sorted(codes) if quote_reasons.reason_of(code) is quote_reasons.UNKNOWN]
    assert quote_reasons.reason_of("of-tomorrow") is quote_reasons.UNKNOWN
    assert all("renvoyez" not in reason.todo for reason in quote_reasons.OWN.values())
