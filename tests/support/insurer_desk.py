"""The hub's answers to an insurer's people, in memory: a desk of `FakeDoors`, with a case sealed to a real key."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rempart.client import agent
from rempart.client.calls import Call
from rempart.client.doors import SignedIn
from rempart.domain.authorities import DECIDE, INSURER_READ, RELEASE, actions
from rempart.sealing.attachments import bound_to, seal_attachment
from rempart.sealing.envelope import BatchSealer, seal_for_insurer
from rempart.sealing.loading import PURPOSE as REFERENCES
from rempart.wire.authorizations import DecisionAnswer, LineRoom, PendingCase, SealedPart
from rempart.wire.insurer_desk import (
    DeskBadLine,
    DeskBinding,
    DeskCall,
    DeskCase,
    DeskCount,
    DeskDecision,
    DeskFunds,
    DeskPending,
    DeskPendingList,
    DeskProduct,
    DeskPublished,
    DeskRightsFile,
    DeskRightsList,
    DeskRightsReport,
    DeskSaid,
    DeskStandIn,
    DeskStandInRule,
    DeskTable,
    DeskVoice,
    DeskWeek,
    DeskWeights,
    DeskWord,
)
from rempart.wire.invoices import LineState
from rempart.wire.problem import FieldError, Problem
from rempart.wire.settlements import SettlementList, SettlementSummary
from support.fake_account import account as own_account
from support.fake_doors import Person, no
from support.fake_exports import FakeExports
from support.portals import Asker, Clock, doors

INSURER, SITE = "0099000137", "990000002"
WORKER, MANAGER, SECOND = "a0000000worker01", "a000000manager01", "a000000manager02"
CASE, OTHER_CASE = "019caddd-6600-7a1e-8c33-5d2f00000021", "019caddd-6600-7a1e-8c33-5d2f00000022"
SETTLEMENT = "019caddd-6600-7a1e-8c33-5d2f00000031"
PLANNED, QUARANTINED, APPLIED = "2026-12-04", 412, 411
PAPER = b"%PDF-1.4 an invented prescription"
REFERENCE = "REF-INVENTEE-77"
REFUSALS = (
    "insurer-refused", "insurer-refused-document", "insurer-refused-quote", "insurer-refused-renewal",
    "insurer-refused-contract",
)  # fmt: skip
LINES = (
    LineState(1, "OPTI", 420_00, 12_00, 180_00, 228_00), LineState(2, "OPTI", 180_00, 3_00, 60_00, 117_00),
)  # fmt: skip
FILE = DeskRightsFile(
    QUARANTINED, "full", 57, "2026-11-17T21:00:00Z", "2026-11-18T02:10:00Z", "", "quarantined", "weighed-too-heavy",
    ("closed",), 1_200_104, 1_180_220, 41, 3, 2, DeskWeights(1_180_000, 2_100, 61_000, 40, 900_000), (), "47" * 32,
)  # fmt: skip
BEFORE = msgspec.structs.replace(
    FILE, number=APPLIED, sequence=56, state="applied", code="", over=(), decided="2026-11-11T02:20:00Z",
    weights=DeskWeights(1_179_000, 1_900, 900, 12, 3_000), rejected=0, warned=0,
)  # fmt: skip


def sealed_parts(key: X25519PrivateKey) -> tuple[SealedPart, ...]:
    """A request and a prescription as the keeper and a site seal them to the insurer."""
    reader = key.public_key().public_bytes_raw()
    references = BatchSealer(reader, REFERENCES)
    own = agent.SealedReference(references.wrapped, references.seal(REFERENCE.encode(), b"person"), b"person")
    lines = (
        agent.QuotedLine(1, "2242457", "optics", 420_00, 60_00, 20, 12_00, 180_00, quantity=2),
        agent.QuotedLine(2, "2223342", "optics", 180_00, 15_00, 20, 3_00, 60_00),
    )
    quote = msgspec.json.encode(agent.Quote(1, INSURER, SITE, PLANNED, lines, own))
    paper = seal_attachment(PAPER, reader, bound_to(INSURER, SITE, PLANNED, "prescription"))
    bound = INSURER.encode() + UUID(CASE).bytes
    whole = [(quote, bound + b"\0"), (paper, bound + b"\1")]
    first, second = seal_for_insurer(reader, agent.PURPOSE, whole)
    return SealedPart(0, "request", first), SealedPart(1, "prescription", second)


@dataclass
class InsurerDesk:
    """`short`: why the case still waits although it was agreed to. Nothing is there when `empty`.

    `refusal`: the no to a signed release; `words` those that were taken.
    """

    key: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)
    short: str = ""
    empty: bool = False
    waiting: list[str] = field(default_factory=lambda: [CASE, OTHER_CASE])
    decided: list[tuple[str, str, DeskDecision]] = field(default_factory=list)
    file: DeskRightsFile = FILE
    refusal: str = ""
    words: list[DeskWord] = field(default_factory=list)
    exports: FakeExports = field(default_factory=FakeExports)

    @property
    def pem(self) -> bytes:
        """As `rempart insurer keygen` writes it."""
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def __call__(self, session: SignedIn, call: Call[Any]) -> object | None:
        steps = urlsplit(call.path).path.strip("/").split("/")
        if steps[:3] != ["v1", "desk", "insurer"]:
            return None
        releases = steps[3] == "rights-files" and call.method == "POST"
        action = RELEASE if releases else DECIDE if steps[3] == "authorizations" else INSURER_READ
        if action not in actions(session.role):
            return no("purpose")
        answer: object = getattr(self, "_" + steps[3].replace("-", "_"))(session, call, steps[4:])
        return answer

    def _authorizations(self, session: SignedIn, call: Call[Any], steps: list[str]) -> object:
        if not steps:
            weeks = (DeskWeek("2026-11-09", 31, 27, 145), DeskWeek("2026-11-16", 12, 11, 2_980))
            found = DeskPendingList(tuple(map(_pending, self.waiting)), weeks)
            return DeskPendingList((), ()) if self.empty else found
        if steps[0] not in self.waiting:
            return no("not-found")
        if call.method == "GET":
            rooms = (LineRoom(2, 50_00, 50_00),)
            case = PendingCase(
                steps[0], "2026-11-16T08:00:00Z", SITE, "OPTI", "amount-to-review", LINES, sealed_parts(self.key), rooms
            )
            return DeskCase(case, PLANNED, "2026-11-24", REFUSALS)
        said = msgspec.json.decode(call.body, type=DeskDecision)
        if said.verdict == "agreed" and not any(line.amc for line in said.lines):
            return Problem("No", 422, "invalid-fields", errors=(FieldError("lines", "nothing-agreed"),))
        if self.short:
            return DecisionAnswer("pending", self.short, "", "2026-12-31")
        self.decided.append((session.account, steps[0], said))
        self.waiting.remove(steps[0])
        return DecisionAnswer(said.verdict)

    def _rights_files(self, session: SignedIn, call: Call[Any], steps: list[str]) -> object:
        if not steps:
            return DeskRightsList(0 if self.empty else 56, () if self.empty else (self.file, BEFORE), "2026-11-25")
        if steps[0] == str(APPLIED):
            return DeskRightsReport(BEFORE, (), ())
        if steps[0] != str(QUARANTINED):
            return no("not-found")
        if call.method == "GET":
            lines = (
                DeskBadLine(118, "nir", "nir-key"), DeskBadLine(4_021, "keys", "keys-none"),
                DeskBadLine(5_000, "rank", "a-code-of-tomorrow", warned=True),
            )  # fmt: skip
            return DeskRightsReport(self.file, lines, (DeskCount("nir-key", 38), DeskCount("keys-none", 3)))
        word = msgspec.json.decode(call.body, type=DeskWord)
        if word.verdict == "release" and (self.refusal or word.signed is None):
            return no(self.refusal or "invalid-fields")
        self.words.append(word)
        return self._spoken(session, word.verdict)

    def _spoken(self, session: SignedIn, verdict: str) -> object:
        if any(voice.who == session.account for voice in self.file.voices):
            return no("officer-already-spoke")
        voices = (*self.file.voices, DeskVoice(verdict, "account", session.account))
        self.file = msgspec.structs.replace(self.file, voices=voices)
        if verdict == "refuse":
            self.file = msgspec.structs.replace(self.file, state="refused", code="refused-by-officer")
            return DeskSaid("refused")
        return DeskSaid("released" if len(voices) > 1 else "second-officer-missing")

    def _published(self, _session: SignedIn, _call: Call[Any], _steps: list[str]) -> object:
        if self.empty:
            return DeskPublished("Mutuelle inventée", "good", None, "", (), None)
        products = (
            DeskProduct("CONFORT", "2", "2026-01-01", "", 41),
            DeskProduct("ESSENTIEL", "", "2026-01-01", "", 12),
        )
        rules = (
            DeskStandInRule("card", 150_00, ("pharmacy", "nurse"), ()),
            DeskStandInRule("paper", 80_00, (), ("PHAR",)),
        )
        return DeskPublished(
            "Mutuelle inventée", "good",
            DeskTable("2026-10-01T08:00:00Z", "47" * 32, 3, sound=True, products=products, members=1_204),
            "2026-01-05T08:00:00Z",
            (
                DeskBinding("accreditation", "2026-01-01", "", (), 0, 0),
                DeskBinding("card", "2026-01-01", "2026-12-31", ("pharmacy", "optician"), 150_00, 30),
            ),
            DeskStandIn(3, "2026-11-01", "2026-12-31", in_force=True, loaded="2026-11-01T08:00:00Z", rules=rules),
        )  # fmt: skip

    def _funds(self, _session: SignedIn, _call: Call[Any], _steps: list[str]) -> object:
        if self.empty:
            return DeskFunds(watched=False, ceiling=0, available=0, waiting=0, sites=0, waiting_since="", calls=())
        calls = (
            DeskCall("2026-11-17", 481_220_10, 3_120, "RP26111700000017", "called"),
            DeskCall("2026-11-16", 512_004_00, 3_401, "RP26111600000017", "received"),
            DeskCall("2026-11-13", 498_110_00, 3_300, "RP26111300000017", "refused", "AM04"),
        )
        return DeskFunds(
            watched=True, ceiling=500_000_00, available=12_041_10, waiting=3_204_00, sites=14,
            waiting_since="2026-11-17T05:00:00Z", calls=calls,
        )  # fmt: skip

    def _exports(self, session: SignedIn, call: Call[Any], _steps: list[str]) -> object:
        return self.exports(session, call)

    def _settlements(self, session: SignedIn, _call: Call[Any], steps: list[str]) -> object:
        if steps and (missing := self.exports.missing(session, steps[0], 3_120)):
            return no(missing)
        if steps:
            return b'{"sealed":"yes"}\n' if steps[0] == SETTLEMENT else no("not-found")
        one = SettlementSummary(
            SETTLEMENT, "horizon", 41, "2026-11-17", 481_220_10, 3_120, 3_120, "47" * 32, "ready", references=True,
            written="2026-11-17T05:00:00Z",
        )  # fmt: skip
        return SettlementList(() if self.empty else (one,))


def _pending(identity: str) -> DeskPending:
    until = "2026-11-24" if identity == CASE else "2027-05-10"
    return DeskPending(
        identity, "2026-11-16T08:00:00Z", PLANNED, until, SITE, "OPTI", "amount-to-review", 600_00, 15_00, 240_00
    )


def insurers_people() -> dict[str, Person]:
    """A case worker and two managers."""
    one = Person(WORKER, (), "case-worker", "", INSURER)
    manager = replace(one, account=MANAGER, role="insurer-manager")
    return {WORKER: one, MANAGER: manager, SECOND: replace(manager, account=SECOND)}


def insurer_asker(account: str = WORKER) -> tuple[Asker, InsurerDesk]:
    """Somebody of the insurer, signed in at a portal on these answers."""
    made, desk = Asker(doors(clock=Clock())), InsurerDesk()
    made.doors.people |= insurers_people()
    made.doors.desks += [own_account(), desk]
    made.signed_in(account)
    return made, desk
