"""Sessions by a hospital's own OpenID provider: the keeper verifies the id_token itself, over a challenge of its own.

Its people get an account with their first sign-in, no passkey asked: the provider has a second factor of its own, which
`acr` or `amr` must tell. Such a session is what one by Pro Santé Connect is: an hour, half of the budgets, nothing that
is signed; and for the hospital's sites alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rempart.identity.pro_sante_connect import Refused, nonce_of
from rempart.identity.pro_sante_connect.subject import Subject, Wanted, verify_subject
from rempart.sealing.account_frames import PROVIDER, SessionResult
from rempart.sealing.invitations import fresh_account

from .hospital_registry import Hospital
from .provider_registry import Link
from .registry import Mandate

if TYPE_CHECKING:
    from rempart.sealing.hospital_frames import HospitalItem, RegisterHospital

    from .challenges import Challenges
    from .clock import KeeperClock
    from .providers import Providers
    from .registry import Registry

FOREVER = 4_102_444_800_000_000
"""The start of 2100, microseconds UTC: until when the provider's word stands in the place of a passkey."""


class Hospitals:
    """Opens such sessions; `Providers` renews them."""

    def __init__(self, registry: Registry, challenges: Challenges, providers: Providers, *, clock: KeeperClock) -> None:
        self._registry = registry
        self._known = registry.hospitals
        self._challenges = challenges
        self._providers = providers
        self._clock = clock

    def sign_in(self, items: list[HospitalItem]) -> list[SessionResult]:
        """A session for who a hospital's provider vouches for.

        Refusals: clock-apart, unknown-portal, portal-key-unknown, provider-unknown, challenge-…, those of
        `verify_subject`, provider-role (no value of the claim is a role here), link-unknown, account-revoked,
        no-mandate.
        """
        return [self._sign_in(each) for each in items]

    def _sign_in(self, item: HospitalItem) -> SessionResult:
        hospital = self._challenged(item)
        if isinstance(hospital, str):
            return SessionResult(hospital)
        wanted = Wanted(
            hospital.issuer, hospital.client_id, nonce_of(item.challenge), hospital.acr, hospital.amr, hospital.claim
        )  # fmt: skip
        found = verify_subject(item.id_token, hospital.keys, wanted, self._clock.now() // 1_000_000)
        if isinstance(found, Refused):
            return SessionResult(found.code)
        role = hospital.role(found.values)
        if not role:
            return SessionResult("provider-role")
        return self._entered(item, hospital, found, role)

    def _challenged(self, item: HospitalItem) -> Hospital | str:
        """The provider of a portal that shows its key and a challenge of its own, which is used up."""
        if not self._clock.hear(item.instant):
            return "clock-apart"
        portal = self._registry.accounts.portals.get(item.operator)
        if portal is None:
            return "unknown-portal"
        if not portal.has(item.binding):
            return "portal-key-unknown"
        hospital = self._known.hospitals.get((item.operator, item.hospital))
        if hospital is None or not hospital.keys:
            return "provider-unknown"
        return self._challenges.spend(item.challenge, PROVIDER, item.operator, item.binding) or hospital

    def _entered(self, item: HospitalItem, hospital: Hospital, found: Subject, role: str) -> SessionResult:
        """Who came before, with today's role and sites; or a new account."""
        links = self._registry.providers
        name = links.name(item.operator, f"hospital/{hospital.name}/{hospital.issuer}/{found.subject}")
        account = self._known.people.get(name)
        if account is None:
            account = fresh_account()
            self._known.enrol(name, item.operator, account)
        elif name not in links.links:
            return SessionResult("link-unknown")  # the operator unlinked them
        for site in hospital.sites:
            refusal = self._registry.mandate(Mandate(account, site, 0, FOREVER))
            link = Link(account, item.operator, role, (site,), FOREVER)
            if refusal := refusal or links.link("", link, name):
                return SessionResult(refusal)
        return self._providers.opened(item.operator, item.binding, name, only=hospital.sites)


def registered(registry: Registry, item: RegisterHospital) -> str:
    """Registers a hospital's provider, or the same anew; "" or unknown-portal, hospital-malformed."""
    if item.operator not in registry.accounts.portals:
        return "unknown-portal"
    return registry.hospitals.register(
        Hospital(
            item.operator, item.name, item.issuer, item.client_id, item.acr, item.amr, item.claim, item.roles,
            item.sites, item.keys,
        )
    )  # fmt: skip
