"""From the configuration to a running keeper, a new ring, a rotation: what `python -m` and the commands call."""

from __future__ import annotations

import asyncio
import grp
import os
import time
from typing import TYPE_CHECKING

from rempart.ground.files import SecretRefused, private_folder, read_secret

from . import loading
from .kek import FileKekStore, KekMissingError, KekStore
from .meter import Limits, Quota
from .program import Allowed, Config, MoreSurfaces, RingUnusableError, alone, serve
from .ring import Ring, RingRefused

if TYPE_CHECKING:
    from rempart.ground import settings as ground
    from rempart.ground.settings import Settings

TOKEN_PATH = "/v1/token"  # noqa: S105 - a path: the hub's token address, the other audience an assertion may name
_UNLIMITED = Quota(*(10**9,) * 6)


def config_of(settings: Settings) -> Config:
    """The keeper's own configuration.

    Raises KekMissingError when the token or its PIN cannot be had, KeyError for a group nobody knows.
    """
    keeper = settings.keeper
    return Config(
        ring=keeper.key_ring,
        state=keeper.key_ring.parent,
        sockets=settings.paths.keeper_sockets,
        kek=kek_store(keeper),
        audiences=(settings.hub.audience, settings.hub.audience + TOKEN_PATH),
        origin=settings.log.origin,
        limits=_limits(keeper.meter, off=settings.demo.unsafe_meter_off),
        allowed={name: _allowed(getattr(keeper.groups, name)) for name in ("ask", "load", "box", "ring")},
        ticket_seconds=keeper.ticket_seconds,
        grant_seconds=int(keeper.grant_seconds),
        session_shift_seconds=int(keeper.session_shift_seconds),
        session_idle_seconds=int(keeper.session_idle_seconds),
        fsync_seconds=keeper.journal_fsync_milliseconds / 1000,
        demo_clock_of_callers=settings.demo.demo_simulated_clock,
        journal=keeper.journal,
        card_lists=keeper.card_lists,
    )


def kek_store(keeper: ground.Keeper) -> KekStore:
    """Where the key-encryption key lives: the 0600 file, or the token. Raises KekMissingError."""
    if keeper.kek == "file":
        return FileKekStore(keeper.kek_file)
    from .pkcs11 import TokenKekStore  # noqa: PLC0415 - python-pkcs11 is an extra of its own

    pin = read_secret(keeper.pkcs11.pin_file)
    if isinstance(pin, SecretRefused):
        raise KekMissingError(pin.reason)
    return TokenKekStore(
        keeper.pkcs11.module, keeper.pkcs11.token_label, keeper.pkcs11.key_label, pin=pin.decode().strip()
    )


def init(settings: Settings) -> Ring:
    """A new key ring and its key-encryption key. Raises FileExistsError when there is a ring already."""
    private_folder(settings.keeper.key_ring.parent)
    private_folder(settings.keeper.kek_file.parent)
    return Ring.create(settings.keeper.key_ring, kek_store(settings.keeper))


def rotate(settings: Settings) -> None:
    """Rotates the key-encryption key of a keeper that is **not** running. Raises RingUnusableError."""
    store = kek_store(settings.keeper)
    lock = alone(settings.keeper.key_ring)
    try:
        ring = Ring.open(settings.keeper.key_ring, store)
        if isinstance(ring, RingRefused):
            raise RingUnusableError(ring)
        ring.forget_old(time.time_ns() // 1000)
        ring.rotate(store)
    finally:
        os.close(lock)


def run(settings: Settings, *, more: MoreSurfaces | None = None) -> None:
    """Serves until SIGTERM or SIGINT."""
    asyncio.run(serve(config_of(settings), more=more, beside=loading.beside(settings.keeper.loader_processes)))


def _limits(meter: ground.Meter, *, off: bool) -> Limits:
    if off:
        return Limits(_UNLIMITED, _UNLIMITED, meter.block, rate=10**9)
    return Limits(_quota(meter), _quota(meter.invoice), meter.block, meter.keepers, meter.rate_per_second)


def _quota(meter: ground.Meter | ground.InvoiceMeter) -> Quota:
    return Quota(
        grant=meter.per_grant_a_day,
        actor=meter.per_actor_a_day,
        site=meter.per_site_a_day,
        vendor=meter.per_vendor_a_day,
        total_floor=meter.total_a_day,
        hour=meter.total_an_hour,
    )


def _allowed(group: str) -> Allowed:
    if not group:
        return Allowed()
    number = grp.getgrnam(group).gr_gid
    return Allowed(number, gids=frozenset((number,)))
