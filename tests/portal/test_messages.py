"""The site's messages: every kind in plain words of both languages, newest first, with the page where it is done."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

import rempart
from rempart.application.rights_again import NOTICE
from rempart.domain import bank_details, claw_back, compartments, debts, waiting_room
from rempart.portal.notice_words import UNKNOWN, WORDS
from rempart.portal.pages.messages import message
from rempart.portal.words import languages
from rempart.storage.compartment_notices import PREFIX
from rempart.wire.notices import KINDS, SiteNotice
from support.fake_doors import Person
from support.payment_desk import BACK, INVOICE, NOTICES, PAID, RETURNED, PaymentDesk
from support.portals import ONE, TWO, Asker, Clock, doors
from support.waiting_desk import WaitingDesk

SOURCES = Path(rempart.__file__).parent
UNTIL = "2026-11-21T09:26:00Z"


@pytest.fixture
def asker() -> Asker:
    made = Asker(doors(clock=Clock()))
    made.doors.desks.append(PaymentDesk(ONE))
    made.signed_in(ONE)
    return made


def desk(asker: Asker) -> PaymentDesk:
    (found,) = asker.doors.desks
    assert isinstance(found, PaymentDesk)
    return found


def test_every_kind_that_is_written_is_listed_and_has_its_words() -> None:
    """States and steps from the domain's own tables, the rest by the place that writes it: none without a sentence."""
    written = {
        NOTICE, "transfer-rejected", "transfer-returned", "mandate-ending", "account-recovered",
        *(f"claw-back-{state}" for state in claw_back.TRANSITIONS if state), *(f"debt-{step}" for step in debts.STEPS),
        *(f"bank-details-{state}" for state in bank_details.TRANSITIONS if state), *waiting_room.TOLD.values(),
        *(PREFIX + state for state in (compartments.OPEN, compartments.RESTRICTED, compartments.CLOSED)),
    }  # fmt: skip
    assert set(KINDS) == written == set(WORDS)


def test_nobody_else_writes_notices() -> None:
    """A new place that tells sites something is known here first: then its kinds are in the list."""
    marks = ("into rempart.site_notice ", "import Notice, tell")
    told = {
        path.name
        for path in (*SOURCES.rglob("*.py"), *SOURCES.rglob("*.sql"))
        if any(mark in path.read_text("utf-8") for mark in marks)
    }
    assert told == {
        "actions.sql", "recovered.sql", "compartment_notices.py", "notices.py", "waits.py", "waiting_room.py",
        "bank_changes.py", "bank_returns.py", "claw_backs.py", "debts.py",
    }  # fmt: skip


@pytest.mark.parametrize("kind", [*KINDS, "a-kind-of-tomorrow"])
def test_a_kind_is_shown_in_both_languages(asker: Asker, kind: str) -> None:
    """Its title and sentence; what the portal does not know sends to the operator, with the code."""
    desk(asker).notices = (SiteNotice(1, kind, PAID, "2026-11-18", "2026-11-18T07:12:00Z"),)
    asker.doors.desks.append(WaitingDesk(room=None))
    words = WORDS.get(kind, UNKNOWN)
    for language, each in languages().items():
        asker.post("/language", {"language": language, "back": "/messages"})
        page = asker.get("/messages").text
        assert each.say(words.title) in page.replace("&#39;", "’")
        assert "%(" not in page
    assert (f"<code>{kind}</code>" in page) is (kind not in KINDS)


def test_messages_are_newest_first_and_lead_to_their_pages(asker: Asker) -> None:
    """This week's apart from what came before; each link is to the thing itself."""
    page = asker.get("/messages").text
    titles = [page.index(WORDS[one.kind].title) for one in NOTICES]
    assert titles == sorted(titles)
    assert titles[3] < page.index('id="old-title"') < titles[4]
    for path in (f"/factures/{INVOICE}", f"/paiements/{RETURNED}", "/paiements#reprises", "/site-et-equipe/compte"):
        assert f'href="{path}"' in page
    assert BACK not in page
    assert desk(asker).asked[-1] == "/v1/notices?newest=true"


def test_who_may_not_open_a_page_is_not_sent_there() -> None:
    """Staff read that the bank account changes, and are led to no page that refuses them."""
    told = {one.kind: one for one in NOTICES}
    for kind, opens in (
        ("bank-details-approved", {"professional", "manager"}), ("mandate-ending", {"manager"}),
        ("claw-back-notified", {"professional", "manager", "staff"}),
    ):  # fmt: skip
        assert {role for role in ("professional", "manager", "staff") if message(told[kind], role).path} == opens


def test_a_site_without_messages_sees_what_would_be_there(asker: Asker) -> None:
    """No empty list; and my site has nothing to announce."""
    desk(asker).notices = ()
    assert "Aucun message" in asker.get("/messages").text
    assert "sept derniers jours" not in asker.get("/site-et-equipe").text


def test_while_it_is_closed_what_helps_one_s_profession_stands_first(asker: Asker) -> None:
    """Only when the last word was a closing is the waiting room asked; once it reopened, nothing stands there."""
    room = WaitingDesk()
    asker.doors.desks.append(room)
    shut = SiteNotice(9, "compartment-closed", INVOICE, "2026-11-18", "2026-11-18T08:00:00Z")
    desks = asker.doors.desks
    first = desks[0]
    assert isinstance(first, PaymentDesk)
    first.notices = (shut, *NOTICES)
    page = asker.get("/messages").text
    assert page.index("Votre logiciel continue.") < page.index('class="messages"')
    room.room = None
    assert "Votre logiciel continue." not in asker.get("/messages").text
    first.notices = (msgspec.structs.replace(shut, number=10, kind="compartment-open"), shut)
    room.room = "portal:horizon@1"
    assert "Votre logiciel continue." not in asker.get("/messages").text


def test_my_site_says_how_many_are_new(asker: Asker) -> None:
    """Those of seven days, with the way there."""
    page = asker.get("/site-et-equipe").text
    assert "Messages de ces sept derniers jours\u00a0: 4" in page
    assert page.count('href="/messages"') == 2


def test_a_desk_has_no_messages_of_a_site() -> None:
    """It is led to its own place."""
    made = Asker(doors(clock=Clock()))
    made.doors.people[TWO] = Person(TWO, (), "support", "")
    made.signed_in(TWO)
    assert made.get("/messages").headers["location"] == "/assistance"


def test_after_a_recovery_papers_wait_and_the_screen_does_not() -> None:
    """Links give way to a sentence with the day; an address that is kept answers a no; the lines stay readable."""
    clock = Clock()
    asker = Asker(doors(clock=clock))
    asker.doors.desks.append(PaymentDesk(ONE))
    asker.doors.exports_from = UNTIL
    asker.signed_in(ONE)
    one, every = asker.get(f"/paiements/{PAID}"), asker.get("/paiements").text
    assert one.status_code == 200
    assert "000000042" in one.text
    assert "/releve/" not in one.text
    assert "se téléchargent à partir du 21/11/2026 10:26" in one.text
    assert "demande.pdf" not in every
    assert "à partir du 21/11/2026 10:26" in every
    for kind in ("pdf", "noemie", "json"):
        answer = asker.get(f"/paiements/{PAID}/releve/{kind}")
        assert (answer.status_code, "content-disposition" in answer.headers) == (422, False)
        assert "attendez 72 heures" in answer.text
    clock.now += 4 * 86_400
    asker.signed_in(ONE)
    assert "/releve/pdf" in asker.get(f"/paiements/{PAID}").text
