"""The keeper's protocol about dangerous actions: what a person signed, and the approval that comes of it.

See `actions` for what is signed and `frames` for the protocol; docs/formats/sessions.md. Instants are microseconds UTC.
"""

from __future__ import annotations

import hashlib

import msgspec

from .account_frames import AssertionPart
from .item import Item

MAC_BYTES = 16


class Signing(Item, frozen=True):
    """A session, and what a passkey of its account signed: the challenge with the action's hash behind it."""

    grant: bytes
    binding: str
    challenge: bytes
    signed: AssertionPart
    instant: int

    def __repr__(self) -> str:
        return "Signing(…)"


class Approval(Item, frozen=True):
    """What the keeper says of an action that was signed; kept with the action, `wrapped` under a MAC of the keeper's.

    `action` is the hash as signed, `about` what else it is bound to (b"" when nothing), `ending` the last four
    characters of an account, `passkey` and `session` how the signer was signed in.
    """

    kind: str
    operator: str
    site: str
    account: str
    role: str
    action: bytes
    about: bytes
    ending: str
    passkey: bytes
    session: bytes
    instant: int


class ActionResult(Item, frozen=True):
    """`approval` is an `Approval` with its MAC."""

    refusal: str = ""
    approval: bytes = b""


class ProposeBankItem(Item, frozen=True):
    """A site's new account: name and IBAN as they were shown and signed; `change` is the id it is sealed to."""

    change: str
    name: str
    iban: str
    asked: Signing

    def __repr__(self) -> str:
        return f"ProposeBankItem({self.change})"


class ProposeBankResult(Item, frozen=True):
    """The account sealed, its keyed index, and the approval; `ending` is all that is ever shown of it again."""

    refusal: str = ""
    sealed: bytes = b""
    index: bytes = b""
    ending: str = ""
    approval: bytes = b""

    def __repr__(self) -> str:
        return f"ProposeBankResult({self.refusal!r})"


class ApproveBankItem(Item, frozen=True):
    """The second manager's word about a proposal: its seal, and the approval that the first one got."""

    change: str
    sealed: bytes
    proposal: bytes
    asked: Signing

    def __repr__(self) -> str:
        return f"ApproveBankItem({self.change})"


class BankApprovedItem(Item, frozen=True):
    """Asks whether a change was signed by whom the database says; `second` b"" where an officer approved it."""

    change: str
    operator: str
    site: str
    sealed: bytes
    proposal: bytes
    second: bytes


class BankApprovedResult(Item, frozen=True):
    """Who proposed, and who approved ("" for an officer)."""

    refusal: str = ""
    proposed_by: str = ""
    approved_by: str = ""


def about_bank(change: str, sealed: bytes) -> bytes:
    """What both approvals of a change of bank details are bound to: its id and the sealed account."""
    return hashlib.sha256(b"rempart/1/bank-details\n" + change.encode() + b"\n" + sealed).digest()


def unwrapped(approval: bytes) -> Approval | None:
    """What an approval says, unverified; None when it is none. The keeper alone can tell whether it is its own."""
    try:
        return msgspec.msgpack.decode(approval[MAC_BYTES:], type=Approval)
    except msgspec.MsgspecError:
        return None


ASK: dict[str, tuple[type[Item], type[Item]]] = {
    "propose_bank": (ProposeBankItem, ProposeBankResult),
    "approve_bank": (ApproveBankItem, ActionResult),
}
BOX: dict[str, tuple[type[Item], type[Item]]] = {"bank_approved": (BankApprovedItem, BankApprovedResult)}
"""What `ask` and `box` answer of it; part of `frames.OPERATIONS`."""
