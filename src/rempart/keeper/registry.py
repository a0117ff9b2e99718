"""Who may sign in, and for which sites: registered with the keeper, because it believes no other program.

An append-only file of JSON lines, each with a keyed MAC over the line before: an edited, cut-out or reordered line is
found at start. A torn last line (a crash while appending) is dropped.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import msgspec

from rempart.identity.client_assertion import public_jwk_fault
from rempart.sealing.invitations import HAS_NUMBER
from rempart.sealing.prf import short_prf

from .account_registry import AccountRegistry, Invitation
from .hospital_registry import HospitalRegistry
from .program_registry import ProgramRegistry
from .provider_registry import ProviderRegistry
from .registry_entries import (
    AnyEntry,
    ClientEntry,
    DelegationCodeEntry,
    DelegationEntry,
    HospitalEntry,
    HospitalPersonEntry,
    InvitationEntry,
    Kind,
    LinkEntry,
    MandateCodeEntry,
    MandateEntry,
    ProgramClientEntry,
    ProgramLine,
    ProgramMandateEntry,
    ProviderEntry,
    RevokeEntry,
    StationEndedEntry,
    StationEntry,
    UnlinkEntry,
)
from .station_registry import Delegation, StationRegistry

if TYPE_CHECKING:
    from pathlib import Path

ACCOUNT: Kind = "account"
STAFF = "staff"
ACCOUNTABLE = frozenset({"professional", "manager"})
"""Roles that may answer for staff."""
Jwks = Mapping[str, Mapping[str, Any]]


class RegistryDamagedError(Exception):
    """A line of the registry is not what the keeper wrote; `line` counts from 1."""

    def __init__(self, line: int) -> None:
        super().__init__(f"registry line {line} does not follow from the one before")
        self.line = line


@dataclass(frozen=True, slots=True)
class Client:
    """Who signs in. `site` is its own one (kind `site`), `vendor` who made it ("" when nobody is named).

    Of kind `insurer`, `vendor` is the insurer for which it decides, 10 digits. Of kind `account`, a person: no keys.
    """

    id: str
    kind: Kind
    site: str
    vendor: str
    keys: Jwks
    revoked: bool = False


@dataclass(frozen=True, slots=True)
class Mandate:
    """`client` may act for `site` from `start` to `end`, both in microseconds UTC, `end` excluded."""

    client: str
    site: str
    start: int
    end: int


class _Line(msgspec.Struct):
    entry: msgspec.Raw
    mac: str


class Registry:
    """Clients and mandates in memory, every change on disk first; `accounts` is what is about people."""

    def __init__(self, path: Path, key: bytes) -> None:
        """Reads `path`, made if absent. Raises RegistryDamagedError."""
        self._mac: Callable[[bytes], bytes] = short_prf(key, "rempart/1/registry", size=16)
        self._last = bytes(16)
        self.clients: dict[str, Client] = {}
        self._mandates: dict[tuple[str, str], tuple[Mandate, ...]] = {}
        self._sites: dict[str, set[str]] = {}  # by client, those that a mandate ever named
        self.accounts = AccountRegistry(self._append)
        self.providers = ProviderRegistry(self._append, key)
        self.stations = StationRegistry(self._append)
        self.hospitals = HospitalRegistry(self._append)
        self.programs = ProgramRegistry(self._append)
        good = self._read(path)
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.ftruncate(self._file, good)
        os.lseek(self._file, good, os.SEEK_SET)

    def close(self) -> None:
        os.close(self._file)

    def register(self, client: Client) -> str:
        """Adds or replaces a client's keys; "" or a refusal code. A revoked client comes back only under another id."""
        known = self.clients.get(client.id)
        if known == client:
            return ""
        refusal = _client_fault(client, known)
        if not refusal:
            keys = {kid: dict(jwk) for kid, jwk in client.keys.items()}
            self._append(ClientEntry(client.id, client.kind, client.site, client.vendor, keys))
        return refusal

    def invite(self, code_hash: bytes, invitation: Invitation, instant: int = 0) -> str:
        """Registers an invitation, and its account when that is new; "" or a refusal code.

        `instant`: at which who answers for staff must work there, microseconds UTC. Of staff: accountable-required
        (nobody is named, and no number of their own), accountable-unknown.
        """
        known = self.clients.get(invitation.account)
        if known is not None and known.kind != ACCOUNT:
            return "client-exists"
        if known is not None and known.revoked:
            return "account-revoked"
        told = invitation.accountable
        if invitation.role != STAFF:
            return "accountable-unknown" if told else self.accounts.invite(code_hash, invitation)
        if not told:
            return "accountable-required"
        if told != HAS_NUMBER and not self._answers(told, invitation, instant):
            return "accountable-unknown"
        return self.accounts.invite(code_hash, invitation)

    def unanswered(self, account: str, site: str, instant: int) -> bool:
        """Whether who answered at a site for staff without a number of their own does so no more."""
        told, known = self.accounts.accountable(account, site), self.accounts.invited(account)
        if known is None or told in ("", HAS_NUMBER):
            return False
        return not self._answers(told, replace(known, site=site), instant)

    def _answers(self, name: str, staff: Invitation, instant: int) -> bool:
        """Whether somebody of that site, who is no staff and no locum, can answer for staff."""
        known, client, site = self.accounts.invited(name), self.clients.get(name), staff.site
        if known is None or client is None or client.revoked:
            return False
        if (known.operator, known.role in ACCOUNTABLE) != (staff.operator, True):
            return False
        return site in self.sites_of(name, instant) and not self.delegated(name, site, instant)

    def revoke(self, client: str) -> str:
        """From now on no grant of that client is worth anything."""
        if client not in self.clients:
            return "unknown-client"
        if not self.clients[client].revoked:
            self._append(RevokeEntry(client))
        return ""

    def mandate(self, mandate: Mandate) -> str:
        """Adds a mandate, or replaces the one that starts at the same instant; "" or a refusal code."""
        if mandate.client not in self.clients:
            return "unknown-client"
        if len(mandate.site) != 9 or not mandate.site.isascii() or mandate.start > mandate.end:
            return "mandate-malformed"
        if mandate not in self._mandates.get((mandate.client, mandate.site), ()):
            self._append(MandateEntry(mandate.client, mandate.site, mandate.start, mandate.end))
        return ""

    def may_act(self, client: Client, site: str, instant: int) -> bool:
        """Whether `client` may act for `site` at `instant`: its own site, or a mandate in force."""
        if client.site and client.site == site:
            return True
        return any(each.start <= instant < each.end for each in self._mandates.get((client.id, site), ()))

    def sites_of(self, client: str, instant: int) -> tuple[str, ...]:
        """The sites for which a client has a mandate in force, in order."""
        named = sorted(self._sites.get(client, ()))
        return tuple(
            site for site in named if any(each.start <= instant < each.end for each in self._mandates[client, site])
        )

    def delegated(self, account: str, site: str, instant: int) -> bool:
        """Whether an account works at a site by a locum's delegation alone."""
        held = (each for each in self._mandates.get((account, site), ()) if each.start <= instant < each.end)
        starts = [each.start for each in held]
        return bool(starts) and all(self.stations.is_delegation(account, site, start) for start in starts)

    def delegate(self, delegation: Delegation, instant: int) -> str:
        """A locum's mandate; "" or `mandate-malformed`, `mandate-exists` (an operator's own that starts as it does)."""
        told = delegation
        if told.account not in self.clients or len(told.site) != 9 or told.start >= told.end:
            return "mandate-malformed"
        held = {each.start for each in self._mandates.get((told.account, told.site), ())}
        if told.start in held and not self.stations.is_delegation(told.account, told.site, told.start):
            return "mandate-exists"
        self.stations.delegate(told, instant)
        return ""

    def end_delegation(self, account: str, site: str, by: str, instant: int) -> str:
        """Ends what was delegated to an account at a site; "" or `delegation-unknown`."""
        live = [each for each in self.stations.delegations(account, site) if each.end > instant]
        for each in live:
            self.stations.delegate(replace(each, end=max(each.start, instant), by=by), instant)
        return "" if live else "delegation-unknown"

    def spans(self, client: str, site: str) -> tuple[tuple[int, int], ...]:
        """Start and end of every mandate of a client for a site."""
        return tuple((each.start, each.end) for each in self._mandates.get((client, site), ()))

    def people_at(self, site: str, operator: str, role: str, instant: int) -> tuple[str, ...]:
        """The accounts of that operator and role with a mandate in force for a site; a walk through all mandates."""
        return tuple(
            client
            for (client, named), held in self._mandates.items()
            if named == site
            and any(each.start <= instant < each.end for each in held)
            and not self.clients[client].revoked
            and (known := self.accounts.invited(client)) is not None
            and (known.operator, known.role) == (operator, role)
        )

    def manager_beside(self, account: str, site: str, operator: str, instant: int) -> bool:
        """Whether a manager of the site other than that account can get in now and lets colleagues back in.

        One with a passkey, not on probation, who works there by more than a locum's delegation.
        """
        return any(
            each != account
            and self.accounts.opening(each)
            and not self.accounts.on_probation(each, instant)
            and not self.delegated(each, site, instant)
            for each in self.people_at(site, operator, "manager", instant)
        )

    def _read(self, path: Path) -> int:
        """Applies every good line; the offset after the last one."""
        if not path.exists():
            return 0
        content = path.read_bytes()
        end = content.rfind(b"\n") + 1
        for number, raw in enumerate(content[:end].splitlines(), start=1):
            try:
                line = msgspec.json.decode(raw, type=_Line)
                mac = self._mac(self._last + bytes(line.entry))
                if mac.hex() != line.mac:
                    raise RegistryDamagedError(number)
                self._apply(msgspec.json.decode(line.entry, type=AnyEntry))
            except msgspec.MsgspecError as error:
                raise RegistryDamagedError(number) from error
            self._last = mac
        return end

    def _append(self, entry: AnyEntry) -> None:
        raw = msgspec.json.encode(entry)
        mac = self._mac(self._last + raw)
        line = msgspec.json.encode(_Line(msgspec.Raw(raw), mac.hex())) + b"\n"
        start = os.lseek(self._file, 0, os.SEEK_CUR)
        try:
            if os.write(self._file, line) != len(line):
                raise OSError("registry: short write")
            os.fsync(self._file)
        except OSError:
            os.ftruncate(self._file, start)
            os.lseek(self._file, start, os.SEEK_SET)
            raise
        self._last = mac
        self._apply(entry)

    def _apply(self, entry: AnyEntry) -> None:
        match entry:
            case ClientEntry(id, kind, site, vendor, keys):
                self.clients[id] = Client(id, kind, site, vendor, MappingProxyType(keys))
            case RevokeEntry(id):
                self.clients[id] = replace(self.clients[id], revoked=True)
            case MandateEntry(client, site, start, end):
                self.stations.replaced(client, site, start)
                self._hold(Mandate(client, site, start, end))
            case HospitalEntry() | HospitalPersonEntry():
                self.hospitals.apply(entry)
                if isinstance(entry, HospitalPersonEntry) and entry.account not in self.clients:
                    known = Client(entry.account, ACCOUNT, "", f"portal:{entry.operator}", MappingProxyType({}))
                    self.clients[entry.account] = known
            case DelegationEntry(account, site, start, end):
                self.stations.apply(entry)
                self._hold(Mandate(account, site, start, end))
            case ProgramMandateEntry() | ProgramClientEntry() | MandateCodeEntry():
                self._apply_program(entry)
            case StationEntry() | StationEndedEntry() | DelegationCodeEntry():
                self.stations.apply(entry)
            case ProviderEntry() | LinkEntry() | UnlinkEntry():
                self.providers.apply(entry)
            case _:
                if isinstance(entry, InvitationEntry) and entry.account not in self.clients:
                    known = Client(entry.account, ACCOUNT, "", f"portal:{entry.operator}", MappingProxyType({}))
                    self.clients[entry.account] = known
                self.accounts.apply(entry)

    def _apply_program(self, entry: ProgramLine) -> None:
        self.programs.apply(entry)
        match entry:
            case ProgramMandateEntry(_, client, site, start, end):
                self._hold(Mandate(client, site, start, end))
            case ProgramClientEntry(_, client, site, key):
                self.clients[client] = Client(client, "site", site, "", MappingProxyType({key["kid"]: key}))

    def _hold(self, mandate: Mandate) -> None:
        """Keeps a mandate, in the place of the one with the same start."""
        pair = mandate.client, mandate.site
        others = tuple(each for each in self._mandates.get(pair, ()) if each.start != mandate.start)
        self._mandates[pair] = (*others, mandate)
        self._sites.setdefault(mandate.client, set()).add(mandate.site)


def _client_fault(client: Client, known: Client | None) -> str:
    if client.kind == ACCOUNT:  # a person has no key of a program's, and comes by an invitation
        return "kind-unknown"
    if known is not None and (known.revoked or known.kind != client.kind):
        return "client-exists"
    if not 0 < len(client.id) <= 128 or len(client.vendor) > 128 or not client.keys:
        return "client-malformed"
    if (client.kind == "site") != bool(client.site) or (client.site and len(client.site.encode()) != 9):
        return "client-site"
    if client.kind == "insurer" and not (
        len(client.vendor) == 10 and client.vendor.isascii() and client.vendor.isdigit()
    ):
        return "client-insurer"
    faults = (public_jwk_fault(jwk) for jwk in client.keys.values())
    return next((fault for fault in faults if fault), "")
