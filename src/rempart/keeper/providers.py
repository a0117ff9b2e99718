"""Sessions by Pro Santé Connect: the keeper verifies the id_token itself, over a challenge of its own.

Such a sign-in can be relayed in real time by a false portal, so its session is less than a passkey's: on probation
throughout, one hour, only the sites linked to the person, and only for some days on an account without a passkey.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import msgspec

from rempart.domain.authorities import actions
from rempart.identity.pro_sante_connect import Expected, Refused, nonce_of, verify
from rempart.sealing.account_frames import PROVIDER, SessionResult

from .clock import HOUR
from .grants import EVIDENCE_OF_MACHINES, Grant
from .registry import ACCOUNT
from .session_limits import LESSER

if TYPE_CHECKING:
    from rempart.sealing.account_frames import RenewItem
    from rempart.sealing.provider_frames import ProviderItem

    from .challenges import Challenges
    from .clock import KeeperClock
    from .grants import Grants
    from .provider_registry import Link, Provider
    from .registry import Registry
    from .session_limits import Limits

PORTAL = "portal:"
LIFE = HOUR
"""How long after its sign-in such a session may be renewed."""


class Providers:
    """Opens such sessions, and renews them when `Accounts` is asked to."""

    def __init__(
        self, registry: Registry, grants: Grants, challenges: Challenges, *, clock: KeeperClock, limits: Limits
    ) -> None:
        self._registry = registry
        self._known = registry.providers
        self._grants = grants
        self._challenges = challenges
        self._clock = clock
        self._limits = limits

    def sign_in(self, items: list[ProviderItem]) -> list[SessionResult]:
        """A session for who the provider vouches for.

        Refusals: clock-apart, unknown-portal, portal-key-unknown, provider-unknown, challenge-…, those of
        `pro_sante_connect.verify`, link-unknown, account-revoked, passkey-required, no-exercice, no-mandate.
        """
        return [self._sign_in(each) for each in items]

    def renew(self, grant: Grant, item: RenewItem) -> SessionResult:
        """A later grant of such a session, whose grant was read and whose binding is still to be looked at.

        Refusals: other-binding, portal-key-unknown, link-unknown, account-revoked, session-over, session-idle,
        no-mandate, accountable-gone.
        """
        if grant.binding != item.binding:
            return SessionResult("other-binding")
        link, now = self._known.links.get(grant.link), self._clock.now()
        if link is None or link.account != grant.client:
            return SessionResult("link-unknown")
        if not self._registry.accounts.portals[link.operator].has(item.binding):
            return SessionResult("portal-key-unknown")
        if not self._grants.stands(link.account):
            return SessionResult("account-revoked")
        if now >= grant.signed_in + LIFE or self._grants.ended(grant):
            return SessionResult("session-over")
        if now > grant.expires + self._limits.idle:
            return SessionResult("session-idle")
        return self._give(grant, link, item.site or grant.site)

    def _sign_in(self, item: ProviderItem) -> SessionResult:
        provider = self._challenged(item)
        if isinstance(provider, str):
            return SessionResult(provider)
        expected = Expected(provider.issuer, provider.client_id, nonce_of(item.challenge), provider.acr)
        now = self._clock.now()
        found = verify(item.id_token, provider.keys, expected, now // 1_000_000)
        if isinstance(found, Refused):
            return SessionResult(found.code)
        return self._linked(item, self._known.name(item.operator, found.national_id))

    def _challenged(self, item: ProviderItem) -> Provider | str:
        """The provider of a portal that shows its key and a challenge of its own, which is used up."""
        if not self._clock.hear(item.instant):
            return "clock-apart"
        portal = self._registry.accounts.portals.get(item.operator)
        if portal is None:
            return "unknown-portal"
        if not portal.has(item.binding):
            return "portal-key-unknown"
        provider = self._known.providers.get(item.operator)
        if provider is None or not provider.keys:
            return "provider-unknown"
        return self._challenges.spend(item.challenge, PROVIDER, item.operator, item.binding) or provider

    def _linked(self, item: ProviderItem, name: bytes) -> SessionResult:
        """A session for who was found, if the keeper has that person linked to an account."""
        link, now = self._known.links.get(name), self._clock.now()
        if link is None:
            return SessionResult("link-unknown", person=name)
        if not self._grants.stands(link.account):
            return SessionResult("account-revoked")
        if now >= link.until and not self._registry.accounts.opening(link.account):
            return SessionResult("passkey-required")
        told = link.sites if item.anywhere else tuple(site for site in link.sites if site in item.sites)
        if not told:
            return SessionResult("no-exercice")
        return self.opened(item.operator, item.binding, name, only=told)

    def opened(self, operator: str, binding: str, name: bytes, *, only: tuple[str, ...]) -> SessionResult:
        """A new session of who is linked under a name, for some of its sites. Refusals: account-revoked, no-mandate."""
        link = self._known.links[name]
        if not self._grants.stands(link.account):
            return SessionResult("account-revoked")
        begun = Grant(
            1, b"", link.account, ACCOUNT, "", PORTAL + operator, EVIDENCE_OF_MACHINES, binding, (), 0, 0,
            signed_in=self._clock.now(), session=secrets.token_bytes(8), link=name, only=only,
        )  # fmt: skip
        return self._give(begun, link, "")

    def _give(self, before: Grant, link: Link, site: str) -> SessionResult:
        """A grant like `before`, for now, and for one of the sites that are linked and have a mandate in force."""
        now = self._clock.now()
        in_force = self._registry.sites_of(link.account, now)
        sites = tuple(each for each in before.only if each in link.sites and each in in_force)
        if not sites or (site and site not in sites):
            return SessionResult("no-mandate")
        chosen = site or (sites[0] if len(sites) == 1 else "")
        if chosen and self._registry.unanswered(link.account, chosen, now):
            return SessionResult("accountable-gone")
        until = before.signed_in + LIFE
        lesser = self._registry.delegated(link.account, chosen, now)
        role = LESSER.get(link.role, link.role) if lesser else link.role
        allowed = actions(role, probation=True) if chosen else ()
        grant = msgspec.structs.replace(
            before, id=secrets.token_bytes(16), site=chosen, purposes=allowed, issued=now,
            expires=min(now + self._limits.grant, until), probation=until,
        )  # fmt: skip
        return SessionResult(
            "", self._grants.seal(grant), link.account, link.operator, chosen, sites, role, grant.expires, until,
            grant.session, b"", grant.signed_in, until, watched=self._registry.accounts.on_probation(link.account, now),
        )  # fmt: skip
