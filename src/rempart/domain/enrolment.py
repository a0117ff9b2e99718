"""Joining an operator by oneself: who was vouched for names a place, sends a bank document, and two officers say yes.

Opening an account and being paid begins here, so a document and a call decide, never a directory or a provider alone.
Left out: who the person is. That is on the document, which only the operator's own key opens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rempart.domain.identifiers import Fault, parse_site

DAY = 86_400_000_000  # microseconds
LIFE = 30 * DAY
"""After it an enrolment that has not ended expires: the house's own figure."""
TICKET_LIFE = DAY // 24
"""How long a browser may go on after its sign-in at the provider."""
OFFICERS = 2

ASKED, DOCUMENTS, AWAITING = "asked", "documents", "awaiting"
APPROVED, REFUSED, WITHDRAWN, EXPIRED = "approved", "refused", "withdrawn", "expired"
TRANSITIONS: dict[str, frozenset[str]] = {
    "": frozenset({ASKED}),
    ASKED: frozenset({AWAITING, WITHDRAWN, EXPIRED}),
    DOCUMENTS: frozenset({AWAITING, WITHDRAWN, EXPIRED}),  # the operator asked for another document
    AWAITING: frozenset({DOCUMENTS, APPROVED, REFUSED, WITHDRAWN, EXPIRED}),
    APPROVED: frozenset(),
    REFUSED: frozenset(),
    WITHDRAWN: frozenset(),
    EXPIRED: frozenset(),
}
ENDED = frozenset({APPROVED, REFUSED, WITHDRAWN, EXPIRED})
REASONS = ("unreadable", "other-holder", "not-a-bank-document", "other-place", "not-reached", "not-eligible")
"""Why a document is asked for again, or an enrolment refused."""

HOUSE_PROFESSIONS = {
    "10": "doctor", "21": "pharmacy", "26": "hearing", "28": "optician", "40": "dentist", "50": "midwife",
    "60": "nurse", "70": "physiotherapist", "80": "podologist", "91": "speech-therapist", "92": "orthoptist",
}  # fmt: skip
"""ANS TRE_G15 → the profession of a site, where one is evident; an officer may name another."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the provider says that the person works: a FINESS, or "" for most liberal practices; codes of ANS."""

    finess: str
    profession: str
    mode: str


class Step(NamedTuple):
    """One transition of an enrolment, as it was written: `number` from 1, `instant` microseconds UTC."""

    number: int
    state: str
    said_by: str
    reason: str
    instant: int


@dataclass(frozen=True, slots=True)
class Choice:
    """A place somebody wants to join with: the number it bills by, and what is known of both. `directory` of FINESS."""

    site: str
    place: Place | None
    registered: bool
    directory: str


def _place_known(choice: Choice) -> str:
    return "" if choice.place is not None else "place-unknown"


def _number_shape(choice: Choice) -> str:
    return "site-malformed" if isinstance(parse_site(choice.site), Fault) else ""


def _place_open(choice: Choice) -> str:
    """A directory no longer lists it."""
    return "place-ended" if choice.directory == "ended" else ""


def _not_registered(choice: Choice) -> str:
    """A site that there is invites its people itself."""
    return "site-registered" if choice.registered else ""


CHOICE_RULES: tuple[Callable[[Choice], str], ...] = (_place_known, _number_shape, _place_open, _not_registered)


def choice_refusal(choice: Choice) -> str:
    """Why this place cannot be chosen, "" when it can: the first of `CHOICE_RULES` that says so."""
    return next((code for rule in CHOICE_RULES if (code := rule(choice))), "")


def step(present: str, following: str) -> str:
    """`transition-not-allowed`, or "" when an enrolment may pass from `present` to `following`."""
    return "" if following in TRANSITIONS.get(present, frozenset()) else "transition-not-allowed"


def present(steps: Sequence[Step], expires: int, instant: int) -> str:
    """Its state at `instant`: `expired` from `expires` on when it has not ended, whether or not that was written."""
    state = steps[-1].state if steps else ""
    return EXPIRED if state not in ENDED and instant >= expires else state


class Word(NamedTuple):
    """An officer who approves, whom they called back, and what the payee's bank said where it was asked."""

    officer: str
    called_back: str
    because: str


def word_refusal(word: Word, state: str, earlier: Sequence[str]) -> str:
    """Why an officer's word is not taken, "" when it is; `earlier` officers spoke for the same document."""
    if state != AWAITING:
        return "not-awaiting"
    if not word.officer.strip():
        return "officer-missing"
    if not word.called_back.strip():
        return "not-called-back"
    return "officer-already-spoke" if spoken(word.officer) in {spoken(each) for each in earlier} else ""


def spoken(officer: str) -> str:
    """One person in one form: case and spaces make nobody another."""
    return " ".join(officer.split()).casefold()
