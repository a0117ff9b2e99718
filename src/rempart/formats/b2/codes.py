"""Every code a B2 file can be answered with: level, one sentence in English, one in French. Codes never change."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Code:
    """A stable code, the levels it occurs at, and what to tell a person."""

    code: str
    levels: str
    english: str
    french: str


_ALL: Final = (
    Code("not-b2", "file", "The file does not start with a B2 record 000.",
         "Le fichier ne commence pas par un enregistrement 000 de norme B2."),
    Code("record-length", "file", "Records are not all 128 characters with the same line end.",
         "Les enregistrements n'ont pas tous 128 caractères et la même fin de ligne."),
    Code("record-cut", "file", "The file stops inside a record.", "Le fichier s'arrête au milieu d'un enregistrement."),
    Code("record-length-announced", "file", "Record 000 announces another record length than 128.",
         "L'enregistrement 000 annonce une longueur autre que 128."),
    Code("hospital-family-not-handled", "file, lot, invoice",
         "Hospital and clinic invoices (norm CP, records 3) are not handled.",
         "Les factures d'établissement (norme CP, enregistrements 3) ne sont pas traitées."),
    Code("file-end-missing", "file", "The file has no record 999.", "Le fichier n'a pas d'enregistrement 999."),
    Code("after-end", "file", "Something follows record 999.", "Des données suivent l'enregistrement 999."),
    Code("sender-not-repeated", "file", "Record 999 names another sender than record 000.",
         "L'émetteur du 999 n'est pas celui du 000."),
    Code("receiver-not-repeated", "file", "Record 999 names another receiver than record 000.",
         "Le destinataire du 999 n'est pas celui du 000."),
    Code("file-id-not-repeated", "file", "Record 999 carries another application or file id than record 000.",
         "L'application ou l'identifiant du 999 n'est pas celui du 000."),
    Code("record-count", "file", "Record 999 announces another number of records than the file holds.",
         "Le nombre d'enregistrements annoncé au 999 n'est pas celui du fichier."),
    Code("lot-count", "file", "Record 999 announces another number of lots than the file holds.",
         "Le nombre de lots annoncé au 999 n'est pas celui du fichier."),
    Code("record-out-of-place", "file, lot, invoice", "A record stands where its type cannot stand.",
         "Un enregistrement n'est pas à sa place."),
    Code("record-type-unknown", "file, lot, invoice", "A record is of no known type.",
         "Un enregistrement est d'un type inconnu."),
    Code("lot-end-missing", "lot", "The lot has no record 6.", "Le lot n'a pas d'enregistrement 6."),
    Code("site-malformed", "lot", "The billing number of the site is not 9 letters and digits.",
         "Le numéro de facturation n'a pas 9 caractères valables."),
    Code("currency-not-euro", "lot", "The lot is not in euros.", "Le lot n'est pas en euros."),
    Code("lot-mode-unknown", "lot", "The lot is marked neither real, test nor demonstration.",
         "Le marquage du lot n'est ni réel, ni test, ni démonstration."),
    Code("lot-number-not-repeated", "lot", "Record 6 carries another lot number than record 1.",
         "Le numéro de lot de fin n'est pas celui du début."),
    Code("lot-invoice-count", "lot", "Record 6 announces another number of invoices than the lot holds.",
         "Le nombre de factures annoncé n'est pas celui du lot."),
    Code("lot-act-count", "lot", "Record 6 announces another number of act lines than the lot holds.",
         "Le nombre de lignes d'actes annoncé n'est pas celui du lot."),
    Code("lot-head-count", "lot", "Record 6 announces another number of type 2 records than the lot holds.",
         "Le nombre d'enregistrements de type 2 annoncé n'est pas celui du lot."),
    Code("lot-total-count", "lot", "Record 6 announces another number of type 5 records than the lot holds.",
         "Le nombre d'enregistrements de type 5 annoncé n'est pas celui du lot."),
    Code("lot-spent-total", "lot", "The total billed of the lot is not the sum of its invoices.",
         "Le total facturé du lot n'est pas la somme de ses factures."),
    Code("lot-amo-total", "lot", "The AMO total of the lot is not the sum of its invoices.",
         "Le total AMO du lot n'est pas la somme de ses factures."),
    Code("lot-amc-total", "lot", "The AMC total of the lot is not the sum of its invoices.",
         "Le total AMC du lot n'est pas la somme de ses factures."),
    Code("site-not-repeated", "lot, invoice", "A record carries another site than its lot or its invoice.",
         "Un enregistrement porte un autre numéro de facturation que son lot ou sa facture."),
    Code("invoice-number-malformed", "invoice", "The invoice number is not 9 digits, or is zero.",
         "Le numéro de facture n'a pas 9 chiffres, ou vaut zéro."),
    Code("invoice-number-not-repeated", "invoice", "A record of the invoice carries another invoice number.",
         "Un enregistrement de la facture porte un autre numéro de facture."),
    Code("nir-not-repeated", "invoice", "A record of the invoice carries another insured number.",
         "Un enregistrement de la facture porte un autre numéro d'assuré."),
    Code("nir-malformed", "invoice", "The insured number does not have the shape of a NIR.",
         "Le numéro d'assuré n'a pas la forme d'un NIR."),
    Code("nir-key-wrong", "invoice", "The key of the insured number is wrong.",
         "La clé du numéro d'assuré est fausse."),
    Code("birth-malformed", "invoice", "The birth date is not six digits.",
         "La date de naissance n'a pas six chiffres."),
    Code("rank-malformed", "invoice", "The birth rank is not a digit.", "Le rang de naissance n'est pas un chiffre."),
    Code("amc-missing", "invoice", "Neither record 2M nor record 2 names the insurer.",
         "Ni le 2M ni le 2 ne portent le numéro d'AMC."),
    Code("member-missing", "invoice", "Neither record 2M nor record 2 carries the member number.",
         "Ni le 2M ni le 2 ne portent le numéro d'adhérent."),
    Code("act-code-missing", "invoice", "An act line has no act code.", "Une ligne n'a pas de code acte."),
    Code("total-missing", "invoice", "The invoice has no record 5.", "La facture n'a pas d'enregistrement 5."),
    Code("lines-missing", "invoice", "The invoice has no act line.", "La facture n'a aucune ligne d'acte."),
    Code("invoice-too-long", "invoice", "The invoice has more records than an invoice can have.",
         "La facture a plus d'enregistrements que possible."),
    Code("invoice-act-count", "invoice", "Record 5 announces another number of act lines than the invoice holds.",
         "Le nombre de lignes annoncé n'est pas celui de la facture."),
    Code("invoice-spent-total", "invoice", "The total billed is not the sum of the lines.",
         "Le total facturé n'est pas la somme des lignes."),
    Code("invoice-amo-total", "invoice", "The AMO total is not the sum of the lines.",
         "Le total AMO n'est pas la somme des lignes."),
    Code("invoice-amc-total", "invoice", "The AMC total is not the sum of the lines.",
         "Le total AMC n'est pas la somme des lignes."),
    Code("not-a-number", "file, lot, invoice", "A numeric zone holds something else than digits.",
         "Une zone numérique contient autre chose que des chiffres."),
    Code("date-impossible", "file, lot, invoice", "A date does not exist.", "Une date n'existe pas."),
    Code("not-ascii", "file, lot, invoice", "A zone that is used holds something else than printable ASCII.",
         "Une zone utilisée contient autre chose que de l'ASCII imprimable."),
)  # fmt: skip
CODES: Final[Mapping[str, Code]] = MappingProxyType({code.code: code for code in _ALL})
