"""A person's account at the fake doors: passkeys, sessions, colleagues and recoveries, kept in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import msgspec

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.wire.account import (
    AccountState,
    AddPasskeyRequest,
    PasskeyState,
    RecoveryAnswer,
    RecoveryRequest,
    SessionState,
)
from rempart.wire.own_site import OwnMember, OwnSite
from rempart.wire.problem import Problem
from support.fake_doors import no

FIRST, SECOND = "0a1b2c3d" + "0" * 24, "9f8e7d6c" + "0" * 24
HERE, THERE = "aa" * 8, "bb" * 8
COLLEAGUE, OTHER = "a2b4c6d8e0f1g3h5", "a9b8c7d6e5f4g3h2"
CODE = "7K2M-9X4C-1V8B-3N5Q"


@dataclass
class FakeAccount:
    """Answers of `/v1/account…` for whoever is signed in; `told` is what was asked for, in order."""

    passkeys: list[PasskeyState] = field(default_factory=list)
    sessions: list[SessionState] = field(default_factory=list)
    members: list[OwnMember] = field(default_factory=list)
    probation: str = ""
    recovered: tuple[str, str] = ("", "")  # when, and by whom
    refusal: str = ""
    told: list[tuple[str, object]] = field(default_factory=list)

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        """A desk of `FakeDoors`."""
        if call.path == "/v1/own-site" and self.members:
            return OwnSite(session.site, session.profession, (), tuple(self.members))
        if not call.path.startswith("/v1/account"):
            return None
        if call.path == "/v1/account":
            return AccountState(
                session.account, session.role, tuple(self.passkeys), tuple(self.sessions), self.probation,
                *self.recovered,
            )  # fmt: skip
        if self.refusal:
            return no(self.refusal)
        return self._changed(call)

    def _changed(self, call: Call[Any]) -> object:
        *_, kind, name = call.path.removesuffix("/end").split("/")
        if call.path == "/v1/account/recoveries":
            asked = msgspec.json.decode(call.body, type=RecoveryRequest)
            self.told.append(("recover", asked))
            return RecoveryAnswer(asked.account, CODE, "2026-11-25T09:26:00Z")
        if call.path == "/v1/account/passkeys":
            self.told.append(("add", msgspec.json.decode(call.body, type=AddPasskeyRequest)))
            self.passkeys.append(PasskeyState(f"{len(self.passkeys):032x}", "Y3JlZA", "2026-11-18", "", here=False))
            return b""
        self.told.append((name if kind == "account" else kind, name))
        known = [each.passkey for each in self.passkeys] + [each.session for each in self.sessions]
        if kind != "account" and name not in known:
            return Problem("No", 404, "not-found")
        self.passkeys = [each for each in self.passkeys if each.passkey != name]
        self.sessions = [each for each in self.sessions if each.session != name]
        return b""


def account(**others: Any) -> FakeAccount:
    """Two passkeys, two sessions, two colleagues."""
    return FakeAccount(
        passkeys=[
            PasskeyState(FIRST, "Y3JlZC0x", "2026-03-02", "2026-11-18", here=True),
            PasskeyState(SECOND, "Y3JlZC0y", "", "", here=False),
        ],
        sessions=[
            SessionState(
                HERE, "firefox/windows@Rennes", "2026-11-18T08:01:00Z", "2026-11-18T09:15:00Z", "123456782", here=True
            ),
            SessionState(THERE, "safari/ios", "2026-11-18T07:40:00Z", "2026-11-18T07:55:00Z", "", here=False),
        ],
        members=[
            OwnMember("a00000000000one", "account", "manager", "2026-01-01", "2026-12-31"),
            OwnMember(COLLEAGUE, "account", "professional", "2026-01-01", "2026-12-31"),
            OwnMember(OTHER, "account", "staff", "2026-06-01", "2027-05-31"),
            OwnMember("logiciel", "program", "", "2026-01-01", "2026-12-31"),
        ],
        **others,
    )  # fmt: skip
