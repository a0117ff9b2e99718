"""The `ring` socket's protocol: what the operator's tools ask of the keeper. Frames as in `frames`."""

from __future__ import annotations

from typing import Any

import msgspec

from .account_frames import AccountShown, InviteItem, PortalItem, RecoverAccount, RevokePasskey, ShowAccount
from .hospital_frames import RegisterHospital
from .item import Item
from .provider_frames import LinkItem, RegisterProvider, UnlinkItem


class Done(Item, frozen=True):
    """Nothing but whether it was done."""

    refusal: str = ""


class AddInsurer(Item, frozen=True):
    """Public keys are raw 32 bytes: Ed25519 for rights files, X25519 for what is sealed to the insurer.

    `size` of a padded coverage.
    """

    insurer: str
    sign_key: bytes
    hpke_key: bytes
    size: int = 192


class RegisterClient(Item, frozen=True):
    """`kind` is site, vendor, concentrator or insurer (then `vendor` is the insurer it decides for).

    `keys` maps `kid` to a public JWK (P-256 or Ed25519).
    """

    client: str
    kind: str
    site: str
    vendor: str
    keys: dict[str, dict[str, Any]]


class RevokeClient(Item, frozen=True):
    """From now on none of its grants is worth anything."""

    client: str


class AddMandate(Item, frozen=True):
    """From `start` to `end` (excluded), microseconds UTC."""

    client: str
    site: str
    start: int
    end: int


class ForgetInsurer(Item, frozen=True):
    """Every key of that insurer is dropped: its records, and what was sealed for it, can no longer be asked."""

    insurer: str


class IndexKeyItem(Item, frozen=True):
    """One version of an insurer's index key; version 0 for `begin`."""

    insurer: str
    version: int = 0


class IndexKeyResult(Item, frozen=True):
    """The version that was begun, promoted or retired."""

    refusal: str = ""
    version: int = 0


class Nothing(Item, frozen=True):
    """An operation without arguments."""


class Health(Item, frozen=True):
    """Figures without personal data.

    `verifier_key` is the log's C2SP vkey, `load_public` the X25519 key that rights files are encrypted to.
    """

    refusal: str = ""
    figures: dict[str, int] = msgspec.field(default_factory=dict)
    verifier_key: str = ""
    load_public: bytes = b""
    insurers: tuple[str, ...] = ()


OPERATIONS: dict[str, tuple[type[Item], type[Item]]] = {
    "add_insurer": (AddInsurer, Done),
    "register_client": (RegisterClient, Done),
    "revoke_client": (RevokeClient, Done),
    "mandate": (AddMandate, Done),
    "portal": (PortalItem, Done),
    "invite": (InviteItem, Done),
    "revoke_passkey": (RevokePasskey, Done),
    "recover_account": (RecoverAccount, Done),
    "show_account": (ShowAccount, AccountShown),
    "provider": (RegisterProvider, Done),
    "hospital": (RegisterHospital, Done),
    "link": (LinkItem, Done),
    "unlink": (UnlinkItem, Done),
    "forget_insurer": (ForgetInsurer, Done),
    "begin": (IndexKeyItem, IndexKeyResult),
    "promote": (IndexKeyItem, IndexKeyResult),
    "retire": (IndexKeyItem, IndexKeyResult),
    "rotate_kek": (Nothing, Done),
    "health": (Nothing, Health),
}
"""Pass this table to `sealing.client.Keeper.connect` when the path is the ring socket."""
