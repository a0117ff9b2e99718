"""Hospitals' own OpenID providers, registered with the keeper: it alone learns of their keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rempart.bootstrap.registering import Registrar
from rempart.identity import pro_sante_connect as psc
from rempart.sealing.hospital_frames import RegisterHospital


@dataclass(frozen=True, slots=True)
class Hospital:
    """A hospital's provider at an operator's portal: `keys` its JWKS as it publishes them; b"" closes it.

    `acr`, `amr`: what must be told of how somebody signed in; `roles`: value of `claim` → role at `sites`.
    """

    operator: str
    name: str
    issuer: str
    client_id: str
    acr: tuple[str, ...]
    amr: tuple[str, ...]
    claim: str
    roles: Mapping[str, str]
    sites: tuple[str, ...]
    keys: bytes


def set_hospital(registrar: Registrar, hospital: Hospital) -> str:
    """Registers it, or its keys anew; "" or a refusal code: those of the keeper, site-unknown, other-operator."""
    keys = psc.read_keys(hospital.keys) if hospital.keys else {}
    if isinstance(keys, psc.Refused):
        return keys.code
    for site in hospital.sites:
        place = registrar.site(site)
        if place is None or place.operator != hospital.operator:
            return "site-unknown" if place is None else "other-operator"
    plain = {kid: {name: str(value) for name, value in jwk.items()} for kid, jwk in keys.items()}
    told = hospital
    item = RegisterHospital(
        told.operator, told.name, told.issuer, told.client_id, told.acr, told.amr, told.claim, dict(told.roles),
        told.sites, plain,
    )  # fmt: skip
    return registrar.told("hospital", item)
