"""Grants: what a verified sign-in allows, MAC'd so that the keeper recognises it without keeping it.

A grant names client, kind, site, vendor, evidence ceiling, binding and purposes, and lives 15 minutes. A deposit's
authority is a grant for its own purpose alone: `invoice` or `appointments`. Format: docs/formats/sealed-record.md § 6.
"""

from __future__ import annotations

import hmac
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from rempart.identity.client_assertion import SSH, Refused, verify_registered
from rempart.sealing.frames import GrantItem, GrantResult
from rempart.sealing.prf import short_prf
from rempart.sealing.record import grant_digest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rempart.identity.client_assertion import Verified

    from .clock import KeeperClock
    from .registry import Client, Registry
    from .replay import Replays

EVIDENCE_OF_MACHINES = "known"  # the ceiling: a program shows no signed card and no presence code by itself
ASKING = ("eligibility", "read", "invoice", "authorization", "estimate")
DECIDING = ("decide",)
DEPOSIT = "deposit"
GATEWAY = "gateway"
OPEN = "*"
"""The site that a gateway leaves open: the client's own, or the first that mandates it."""
BEHIND_GATEWAYS = frozenset({"site", "vendor", "concentrator"})
"""Kinds of clients that may send files through a gateway."""
INVOICE = ("invoice",)
MOST_CACHED = 200_000
_SESSION = "session:"  # an account signs no assertion, so what was ended stands beside assertions under its name


class Grant(msgspec.Struct, array_like=True, frozen=True):
    """What is MAC'd.

    `issued`, `expires`, `deposited`, `signed_in` in microseconds UTC; `deposited` 0 but on a deposit's authority.
    `signed_in`, `passkey` (its digest) and `session` (8 bytes, the same through renewals) are set on a session of an
    account alone; `probation` is until when its budgets are halved, 0 when they are not. A session that a provider
    opened has `link`, the person's name in the registry, instead of a passkey, and is for the sites of `only`.
    One that a PIN opened has `station`, the workstation where it was. `through`: the gateway that asked for it.
    """

    format: int
    id: bytes
    client: str
    kind: str
    site: str
    vendor: str
    evidence: str
    binding: str
    purposes: tuple[str, ...]
    issued: int
    expires: int
    deposited: int = 0
    signed_in: int = 0
    passkey: bytes = b""
    session: bytes = b""
    probation: int = 0
    link: bytes = b""
    only: tuple[str, ...] = ()
    station: bytes = b""
    through: str = ""


@dataclass(slots=True, eq=False)
class Held:
    """A grant that was checked, with what is asked of it on every item."""

    grant: Grant
    digest: bytes
    site: bytes
    expires: int
    metered: dict[str, Any] = field(default_factory=dict)  # by purpose, the meter's own


class Grants:
    """Verifies assertions, issues and checks grants."""

    def __init__(
        self,
        key: bytes,
        registry: Registry,
        clock: KeeperClock,
        replays: Replays,
        *,
        seconds: int,
        audiences: Iterable[str],
    ) -> None:
        self._mac = short_prf(key, "rempart/1/grant", size=16)
        self._registry = registry
        self._clock = clock
        self._replays = replays
        self._life = seconds * 1_000_000
        self._audiences = frozenset(audiences)
        self._held: dict[bytes, Held] = {}

    def sign_in(self, items: list[GrantItem]) -> list[GrantResult]:
        """One grant per assertion.

        Refusals: those of the assertion, `replayed-assertion`, `no-mandate`, and the like.
        """
        return [self._sign_in(item) for item in items]

    def check(self, raw: bytes, purpose: str, *, siteless: bool = False) -> Held | str:
        """The grant, or why there is none: `no-grant`, `grant-expired`, `grant-revoked`, `purpose-not-granted`."""
        held = self.read(raw)
        if held is None:
            return "no-grant"
        if held.expires <= self._clock.now():
            self._held.pop(raw, None)
            return "grant-expired"
        client = self._registry.clients.get(held.grant.client)
        if client is None or client.revoked or (held.grant.signed_in and self.ended(held.grant)):
            return "grant-revoked"
        if held.grant.through and not self.stands(held.grant.through):
            return "grant-revoked"
        if purpose not in held.grant.purposes:
            return "purpose-not-granted"
        return held if held.site or siteless else "site-missing"

    def read(self, raw: bytes) -> Held | None:
        """A grant of this keeper, also one that expired or was revoked; None for anything else."""
        return self._held.get(raw) or self._parse(raw)

    def passkey_revoked(self, grant: Grant) -> bool:
        """Whether the passkey that opened a session is worth nothing any more, or not known."""
        known = self._registry.accounts.passkeys.get(grant.passkey)
        return known is None or known.revoked

    def ended(self, grant: Grant) -> bool:
        """Whether the session of a person is over before its time: ended by its owner, or its passkey is."""
        if grant.passkey and self.passkey_revoked(grant):
            return True
        if grant.link and grant.link not in self._registry.providers.links:
            return True
        if grant.station and self._registry.stations.ended(grant.station):
            return True
        if grant.signed_in <= self._registry.accounts.signed_out.get(grant.client, -1):
            return True
        return self._replays.seen(grant.client, _SESSION + grant.session.hex())

    def end_session(self, account: str, session: bytes, until: int) -> None:
        """Ends one session of an account; kept until its shift is over anyway (`until`, microseconds UTC)."""
        now = self._clock.now() // 1_000_000
        self._replays.first(account, _SESSION + session.hex(), until // 1_000_000 + 1, now)

    def authority(self, depositor: Grant, deposited: int, site: str, *, purpose: str = INVOICE[0]) -> bytes:
        """A grant for what was deposited alone, in the name of who made the deposit."""
        now = self._clock.now()
        return self.seal(
            Grant(
                1,
                secrets.token_bytes(16),
                depositor.client,
                depositor.kind,
                site,
                depositor.vendor,
                depositor.evidence,
                depositor.binding,
                (purpose,),
                now,
                now + self._life,
                deposited,
            )
        )

    def seal(self, grant: Grant) -> bytes:
        """A grant as this keeper knows it again."""
        body = msgspec.msgpack.encode(grant)
        return body + self._mac(body)

    def stands(self, client: str) -> bool:
        """Whether a client is registered and not revoked."""
        known = self._registry.clients.get(client)
        return known is not None and not known.revoked

    def watched(self, account: str) -> int:
        """Until when an account is on probation now, 0 when it is not; microseconds UTC."""
        return self._registry.accounts.on_probation(account, self._clock.now())

    def may_act(self, client: str, site: str, instant: int) -> bool:
        """Whether a registered client that is not revoked may act for a site at an instant."""
        known = self._registry.clients.get(client)
        return known is not None and not known.revoked and self._registry.may_act(known, site, instant)

    def identified(self, assertion: bytes, audience: str, instant: int) -> Client | str:
        """The client that signed an assertion, which is spent by it, without a grant; or the refusal."""
        if audience not in self._audiences:
            return "wrong-audience"
        if not self._clock.hear(instant):
            return "clock-apart"
        seconds = self._clock.now() // 1_000_000
        found = verify_registered(assertion, self._keys, audience, seconds)
        if isinstance(found, Refused):
            return found.code
        client = self._registry.clients[found.client]
        if client.revoked:
            return "client-revoked"
        first = self._replays.first(found.client, found.jti, found.expires, seconds)
        return client if first else "replayed-assertion"

    def presented(self, assertion: bytes, named: tuple[str, dict[str, str]], audience: str, instant: int) -> str:
        """Whether a program that nobody knows signed an assertion with the key it shows; "" or the refusal."""
        if audience not in self._audiences:
            return "wrong-audience"
        if not self._clock.hear(instant):
            return "clock-apart"
        seconds = self._clock.now() // 1_000_000
        client, key = named
        found = verify_registered(assertion, {client: {key["kid"]: dict(key)}}.get, audience, seconds)
        if isinstance(found, Refused):
            return found.code
        return "" if self._replays.first(client, found.jti, found.expires, seconds) else "replayed-assertion"

    def _sign_in(self, item: GrantItem) -> GrantResult:
        if item.audience not in self._audiences:
            return GrantResult("wrong-audience")
        if not self._clock.hear(item.instant):
            return GrantResult("clock-apart")
        now = self._clock.now()
        found = verify_registered(item.assertion, self._keys, item.audience, now // 1_000_000)
        if isinstance(found, Refused):
            return GrantResult(found.code)
        client = self._registry.clients[found.client]
        if client.kind == GATEWAY:
            return self._through(client, found, item, now)
        refusal = "no-mandate" if found.behalf else self._refusal(client, item, found.site, now)
        if not refusal and not self._replays.first(found.client, found.jti, found.expires, now // 1_000_000):
            refusal = "replayed-assertion"
        if refusal:
            return GrantResult(refusal)
        if client.kind == "insurer":
            purposes: tuple[str, ...] = DECIDING
        else:
            purposes = (*ASKING, DEPOSIT) if item.site else (DEPOSIT,)
        grant = Grant(
            1,
            secrets.token_bytes(16),
            client.id,
            client.kind,
            "" if client.kind == "insurer" else item.site,
            client.vendor,
            EVIDENCE_OF_MACHINES,
            item.binding,
            purposes,
            now,
            now + self._life,
        )
        return GrantResult("", self.seal(grant), client.id, client.kind, client.vendor, grant.expires, grant.evidence)

    def _through(self, gateway: Client, found: Verified, item: GrantItem, now: int) -> GrantResult:
        """A grant for the client whose SSH key a gateway saw: to leave files, and for nothing else.

        Refusals, further: `ssh-key-unknown`, the same for a client that nobody knows, is revoked or has another key.
        """
        if gateway.revoked:
            return GrantResult("client-revoked")
        client = self._registry.clients.get(found.behalf)
        if client is None or client.revoked or client.kind not in BEHIND_GATEWAYS:
            return GrantResult("ssh-key-unknown")
        if client.keys.get(found.ssh_key, {}).get("use") != SSH:
            return GrantResult("ssh-key-unknown")
        if (found.site or OPEN) != item.site:
            return GrantResult("other-site")
        mandated = self._registry.sites_of(client.id, now)
        site = found.site or client.site or next(iter(mandated), "")
        if not site or not self._registry.may_act(client, site, now):
            return GrantResult("no-mandate")
        if not self._replays.first(gateway.id, found.jti, found.expires, now // 1_000_000):
            return GrantResult("replayed-assertion")
        grant = Grant(
            1, secrets.token_bytes(16), client.id, client.kind, site, client.vendor, EVIDENCE_OF_MACHINES, item.binding,
            (DEPOSIT,), now, now + self._life, through=gateway.id,
        )  # fmt: skip
        return GrantResult(
            "", self.seal(grant), client.id, client.kind, client.vendor, grant.expires, grant.evidence, site, gateway.id
        )

    def _refusal(self, client: Client, item: GrantItem, named: str, now: int) -> str:
        if client.revoked:
            return "client-revoked"
        if named and named != item.site:
            return "other-site"
        if client.kind == "insurer":  # it speaks for its insurer, named where others name a site
            return "" if item.site == client.vendor else "no-mandate"
        if not item.site:
            return "site-missing" if client.kind == "site" else ""
        if len(item.site) != 9 or not item.site.isascii():
            return "site-malformed"
        return "" if self._registry.may_act(client, item.site, now) else "no-mandate"

    def _keys(self, client: str) -> dict[str, dict[str, object]] | None:
        known = self._registry.clients.get(client)
        return None if known is None else {kid: dict(jwk) for kid, jwk in known.keys.items()}

    def _parse(self, raw: bytes) -> Held | None:
        body, mac = raw[:-16], raw[-16:]
        if len(mac) != 16 or not hmac.compare_digest(mac, self._mac(body)):
            return None
        grant = msgspec.msgpack.decode(body, type=Grant)
        if len(self._held) >= MOST_CACHED:
            self._held.clear()
        held = self._held[raw] = Held(grant, grant_digest(raw), grant.site.encode("ascii"), grant.expires)
        return held
