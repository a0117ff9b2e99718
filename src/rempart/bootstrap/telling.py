"""A worker's thread: ends authorizations beyond their validity, and tells sites of changes by webhooks.

One worker does it, by a lock. A webhook is told in order and at least once; where nothing is configured nothing is sent
and the cursor waits.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

import msgspec
import psycopg
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from rempart.gateways.webhooks import Egress, Refused, Webhooks
from rempart.ground.figures import WorkerFigures
from rempart.ground.files import SecretRefused, read_secret
from rempart.ground.instants import MICROSECONDS, PARIS, Clock, civil_day, iso
from rempart.ground.settings import Settings
from rempart.storage import webhooks
from rempart.storage.authorization_claims import expire

log = structlog.get_logger()
LOCK = 0x52_4D_50_54_4C  # "RMPTL": one worker tells


class KeyUnusableError(Exception):
    """The key that signs webhooks cannot be used; the sentence says why."""


def sender(settings: Settings) -> Webhooks | None:
    """What delivers, None where no key is configured. Raises KeyUnusableError."""
    chosen = settings.webhooks
    if chosen.signing_key is None:
        return None
    secret = read_secret(chosen.signing_key)
    if isinstance(secret, SecretRefused):
        raise KeyUnusableError(secret.reason)
    try:
        key = load_pem_private_key(secret, password=None)
    except (ValueError, TypeError) as error:
        raise KeyUnusableError(f"{chosen.signing_key} is not a private key in PEM without a password.") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyUnusableError(f"{chosen.signing_key} is not an Ed25519 key.")
    return Webhooks(egress(settings), key)


def egress(settings: Settings) -> Egress:
    """Where webhooks may go."""
    hosts = frozenset(host.lower() for host in settings.webhooks.hosts)
    return Egress(hosts, loopback=settings.webhooks.demo_loopback)


@dataclass(slots=True)
class Telling:
    """Runs until told to stop; what fails is tried again."""

    settings: Settings
    database_url: str
    clock: Clock
    figures: WorkerFigures = field(default_factory=WorkerFigures)

    def run(self, stop: threading.Event) -> None:
        """Connects and works; after a loss it connects again."""
        delivery = sender(self.settings)
        while not stop.wait(self.settings.webhooks.seconds):
            try:
                with psycopg.connect(self.database_url, autocommit=True) as connection:
                    row = connection.execute("select pg_try_advisory_lock(%s)", (LOCK,)).fetchone()
                    while row is not None and row[0]:
                        self.round(connection, delivery)
                        if stop.wait(self.settings.webhooks.seconds):
                            return
            except (psycopg.OperationalError, OSError) as error:
                log.warning("webhooks-not-told", error=type(error).__name__)

    def round(self, connection: psycopg.Connection[Any], delivery: Webhooks | None) -> int:
        """One look: what expired is ended, what is due is told; how many events were delivered."""
        instant = self.clock.now()
        ended = expire(connection, civil_day(instant, PARIS), instant)
        if ended:
            log.info("authorizations-expired", count=ended)
        if delivery is None:
            return 0
        stopped = webhooks.stopped(connection)
        self.figures.webhooks.of = lambda: stopped
        return sum(self._tell(connection, delivery, one, instant) for one in webhooks.due(connection, instant))

    def _tell(
        self, connection: psycopg.Connection[Any], delivery: Webhooks, one: webhooks.Webhook, instant: int
    ) -> int:
        done = 0
        for told in webhooks.events(connection, one):
            refused = delivery.deliver(one.url, body_of(one, told), instant // MICROSECONDS)
            if isinstance(refused, Refused):
                with connection.transaction():
                    stopped = webhooks.failed(connection, one, refused.code, instant)
                if stopped:
                    self.figures.alarms.add(webhooks.STOPPED)
                    log.error("alarm", code=webhooks.STOPPED, count=1)
                return done
            webhooks.delivered(connection, one, told.event)
            done += 1
        return done


def body_of(webhook: webhooks.Webhook, told: webhooks.Told) -> bytes:
    """What is told: that an authorization changed, and to what. Read it by the API for the rest."""
    return msgspec.json.encode({
        "number": told.event, "authorization": str(told.request), "site": webhook.site, "state": told.state,
        "instant": iso(told.instant),
    })  # fmt: skip
