"""`/v1/desk/…` of an operator's agents: sites, accounts, invitations, the operator's own compartments.

Accounts are ids: no name is anywhere here. Instants are ISO 8601 in UTC, days AAAA-MM-JJ, "" when there is none.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from rempart.wire.account import PasskeyProof

MOST_SITES = 50  # of one answer
Standing = Literal["good", "suspended"]


class DeskSite(msgspec.Struct, frozen=True):
    """A site of the operator: `people` accounts with a mandate today; `here`: this desk suspended it."""

    site: str
    profession: str
    region: str
    standing: str
    people: int
    here: bool


class DeskSites(msgspec.Struct, frozen=True):
    """In the order of their numbers; `next` asks for those after, "" at the end. `sites_in_all` of the operator."""

    sites: tuple[DeskSite, ...]
    next: str
    sites_in_all: int


class DeskAccount(msgspec.Struct, frozen=True):
    """An account: `site` where it works from `first` to `last`, or "" at a desk; `insurer` whose desk it is.

    `passkeys` that open something, the day one was last `used`; `code_until`: an unused code is good until then.
    `ended`: for ever. `here`: this desk suspended it.
    """

    account: str
    role: str
    standing: str
    invited: str
    insurer: str
    site: str
    first: str
    last: str
    passkeys: int
    used: str
    code_until: str
    probation: str
    ended: bool
    here: bool


class DeskAccounts(msgspec.Struct, frozen=True):
    """People of desks: the operator's own, and of insurers at its portal; at most 200."""

    accounts: tuple[DeskAccount, ...]


class DeskSiteAccounts(msgspec.Struct, frozen=True):
    """One site and who may work there today or later."""

    site: DeskSite
    accounts: tuple[DeskAccount, ...]


class DeskStandingRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Suspended, or good again."""

    standing: Standing


class DeskInviteRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Whom an agent invites, signed: `challenge` is the keeper's, with the action's hash behind it.

    `place`: a site's billing number with `first` and `last`, both included; of `support` the operator, without days.
    `account`: one that never had a passkey, for another code; "" for a new one. `accountable`, of staff alone: the
    account of the site that answers for them, or `has-number` for who has a number of their own.
    """

    role: str
    place: str
    first: str
    last: str
    account: str
    accountable: str
    challenge: str
    signed: PasskeyProof


class DeskCode(msgspec.Struct, frozen=True):
    """The first half of a code, shown once; the second is for the operator's mail to bring (`gateways.messages`)."""

    account: str
    first_half: str
    expires: str


class DeskCompartment(msgspec.Struct, frozen=True):
    """One of the operator's two: its portal, or all that is its own. `closing` names this closing; 0 when open.

    `officer` and `agreed` are accounts; `officer` "" when the command line did it, which alone undoes it.
    """

    compartment: str
    state: str
    since: str
    reason: str
    reopens: str
    french: str
    english: str
    officer: str
    closing: int
    agreed: tuple[str, ...]


class DeskEvent(msgspec.Struct, frozen=True):
    """One step: closed, restricted, agreed (a voice to open), open."""

    instant: str
    compartment: str
    step: str
    officer: str
    reason: str
    reopens: str


class DeskElsewhere(msgspec.Struct, frozen=True):
    """A part of the whole hub that is not open, which no desk opens."""

    compartment: str
    state: str
    reopens: str
    french: str
    english: str


class DeskCompartments(msgspec.Struct, frozen=True):
    """The operator's own, what else is not open, and the last steps, the newest first."""

    compartments: tuple[DeskCompartment, ...]
    elsewhere: tuple[DeskElsewhere, ...]
    events: tuple[DeskEvent, ...]


class DeskShutRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`state` closed or restricted, `reason` in small letters and dashes, `reopens` when it is expected to open.

    The sentences say it to the public, in both languages or in neither.
    """

    state: Literal["closed", "restricted"]
    reason: str
    reopens: str = ""
    french: str = ""
    english: str = ""


class DeskOpenRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A signed word for opening, about that closing."""

    closing: int
    challenge: str
    signed: PasskeyProof


class DeskOpening(msgspec.Struct, frozen=True):
    """The state now: `open`, or what it was while a second person must agree."""

    state: str
