"""What a site's notices say to its people: each kind in plain words, what to do, and the page where it is done."""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.portal.words import N_


class NoticeWords(NamedTuple):
    """Source texts; `day` stands in `text` for the day that matters. `look` of its mark is a class of `.chip`.

    `path` is where it is done, with `{subject}`; "" when there is nothing to open. `roles`: who opens it, () everybody.
    """

    about: str
    look: str
    title: str
    text: str
    path: str = ""
    label: str = ""
    roles: tuple[str, ...] = ()


_INVOICE, _PAYMENT, _ACCOUNT = N_("Facture"), N_("Paiement"), N_("Compte bancaire")
_TEAM, _SERVICE, _ROOM = N_("Équipe"), N_("Service"), N_("Salle d’attente")
_TRANSFER, _SEE_TRANSFER = "/paiements/{subject}", N_("Voir le virement")
_TAKEN, _SEE_TAKEN = "/paiements#reprises", N_("Voir la reprise")
_BANK, _SEE_BANK, _BANKERS = "/site-et-equipe/compte", N_("Voir ou arrêter le changement"), ("professional", "manager")

WORDS: Final[dict[str, NoticeWords]] = {
    "invoice-decided-again": NoticeWords(
        _INVOICE, "good", N_("Une facture rejetée est maintenant acceptée"),
        N_("Les droits du patient ont été enregistrés depuis : elle sera payée, sans rien refaire."),
        "/factures/{subject}", N_("Voir la facture")),
    "transfer-rejected": NoticeWords(
        _PAYMENT, "warn", N_("Un virement n’a pas été exécuté"),
        N_("La banque l’a refusé le %(day)s. Ces factures seront dans un prochain virement ; vérifiez le compte sur "
           "lequel vous êtes payé."), _TRANSFER, _SEE_TRANSFER),
    "transfer-returned": NoticeWords(
        _PAYMENT, "bad", N_("Votre banque a renvoyé un virement"),
        N_("Il est revenu le %(day)s et ces factures sont de nouveau dues. Vérifiez votre compte bancaire avec votre "
           "opérateur."), _TRANSFER, _SEE_TRANSFER),
    "claw-back-notified": NoticeWords(
        _PAYMENT, "warn", N_("Un assureur annonce une reprise"),
        N_("Une facture déjà payée sera retenue à partir du %(day)s. Pas d’accord ? Un professionnel du site la "
           "conteste avant ce jour."), _TAKEN, _SEE_TAKEN),
    "claw-back-disputed": NoticeWords(
        _PAYMENT, "calm", N_("Une reprise est contestée"), N_("Rien n’est retenu tant que ce n’est pas jugé."),
        _TAKEN, _SEE_TAKEN),
    "claw-back-due": NoticeWords(
        _PAYMENT, "warn", N_("Une reprise est due"),
        N_("Vos prochains virements la retiennent : vous n’avez rien à faire."), _TAKEN, _SEE_TAKEN),
    "claw-back-recovered": NoticeWords(
        _PAYMENT, "good", N_("Une reprise est soldée"), N_("Tout est rendu : plus rien ne sera retenu."),
        _TAKEN, _SEE_TAKEN),
    "claw-back-withdrawn": NoticeWords(
        _PAYMENT, "good", N_("Une reprise est abandonnée"), N_("L’assureur y renonce : rien ne sera retenu."),
        _TAKEN, _SEE_TAKEN),
    "claw-back-written-off": NoticeWords(
        _PAYMENT, "good", N_("Une reprise est effacée"), N_("Ce qui restait à rendre ne vous est plus demandé."),
        _TAKEN, _SEE_TAKEN),
    "debt-demanded": NoticeWords(
        _PAYMENT, "warn", N_("Une somme vous est demandée"),
        N_("Vos virements ne suffisent pas à la retenir. Virez-la en donnant sa référence, ou attendez les prochains."),
        _TAKEN, N_("Voir la somme et sa référence")),
    "debt-reminded": NoticeWords(
        _PAYMENT, "warn", N_("Rappel : une somme reste à rendre"),
        N_("Virez-la en donnant sa référence. Trop lourd en une fois ? Votre opérateur peut l’étaler."),
        _TAKEN, N_("Voir la somme et sa référence")),
    "debt-final-notice": NoticeWords(
        _PAYMENT, "bad", N_("Dernier rappel : une somme reste à rendre"),
        N_("Virez-la maintenant en donnant sa référence, ou appelez votre opérateur pour vous entendre."),
        _TAKEN, N_("Voir la somme et sa référence")),
    "bank-details-proposed": NoticeWords(
        _ACCOUNT, "warn", N_("Un nouveau compte bancaire est proposé"),
        N_("Ce n’est pas l’un de vous ? Arrêtez-le d’un geste, puis appelez votre opérateur."),
        _BANK, _SEE_BANK, _BANKERS),
    "bank-details-approved": NoticeWords(
        _ACCOUNT, "warn", N_("Un nouveau compte bancaire est confirmé"),
        N_("Vous y serez payé à partir du %(day)s. Ce n’est pas voulu ? Arrêtez-le avant ce jour, puis appelez votre "
           "opérateur."), _BANK, _SEE_BANK, _BANKERS),
    "bank-details-active": NoticeWords(
        _ACCOUNT, "calm", N_("Vous êtes payé sur un nouveau compte"),
        N_("Depuis le %(day)s. Ce n’est pas voulu ? Appelez tout de suite votre opérateur."),
        _BANK, N_("Voir le compte"), _BANKERS),
    "bank-details-cancelled": NoticeWords(
        _ACCOUNT, "good", N_("Un changement de compte bancaire est arrêté"),
        N_("Vous restez payé sur le compte d’avant."), _BANK, N_("Voir le compte"), _BANKERS),
    "mandate-ending": NoticeWords(
        N_("Logiciel"), "warn", N_("L’autorisation d’un logiciel finit bientôt"),
        N_("Après le %(day)s il n’enverra plus rien pour vous. Le responsable du site la prolonge d’une signature."),
        "/site-et-equipe/logiciels", N_("Logiciels du site"), ("manager",)),
    "account-recovered": NoticeWords(
        _TEAM, "warn", N_("L’accès de quelqu’un du site lui a été rendu"),
        N_("Le %(day)s, un collègue ou votre opérateur lui a donné un nouveau code. Personne chez vous n’avait perdu "
           "ses clés ? Appelez tout de suite votre opérateur."),
        "/site-et-equipe", N_("Voir qui travaille ici")),
    "compartment-closed": NoticeWords(
        _SERVICE, "warn", N_("Une partie du service a fermé"),
        N_("Factures et demandes peuvent attendre en salle d’attente ; elles partent à la réouverture."),
        "/salle", N_("Voir ce que vous pouvez faire")),
    "compartment-restricted": NoticeWords(
        _SERVICE, "warn", N_("Une partie du service demande une carte signée"),
        N_("Scannez la carte signée du patient ; sans elle, appliquez la règle de remplacement de l’assureur."),
        "/patient", N_("Scanner une carte")),
    "compartment-open": NoticeWords(
        _SERVICE, "good", N_("Le service a rouvert"),
        N_("Travaillez comme d’habitude. Ce que vous aviez laissé en salle d’attente part dans l’ordre."),
        "/salle", N_("Voir ce que vous aviez laissé")),
    "waiting-room-sent": NoticeWords(
        _ROOM, "good", N_("Ce qui attendait est parti"),
        N_("Une facture ou une demande laissée pendant la fermeture suit maintenant son cours."),
        "/salle", N_("Voir ce que vous aviez laissé")),
    "waiting-room-refused": NoticeWords(
        _ROOM, "bad", N_("Ce qui attendait n’a pas pu partir"),
        N_("La salle d’attente dit pourquoi à qui l’avait laissé : saisissez-le de nouveau."),
        "/salle", N_("Voir ce que vous aviez laissé")),
}  # fmt: skip
"""By kind, every one of `rempart.wire.notices.KINDS`."""
UNKNOWN: Final = NoticeWords(
    N_("Autre"), "soft", N_("Votre site a un message que ce portail ne connaît pas encore"),
    N_("Votre opérateur vous dira ce qu’il veut dire."),
)  # fmt: skip


def words_of(kind: str) -> NoticeWords:
    """The words of a kind; of one that a later hub invents, whom to ask."""
    return WORDS.get(kind, UNKNOWN)
