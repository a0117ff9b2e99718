"""The conformance kit: what software that connects must do, one named function a requirement, judged on a recording.

Each gives None when it was not seen at all, else what was wrong, an empty list when nothing was. A rule about what must
not happen passes when it did not.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, urlsplit

import msgspec

from rempart.client.conformance_agents import agent_signed
from rempart.client.conformance_batches import PATH as BATCHES
from rempart.client.conformance_batches import batch_waited
from rempart.client.conformance_sealing import (
    AUTHORIZATIONS,
    INVOICES,
    JWE,
    QUESTION,
    Exchanges,
    Wrong,
    identity_sealed,
    judged_each,
    keys_fetched,
    place_of,
    sealed_once,
    values_of,
)
from rempart.client.recording import Exchange, unverified
from rempart.client.sandbox import CARDS, OUR_RANGE, Card, reference_of
from rempart.wire.sealed import SealedAuthorizationRequest, SealedInvoicesRequest, comparable

TOKEN = "/v1/token"  # noqa: S105 - a path
TOKEN_LIFE = 600.0  # seconds for which software keeps a token at least; they live up to 900
PATIENT = 1.0  # seconds after a 429 before the same is asked again


@dataclass(frozen=True, slots=True)
class Requirement:
    """One line of the table: its stable code, what it asks, what to do when it fails, and the check."""

    code: str
    asks: str
    todo: str
    check: Callable[[Exchanges], Wrong]


@dataclass(frozen=True, slots=True)
class Verdict:
    """`verdict`: pass, fail or unseen. `seen`: the first few places at fault, never a card's content."""

    code: str
    verdict: str
    asks: str
    todo: str = ""
    seen: tuple[str, ...] = ()


def judge(exchanges: Exchanges) -> tuple[Verdict, ...]:
    """Every requirement on one recording."""
    return tuple(_verdict(requirement, requirement.check(exchanges)) for requirement in REQUIREMENTS)


def of_the_sandbox(exchanges: Exchanges) -> bool:
    """Whether every card in the recording is an invented one: no other recording is judged."""
    numbers = (number for each in exchanges for number in values_of(each.told, "amc_number"))
    return all(str(number).startswith(OUR_RANGE) for number in numbers)


def _verdict(requirement: Requirement, wrong: Wrong) -> Verdict:
    if wrong is None:
        return Verdict(requirement.code, "unseen", requirement.asks, requirement.todo)
    if wrong:
        return Verdict(requirement.code, "fail", requirement.asks, requirement.todo, tuple(wrong[:3]))
    return Verdict(requirement.code, "pass", requirement.asks)


def token_with_proof(exchanges: Exchanges) -> Wrong:
    """RFC 9449 § 5."""
    return judged_each(_to(exchanges, TOKEN), lambda each: each.proof[0].get("typ") == "dpop+jwt")


def token_granted(exchanges: Exchanges) -> Wrong:
    """At least once."""
    asked = _to(exchanges, TOKEN)
    return None if not asked else [] if any(each.status == 200 for each in asked) else [place_of(asked[-1])]


def assertion_fresh(exchanges: Exchanges) -> Wrong:
    """RFC 7523 § 3: one jti a token, and a short life."""
    asked = _to(exchanges, TOKEN)
    claims = [unverified(each.form.get("client_assertion", ""))[1] for each in asked]
    used = Counter(str(each.get("jti")) for each in claims)
    return None if not asked else [
        place_of(each) for each, said in zip(asked, claims, strict=True)
        if used[str(said.get("jti"))] > 1 or not 0 < _number(said, "exp") - _number(said, "iat") <= 300
    ]  # fmt: skip


def token_kept(exchanges: Exchanges) -> Wrong:
    """No second token within ten minutes, unless the hub refused the first."""
    granted = [each for each in _to(exchanges, TOKEN) if each.status == 200]
    early = [
        place_of(later) for before, later in pairwise(granted)
        if later.at - before.at < TOKEN_LIFE and before.form.get("site") == later.form.get("site")
        and not _refused_between(exchanges, before.at, later.at)
    ]  # fmt: skip
    return early if granted else None


def proof_fresh(exchanges: Exchanges) -> Wrong:
    """RFC 9449 § 11.1: one jti a proof."""
    signed = [each for each in exchanges if "dpop" in each.headers]
    used = Counter(str(each.proof[1].get("jti")) for each in signed)
    return [place_of(each) for each in signed if used[str(each.proof[1].get("jti"))] > 1] if signed else None


def proof_fits(exchanges: Exchanges) -> Wrong:
    """RFC 9449 § 4.3."""
    return judged_each([each for each in exchanges if "dpop" in each.headers and each.path != TOKEN], _proof_fits)


def _proof_fits(each: Exchange) -> bool:
    claims, address = each.proof[1], urlsplit(each.url)
    token = each.headers.get("authorization", "").partition(" ")[2]
    ath = urlsafe_b64encode(hashlib.sha256(token.encode()).digest()).rstrip(b"=").decode()
    url = f"{address.scheme}://{address.netloc}{address.path}"
    return (claims.get("htm"), claims.get("htu"), claims.get("ath")) == (each.method, url, ath)


def nonce_followed(exchanges: Exchanges) -> Wrong:
    """After `use_dpop_nonce` the same request comes again with that nonce, once."""
    asked = [n for n, each in enumerate(exchanges) if _wants_nonce(each)]
    wrong = []
    for number in asked:
        refused = exchanges[number]
        again = next((each for each in exchanges[number + 1 :] if _same_place(each, refused)), None)
        followed = again is not None and again.proof[1].get("nonce") == refused.answer_headers.get("dpop-nonce")
        if not followed or (again is not None and _wants_nonce(again)):
            wrong.append(place_of(refused))
    return wrong if asked else None


def cards_asked(exchanges: Exchanges) -> Wrong:
    """Every card of the sandbox, exactly as printed, and the answer that is documented."""
    asked = [each for each in exchanges if each.asks("POST", QUESTION)]
    if not asked:
        return None
    return [card.name for card in CARDS if not any(_is_card(each, card) for each in asked)]


def _is_card(each: Exchange, card: Card) -> bool:
    told, answered = each.told, each.answered
    if JWE in told:  # what is inside is the keeper's alone: the reference says which card it was
        shown = (card.amc_number, card.domain, card.evidence, reference_of(card))
        asked = (
            told.get("amc_number"), *told.get("domains", [""])[:1], told.get("evidence"), told.get("site_reference")
        )  # fmt: skip
        return asked == shown and card.answer in {answered.get("answer"), answered.get("code")}
    shown = (card.amc_number, card.member, card.domain, card.evidence)
    asked = (told.get("amc_number"), told.get("member"), *told.get("domains", [""])[:1], told.get("evidence"))
    if asked != shown or _digits(told.get("birth_date")) not in {
        _digits(card.birth_date),
        _digits(card.birth_date)[2:],
    }:
        return False
    if str(told.get("rank") or "1") != card.rank or (told.get("nir") or "")[:13] != (card.nir or ""):
        return False
    return card.answer in {answered.get("answer"), answered.get("code")}


def question_once(exchanges: Exchanges) -> Wrong:
    """A question whose answer was lost is not asked again by a machine within a few seconds."""
    asked = [each for each in exchanges if each.asks("POST", QUESTION)]
    return _after(asked, lambda each: each.status in {0, 502, 504}, 5.0) if asked else None


def key_present(exchanges: Exchanges) -> Wrong:
    """On everything that creates."""
    return judged_each(_keyed(exchanges), lambda each: bool(each.headers.get("idempotency-key")))


def key_means_one_body(exchanges: Exchanges) -> Wrong:
    """One key, one content."""
    sent = _keyed(exchanges)
    first: dict[str, bytes] = {}
    for each in sent:
        first.setdefault(each.headers.get("idempotency-key", ""), _content(each))
    return [place_of(e) for e in sent if first[e.headers.get("idempotency-key", "")] != _content(e)] if sent else None


def _content(each: Exchange) -> bytes:
    """What two sendings under one key have in common: what is sealed anew is known by its mark."""
    kind = SealedInvoicesRequest if each.path == INVOICES else SealedAuthorizationRequest
    try:
        return comparable(each.body, kind)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return each.body


def repeats_under_its_key(exchanges: Exchanges) -> Wrong:
    """What was sent twice went under one key: this is what the kit wants to see once, with the answer thrown away."""
    keys: dict[bytes, list[Exchange]] = {}
    for each in _keyed(exchanges):
        keys.setdefault(_content(each), []).append(each)
    twice = [found for found in keys.values() if len(found) > 1]
    wrong = [place_of(found[-1]) for found in twice if len({e.headers.get("idempotency-key") for e in found}) > 1]
    return wrong if twice else None


def accreditation_carried(exchanges: Exchanges) -> Wrong:
    """At least one invoice carries an accreditation that an answer gave."""
    given = {str(e.answered.get("accreditation", "")).replace(" ", "") for e in _to(exchanges, QUESTION)} - {""}
    sent = [number for each in _to(exchanges, INVOICES) for number in values_of(each.told, "accreditation") if number]
    if not _to(exchanges, INVOICES):
        return None
    return [] if any(str(number).replace(" ", "") in given for number in sent) else ["no invoice carries one"]


def outcome_read(exchanges: Exchanges) -> Wrong:
    """What became of every invoice or file is read."""
    taken = [e for e in exchanges if e.method == "POST" and e.path in {INVOICES, "/v1/files"} and e.status == 202]
    read = {each.path for each in exchanges if each.method == "GET" and each.status == 200}
    return [place_of(each) for each in taken if not _ways(each) & read] if taken else None


def _ways(each: Exchange) -> set[str]:
    told = each.answered
    received = {str(one.get("invoice", "")) for one in told.get("invoices", [])} - {""}
    if told.get("invoices") and not received:
        return {"/v1/invoices"}  # all refused in the receipt itself
    file = str(told.get("file", ""))
    return {f"/v1/files/{file}", f"/v1/files/{file}/noemie", *(f"/v1/invoices/{one}" for one in received)}


def rejection_read(exchanges: Exchanges) -> Wrong:
    """One rejected invoice was sent on purpose, and its reason read."""
    read = [each for each in exchanges if each.method == "GET" and each.path.startswith(INVOICES + "/")]
    return None if not read else [] if any(e.answered.get("state") == "rejected" for e in read) else ["no reason read"]


def cancels(exchanges: Exchanges) -> Wrong:
    """At least one was cancelled."""
    asked = [each for each in exchanges if each.method == "POST" and each.path.endswith("/cancel")]
    return None if not asked else [] if any(each.status == 200 for each in asked) else [place_of(asked[-1])]


def money_read(exchanges: Exchanges) -> Wrong:
    """At least once."""
    asked = [each for each in exchanges if each.method == "GET" and each.path.startswith("/v1/remittances")]
    return None if not asked else [] if any(each.status == 200 for each in asked) else [place_of(asked[-1])]


def backs_off(exchanges: Exchanges) -> Wrong:
    """After 429 nothing is asked of the same address at once; where no budget was met, there is nothing to judge."""
    return _after(list(exchanges), lambda each: each.status == 429, PATIENT) if exchanges else None


def address_clean(exchanges: Exchanges) -> Wrong:
    """No address and no header of ours holds a member number, a NIR or a birth date."""
    words = {word for card in CARDS for word in (card.member, card.member.replace(" ", ""), card.nir) if word}
    if not exchanges:
        return None
    skipped = {"authorization", "dpop"}
    return [
        f"{each.method} {each.path.split('/')[2] if each.path.count('/') > 1 else each.path}" for each in exchanges
        if any(
            word in text for word in words
            for text in (unquote(each.url), *(v for name, v in each.headers.items() if name not in skipped))
        )
    ]  # fmt: skip


REQUIREMENTS: tuple[Requirement, ...] = (
    Requirement("token-granted", "A token is asked for and given.",
                "Register the client's public key; sign the assertion for the hub's token URL.", token_granted),
    Requirement("token-with-proof", "The request for a token carries a DPoP proof.",
                "Send a DPoP header with POST /v1/token.", token_with_proof),
    Requirement("assertion-fresh", "An assertion is signed for one token and lives at most 300 s.",
                "Make a new assertion, with a new jti, for each request for a token.", assertion_fresh),
    Requirement("token-kept", "A token is used until it nears its end.",
                "Keep the token in memory for expires_in; ask anew 30 s before.", token_kept),
    Requirement("proof-fresh", "Every request has a proof of its own.",
                "Make a new proof, with a new jti, for each request and each repetition.", proof_fresh),
    Requirement("proof-fits", "A proof names the request's method, address without query, and token.",
                "Fill htm, htu and ath from the request itself; htu as the client sees it.", proof_fits),
    Requirement("agent-signed", "Who sits at the program is signed for the token, and is no name.",
                "Sign Rempart-Agent once for each token, with a word like u17.", agent_signed),
    Requirement("nonce-followed", "A refused nonce is repeated once with the one that came.",
                "On use_dpop_nonce repeat at once with DPoP-Nonce; keep the newest nonce of every answer.",
                nonce_followed),
    Requirement("keys-fetched", "The keeper's keys are fetched before anything is sealed.",
                "GET /v1/keeper-keys, and verify its signature with the keeper's key that you pinned.", keys_fetched),
    Requirement("identity-sealed", "What a card says is sealed to the keeper, past the hub.",
                "Send identity_jwe as docs/formats/identity-jwe.md says, in place of member, birth_date, nir and rank.",
                identity_sealed),
    Requirement("sealed-once", "An identity is sealed anew for each request.",
                "Make a new ephemeral key, nonce, id and time for each request; send again only the same bytes.",
                sealed_once),
    Requirement("cards-asked", "Every card of the sandbox is asked as printed, and answered as documented.",
                "Ask each card named here, in the table's order: number as printed, its rank, an honest evidence, and"
                " with identity_jwe its place in the table as site_reference (CARD-01).", cards_asked),
    Requirement("question-once", "A question whose answer was lost is not repeated by a machine.",
                "Show that no answer came, and let a person ask again.", question_once),
    Requirement("key-present", "Invoices and authorizations go under an Idempotency-Key.",
                "Send a fresh UUID with each new request.", key_present),
    Requirement("key-means-one-body", "A key never comes with other content.",
                "Keep the key with the bytes it was made for; make another for other content.", key_means_one_body),
    Requirement("repeats-under-its-key", "What is sent again goes under the same key.",
                "Throw one answer away and send again: the receipt must be the first one.", repeats_under_its_key),
    Requirement("accreditation-carried", "An invoice carries the accreditation of its question.",
                "Keep the accreditation of a covered answer with the visit.", accreditation_carried),
    Requirement("outcome-read", "What became of every invoice or file is read.",
                "GET /v1/invoices/{id} or /v1/files/{id} until the state is final.", outcome_read),
    Requirement("rejection-read", "A rejected invoice's reason is read.",
                "Send one whose shares contradict each other, and show the sentence.",
                rejection_read),
    Requirement("cancels", "An invoice can be cancelled.", "POST /v1/invoices/{id}/cancel before it is paid.", cancels),
    Requirement("money-read", "Payments are read.", "GET /v1/remittances, and each one's detail.", money_read),
    Requirement("backs-off", "A spent budget is not hammered.",
                "On 429 stop, show the sentence, and wait as it says.", backs_off),
    Requirement("batch-waited", "A batch is not read before it is ready.",
                "Wait until ready_from of the receipt; a late batch names a later one.", batch_waited),
    Requirement("address-clean", "No card's content is in an address or header.",
                "Put what a card says in the body only: addresses are logged by every proxy.", address_clean),
)  # fmt: skip


def _to(exchanges: Exchanges, path: str) -> list[Exchange]:
    return [each for each in exchanges if each.asks("POST", path)]


def _keyed(exchanges: Exchanges) -> list[Exchange]:
    return [
        each for each in exchanges
        if each.method == "POST" and not _wants_nonce(each)
        and (each.path in {INVOICES, AUTHORIZATIONS, BATCHES} or each.path.endswith("/modify"))
    ]  # fmt: skip


def _after(exchanges: list[Exchange], when: Callable[[Exchange], bool], seconds: float) -> list[str]:
    """Where the same was asked again within `seconds` after an answer of that kind."""
    return [
        place_of(later) for n, before in enumerate(exchanges) if when(before)
        for later in exchanges[n + 1 :]
        if _same_place(later, before) and later.body == before.body and later.at - before.at < seconds
    ]  # fmt: skip


def _refused_between(exchanges: Exchanges, first: float, last: float) -> bool:
    return any(first <= e.at <= last and e.status == 401 and not _wants_nonce(e) for e in exchanges)


def _same_place(one: Exchange, other: Exchange) -> bool:
    return (one.method, one.path) == (other.method, other.path)


def _wants_nonce(each: Exchange) -> bool:
    told = each.answer_headers.get("www-authenticate", "")
    return each.status in {400, 401} and ("use_dpop_nonce" in told or each.answered.get("error") == "use_dpop_nonce")


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    return value if isinstance(value, int | float) else 0.0


def _digits(text: object) -> str:
    return str(text or "").replace("-", "")
