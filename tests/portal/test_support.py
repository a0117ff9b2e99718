"""The support desk's pages: what is read out on the telephone is found; no name, no act and no amount is there."""

from __future__ import annotations

import pytest

from rempart.domain.explanations import STEPS
from rempart.portal.support_words import RULES, outcome_of
from support.fake_doors import Person
from support.fake_support import NUMBER, QUESTION, REFERENCE, SITE, FakeSupport
from support.portals import ONE, Asker, Clock, doors


@pytest.fixture(scope="module")
def portal() -> Asker:
    return Asker(doors(clock=Clock()))


@pytest.fixture
def desk(portal: Asker) -> FakeSupport:
    """Somebody of support, signed in."""
    made = FakeSupport()
    portal.doors.desks[:] = [made]
    portal.doors.people[ONE] = Person(ONE, (), "support", "")
    portal.doors.down = False
    portal.signed_in()
    return made


def test_the_desk_offers_three_ways_and_says_what_it_does_not_tell(portal: Asker, desk: FakeSupport) -> None:
    """Looking at the desk looks nothing up."""
    page = portal.get("/assistance").text
    assert page.count('name="what"') == 3
    assert "De qui il s’agit" in page
    assert desk.told == []


@pytest.mark.parametrize(
    ("form", "address", "said"),
    [
        ({"what": "question", "question": "0q1w 2e3r 4t5y"}, f"/assistance/questions/{QUESTION}", "questions"),
        ({"what": "invoice", "site": "12 3456 782", "number": "412"}, f"/assistance/factures/{SITE}/{NUMBER}",
         "invoices"),
        ({"what": "authorization", "reference": "P1B2-C3D4-E5F6-G7H8-J9K0"},
         f"/assistance/prises-en-charge/{REFERENCE}", "authorizations"),
    ],
)  # fmt: skip
def test_what_is_typed_leads_to_its_page(
    portal: Asker, desk: FakeSupport, form: dict[str, str], address: str, said: str
) -> None:
    """However it was read out; the look-up itself happens once, at its own address."""
    answer = portal.post("/assistance", form)
    assert (answer.status_code, answer.headers["location"]) == (303, address)
    assert desk.told == []
    assert portal.get(address).status_code == 200
    assert [kind for kind, _ in desk.told] == [said]


def test_what_cannot_be_such_a_number_gets_nowhere(portal: Asker, desk: FakeSupport) -> None:
    """A social security number typed into the wrong field is in no address, in no page and never sent."""
    for form in (
        {"what": "question", "question": "2850475925123"},
        {"what": "invoice", "site": "Éloïse", "number": "2850475925123"},
        {"what": "authorization", "reference": "Éloïse Inventée"},
        {"what": "nothing"},
    ):
        answer = portal.post("/assistance", form)
        assert answer.status_code == 422
        assert 'aria-invalid="true"' in answer.text
        assert "2850475925123" not in answer.text
        assert "Inventée" not in answer.text
    assert portal.get("/assistance/questions/2850475925123").status_code == 422
    assert desk.told == []


def test_a_question_shows_its_answer_and_what_to_say(portal: Asker, desk: FakeSupport) -> None:
    """When, by which channel, how the card was read; a refusal of the door as the site was shown it."""
    page = portal.get(f"/assistance/questions/{QUESTION}").text
    for word in (
        "Droits non confirmés",
        "18/11/2026 10:12",
        "Carte saisie à la main",
        "Portail",
        "<code>not-confirmed",
    ):
        assert word in page
    desk.outcome = "refused:site-budget"
    assert "Trop de patients inconnus aujourd’hui pour ce site" in portal.get(f"/assistance/questions/{QUESTION}").text
    desk.outcome = "a-word-of-tomorrow"
    assert "<code>a-word-of-tomorrow</code>" in portal.get(f"/assistance/questions/{QUESTION}").text


def test_a_number_used_twice_shows_both_invoices_without_amounts(portal: Asker, desk: FakeSupport) -> None:
    """The newest first, each with its reason, its rules in words and what happened; not a cent."""
    page = portal.get(f"/assistance/factures/{SITE}/{NUMBER}").text
    assert page.index("Acceptée") < page.index("Rejetée")
    assert "La formule du contrat donne la part de l’assureur." in page
    assert "La part obligatoire ne correspond pas à la base et au taux" in page
    assert "<code>rule-of-tomorrow</code>" in page
    assert "€" not in page.partition("<main")[2]


def test_an_authorization_shows_its_state_its_dates_and_its_rules(portal: Asker, desk: FakeSupport) -> None:
    """And while it waits, why, and no lines."""
    page = portal.get(f"/assistance/prises-en-charge/{REFERENCE}").text
    assert "du 18/11/2026 au 18/02/2027" in page
    assert "Un gestionnaire de l’organisme a décidé." in page
    desk.state = "pending"
    page = portal.get(f"/assistance/prises-en-charge/{REFERENCE}").text
    assert "Un gestionnaire de l’assureur regarde le montant" in page
    assert "<table" not in page


def test_what_is_absent_is_told_at_the_desk(portal: Asker, desk: FakeSupport) -> None:
    """Another operator's looks the same as a number that nobody has."""
    answer = portal.get("/assistance/questions/000000000000")
    assert (answer.status_code, "Rien sous ce numéro" in answer.text) == (404, True)
    assert "Rien sous ce numéro" in portal.get(f"/assistance/factures/{SITE}/9").text


def test_the_hub_away_is_a_calm_page(portal: Asker, desk: FakeSupport) -> None:
    """And nothing is shown of what was looked up."""
    portal.doors.down = True
    answer = portal.get(f"/assistance/questions/{QUESTION}")
    assert answer.status_code == 503
    assert "not-confirmed" not in answer.text


def test_a_pharmacist_is_not_let_in(portal: Asker, desk: FakeSupport) -> None:
    """The header does not offer it, and the hub refuses who types the address."""
    portal.doors.people[ONE] = Person(ONE, (SITE,))
    portal.signed_in()
    assert "/assistance" not in portal.get("/patient").text
    assert portal.get(f"/assistance/questions/{QUESTION}").status_code == 403
    assert portal.get("/patient").status_code == 200
    assert desk.told == []


def test_every_rule_of_a_decision_has_its_sentence() -> None:
    """Support reads what the insurer's side explains, without amounts."""
    assert STEPS.keys() <= RULES.keys()
    assert outcome_of("refused:compartment").colour == "warn"
