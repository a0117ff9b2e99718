"""The honest software of a site: it signs in with its own key, asks, bills, and looks what became of it."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from typing import TypeVar
from urllib.parse import urlencode

import msgspec

from rempart.client import assertion
from rempart.client.dpop import DpopKey
from rempart.domain.invoice import Invoice, Line, Presented
from rempart.simulation.clients import Registration, demo_jwk
from rempart.simulation.events import Ask
from rempart.simulation.http import Connection, Response
from rempart.wire.authorizations import AuthorizationList, AuthorizationRequest, AuthorizationState
from rempart.wire.batches import BatchItem, BatchReceipt, BatchRequest, BatchState
from rempart.wire.eligibility import CardRequest, EligibilityAnswer, EligibilityRequest, PresenceRequest
from rempart.wire.estimates import CardEstimateRequest, EstimateAnswer, EstimateRequest
from rempart.wire.invoices import (
    FileReceipt,
    FileState,
    InvoiceRequest,
    InvoicesReceipt,
    InvoicesRequest,
    InvoiceState,
    LineRequest,
    ParticularsRequest,
)
from rempart.wire.notices import NoticeList
from rempart.wire.own_records import OwnRecords
from rempart.wire.problem import Problem
from rempart.wire.token import ASSERTION_TYPE, FORM_TYPE, GRANT_TYPE, TokenAnswer
from rempart.wire.webhooks import WebhookState

MICROSECONDS = 1_000_000
_MARGIN = 30  # seconds before its end at which a token is asked anew
_JSON = "application/json"
_Answer = TypeVar("_Answer")


class Caller:
    """One client for one site (billing number), over one connection; `now` gives microseconds UTC.

    `base` is where it connects; `public` the origin the hub knows itself by, when it differs: proofs name that one.
    Every call returns the answer, or the hub's `Problem`. Raises `HttpError` or `TimeoutError` without an answer.
    """

    def __init__(
        self, base: str, registration: Registration, site: str, *, now: Callable[[], int], public: str = ""
    ) -> None:
        self._connection = Connection(base)
        self._public = (public or base).rstrip("/")
        self._registration, self._site, self._now = registration, site, now
        secret = base64.urlsafe_b64decode(registration.private_jwk["d"] + "=")
        self.dpop = DpopKey(demo_jwk(hashlib.sha256(secret + site.encode()).digest()))
        self._token, self._until = "", 0

    async def close(self) -> None:
        """Closes the connection."""
        await self._connection.close()

    async def token(self) -> str | Problem:
        """A live token, asked anew when the last one is near its end."""
        if self._token and self._now() // MICROSECONDS < self._until - _MARGIN:
            return self._token
        path = "/v1/token"
        jwk, audience = self._registration.private_jwk, self._public + path
        for _ in range(2):  # the first answer may only bring the nonce
            seconds = self._now() // MICROSECONDS
            signed = assertion.sign(jwk, self._registration.client, audience, seconds, site=self._site)
            form = {
                "grant_type": GRANT_TYPE,
                "client_assertion_type": ASSERTION_TYPE,
                "client_assertion": signed,
                "site": self._site,
            }
            headers = {"Content-Type": FORM_TYPE, "DPoP": self.dpop.proof("POST", audience, seconds)}
            response = await self._connection.request("POST", path, urlencode(form).encode(), headers)
            if not self._wants_nonce(response):
                break
        if response.status != 200:
            return _problem(response)
        answer = msgspec.json.decode(response.body, type=TokenAnswer)
        self._token, self._until = answer.access_token, self._now() // MICROSECONDS + answer.expires_in
        return self._token

    async def ask(self, ask: Ask, *, reference: str = "") -> EligibilityAnswer | Problem:
        """One eligibility question of the day."""
        return await self.eligibility(eligibility_request(ask, reference=reference))

    async def eligibility(
        self, request: EligibilityRequest | CardRequest | PresenceRequest
    ) -> EligibilityAnswer | Problem:
        """One eligibility question."""
        return await self._json(("POST", "/v1/eligibility"), msgspec.json.encode(request), EligibilityAnswer)

    async def batch(self, items: tuple[BatchItem, ...], key: str) -> BatchReceipt | Problem:
        """Many questions at once, under an idempotency key."""
        body = msgspec.json.encode(BatchRequest(items))
        return await self._json(("POST", "/v1/eligibility/batches"), body, BatchReceipt, {"Idempotency-Key": key})

    async def batch_state(self, batch: str) -> BatchState | Problem:
        """The answers of a batch, once it is ready."""
        return await self._json(("GET", f"/v1/eligibility/batches/{batch}"), b"", BatchState)

    async def estimate(self, request: EstimateRequest | CardEstimateRequest) -> EstimateAnswer | Problem:
        """What the patient would pay now."""
        return await self._json(("POST", "/v1/estimates"), msgspec.json.encode(request), EstimateAnswer)

    async def invoices(self, invoices: tuple[InvoiceRequest, ...], key: str) -> InvoicesReceipt | Problem:
        """Sends invoices under an idempotency key: sent again after a time-out, the same key gets the same answer."""
        body = msgspec.json.encode(InvoicesRequest(invoices))
        return await self._json(("POST", "/v1/invoices"), body, InvoicesReceipt, {"Idempotency-Key": key})

    async def file(self, content: bytes) -> FileReceipt | Problem:
        """Sends a B2 file; the same file sent again gets the first one's receipt."""
        headers = {"Content-Type": "application/octet-stream"}
        return await self._json(("POST", "/v1/files"), content, FileReceipt, headers)

    async def file_state(self, file: str) -> FileState | Problem:
        """What became of a file, by the hub's id."""
        return await self._json(("GET", f"/v1/files/{file}"), b"", FileState)

    async def invoice_state(self, invoice: str) -> InvoiceState | Problem:
        """What became of an invoice, by the hub's id."""
        return await self._json(("GET", f"/v1/invoices/{invoice}"), b"", InvoiceState)

    async def find(self, number: str) -> list[str] | Problem:
        """The hub's ids of this site's invoices under the site's own number, for those sent in files."""
        return await self._json(("GET", f"/v1/invoices?number={number}"), b"", list[str])

    async def cancel(self, invoice: str) -> dict[str, str] | Problem:
        """Cancels an invoice of this site that is not paid yet; its number is then free."""
        return await self._json(("POST", f"/v1/invoices/{invoice}/cancel"), b"", dict[str, str])

    async def say_distinct(self, invoice: str) -> dict[str, str] | Problem:
        """Says that an invoice held as a possible duplicate is another one."""
        return await self._json(("POST", f"/v1/invoices/{invoice}/distinct"), b"", dict[str, str])

    async def own_records(self, request: EligibilityRequest) -> OwnRecords | Problem:
        """What this site has of the person whose card is shown."""
        return await self._json(("POST", "/v1/own-records"), msgspec.json.encode(request), OwnRecords)

    async def notices(self, since: int = 0) -> NoticeList | Problem:
        """What happened to this site without its asking."""
        return await self._json(("GET", f"/v1/notices?since={since}"), b"", NoticeList)

    async def webhooks(self) -> list[WebhookState] | Problem:
        """How this site's webhooks go."""
        return await self._json(("GET", "/v1/webhooks"), b"", list[WebhookState])

    async def resume_webhook(self, identity: str) -> dict[str, str] | Problem:
        """Tells a stopped one again."""
        return await self._json(("POST", f"/v1/webhooks/{identity}/resume"), b"", dict[str, str])

    async def authorization(
        self, request: AuthorizationRequest, key: str, *, replaces: str = ""
    ) -> AuthorizationState | Problem:
        """Asks for an authorization, or for another in place of `replaces`."""
        path = f"/v1/authorizations/{replaces}/modify" if replaces else "/v1/authorizations"
        body = msgspec.json.encode(request)
        return await self._json(("POST", path), body, AuthorizationState, {"Idempotency-Key": key})

    async def authorization_state(self, authorization: str) -> AuthorizationState | Problem:
        """Where an authorization stands, by the hub's id."""
        return await self._json(("GET", f"/v1/authorizations/{authorization}"), b"", AuthorizationState)

    async def authorizations(self, query: str) -> AuthorizationList | Problem:
        """What `reference=`, `site_reference=` or `since=` finds."""
        return await self._json(("GET", f"/v1/authorizations?{query}"), b"", AuthorizationList)

    async def cancel_authorization(self, authorization: str) -> dict[str, str] | Problem:
        """Ends an authorization of this site that is not invoiced."""
        return await self._json(("POST", f"/v1/authorizations/{authorization}/cancel"), b"", dict[str, str])

    async def _json(
        self, call: tuple[str, str], body: bytes, kind: type[_Answer], headers: Mapping[str, str] | None = None
    ) -> _Answer | Problem:
        response = await self.call(*call, body, headers or {})
        if isinstance(response, Problem):
            return response
        return msgspec.json.decode(response.body, type=kind) if response.status < 300 else _problem(response)

    async def call(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> Response | Problem:
        """One signed request; repeated once when the hub asks for its nonce."""
        token = await self.token()
        if isinstance(token, Problem):
            return token
        url = self._public + path.partition("?")[0]  # proofs name the address without its query, RFC 9449 § 4.2
        for _ in range(2):
            proof = self.dpop.proof(method, url, self._now() // MICROSECONDS, token=token)
            signed = {"Authorization": f"DPoP {token}", "DPoP": proof, "Content-Type": _JSON, **headers}
            response = await self._connection.request(method, path, body, signed)
            if not self._wants_nonce(response):
                return response
        return response

    def _wants_nonce(self, response: Response) -> bool:
        """Takes the nonce of an answer; true when the request must be repeated with it."""
        nonce = response.headers.get("dpop-nonce", "")
        if nonce:
            self.dpop.nonce = nonce
        challenge = response.headers.get("www-authenticate", "")
        refused = response.status in (400, 401) and (
            b"use_dpop_nonce" in response.body or "use_dpop_nonce" in challenge
        )
        return bool(nonce) and refused


def eligibility_request(ask: Ask, *, reference: str = "") -> EligibilityRequest:
    """The question as the API takes it."""
    return presented_request(
        ask.presented,
        care_date=ask.care_date.isoformat(),
        domains=ask.domains,
        evidence=ask.evidence,
        reference=reference,
    )


def presented_request(
    shown: Presented, *, care_date: str, domains: tuple[str, ...], evidence: str, reference: str = ""
) -> EligibilityRequest:
    """What a card shows, as a question of the API; ValidationError when `evidence` is none it knows."""
    fields = {
        "amc_number": shown.amc_number,
        "member": shown.member,
        "birth_date": shown.birth,
        "care_date": care_date,
        "domains": domains,
        "evidence": evidence,
        "convention": shown.convention,
        "csr": shown.csr,
        "nir": shown.nir,
        "rank": shown.rank,
        "site_reference": reference,
    }
    return msgspec.convert(fields, EligibilityRequest)


def invoice_request(invoice: Invoice, *, accreditation: str | None = None, distinct: bool = False) -> InvoiceRequest:
    """An invoice as the API takes it, with the accreditation that its visit was given."""
    shown = invoice.presented
    return InvoiceRequest(
        number=invoice.number,
        issued=invoice.issued.isoformat(),
        amc_number=shown.amc_number,
        member=shown.member,
        birth_date=shown.birth,
        lines=tuple(_line(line) for line in invoice.lines),
        nir=shown.nir,
        rank=shown.rank,
        convention=shown.convention,
        csr=shown.csr,
        nature=invoice.nature,
        exemption=invoice.exemption,
        accreditation=accreditation or invoice.accreditation,
        site_reference=invoice.site_reference,
        mode=invoice.mode,
        distinct=distinct,
    )


def _line(line: Line) -> LineRequest:
    return LineRequest(
        line.care_date.isoformat(), line.code, line.family, line.base, line.rate, line.amo, line.spent, line.amc,
        line.quantity, line.coefficient, line.unit_price, line.exemption, line.qualifier, line.place, line.detail,
        ParticularsRequest(line.particulars.item, line.particulars.side) if line.particulars is not None else None,
    )  # fmt: skip


def _problem(response: Response) -> Problem:
    """The hub's problem document; one made up here when the body is none (a proxy's page, say)."""
    try:
        return msgspec.json.decode(response.body, type=Problem)
    except msgspec.DecodeError:
        return Problem("No problem document", response.status, "no-problem-document")
