"""What the client does between a call and its answer, without a socket: token, proofs, nonces, and what is repeated.

A flow is a generator: it gives what to send or how long to wait, is given what came back, and returns the answer.
`Client` drives it with a plain socket, `AsyncClient` with asyncio.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar
from urllib.parse import urlencode, urlsplit

import msgspec

from rempart.client import assertion, optics
from rempart.client.calls import Call, Ended, Repeat
from rempart.client.dpop import DpopKey
from rempart.client.identity import KeysRefusedError, Sealer
from rempart.sealing.keeper_keys import pinned
from rempart.wire.problem import Problem
from rempart.wire.token import ASSERTION_TYPE, FORM_TYPE, GRANT_TYPE, TokenAnswer

T = TypeVar("T")
TOKEN_PATH = "/v1/token"  # noqa: S105 - a path
MARGIN = 30  # seconds before its end at which a token is asked anew
SIGNED_MOST = 3  # sendings of one attempt: for the nonce, and for a token that ended early
UNANSWERED = frozenset({"busy", "unavailable"})
_CHANCE = random.SystemRandom().random
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class NoAnswerError(Exception):
    """The hub gave no answer that can be used. `sent`: it may have taken the request all the same."""

    def __init__(self, code: str, *, sent: bool) -> None:
        super().__init__(f"{code}: the request {'may have been' if sent else 'was not'} taken")
        self.code = code
        self.sent = sent


@dataclass(frozen=True, slots=True)
class Account:
    """Who calls: the hub's public origin, the client's registered id, its private JWK, the site it speaks for.

    `keeper` pins the keeper's key, name+hash+key as the operator gave it: what a card says is sealed to the keeper, and
    attachments to their insurer. `identity="clear"` tells them to the hub instead. `connect` is where to connect, when
    that is not the origin itself. Plain http is for this machine only. ValueError when something of this is amiss.
    """

    hub: str
    client: str
    site: str
    key: Mapping[str, str] = field(repr=False)
    connect: str = ""
    keeper: str = ""
    identity: Literal["sealed", "clear"] = "sealed"

    def __post_init__(self) -> None:
        if self.identity == "sealed":
            if not self.keeper:
                raise ValueError('the keeper\'s key is missing: pin it, or choose identity="clear"')
            pinned(self.keeper)
        for address in filter(None, (self.hub, self.connect)):
            parts = urlsplit(address)
            if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
                raise ValueError("the hub's address begins with https://")

    @property
    def origin(self) -> str:
        """What proofs and assertions name."""
        return self.hub.rstrip("/")


@dataclass(frozen=True, slots=True)
class Patience:
    """How often and how long: attempts of one call, seconds of one exchange, first and longest pause in seconds."""

    attempts: int = 4
    timeout: float = 15.0
    first: float = 0.25
    longest: float = 8.0


@dataclass(frozen=True, slots=True)
class Send:
    """To be sent as it is."""

    method: str
    path: str
    body: bytes
    headers: tuple[tuple[str, str], ...]

    def __repr__(self) -> str:
        return f"Send({self.method} {self.path.partition('?')[0]})"


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds to wait."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Received:
    """An answer; names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer. `sent` is False when nothing left this machine."""

    sent: bool


Flow = Generator[Send | Wait, Received | Lost | None, T]


class Session:
    """One client for one site: its token, its proof key, the hub's last nonce. Not for several threads at once."""

    def __init__(
        self,
        account: Account,
        patience: Patience,
        *,
        clock: Callable[[], float] = time.time,
        chance: Callable[[], float] = _CHANCE,
    ) -> None:
        self.account = account
        self.patience = patience
        self._clock = clock
        self._chance = chance
        self._proofs = DpopKey.generate()
        self._token, self._until = "", 0.0
        self.site = account.site  # that the last token speaks for
        self.agent = ""  # who sits at the program, in the site's own word: for calls that begin from now on
        self._said: dict[str, str] = {}  # that word, signed for the token of now
        sealed = account.identity == "sealed"
        self._sealer = Sealer(account.client, account.site, account.key, account.keeper) if sealed else None

    def perform(self, call: Call[T]) -> Flow[T | Problem]:
        """The answer, or the hub's no. Raises `NoAnswerError`."""
        lost = False
        call = replace(call, agent=self.agent)
        ready = call if call.presents is None or self._sealer is None else None
        for attempt in range(1, self.patience.attempts + 1):
            got, ready = yield from self._tried(call, ready)
            lost = lost or _lost(got)
            if attempt == self.patience.attempts or not _again(call, got):
                break
            yield Wait(self._pause(attempt, got))
        if isinstance(got, Lost):
            raise NoAnswerError("no-answer" if lost else "not-reached", sent=lost)
        if isinstance(got, Problem):
            return got
        if got.status >= 300:
            return (yield from self._refused(call, problem_of(got), lost=lost))
        return _read(call.kind, got.body)

    def _tried(self, call: Call[T], ready: Call[T] | None) -> Flow[tuple[Received | Lost | Problem, Call[T] | None]]:
        """One attempt. What is sent again is the same bytes, sealed once; unless the keeper's keys changed."""
        if ready is None:
            made = yield from self._sealed(call)
            if not isinstance(made, Call):
                return made, None
            ready = made
        got = yield from self._attempt(ready)
        if self._sealer is not None and isinstance(got, Received) and _keys_changed(got):
            self._sealer.forget()
            made = yield from self._sealed(call)
            if isinstance(made, Call):
                return (yield from self._attempt(made)), made
        return got, ready

    def _sealed(self, call: Call[T]) -> Flow[Call[T] | Lost | Problem]:
        """The call with what it presents sealed; first the keys for it, when they are not here or old."""
        if self._sealer is None or call.presents is None:
            return call
        for request in call.presents.requests:
            for path in self._sealer.missing(request, int(self._clock())):
                got = _received((yield Send("GET", path, b"", ())))
                if isinstance(got, Lost) or got.status >= 500:
                    return Lost(sent=False)  # of the call itself, nothing was sent
                if got.status != 200:
                    return problem_of(got)
                try:
                    self._sealer.learn(path, got.body)
                except KeysRefusedError as error:
                    raise NoAnswerError(error.code, sent=False) from error
        return replace(call, body=call.presents.body(self._sealer), presents=None)

    def _attempt(self, call: Call[T]) -> Flow[Received | Lost | Problem]:
        """One signed sending, with a new token or nonce when the hub asks for it: such a request was not looked at."""
        got: Received | Lost | Problem = Lost(sent=False)
        for _ in range(SIGNED_MOST):
            token = yield from self._live_token()
            if not isinstance(token, str):
                return token
            url = self.account.origin + call.path.partition("?")[0]  # without its query, RFC 9449 § 4.2
            proof = self._proofs.proof(call.method, url, int(self._clock()), token=token)
            headers = (("Authorization", f"DPoP {token}"), ("DPoP", proof), *self._sitting(call.agent), *call.headers)
            got = _received((yield Send(call.method, call.path, call.body, headers)))
            if not isinstance(got, Received) or not self._not_looked_at(got):
                return got
        return got

    def _sitting(self, agent: str) -> tuple[tuple[str, str], ...]:
        """Who sits at the program, signed once for a token."""
        if not agent:
            return ()
        if agent not in self._said:
            self._said[agent] = assertion.sign_agent(self.account.key, agent, self._token, int(self._clock()))
        return (("Rempart-Agent", self._said[agent]),)

    def _live_token(self) -> Flow[str | Lost | Problem]:
        """A token with some life left. Asking for one twice harms nothing: a lost one ends by itself."""
        if self._token and self._clock() < self._until - MARGIN:
            return self._token
        got = _received((yield self._token_request()))
        if isinstance(got, Received) and self._wants_nonce(got):  # the first answer may only bring the nonce
            got = _received((yield self._token_request()))
        if isinstance(got, Lost):
            return Lost(sent=False)  # of the call itself, nothing was sent
        if got.status == 200:
            told = _read(TokenAnswer, got.body)
            self._token, self._until = told.access_token, self._clock() + told.expires_in
            self._said.clear()
            self.site = told.site
            return self._token
        return Lost(sent=False) if got.status >= 500 else problem_of(got)

    def _token_request(self) -> Send:
        audience, seconds = self.account.origin + TOKEN_PATH, int(self._clock())
        account = self.account
        form = {
            "grant_type": GRANT_TYPE,
            "client_assertion_type": ASSERTION_TYPE,
            "client_assertion": assertion.sign(account.key, account.client, audience, seconds, site=account.site),
            "site": account.site,
        }
        headers = (("Content-Type", FORM_TYPE), ("DPoP", self._proofs.proof("POST", audience, seconds)))
        return Send("POST", TOKEN_PATH, urlencode(form).encode(), headers)

    def _not_looked_at(self, got: Received) -> bool:
        """Whether the request was refused before anything was read of it, for want of a nonce or of a live token."""
        if self._wants_nonce(got):
            return True
        if got.status == 401 and problem_of(got).code in {"invalid-token", "token", "grant-invalid"}:
            self._token = ""
            return True
        return False

    def _wants_nonce(self, got: Received) -> bool:
        nonce = got.headers.get("dpop-nonce", "")
        if nonce:
            self._proofs.nonce = nonce
        asked = "use_dpop_nonce" in got.headers.get("www-authenticate", "") or b'"use_dpop_nonce"' in got.body
        return bool(nonce) and got.status in {400, 401} and asked

    def _pause(self, attempt: int, got: Received | Lost | Problem) -> float:
        """Twice as long each time, by chance between half and whole; what `Retry-After` says, when it is a number."""
        said = got.headers.get("retry-after", "") if isinstance(got, Received) else ""
        least = float(said) if said.isascii() and said.isdigit() and len(said) < 6 else 0.0
        usual: float = self.patience.first * 2.0 ** (attempt - 1) * (0.5 + self._chance() / 2)
        return min(max(least, usual), self.patience.longest)

    def _refused(self, call: Call[T], problem: Problem, *, lost: bool) -> Flow[T | Problem]:
        """The hub's no; unless it only says that an attempt whose answer got lost had been taken."""
        if call.look is None or not lost or problem.code != call.look.code:
            return problem
        got = yield from self.perform(Call("GET", call.look.path, dict[str, Any]))
        if isinstance(got, Problem) or got.get("state") not in call.look.states:
            return problem
        return _read(call.kind, msgspec.json.encode(Ended(got["state"])))


def problem_of(got: Received) -> Problem:
    """The hub's problem document; one made here when the body is none (a proxy's page, say)."""
    if got.headers.get("content-type", "").startswith(optics.MEDIA_TYPE):
        found = optics.problem_of(got.status, got.body)
        if found is not None:
            return found
    try:
        return msgspec.json.decode(got.body, type=Problem)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return Problem("No problem document", got.status, "no-problem-document")


def run(flow: Flow[T], exchange: Callable[[Send], Received | Lost], wait: Callable[[float], None]) -> T:
    """Drives a flow to its end."""
    given: Received | Lost | None = None
    while True:
        try:
            asked = flow.send(given)
        except StopIteration as end:
            answer: T = end.value
            return answer
        if isinstance(asked, Wait):
            wait(asked.seconds)
            given = None
        else:
            given = exchange(asked)


def _received(given: Received | Lost | None) -> Received | Lost:
    if given is None:
        raise RuntimeError("a flow was driven without an answer")
    return given


def _keys_changed(got: Received) -> bool:
    """Whether the hub says that the keys were replaced: then nothing was looked at, nor kept."""
    return got.status == 422 and problem_of(got).code == "identity-key-unknown"


def _lost(got: Received | Lost | Problem) -> bool:
    """Whether the hub may have done the work although we were not told."""
    if isinstance(got, Received):
        return got.status >= 500 and problem_of(got).code not in UNANSWERED
    return isinstance(got, Lost) and got.sent


def _again(call: Call[Any], got: Received | Lost | Problem) -> bool:
    if isinstance(got, Problem):
        return False
    if isinstance(got, Lost):
        return not got.sent or call.repeat is Repeat.FREELY
    if got.status < 500:
        return False
    code = problem_of(got).code
    if code in UNANSWERED:
        return call.repeat is not Repeat.NEVER
    return call.repeat is Repeat.FREELY and code in {"internal-error", "no-problem-document"}


def _read(kind: type[T], body: bytes) -> T:
    if kind is bytes:
        return body  # type: ignore[return-value]  # T is bytes here
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NoAnswerError("answer-not-understood", sent=True) from error
