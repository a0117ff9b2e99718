"""What an operator's portal says to the hub for the people who sign in at it: passkeys, sessions, and any call in one.

The portal keeps nothing of a session: `SignedIn` lives in the browser's cookie, and is worth something only beside the
portal's own key, which signs each request (DPoP). Where the keeper's key is pinned, who is presented is sealed to it.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar, cast

import msgspec

from rempart.client import pro_sante_connect
from rempart.client.calls import Call
from rempart.client.dpop import DpopKey
from rempart.client.exchange import Account, Flow, Lost, NoAnswerError, Patience, Received, Send, Session, problem_of
from rempart.client.pool import Pool
from rempart.wire.enrolment import (
    DocumentRequest,
    EnrolmentOpened,
    EnrolmentState,
    PlaceRequest,
    TicketRequest,
)
from rempart.wire.hospital import HospitalRequest
from rempart.wire.problem import Problem
from rempart.wire.provider import ProviderAnswer, ProviderRequest, Workplace
from rempart.wire.sign_in import (
    ChallengeAnswer,
    ChallengeRequest,
    EnrolAnswer,
    EnrolRequest,
    PasskeyRequest,
    Purpose,
    RenewRequest,
    SessionAnswer,
)
from rempart.wire.stations import PinRequest

__all__ = [
    "Assertion", "Challenge", "Doors", "Enrolled", "NoAnswerError", "Pin", "PortalAccount", "Registration", "SignedIn",
]  # fmt: skip

T = TypeVar("T")
Challenge = ChallengeAnswer
Enrolled = EnrolAnswer
TRIES = 3  # of an unsigned-in request: the first may only bring the nonce
MOST_HELD = 2_000  # sessions whose sealing keys are remembered
OVER = Problem("The session is over", 401, "session-over", detail="Sign in again.")


@dataclass(frozen=True, slots=True)
class PortalAccount:
    """Who the portal is: the hub's origin, the operator whose portal it is, its private JWK.

    `connect` where to connect, when that is not the origin; `keeper` pins the keeper's key (empty: identities are told
    to the hub in clear). ValueError as of `Account`.
    """

    hub: str
    operator: str
    key: Mapping[str, str] = field(repr=False)
    connect: str = ""
    keeper: str = ""

    def account(self, client: str, site: str) -> Account:
        """The account of one person at one site, as a client of the hub."""
        identity = "sealed" if self.keeper else "clear"
        return Account(self.hub, client, site, self.key, self.connect, self.keeper, identity)  # type: ignore[arg-type]  # one of the two words


class SignedIn(msgspec.Struct, frozen=True):
    """A session. `site` is empty while it has to be chosen among `sites`; `expires`, `ends` in seconds UTC.

    A desk's has no sites; `insurer` is the one whose desk it is. `exports_from` and `zone`: as in `SessionAnswer`.
    """

    token: str
    account: str
    role: str
    site: str
    sites: tuple[str, ...]
    profession: str
    expires: float
    ends: float
    insurer: str = ""
    exports_from: str = ""
    zone: str = ""

    def __repr__(self) -> str:
        return "SignedIn(…)"


@dataclass(frozen=True, slots=True)
class Registration:
    """What `navigator.credentials.create` gave, base64url."""

    client_data: str
    attestation: str


@dataclass(frozen=True, slots=True)
class Assertion:
    """What `navigator.credentials.get` gave, base64url."""

    credential: str
    client_data: str
    authenticator_data: str
    signature: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pin:
    """What a workstation shows of a PIN, base64url but its names, which are hexadecimal. Never the PIN."""

    station: str
    seat: str
    proof: str = field(repr=False)
    signature: str = field(repr=False)


class _Held(Session):
    """The flows of one session: its token comes from outside and is never asked for here."""

    def __init__(self, account: Account, patience: Patience, proofs: DpopKey, token: str) -> None:
        super().__init__(account, patience)
        self._proofs = proofs
        self._token = token

    def _live_token(self) -> Flow[str | Lost | Problem]:
        yield from ()
        return self._token or OVER


class Doors:
    """One portal's connections to its hub, for all who are signed in at it."""

    def __init__(
        self,
        account: PortalAccount,
        patience: Patience | None = None,
        *,
        connections: int = 8,
        tls: ssl.SSLContext | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._account = account
        self._patience = patience or Patience(attempts=2)
        self._proofs = DpopKey(account.key)
        self._pool = Pool(account.connect or account.hub, self._patience.timeout, connections, tls=tls)
        self._clock = clock
        self._held: dict[tuple[str, str], _Held] = {}
        account.account("portal", "")  # raises early what is amiss

    async def close(self) -> None:
        """Closes the connections."""
        await self._pool.close()

    async def challenge(self, purpose: Purpose, site: str = "") -> Challenge | Problem:
        """What the browser is to sign, good once. `site`: the place that is named while the portal reopens in waves."""
        asked = ChallengeRequest(self._account.operator, purpose, site)
        return await self._said("/v1/sign-in/challenge", asked, ChallengeAnswer)

    async def enrol(self, code: str, site: str, challenge: str, made: Registration) -> Enrolled | Problem:
        """A passkey under an invitation."""
        asked = EnrolRequest(self._account.operator, code, site, challenge, made.client_data, made.attestation)
        return await self._said("/v1/sign-in/enrol", asked, EnrolAnswer)

    async def sign_in(self, challenge: str, made: Assertion, site: str = "", *, device: str = "") -> SignedIn | Problem:
        """A session. `device`: as `wire.sign_in.told_device` takes it, for the person's own list."""
        asked = PasskeyRequest(
            self._account.operator, challenge, made.credential, made.client_data, made.authenticator_data,
            made.signature, site, device,
        )  # fmt: skip
        return self._session(await self._said("/v1/sign-in/passkey", asked, SessionAnswer))

    async def sign_in_by_pin(self, challenge: str, shown: Pin, *, device: str = "") -> SignedIn | Problem:
        """A session for who is seated at a workstation. `challenge` of purpose `station`."""
        asked = PinRequest(
            self._account.operator, shown.station, shown.seat, challenge, shown.proof, shown.signature, device
        )  # fmt: skip
        return self._session(await self._said("/v1/sign-in/pin", asked, SessionAnswer))

    async def sign_in_by_provider(
        self, begun: pro_sante_connect.Begun, back: pro_sante_connect.Back
    ) -> tuple[SignedIn, tuple[Workplace, ...]] | Problem:
        """A session for who came back from Pro Santé Connect, and the sites to choose among."""
        asked = ProviderRequest(self._account.operator, begun.challenge, back.code, begun.verifier, back.issuer)
        told = await self._said("/v1/sign-in/provider", asked, ProviderAnswer)
        if isinstance(told, Problem):
            return told
        found = self._session(told.session)
        return found if isinstance(found, Problem) else (found, told.workplaces)

    async def sign_in_by_hospital(
        self, hospital: str, begun: pro_sante_connect.Begun, back: pro_sante_connect.Back, *, device: str = ""
    ) -> SignedIn | Problem:
        """A session for who came back from a hospital's own provider."""
        asked = HospitalRequest(
            self._account.operator, hospital, begun.challenge, back.code, begun.verifier, back.issuer, device
        )  # fmt: skip
        return self._session(await self._said("/v1/sign-in/hospital", asked, SessionAnswer))

    async def join(self, begun: pro_sante_connect.Begun, back: pro_sante_connect.Back) -> EnrolmentOpened | Problem:
        """Who came back from Pro Santé Connect to join: a ticket for the browser, and the places told."""
        asked = ProviderRequest(self._account.operator, begun.challenge, back.code, begun.verifier, back.issuer)
        return await self._said("/v1/enrolment/open", asked, EnrolmentOpened)

    async def joining(self, ticket: str) -> EnrolmentState | Problem:
        """Where the enrolment of who holds the ticket stands."""
        return await self._said("/v1/enrolment/show", TicketRequest(self._account.operator, ticket), EnrolmentState)

    async def join_at(self, ticket: str, place: int, site: str) -> EnrolmentState | Problem:
        """Chooses a place, by its ordinal, and the number it bills by."""
        asked = PlaceRequest(self._account.operator, ticket, place, site)
        return await self._said("/v1/enrolment/place", asked, EnrolmentState)

    async def join_with(self, ticket: str, enrolment: str, sealed: str) -> EnrolmentState | Problem:
        """Sends the bank document, sealed to the operator (`client.enrolment`)."""
        asked = DocumentRequest(self._account.operator, ticket, enrolment, sealed)
        return await self._said("/v1/enrolment/documents", asked, EnrolmentState)

    async def renew(self, session: SignedIn, site: str = "") -> SignedIn | Problem:
        """The session for longer, and for another of its sites when one is named."""
        body = msgspec.json.encode(RenewRequest(site))
        return self._session(await self.perform(session, Call("POST", "/v1/session/renew", SessionAnswer, body)))

    async def end(self, session: SignedIn) -> Problem | None:
        """Signs out: the token is worth nothing from now on."""
        found = await self.perform(session, Call("POST", "/v1/session/end", bytes))
        self._held.pop((session.token, session.site), None)
        return found if isinstance(found, Problem) else None

    async def perform(self, session: SignedIn, call: Call[T]) -> T | Problem:
        """Any call of `calls` in a session; `session-over` when that has ended. Raises `NoAnswerError`."""
        held = self._held.pop((session.token, session.site), None)
        if held is None:
            account = self._account.account(session.account, session.site)
            held = _Held(account, self._patience, self._proofs, session.token)
            while len(self._held) >= MOST_HELD:
                del self._held[next(iter(self._held))]
        found = await self._pool.drive(held.perform(call))
        if not (isinstance(found, Problem) and found.code == OVER.code):
            self._held[session.token, session.site] = held
        return found

    def _session(self, told: SessionAnswer | Problem) -> SignedIn | Problem:
        if isinstance(told, Problem):
            return told
        now = self._clock()
        return SignedIn(
            told.token, told.account, told.role, told.site, told.sites, told.profession, now + told.expires_in,
            now + told.ends_in, told.insurer, told.exports_from, told.zone,
        )  # fmt: skip

    async def _said(self, path: str, asked: msgspec.Struct, kind: type[T]) -> T | Problem:
        got = await self._pool.drive(self._sent(path, msgspec.json.encode(asked)))
        if isinstance(got, Lost):
            raise NoAnswerError("no-answer" if got.sent else "not-reached", sent=got.sent)
        if got.status >= 300:
            return problem_of(got)
        try:
            return msgspec.json.decode(got.body, type=kind)
        except msgspec.DecodeError as error:
            raise NoAnswerError("answer-not-understood", sent=True) from error

    def _sent(self, path: str, body: bytes) -> Flow[Received | Lost]:
        """A request with the portal's proof and no token; again with the hub's nonce when it asks for one."""
        got: Received | Lost = Lost(sent=False)
        for _ in range(TRIES):
            proof = self._proofs.proof("POST", self._account.hub.rstrip("/") + path, int(self._clock()))
            got = cast("Received | Lost", (yield Send("POST", path, body, (("DPoP", proof),))))
            if isinstance(got, Lost):
                return got
            self._proofs.nonce = got.headers.get("dpop-nonce", "") or self._proofs.nonce
            if "use_dpop_nonce" not in got.headers.get("www-authenticate", ""):
                return got
        return got
