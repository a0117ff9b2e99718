"""People of a desk, the operator's or an insurer's: their roles in words. They work at no site."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from rempart.client.doors import SignedIn
from rempart.portal.words import N_
from rempart.wire.sign_in import INSURER_ROLES, OPERATOR_ROLES

ROLES: Final[Mapping[str, str]] = {
    "agent": N_("Agent de l’opérateur"),
    "support": N_("Assistance de l’opérateur"),
    "security": N_("Sécurité de l’opérateur"),
    "data-protection": N_("Protection des données"),
    "case-worker": N_("Gestionnaire de l’organisme"),
    "insurer-manager": N_("Responsable de l’organisme"),
}
STANDINGS: Final[Mapping[str, tuple[str, str]]] = {
    "good": (N_("En service"), "good"), "suspended": (N_("Suspendu"), "warn"), "closed": (N_("Fermé"), "calm"),
}  # fmt: skip
"""Standing → its word and the colour of its chip."""
PROFESSIONS: Final[Mapping[str, str]] = {
    "pharmacy": N_("Pharmacie"), "optician": N_("Opticien"), "hearing": N_("Audioprothésiste"),
    "dentist": N_("Dentiste"), "doctor": N_("Médecin"), "nurse": N_("Infirmière libérale"),
    "hospital": N_("Hôpital"), "laboratory": N_("Laboratoire"), "physiotherapist": N_("Kinésithérapeute"),
    "speech-therapist": N_("Orthophoniste"), "podologist": N_("Pédicure-podologue"),
    "orthoptist": N_("Orthoptiste"), "midwife": N_("Sage-femme"), "radiology": N_("Radiologie"),
    "transport": N_("Transport"), "equipment": N_("Matériel médical"), "clinic": N_("Clinique"),
}  # fmt: skip
"""What a site is called, by its profession."""


def at_desk(session: SignedIn) -> bool:
    """Whether who is signed in works at a desk, and so at no site."""
    return session.role in (*OPERATOR_ROLES, *INSURER_ROLES)
