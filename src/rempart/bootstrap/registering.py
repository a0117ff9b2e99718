"""Registering insurers, sites and clients: the keeper first, which believes no other program, then the database.

Each call may be repeated: what both know already changes nothing. A "no" is its stable code, "" is done. Nothing here
reads or lists beneficiaries.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar
from zoneinfo import ZoneInfo

import psycopg

from rempart.bootstrap.rights import NotReachableError, database
from rempart.domain.authorities import FILES
from rempart.domain.compartments import REGION
from rempart.domain.identifiers import parse_amc, parse_finess, parse_site
from rempart.domain.member import ANY_MEMBER, MemberRule
from rempart.domain.parties import Account, Client, Mandate, Site
from rempart.formats import guarantee_table
from rempart.ground.instants import start_of_day
from rempart.ground.options import PROFESSIONS
from rempart.identity.client_assertion import public_jwk_fault
from rempart.sealing.client import KeeperSync, KeeperUnavailable
from rempart.sealing.ringing import OPERATIONS, AddInsurer, AddMandate, Nothing, RegisterClient, RevokeClient
from rempart.storage import insurers
from rempart.storage.insurers import Card
from rempart.storage.parties import Registry, StoredTokens, single

if TYPE_CHECKING:
    from rempart.ground.settings import Settings

T = TypeVar("T")
Jwk = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NewInsurer:
    """`sign_key` (Ed25519) and `box_key` (X25519) are raw public keys; `cards` default to its own number."""

    insurer: str
    name: str
    operator: str
    sign_key: bytes
    box_key: bytes
    rule: MemberRule = ANY_MEMBER
    cards: tuple[Card, ...] = ()


@dataclass(frozen=True, slots=True)
class Registrar:
    """What registers; instants are microseconds UTC."""

    runner: asyncio.Runner
    connection: psycopg.Connection[Any]
    parties: Registry
    tokens: StoredTokens
    ring: KeeperSync

    def load_key(self) -> bytes:
        """The keeper's public X25519 key, to which insurers seal their files."""
        return bytes(self.ring.call("health", [Nothing()])[0].load_public)

    # -- insurers ----------------------------------------------------------------------------------------------------

    def add_insurer(self, new: NewInsurer, instant: int) -> str:
        """Adds an insurer, or corrects its name, operator and rule; its keys never change."""
        if parse_amc(new.insurer) != new.insurer:
            return "insurer-malformed"
        if any(parse_amc(card.amc_number) != card.amc_number or card.starts > card.ends for card in new.cards):
            return "card-malformed"
        if refusal := self.told("add_insurer", AddInsurer(new.insurer, new.sign_key, new.box_key)):
            return refusal
        insurers.register_insurer(
            self.connection, new.insurer, name=new.name, operator=new.operator, rule=new.rule, instant=instant,
            cards=new.cards,
        )  # fmt: skip
        return ""

    def add_guarantees(self, insurer: str, content: bytes, instant: int) -> guarantee_table.TableReading | str:
        """The insurer's guarantee table as it wrote it: a reading with faults changes nothing."""
        reading = guarantee_table.read(content)
        if reading.table is None:
            return reading
        if reading.table.insurer != insurer:
            return "other-insurer"
        if not self.has_insurer(insurer):
            return "insurer-unknown"
        insurers.add_guarantee_table(self.connection, insurer, content.decode(), instant)
        return reading

    def has_insurer(self, insurer: str) -> bool:
        """Whether an insurer of that number is registered."""
        return any(row.insurer == insurer for row in insurers.insurers(self.connection))

    def elsewhere(self, amc_number: str, operator: str) -> str:
        """Cards of this number are another operator's: a question about one is told so, free."""
        if parse_amc(amc_number) != amc_number:
            return "card-malformed"
        insurers.handled_elsewhere(self.connection, Card(amc_number), operator)
        return ""

    # -- sites -------------------------------------------------------------------------------------------------------

    def add_site(self, site: Site) -> str:
        """Adds a site, or corrects what describes it; its standing stays."""
        if parse_site(site.site) != site.site:
            return "site-malformed"
        if site.finess and parse_finess(site.finess) != site.finess:
            return "finess-malformed"
        if site.profession.replace("-", "_") not in PROFESSIONS:
            return "profession-unknown"
        if not _is_zone(site.zone):
            return "zone-unknown"
        if site.region and not REGION.fullmatch(site.region):
            return "region-unknown"
        self._run(self.parties.add_sites([site]))
        return ""

    def set_site_standing(self, site: str, standing: str) -> str:
        """`good`, `suspended` or `closed` (for ever)."""
        return "" if self._run(self.parties.set_site_standing(site, standing)) else "site-unknown"

    def sites(self) -> tuple[Site, ...]:
        """Every site."""
        return self._run(self.parties.sites())

    # -- clients -----------------------------------------------------------------------------------------------------

    def add_client(self, client: Client, jwk: Jwk) -> str:
        """A new client with its first key; the same again changes nothing, another one of that id is refused."""
        known = self._run(self.parties.client(client.client))
        if known is not None:
            same = (known.kind, known.own_site, known.vendor) == (client.kind, client.own_site, client.vendor)
            return self.add_key(client.client, jwk, client.registered) if same else "client-exists"
        if refusal := _jwk_fault(jwk):
            return refusal
        if client.kind == "site" and self._run(self.parties.site(client.own_site)) is None:
            return "site-unknown"
        if refusal := self._told_of(client, {jwk["kid"]: dict(jwk)}):
            return refusal
        self._run(self.parties.add_clients([client]))
        self._run(self.parties.add_key(client.client, jwk, client.registered))
        return ""

    def set_agents(self, client: str, agents: str) -> str:
        """Whether a program must say who sits at it: optional or required. Its next tokens hold to it."""
        known = self._run(self.parties.client(client))
        if known is None or known.standing == "closed":
            return "client-unknown"
        if known.kind not in {"site", "vendor"}:
            return "nobody-sits-there"
        self._run(self.parties.set_agents(client, agents))
        return ""

    def add_key(self, client: str, jwk: Jwk, instant: int) -> str:
        """One more key beside the others."""
        known = self._run(self.parties.client(client))
        if known is None:
            return "client-unknown"
        if refusal := _jwk_fault(jwk):
            return refusal
        keys = self._run(self.parties.keys(client, instant))
        if keys.get(jwk["kid"]) == dict(jwk):
            return ""
        if refusal := self._told_of(known, keys | {jwk["kid"]: dict(jwk)}):
            return refusal
        try:
            self._run(self.parties.add_key(client, jwk, instant))
        except psycopg.errors.UniqueViolation:
            return "kid-used"
        return ""

    def revoke_key(self, client: str, kid: str, instant: int) -> str:
        """The key signs nothing more, and the client's live tokens end with it."""
        known = self._run(self.parties.client(client))
        keys = self._run(self.parties.keys(client, instant))
        if known is None or kid not in keys:
            return "key-unknown"
        left = {name: jwk for name, jwk in keys.items() if name != kid}
        if not left:
            return "last-key"
        if refusal := self._told_of(known, left):
            return refusal
        self._run(self.parties.revoke_key(client, kid, instant))
        self._run(self.tokens.revoke_client(client, instant))
        return ""

    def set_client_standing(self, client: str, standing: str) -> str:
        """`good` or `suspended`."""
        return "" if self._run(self.parties.set_client_standing(client, standing)) else "client-unknown"

    def revoke_client(self, client: str, instant: int) -> str:
        """For ever: its keys, its tokens, its grants at the keeper. The id is not given again."""
        refusal = self.told("revoke_client", RevokeClient(client))
        if refusal not in ("", "unknown-client"):
            return refusal
        known = self._run(self.parties.client(client))
        if known is None:
            return "client-unknown"
        self._run(self.parties.set_client_standing(client, "closed"))
        self._run(self.tokens.revoke_client(client, instant))
        if known.kind == "gateway":  # its tokens are in its clients' names; another gateway gets its own anew
            self._run(self.tokens.revoke_role(FILES, instant))
        for kid in self._run(self.parties.keys(client, instant)):
            self._run(self.parties.revoke_key(client, kid, instant))
        return ""

    def clients(self) -> tuple[Client, ...]:
        """Every client."""
        return self._run(self.parties.clients())

    def site(self, site: str) -> Site | None:
        """One site."""
        return self._run(self.parties.site(site))

    def account(self, account: str) -> Account | None:
        """One account."""
        return self._run(self.parties.account(account))

    def add_account(self, client: Client, account: Account) -> None:
        """A person's account, that the keeper knows already; the same again changes nothing."""
        if self._run(self.parties.client(client.client)) is None:
            self._run(self.parties.add_clients([client]))
        self._run(self.parties.add_account(account))

    def end_tokens(self, client: str, instant: int) -> None:
        """Every live token or session of a client ends."""
        self._run(self.tokens.revoke_client(client, instant))

    def end_recovered(self, account: str, instant: int) -> None:
        """Every session of an account that was recovered ends, and its sites are told."""
        self._run(self.tokens.end_recovered(account, instant))

    def add_mandate(self, mandate: Mandate) -> str:
        """The site lets the client act for it on these days, both included, at the site."""
        place = self._run(self.parties.site(mandate.site))
        known = self._run(self.parties.client(mandate.client))
        if place is None or known is None or known.kind == "site":
            return "site-unknown" if place is None else "client-unknown" if known is None else "own-site-only"
        if mandate.starts > mandate.ends:
            return "mandate-malformed"
        end = start_of_day(mandate.ends + timedelta(1), place.zone)
        if refusal := self._mandated(mandate, place, end):
            return refusal
        held = self._run(self.parties.mandates(mandate.client, mandate.site))
        if not any((m.starts, m.ends, m.ended) == (mandate.starts, mandate.ends, None) for m in held):
            self._run(self.parties.add_mandates([mandate]))
        return ""

    def end_mandates(self, client: str, site: str, instant: int) -> str:
        """Withdraws every mandate of the pair; the client's live tokens end, and it signs in anew for other sites."""
        place = self._run(self.parties.site(site))
        held = [each for each in self._run(self.parties.mandates(client, site)) if each.ended is None]
        if place is None or not held:
            return "no-mandate"
        for mandate in held:
            end = max(instant, start_of_day(mandate.starts, place.zone))
            if refusal := self._mandated(mandate, place, end):
                return refusal
        self._run(self.parties.end_mandates(client, site, instant))
        self._run(self.tokens.revoke_client(client, instant))
        return ""

    def _mandated(self, mandate: Mandate, place: Site, end: int) -> str:
        start = start_of_day(mandate.starts, place.zone)
        return self.told("mandate", AddMandate(mandate.client, mandate.site, start, end))

    def _told_of(self, client: Client, keys: Mapping[str, Mapping[str, Any]]) -> str:
        plain = {kid: dict(jwk) for kid, jwk in keys.items()}
        return self.told(
            "register_client", RegisterClient(client.client, client.kind, client.own_site, client.vendor, plain)
        )

    def told(self, operation: str, item: Any) -> str:
        """What the keeper says to one item on its ring socket: "" or a refusal code."""
        return str(self.ring.call(operation, [item])[0].refusal)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)


@contextmanager
def registrar(settings: Settings) -> Iterator[Registrar]:
    """A registrar over the worker's database role and the keeper's ring socket. Raises NotReachableError."""
    path = settings.paths.keeper_socket("ring")
    with database(settings) as connection, asyncio.Runner() as runner:
        url = settings.database.worker_url
        own = runner.run(psycopg.AsyncConnection.connect(url, autocommit=True))
        try:
            with KeeperSync(str(path), OPERATIONS) as ring:
                yield Registrar(runner, connection, Registry(single(own)), StoredTokens(single(own)), ring)
        except KeeperUnavailable as error:
            reason = f"the keeper does not answer on {path}: start it, and run this again as one of its ring group"
            raise NotReachableError("keeper", reason) from error
        finally:
            runner.run(own.close())


def _jwk_fault(jwk: Jwk) -> str:
    if not jwk.get("kid"):
        return "kid-missing"
    return public_jwk_fault(jwk) or ""


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (OSError, ValueError, KeyError):  # not found is a KeyError, a folder's name an OSError
        return False
    return True


__all__ = ["NewInsurer", "NotReachableError", "Registrar", "registrar"]
