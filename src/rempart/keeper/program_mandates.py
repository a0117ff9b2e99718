"""Mandates of vendors' and concentrators' programs: a code that a manager signs for, its one use, renewals, the end.

Their lines are in the registry's file. Format: docs/formats/mandates.md.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from rempart.domain.authorities import MANAGE
from rempart.domain.dangerous import MANDATE_CODE, MANDATE_RENEW
from rempart.identity.client_assertion import public_jwk_fault
from rempart.sealing import programs
from rempart.sealing.account_frames import AccountDone
from rempart.sealing.invitations import LIFE_DAYS, code_hash, fresh_code
from rempart.sealing.mandate_frames import (
    ANY,
    ClaimMandateItem,
    ClaimMandateResult,
    EndMandateItem,
    GiveMandateCodeItem,
    GiveMandateCodeResult,
    RenewMandateItem,
)

from .clock import DAY, HOUR
from .program_registry import MandateCode

if TYPE_CHECKING:
    from .clock import KeeperClock
    from .grants import Grants
    from .own_account import OwnAccounts
    from .registry import Registry
    from .server import Handler

PROGRAMS = frozenset({"vendor", "concentrator"})
YEAR = 366 * DAY
"""How long a mandate lasts at the keeper; the hub counts the civil days of one year."""
RENEWED_WITHIN = 61 * DAY
"""How long before its end a mandate may be renewed, with a day for zones."""
_ZONES = 14 * HOUR  # no civil day begins further from midnight UTC
_EPOCH = date(1970, 1, 1)


class ProgramMandates:
    """Each operation one item at a time."""

    def __init__(self, registry: Registry, grants: Grants, own: OwnAccounts, *, clock: KeeperClock) -> None:
        self._registry = registry
        self._grants = grants
        self._own = own
        self._clock = clock

    def handlers(self) -> dict[str, Handler]:
        """What the `ask` socket answers by them."""
        return {
            "give_mandate_code": lambda items: [self._give(each) for each in items],
            "claim_mandate": lambda items: [self._claim(each) for each in items],
            "renew_mandate": lambda items: [AccountDone(self._renew(each)) for each in items],
            "end_mandate": lambda items: [AccountDone(self._end(each)) for each in items],
        }

    def _give(self, item: GiveMandateCodeItem) -> GiveMandateCodeResult:
        """Refusals: those of `OwnAccounts.signed`, client-unknown."""
        found = self._own.signed(MANDATE_CODE, (item.client,), item.asked)
        if isinstance(found, str):
            return GiveMandateCodeResult(found)
        known = self._registry.clients.get(item.client)
        if item.client != ANY and (known is None or known.kind not in PROGRAMS or known.revoked):
            return GiveMandateCodeResult("client-unknown")
        code, now = fresh_code(), self._clock.now()
        made = MandateCode(found.operator, found.place, item.client, now + LIFE_DAYS * DAY, found.grant.client)
        self._registry.programs.give(code_hash(code) or b"", made, now)
        return GiveMandateCodeResult("", code, made.expires)

    def _claim(self, item: ClaimMandateItem) -> ClaimMandateResult:
        """Refusals: those of assertions, mandate-code-unknown (used, expired, another site's or client's: one)."""
        if item.key is not None:
            return self._enrol(item)
        client = self._grants.identified(item.assertion, item.audience, item.instant)
        if isinstance(client, str):
            return ClaimMandateResult(client)
        hashed, now = code_hash(item.code) or b"", self._clock.now()
        code = self._registry.programs.codes.get(hashed)
        if code is None or code.used or code.expires <= now or code.site != item.site:
            return ClaimMandateResult("mandate-code-unknown")
        if client.kind not in PROGRAMS or code.client not in {ANY, client.id}:
            return ClaimMandateResult("mandate-code-unknown")
        span = (now, now + YEAR)
        self._registry.programs.mandate((client.id, code.site), span, code.by, instant=now, code=hashed)
        return ClaimMandateResult("", client.id, code.by, span[1])

    def _enrol(self, item: ClaimMandateItem) -> ClaimMandateResult:
        """A program of the site's own, with a key that nobody registered and that signed the assertion.

        Refusals: those of keys (`public_jwk_fault`) and assertions, mandate-code-unknown (also one made for a program).
        """
        key = item.key or {}
        named, fault = programs.named(key), public_jwk_fault(key)
        if fault or named is None:
            return ClaimMandateResult(fault or "malformed-key")
        refusal = self._grants.presented(item.assertion, named, item.audience, item.instant)
        if refusal:
            return ClaimMandateResult(refusal)
        hashed, now = code_hash(item.code) or b"", self._clock.now()
        code = self._registry.programs.codes.get(hashed)
        if code is None or code.used or code.expires <= now or (code.site, code.client) != (item.site, ANY):
            return ClaimMandateResult("mandate-code-unknown")
        if named[0] in self._registry.clients:  # one program is one key; ended once, it makes another
            return ClaimMandateResult("mandate-code-unknown")
        self._registry.programs.enrol(hashed, named, instant=now)
        return ClaimMandateResult("", named[0], code.by)

    def _renew(self, item: RenewMandateItem) -> str:
        """Refusals: those of `OwnAccounts.signed`, client-unknown, days-malformed, mandate-not-due."""
        found = self._own.signed(MANDATE_RENEW, (item.client, item.first, item.last), item.asked)
        if isinstance(found, str):
            return found
        now, held = self._clock.now(), self._live(item.client, found.place)
        if not held:
            return "client-unknown"
        if not _a_year(item):
            return "days-malformed"
        start, end = held[-1]
        if end - now > RENEWED_WITHIN + DAY or item.end - now > RENEWED_WITHIN + YEAR:
            return "mandate-not-due"
        pair = (item.client, found.place)
        self._registry.programs.mandate(pair, (start, max(end, item.end)), found.grant.client, instant=now)
        return ""

    def _end(self, item: EndMandateItem) -> str:
        """Refusals: those of `OwnAccounts.session`, purpose-not-granted, client-unknown."""
        found = self._own.session(item.grant, item.binding, item.instant)
        if isinstance(found, str):
            return found
        grant, now = found[0], self._clock.now()
        if MANAGE not in grant.purposes:
            return "purpose-not-granted"
        if self._registry.programs.enrolled.get(item.client) == grant.site:
            return self._registry.revoke(item.client)
        held = self._live(item.client, grant.site)
        for start, _ in held:
            span = (start, max(start, now))
            self._registry.programs.mandate((item.client, grant.site), span, grant.client, instant=now)
        return "" if held else "client-unknown"

    def _live(self, client: str, site: str) -> list[tuple[int, int]]:
        """Mandates of a program for a site that have not ended, the latest end last."""
        known = self._registry.clients.get(client)
        if known is None or known.kind not in PROGRAMS:
            return []
        spans = self._registry.spans(client, site)
        return sorted((each for each in spans if each[1] > self._clock.now()), key=lambda span: span[1])


def _a_year(item: RenewMandateItem) -> bool:
    """Whether the days that were signed are a year at most, and `end` is the instant after the last one, somewhere."""
    try:
        first, last = date.fromisoformat(item.first), date.fromisoformat(item.last)
    except ValueError:
        return False
    if not 0 <= (last - first).days < 366:
        return False
    return abs(item.end - (last + timedelta(1) - _EPOCH).days * DAY) <= _ZONES
