"""What the client seals before it leaves: identities to the keeper, attachments to the insurer.

Keys come from the hub and count only when the keeper signed them, by the key that the account pinned. No socket and no
clock in here: `exchange.Session` fetches, and says what time it is.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from datetime import date, timedelta
from urllib.parse import quote, urlencode

import msgspec

from rempart.ground.card_code import labels
from rempart.sealing.attachments import MAGIC, bound_to, seal_attachment
from rempart.sealing.identity_jwe import Presented, PresentedCard, seal, web
from rempart.sealing.keeper_keys import KeySet, Pinned, PublicKey, pinned, verified
from rempart.wire.authorizations import Attachment, AuthorizationRequest
from rempart.wire.eligibility import CardRequest, EligibilityRequest
from rempart.wire.estimates import CardEstimateRequest, EstimateRequest
from rempart.wire.invoices import InvoiceRequest
from rempart.wire.sealed import Sealed, closed

__all__ = ["Asking", "KeysRefusedError", "Sealer", "bound_to", "seal_attachment"]

KEEPER = "keeper"
NO_LABELS = ("", "", "")
"""Of what is no card: the hub refuses the AMC number, and nothing was looked up."""
KEPT = 3600  # seconds for which keys are used before they are fetched again
ByCard = CardRequest | CardEstimateRequest
Asking = EligibilityRequest | EstimateRequest | AuthorizationRequest | InvoiceRequest | ByCard
_PURPOSES: dict[type[Asking], str] = {
    EligibilityRequest: "eligibility",
    CardRequest: "eligibility",
    EstimateRequest: "estimate",
    CardEstimateRequest: "estimate",
    AuthorizationRequest: "authorization",
    InvoiceRequest: "invoice",
}


class KeysRefusedError(Exception):
    """The hub gave keys that the keeper did not sign, or stale ones: nothing was sealed, and nothing may be sent."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Sealer:
    """Seals in the name of one client and site. `key`: the client's private JWK; `keeper`: the pinned verifier key."""

    def __init__(self, client: str, site: str, key: Mapping[str, str], keeper: str) -> None:
        self._client, self._site = client, site
        self._pinned: Pinned = pinned(keeper)
        self._marks = hashlib.sha256(b"rempart-mark/1\n" + key["d"].encode()).digest()
        self._sets: dict[str, tuple[int, KeySet]] = {}
        self._now = 0

    def missing(self, request: Asking, now: int) -> list[str]:
        """The addresses of the keys that are still to be fetched for a request; `now` in seconds since 1970."""
        self._now = now
        wanted = ["/v1/keeper-keys"]
        if isinstance(request, AuthorizationRequest) and not all(map(_is_sealed, request.attachments)):
            wanted.append(_insurer_path(request))
        return [path for path in wanted if path not in self._sets or now >= self._sets[path][0]]

    def learn(self, path: str, document: bytes) -> None:
        """Takes the keys that came from an address. Raises `KeysRefusedError` when they are not the keeper's."""
        found = verified(document, self._pinned, KEEPER if path == "/v1/keeper-keys" else "", self._now)
        if isinstance(found, str):
            raise KeysRefusedError(found)
        if not self._live(found):
            raise KeysRefusedError("keys-stale")
        self._sets[path] = min(found.exp, self._now + KEPT), found

    def forget(self) -> None:
        """The hub said that they changed."""
        self._sets = {path: (0, found) for path, (_, found) in self._sets.items()}

    def request(self, request: Asking, key: str = "") -> msgspec.Struct:
        """The request with its identity, and attachments, sealed. `key`: its Idempotency-Key.

        What is sealed differs each time; the mark is the same for the same content under the same key, and only who has
        the client's private key can make or read it.
        """
        mark = self.mark(msgspec.json.encode(request), key) if key else ""
        jwe = seal(self._presented(request), self._key("/v1/keeper-keys").raw)
        if isinstance(request, CardRequest):
            amc, convention, csr = labels(request.card) or NO_LABELS
            request = EligibilityRequest(
                amc, "", "", request.care_date, request.domains, request.evidence, convention, csr,
                site_reference=request.site_reference,
            )  # fmt: skip
        if isinstance(request, CardEstimateRequest):
            request = request.labelled(*(labels(request.card) or NO_LABELS))
        if isinstance(request, AuthorizationRequest) and not all(map(_is_sealed, request.attachments)):
            request = self._attached(request)
        return closed(request, Sealed(jwe, mark))

    def mark(self, content: bytes, key: str) -> str:
        """What stands for a content in clear that is sealed anew each time it goes under its Idempotency-Key."""
        return web(hmac.digest(self._marks, key.encode() + b"\n" + content, "sha256")[:16])

    def _presented(self, request: Asking) -> Presented | PresentedCard:
        if isinstance(request, ByCard):
            amc, convention, csr = labels(request.card) or NO_LABELS
            return PresentedCard(
                client=self._client, site=self._site, purpose=_PURPOSES[type(request)], made=self._now,
                id=secrets.token_urlsafe(16), amc_number=amc, card=request.card, care_dates=_days(request),
                convention=convention, csr=csr,
            )  # fmt: skip
        return Presented(
            client=self._client, site=self._site, purpose=_PURPOSES[type(request)], made=self._now,
            id=secrets.token_urlsafe(16), amc_number=request.amc_number, member=request.member,
            birth_date=request.birth_date, care_dates=_days(request), convention=request.convention, csr=request.csr,
            nir=request.nir, rank=request.rank,
        )  # fmt: skip

    def _attached(self, request: AuthorizationRequest) -> AuthorizationRequest:
        path = _insurer_path(request)
        reader, insurer = self._key(path).raw, self._sets[path][1].holder
        sealed = []
        for each in request.attachments:
            if _is_sealed(each):  # in the page of whoever sends it, past the portal
                sealed.append(each)
                continue
            bound = bound_to(insurer, self._site, request.planned_date, each.kind)
            sealed.append(msgspec.structs.replace(each, content=seal_attachment(each.content, reader, bound)))
        return msgspec.structs.replace(request, attachments=tuple(sealed))

    def _key(self, path: str) -> PublicKey:
        found = self._sets[path][1]
        return (self._live(found) or found.keys)[0]

    def _live(self, found: KeySet) -> list[PublicKey]:
        """The newest first; a clock that runs a little behind may use a key of today."""
        return [key for key in found.keys if key.nbf - 300 <= self._now < key.exp]


def insurer_path(amc_number: str, convention: str, csr: str) -> str:
    """Where the keys of the insurer are whom a card's labels name."""
    query = urlencode({"convention": convention, "csr": csr})
    return f"/v1/insurers/{quote(amc_number, safe='')}/keys?{query}"


def _insurer_path(request: AuthorizationRequest) -> str:
    return insurer_path(request.amc_number, request.convention, request.csr)


def _is_sealed(attachment: Attachment) -> bool:
    return attachment.content.startswith(MAGIC)


def _days(request: Asking) -> tuple[str, ...]:
    """The days of care that the request names; of a stay its first and last with all between."""
    if isinstance(request, EligibilityRequest | CardRequest):
        return (request.care_date,)
    if isinstance(request, AuthorizationRequest):
        return (request.planned_date,)
    days = {line.care_date for line in request.lines}
    if isinstance(request, EstimateRequest | CardEstimateRequest) and request.stay is not None:
        days.add(f"{request.stay.first_day}/{_last(request.stay.first_day, request.stay.days)}")
    return tuple(sorted(days))


def _last(first: str, count: int) -> str:
    try:
        return (date.fromisoformat(first) + timedelta(max(count, 1) - 1)).isoformat()
    except (ValueError, OverflowError):
        return first  # the hub says what is wrong with it
