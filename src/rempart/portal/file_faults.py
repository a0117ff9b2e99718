"""What is wrong with the structure of a B2 file, in plain words: the codes of `docs/formats/b2.md`.

They are for whoever looks after the software that wrote the file. A test holds this table to the hub's list.
"""

from __future__ import annotations

from typing import Final

from rempart.portal.words import N_

FILE_FAULTS: Final = {
    "not-b2": N_("Le fichier ne commence pas par un enregistrement 000 de norme B2."),
    "record-length": N_("Les enregistrements n’ont pas tous 128 caractères et la même fin de ligne."),
    "record-cut": N_("Le fichier s’arrête au milieu d’un enregistrement."),
    "record-length-announced": N_("L’enregistrement 000 annonce une longueur autre que 128."),
    "file-end-missing": N_("Le fichier n’a pas d’enregistrement 999."),
    "after-end": N_("Des données suivent l’enregistrement 999."),
    "sender-not-repeated": N_("L’émetteur du 999 n’est pas celui du 000."),
    "receiver-not-repeated": N_("Le destinataire du 999 n’est pas celui du 000."),
    "file-id-not-repeated": N_("L’application ou l’identifiant du 999 n’est pas celui du 000."),
    "record-count": N_("Le nombre d’enregistrements annoncé au 999 n’est pas celui du fichier."),
    "lot-count": N_("Le nombre de lots annoncé au 999 n’est pas celui du fichier."),
    "record-out-of-place": N_("Un enregistrement n’est pas à sa place."),
    "record-type-unknown": N_("Un enregistrement est d’un type inconnu."),
    "lot-end-missing": N_("Le lot n’a pas d’enregistrement 6."),
    "site-malformed": N_("Le numéro de facturation n’a pas 9 caractères valables."),
    "currency-not-euro": N_("Le lot n’est pas en euros."),
    "lot-mode-unknown": N_("Le marquage du lot n’est ni réel, ni test, ni démonstration."),
    "lot-number-not-repeated": N_("Le numéro de lot de fin n’est pas celui du début."),
    "lot-invoice-count": N_("Le nombre de factures annoncé n’est pas celui du lot."),
    "lot-act-count": N_("Le nombre de lignes d’actes annoncé n’est pas celui du lot."),
    "lot-head-count": N_("Le nombre d’enregistrements de type 2 annoncé n’est pas celui du lot."),
    "lot-total-count": N_("Le nombre d’enregistrements de type 5 annoncé n’est pas celui du lot."),
    "lot-spent-total": N_("Le total facturé du lot n’est pas la somme de ses factures."),
    "lot-amo-total": N_("Le total AMO du lot n’est pas la somme de ses factures."),
    "lot-amc-total": N_("Le total AMC du lot n’est pas la somme de ses factures."),
    "site-not-repeated": N_("Un enregistrement porte un autre numéro de facturation que son lot ou sa facture."),
    "invoice-number-malformed": N_("Le numéro de facture n’a pas 9 chiffres, ou vaut zéro."),
    "invoice-number-not-repeated": N_("Un enregistrement de la facture porte un autre numéro de facture."),
    "nir-not-repeated": N_("Un enregistrement de la facture porte un autre numéro d’assuré."),
    "nir-malformed": N_("Le numéro d’assuré n’a pas la forme d’un NIR."),
    "nir-key-wrong": N_("La clé du numéro d’assuré est fausse."),
    "birth-malformed": N_("La date de naissance n’a pas six chiffres."),
    "rank-malformed": N_("Le rang de naissance n’est pas un chiffre."),
    "amc-missing": N_("Ni le 2M ni le 2 ne portent le numéro d’AMC."),
    "member-missing": N_("Ni le 2M ni le 2 ne portent le numéro d’adhérent."),
    "act-code-missing": N_("Une ligne n’a pas de code acte."),
    "total-missing": N_("La facture n’a pas d’enregistrement 5."),
    "lines-missing": N_("La facture n’a aucune ligne d’acte."),
    "invoice-too-long": N_("La facture a plus d’enregistrements que possible."),
    "invoice-act-count": N_("Le nombre de lignes annoncé n’est pas celui de la facture."),
    "invoice-spent-total": N_("Le total facturé n’est pas la somme des lignes."),
    "invoice-amo-total": N_("Le total AMO n’est pas la somme des lignes."),
    "invoice-amc-total": N_("Le total AMC n’est pas la somme des lignes."),
    "not-a-number": N_("Une zone numérique contient autre chose que des chiffres."),
    "date-impossible": N_("Une date n’existe pas."),
    "not-ascii": N_("Une zone utilisée contient autre chose que de l’ASCII imprimable."),
    "file-too-large": N_("Le fichier est trop grand : envoyez-le en plusieurs fois."),
}
UNKNOWN_FAULT: Final = N_("Ce point du fichier n’a pas pu être lu : appelez votre opérateur avec le code.")


def fault_of(code: str) -> str:
    """The source text of a code."""
    return FILE_FAULTS.get(code, UNKNOWN_FAULT)
