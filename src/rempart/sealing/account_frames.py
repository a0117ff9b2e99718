"""The keeper's protocol about people who sign in through an operator's portal. See `frames`; docs/formats/sessions.md.

A binding is `jkt:` and the RFC 7638 thumbprint of the portal's DPoP key; instants are microseconds UTC.
"""

from __future__ import annotations

from .item import Item

ENROL = "enrol"
SIGN_IN = "sign-in"
ADD_PASSKEY = "add-passkey"
APPROVE = "approve"
PROVIDER = "provider"
STATION = "station"
PURPOSES = (ENROL, SIGN_IN, ADD_PASSKEY, APPROVE, PROVIDER, STATION)
SITE_ROLES = ("professional", "staff", "manager")
ROLES = (*SITE_ROLES, "case-worker", "insurer-manager", "agent", "support", "security", "data-protection")


class ChallengeItem(Item, frozen=True):
    """What for: one of `PURPOSES`. Only this portal, with this key, may use what comes back."""

    purpose: str
    operator: str
    binding: str
    instant: int


class ChallengeResult(Item, frozen=True):
    """`challenge` is 40 bytes, good once until `expires`; `rp_id` is what a browser is told beside it."""

    refusal: str = ""
    challenge: bytes = b""
    rp_id: str = ""
    expires: int = 0


class EnrolItem(Item, frozen=True):
    """A new passkey under an invitation: its code as typed, the site it must be for, and what the browser made."""

    operator: str
    binding: str
    code: str
    site: str
    challenge: bytes
    client_data: bytes
    attestation: bytes
    instant: int

    def __repr__(self) -> str:
        return "EnrolItem(…)"


class EnrolResult(Item, frozen=True):
    """Whose passkey it is now, and its credential id."""

    refusal: str = ""
    account: str = ""
    credential: bytes = b""


class PasskeyItem(Item, frozen=True):
    """What a browser signed with a passkey. `site` may be "": then it is the only one, or chosen by a renewal."""

    operator: str
    binding: str
    challenge: bytes
    credential: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    site: str
    instant: int

    def __repr__(self) -> str:
        return "PasskeyItem(…)"


class RenewItem(Item, frozen=True):
    """A session's last grant. `site` "" keeps the site, another one changes to it."""

    grant: bytes
    site: str
    binding: str
    instant: int

    def __repr__(self) -> str:
        return "RenewItem(…)"


class SessionResult(Item, frozen=True):
    """`sites` are those with a mandate in force; `site` is "" while one has to be chosen. `until` ends the shift.

    `session` names it through its renewals, `passkey` is the digest of what opened it; `probation` is until when.
    `watched`: until when the account itself is on probation, after a recovery or a first passkey, whatever opened this.
    `insurer` is the one whose desk it is; a desk has no sites. `person`: of a refusal `link-unknown`, the keeper's name
    of who was vouched for, at that operator.
    """

    refusal: str = ""
    grant: bytes = b""
    account: str = ""
    operator: str = ""
    site: str = ""
    sites: tuple[str, ...] = ()
    role: str = ""
    expires: int = 0
    until: int = 0
    session: bytes = b""
    passkey: bytes = b""
    signed_in: int = 0
    probation: int = 0
    insurer: str = ""
    person: bytes = b""
    watched: int = 0


class PortalItem(Item, frozen=True):
    """Adds or replaces an operator's portal.

    `rp_id` is its host name, `origins` the web origins it may speak from, `keys` thumbprints of its DPoP keys; without
    keys it is closed.
    """

    operator: str
    rp_id: str
    origins: tuple[str, ...]
    keys: tuple[str, ...]


class InviteItem(Item, frozen=True):
    """An account's invitation to make a passkey, by the hash of its code (`sealing.invitations`); `expires` excluded.

    Registers the account when it is new. It may act for the site by a mandate only. Of a desk's role, `site` is the
    insurer's number or the operator, and no mandate is needed. `accountable`, of staff and of no other role: the
    account of the site that answers for this one, a professional's or a manager's; or `HAS_NUMBER`.
    """

    account: str
    operator: str
    site: str
    role: str  # one of `ROLES`
    code_hash: bytes
    expires: int
    accountable: str = ""


class RevokePasskey(Item, frozen=True):
    """That passkey opens nothing any more, and sessions that it opened end."""

    account: str
    credential: bytes


class AssertionPart(Item, frozen=True):
    """What a browser signed with an existing passkey, inside another item."""

    credential: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes

    def __repr__(self) -> str:
        return "AssertionPart(…)"


class PasskeyTold(Item, frozen=True):
    """A passkey as its owner sees it. `made` in microseconds UTC (0: before it was kept), `used` days since 1970."""

    passkey: bytes
    credential: bytes
    made: int
    used: int


class AccountItem(Item, frozen=True):
    """Asks for one's own account in a session."""

    grant: bytes
    binding: str
    instant: int

    def __repr__(self) -> str:
        return "AccountItem(…)"


class AccountResult(Item, frozen=True):
    """`passkeys` are those that open something; `probation` until when, 0 when there is none.

    `recovered`: when access was last given back, 0 when it never was; `by_operator`: by the operator, else a colleague.
    """

    refusal: str = ""
    account: str = ""
    operator: str = ""
    role: str = ""
    passkeys: tuple[PasskeyTold, ...] = ()
    probation: int = 0
    recovered: int = 0
    by_operator: bool = False


class AddPasskeyItem(Item, frozen=True):
    """One more passkey in a session; `proof` signs the same challenge with an older one, None when there is none."""

    grant: bytes
    binding: str
    challenge: bytes
    client_data: bytes
    attestation: bytes
    proof: AssertionPart | None
    instant: int

    def __repr__(self) -> str:
        return "AddPasskeyItem(…)"


class EndPasskeyItem(Item, frozen=True):
    """Ends one of one's own passkeys, by its digest."""

    grant: bytes
    binding: str
    passkey: bytes
    instant: int

    def __repr__(self) -> str:
        return "EndPasskeyItem(…)"


class EndSessionsItem(Item, frozen=True):
    """Ends one of one's own sessions by its name, the one asking when b"", or every one there is."""

    grant: bytes
    binding: str
    session: bytes
    every: bool
    instant: int

    def __repr__(self) -> str:
        return "EndSessionsItem(…)"


class RecoverItem(Item, frozen=True):
    """A manager lets a colleague enrol again: `challenge` and `sealing.actions.recovery` are what `signed` signs."""

    grant: bytes
    binding: str
    account: str
    challenge: bytes
    signed: AssertionPart
    instant: int

    def __repr__(self) -> str:
        return "RecoverItem(…)"


class RecoverResult(Item, frozen=True):
    """A new invitation's code, shown once."""

    refusal: str = ""
    code: str = ""
    expires: int = 0

    def __repr__(self) -> str:
        return f"RecoverResult({self.refusal!r})"


class AccountDone(Item, frozen=True):
    """Nothing but whether it was done."""

    refusal: str = ""


class RecoverAccount(Item, frozen=True):
    """The operator lets a person enrol again: passkeys and older invitations end, `by` is kept with the line.

    `although_manager`: also where another manager of the site could do it.
    """

    account: str
    operator: str
    site: str
    code_hash: bytes
    expires: int
    by: str
    although_manager: bool = False


class ShowAccount(Item, frozen=True):
    """Asks for what is registered of an account."""

    account: str


class RecoveryTold(Item, frozen=True):
    """A recovery there was: who let it, an account or `operator:` and a name, and when."""

    by: str
    instant: int


class AccountShown(Item, frozen=True):
    """What is registered of an account, ended passkeys left out."""

    refusal: str = ""
    operator: str = ""
    role: str = ""
    passkeys: tuple[PasskeyTold, ...] = ()
    recoveries: tuple[RecoveryTold, ...] = ()
    probation: int = 0
    revoked: bool = False


ACCOUNTS: dict[str, tuple[type[Item], type[Item]]] = {
    "challenge": (ChallengeItem, ChallengeResult),
    "enrol": (EnrolItem, EnrolResult),
    "passkey": (PasskeyItem, SessionResult),
    "renew": (RenewItem, SessionResult),
    "account": (AccountItem, AccountResult),
    "add_passkey": (AddPasskeyItem, AccountDone),
    "end_passkey": (EndPasskeyItem, AccountDone),
    "end_sessions": (EndSessionsItem, AccountDone),
    "recover": (RecoverItem, RecoverResult),
}
"""What `ask` answers of accounts; part of `frames.OPERATIONS`."""
