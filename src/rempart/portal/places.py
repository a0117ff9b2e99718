"""The places of the portal that its header leads to, in their order."""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.portal.words import N_


class Place(NamedTuple):
    """One entry: its address, its name, and the roles that see it (none: everybody)."""

    path: str
    name: str
    roles: tuple[str, ...] = ()


PLACES: Final = (
    Place("/patient", N_("Patient")),
    Place("/prises-en-charge", N_("Prises en charge")),
    Place("/factures", N_("Factures")),
    Place("/paiements", N_("Paiements")),
    Place("/site-et-equipe", N_("Mon site")),
    Place("/compte", N_("Mon compte")),
)


def places(role: str) -> tuple[Place, ...]:
    """What somebody of that role is offered."""
    return tuple(place for place in PLACES if not place.roles or role in place.roles)
