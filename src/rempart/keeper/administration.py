"""The `ring` socket: insurers, clients, mandates, portals, invitations, index key versions, rotation, health."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast, get_args

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from rempart.domain.authorities import SITE_ROLES, place_fits
from rempart.sealing.account_frames import (
    AccountShown,
    InviteItem,
    PortalItem,
    RecoverAccount,
    RevokePasskey,
    ShowAccount,
)
from rempart.sealing.hospital_frames import RegisterHospital
from rempart.sealing.invitations import LIFE_DAYS
from rempart.sealing.provider_frames import LinkItem, RegisterProvider, UnlinkItem
from rempart.sealing.ringing import (
    AddInsurer,
    AddMandate,
    Done,
    ForgetInsurer,
    Health,
    IndexKeyItem,
    IndexKeyResult,
    Nothing,
    RegisterClient,
    RevokeClient,
)

from .account_registry import Invitation, Portal, Recovery
from .accounts import PORTAL, prepare
from .clock import DAY, KeeperClock
from .hospitals import registered
from .kek import KekMissingError, KekStore
from .provider_registry import Link, Provider
from .registry import Client, Mandate, Registry
from .registry_entries import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .ring import Ring

CODE_LIFE = LIFE_DAYS * DAY
"""Microseconds for which a code may be good, whoever registers it: one that was forgotten in a drawer opens nothing."""


class Administration:
    """Each operation one item at a time; a fault of one changes nothing for the others."""

    def __init__(
        self,
        ring: Ring,
        store: KekStore,
        registry: Registry,
        *,
        clock: KeeperClock,
        figures: Callable[[], Mapping[str, int]],
        verifier_key: str,
        renewed: Callable[[], None],
        shown: Callable[[str], AccountShown],
    ) -> None:
        self._ring = ring
        self._store = store
        self._registry = registry
        self._clock = clock
        self._figures = figures
        self._verifier_key = verifier_key
        self._renewed = renewed
        self._shown = shown

    def add_insurer(self, items: list[AddInsurer]) -> list[Done]:
        add = self._ring.add_insurer
        return [Done(add(each.insurer, each.sign_key, each.hpke_key, size=each.size)) for each in items]

    def register_client(self, items: list[RegisterClient]) -> list[Done]:
        return [self._register(each) for each in items]

    def revoke_client(self, items: list[RevokeClient]) -> list[Done]:
        return [Done(self._registry.revoke(each.client)) for each in items]

    def mandate(self, items: list[AddMandate]) -> list[Done]:
        add = self._registry.mandate
        return [Done(add(Mandate(each.client, each.site, each.start, each.end))) for each in items]

    def portal(self, items: list[PortalItem]) -> list[Done]:
        """Refusals: portal-malformed, portal-key-taken, portal-origin (neither https on `rp_id` nor here)."""
        prepare()
        add = self._registry.accounts.portal
        return [Done(add(Portal(each.operator, each.rp_id, each.origins, each.keys))) for each in items]

    def invite(self, items: list[InviteItem]) -> list[Done]:
        """Refusals: client-exists, account-revoked, invitation-exists, unknown-portal, -malformed, other-role."""
        return [self._invite(each) for each in items]

    def revoke_passkey(self, items: list[RevokePasskey]) -> list[Done]:
        """Refusal: unknown-passkey."""
        return [Done(self._registry.accounts.revoke(each.account, each.credential)) for each in items]

    def recover_account(self, items: list[RecoverAccount]) -> list[Done]:
        """Refusals: account-unknown (another operator's as well), account-revoked, invitation-exists, -malformed.

        manager-recovers where another manager of the site can get in, unless `although_manager`.
        """
        return [self._recover(each) for each in items]

    def show_account(self, items: list[ShowAccount]) -> list[AccountShown]:
        """Refusal: account-unknown."""
        return [self._shown(each.account) for each in items]

    def provider(self, items: list[RegisterProvider]) -> list[Done]:
        """Refusals: unknown-portal, provider-malformed."""
        return [self._provider(each) for each in items]

    def hospital(self, items: list[RegisterHospital]) -> list[Done]:
        """Refusals: unknown-portal, hospital-malformed."""
        return [Done(registered(self._registry, each)) for each in items]

    def link(self, items: list[LinkItem]) -> list[Done]:
        """Refusals: account-unknown, account-revoked, link-malformed, link-exists (person or account has one)."""
        return [self._link(each) for each in items]

    def unlink(self, items: list[UnlinkItem]) -> list[Done]:
        """Refusal: link-unknown."""
        return [Done(self._registry.providers.unlink(each.operator, each.account)) for each in items]

    def forget_insurer(self, items: list[ForgetInsurer]) -> list[Done]:
        return [self._forget(each.insurer) for each in items]

    def begin(self, items: list[IndexKeyItem]) -> list[IndexKeyResult]:
        return [self._version(lambda number, _: self._ring.begin(number), each) for each in items]

    def promote(self, items: list[IndexKeyItem]) -> list[IndexKeyResult]:
        return [self._version(self._ring.promote, each) for each in items]

    def retire(self, items: list[IndexKeyItem]) -> list[IndexKeyResult]:
        return [self._version(self._ring.retire, each) for each in items]

    def rotate_kek(self, items: list[Nothing]) -> list[Done]:
        try:
            self._ring.forget_old(self._clock.now())
            self._renewed()
            self._ring.rotate(self._store)
        except KekMissingError:
            return [Done("kek-missing") for _ in items]
        return [Done() for _ in items]

    def health(self, items: list[Nothing]) -> list[Health]:
        private = X25519PrivateKey.from_private_bytes(self._ring.body.load_private)
        public = private.public_key().public_bytes_raw()
        insurers = tuple(self._ring.insurers)
        return [Health("", dict(self._figures()), self._verifier_key, public, insurers) for _ in items]

    def _register(self, item: RegisterClient) -> Done:
        if item.kind not in get_args(Kind):
            return Done("kind-unknown")
        client = Client(item.client, cast("Kind", item.kind), item.site, item.vendor, item.keys)
        return Done(self._registry.register(client))

    def _invite(self, item: InviteItem) -> Done:
        if not self._clock.within(item.expires, CODE_LIFE):
            return Done("invitation-malformed")
        invitation = Invitation(
            item.account, item.operator, item.site, item.role, item.expires, accountable=item.accountable
        )  # fmt: skip
        return Done(self._registry.invite(item.code_hash, invitation, self._clock.now()))

    def _recover(self, item: RecoverAccount) -> Done:
        known = self._registry.accounts.invited(item.account)
        if known is None:
            return Done("account-unknown")
        if self._registry.clients[item.account].revoked:
            return Done("account-revoked")
        if len(item.code_hash) != 32 or not 0 < len(item.by) <= 128:
            return Done("invitation-malformed")
        if not self._clock.within(item.expires, CODE_LIFE):
            return Done("invitation-malformed")
        if not place_fits(known.role, item.site, item.operator):
            return Done("invitation-malformed")
        if self._registry.accounts.desk(item.account) not in ("", item.site):
            return Done("account-unknown")
        beside = known.role in SITE_ROLES and not item.although_manager
        if beside and self._registry.manager_beside(item.account, item.site, item.operator, self._clock.now()):
            return Done("manager-recovers")
        told = Invitation(item.account, item.operator, item.site, known.role, item.expires)
        recovery = Recovery(f"operator:{item.by}", self._clock.now())
        return Done(self._registry.accounts.recover(item.code_hash, told, recovery))

    def _provider(self, item: RegisterProvider) -> Done:
        if item.operator not in self._registry.accounts.portals:
            return Done("unknown-portal")
        provider = Provider(item.operator, item.issuer, item.client_id, item.acr, item.keys)
        return Done(self._registry.providers.provider(provider))

    def _link(self, item: LinkItem) -> Done:
        known = self._registry.clients.get(item.account)
        if known is None or known.vendor != PORTAL + item.operator:
            return Done("account-unknown")
        if known.revoked:
            return Done("account-revoked")
        link = Link(item.account, item.operator, item.role, (item.site,), item.until)
        return Done(self._registry.providers.link(item.national_id, link, item.person))

    def _forget(self, insurer: str) -> Done:
        try:
            self._ring.forget_insurer(insurer)
        except KeyError:
            return Done("insurer-unknown")
        return Done()

    @staticmethod
    def _version(change: Callable[[str, int], int | None], item: IndexKeyItem) -> IndexKeyResult:
        try:
            return IndexKeyResult("", change(item.insurer, item.version) or item.version)
        except KeyError:
            return IndexKeyResult("version-unknown")
