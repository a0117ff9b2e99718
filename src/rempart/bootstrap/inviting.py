"""Registering operators' portals, inviting people, letting them back in.

The keeper first, which knows passkeys, then the database.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import NamedTuple

from rempart.bootstrap.registering import Registrar
from rempart.domain.authorities import DESK_ROLES, ROLES, SITE_ROLES, insurer_of, place_fits
from rempart.domain.parties import ACCOUNT, Account, Client, Mandate
from rempart.gateways.messages import Message, Messages
from rempart.ground.instants import MICROSECONDS
from rempart.sealing.account_frames import (
    AccountShown,
    InviteItem,
    PasskeyTold,
    PortalItem,
    RecoverAccount,
    RevokePasskey,
    ShowAccount,
)
from rempart.sealing.invitations import HAS_NUMBER, LIFE_DAYS, code_hash, fresh_account, fresh_code, halves

DAY = 86_400 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Portal:
    """An operator's portal: its host name, web origins, and thumbprints (RFC 7638) of the keys it signs with."""

    operator: str
    rp_id: str
    origins: tuple[str, ...]
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Invited:
    """`code` is shown once and kept nowhere; `expires` microseconds UTC."""

    account: str
    code: str = field(repr=False)
    expires: int


class Sent(NamedTuple):
    """What the message beside a code says: its kind (`gateways.messages`), whose portal, which place, when (µs UTC)."""

    kind: str
    operator: str
    place: str
    instant: int


class Divided(NamedTuple):
    """A code on its two ways: `first_half` is shown once, `message` is the file that the operator's mail takes away."""

    account: str
    first_half: str
    message: str
    expires: int


def divided(folder: Path, made: Invited, sent: Sent) -> Divided:
    """Writes the second half of a code for the operator's mail, then gives the first. Raises `OSError`."""
    first, second = halves(made.code)
    message = Message(sent.kind, sent.operator, made.account, sent.place, second, sent.instant, made.expires)
    return Divided(made.account, first, str(Messages(folder).put(message)), made.expires)


def add_portal(registrar: Registrar, portal: Portal) -> str:
    """Adds or replaces an operator's portal; "" or a refusal code."""
    return registrar.told("portal", PortalItem(portal.operator, portal.rp_id, portal.origins, portal.keys))


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who is invited: for one site, from its first to its last day, both included at the site; or to a desk.

    `site` of a desk's role is the insurer's number, or the operator; its days are not asked.

    `account` names somebody who has one already: to another site, or to make a new passkey; "" for a new one.
    `accountable`, of staff: the account of the site that answers for this person, or `HAS_NUMBER`.
    """

    operator: str
    site: str
    role: str
    first: date
    last: date
    account: str = ""
    accountable: str = ""


def invite(registrar: Registrar, asked: Invitation, instant: int) -> Invited | str:
    """The account and its code, or a refusal code. `instant` microseconds UTC."""
    if refusal := _place_fault(registrar, asked):
        return refusal
    known = registrar.account(asked.account) if asked.account else None
    if asked.account and (known is None or known.operator != asked.operator):
        return "account-unknown"
    insurer = insurer_of(asked.role, asked.site)
    if known is not None and (known.role, known.insurer) != (asked.role, insurer):
        return "other-role"
    account = asked.account or fresh_account()
    code, expires = fresh_code(), instant + LIFE_DAYS * DAY
    hashed = code_hash(code) or b""
    item = InviteItem(account, asked.operator, asked.site, asked.role, hashed, expires, asked.accountable)
    if refusal := registrar.told("invite", item):
        return refusal
    if known is None:
        person = Client(account, ACCOUNT, "", f"portal:{asked.operator}", registered=instant)
        registrar.add_account(person, Account(account, asked.operator, asked.role, instant, insurer))
    if asked.role in DESK_ROLES:
        return Invited(account, code, expires)
    answers = "" if asked.accountable == HAS_NUMBER else asked.accountable
    mandate = Mandate(account, asked.site, asked.first, asked.last, given=instant, accountable=answers)
    if refusal := registrar.add_mandate(mandate):
        return refusal
    return Invited(account, code, expires)


def _place_fault(registrar: Registrar, asked: Invitation) -> str:
    """Why nobody can be invited there in that role, or ""."""
    if asked.role not in ROLES:
        return "role-unknown"
    if asked.role in DESK_ROLES:
        if not place_fits(asked.role, asked.site, asked.operator):
            return "other-desk"
        insurer = insurer_of(asked.role, asked.site)
        return "insurer-unknown" if insurer and not registrar.has_insurer(insurer) else ""
    place = registrar.site(asked.site)
    if place is None:
        return "site-unknown"
    return "other-operator" if place.operator != asked.operator else ""


def revoke_passkey(registrar: Registrar, account: str, credential: bytes, instant: int) -> str:
    """That passkey opens nothing more, and the account's live sessions end."""
    if refusal := registrar.told("revoke_passkey", RevokePasskey(account, credential)):
        return refusal
    registrar.end_tokens(account, instant)
    return ""


def show(registrar: Registrar, account: str) -> AccountShown | str:
    """What the keeper has of an account, or a refusal code."""
    (found,) = registrar.ring.call("show_account", [ShowAccount(account)])
    return str(found.refusal) if found.refusal else found


def named(shown: AccountShown, short: str) -> PasskeyTold | str:
    """The passkey whose name begins so, in hexadecimal; or `unknown-passkey`, `passkey-ambiguous`."""
    plain = short.replace(" ", "").lower()
    found = [each for each in shown.passkeys if plain and each.passkey.hex().startswith(plain)]
    return found[0] if len(found) == 1 else "passkey-ambiguous" if found else "unknown-passkey"


@dataclass(frozen=True, slots=True)
class Recovery:
    """Whose access is given back, for which of its sites, and by which officer of the operator.

    `site` of a desk's account is the insurer's number or the operator, as it was invited. `although_manager`: also
    where another manager of the site could do it.
    """

    operator: str
    account: str
    site: str
    officer: str
    although_manager: bool = False


def recover(registrar: Registrar, asked: Recovery, instant: int) -> Invited | str:
    """A new code for an account whose passkeys are lost, or a refusal code; passkeys, sessions and older codes end.

    Once the code is used, probation begins. `instant` microseconds UTC.
    """
    known, place = registrar.account(asked.account), registrar.site(asked.site)
    if known is None or known.operator != asked.operator:
        return "account-unknown"
    if known.role in SITE_ROLES and (place is None or place.operator != asked.operator):
        return "site-unknown" if place is None else "other-operator"
    code, expires = fresh_code(), instant + LIFE_DAYS * DAY
    item = RecoverAccount(
        asked.account, asked.operator, asked.site, code_hash(code) or b"", expires, asked.officer,
        asked.although_manager,
    )  # fmt: skip
    if refusal := registrar.told("recover_account", item):
        return refusal
    registrar.end_recovered(asked.account, instant)
    return Invited(asked.account, code, expires)
