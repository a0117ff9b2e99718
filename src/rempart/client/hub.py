"""The typed client of the hub, for vendors' software: one for threads, one for asyncio, with the same operations.

    with Client(Account("https://hub.example", "my-software", "990000002", load_key(path))) as hub:
        answer = hub.eligibility(EligibilityRequest(…))

Each operation returns its answer, or the hub's `Problem` when it says no; `NoAnswerError` when no answer came. What may
be repeated is repeated by itself, under the same idempotency key; what may not never is (`calls.Repeat`).
"""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar
from uuid import uuid4

import msgspec

from rempart.client import calls, mandates, sockets
from rempart.client.batches import AsyncBatches, Batches
from rempart.client.calls import Call, Ended
from rempart.client.exchange import Account, Lost, NoAnswerError, Patience, Received, Send, Session, run
from rempart.client.notices import AsyncNotices, Notices
from rempart.client.pool import Pool
from rempart.ground.files import SecretRefused, read_secret
from rempart.wire.authorizations import AuthorizationList, AuthorizationRequest, AuthorizationState
from rempart.wire.eligibility import CardRequest, EligibilityAnswer, EligibilityRequest, PresenceRequest
from rempart.wire.estimates import CardEstimateRequest, EstimateAnswer, EstimateRequest
from rempart.wire.invoices import FileReceipt, FileState, InvoiceRequest, InvoicesReceipt, InvoiceState
from rempart.wire.mandates import MandateGiven
from rempart.wire.own_records import OwnRecords
from rempart.wire.payments import ClawBackState, DebtList, RemittanceAdvice, RemittanceList
from rempart.wire.problem import Problem
from rempart.wire.webhooks import WebhookState

__all__ = ["Account", "AsyncClient", "Client", "Ended", "NoAnswerError", "Patience", "load_key"]

T = TypeVar("T")


def load_key(path: Path) -> dict[str, str] | SecretRefused:
    """The private JWK of a file that only its owner may read (0600), or why not."""
    content = read_secret(path)
    if isinstance(content, SecretRefused):
        return content
    try:
        return msgspec.json.decode(content, type=dict[str, str])
    except (msgspec.DecodeError, UnicodeDecodeError):
        return SecretRefused(path, "secret-malformed", f"{path} is not a private JWK: make one as the guide shows")


def new_key() -> str:
    """A fresh idempotency key. Keep it with what it is for until its answer is kept: then a crash repeats nothing."""
    return str(uuid4())


class Client(Batches, Notices):
    """The hub for one client and one site, from any thread; calls wait for each other.

    `tls` trusts another authority than the machine's; `hear` is told of each exchange, tokens and cards included.
    """

    def __init__(
        self,
        account: Account,
        patience: Patience | None = None,
        *,
        tls: ssl.SSLContext | None = None,
        hear: Callable[[Send, Received | Lost], None] | None = None,
    ) -> None:
        patience = patience or Patience()
        self._hear = hear
        self._session = Session(account, patience)
        self._connection = sockets.Connection(account.connect or account.hub, timeout=patience.timeout, tls=tls)
        self._turn = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connection."""
        self._connection.close()

    def seat(self, agent: str) -> None:
        """Who sits at the program from now on, in the site's own word (`u17`, no name); "" nobody."""
        self._session.agent = agent

    def perform(self, call: Call[T]) -> T | Problem:
        """Any call of `calls`."""
        with self._turn:
            return run(self._session.perform(call), self._exchange, time.sleep)

    def _exchange(self, asked: Send) -> Received | Lost:
        got = self._connection.exchange(asked)
        if self._hear is not None:
            self._hear(asked, got)
        return got

    def claim_mandate(self, code: str) -> MandateGiven | Problem:
        """The site's mandate for this program, by a code of its manager. Raises `NoAnswerError`."""
        with self._turn:
            return mandates.claimed(self._exchange(mandates.claim(self._session.account, code, int(time.time()))))

    def eligibility(self, request: EligibilityRequest | CardRequest | PresenceRequest) -> EligibilityAnswer | Problem:
        """Is this beneficiary covered? A lost answer is not asked for again by itself: asking is counted."""
        return self.perform(calls.eligibility(request))

    def own_records(self, request: EligibilityRequest) -> OwnRecords | Problem:
        """What this site asked for and sent for the person whose card is shown; counted as a question is."""
        return self.perform(calls.own_records(request))

    def estimate(self, request: EstimateRequest | CardEstimateRequest) -> EstimateAnswer | Problem:
        """What would each side pay of these lines now? Nothing is held."""
        return self.perform(calls.estimate(request))

    def invoices(self, requests: Sequence[InvoiceRequest], key: str = "") -> InvoicesReceipt | Problem:
        """Sends invoices; `key` as of `new_key`, kept by you, also carries them over a crash of your software."""
        return self.perform(calls.invoices(tuple(requests), key or new_key()))

    def file(self, content: bytes) -> FileReceipt | Problem:
        """Sends a B2 file; the same bytes again get the first receipt."""
        return self.perform(calls.file(content))

    def file_state(self, identity: str) -> FileState | Problem:
        """What became of a deposit, by the hub's id."""
        return self.perform(calls.file_state(identity))

    def file_return(self, identity: str) -> bytes | Problem:
        """The same as a NOEMIE return."""
        return self.perform(calls.file_return(identity))

    def invoice_state(self, identity: str, *, lines: bool = True) -> InvoiceState | Problem:
        """Where an invoice stands, with each amount and reason; without `lines`, the state alone."""
        return self.perform(calls.invoice_state(identity, lines=lines))

    def find_invoices(self, number: str = "", *, site_reference: str = "") -> list[str] | Problem:
        """The hub's ids of your number or reference, newest first: for what was sent in files, or after a crash."""
        return self.perform(calls.find_invoices(number, site_reference=site_reference))

    def cancel_invoice(self, identity: str) -> Ended | Problem:
        """Cancels an invoice; `taken-back` when it was paid already."""
        return self.perform(calls.cancel_invoice(identity))

    def say_distinct(self, identity: str) -> Ended | Problem:
        """An invoice held as a possible duplicate is another one."""
        return self.perform(calls.say_distinct(identity))

    def correct_invoice(
        self, identity: str, corrected: InvoiceRequest, key: str = ""
    ) -> InvoicesReceipt | Ended | Problem:
        """Cancels an invoice and sends another in its place. A rejected one needs no cancelling: send again.

        An `Ended` answer (`taken-back`) says that the old one was paid: nothing was sent, wait for the claw-back.
        """
        ended = self.cancel_invoice(identity)
        if isinstance(ended, Problem) or ended.state != "cancelled":
            return ended
        return self.invoices((corrected,), key)

    def authorization(self, request: AuthorizationRequest, key: str = "") -> AuthorizationState | Problem:
        """Asks the insurer to agree to a quote."""
        return self.perform(calls.authorization(request, key or new_key()))

    def modify_authorization(
        self, identity: str, request: AuthorizationRequest, key: str = ""
    ) -> AuthorizationState | Problem:
        """Asks again with another quote; once agreed it replaces the former."""
        return self.perform(calls.authorization(request, key or new_key(), identity))

    def authorization_state(self, identity: str, *, lines: bool = True) -> AuthorizationState | Problem:
        """Where an authorization stands; without `lines`, the state alone."""
        return self.perform(calls.authorization_state(identity, lines=lines))

    def find_authorizations(self, *, reference: str = "", site_reference: str = "") -> AuthorizationList | Problem:
        """By the insurer's reference, or by yours: one of the two."""
        wanted = {"reference": reference} if reference else {"site_reference": site_reference}
        return self.perform(calls.find_authorizations(**wanted))

    def authorization_changes(self, since: int) -> AuthorizationList | Problem:
        """What changed after `since` (0 at first, then the last `next`)."""
        return self.perform(calls.find_authorizations(since=since))

    def cancel_authorization(self, identity: str) -> Ended | Problem:
        """Ends an authorization that is not invoiced."""
        return self.perform(calls.cancel_authorization(identity))

    def optics_message(self, message: bytes) -> bytes | Problem:
        """One message of optics software and the hub's answer, both as docs/formats/optics-messages.md says."""
        return self.perform(calls.optics_message(message))

    def webhooks(self) -> list[WebhookState] | Problem:
        """How the site's webhooks go; a stopped one says why."""
        return self.perform(calls.webhooks())

    def resume_webhook(self, identity: str) -> Ended | Problem:
        """Tells a stopped one again, from where it stopped."""
        return self.perform(calls.resume_webhook(identity))

    def remittances(self, before: str = "") -> RemittanceList | Problem:
        """The payments to the site, and what waits and why; `before` asks for older ones."""
        return self.perform(calls.remittances(before))

    def remittance(self, identity: str) -> RemittanceAdvice | Problem:
        """One payment by insurer and invoice."""
        return self.perform(calls.remittance(identity))

    def remittance_pdf(self, identity: str) -> bytes | Problem:
        """The same to print."""
        return self.perform(calls.remittance_pdf(identity))

    def remittance_return(self, identity: str) -> bytes | Problem:
        """The same as a NOEMIE return, identity zones empty: `rempart client noemie-fill` fills them on your side."""
        return self.perform(calls.remittance_return(identity))

    def claw_backs(self) -> list[ClawBackState] | Problem:
        """What is taken back from the site."""
        return self.perform(calls.claw_backs())

    def debts(self) -> DebtList | Problem:
        """What the site owes for claw-backs that stand: later payments deduct it."""
        return self.perform(calls.debts())

    def demand_pdf(self, claw_back: str) -> bytes | Problem:
        """One debt to print: why, what is left, how to pay."""
        return self.perform(calls.demand_pdf(claw_back))

    def dispute(self, identity: str) -> Ended | Problem:
        """Disputes a claw-back during its notice."""
        return self.perform(calls.dispute(identity))

    def stand_in(self, insurer: str) -> bytes | Problem:
        """An insurer's stand-in rules, to be checked with `stand_in.verify` and kept."""
        return self.perform(calls.stand_in(insurer))


class AsyncClient(AsyncBatches, AsyncNotices):
    """The same operations for asyncio, over at most `connections` connections at once; what each does: `Client`."""

    def __init__(
        self,
        account: Account,
        patience: Patience | None = None,
        *,
        connections: int = 4,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        patience = patience or Patience()
        self._session = Session(account, patience)
        self._pool = Pool(account.connect or account.hub, patience.timeout, connections, tls=tls)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._pool.close()

    def seat(self, agent: str) -> None:
        self._session.agent = agent

    async def perform(self, call: Call[T]) -> T | Problem:
        return await self._pool.drive(self._session.perform(call))

    async def claim_mandate(self, code: str) -> MandateGiven | Problem:
        return await self._pool.drive(mandates.claiming(self._session.account, code, int(time.time())))

    async def eligibility(
        self, request: EligibilityRequest | CardRequest | PresenceRequest
    ) -> EligibilityAnswer | Problem:
        return await self.perform(calls.eligibility(request))

    async def own_records(self, request: EligibilityRequest) -> OwnRecords | Problem:
        return await self.perform(calls.own_records(request))

    async def estimate(self, request: EstimateRequest | CardEstimateRequest) -> EstimateAnswer | Problem:
        return await self.perform(calls.estimate(request))

    async def invoices(self, requests: Sequence[InvoiceRequest], key: str = "") -> InvoicesReceipt | Problem:
        return await self.perform(calls.invoices(tuple(requests), key or new_key()))

    async def file(self, content: bytes) -> FileReceipt | Problem:
        return await self.perform(calls.file(content))

    async def file_state(self, identity: str) -> FileState | Problem:
        return await self.perform(calls.file_state(identity))

    async def file_return(self, identity: str) -> bytes | Problem:
        return await self.perform(calls.file_return(identity))

    async def invoice_state(self, identity: str, *, lines: bool = True) -> InvoiceState | Problem:
        return await self.perform(calls.invoice_state(identity, lines=lines))

    async def find_invoices(self, number: str = "", *, site_reference: str = "") -> list[str] | Problem:
        return await self.perform(calls.find_invoices(number, site_reference=site_reference))

    async def cancel_invoice(self, identity: str) -> Ended | Problem:
        return await self.perform(calls.cancel_invoice(identity))

    async def say_distinct(self, identity: str) -> Ended | Problem:
        return await self.perform(calls.say_distinct(identity))

    async def correct_invoice(
        self, identity: str, corrected: InvoiceRequest, key: str = ""
    ) -> InvoicesReceipt | Ended | Problem:
        ended = await self.cancel_invoice(identity)
        if isinstance(ended, Problem) or ended.state != "cancelled":
            return ended
        return await self.invoices((corrected,), key)

    async def authorization(self, request: AuthorizationRequest, key: str = "") -> AuthorizationState | Problem:
        return await self.perform(calls.authorization(request, key or new_key()))

    async def modify_authorization(
        self, identity: str, request: AuthorizationRequest, key: str = ""
    ) -> AuthorizationState | Problem:
        return await self.perform(calls.authorization(request, key or new_key(), identity))

    async def authorization_state(self, identity: str, *, lines: bool = True) -> AuthorizationState | Problem:
        return await self.perform(calls.authorization_state(identity, lines=lines))

    async def find_authorizations(
        self, *, reference: str = "", site_reference: str = ""
    ) -> AuthorizationList | Problem:
        wanted = {"reference": reference} if reference else {"site_reference": site_reference}
        return await self.perform(calls.find_authorizations(**wanted))

    async def authorization_changes(self, since: int) -> AuthorizationList | Problem:
        return await self.perform(calls.find_authorizations(since=since))

    async def cancel_authorization(self, identity: str) -> Ended | Problem:
        return await self.perform(calls.cancel_authorization(identity))

    async def optics_message(self, message: bytes) -> bytes | Problem:
        return await self.perform(calls.optics_message(message))

    async def webhooks(self) -> list[WebhookState] | Problem:
        return await self.perform(calls.webhooks())

    async def resume_webhook(self, identity: str) -> Ended | Problem:
        return await self.perform(calls.resume_webhook(identity))

    async def remittances(self, before: str = "") -> RemittanceList | Problem:
        return await self.perform(calls.remittances(before))

    async def remittance(self, identity: str) -> RemittanceAdvice | Problem:
        return await self.perform(calls.remittance(identity))

    async def remittance_pdf(self, identity: str) -> bytes | Problem:
        return await self.perform(calls.remittance_pdf(identity))

    async def remittance_return(self, identity: str) -> bytes | Problem:
        return await self.perform(calls.remittance_return(identity))

    async def claw_backs(self) -> list[ClawBackState] | Problem:
        return await self.perform(calls.claw_backs())

    async def debts(self) -> DebtList | Problem:
        return await self.perform(calls.debts())

    async def demand_pdf(self, claw_back: str) -> bytes | Problem:
        return await self.perform(calls.demand_pdf(claw_back))

    async def dispute(self, identity: str) -> Ended | Problem:
        return await self.perform(calls.dispute(identity))

    async def stand_in(self, insurer: str) -> bytes | Problem:
        return await self.perform(calls.stand_in(insurer))
