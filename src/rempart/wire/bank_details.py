"""`/v1/bank-details…`: the account on which a site is paid, and the change that its people sign.

In a person's session only. An account is told once, by who types it; afterwards its last four characters. Bytes are
base64url without padding, instants ISO 8601 in UTC.
"""

from __future__ import annotations

import msgspec

from rempart.wire.account import PasskeyProof


class BankChangeState(msgspec.Struct, frozen=True):
    """The change that waits. `state`: proposed (for a second person) or approved (paid from `payable_from` on).

    `second` says who approves: manager (another one of the site) or operator. `proposed_by` and `approved_by` are
    account ids or names of officers, "" while nobody did.
    """

    change: str
    state: str
    ending: str
    proposed_by: str
    proposed: str
    second: str
    approved_by: str = ""
    payable_from: str = ""


class BankDetailsState(msgspec.Struct, frozen=True):
    """`ending` of the account that is paid today, "" when it is not known; `starts` its first day, "" for no account.

    `proposes`: whether this person may sign a new account now; `why_not` a code when not: role, manager-signs,
    on-probation.
    """

    ending: str
    starts: str
    proposes: bool
    why_not: str = ""
    waiting: BankChangeState | None = None


class BankProposal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A new account. `change` is a UUID of the caller's, `iban` and `name` as they were shown and signed.

    `challenge` is the keeper's and the action's hash: what the passkey signed.
    """

    change: str
    name: str
    iban: str
    challenge: str
    signed: PasskeyProof

    def __repr__(self) -> str:
        return f"BankProposal({self.change})"


class BankApproval(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The second manager's signature of a change."""

    challenge: str
    signed: PasskeyProof


class BankChanged(msgspec.Struct, frozen=True):
    """The change as it stands now."""

    change: str
    state: str
    ending: str
    payable_from: str = ""
