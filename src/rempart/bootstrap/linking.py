"""Who comes in by Pro Santé Connect: the provider of an operator's portal, and people linked to their accounts.

Only the keeper learns of either. A professional's number goes to it and is kept as a keyed hash.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rempart.bootstrap.registering import Registrar
from rempart.ground.instants import MICROSECONDS
from rempart.identity import pro_sante_connect as psc
from rempart.sealing.invitations import LIFE_DAYS
from rempart.sealing.provider_frames import LinkItem, RegisterProvider, UnlinkItem

DAY = 86_400 * MICROSECONDS


@dataclass(frozen=True, slots=True)
class Provider:
    """The provider of one portal: `keys` its JWKS as it publishes them; b"" closes it."""

    operator: str
    issuer: str
    client_id: str
    acr: tuple[str, ...]
    keys: bytes


@dataclass(frozen=True, slots=True)
class Link:
    """A professional's RPPS number, the account that is theirs, and one of its sites."""

    operator: str
    account: str
    site: str
    rpps: str = field(repr=False)


def set_provider(registrar: Registrar, provider: Provider) -> str:
    """Registers the provider, or its keys anew; "" or a refusal code."""
    keys = psc.read_keys(provider.keys) if provider.keys else {}
    if isinstance(keys, psc.Refused):
        return keys.code
    plain = {kid: dict(jwk) for kid, jwk in keys.items()}
    item = RegisterProvider(provider.operator, provider.issuer, provider.client_id, provider.acr, plain)
    return registrar.told("provider", item)


def link(registrar: Registrar, asked: Link, instant: int, *, checked: bool = True) -> str:
    """Links a person; "" or a refusal code. `checked`: the number's Luhn digit, which the provider's samples lack.

    For seven days from `instant` (microseconds UTC) that person comes in without a passkey, and makes one.
    """
    national_id = psc.national_id_of_rpps(asked.rpps, checked=checked)
    if not national_id:
        return "rpps-malformed"
    known = registrar.account(asked.account)
    if known is None or known.operator != asked.operator:
        return "account-unknown"
    place = registrar.site(asked.site)
    if place is None:
        return "site-unknown"
    if place.operator != asked.operator:
        return "other-operator"
    until = instant + LIFE_DAYS * DAY
    return registrar.told("link", LinkItem(asked.operator, national_id, asked.account, asked.site, known.role, until))


def unlink(registrar: Registrar, operator: str, account: str, instant: int) -> str:
    """Nobody comes in as that account by the provider any more, and its live sessions end; "" or a refusal code."""
    if refusal := registrar.told("unlink", UnlinkItem(operator, account)):
        return refusal
    registrar.end_tokens(account, instant)
    return ""
