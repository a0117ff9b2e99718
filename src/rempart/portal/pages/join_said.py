"""What is said to who joins: states, faults of the form, refusals; and how the form with a document is read."""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.portal.refusals import Kind, Refusal
from rempart.portal.words import N_

MOST_PARTS: Final = 8


class Said(NamedTuple):
    """A state as it is told: a colour of the sheet, what it is, what comes next."""

    colour: str
    title: str
    todo: str


STATES: Final = {
    "asked": Said(
        "calm", N_("Il manque votre document bancaire"),
        N_("Donnez le compte sur lequel ce lieu sera payé, et le relevé d’identité bancaire qui le montre."),
    ),
    "documents": Said(
        "warn", N_("Votre opérateur demande un autre document"),
        N_("Envoyez-le ici : votre demande reprend où elle était."),
    ),
    "awaiting": Said(
        "calm", N_("Votre demande est chez votre opérateur"),
        N_("Deux personnes la vérifient. L’une d’elles vous appellera au numéro public de votre lieu d’exercice."),
    ),
    "approved": Said(
        "good", N_("Votre demande est acceptée"),
        N_("Connectez-vous avec Pro Santé Connect dans les sept jours, et créez votre clé d’accès."),
    ),
    "refused": Said(
        "warn", N_("Votre demande n’a pas été acceptée"),
        N_("Appelez votre opérateur si vous pensez que c’est une erreur, ou recommencez."),
    ),
    "withdrawn": Said("calm", N_("Votre demande a été remplacée"), N_("Une autre a été commencée depuis.")),
    "expired": Said(
        "calm", N_("Votre demande a expiré"), N_("Trente jours ont passé. Recommencez : cela prend cinq minutes."),
    ),
}  # fmt: skip
WHY: Final = {
    "unreadable": N_("Le document n’est pas lisible."),
    "other-holder": N_("Le titulaire du compte n’est pas celui du lieu d’exercice."),
    "not-a-bank-document": N_("Le document n’est pas un relevé d’identité bancaire."),
    "other-place": N_("Le lieu d’exercice n’est pas le bon."),
    "not-reached": N_("Personne n’a pu être joint au numéro public du lieu."),
    "not-eligible": N_("Ce lieu d’exercice ne relève pas de cet opérateur."),
}
FAULTS: Final = {
    "holder": N_("Recopiez le titulaire tel que la banque l’écrit, 70 caractères au plus."),
    "iban": N_("Cet IBAN ne peut pas être juste : recopiez-le du relevé, il commence par FR et compte 27 caractères."),
    "document": N_("Choisissez un fichier PDF, JPEG ou PNG de 2 Mo au plus."),
}
_CHOOSE = N_("Reprenez depuis le début : Pro Santé Connect vous reconnaîtra aussitôt.")
REFUSALS: Final = {
    code: Refusal(kind, title, todo, code)
    for code, (kind, title, todo) in {
        "account-exists": (
            Kind.STOPPED, N_("Vous avez déjà un compte ici"), N_("Revenez à l’accueil et connectez-vous."),
        ),
        "ticket-over": (Kind.AMISS, N_("Cette demande attend que vous vous identifiiez de nouveau"), _CHOOSE),
        "not-found": (Kind.AMISS, N_("Aucune demande n’est commencée"), _CHOOSE),
        "place-unknown": (Kind.AMISS, N_("Ce lieu d’exercice n’est pas un des vôtres"), _CHOOSE),
        "site-malformed": (
            Kind.AMISS, N_("Ce numéro de facturation ne peut pas être juste"),
            N_("Il compte 9 caractères (N° AM ou FINESS) : recopiez-le de vos feuilles de soins."),
        ),
        "place-ended": (
            Kind.STOPPED, N_("L’annuaire dit que ce lieu a fermé"),
            N_("Faites corriger l’annuaire par votre ordre ou par l’agence régionale de santé, ou appelez-nous."),
        ),
        "site-registered": (
            Kind.STOPPED, N_("Ce lieu est déjà enregistré"),
            N_("Demandez une invitation à la personne qui en est responsable, ou appelez-nous."),
        ),
        "transition-not-allowed": (
            Kind.AMISS, N_("Votre demande n’attend pas de document"), N_("Regardez où elle en est."),
        ),
        "document-size": (Kind.AMISS, N_("Ce document est trop grand"), N_("Envoyez un fichier de 2 Mo au plus.")),
    }.items()
}  # fmt: skip
RETRIED: Final = frozenset(
    {"ticket-over", "not-found", "place-unknown", "site-malformed", "transition-not-allowed", "document-size"}
)
"""Refusals that lead back to the beginning of joining, not to the portal's first page."""


def form_of(body: bytes, kind: str) -> dict[str, bytes]:
    """The parts of a form with a file by their names (RFC 7578), in memory; {} when it is none."""
    boundary = kind.partition("boundary=")[2].strip('"').encode()
    if not kind.startswith("multipart/form-data") or not boundary:
        return {}
    parts = (b"\r\n" + body).split(b"\r\n--" + boundary)
    found: dict[str, bytes] = {}
    for part in parts[1 : MOST_PARTS + 1]:
        head, _, content = part.partition(b"\r\n\r\n")
        name = head.partition(b' name="')[2].partition(b'"')[0].decode("ascii", "replace")
        if name and name not in found:
            found[name] = content
    return found
