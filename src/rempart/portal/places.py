"""The places of the portal that its header leads to, in their order."""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.portal.words import N_
from rempart.wire.sign_in import INSURER_ROLES, SITE_ROLES


class Place(NamedTuple):
    """One entry: its address, its name, and the roles that see it (none: everybody)."""

    path: str
    name: str
    roles: tuple[str, ...] = ()


PLACES: Final = (
    Place("/patient", N_("Patient"), SITE_ROLES),
    Place("/prises-en-charge", N_("Prises en charge"), SITE_ROLES),
    Place("/factures", N_("Factures"), SITE_ROLES),
    Place("/paiements", N_("Paiements"), SITE_ROLES),
    Place("/site-et-equipe", N_("Mon site"), SITE_ROLES),
    Place("/bureau/sites", N_("Sites"), ("agent",)),
    Place("/bureau/adhesions", N_("Adhésions"), ("agent",)),
    Place("/bureau/comptes", N_("Bureaux"), ("agent",)),
    Place("/bureau/fermetures", N_("Fermetures"), ("agent", "security")),
    Place("/bureau/journal", N_("Journal"), ("security", "data-protection")),
    Place("/assistance", N_("Assistance"), ("agent", "support", "security")),
    Place("/assureur/demandes", N_("Demandes"), INSURER_ROLES),
    Place("/assureur/droits", N_("Droits"), INSURER_ROLES),
    Place("/assureur/garanties", N_("Garanties"), INSURER_ROLES),
    Place("/assureur/rejets", N_("Rejets"), INSURER_ROLES),
    Place("/assureur/fonds", N_("Fonds"), INSURER_ROLES),
    Place("/compte", N_("Mon compte")),
)


def places(role: str) -> tuple[Place, ...]:
    """What somebody of that role is offered."""
    return tuple(place for place in PLACES if not place.roles or role in place.roles)
