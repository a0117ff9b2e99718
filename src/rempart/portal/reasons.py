"""Why an invoice, one of its lines or a file did not go through: what happened, and what to do next, in plain words.

The codes are the hub's (`docs/formats/reasons.md`); a test holds this table to the hub's list.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from rempart.portal.words import N_


class Reason(NamedTuple):
    """Two source texts: what happened, and what to do."""

    what: str
    todo: str


UNKNOWN: Final = Reason(
    N_("La facture n’a pas pu être prise"),
    N_("Appelez votre opérateur avec le code ci-dessous."),
)
_TABLE: Final = {
    "hospital-family-not-handled": (
        N_("Les fichiers d’établissement ne sont pas traités ici"),
        N_("Envoyez ce fichier par votre circuit habituel."),
    ),
    "file-already-received": (
        N_("Ce fichier a déjà été reçu"),
        N_("Rien à faire : rien n’a été pris deux fois."),
    ),
    "no-mandate": (
        N_("Aucun mandat n’est en vigueur pour ce site"),
        N_("Faites signer ou renouveler le mandat, puis renvoyez."),
    ),
    "test-lot": (
        N_("C’était un lot d’essai"),
        N_("Rien à faire : il a été contrôlé, il ne sera ni décidé ni payé."),
    ),
    "site-unknown": (
        N_("Ce numéro de facturation n’est pas enregistré ici"),
        N_("Vérifiez-le, ou demandez à votre opérateur d’enregistrer le site."),
    ),
    "field-malformed": (
        N_("Une valeur n’a pas la bonne forme"),
        N_("Corrigez la valeur, puis renvoyez la facture."),
    ),
    "totals-wrong": (
        N_("Le total n’est pas la somme des lignes"),
        N_("Recalculez les totaux, puis renvoyez la facture."),
    ),
    "no-lines": (
        N_("La facture ne comporte aucun acte"),
        N_("Ajoutez les actes, puis renvoyez-la."),
    ),
    "unknown-insurer": (
        N_("Cet assureur n’est pas géré ici"),
        N_("Relisez le numéro d’AMC sur la carte ; s’il est juste, envoyez la facture à l’opérateur imprimé "
           "sur la carte."),
    ),
    "site-without-contract": (
        N_("Votre site n’avait pas de contrat ce jour-là"),
        N_("Demandez à votre opérateur d’enregistrer votre contrat, puis renvoyez la facture."),
    ),
    "not-confirmed": (
        N_("Le patient n’a pas été reconnu"),
        N_("Relisez la carte : numéro d’adhérent, numéro de sécurité sociale, date de naissance, rang. Puis "
           "renvoyez."),
    ),
    "accreditation-unknown": (
        N_("Ce numéro d’accréditation n’existe pas pour votre site"),
        N_("Relisez-le, ou posez de nouveau la question dans Patient, puis renvoyez avec le nouveau numéro."),
    ),
    "accreditation-other-person": (
        N_("L’accréditation est celle d’un autre patient"),
        N_("Reprenez celle de ce patient, puis renvoyez."),
    ),
    "no-payee": (
        N_("Votre site n’a pas encore de compte bancaire validé"),
        N_("Faites valider vos coordonnées bancaires, puis renvoyez."),
    ),
    "budget-waiting": (
        N_("La facture sera traitée cette nuit"),
        N_("Rien à faire : beaucoup de patients nouveaux aujourd’hui, elle passe avec le lot suivant."),
    ),
    "compartment-closed": (
        N_("Ce service est fermé pour le moment"),
        N_("Rien à faire : la facture est gardée, elle sera traitée à la réouverture."),
    ),
    "duplicate": (
        N_("Ce numéro de facture est déjà pris"),
        N_("Ne la renvoyez pas. Pour corriger la première, annulez-la d’abord ; pour une autre facture, "
           "prenez un autre numéro."),
    ),
    "possible-duplicate": (
        N_("Elle ressemble à une facture déjà reçue"),
        N_("Dites si ce sont bien deux factures. Sans réponse, elle sera traitée sous dix jours ouvrés."),
    ),
    "cancelled": (
        N_("Vous avez annulé cette facture"),
        N_("Rien à faire : son numéro est libre."),
    ),
    "corrected": (
        N_("Votre correction l’a remplacée"),
        N_("Rien à faire : suivez la nouvelle facture."),
    ),
    "transition-not-allowed": (
        N_("Cette action n’est plus possible"),
        N_("Regardez où en est la facture."),
    ),
    "product-unknown": (
        N_("L’assureur n’a pas encore décrit ce contrat"),
        N_("Rien à faire : la facture attend l’assureur."),
    ),
    "table-missing": (
        N_("L’assureur n’a pas encore décrit cette garantie"),
        N_("Rien à faire : la facture attend l’assureur."),
    ),
    "amounts-wrong": (
        N_("Les montants sont impossibles"),
        N_("Corrigez la ligne : part obligatoire au plus égale au montant facturé, quantité d’au moins 1, "
           "aucun montant négatif."),
    ),
    "too-old": (
        N_("Les soins ont plus de 27 mois"),
        N_("Vérifiez le jour des soins. S’il est juste, il est trop tard pour facturer."),
    ),
    "future-care": (
        N_("Le jour des soins est à venir"),
        N_("Corrigez-le, ou facturez après les soins."),
    ),
    "unknown-family": (
        N_("Cet acte ne va dans aucune colonne de la carte"),
        N_("Vérifiez le code et la nature de l’acte, puis renvoyez."),
    ),
    "receipt-unreadable": (
        N_("Les droits étaient fermés, et le reçu de vérification ne se lit pas"),
        N_("Recopiez le reçu en entier, ou demandez au patient sa carte à jour. Puis renvoyez."),
    ),
    "receipt-signature": (
        N_("Les droits étaient fermés, et le reçu n’est pas signé pour votre site"),
        N_("Le logiciel ou le navigateur qui a vérifié la carte n’était pas inscrit ce jour-là. Demandez au patient sa "
           "carte à jour."),
    ),
    "receipt-other-site": (
        N_("Les droits étaient fermés, et le reçu de vérification est d’un autre site"),
        N_("Citez le reçu de votre site, puis renvoyez."),
    ),
    "receipt-other-person": (
        N_("Les droits étaient fermés, et le reçu de vérification est d’une autre carte"),
        N_("Citez le reçu de ce patient, puis renvoyez."),
    ),
    "receipt-dates": (
        N_("Les droits étaient fermés, et les dates du reçu de vérification ne vont pas"),
        N_("Vérifiez l’heure de l’appareil qui a vérifié la carte, et demandez au patient sa carte à jour."),
    ),
    "receipt-revoked": (
        N_("Les droits étaient fermés, et la carte vérifiée était déjà remplacée"),
        N_("Demandez au patient sa carte à jour."),
    ),
    "rights-closed": (
        N_("Les droits étaient fermés ce jour-là"),
        N_("Demandez au patient sa carte à jour, puis renvoyez avec elle."),
    ),
    "domain-not-covered": (
        N_("Ces soins ne passent pas en tiers payant"),
        N_("Faites régler la part complémentaire au patient."),
    ),
    "authorization-needed": (
        N_("Il fallait une prise en charge"),
        N_("Demandez la prise en charge, puis renvoyez la facture avec sa référence."),
    ),
    "amo-inconsistent": (
        N_("La part obligatoire ne correspond pas à la base et au taux"),
        N_("Corrigez la base, le taux ou la part obligatoire, puis renvoyez."),
    ),
    "nothing-covered": (
        N_("Le contrat ne paie rien au-delà de la part obligatoire"),
        N_("Faites régler le reste au patient."),
    ),
    "allowance-used": (
        N_("Le forfait du contrat est épuisé"),
        N_("Faites régler le reste au patient."),
    ),
    "renewal-too-early": (
        N_("L’équipement est renouvelé trop tôt"),
        N_("Attendez l’échéance, ou indiquez le motif de renouvellement anticipé depuis votre logiciel."),
    ),
    "price-over-limit": (
        N_("Le prix dépasse la limite du panier"),
        N_("Corrigez le prix ou le panier, puis renvoyez."),
    ),
    "price-limit-missing": (
        N_("Le prix limite de vente manque"),
        N_("Ajoutez-le à la ligne, puis renvoyez."),
    ),
    "overrun-not-allowed": (
        N_("Aucun dépassement n’est permis avec la C2S"),
        N_("Facturez le tarif, puis renvoyez."),
    ),
    "fee-over-tariff": (
        N_("Le forfait facturé dépasse son tarif"),
        N_("Corrigez le montant ou le nombre de jours, puis renvoyez."),
    ),
    "excluded-by-law": (
        N_("La participation forfaitaire et les franchises restent au patient"),
        N_("Faites-les régler au patient."),
    ),
    "newborn-ceiling": (
        N_("Le plafond provisoire du nouveau-né est atteint"),
        N_("Rien à faire : la facture est reprise quand l’assureur a inscrit l’enfant."),
    ),
    "substitution-refused": (
        N_("Le générique a été refusé sans justification"),
        N_("Faites régler le patient."),
    ),
    "domain-without-authorization": (
        N_("Ces soins n’ont pas besoin de prise en charge"),
        N_("Interrogez les droits dans Patient, puis facturez."),
    ),
    "amount-to-review": (
        N_("Un gestionnaire de l’assureur regarde le montant"),
        N_("Rien à faire : attendez sa réponse."),
    ),
    "authorization-unknown": (
        N_("Cette prise en charge n’existe pas pour votre site"),
        N_("Vérifiez ses 20 caractères, puis renvoyez."),
    ),
    "authorization-other-person": (
        N_("La prise en charge est celle d’une autre personne"),
        N_("Vérifiez la carte et la référence, puis renvoyez."),
    ),
    "authorization-not-agreed": (
        N_("La prise en charge n’est pas accordée"),
        N_("Attendez la réponse, ou faites une nouvelle demande."),
    ),
    "authorization-cancelled": (
        N_("La prise en charge a été annulée"),
        N_("Faites une nouvelle demande, puis renvoyez la facture."),
    ),
    "authorization-expired": (
        N_("La prise en charge n’était plus valable ce jour-là"),
        N_("Faites une nouvelle demande, puis renvoyez."),
    ),
    "authorization-too-early": (
        N_("La livraison précède la demande de prise en charge"),
        N_("Vérifiez le jour de livraison, puis renvoyez."),
    ),
    "authorization-used": (
        N_("Cette prise en charge est déjà toute facturée"),
        N_("Annulez l’autre facture avant d’en envoyer une nouvelle."),
    ),
    "authorization-acts-differ": (
        N_("Les lignes ne sont pas celles de la prise en charge"),
        N_("Facturez le devis accordé, ou modifiez la demande."),
    ),
    "authorization-amount-exceeded": (
        N_("Le montant dépasse la prise en charge"),
        N_("Corrigez le montant, ou modifiez la demande."),
    ),
    "insurer-refused": (
        N_("L’assureur a refusé la prise en charge"),
        N_("Faites régler la part complémentaire au patient."),
    ),
    "insurer-refused-document": (
        N_("Un document manque ou n’est plus valable"),
        N_("Joignez le bon document, puis refaites la demande."),
    ),
    "insurer-refused-quote": (
        N_("Le devis ne correspond pas à la prescription"),
        N_("Corrigez le devis, puis refaites la demande."),
    ),
    "insurer-refused-renewal": (
        N_("Le délai de renouvellement n’est pas atteint"),
        N_("Faites régler le patient, ou redemandez plus tard."),
    ),
    "insurer-refused-contract": (
        N_("Le contrat ne prend pas ces soins en charge"),
        N_("Faites régler la part complémentaire au patient."),
    ),
    "authorization-replaced": (
        N_("Une autre prise en charge remplace celle-ci"),
        N_("Utilisez la nouvelle référence."),
    ),
    "allowance-held": (
        N_("Le forfait est retenu par une autre prise en charge"),
        N_("Redemandez quand elle aura pris fin."),
    ),
    "authorization-quantity-over": (
        N_("La facture dépasse ce qui reste à livrer"),
        N_("Facturez le reste, ou modifiez la demande."),
    ),
    "former-invoiced": (
        N_("La prise en charge à remplacer vient d’être facturée"),
        N_("Faites une nouvelle demande pour le reste."),
    ),
}  # fmt: skip
REASONS: Final = {code: Reason(*told) for code, told in _TABLE.items()}


def reason_of(code: str) -> Reason:
    """What a code means to a person; something to call about for one that is not listed."""
    return REASONS.get(code, UNKNOWN)
