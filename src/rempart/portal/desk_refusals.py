"""What the hub's codes mean at the operator's desk, where they are not what they are at a counter."""

from __future__ import annotations

from typing import Final

from rempart.portal import refusals
from rempart.portal.refusals import Kind, Refusal
from rempart.portal.words import N_
from rempart.wire.problem import Problem

SITE_ABSENT: Final = "desk-site-absent"
_TABLE: Final[dict[str, tuple[str, str]]] = {
    "done-elsewhere": (
        N_("Cela a été fait par la ligne de commande"), N_("Elle seule le défait : voyez avec l’exploitation."),
    ),
    "not-changeable": (N_("Cet état ne change plus"), N_("Ce qui est fermé l’est pour toujours.")),
    "own-account": (
        N_("Personne ne suspend son propre compte"), N_("Un autre agent peut le faire, ou la ligne de commande."),
    ),
    "on-probation": (
        N_("Pas encore : votre accès vient d’être rétabli"),
        N_("Pendant 72 heures, un autre agent invite, suspend, ferme et rouvre à votre place."),
    ),
    "closed-already": (N_("C’est déjà fermé, ce qui est davantage"), N_("Deux personnes rouvrent d’abord.")),
    "closing-over": (N_("Quelqu’un a changé cela entre-temps"), N_("Voici où on en est maintenant.")),
    "voice-given": (N_("Vous avez déjà donné votre accord"), N_("Une autre personne doit donner le sien.")),
    "role-not-invited": (
        N_("Ce rôle ne s’invite pas d’ici"), N_("L’exploitation l’invite par la ligne de commande."),
    ),
    "account-has-passkey": (
        N_("Ce compte a déjà une clé d’accès"),
        N_("Si elle est perdue, un collègue ou l’exploitation rend l’accès : c’est un autre chemin."),
    ),
    "accountable-required": (
        N_("Il manque qui répond de cette personne"), N_("Nommez-le, ou dites qu’elle a son propre numéro."),
    ),
    "accountable-unknown": (
        N_("Ce compte ne peut pas répondre d’elle"),
        N_("Il faut un professionnel ou un responsable qui travaille à ce site, et pas un remplaçant."),
    ),
    "invitation-malformed": (N_("Ce lieu ne va pas avec ce rôle"), N_("Relisez le numéro et le rôle.")),
    "days-malformed": (
        N_("Ces jours ne conviennent pas"), N_("Le dernier jour vient après le premier, dans les dix ans."),
    ),
    "not-awaiting": (
        N_("Cette adhésion n’attend plus cela"), N_("Un autre document est arrivé, ou quelqu’un a décidé : relisez."),
    ),
    "officer-already-spoke": (N_("Vous avez déjà dit oui"), N_("Une autre personne dit oui à son tour.")),
    "not-called-back": (N_("Il manque qui vous avez joint"), N_("Appelez, puis dites-le en 200 signes au plus.")),
    "document-unseen": (
        N_("Il manque le document que vous avez regardé"), N_("Regardez un RIB, puis dites-le en 200 signes au plus."),
    ),
    "manager-recovers": (
        N_("Un responsable de ce site peut rendre l’accès"),
        N_("Il le fait dans « Mon compte », page de secours. L’opérateur n’agit que là où il n’y a personne."),
    ),
    "invalid-fields": (N_("Une des valeurs ne peut pas être juste"), N_("Relisez ce que vous avez saisi.")),
    SITE_ABSENT: (
        N_("Ce site n’est pas à votre opérateur"), N_("Cherchez-le dans la liste des sites, puis recommencez."),
    ),
}  # fmt: skip


def of(problem: Problem) -> Refusal:
    """As `refusals.of`, in the desk's words where it has its own."""
    if problem.code in _TABLE:
        return Refusal(Kind.AMISS, *_TABLE[problem.code], problem.code)
    return refusals.of(problem)
