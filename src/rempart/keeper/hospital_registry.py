"""Hospitals' own providers, and the accounts of people who came by them: lines of the registry's file.

A person is kept as a keyed hash of the provider's word for them: 16 bytes that say nothing without the keeper's key.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rempart.identity.pro_sante_connect import public_key_fault

from .registry_entries import HospitalEntry, HospitalPersonEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .registry_entries import HospitalLine

ROLES = ("professional", "staff")  # the first that a person's claim gives counts; nobody manages by a provider's word
_NAME = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?")
_ISSUER = re.compile(r"https?://[a-z0-9.-]{1,253}(?::[0-9]{1,5})?(?:/[A-Za-z0-9/._-]{0,200})?")
_WORD = re.compile(r"[\x21-\x7e]{1,128}")


@dataclass(frozen=True, slots=True)
class Hospital:
    """A provider as it was registered; see `sealing.hospital_frames.RegisterHospital`."""

    operator: str
    name: str
    issuer: str
    client_id: str
    acr: tuple[str, ...]
    amr: tuple[str, ...]
    claim: str
    roles: Mapping[str, str]
    sites: tuple[str, ...]
    keys: Mapping[str, Mapping[str, str]]

    def role(self, values: tuple[str, ...]) -> str:
        """The role that a person's values give, "" when none does."""
        given = {self.roles[each] for each in values if each in self.roles}
        return next((role for role in ROLES if role in given), "")


class HospitalRegistry:
    """In memory; `append` writes a line and applies it here."""

    def __init__(self, append: Callable[[HospitalLine], None]) -> None:
        self._append = append
        self.hospitals: dict[tuple[str, str], Hospital] = {}  # by operator and name
        self.people: dict[bytes, str] = {}  # account by the person's name

    def register(self, hospital: Hospital) -> str:
        """Adds or replaces one; "" or `hospital-malformed`."""
        told = hospital
        if _fault(told):
            return "hospital-malformed"
        keys = {kid: dict(jwk) for kid, jwk in told.keys.items()}
        self._append(
            HospitalEntry(
                told.operator, told.name, told.issuer, told.client_id, told.acr, told.amr, told.claim,
                dict(told.roles), told.sites, keys,
            )
        )  # fmt: skip
        return ""

    def enrol(self, name: bytes, operator: str, account: str) -> None:
        """Somebody came for the first time and has an account now."""
        self._append(HospitalPersonEntry(name, operator, account))

    def apply(self, entry: HospitalLine) -> None:
        """Takes a line that is on disk."""
        match entry:
            case HospitalEntry(operator, name):
                self.hospitals[operator, name] = Hospital(
                    operator, name, entry.issuer, entry.client_id, entry.acr, entry.amr, entry.claim, entry.roles,
                    entry.sites, entry.keys,
                )  # fmt: skip
            case HospitalPersonEntry(name, _, account):
                self.people[name] = account


def _fault(told: Hospital) -> bool:
    words = (told.client_id, told.claim, *told.acr, *told.amr, *told.roles)
    named = _NAME.fullmatch(told.name) and _ISSUER.fullmatch(told.issuer) and all(map(_WORD.fullmatch, words))
    placed = told.sites and all(len(site) == 9 and site.isascii() for site in told.sites)
    shown = (told.acr or told.amr) and told.roles and set(told.roles.values()) <= set(ROLES)
    whole = named and placed and shown
    return not whole or any(public_key_fault({**jwk, "kid": kid}) for kid, jwk in told.keys.items())
