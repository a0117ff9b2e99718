"""The hub's doors in memory: passkeys are verified, challenges and invitations are spent, sessions end.

A second implementation of the interface of `rempart.client.doors.Doors`, for the portal alone: no hub, no keeper.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url, parse_attestation_object
from webauthn.helpers.exceptions import InvalidAuthenticationResponse, InvalidRegistrationResponse
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    RegistrationCredential,
)

from rempart.client.calls import Call
from rempart.client.doors import Assertion, Challenge, Enrolled, Pin, Registration, SignedIn
from rempart.client.exchange import NoAnswerError
from rempart.client.pro_sante_connect import Back, Begun
from rempart.wire.eligibility import CardRequest, DomainAnswer, EligibilityAnswer, EligibilityRequest, PresenceRequest
from rempart.wire.enrolment import EnrolmentOpened, EnrolmentState
from rempart.wire.notices import NoticeList
from rempart.wire.problem import Problem
from rempart.wire.provider import Workplace
from rempart.wire.sign_in import SITE_ROLES
from support.fake_joins import FakeJoins

T = TypeVar("T")
CHALLENGE, GRANT, IDLE, SHIFT = 300, 900, 900, 36_000  # seconds
OPEN = ("PHAR", "MED")


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who works at these sites."""

    account: str
    sites: tuple[str, ...]
    role: str = "professional"
    profession: str = "pharmacy"
    insurer: str = ""
    zone: str = "Europe/Paris"


@dataclass(slots=True)
class _Passkey:
    account: str
    public: bytes
    count: int


@dataclass(slots=True)
class _Live:
    signed_in: SignedIn
    since: float


@dataclass
class FakeDoors:
    """`cards`: what is presented → the word of the answer. `down`, `closed`, `budget`: what an operator may meet."""

    clock: Callable[[], float]
    rp_id: str = "localhost"
    origin: str = "http://localhost"
    people: dict[str, Person] = field(default_factory=dict)
    invitations: dict[str, tuple[str, str]] = field(default_factory=dict)  # code → account, site
    cards: dict[tuple[str, str, str, str, str], str] = field(default_factory=dict)
    vouched: dict[str, Person | str] = field(default_factory=dict)  # a provider's code → who it is, or the refusal
    workplaces: dict[str, Workplace] = field(default_factory=dict)
    refusal: str = ""  # a code that every question gets
    device: str = ""  # as told with the last sign-in
    exports_from: str = ""  # of the next session
    turns: Callable[[str], Problem | None] | None = None  # while it reopens in waves: the refusal for a site
    down: bool = False
    asked: list[EligibilityRequest] = field(default_factory=list)
    codes: dict[str, str] = field(default_factory=dict)  # a scanned card's text → the word of the answer, or a refusal
    scanned: list[CardRequest] = field(default_factory=list)
    presented: list[PresenceRequest] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    desks: list[Callable[[SignedIn, Call[Any]], object | None]] = field(default_factory=list)
    """What answers beside questions, a group of routes each; None for an address that is not its own."""
    pins: Callable[[str, Pin], SignedIn | Problem] = field(default=lambda _challenge, _shown: no("station-unknown"))
    joins: FakeJoins = field(default_factory=FakeJoins)
    _challenges: dict[str, tuple[str, float]] = field(default_factory=dict)
    _passkeys: dict[str, _Passkey] = field(default_factory=dict)
    _live: dict[str, _Live] = field(default_factory=dict)

    # ---- the interface ----------------------------------------------------------------------------------------------

    async def challenge(self, purpose: str, site: str = "") -> Challenge | Problem:
        self._reached()
        if self.turns is not None and purpose in {"sign-in", "enrol", "provider"}:
            refused = self.turns(site)
            if refused is not None:
                return refused
        made = bytes_to_base64url(secrets.token_bytes(40))
        self._challenges[made] = (purpose, self.clock() + CHALLENGE)
        return Challenge(made, self.rp_id, CHALLENGE)

    async def enrol(self, code: str, site: str, challenge: str, made: Registration) -> Enrolled | Problem:
        self._reached()
        refusal = self._spent("enrol", challenge)
        if refusal:
            return no(refusal)
        account, bound = self.invitations.get(code, ("", ""))
        if not account or bound != site:
            return no("invitation-unknown")
        response = AuthenticatorAttestationResponse(
            client_data_json=base64url_to_bytes(made.client_data),
            attestation_object=base64url_to_bytes(made.attestation),
        )
        raw = _credential_of(response.attestation_object)
        name = bytes_to_base64url(raw)
        try:
            found = webauthn.verify_registration_response(
                credential=RegistrationCredential(id=name, raw_id=raw, response=response),
                expected_challenge=base64url_to_bytes(challenge), expected_rp_id=self.rp_id,
                expected_origin=self.origin, require_user_verification=True,
            )  # fmt: skip
        except InvalidRegistrationResponse:
            return no("passkey-refused")
        if name in self._passkeys:
            return no("passkey-exists")
        del self.invitations[code]
        self._passkeys[name] = _Passkey(account, found.credential_public_key, found.sign_count)
        return Enrolled(account)

    async def sign_in(self, challenge: str, made: Assertion, site: str = "", *, device: str = "") -> SignedIn | Problem:
        self._reached()
        self.device = device
        refusal = self._spent("sign-in", challenge)
        if refusal:
            return no(refusal)
        key = self._passkeys.get(made.credential)
        if key is None:
            return no("unknown-passkey")
        response = AuthenticatorAssertionResponse(
            client_data_json=base64url_to_bytes(made.client_data),
            authenticator_data=base64url_to_bytes(made.authenticator_data),
            signature=base64url_to_bytes(made.signature),
        )
        raw = base64url_to_bytes(made.credential)
        try:
            found = webauthn.verify_authentication_response(
                credential=AuthenticationCredential(id=made.credential, raw_id=raw, response=response),
                expected_challenge=base64url_to_bytes(challenge), expected_rp_id=self.rp_id,
                expected_origin=self.origin, credential_public_key=key.public,
                credential_current_sign_count=key.count, require_user_verification=True,
            )  # fmt: skip
        except InvalidAuthenticationResponse:
            return no("passkey-refused")
        key.count = found.new_sign_count
        return self.sign_in_as(key.account, site)

    async def sign_in_by_hospital(
        self, hospital: str, begun: Begun, back: Back, *, device: str = ""
    ) -> SignedIn | Problem:
        self._reached()
        self.device = device
        vouched = self.vouched.get(f"{hospital}/{back.code}", "provider-code")
        refusal = self._spent("provider", begun.challenge) or vouched
        if not isinstance(refusal, Person):
            return no(refusal)
        self.people[refusal.account] = refusal
        return self.sign_in_as(refusal.account)

    async def sign_in_by_pin(self, challenge: str, shown: Pin, *, device: str = "") -> SignedIn | Problem:
        self._reached()
        self.device = device
        refusal = self._spent("station", challenge)
        return no(refusal) if refusal else self.pins(challenge, shown)

    async def sign_in_by_provider(self, begun: Begun, back: Back) -> tuple[SignedIn, tuple[Workplace, ...]] | Problem:
        self._reached()
        refusal = self._spent("provider", begun.challenge) or self.vouched.get(back.code, "provider-code")
        if not isinstance(refusal, Person):
            return no(refusal)
        person = refusal
        del self.vouched[back.code]
        self.people[person.account] = person
        found = self.sign_in_as(person.account)
        places = tuple(self.workplaces.get(site, Workplace(site)) for site in person.sites)
        return found if isinstance(found, Problem) else (found, places)

    async def join(self, begun: Begun, back: Back) -> EnrolmentOpened | Problem:
        self._reached()
        refusal = self._spent("provider", begun.challenge)
        return no(refusal) if refusal else self.joins.open(back.code)

    async def joining(self, ticket: str) -> EnrolmentState | Problem:
        self._reached()
        return self.joins.show(ticket)

    async def join_at(self, ticket: str, place: int, site: str) -> EnrolmentState | Problem:
        self._reached()
        return self.joins.choose(ticket, place, site)

    async def join_with(self, ticket: str, enrolment: str, sealed: str) -> EnrolmentState | Problem:
        self._reached()
        return self.joins.send(ticket, enrolment, sealed)

    async def renew(self, session: SignedIn, site: str = "") -> SignedIn | Problem:
        self._reached()
        live = self._live.get(session.token)
        now = self.clock()
        if live is None:
            return no("no-grant")
        if now > live.signed_in.expires + IDLE:
            return no("session-idle")
        if now > live.since + SHIFT:
            return no("session-over")
        person = self.people.get(session.account)
        if person is None:
            return no("account-revoked")
        wanted = site or live.signed_in.site
        if wanted and wanted not in person.sites:
            return no("no-mandate")
        return self._signed(person, wanted, live.since)

    async def end(self, session: SignedIn) -> Problem | None:
        self._reached()
        self.ended.append(session.token)
        return None if self._live.pop(session.token, None) else no("no-grant")

    async def perform(self, session: SignedIn, call: Call[T]) -> T | Problem:
        self._reached()
        live = self._live.get(session.token)
        if live is None or self.clock() > live.signed_in.expires:
            return no("grant-invalid")
        if not live.signed_in.site and live.signed_in.role in SITE_ROLES:
            return no("purpose")
        if self.refusal:
            return no(self.refusal)
        if call.path != "/v1/eligibility":
            return self._elsewhere(session, call)
        if b'"card":' in call.body:
            shown = msgspec.json.decode(call.body, type=CardRequest)
            self.scanned.append(shown)
            word = self.codes.get(shown.card, "not-confirmed")
            if word.startswith("card-"):
                return no(word)
            return msgspec.convert(msgspec.to_builtins(said(word, shown)), call.kind)
        if b'"code":' in call.body:
            coded = msgspec.json.decode(call.body, type=PresenceRequest)
            self.presented.append(coded)
            word = self.codes.pop(coded.code, "not-confirmed")  # a code is good once
            if word.startswith("presence-"):
                return no(word)
            return msgspec.convert(msgspec.to_builtins(said(word, coded)), call.kind)
        answer: Any = self._answer(msgspec.json.decode(call.body, type=EligibilityRequest))
        return msgspec.convert(msgspec.to_builtins(answer), call.kind)

    def _elsewhere(self, session: SignedIn, call: Call[T]) -> T | Problem:
        """The first desk that knows the address answers: bytes as they are, anything else as the call's kind."""
        for desk in self.desks:
            found = desk(session, call)
            if found is not None:
                kept: Any = found
                return (
                    kept
                    if isinstance(found, Problem | bytes)
                    else msgspec.convert(msgspec.to_builtins(kept), call.kind)
                )
        if call.kind is NoticeList:  # most sites have no news
            return msgspec.convert({"notices": [], "next": 0}, call.kind)
        return no("not-found")

    # ---- for tests --------------------------------------------------------------------------------------------------

    def sign_in_as(self, account: str, site: str = "") -> SignedIn | Problem:
        """A session as `sign_in` gives it once the passkey is verified."""
        person = self.people.get(account)
        if person is None:
            return no("account-revoked")
        only = person.sites[0] if len(person.sites) == 1 else ""
        if site and site not in person.sites:
            return no("no-mandate")
        return self._signed(person, site or only, self.clock())

    def _signed(self, person: Person, site: str, since: float) -> SignedIn:
        token = secrets.token_urlsafe(32)
        profession = person.profession if site else ""
        made = SignedIn(
            token=token, account=person.account, site=site, sites=person.sites, role=person.role,
            expires=self.clock() + GRANT, ends=since + SHIFT, profession=profession,
            insurer=person.insurer, exports_from=self.exports_from, zone=person.zone if site else "",
        )  # fmt: skip
        self._live[token] = _Live(made, since)
        return made

    def _reached(self) -> None:
        if self.down:
            raise NoAnswerError("not-reached", sent=False)

    def _spent(self, purpose: str, challenge: str) -> str:
        bound, until = self._challenges.pop(challenge, ("", 0.0))
        if bound != purpose:
            return "challenge-invalid"
        return "challenge-expired" if self.clock() > until else ""

    def _answer(self, request: EligibilityRequest) -> EligibilityAnswer:
        self.asked.append(request)
        key = (request.amc_number, request.member, (request.nir or "")[:13], request.birth_date, request.rank or "")
        return said(self.cards.get(key, "not-confirmed"), request)


def said(word: str, request: EligibilityRequest | CardRequest | PresenceRequest) -> EligibilityAnswer:
    """The answer that this word stands for."""
    made = EligibilityAnswer(word, "0Q1W2E3R4T5Y")
    if word in {"covered", "newborn"}:
        domains = tuple(
            DomainAnswer(one, one in OPEN, "2026-01-01", "2026-12-31", "100") if one in OPEN
            else DomainAnswer(one, open=False)
            for one in request.domains
        )  # fmt: skip
        number = "A1B2C 3D4E5 F6G7H 8J9K0"
        made = EligibilityAnswer(
            "covered", made.question, domains, number, request.care_date, request.care_date, "pharmacy"
        )
    elif word == "closed":
        made = EligibilityAnswer(word, made.question, ended="2026-06-30")
    elif word == "not-covered":
        made = EligibilityAnswer(word, made.question, tuple(DomainAnswer(one, open=False) for one in request.domains))
    if word == "newborn":
        made = msgspec.structs.replace(made, provisional=True, ceiling=150_000)
    return made


_STATUS: Mapping[str, int] = {
    "compartment": 503, "unavailable": 503, "site-budget": 429, "unknown-amc-number": 422, "handled-elsewhere": 422,
    "nir-required": 422, "invalid-fields": 422, "purpose": 403, "client-standing": 403, "no-mandate": 403,
    "grant-invalid": 401, "no-grant": 401, "session-over": 401, "session-idle": 401, "account-revoked": 401,
}  # fmt: skip


def no(code: str) -> Problem:
    """The hub's no."""
    return Problem("No", _STATUS.get(code, 422), code)


def _credential_of(attestation: bytes) -> bytes:
    """The id in an attestation, which the hub's route does not send apart."""
    found = parse_attestation_object(attestation).auth_data.attested_credential_data
    return b"" if found is None else found.credential_id
