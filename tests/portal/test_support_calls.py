"""The page of the twenty commonest calls names only what is there: codes of the hub, screens of the portal."""

from __future__ import annotations

import re
from pathlib import Path

from litestar.handlers import HTTPRouteHandler

from rempart.api.problems import TABLE
from rempart.domain import authorization, compartments, eligibility, invoice_states, reasons
from rempart.domain.authorities import OPERATOR_ROLES
from rempart.portal.app import PAGES
from rempart.portal.port import Portal
from rempart.portal.reasons import REASONS
from rempart.portal.rendering import Pages
from support.portals import Clock, doors, languages, settings

PAGE = Path(__file__).parents[2] / "docs" / "operations" / "support.md"
TEXT = PAGE.read_text("utf-8")
WORDS = set(re.findall(r"`([^`]+)`", TEXT))
CALLS = re.split(r"^### ", TEXT, flags=re.MULTILINE)[1:]


def _screens() -> set[str]:
    portal = Portal(settings(), doors(clock=Clock()), Clock(), languages())
    routes: list[HTTPRouteHandler] = [route for made in PAGES for route in made(Pages(portal))]
    return {path for route in routes for path in route.paths}


def test_there_are_twenty_calls_each_with_what_is_seen_said_and_done() -> None:
    """Numbered, the caller's words first."""
    assert [int(call.split(".")[0]) for call in CALLS] == list(range(1, 21))
    for call in CALLS:
        assert call.startswith(f'{call.split(".")[0]}. "')
        assert re.findall(r"\*\*(You see|Say|Do)\*\*", call) == ["You see", "Say", "Do"]


def test_every_screen_that_is_named_is_there() -> None:
    """By its address."""
    named = {word for word in WORDS if word.startswith("/")}
    assert "/assistance" in named
    assert not named - _screens()


def test_every_code_that_is_named_is_one_of_the_hub() -> None:
    """Reasons, problems, states, answers, compartments; nothing else stands between backticks but a table's name."""
    outcomes = {eligibility.COVERED, eligibility.NOT_CONFIRMED, eligibility.CLOSED, eligibility.NOT_COVERED}
    states = {authorization.PENDING, authorization.REFUSED, *invoice_states.LIVE}
    known = {*reasons.BY_CODE, *TABLE, *outcomes, *states, *compartments.REASONS, *OPERATOR_ROLES}
    named = {word for word in WORDS if not word.startswith("/")} - {"support_reading"}
    assert not sorted(named - known)


def test_every_reason_that_stops_an_invoice_or_a_quote_is_told_at_the_desk() -> None:
    """Whatever the code, the desk has a sentence for it: the page leaves none to guess."""
    stops = {one.code for one in reasons.REASONS if one.level in {"invoice", "line"}}
    assert not sorted(stops - REASONS.keys())
