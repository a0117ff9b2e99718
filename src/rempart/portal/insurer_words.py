"""Words of the insurer's desk: why a refusal, what moved in a rights file, what is wrong with a line, who binds what.

The codes are the hub's: `docs/formats/rights-file.md`, `docs/formats/binding-table.md`, `docs/formats/reasons.md`.
"""

from __future__ import annotations

from typing import Final

from rempart.portal.words import N_

AGENT: Final = "rempart insurer agent --hub {} --client … --client-key client.json --insurer {} --keys {}"
EXPLAIN: Final = "rempart table explain"
"""Commands of the insurer's own side."""
REFUSALS: Final = {
    "insurer-refused-document": N_("Un document manque ou n’est plus valable"),
    "insurer-refused-quote": N_("Le devis ne correspond pas à la prescription"),
    "insurer-refused-renewal": N_("Le délai de renouvellement n’est pas atteint"),
    "insurer-refused-contract": N_("Le contrat ne prend pas ces soins en charge"),
    "insurer-refused": N_("Autre motif, non précisé"),
}
"""In the order they are offered."""
WHY_YOU: Final = {
    "amount-to-review": N_("Le montant est de ceux que vous voulez voir"),
    "product-unknown": N_("Votre table ne connaît pas ce produit"),
    "table-missing": N_("Votre table ne dit rien pour ce jour"),
}
"""Why a request waits, for who decides it; any other code is told as sites are."""
SENT_BACK: Final = {
    "amount-out-of-range": N_("Un montant dépasse ce qui est demandé à l’assureur."),
    "nothing-agreed": N_("Tout est à zéro : refusez plutôt la demande, avec un motif."),
    "lines-differ": N_("Chaque ligne doit avoir un montant."),
    "reason-unknown": N_("Choisissez un motif."),
    "not-changeable": N_("Quelqu’un vient de décider cette demande. Revenez à la liste."),
    "allowance-held": N_("Une autre prise en charge retient ce forfait : accordez moins, ou laissez en attente."),
    "allowance-used": N_("Le forfait de la personne est épuisé : accordez moins, ou refusez."),
    "former-invoiced": N_("La demande à remplacer vient d’être facturée : refusez celle-ci."),
}
STATES: Final = {
    "applied": (N_("En service"), "good"), "quarantined": (N_("En quarantaine"), "warn"),
    "refused": (N_("Écarté"), "bad"),
}  # fmt: skip
KINDS: Final = {"full": N_("Complet"), "delta": N_("Mouvements")}
WHY: Final = {
    "weighed-too-heavy": N_("Ce fichier change plus qu’un fichier ne le doit seul."),
    "released": N_("Deux personnes l’ont mis en service."),
    "refused-by-officer": N_("Quelqu’un l’a écarté : renvoyez ce numéro, corrigé."),
    "rejects-over-threshold": N_("Trop de lignes fautives : rien n’a changé."),
    "strict-rejects": N_("Une ligne fautive, et tout devait être juste : rien n’a changé."),
    "sequence-gap": N_("Un fichier manque avant celui-ci."),
    "sequence-back": N_("Un fichier plus récent a déjà été pris."),
    "delta-before-full": N_("Le premier fichier doit être complet."),
    "quarantine-open": N_("Un fichier plus ancien attend encore en quarantaine."),
    "signature-differs": N_("Il n’est pas signé de votre clé."),
}
MOVED: Final = (
    ("closed", N_("Droits fermés")), ("opened", N_("Droits ouverts")), ("changed", N_("Formule changée")),
    ("extended", N_("Droits prolongés")),
)  # fmt: skip
VOICES: Final = {"release": N_("Mettre en service"), "refuse": N_("Écarter")}
LINES: Final = {
    "json-malformed": N_("La ligne n’est pas un objet JSON"),
    "line-empty": N_("La ligne est vide"),
    "line-too-long": N_("La ligne dépasse 16 Kio"),
    "field-missing": N_("Un champ manque"),
    "field-unknown": N_("Un champ est inconnu"),
    "field-invalid": N_("Un champ n’a pas la forme attendue"),
    "reference-shape": N_("La référence n’a pas la forme attendue"),
    "keys-none": N_("Rien ne dit comment la personne se présente"),
    "keys-too-many": N_("Plus de 16 façons de se présenter"),
    "keys-repeated": N_("Deux façons de se présenter sont la même"),
    "member-alphabet": N_("Le numéro d’adhérent a un caractère interdit"),
    "member-length": N_("Le numéro d’adhérent n’a pas la bonne longueur"),
    "nir-length": N_("Le NIR n’a pas la bonne longueur"),
    "nir-shape": N_("Le NIR a un caractère interdit"),
    "nir-key": N_("La clé du NIR est fausse"),
    "birth-shape": N_("La date de naissance n’a pas la forme attendue"),
    "birth-century": N_("Le siècle de naissance est impossible"),
    "rank-shape": N_("Le rang de naissance n’est pas un chiffre de 1 à 9"),
    "date-range": N_("Une date est hors de 1970 à 2099"),
    "card-shape": N_("L’identifiant de carte n’a pas la forme attendue"),
    "dates-reversed": N_("La fin précède le début"),
    "periods-none": N_("Aucune période de droits"),
    "periods-too-many": N_("Plus de 255 périodes"),
    "periods-overlap": N_("Deux périodes d’un domaine se chevauchent"),
    "domains-none": N_("Une période n’a pas de domaine"),
    "domain-unknown": N_("Le domaine n’est pas une colonne de la carte"),
    "equipment-too-many": N_("Plus de 32 équipements"),
    "nir-sex-unknown": N_("Le premier chiffre du NIR est inconnu"),
    "nir-month-unknown": N_("Le mois du NIR est inconnu"),
    "nir-department-unknown": N_("Le département du NIR est inconnu"),
    "nir-order-zero": N_("Le numéro d’ordre du NIR est 000"),
}
"""Of one line; a code that is not here is shown as it is."""
BINDS: Final = {
    "accreditation": N_("Un accord de droits donné par le service"),
    "authorization": N_("Une prise en charge accordée"),
    "card": N_("Une carte lue"),
    "paper": N_("Une attestation papier vue"),
}
PROFESSIONS: Final = {
    "pharmacy": N_("pharmacies"), "laboratory": N_("laboratoires"), "nurse": N_("infirmiers"),
    "physiotherapist": N_("kinésithérapeutes"), "speech-therapist": N_("orthophonistes"),
    "podologist": N_("pédicures-podologues"), "orthoptist": N_("orthoptistes"), "midwife": N_("sages-femmes"),
    "doctor": N_("médecins"), "radiology": N_("radiologie"), "dentist": N_("dentistes"),
    "optician": N_("opticiens"), "hearing": N_("audioprothésistes"), "transport": N_("transporteurs"),
    "equipment": N_("fournisseurs de matériel"), "clinic": N_("cliniques"), "hospital": N_("hôpitaux"),
}  # fmt: skip
CALLS: Final = {
    "called": (N_("Appelé"), "calm"), "received": (N_("Reçu"), "good"), "refused": (N_("Refusé par la banque"), "bad"),
}  # fmt: skip
FILES: Final = {
    "preparing": (N_("En préparation"), "soft"), "ready": (N_("Prêt"), "good"), "answered": (N_("Répondu"), "calm"),
}  # fmt: skip
