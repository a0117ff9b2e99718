"""Portals, invitations and passkeys: the part of the registry that is about people. Its lines are in the same file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rempart.domain.authorities import DESK_ROLES, place_fits
from rempart.sealing.invitations import is_account
from rempart.sealing.prf import prefixed

from .clock import HOUR
from .registry_entries import (
    AccountEntry,
    AddedEntry,
    CodesEndedEntry,
    InvitationEntry,
    PasskeyEntry,
    PasskeyRevokedEntry,
    PortalEntry,
    RecoveryEntry,
    SignedOutEntry,
)

if TYPE_CHECKING:
    from collections.abc import Callable

JKT = "jkt:"
PROBATION = 72 * HOUR
"""Microseconds, from a passkey that no other one vouched for: the first after a recovery, one a provider let in."""
MOST_PASSKEYS = 10  # of one account, that open something
_OPERATOR = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_HOST = re.compile(r"(?=.{1,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)*[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")
_THUMBPRINT = re.compile(r"[A-Za-z0-9_-]{43}")


@dataclass(frozen=True, slots=True)
class Portal:
    """An operator's portal. `keys` are RFC 7638 thumbprints; none at all: it is closed."""

    operator: str
    rp_id: str
    origins: tuple[str, ...]
    keys: tuple[str, ...]

    def has(self, binding: str) -> bool:
        """Whether a binding is that of one of its keys."""
        return binding.startswith(JKT) and binding[len(JKT) :] in self.keys


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who may make a passkey, where and until when (microseconds UTC, excluded). `recovers`: after a recovery.

    `site` is the place that `domain.authorities.place_fits` has for the role: of a desk, an insurer or the operator.
    `accountable`, of staff alone: the account that answers for who has no number of their own, or `HAS_NUMBER`.
    """

    account: str
    operator: str
    site: str
    role: str
    expires: int
    used: bool = False
    recovers: bool = False
    accountable: str = ""


@dataclass(frozen=True, slots=True)
class Passkey:
    """`key` is its COSE public key, `counter` what its authenticator counted at enrolment; `made` microseconds UTC."""

    account: str
    operator: str
    role: str
    credential: bytes
    key: bytes
    counter: int
    revoked: bool = False
    made: int = 0


@dataclass(frozen=True, slots=True)
class Recovery:
    """Who let an account be recovered (an account, or `operator:` and a name), and when (microseconds UTC)."""

    by: str
    instant: int


def passkey_digest(operator: str, credential: bytes) -> bytes:
    """16 bytes that name a passkey. With its operator: no portal can take a credential's id from another's people."""
    name = prefixed(operator.encode()) + credential
    return hashlib.blake2b(name, digest_size=16, person=b"rempart/passkey").digest()


class AccountRegistry:
    """In memory; `append` writes a line and applies it here."""

    def __init__(self, append: Callable[[AccountEntry], None]) -> None:
        self._append = append
        self.portals: dict[str, Portal] = {}
        self.invitations: dict[bytes, Invitation] = {}
        self.passkeys: dict[bytes, Passkey] = {}
        self.signed_out: dict[str, int] = {}  # by account: sessions that began until then are over
        self.probation: dict[str, int] = {}  # by account: until when
        self.recoveries: dict[str, tuple[Recovery, ...]] = {}
        self._of_account: dict[str, list[bytes]] = {}  # digests of its passkeys
        self._invited: dict[str, list[bytes]] = {}  # hashes of its codes, the latest last

    def opening(self, account: str) -> tuple[tuple[bytes, Passkey], ...]:
        """The passkeys of an account that open something, by their digests, in the order they were made."""
        found = ((digest, self.passkeys[digest]) for digest in self._of_account.get(account, ()))
        return tuple((digest, each) for digest, each in found if not each.revoked)

    def invited(self, account: str) -> Invitation | None:
        """The last invitation of an account."""
        codes = self._invited.get(account)
        return self.invitations[codes[-1]] if codes else None

    def accountable(self, account: str, site: str) -> str:
        """What the last invitation of an account to a site says of who answers; "" when none says it."""
        told = (self.invitations[code] for code in reversed(self._invited.get(account, ())))
        return next((each.accountable for each in told if each.site == site and not each.recovers), "")

    def portal(self, portal: Portal) -> str:
        """Adds or replaces a portal; "" or a refusal code. A key belongs to one portal."""
        if self.portals.get(portal.operator) == portal:
            return ""
        refusal = self._portal_fault(portal)
        if not refusal:
            self._append(PortalEntry(portal.operator, portal.rp_id, portal.origins, portal.keys))
        return refusal

    def invite(self, code_hash: bytes, invitation: Invitation) -> str:
        """Registers an invitation; "" or a refusal code. The same again changes nothing while it was not used."""
        known = self.invitations.get(code_hash)
        if known is not None:
            return "" if known == invitation else "invitation-exists"
        if invitation.operator not in self.portals:
            return "unknown-portal"
        if len(code_hash) != 32 or not is_account(invitation.account):
            return "invitation-malformed"
        if not place_fits(invitation.role, invitation.site, invitation.operator):
            return "invitation-malformed"
        if self._other_desk(invitation):
            return "other-role"
        told = invitation
        self._append(
            InvitationEntry(
                code_hash, told.account, told.operator, told.site, told.role, told.expires, told.accountable
            )
        )  # fmt: skip
        return ""

    def enrol(self, code_hash: bytes, made: tuple[bytes, bytes, int], instant: int) -> str:
        """Uses an invitation that is known and unused for a passkey; "" or `passkey-exists`.

        `made`: credential id, COSE key, counter. `instant` microseconds UTC.
        """
        if passkey_digest(self.invitations[code_hash].operator, made[0]) in self.passkeys:
            return "passkey-exists"
        self._append(PasskeyEntry(code_hash, *made, instant))
        return ""

    def add(self, made: Passkey, *, watched: bool) -> str:
        """One more passkey of an account; "", `passkey-exists` or `passkeys-too-many`.

        `watched`: no other passkey vouches for it, so that probation begins.
        """
        if passkey_digest(made.operator, made.credential) in self.passkeys:
            return "passkey-exists"
        if len(self.opening(made.account)) >= MOST_PASSKEYS:
            return "passkeys-too-many"
        whose = (made.account, made.operator, made.role, watched)
        self._append(AddedEntry(*whose, made.credential, made.key, made.counter, made.made))
        return ""

    def end(self, account: str, digest: bytes) -> str:
        """Ends one of an account's passkeys for its owner; "", `unknown-passkey` or `last-passkey`."""
        opening = [each for each, _ in self.opening(account)]
        if digest not in opening:
            return "unknown-passkey"
        if len(opening) == 1:
            return "last-passkey"
        self._append(PasskeyRevokedEntry(digest))
        return ""

    def enrolled(self, account: str) -> bool:
        """Whether an account ever had a passkey, one that was ended as well."""
        return account in self._of_account

    def end_codes(self, account: str, instant: int) -> None:
        """Every code of an account that was not used is worth nothing."""
        self._append(CodesEndedEntry(account, instant))

    def sign_out(self, account: str, instant: int) -> None:
        """Every session of an account that began until now is over."""
        self._append(SignedOutEntry(account, instant))

    def recover(self, code_hash: bytes, invitation: Invitation, recovery: Recovery) -> str:
        """Ends what an account has and makes one invitation good; "" or a refusal code."""
        known = self.invited(invitation.account)
        if known is None or known.operator != invitation.operator:
            return "account-unknown"
        if code_hash in self.invitations:
            return "invitation-exists"
        told = invitation
        self._append(
            RecoveryEntry(
                code_hash,
                told.account,
                told.operator,
                told.site,
                told.role,
                told.expires,
                recovery.by,
                recovery.instant,
            )
        )
        return ""

    def revoke(self, account: str, credential: bytes) -> str:
        """Ends a passkey wherever it was enrolled; "" or `unknown-passkey`."""
        held = ((digest, self.passkeys[digest]) for digest in self._of_account.get(account, ()))
        theirs = [(digest, each) for digest, each in held if each.credential == credential]
        for digest, each in theirs:
            if not each.revoked:
                self._append(PasskeyRevokedEntry(digest))
        return "" if theirs else "unknown-passkey"

    def apply(self, entry: AccountEntry) -> None:
        """Takes a line that is on disk."""
        match entry:
            case PortalEntry(operator, rp_id, origins, keys):
                self.portals[operator] = Portal(operator, rp_id, origins, keys)
            case InvitationEntry(code_hash, account, operator, site, role, expires, accountable):
                told = Invitation(account, operator, site, role, expires, accountable=accountable)
                self._put(code_hash, told)
            case PasskeyEntry(code_hash, credential, key, counter, made):
                used = self.invitations[code_hash] = replace(self.invitations[code_hash], used=True)
                self._hold(Passkey(used.account, used.operator, used.role, credential, key, counter, made=made))
                if used.recovers:
                    self.probation[used.account] = made + PROBATION
            case AddedEntry(account, operator, role, watched, credential, key, counter, made):
                self._hold(Passkey(account, operator, role, credential, key, counter, made=made))
                if watched:
                    self.probation[account] = made + PROBATION
            case PasskeyRevokedEntry(digest):
                self.passkeys[digest] = replace(self.passkeys[digest], revoked=True)
            case SignedOutEntry(account, instant):
                self.signed_out[account] = max(instant, self.signed_out.get(account, 0))
            case RecoveryEntry():
                self._recovered(entry)
            case CodesEndedEntry(account):
                self._end_codes(account)

    def on_probation(self, account: str, instant: int) -> int:
        """Until when an account is on probation at `instant`, 0 when it is not."""
        until = self.probation.get(account, 0)
        return until if until > instant else 0

    def desk(self, account: str) -> str:
        """The place of a desk's account: an insurer's number or the operator; "" when it works at sites."""
        known = self.invited(account)
        return known.site if known is not None and known.role in DESK_ROLES else ""

    def _other_desk(self, wanted: Invitation) -> bool:
        """Whether an account that exists would come to a desk, leave it, or change to another one."""
        known = self.invited(wanted.account)
        if known is None or not {known.role, wanted.role} & set(DESK_ROLES):
            return False
        return (known.operator, known.role, known.site) != (wanted.operator, wanted.role, wanted.site)

    def _put(self, code_hash: bytes, invitation: Invitation) -> None:
        self.invitations[code_hash] = invitation
        self._invited.setdefault(invitation.account, []).append(code_hash)

    def _hold(self, passkey: Passkey) -> None:
        digest = passkey_digest(passkey.operator, passkey.credential)
        self.passkeys[digest] = passkey
        self._of_account.setdefault(passkey.account, []).append(digest)

    def _end_codes(self, account: str) -> None:
        for code_hash in self._invited.get(account, ()):
            self.invitations[code_hash] = replace(self.invitations[code_hash], used=True)

    def _recovered(self, entry: RecoveryEntry) -> None:
        for digest, each in self.opening(entry.account):
            self.passkeys[digest] = replace(each, revoked=True)
        self._end_codes(entry.account)
        told = Invitation(entry.account, entry.operator, entry.site, entry.role, entry.expires, recovers=True)
        self._put(entry.code_hash, told)
        self.signed_out[entry.account] = max(entry.instant, self.signed_out.get(entry.account, 0))
        earlier = self.recoveries.get(entry.account, ())
        self.recoveries[entry.account] = (*earlier, Recovery(entry.by, entry.instant))

    def _portal_fault(self, portal: Portal) -> str:
        whole = _OPERATOR.fullmatch(portal.operator) and _HOST.fullmatch(portal.rp_id) and portal.origins
        if not whole or not all(_THUMBPRINT.fullmatch(key) for key in portal.keys):
            return "portal-malformed"
        if not all(_origin_of(portal.rp_id, origin) for origin in portal.origins):
            return "portal-origin"
        others = (each for each in self.portals.values() if each.operator != portal.operator)
        return "portal-key-taken" if any(set(each.keys) & set(portal.keys) for each in others) else ""


def _origin_of(rp_id: str, origin: str) -> bool:
    """Whether pages of an origin may use a relying-party id.

    https on it or below, or http on this machine: localhost and names below it (RFC 6761, 6.3).
    """
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return False
    host = parts.hostname or ""
    if origin != f"{parts.scheme}://{host}" + ("" if port is None else f":{port}"):
        return False
    if host != rp_id and not host.endswith("." + rp_id):
        return False
    return parts.scheme == "https" or (parts.scheme == "http" and (host == "localhost" or host.endswith(".localhost")))
