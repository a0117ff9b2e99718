"""Who joins, recoveries, the log and an insurer's rejections at the fake doors, kept in memory; locums' codes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import msgspec

from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.wire.desk_joins import (
    DeskAnswerRequest,
    DeskEnrolment,
    DeskEnrolments,
    DeskEnrolmentStep,
    DeskJoined,
    DeskJoinRequest,
    DeskRecoverRequest,
)
from rempart.wire.desk_log import DeskLeaf, DeskLogCount, DeskLogCounts, DeskLogEntry
from rempart.wire.insurer_rejections import (
    DeskRejectedInvoice,
    DeskRejectedInvoices,
    DeskRejection,
    DeskRejections,
    DeskRejectionWeek,
)
from rempart.wire.operator_desk import DeskCode
from rempart.wire.stations import DelegationClaim, DelegationCode, DelegationCodeRequest, DelegationTaken
from support.fake_doors import no
from support.operator_desk import AT, CODE, SECOND
from support.portals import OTHER_SITE, SITE

JOIN, DONE = "01936e5c-7a10-7000-8000-000000000001", "01936e5c-7a10-7000-8000-000000000002"
LOCUM_CODE = "7K2M-9X4C"
QUESTION = "06C5K1V2N8Q0"
READERS = ("security", "data-protection")


def _steps(*states: str) -> tuple[DeskEnrolmentStep, ...]:
    return tuple(DeskEnrolmentStep(state, "person", "", AT) for state in states)


def _joins() -> list[DeskEnrolment]:
    ends = "2026-12-18T09:26:00.000000Z"
    waits = DeskEnrolment(
        JOIN, OTHER_SITE, "750000010", "21", "L", "listed", "awaiting", AT, ends, 2, (), _steps("asked", "awaiting")
    )
    refused = DeskEnrolmentStep("refused", "operator", "not-reached", AT)
    done = DeskEnrolment(
        DONE, SITE, "", "60", "L", "no-finess", "refused", AT, ends, 0, ("",), (*_steps("asked", "awaiting"), refused)
    )
    return [waits, done]


@dataclass
class FakeGaps:
    """Answers of these routes; `told` is what was asked for, in order; `refusal` a code for the next changes."""

    joins: list[DeskEnrolment] = field(default_factory=_joins)
    refusal: str = ""
    holds: bool = True
    empty: bool = False
    sealed: bytes = b"rempart-enrolment/1\n"
    told: list[tuple[str, object]] = field(default_factory=list)

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        """A desk of `FakeDoors`."""
        path, _, query = call.path.partition("?")
        if path.startswith("/v1/desk/enrolments") or path.endswith("/recovery"):
            return self._agent(session, path, call) if session.role == "agent" else no("purpose")
        if path.startswith("/v1/desk/log/"):
            return self._log(path, query) if session.role in READERS else no("purpose")
        if path.startswith("/v1/desk/insurer/rejections"):
            return self._rejections(path)
        if path == "/v1/delegation-codes":
            self.told.append(("code", msgspec.json.decode(call.body, type=DelegationCodeRequest)))
            return no(self.refusal) if self.refusal else DelegationCode(LOCUM_CODE, "2026-11-25T09:26:00.000000Z")
        if path == "/v1/delegations/take":
            self.told.append(("take", msgspec.json.decode(call.body, type=DelegationClaim)))
            return no(self.refusal) if self.refusal else DelegationTaken(OTHER_SITE, "2026-11-20", "2026-11-27")
        return None

    def _agent(self, session: SignedIn, path: str, call: Call[Any]) -> object:
        if call.method == "POST" and self.refusal:
            return no(self.refusal)
        if path.endswith("/recovery"):
            account = path.split("/")[4]
            self.told.append(("recover", (account, msgspec.json.decode(call.body, type=DeskRecoverRequest))))
            return DeskCode(account, CODE[:9], "2026-11-25T09:26:00.000000Z")
        name, _, act = path.removeprefix("/v1/desk/enrolments").strip("/").partition("/")
        if not name:
            return DeskEnrolments(tuple(self.joins))
        at = next((number for number, each in enumerate(self.joins) if each.enrolment == name), None)
        if at is None:
            return no("not-found")
        if not act:
            return self.joins[at]
        if act == "document":
            return self.sealed
        return self._changed(session, at, act, call.body)

    def _changed(self, session: SignedIn, at: int, act: str, body: bytes) -> object:
        one = self.joins[at]
        if act == "yes":
            self.told.append(("yes", msgspec.json.decode(body, type=DeskJoinRequest)))
            self.joins[at] = msgspec.structs.replace(one, agreed=(*one.agreed, session.account))
            return DeskJoined(1 - len(one.agreed))
        said = msgspec.json.decode(body, type=DeskAnswerRequest)
        self.told.append(("answer", said))
        step = DeskEnrolmentStep(said.answer, session.account, said.reason, AT)
        self.joins[at] = msgspec.structs.replace(one, state=said.answer, document=0, steps=(*one.steps, step))
        return b""

    def _log(self, path: str, query: str) -> object:
        if path.endswith("/counts"):
            asked = {name: values[0] for name, values in parse_qs(query).items()}
            self.told.append(("counts", asked))
            first, _, last = asked["period"].partition("/")
            label = {"account": SECOND, "site": SITE, "outcome": "covered", "day": first}.get(asked["by"], "typed")
            rows = () if self.empty else (DeskLogCount(label, "account", 1_280, 970), DeskLogCount("x", "site", 3, 2))
            return DeskLogCounts(
                asked["by"], first, last, asked.get("site", ""), rows[: 1 if asked["by"] != "account" else 2]
            )
        question = path.rpartition("/")[2]
        self.told.append(("entry", question))
        if question != QUESTION:
            return no("not-found")
        leaf = DeskLeaf("2026-11", 41_204, "a1" * 32, 41_233, "b2" * 32, ("c3" * 32, "d4" * 32), self.holds, "note\n")
        return DeskLogEntry(
            QUESTION, AT, SECOND, "account", SITE, "0099000137", "eligibility", "typed", "eligibility/1", "open",
            None if self.empty else leaf,
        )  # fmt: skip

    def _rejections(self, path: str) -> object:
        if path.endswith("/rejections"):
            if self.empty:
                return DeskRejections("2026-08-31", (), ())
            rows = (
                DeskRejection("rights-closed", "pharmacy", 12, 48_210, 14_463),
                DeskRejection("rights-closed", "optician", 2, 61_000, 40_000),
                DeskRejection("duplicate", "pharmacy", 3, 3_000, 900),
            )
            weeks = (DeskRejectionWeek("2026-10-12", 4, 5_100), DeskRejectionWeek("2026-11-09", 13, 50_263))
            return DeskRejections("2026-08-31", rows, weeks)
        one = DeskRejectedInvoice(JOIN, "000000017", SITE, "2026-11-16", AT, 4_210, 1_263, "rejected")
        return DeskRejectedInvoices(path.rpartition("/")[2], "Droits fermés.", () if self.empty else (one,), JOIN)
