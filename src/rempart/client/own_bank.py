"""The site's bank details as calls, and what a person's passkey signs of a change."""

from __future__ import annotations

import re
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode
from typing import Final

import msgspec

from rempart.client.calls import Call, Repeat
from rempart.sealing import actions
from rempart.sealing.actions import Action
from rempart.wire.account import PasskeyProof
from rempart.wire.bank_details import BankApproval, BankChanged, BankDetailsState, BankProposal

Signable = Action
"""What a person reads and signs: kind and fields, as they are shown and hashed."""
_PATH: Final = "/v1/bank-details"
_NOT_SEPA: Final = re.compile(r"[^A-Za-z0-9/\-?:().,'+ ]")
"""What is none of the characters of SEPA payments (EPC217-08, basic Latin set)."""


def bank_details() -> Call[BankDetailsState]:
    """What is paid, and what waits."""
    return Call("GET", _PATH, BankDetailsState)


def propose(proposal: BankProposal) -> Call[BankChanged]:
    """A new account, signed. The challenge is good once: not repeated when its answer got lost."""
    return Call("POST", f"{_PATH}/changes", BankChanged, msgspec.json.encode(proposal), repeat=Repeat.NEVER)


def approve(change: str, challenge: str, signed: PasskeyProof) -> Call[BankChanged]:
    """The second person's signature; `change` a UUID."""
    body = msgspec.json.encode(BankApproval(challenge, signed))
    return Call("POST", f"{_PATH}/changes/{change}/approve", BankChanged, body, repeat=Repeat.NEVER)


def cancel(change: str) -> Call[bytes]:
    """A no."""
    return Call("POST", f"{_PATH}/changes/{change}/cancel", bytes)


def proposal(operator: str, site: str, change: str, *, name: str, iban: str) -> Action | None:
    """What the first person reads and signs; None when a field cannot be written."""
    return actions.written("bank-propose", operator, site, change, name, iban)


def approval(operator: str, site: str, change: str, *, proposed_by: str, ending: str) -> Action | None:
    """What the second person reads and signs."""
    return actions.written("bank-approve", operator, site, change, proposed_by, ending)


def to_sign(challenge: str, action: Action) -> str:
    """The keeper's challenge (purpose `approve`) with the action's hash behind it, base64url."""
    whole = urlsafe_b64decode(challenge + "=" * (-len(challenge) % 4)) + action.digest()
    return urlsafe_b64encode(whole).rstrip(b"=").decode()


def spelled_iban(typed: str) -> str:
    """As banks write it: capitals, no spaces."""
    return "".join(typed.split()).replace("-", "").upper()


def spelled_name(typed: str) -> str:
    """As banks take it: without accents, other signs as spaces; the hub takes no other spelling."""
    spread = typed.replace("œ", "oe").replace("Œ", "OE").replace("æ", "ae").replace("Æ", "AE").replace("’", "'")
    plain = unicodedata.normalize("NFKD", spread).encode("ascii", "ignore").decode()
    words = " ".join(_NOT_SEPA.sub(" ", plain).split())
    return re.sub(r"/{2,}", "/", words).strip("/ ")
