"""The keeper as one process: its parts put together, its sockets opened, its clean stop.

`Parts` is what a surface is built from; `surfaces` is the table of sockets and operations, to which the loader adds
its own.
"""

from __future__ import annotations

import asyncio
import fcntl
import gc
import os
import signal
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog

from rempart.domain.parameters import REOPENED_WITHIN_DAYS
from rempart.sealing import frames, ringing
from rempart.sealing.item import Item

from .accounts import Accounts
from .administration import Administration
from .answers import Answers
from .at_sites import AtSites, at_sites
from .at_sites import People as AtSitesPeople
from .cards import Cards
from .challenges import Challenges
from .checkpoints import Checkpoints
from .clock import DAY, KeeperClock
from .counters import Counters
from .deposits import Deposits
from .desk_words import DeskWords, signed
from .desks import Desks
from .grants import Grants
from .identity_keys import IdentityKeys
from .journal import Journal
from .keeping import Keeping
from .meter import Limits, Meter
from .own_account import OwnAccounts
from .passkey_counters import PasskeyCounters
from .presence import Presence
from .program_mandates import ProgramMandates
from .providers import Providers
from .questions import Questions
from .reading import read_journal
from .record_checks import RecordChecks
from .registry import Registry
from .replay import Replays
from .reservations import Reservations
from .ring import Ring, RingRefused
from .sealed_identities import SealedIdentities
from .server import Handler, Operation, Surface, listen
from .session_limits import Limits as SessionLimits
from .signed_actions import SignedActions
from .syncing import Syncing
from .tickets import Tickets
from .waiting_rooms import WaitingRooms
from .waits import Waits

if TYPE_CHECKING:
    from pathlib import Path

    from .kek import KekStore

_log = structlog.get_logger("rempart.keeper")


class RingUnusableError(Exception):
    """The key ring was refused; `refused` says why and what to do."""

    def __init__(self, refused: RingRefused) -> None:
        super().__init__(f"{refused.code}: {refused.reason}")
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Allowed:
    """Who may use a socket besides the keeper's own user: a group that owns it, and uids or gids of peers."""

    group: int = -1
    uids: frozenset[int] = frozenset()
    gids: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Config:
    """Everything a keeper is started with.

    `ring` a 0600 file, `state` and `sockets` folders of its own (0700, 0750).
    """

    ring: Path
    state: Path
    sockets: Path
    kek: KekStore
    audiences: tuple[str, ...]
    origin: str = "rempart.invalid/log"
    limits: Limits = field(default_factory=Limits)
    allowed: Mapping[str, Allowed] = field(default_factory=dict)
    ticket_seconds: float = 10.0
    grant_seconds: int = 900
    session_shift_seconds: int = 36_000  # a person signs in again after that long
    session_idle_seconds: int = 900  # how long after its grant a session may still be renewed
    deposit_days: int = 60
    fsync_seconds: float = 0.02
    demo_clock_of_callers: bool = False
    journal: Path | None = None  # folder; `state`/journal when not said
    card_lists: Path | None = None  # folder of signed lists of card keys


@dataclass(frozen=True, slots=True)
class Parts:
    """What was put together, for surfaces to be built from; the loader takes `ring` and `clock`."""

    lock: int
    ring: Ring
    clock: KeeperClock
    journal: Journal
    meter: Meter
    registry: Registry
    replays: Replays
    questions: Questions
    counters: Counters
    deposits: Deposits
    waits: Waits
    answers: Answers
    keeping: Keeping
    record_checks: RecordChecks
    presence: Presence
    checkpoints: Checkpoints
    identity_keys: IdentityKeys
    sealed_identities: SealedIdentities
    administration: Administration
    grants: Grants
    accounts: Accounts
    own_accounts: OwnAccounts
    signed_actions: SignedActions
    program_mandates: ProgramMandates
    providers: Providers
    at_sites: AtSites
    desks: Desks
    desk_words: DeskWords
    waiting_rooms: WaitingRooms

    def close(self) -> None:
        """A clean stop: the meter writes what was really used, the journal is synced."""
        self.meter.close()
        self.journal.close()
        self.registry.close()
        self.replays.close()
        self.accounts.close()
        os.close(self.lock)


def alone(ring: Path) -> int:
    """Holds the ring's lock, so that one process at a time changes it; close the number to let go.

    Raises RingUnusableError.
    """
    try:
        lock = os.open(ring.with_name(ring.name + ".lock"), os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    except FileNotFoundError:
        refused = RingRefused("ring-absent", f"{ring} does not exist: run `rempart keeper init`")
        raise RingUnusableError(refused) from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(lock)
        refused = RingRefused("ring-in-use", f"another keeper holds {ring}: stop it first")
        raise RingUnusableError(refused) from None
    return lock


Table = dict[str, tuple[type[Item], Handler]]
MoreSurfaces = Callable[[Parts], Mapping[str, Table]]
"""Gives further sockets (name → operation → item type and handler): how the loader adds `load`."""


def _opened(config: Config) -> tuple[int, Ring]:
    """The ring's lock, held, and the ring. Raises RingUnusableError."""
    lock = alone(config.ring)
    ring = Ring.open(config.ring, config.kek)
    if isinstance(ring, RingRefused):
        os.close(lock)
        raise RingUnusableError(ring)
    return lock, ring


def assemble(config: Config) -> Parts:
    """Opens ring, journal, meter and registry.

    Raises RingUnusableError, JournalDamagedError, RegistryDamagedError, ReservationsDamagedError, OSError.
    """
    lock, ring = _opened(config)
    config.state.mkdir(mode=0o700, parents=True, exist_ok=True)
    reservations = Reservations(config.state / "meter")
    clock = KeeperClock(floor=reservations.day * DAY, demo_clock_of_callers=config.demo_clock_of_callers)
    registry = Registry(config.state / "registry", ring.body.registry)
    replays = Replays(config.state / "assertions")
    grants = Grants(ring.body.grant, registry, clock, replays, seconds=config.grant_seconds, audiences=config.audiences)
    journal = Journal(config.journal or config.state / "journal")
    meter = Meter(reservations, config.limits, clock)
    tickets = Tickets(seconds=config.ticket_seconds)
    checkpoints = Checkpoints(ring.body.checkpoint_seed, config.state / "checkpoints", origin=config.origin)
    kept_days = max(config.deposit_days, REOPENED_WITHIN_DAYS)  # of what waits in a deposit, or for rights
    people = _people(config, registry, grants, challenges=Challenges(ring.body.grant, clock, replays), clock=clock)
    identity_keys = IdentityKeys(ring, checkpoints.signing, clock, kept_days=kept_days)
    sealed = SealedIdentities(identity_keys, grants, clock, Cards(config.card_lists, clock))
    presence = Presence(ring, grants, meter, clock)
    keeping = Keeping(ring, grants, tickets=tickets, journal=journal, clock=clock)
    questions = Questions(
        ring, grants, meter, journal=journal, tickets=tickets, clock=clock, sealed=sealed, presence=presence
    )
    deposits = Deposits(ring.body.inbox, grants, clock, days=config.deposit_days)
    return Parts(
        lock=lock,
        ring=ring,
        clock=clock,
        journal=journal,
        meter=meter,
        registry=registry,
        replays=replays,
        questions=questions,
        counters=Counters(ring, tickets),
        waits=Waits(ring, grants, clock, sealed),
        deposits=deposits,
        waiting_rooms=WaitingRooms(ring, deposits, checkpoints.signing, clock, days=config.deposit_days),
        answers=Answers(ring.body.inbox, grants, clock),
        keeping=keeping,
        record_checks=RecordChecks(ring, grants, meter, tickets=tickets, clock=clock),
        presence=presence,
        checkpoints=checkpoints,
        identity_keys=identity_keys,
        sealed_identities=sealed,
        administration=Administration(
            ring,
            config.kek,
            registry,
            clock=clock,
            figures=lambda: questions.figures() | dict(meter.figures()),
            verifier_key=checkpoints.verifier_key(),
            renewed=identity_keys.begin,
            shown=people.own_accounts.shown,
        ),
        grants=grants,
        **signed(ring.body.registry, registry, grants, keeping, people=people, clock=clock)._asdict(),
        **people._asdict(),
    )


class _People(NamedTuple):
    """Parts of `Parts`, by the same names."""

    accounts: Accounts
    own_accounts: OwnAccounts
    providers: Providers
    at_sites: AtSites
    desks: Desks
    program_mandates: ProgramMandates


def _people(
    config: Config, registry: Registry, grants: Grants, *, challenges: Challenges, clock: KeeperClock
) -> _People:
    """What people sign in with, and what they do with their accounts."""
    seconds = (config.grant_seconds, config.session_shift_seconds, config.session_idle_seconds)
    limits = SessionLimits(*(each * 1_000_000 for each in seconds))
    marks = PasskeyCounters(config.state / "passkey-counters"), PasskeyCounters(config.state / "passkey-days")
    providers = Providers(registry, grants, challenges, clock=clock, limits=limits)
    accounts = Accounts(registry, grants, challenges, marks=marks, clock=clock, limits=limits, providers=providers)
    own = OwnAccounts(registry, grants, challenges, marks=marks, clock=clock, shift=limits.shift)
    there = AtSitesPeople(accounts, own, providers)
    sites = at_sites(registry, grants, challenges, there, clock=clock, shift=limits.shift)
    programs = ProgramMandates(registry, grants, own, clock=clock)
    return _People(accounts, own, providers, sites, Desks(registry, grants, own, clock=clock), programs)


def surfaces(parts: Parts) -> dict[str, Table]:
    """What `ask`, `box` and `ring` answer; `frames.OPERATIONS` and `ringing.OPERATIONS` say in which types."""
    handlers: dict[str, dict[str, Handler]] = {
        "ask": {
            "grant": parts.grants.sign_in,
            "derive": parts.questions.derive,
            "open": parts.questions.open,
            "counters": parts.counters.counters,
            "deposit": parts.deposits.deposit,
            "open_answers": parts.answers.open,
            "mac": parts.keeping.mac_with_grant,
            "seal_for_insurer": parts.keeping.seal_for_insurer,
            "verify_decision": parts.keeping.verify_decision,
            "check_record": parts.record_checks.check,
            "check_identity": parts.sealed_identities.check,
            "give_presence": parts.presence.give,
            "find_presence": parts.presence.find,
            "key_set": parts.identity_keys.publish,
            "challenge": parts.accounts.challenge,
            "enrol": parts.accounts.enrol,
            "passkey": parts.accounts.passkey,
            "renew": parts.accounts.renew,
            **parts.own_accounts.handlers(),
            **parts.signed_actions.handlers(),
            "provider": parts.providers.sign_in,
            **parts.at_sites.handlers(),
            **parts.program_mandates.handlers(),
            **parts.desk_words.handlers(),
            "waiting_key": parts.waiting_rooms.key,
        },
        "box": {
            "open_deposit": parts.deposits.open,
            "authority": parts.deposits.narrow,
            "wait": parts.waits.wait,
            "recall": parts.waits.recall,
            "reopen": parts.waits.reopen,
            "seal_answers": parts.answers.seal,
            "derive": parts.questions.derive_invoices,
            "open": parts.questions.open,
            "counters": parts.counters.counters,
            "keep": parts.keeping.keep,
            "mac": parts.keeping.mac,
            "seal_for_insurer": parts.keeping.seal_for_insurer,
            "open_waiting": parts.waiting_rooms.open,
            "forget_waiting": parts.waiting_rooms.forget,
            "verify_decision": parts.keeping.verify_decision,
            "seal_iban": parts.keeping.seal_iban,
            "open_iban": parts.keeping.open_iban,
            "bank_approved": parts.signed_actions.bank_approved,
            **parts.desk_words.box(),
            "journal": lambda items: read_journal(parts.journal, items),
            "checkpoint": parts.checkpoints.sign,
        },
        "ring": {name: getattr(parts.administration, name) for name in ringing.OPERATIONS},
    }
    types = {**frames.OPERATIONS, "ring": ringing.OPERATIONS}
    return {
        socket: {name: (types[socket][name][0], handler) for name, handler in table.items()}
        for socket, table in handlers.items()
    }


class Closing(Protocol):
    """Something that was started beside the keeper and ends with it."""

    def close(self) -> None: ...


async def serve(
    config: Config,
    *,
    more: MoreSurfaces | None = None,
    ready: Callable[[Parts], None] | None = None,
    beside: Callable[[Config, Parts], Closing] | None = None,
) -> None:
    """Runs until SIGTERM or SIGINT (or cancellation), then stops cleanly. Raises what `assemble` raises."""
    parts = assemble(config)
    tables: dict[str, Table] = surfaces(parts)
    if more is not None:
        tables.update(more(parts))
    config.sockets.mkdir(mode=0o750, parents=True, exist_ok=True)
    syncing = Syncing(parts.journal, config.fsync_seconds)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, syncing.stop)
    servers = []
    companion: Closing | None = None
    try:
        for name, table in tables.items():
            servers.append(await listen(_surface(config, name, table)))
        if beside is not None:
            companion = beside(config, parts)
        gc.collect()
        gc.freeze()
        _log.info("ready", count=len(parts.ring.insurers))
        if ready is not None:
            ready(parts)
        await syncing.run()
    finally:
        if companion is not None:
            companion.close()
        for server in servers:
            server.close()
        parts.close()
        _log.info("stopped")


def _surface(config: Config, name: str, table: Table) -> Surface:
    allowed = config.allowed.get(name, Allowed())
    operations = {operation: Operation(item, handler) for operation, (item, handler) in table.items()}
    path = config.sockets / f"{name}.sock"
    return Surface(path, operations, uids=allowed.uids, gids=allowed.gids, group=allowed.group)
