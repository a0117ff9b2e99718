"""What a signed-in person does with the account itself: its passkeys, its sessions, a colleague's recovery.

Everything is asked in a live session of a portal that is in order. What lets somebody in is signed with a passkey as
well, however young the session: a hub that was taken over holds every session, and must not make itself a way in.
Format and limits: docs/formats/sessions.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rempart.domain.authorities import DESK_ROLES, OPERATOR_ROLES
from rempart.domain.authorities import actions as may
from rempart.domain.dangerous import AUTHORITY, RECOVER
from rempart.sealing import actions
from rempart.sealing.account_frames import (
    ADD_PASSKEY,
    APPROVE,
    AccountDone,
    AccountItem,
    AccountResult,
    AccountShown,
    AddPasskeyItem,
    AssertionPart,
    EndPasskeyItem,
    EndSessionsItem,
    PasskeyTold,
    RecoverItem,
    RecoverResult,
    RecoveryTold,
)
from rempart.sealing.action_frames import Signing
from rempart.sealing.invitations import LIFE_DAYS, code_hash, fresh_code

from .account_registry import Invitation, Passkey, Recovery, passkey_digest
from .accounts import registered, signed_counter
from .clock import DAY
from .registry import ACCOUNT, Registry

if TYPE_CHECKING:
    from .account_registry import Portal
    from .challenges import Challenges
    from .clock import KeeperClock
    from .grants import Grant, Grants
    from .passkey_counters import PasskeyCounters
    from .provider_registry import Link
    from .server import Handler

SESSION_BYTES = 8


class Signatory(NamedTuple):
    """Who signed an action: the session's grant, the signer's operator and place, the digest of the passkey."""

    grant: Grant
    operator: str
    place: str
    role: str
    passkey: bytes
    action: actions.Action


class OwnAccounts:
    """Each operation one item at a time. `shift`: microseconds from a sign-in to the end of its session."""

    def __init__(
        self,
        registry: Registry,
        grants: Grants,
        challenges: Challenges,
        *,
        marks: tuple[PasskeyCounters, PasskeyCounters],
        clock: KeeperClock,
        shift: int,
    ) -> None:
        self._registry = registry
        self._known = registry.accounts
        self._grants = grants
        self._challenges = challenges
        self._counters, self._days = marks  # what each passkey counted last, and the day it signed in last
        self._clock = clock
        self._shift = shift

    # Refusals of all that a session asks: clock-apart, no-grant, other-binding, portal-key-unknown, account-revoked,
    # session-over.

    def handlers(self) -> dict[str, Handler]:
        """What the `ask` socket answers by them."""
        return {
            "account": self.account, "add_passkey": self.add_passkey, "end_passkey": self.end_passkey,
            "end_sessions": self.end_sessions, "recover": self.recover,
        }  # fmt: skip

    def account(self, items: list[AccountItem]) -> list[AccountResult]:
        """What is registered of the account."""
        return [self._account(each) for each in items]

    def add_passkey(self, items: list[AddPasskeyItem]) -> list[AccountDone]:
        """A passkey more, on probation where no other one vouched for it.

        Refusals, further: those of challenges, passkey-refused, passkey-cloned, unknown-passkey (of the proof),
        passkey-proof-required (the account has one), passkey-exists, passkeys-too-many.
        """
        return [AccountDone(self._add(each)) for each in items]

    def end_passkey(self, items: list[EndPasskeyItem]) -> list[AccountDone]:
        """Refusals, further: unknown-passkey (another account's as well), last-passkey."""
        return [AccountDone(self._end_passkey(each)) for each in items]

    def end_sessions(self, items: list[EndSessionsItem]) -> list[AccountDone]:
        """Refusal, further: session-unknown. One that is over already is done."""
        return [AccountDone(self._end_sessions(each)) for each in items]

    def recover(self, items: list[RecoverItem]) -> list[RecoverResult]:
        """A colleague's new invitation; what that account had has ended.

        Refusals, further: purpose-not-granted (no manager), on-probation, own-account, account-unknown (nobody of
        this site), and those of challenges and passkeys.
        """
        return [self._recover(each) for each in items]

    def shown(self, account: str) -> AccountShown:
        """For the operator. Refusal: account-unknown."""
        invitation = self._known.invited(account)
        if invitation is None:
            return AccountShown("account-unknown")
        told = tuple(RecoveryTold(each.by, each.instant) for each in self._known.recoveries.get(account, ()))
        return AccountShown(
            "", invitation.operator, invitation.role, self._passkeys(account), told, self._probation(account),
            not self._grants.stands(account),
        )  # fmt: skip

    def summary(self, account: str) -> tuple[int, int, int]:
        """How many passkeys open an account, the last day one did (0: never), its probation's end (0: none)."""
        held = self._passkeys(account)
        return len(held), max((each.used for each in held), default=0), self._probation(account)

    def _account(self, item: AccountItem) -> AccountResult:
        found = self.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return AccountResult(found)
        grant, operator, role = found
        account = grant.client
        probation = max(self._probation(account), grant.probation)
        *_, last = self._known.recoveries.get(account) or (Recovery("", 0),)
        by_operator = bool(last.by) and self._by_operator(last.by)
        return AccountResult(
            "", account, operator, role, self._passkeys(account), probation, last.instant, by_operator
        )  # fmt: skip

    def _add(self, item: AddPasskeyItem) -> str:
        found = self.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return found
        grant, operator, role = found
        if grant.station:
            return "passkey-session-required"
        if grant.link in self._registry.hospitals.people:
            return "purpose-not-granted"  # a way in that would outlive the hospital's word
        portal = self._known.portals[operator]
        if refusal := self._challenges.spend(item.challenge, ADD_PASSKEY, operator, grant.binding):
            return refusal
        if item.proof is not None:
            if refusal := self.proved(grant, portal, item.challenge, item.proof):
                return refusal
        elif self._known.opening(grant.client):
            return "passkey-proof-required"
        made = registered(portal, item)
        if made is None:
            return "passkey-refused"
        passkey = Passkey(grant.client, operator, role, *made, made=self._clock.now())
        return self._known.add(passkey, watched=item.proof is None)

    def _end_passkey(self, item: EndPasskeyItem) -> str:
        found = self.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return found
        return "passkey-session-required" if found[0].station else self._known.end(found[0].client, item.passkey)

    def _end_sessions(self, item: EndSessionsItem) -> str:
        found = self.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return found
        grant, now = found[0], self._clock.now()
        if item.every:
            self._known.sign_out(grant.client, now)
            return ""
        if len(item.session) not in {0, SESSION_BYTES}:
            return "session-unknown"
        self._grants.end_session(grant.client, item.session or grant.session, now + self._shift)
        return ""

    def _recover(self, item: RecoverItem) -> RecoverResult:
        asked = Signing(item.grant, item.binding, item.challenge, item.signed, item.instant)
        found = self.signed(RECOVER, (item.account,), asked)
        if isinstance(found, str):
            return RecoverResult(found)
        grant, operator, place, now = found.grant, found.operator, found.place, self._clock.now()
        if item.account == grant.client:
            return RecoverResult("own-account")
        known = self._known.invited(item.account)
        if known is None or known.operator != operator or not self._works_at(known, place, now):
            return RecoverResult("account-unknown")
        code, expires = fresh_code(), now + LIFE_DAYS * DAY
        told = Invitation(item.account, operator, place, known.role, expires)
        refusal = self._known.recover(code_hash(code) or b"", told, Recovery(grant.client, now))
        return RecoverResult(refusal) if refusal else RecoverResult("", code, expires)

    def signed(self, kind: str, fields: tuple[str, ...], asked: Signing) -> Signatory | str:
        """Who signed this very action in a live session, and may; or the refusal. The challenge is spent by it.

        The action is of the signer's own operator and place; `fields` are those behind them. Refusals, further than a
        session's: passkey-session-required (a PIN opened it), purpose-not-granted, on-probation, those of challenges
        and passkeys.
        """
        found = self.session(asked.grant, asked.binding, asked.instant)
        if isinstance(found, str):
            return found
        grant, operator, role = found
        if grant.station:
            return "passkey-session-required"
        if self._registry.delegated(grant.client, grant.site, self._clock.now()):
            return "purpose-not-granted"  # a locum, whatever the role elsewhere
        desk, needed = self._known.desk(grant.client), AUTHORITY[kind]
        if needed not in may(role) or not (desk or grant.purposes):
            return "purpose-not-granted"
        if self._probation(grant.client) or (not desk and needed not in grant.purposes):
            return "on-probation"
        fresh, said = asked.challenge[: actions.CHALLENGE_BYTES], asked.challenge[actions.CHALLENGE_BYTES :]
        if refusal := self._challenges.spend(fresh, APPROVE, operator, grant.binding):
            return refusal
        wanted = actions.written(kind, operator, desk or grant.site, *fields)
        if wanted is None or said != wanted.digest():
            return "challenge-invalid"
        if refusal := self.proved(grant, self._known.portals[operator], asked.challenge, asked.signed):
            return refusal
        digest = passkey_digest(operator, asked.signed.credential)
        return Signatory(grant, operator, desk or grant.site, role, digest, wanted)

    def at_site(self, raw: bytes) -> bool:
        """Whether a grant is of a session at a site, live or not; a desk's is not."""
        held = self._grants.read(raw)
        return held is not None and bool(held.grant.site)

    def _works_at(self, known: Invitation, place: str, instant: int) -> bool:
        """Whether an account is one of that site, by mandate, or of that desk."""
        if known.role in DESK_ROLES:
            return known.site == place and self._grants.stands(known.account)
        return self._grants.may_act(known.account, place, instant)

    def session(self, raw: bytes, binding: str, instant: int) -> tuple[Grant, str, str] | str:
        """The live session that asks, its operator and role; or the refusal."""
        if not self._clock.hear(instant):
            return "clock-apart"
        held = self._grants.read(raw)
        opened = None if held is None else self._opened(held.grant)
        if held is None or opened is None:
            return "no-grant"
        grant = held.grant
        if grant.binding != binding:
            return "other-binding"
        if not self._known.portals[opened.operator].has(binding):
            return "portal-key-unknown"
        if not self._grants.stands(grant.client):
            return "account-revoked"
        if grant.expires <= self._clock.now() or self._grants.ended(grant):
            return "session-over"
        return grant, opened.operator, opened.role

    def _opened(self, grant: Grant) -> Passkey | Link | None:
        """What opened a session: a passkey, or a provider's word for somebody who is linked."""
        if grant.kind != ACCOUNT:
            return None
        return self._known.passkeys.get(grant.passkey) or self._registry.providers.links.get(grant.link)

    def proved(self, grant: Grant, portal: Portal, challenge: bytes, proof: AssertionPart) -> str:
        """Whether a passkey of the same account signed `challenge`: "" or a refusal."""
        digest = passkey_digest(portal.operator, proof.credential)
        known = self._known.passkeys.get(digest)
        if known is None or known.revoked or known.account != grant.client:
            return "unknown-passkey"
        last = max(known.counter, self._counters.last(digest))
        counter = signed_counter(portal, known, last, challenge, signed=proof)
        if isinstance(counter, str):
            return counter
        self._counters.seen(digest, counter)
        return ""

    def _passkeys(self, account: str) -> tuple[PasskeyTold, ...]:
        return tuple(
            PasskeyTold(digest, each.credential, each.made, self._days.last(digest))
            for digest, each in self._known.opening(account)
        )

    def _by_operator(self, by: str) -> bool:
        """Whether it was an officer of the operator, or an agent at its desk: anybody else is a colleague."""
        known = self._known.invited(by)
        return known is None or known.role in OPERATOR_ROLES

    def _probation(self, account: str) -> int:
        """Until when, 0 when there is none any more."""
        return self._known.on_probation(account, self._clock.now())
