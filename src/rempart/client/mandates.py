"""Programs' mandates as calls, and what a site's manager signs of them."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from rempart.client import assertion
from rempart.client.calls import Call, Repeat
from rempart.client.exchange import TOKEN_PATH, Account, Flow, Lost, NoAnswerError, Received, Send, problem_of
from rempart.client.own_bank import Signable
from rempart.sealing import actions, programs
from rempart.sealing.mandate_frames import ANY
from rempart.wire.account import PasskeyProof
from rempart.wire.mandates import (
    MandateClaim,
    MandateCode,
    MandateCodeRequest,
    MandateEnd,
    MandateGiven,
    MandateRenewal,
)
from rempart.wire.problem import Problem

ANY_PROGRAM = ANY


def give_code(client: str, challenge: str, signed: PasskeyProof) -> Call[MandateCode]:
    """A code for a program; the challenge is good once: not repeated when its answer got lost."""
    body = msgspec.json.encode(MandateCodeRequest(client, challenge, signed))
    return Call("POST", "/v1/mandate-codes", MandateCode, body, repeat=Repeat.NEVER)


def renew(client: str, days: tuple[str, str], challenge: str, signed: PasskeyProof) -> Call[bytes]:
    """A year more; `days` first and last."""
    body = msgspec.json.encode(MandateRenewal(client, *days, challenge, signed))
    return Call("POST", "/v1/mandates/renewals", bytes, body, repeat=Repeat.NEVER)


def end(client: str) -> Call[bytes]:
    """At once."""
    return Call("POST", "/v1/mandates/ends", bytes, msgspec.json.encode(MandateEnd(client)))


def code_for(operator: str, site: str, client: str) -> Signable | None:
    """What a manager reads and signs for a code."""
    return actions.written("mandate-code", operator, site, client)


def renewal_of(operator: str, site: str, client: str, days: tuple[str, str]) -> Signable | None:
    """What a manager reads and signs for a renewal."""
    return actions.written("mandate-renew", operator, site, client, *days)


def own_program(key: Mapping[str, str]) -> str:
    """The client id of a program of the site's own, made from its key. Raises ValueError when it is none."""
    found = programs.named(key)
    if found is None:
        raise ValueError("keys are P-256 or Ed25519")
    return found[0]


def claim(account: Account, code: str, instant: int) -> Send:
    """A program's claim with a code, signed at `instant` (seconds UTC); there is no token before it.

    A program whose id is `own_program` of its key shows that key: nobody registered it.
    """
    own = programs.named(account.key)
    shown = own[1] if own is not None and own[0] == account.client else None
    signed = assertion.sign(account.key, account.client, account.origin + TOKEN_PATH, instant)
    body = msgspec.json.encode(MandateClaim(signed, account.site, code, shown))
    return Send("POST", "/v1/mandates", body, (("Content-Type", "application/json"),))


def claiming(account: Account, code: str, instant: int) -> Flow[MandateGiven | Problem]:
    """The claim and what came of it, for a client that drives its exchanges."""
    got = yield claim(account, code, instant)
    if got is None:
        raise NoAnswerError("no-answer", sent=False)
    return claimed(got)


def claimed(got: Received | Lost) -> MandateGiven | Problem:
    """What came of it. Raises `NoAnswerError`: then a second try may find the code used."""
    if isinstance(got, Lost):
        raise NoAnswerError("no-answer", sent=got.sent)
    return msgspec.json.decode(got.body, type=MandateGiven) if got.status == 201 else problem_of(got)
