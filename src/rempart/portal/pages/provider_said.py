"""What is said to who comes by Pro Santé Connect: refusals, and the provider's codes in words."""

from __future__ import annotations

from typing import Final

from rempart.portal import refusals
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.words import N_
from rempart.wire.problem import Problem

PROFESSIONS: Final = {
    "10": N_("Médecin"), "21": N_("Pharmacien"), "26": N_("Audioprothésiste"), "28": N_("Opticien-lunetier"),
    "40": N_("Chirurgien-dentiste"), "50": N_("Sage-femme"), "60": N_("Infirmier"),
    "70": N_("Masseur-kinésithérapeute"), "80": N_("Pédicure-podologue"), "91": N_("Orthophoniste"),
    "92": N_("Orthoptiste"),
}  # fmt: skip
"""ANS, TRE_G15 (professions of health), read 2026-11-22; any other code is not shown."""
MODES: Final = {"L": N_("exercice libéral"), "S": N_("exercice salarié")}

_ASK = N_("Demandez une invitation au responsable de votre site ou à votre opérateur.")
_KEY = N_("Connectez-vous avec votre clé d’accès, ou réessayez plus tard.")
_TABLE: Final[dict[str, tuple[Kind, str, str]]] = {
    "provider-state": (
        Kind.AMISS, N_("Cette connexion a commencé ailleurs"),
        N_("Recommencez ici, dans cette fenêtre : rien n’a été ouvert."),
    ),
    "provider-denied": (
        Kind.AMISS, N_("Pro Santé Connect n’a pas confirmé votre identité"),
        N_("Recommencez, ou connectez-vous avec une clé d’accès."),
    ),
    "link-unknown": (Kind.STOPPED, N_("Aucun compte ne vous est encore rattaché ici"), _ASK),
    "passkey-required": (Kind.STOPPED, N_("Il vous faut maintenant une clé d’accès"), _ASK),
    "no-exercice": (
        Kind.STOPPED, N_("Aucun de vos lieux d’exercice n’est enregistré ici"),
        N_("Vérifiez vos exercices auprès de votre ordre, ou appelez votre opérateur."),
    ),
    "provider-acr": (
        Kind.AMISS, N_("Ce moyen d’identification n’est pas assez sûr"),
        N_("Recommencez avec votre e-CPS ou votre carte CPS."),
    ),
    "provider-unknown": (Kind.STOPPED, N_("Pro Santé Connect n’est pas ouvert sur ce portail"), _KEY),
    "provider-key-unknown": (Kind.AWAY, N_("Pro Santé Connect ne répond pas comme prévu"), _KEY),
    "malformed-userinfo": (Kind.AWAY, N_("Pro Santé Connect ne répond pas comme prévu"), _KEY),
}  # fmt: skip
_LATE: Final = frozenset({"provider-code", "provider-expired"})
_FALSE: Final = frozenset({
    "provider-mixed-up", "provider-issuer", "provider-audience", "provider-nonce", "provider-signature",
    "provider-identity", "oversized-id-token", "malformed-id-token", "unsupported-algorithm",
})  # fmt: skip
_NOT_TAKEN = (
    Kind.AMISS, N_("Cette connexion n’a pas été acceptée"),
    N_("Recommencez. Si cela se répète, appelez votre opérateur : quelqu’un se fait peut-être passer pour "
       "Pro Santé Connect."),
)  # fmt: skip


def of(problem: Problem) -> Refusal:
    """What a refusal of such a sign-in means to the person."""
    if problem.code in _TABLE:
        return refusal(problem.code)
    if problem.code in _LATE:
        return refusals.entering(Problem("", 409, "challenge-expired"))
    return Refusal(*_NOT_TAKEN, problem.code) if problem.code in _FALSE else refusals.entering(problem)


def refusal(code: str) -> Refusal:
    """One of the table, by its code."""
    return Refusal(*_TABLE[code], code)
