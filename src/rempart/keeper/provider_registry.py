"""Providers and links: who comes in by Pro Santé Connect as which account. Its lines are in the registry's file.

A national identifier is kept as a keyed hash alone: 16 bytes that say nothing without the keeper's key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rempart.identity.pro_sante_connect import public_key_fault
from rempart.sealing.account_frames import SITE_ROLES
from rempart.sealing.invitations import is_account
from rempart.sealing.prf import prefixed, short_prf

from .registry_entries import LinkEntry, ProviderEntry, UnlinkEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .registry_entries import ProviderLine

_NATIONAL_ID = re.compile(r"[0-9A-Za-z/]{3,64}")
_ISSUER = re.compile(r"https?://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?(?:/[A-Za-z0-9/._-]{0,200})?")
_WORD = re.compile(r"[\x21-\x7e]{1,128}")
NAME_BYTES = 16


@dataclass(frozen=True, slots=True)
class Provider:
    """Who vouches for people at an operator's portal. `keys` by `kid`; none at all: nobody comes in that way."""

    operator: str
    issuer: str
    client_id: str
    acr: tuple[str, ...]
    keys: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """`sites` those at which the person is bound to the account; `until` a passkey may still be lacking, µs UTC."""

    account: str
    operator: str
    role: str
    sites: tuple[str, ...]
    until: int


class ProviderRegistry:
    """In memory; `append` writes a line and applies it here."""

    def __init__(self, append: Callable[[ProviderLine], None], key: bytes) -> None:
        self._append = append
        self._name = short_prf(key, "rempart/1/national-id", size=NAME_BYTES)
        self.providers: dict[str, Provider] = {}
        self.links: dict[bytes, Link] = {}  # by name

    def name(self, operator: str, national_id: str) -> bytes:
        """How a person is known at one operator's: 16 bytes. At another's it is another."""
        return self._name(prefixed(operator.encode(), national_id.encode()))

    def provider(self, provider: Provider) -> str:
        """Adds or replaces one; "" or `provider-malformed`."""
        if self.providers.get(provider.operator) == provider:
            return ""
        named = [*provider.acr, provider.client_id]
        whole = provider.acr and all(_WORD.fullmatch(each) for each in named) and _ISSUER.fullmatch(provider.issuer)
        if not whole or any(public_key_fault({**jwk, "kid": kid}) for kid, jwk in provider.keys.items()):
            return "provider-malformed"
        keys = {kid: dict(jwk) for kid, jwk in provider.keys.items()}
        self._append(ProviderEntry(provider.operator, provider.issuer, provider.client_id, provider.acr, keys))
        return ""

    def link(self, national_id: str, link: Link, person: bytes = b"") -> str:
        """Binds a person to an account at one more site; "" or a refusal code. One person, one account an operator.

        `person`, a name that `name` gave before, stands for a `national_id` that is "".
        """
        (site,) = link.sites
        whole = len(person) == NAME_BYTES and not national_id if person else _NATIONAL_ID.fullmatch(national_id)
        if not whole or not is_account(link.account):
            return "link-malformed"
        if len(site) != 9 or not site.isascii() or link.role not in SITE_ROLES:
            return "link-malformed"
        name = person or self.name(link.operator, national_id)
        known = self.links.get(name)
        if known is not None and known.account != link.account:
            return "link-exists"
        if any(each.account == link.account and other != name for other, each in self.links.items()):
            return "link-exists"
        if known is None or site not in known.sites or (known.role, known.until) != (link.role, link.until):
            self._append(LinkEntry(name, link.operator, link.account, site, link.role, link.until))
        return ""

    def unlink(self, operator: str, account: str) -> str:
        """Ends every link of an account; "" or `link-unknown`."""
        if not any(_of(each, operator, account) for each in self.links.values()):
            return "link-unknown"
        self._append(UnlinkEntry(operator, account))
        return ""

    def apply(self, entry: ProviderLine) -> None:
        """Takes a line that is on disk."""
        match entry:
            case ProviderEntry(operator, issuer, client_id, acr, keys):
                self.providers[operator] = Provider(operator, issuer, client_id, acr, keys)
            case LinkEntry(name, operator, account, site, role, until):
                known = self.links.get(name)
                sites = {site} if known is None else {*known.sites, site}
                self.links[name] = Link(account, operator, role, tuple(sorted(sites)), until)
            case UnlinkEntry(operator, account):
                for name in [name for name, each in self.links.items() if _of(each, operator, account)]:
                    del self.links[name]


def _of(link: Link, operator: str, account: str) -> bool:
    return (link.operator, link.account) == (operator, account)
