"""People who sign in at an operator's portal: challenge, enrolment of a passkey, session, renewal.

The keeper alone knows portals, invitations and passkeys, so it alone says who signed in; hub and portal relay. What a
session may do is a grant like any other (`grants`). Format and limits: docs/formats/sessions.md.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.authorities import DESK_ROLES, actions, insurer_of
from rempart.sealing.account_frames import (
    ENROL,
    PURPOSES,
    SIGN_IN,
    ChallengeItem,
    ChallengeResult,
    EnrolItem,
    EnrolResult,
    PasskeyItem,
    RenewItem,
    SessionResult,
)
from rempart.sealing.invitations import code_hash

from .account_registry import Passkey, Portal, passkey_digest
from .challenges import Challenges
from .clock import DAY
from .grants import EVIDENCE_OF_MACHINES, Grant, Grants
from .registry import ACCOUNT, Registry
from .session_limits import LESSER, Limits

if TYPE_CHECKING:
    from rempart.sealing.account_frames import AddPasskeyItem, AssertionPart

    from .clock import KeeperClock
    from .passkey_counters import PasskeyCounters
    from .providers import Providers

PORTAL = "portal:"
"""Before the operator, as the vendor of an account's grant: so that the meter counts each portal by itself."""


class _Session(NamedTuple):
    passkey: Passkey
    digest: bytes
    binding: str
    signed_in: int
    name: bytes
    station: bytes = b""


class Accounts:
    """Each operation one item at a time."""

    def __init__(
        self,
        registry: Registry,
        grants: Grants,
        challenges: Challenges,
        *,
        marks: tuple[PasskeyCounters, PasskeyCounters],
        clock: KeeperClock,
        limits: Limits,
        providers: Providers,
    ) -> None:
        self._registry = registry
        self._known = registry.accounts
        self._grants = grants
        self._challenges = challenges
        self._counters, self._days = marks  # what each passkey counted last, and the day it signed in last
        self._clock = clock
        self._limits = limits
        self._providers = providers
        if self._known.portals:
            prepare()

    def close(self) -> None:
        self._counters.close()
        self._days.close()

    def challenge(self, items: list[ChallengeItem]) -> list[ChallengeResult]:
        """Refusals: purpose-unknown, clock-apart, unknown-portal, portal-key-unknown."""
        return [self._challenge(each) for each in items]

    def enrol(self, items: list[EnrolItem]) -> list[EnrolResult]:
        """A passkey for an invitation.

        Refusals: clock-apart, unknown-portal, portal-key-unknown, challenge-invalid, challenge-expired,
        challenge-spent, invitation-unknown (also expired, used, another operator's or site's: one answer),
        passkey-refused, passkey-exists.
        """
        return [self._enrol(each) for each in items]

    def passkey(self, items: list[PasskeyItem]) -> list[SessionResult]:
        """A session for a passkey.

        Refusals: as `enrol` up to challenges, then unknown-passkey, passkey-refused, passkey-cloned (its counter went
        back), account-revoked, passkey-revoked, no-mandate, accountable-gone (of staff: nobody answers for them there).
        """
        return [self._sign_in(each) for each in items]

    def renew(self, items: list[RenewItem]) -> list[SessionResult]:
        """A later grant for a session that goes on.

        Refusals: clock-apart, no-grant, other-binding, portal-key-unknown, account-revoked, passkey-revoked,
        session-over, session-idle, no-mandate, accountable-gone.
        """
        return [self._renew(each) for each in items]

    def _challenge(self, item: ChallengeItem) -> ChallengeResult:
        if item.purpose not in PURPOSES:
            return ChallengeResult("purpose-unknown")
        portal = self._portal(item.operator, item.binding, item.instant)
        if isinstance(portal, str):
            return ChallengeResult(portal)
        challenge, expires = self._challenges.make(item.purpose, item.operator, item.binding)
        return ChallengeResult("", challenge, portal.rp_id, expires)

    def _enrol(self, item: EnrolItem) -> EnrolResult:
        portal = self._challenged(item, ENROL)
        if isinstance(portal, str):
            return EnrolResult(portal)
        hashed = code_hash(item.code) or b""
        invitation = self._known.invitations.get(hashed)
        if invitation is None or invitation.used or invitation.expires <= self._clock.now():
            return EnrolResult("invitation-unknown")
        if (invitation.operator, invitation.site) != (item.operator, item.site):
            return EnrolResult("invitation-unknown")
        if not self._grants.stands(invitation.account):
            return EnrolResult("invitation-unknown")
        made = registered(portal, item)
        if made is None:
            return EnrolResult("passkey-refused")
        refusal = self._known.enrol(hashed, made, self._clock.now())
        return EnrolResult(refusal) if refusal else EnrolResult("", invitation.account, made[0])

    def _sign_in(self, item: PasskeyItem) -> SessionResult:
        portal = self._challenged(item, SIGN_IN)
        if isinstance(portal, str):
            return SessionResult(portal)
        digest = passkey_digest(item.operator, item.credential)
        passkey = self._known.passkeys.get(digest)
        if passkey is None:
            return SessionResult("unknown-passkey")
        last = max(passkey.counter, self._counters.last(digest))
        counter = signed_counter(portal, passkey, last, item.challenge, signed=item)
        if isinstance(counter, str):
            return SessionResult(counter)
        self._counters.seen(digest, counter)
        now = self._clock.now()
        if self._days.last(digest) != now // DAY:
            self._days.seen(digest, now // DAY)
        session = _Session(passkey, digest, item.binding, now, secrets.token_bytes(8))
        return self._standing(session) or self._give(session, item.site)

    def _renew(self, item: RenewItem) -> SessionResult:
        if not self._clock.hear(item.instant):
            return SessionResult("clock-apart")
        held = self._grants.read(item.grant)
        if held is not None and held.grant.link:
            return self._providers.renew(held.grant, item)
        passkey = None if held is None else self._known.passkeys.get(held.grant.passkey)
        if held is None or passkey is None:
            return SessionResult("no-grant")
        grant, now = held.grant, self._clock.now()
        if grant.binding != item.binding:
            return SessionResult("other-binding")
        session = _Session(passkey, grant.passkey, grant.binding, grant.signed_in, grant.session, grant.station)
        portal = self._known.portals[session.passkey.operator]
        if not portal.has(item.binding):
            return SessionResult("portal-key-unknown")
        refused = self._standing(session)
        if refused is not None:
            return refused
        if now >= grant.signed_in + self._limits.shift or self._grants.ended(grant):
            return SessionResult("session-over")
        if now > grant.expires + self._limits.idle:
            return SessionResult("session-idle")
        if grant.station and item.site not in {"", grant.site}:
            return SessionResult("no-mandate")
        return self._give(session, item.site or grant.site)

    def portal_refusal(self, operator: str, binding: str, instant: int) -> str:
        """Whether a portal that is in order shows its key: "", clock-apart, unknown-portal or portal-key-unknown."""
        found = self._portal(operator, binding, instant)
        return found if isinstance(found, str) else ""

    def open_at(self, station: bytes, site: str, digest: bytes, *, binding: str, signed_in: int) -> SessionResult:
        """A session at a workstation for who showed this passkey earlier in the shift, `signed_in` (microseconds UTC).

        Refusals: account-revoked, passkey-revoked, session-over (signed out everywhere since), no-mandate,
        accountable-gone.
        """
        passkey = self._known.passkeys[digest]
        session = _Session(passkey, digest, binding, signed_in, secrets.token_bytes(8), station)
        if signed_in <= self._known.signed_out.get(passkey.account, -1):
            return SessionResult("session-over")
        return self._standing(session) or self._give(session, site)

    def _portal(self, operator: str, binding: str, instant: int) -> Portal | str:
        if not self._clock.hear(instant):
            return "clock-apart"
        portal = self._known.portals.get(operator)
        if portal is None:
            return "unknown-portal"
        return portal if portal.has(binding) else "portal-key-unknown"

    def _challenged(self, item: EnrolItem | PasskeyItem, purpose: str) -> Portal | str:
        portal = self._portal(item.operator, item.binding, item.instant)
        if isinstance(portal, str):
            return portal
        return self._challenges.spend(item.challenge, purpose, item.operator, item.binding) or portal

    def _standing(self, session: _Session) -> SessionResult | None:
        if not self._grants.stands(session.passkey.account):
            return SessionResult("account-revoked")
        return SessionResult("passkey-revoked") if session.passkey.revoked else None

    def _lesser(self, session: _Session, site: str) -> bool:
        """Whether nothing may be managed in this session: by a PIN nobody does, nor where one is a locum."""
        return bool(session.station) or self._registry.delegated(session.passkey.account, site, self._clock.now())

    def _give(self, session: _Session, site: str) -> SessionResult:
        """A grant for one of the account's sites; for none while several are open and none was named.

        A desk's has no site and no purpose: the keeper opens nothing for it, and asks the role where it signs.
        """
        now, account, operator = self._clock.now(), session.passkey.account, session.passkey.operator
        desk = session.passkey.role in DESK_ROLES
        sites = () if desk else self._registry.sites_of(account, now)
        if site and site not in sites:
            return SessionResult("no-mandate")
        chosen = site or (sites[0] if len(sites) == 1 else "")
        if chosen and self._registry.unanswered(account, chosen, now):
            return SessionResult("accountable-gone")
        sites = (site,) if session.station else sites
        until = session.signed_in + self._limits.shift
        role, lesser = session.passkey.role, self._lesser(session, chosen)
        role = LESSER.get(role, role) if lesser else role
        probation = self._known.probation.get(account, 0)
        allowed = actions(role, probation=lesser or probation > now)
        grant = Grant(
            1,
            secrets.token_bytes(16),
            account,
            ACCOUNT,
            chosen,
            PORTAL + operator,
            EVIDENCE_OF_MACHINES,  # nobody showed a signed card by signing in
            session.binding,
            allowed if chosen else (),
            now,
            min(now + self._limits.grant, until),
            signed_in=session.signed_in,
            passkey=session.digest,
            session=session.name,
            probation=probation if probation > now else 0,
            station=session.station,
        )
        return SessionResult(
            "", self._grants.seal(grant), account, operator, chosen, sites, role, grant.expires, until, session.name,
            session.digest, session.signed_in, grant.probation, insurer_of(role, self._known.desk(account)),
            watched=grant.probation,
        )  # fmt: skip


def prepare() -> None:
    """Loads what verifies passkeys, a quarter of a second: at the start when there is a portal, else with the first."""
    from rempart.identity import passkey  # noqa: F401, PLC0415 - a keeper without a portal never pays for it


def registered(portal: Portal, item: EnrolItem | AddPasskeyItem) -> tuple[bytes, bytes, int] | None:
    """Credential id, key and counter of what was enrolled; None when it is not good."""
    from rempart.identity import passkey  # noqa: PLC0415 - see `prepare`

    party = passkey.RelyingParty(portal.rp_id, portal.origins)
    found = passkey.verify_registration(party, item.challenge, item.client_data, item.attestation)
    return None if isinstance(found, passkey.Refused) else (found.credential, found.key, found.counter)


def signed_counter(
    portal: Portal, known: Passkey, last: int, challenge: bytes, *, signed: PasskeyItem | AssertionPart
) -> int | str:
    """The counter that a passkey signed with `challenge`, or the refusal: passkey-refused, passkey-cloned."""
    from rempart.identity import passkey  # noqa: PLC0415 - see `prepare`

    party = passkey.RelyingParty(portal.rp_id, portal.origins)
    stored = passkey.Registered(known.credential, known.key, last)
    said = passkey.Signed(signed.client_data, signed.authenticator_data, signed.signature)
    found = passkey.verify_assertion(party, challenge, stored, said)
    if isinstance(found, passkey.Refused):
        return "passkey-cloned" if found.code == "counter-back" else "passkey-refused"
    return found
