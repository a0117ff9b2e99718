"""People who join an operator, in memory: tickets, places, one sealed document each. The office is the test."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import Any

import msgspec

from rempart.wire.enrolment import EnrolmentOpened, EnrolmentPlace, EnrolmentState
from rempart.wire.problem import Problem

ENROLMENT = "0199d2c4-5b1e-7c3a-9f00-3b5d2a7e1c44"
_STATUS = {"ticket-over": 401, "account-exists": 409, "site-registered": 409, "place-ended": 409, "not-found": 404}


@dataclass
class FakeJoins:
    """`vouched`: a provider's code → the places of who it is, or the refusal; `sealed`: what was sent, still sealed."""

    vouched: dict[str, tuple[EnrolmentPlace, ...] | str] = field(default_factory=dict)
    refusal: str = ""  # that choosing or sending gets
    sealed: list[str] = field(default_factory=list)
    state: EnrolmentState | None = None
    tickets: dict[str, tuple[EnrolmentPlace, ...]] = field(default_factory=dict)

    def open(self, code: str) -> EnrolmentOpened | Problem:
        found = self.vouched.get(code, "provider-code")
        if isinstance(found, str):
            return _no(found)
        ticket = secrets.token_urlsafe(32)
        self.tickets[ticket] = found
        return EnrolmentOpened(ticket, 3_600, found, self.state)

    def show(self, ticket: str) -> EnrolmentState | Problem:
        if ticket not in self.tickets:
            return _no("ticket-over")
        return self.state or _no("not-found")

    def choose(self, ticket: str, place: int, site: str) -> EnrolmentState | Problem:
        places = self.tickets.get(ticket)
        if places is None or self.refusal:
            return _no(self.refusal or "ticket-over")
        if place >= len(places):
            return _no("place-unknown")
        told = places[place]
        self.state = EnrolmentState(
            ENROLMENT, "asked", site, told.finess, told.profession, "2026-11-22T09:12:00Z", "2026-11-22T09:12:00Z",
            "2026-12-22T09:12:00Z",
        )  # fmt: skip
        return self.state

    def send(self, ticket: str, enrolment: str, sealed: str) -> EnrolmentState | Problem:
        if ticket not in self.tickets or self.state is None or self.refusal:
            return _no(self.refusal or "ticket-over")
        assert enrolment == self.state.enrolment
        self.sealed.append(sealed)
        return self.told(state="awaiting")

    def told(self, **changed: Any) -> EnrolmentState:
        """The office changes it."""
        assert self.state is not None
        self.state = msgspec.structs.replace(self.state, **changed)
        return self.state


def _no(code: str) -> Problem:
    return Problem("No", _STATUS.get(code, 422), code)
