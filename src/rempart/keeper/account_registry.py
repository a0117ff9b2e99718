"""Portals, invitations and passkeys: the part of the registry that is about people. Its lines are in the same file."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rempart.sealing.account_frames import ROLES
from rempart.sealing.invitations import is_account
from rempart.sealing.prf import prefixed

from .registry_entries import AccountEntry, InvitationEntry, PasskeyEntry, PasskeyRevokedEntry, PortalEntry

if TYPE_CHECKING:
    from collections.abc import Callable

JKT = "jkt:"
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
    """Who may make a passkey, where and until when (microseconds UTC, excluded)."""

    account: str
    operator: str
    site: str
    role: str
    expires: int
    used: bool = False


@dataclass(frozen=True, slots=True)
class Passkey:
    """`key` is its COSE public key, `counter` what its authenticator counted at enrolment."""

    account: str
    operator: str
    role: str
    credential: bytes
    key: bytes
    counter: int
    revoked: bool = False


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
        if len(code_hash) != 32 or not is_account(invitation.account) or invitation.role not in ROLES:
            return "invitation-malformed"
        if len(invitation.site) != 9 or not invitation.site.isascii():
            return "invitation-malformed"
        told = invitation
        self._append(InvitationEntry(code_hash, told.account, told.operator, told.site, told.role, told.expires))
        return ""

    def enrol(self, code_hash: bytes, credential: bytes, key: bytes, counter: int) -> str:
        """Uses an invitation that is known and unused for a passkey; "" or `passkey-exists`."""
        if passkey_digest(self.invitations[code_hash].operator, credential) in self.passkeys:
            return "passkey-exists"
        self._append(PasskeyEntry(code_hash, credential, key, counter))
        return ""

    def revoke(self, account: str, credential: bytes) -> str:
        """Ends a passkey wherever it was enrolled; "" or `unknown-passkey`."""
        theirs = [
            (digest, each)
            for digest, each in self.passkeys.items()
            if (each.account, each.credential) == (account, credential)
        ]
        for digest, each in theirs:
            if not each.revoked:
                self._append(PasskeyRevokedEntry(digest))
        return "" if theirs else "unknown-passkey"

    def apply(self, entry: AccountEntry) -> None:
        """Takes a line that is on disk."""
        match entry:
            case PortalEntry(operator, rp_id, origins, keys):
                self.portals[operator] = Portal(operator, rp_id, origins, keys)
            case InvitationEntry(code_hash, account, operator, site, role, expires):
                self.invitations[code_hash] = Invitation(account, operator, site, role, expires)
            case PasskeyEntry(code_hash, credential, key, counter):
                used = self.invitations[code_hash] = replace(self.invitations[code_hash], used=True)
                passkey = Passkey(used.account, used.operator, used.role, credential, key, counter)
                self.passkeys[passkey_digest(used.operator, credential)] = passkey
            case PasskeyRevokedEntry(digest):
                self.passkeys[digest] = replace(self.passkeys[digest], revoked=True)

    def _portal_fault(self, portal: Portal) -> str:
        whole = _OPERATOR.fullmatch(portal.operator) and _HOST.fullmatch(portal.rp_id) and portal.origins
        if not whole or not all(_THUMBPRINT.fullmatch(key) for key in portal.keys):
            return "portal-malformed"
        if not all(_origin_of(portal.rp_id, origin) for origin in portal.origins):
            return "portal-origin"
        others = (each for each in self.portals.values() if each.operator != portal.operator)
        return "portal-key-taken" if any(set(each.keys) & set(portal.keys) for each in others) else ""


def _origin_of(rp_id: str, origin: str) -> bool:
    """Whether pages of an origin may use a relying-party id: https on that host or below, or http on localhost."""
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
    return parts.scheme == "https" or (parts.scheme == "http" and host == "localhost")
