"""The browsers that sign receipts of card checks: enrolled, listed, ended; and the page where a member adds a name."""

from __future__ import annotations

import pytest

from rempart.portal.headers import ALONE
from support.portals import ONE, Asker, Clock, doors
from support.receipt_desk import MOST, ReceiptDesk

HERE = "/site-et-equipe/verifications"
POINT = "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU"


@pytest.fixture
def asker() -> Asker:
    made = Asker(doors(clock=Clock()))
    made.doors.desks.append(ReceiptDesk())
    made.signed_in(ONE)
    return made


def desk(asker: Asker) -> ReceiptDesk:
    (found,) = asker.doors.desks
    assert isinstance(found, ReceiptDesk)
    return found


def test_a_browser_is_enrolled_listed_and_ended(asker: Asker) -> None:
    """The page names it by four signs; ending it leads back to the list."""
    assert "Aucun navigateur" in asker.get(HERE).text
    enrolled = asker.post(HERE, {"point": POINT})
    (key,) = desk(asker).points
    assert f'data-key="{key}"' in enrolled.text
    assert "Ce navigateur signe vos vérifications" in enrolled.text
    assert key[:4].upper() in asker.get(HERE).text
    ended = asker.post(HERE + "/fin", {"key": key})
    assert (ended.status_code, ended.headers["location"]) == (303, HERE)
    assert not desk(asker).points


@pytest.mark.parametrize("point", ["", "AAAA", POINT + "A", "é" * 87])
def test_what_is_no_key_is_not_sent_on(asker: Asker, point: str) -> None:
    """The page is shown again."""
    assert asker.post(HERE, {"point": point}).status_code == 303
    assert asker.post(HERE + "/fin", {"key": "../nowhere"}).status_code == 303
    assert not desk(asker).points


def test_too_many_browsers_are_told_what_to_do(asker: Asker) -> None:
    """One is removed first."""
    desk(asker).points.update({f"{number:032x}": b"" for number in range(MOST)})
    assert "Retirez-en un" in asker.post(HERE, {"point": POINT}).text


def test_the_page_where_a_name_is_typed_may_connect_nowhere(asker: Asker) -> None:
    """No session is needed, no form of it can be sent, and no other page has this policy."""
    asker.doors._live.clear()
    for path in ALONE:
        answer = asker.get(path)
        policy = answer.headers["content-security-policy"]
        assert answer.status_code == 200
        assert "connect-src 'none'" in policy
        assert "form-action 'none'" in policy
        assert 'action="' not in answer.text
        assert 'id="name" type="text"' in answer.text
    assert "connect-src 'self'" in asker.get("/hors-ligne").headers["content-security-policy"]


def test_its_language_is_a_link(asker: Asker) -> None:
    """For its policy sends no form; a language that is none changes nothing."""
    found = asker.get("/carte-nom/en")
    assert (found.status_code, found.headers["location"]) == (303, "/carte-nom")
    assert "en" in found.headers["set-cookie"]
    assert "set-cookie" not in asker.get("/carte-nom/xx").headers
