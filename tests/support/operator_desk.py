"""An operator's desk at the fake doors: sites, accounts, invitations and two compartments, kept in memory."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.wire.operator_desk import (
    DeskAccount,
    DeskAccounts,
    DeskCode,
    DeskCompartment,
    DeskCompartments,
    DeskElsewhere,
    DeskEvent,
    DeskInviteRequest,
    DeskOpening,
    DeskOpenRequest,
    DeskShutRequest,
    DeskSite,
    DeskSiteAccounts,
    DeskSites,
    DeskStandingRequest,
)
from support.fake_doors import no
from support.portals import OTHER_SITE, SITE

CODE = "7K2M-9X4C-1V8B-3N5Q"
MANAGER, STAFF, NEW = "a2b4c6d8e0f1g3h5", "a9b8c7d6e5f4g3h2", "a7k2m9x4c1v8b3n5"
SECOND = "a1h4n6t8w2y5c7e9"
AT = "2026-11-18T09:26:00.000000Z"
CLOSING = 1_795_000_000_000_000
PORTAL = "portal:horizon"


def person(account: str, role: str, **others: Any) -> DeskAccount:
    """An account with two passkeys."""
    said = {
        "standing": "good", "invited": "2026-03-02", "insurer": "", "site": "", "first": "", "last": "", "passkeys": 2,
        "used": "2026-11-17", "code_until": "", "probation": "", "ended": False, "here": False,
    } | others  # fmt: skip
    return DeskAccount(account, role, **said)


def _people() -> list[DeskAccount]:
    days = {"site": SITE, "first": "2026-03-02", "last": "2027-03-01"}
    return [
        person(MANAGER, "manager", **days),
        person(STAFF, "staff", passkeys=0, used="", code_until="2026-11-24T09:26:00.000000Z", **days),
        person(SECOND, "agent"),
        person("a4e6g8j1m3p5r7v9", "support", standing="suspended", here=True),
        person("a5f7h9k2n4q6s8w1", "case-worker", insurer="0099000137", passkeys=0, used=""),
    ]


@dataclass
class FakeDesk:
    """Answers of `/v1/desk/…`; `told` is what was asked for, in order."""

    sites: list[DeskSite] = field(
        default_factory=lambda: [
            DeskSite(SITE, "pharmacy", "75", "good", 2, here=False),
            DeskSite(OTHER_SITE, "optician", "", "suspended", 0, here=False),
        ]
    )
    people: list[DeskAccount] = field(default_factory=_people)
    parts: list[DeskCompartment] = field(
        default_factory=lambda: [
            DeskCompartment(name, "open", "", "", "", "", "", "", 0, ()) for name in (PORTAL, "operator:horizon")
        ]
    )
    elsewhere: list[DeskElsewhere] = field(default_factory=list)
    events: list[DeskEvent] = field(default_factory=list)
    refusal: str = ""
    told: list[tuple[str, object]] = field(default_factory=list)

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        """A desk of `FakeDoors`."""
        if not call.path.startswith("/v1/desk/"):
            return None
        path, _, query = call.path.removeprefix("/v1/desk/").partition("?")
        if session.role not in ("agent", "security") or (session.role == "security" and "compartments" not in path):
            return no("purpose")
        if call.method == "POST":
            return no(self.refusal) if self.refusal else self._changed(session, path, call.body)
        return self._read(session, path, query)

    def closed(self, *agreed: str, officer: str = SECOND, **changed: Any) -> None:
        """The portal is closed."""
        said = "Ce service est fermé pour maintenance.", "This service is closed for maintenance."
        self.parts[0] = msgspec.structs.replace(
            DeskCompartment(PORTAL, "closed", AT, "maintenance", "", *said, officer, CLOSING, agreed), **changed
        )
        self.events[:0] = [DeskEvent(AT, PORTAL, "closed", officer, "maintenance", "")]

    def _read(self, session: SignedIn, path: str, query: str) -> object:
        own = person(session.account, session.role)
        if path == "compartments":
            return DeskCompartments(tuple(self.parts), tuple(self.elsewhere), tuple(self.events))
        if path == "sites":
            begins = dict(pair.split("=") for pair in query.split("&"))["number"]
            found = tuple(each for each in self.sites if each.site.startswith(begins))
            return DeskSites(found, "", len(self.sites))
        if path == "accounts":
            return DeskAccounts((own, *(each for each in self.people if not each.site)))
        kind, _, name = path.partition("/")
        if kind == "sites":
            site = next((each for each in self.sites if each.site == name), None)
            people = tuple(each for each in self.people if each.site == name)
            return no("not-found") if site is None else DeskSiteAccounts(site, people)
        named = tuple(each for each in (own, *self.people) if each.account == name)
        return DeskAccounts(named) if named else no("not-found")

    def _changed(self, session: SignedIn, path: str, body: bytes) -> object:
        kind, _, rest = path.partition("/")
        name, _, act = rest.partition("/")
        if kind == "invitations":
            asked = msgspec.json.decode(body, type=DeskInviteRequest)
            self.told.append(("invite", asked))
            days = {"site": asked.place, "first": asked.first, "last": asked.last} if asked.first else {}
            self.people.append(person(NEW, asked.role, passkeys=0, used="", code_until=AT, **days))
            return DeskCode(NEW, CODE[:9], "2026-11-25T09:26:00.000000Z")
        if kind == "compartments":
            return self._compartment(session, name, act, body)
        self.told.append((act, name))
        if act == "codes/end":
            self.people = [msgspec.structs.replace(each, code_until="") for each in self.people]
            return b""
        standing = msgspec.json.decode(body, type=DeskStandingRequest).standing
        change = {"standing": standing, "here": standing == "suspended"}
        if kind == "sites":
            self.sites = [msgspec.structs.replace(e, **change) if e.site == name else e for e in self.sites]
        else:
            self.people = [msgspec.structs.replace(e, **change) if e.account == name else e for e in self.people]
        return b""

    def _compartment(self, session: SignedIn, name: str, act: str, body: bytes) -> object:
        if act == "shut":
            asked = msgspec.json.decode(body, type=DeskShutRequest)
            self.told.append(("shut", (name, asked)))
            self.closed(officer=session.account, state=asked.state, reopens=asked.reopens)
            return b""
        word = msgspec.json.decode(body, type=DeskOpenRequest)
        self.told.append(("open", (name, word)))
        agreed = (*self.parts[0].agreed, session.account)
        if len(agreed) > 1:
            self.parts[0] = DeskCompartment(PORTAL, "open", AT, "", "", "", "", "", 0, ())
        else:
            self.parts[0] = msgspec.structs.replace(self.parts[0], agreed=agreed)
        return DeskOpening(self.parts[0].state)


def at_desk(people: dict[str, Any], account: str, role: str = "agent") -> None:
    """Makes somebody of the fake doors a person of the operator's desk."""
    people[account] = replace(people[account], role=role, sites=(), profession="")
