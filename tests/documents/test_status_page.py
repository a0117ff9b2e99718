"""The public status page: what it says of open and closed parts, in both languages, and what is never in it."""

from __future__ import annotations

from datetime import date

import msgspec
import pytest

from rempart.documents.status_page import pages, status
from rempart.domain.compartments import Closure
from rempart.domain.contracts import Served, gathered
from rempart.ground.options import PROFESSIONS
from rempart.wire.status import OperatorStatus

NOW = 1_795_420_800_000_000  # 23 November 2026, 08:00 UTC
HOUR = 3_600_000_000
PORTAL = Closure("portal:horizon", "closed", "attack", NOW - HOUR, NOW + 2 * HOUR)
NURSES = Closure("profession:nurse", "restricted", "attack", NOW - HOUR)


def test_when_everything_is_open_it_says_so() -> None:
    """Every usual part is listed as open; nothing explains what is not closed."""
    found = status("horizon", (), NOW)
    assert found.state == "open"
    assert {part.state for part in found.parts} == {"open"}
    french, english = _both(found)
    assert "Tout fonctionne" in french
    assert "Everything works" in english
    assert "<article" not in french + english


def test_what_is_not_open_is_told_with_what_goes_on() -> None:
    """Why, since when, until when in Paris, what goes on; the worst state is the page's."""
    found = status("horizon", (NURSES, PORTAL), NOW, checkpoint="rempart.example/log\n12\n<root>\n")
    assert found.state == "closed"
    french, english = _both(found)
    for text in ("attaque", "Réouverture prévue le", "23/11/2026 à 11:00", "Profession\u00a0: infirmiers",
                 "carte signée", "Les logiciels et les fichiers continuent", "virements", "&lt;root&gt;",
                 "La réouverture n’est pas encore datée."):  # fmt: skip
        assert text in french
    for text in ("attack", "23/11/2026, 11:00", "nurses", "signed card", "Software and files go on"):
        assert text in english
    assert status("horizon", (NURSES,), NOW).state == "restricted"


def test_an_expected_opening_that_has_passed_is_no_promise() -> None:
    """The part is still closed, and nothing is said of when it opens."""
    (part,) = [one for one in status("horizon", (PORTAL,), NOW + 3 * HOUR).parts if one.state != "open"]
    assert part.reopens == ""


def test_other_operators_are_not_shown() -> None:
    """Their sites and portals are theirs to tell."""
    others = (Closure("operator:other", "closed", "drill", 1), Closure("portal:other", "closed", "drill", 1))
    assert status("horizon", others, NOW).state == "open"


def test_a_closed_insurer_is_told_where_it_is_served() -> None:
    """Of two operators the one with a contract today; every one while nobody wrote any; not after its end."""
    shut = (Closure("insurer:0000401166", "closed", "partner", NOW - HOUR),)
    since = date(2026, 1, 1)
    for contracts, azur, horizon in (
        (gathered([], []), "closed", "closed"),
        (gathered([Served("horizon", "0000401166", since)], []), "open", "closed"),
        (gathered([Served("horizon", "0000401166", since, date(2026, 11, 22))], []), "open", "open"),
        (gathered([Served("horizon", "0000409999", since)], []), "closed", "closed"),
    ):
        assert status("azur", shut, NOW, contracts=contracts).state == azur
        assert status("horizon", shut, NOW, contracts=contracts).state == horizon


def test_the_files_need_nothing_but_each_other() -> None:
    """No script, no inline style, no other host; the data say the same as the pages; names are escaped."""
    found = status("horizon", (PORTAL,), NOW)
    written = pages(found, "<b>Horizon</b>")
    assert set(written) == {"index.html", "en.html", "status.json", "status.css", "status.svg"}
    assert msgspec.json.decode(written["status.json"], type=OperatorStatus) == found
    for name in ("index.html", "en.html"):
        text = written[name].decode()
        assert not any(word in text for word in ("<script", "style=", "<style", "http:", "https:", "<b>"))
        assert "&lt;b&gt;Horizon" in text
    assert b"url(" not in written["status.css"]
    assert b"@import" not in written["status.css"]


@pytest.mark.parametrize("profession", PROFESSIONS)
def test_each_profession_has_a_name_for_people(profession: str) -> None:
    """No code of ours is shown to the public."""
    found = status("horizon", (Closure(f"profession:{profession.replace('_', '-')}", "closed", "x", 1),), NOW)
    (part,) = [one for one in found.parts if one.state == "closed"]
    assert "_" not in part.name.french
    assert part.name.french != f"Profession : {profession.replace('_', '-')}"


def _both(found: OperatorStatus) -> tuple[str, str]:
    written = pages(found, "Horizon")
    return written["index.html"].decode(), written["en.html"].decode()
