"""Every code a NOEMIE return can be refused with: one sentence in English, one in French. Codes never change."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class Code:
    """A stable code and what to tell a person."""

    code: str
    english: str
    french: str


_ALL: Final = (
    Code("not-noemie", "The file does not start with a record 000 of 128 characters in euros.",
         "Le fichier ne commence pas par un enregistrement 000 de 128 caractères en euros."),
    Code("record-cut", "The file is not made of whole blocks of 128 characters.",
         "Le fichier n'est pas fait de blocs entiers de 128 caractères."),
    Code("flag-unknown", "A block does not start with a known flag.",
         "Un bloc ne commence pas par un indicateur connu."),
    Code("last-block-missing", "No block is flagged as the last.", "Aucun bloc n'est marqué comme le dernier."),
    Code("entity-too-long", "An entity is longer than any known one.",
         "Une entité est plus longue que toutes celles connues."),
    Code("entity-not-ended", "The last entity is not ended by @.", "La dernière entité n'est pas terminée par @."),
    Code("entity-unknown", "An entity is of no known type.", "Une entité est d'un type inconnu."),
    Code("entity-out-of-place", "An entity stands where its type cannot stand.", "Une entité n'est pas à sa place."),
    Code("file-end-missing", "The file has no record 999.", "Le fichier n'a pas d'enregistrement 999."),
    Code("after-end", "Something follows record 999.", "Des données suivent l'enregistrement 999."),
    Code("mode-unknown", "The return is marked neither real, test nor demonstration.",
         "Le marquage du retour n'est ni réel, ni test, ni démonstration."),
    Code("sender-not-repeated", "Record 999 names another sender than record 000.",
         "L'émetteur du 999 n'est pas celui du 000."),
    Code("receiver-not-repeated", "Record 999 names another receiver than record 000.",
         "Le destinataire du 999 n'est pas celui du 000."),
    Code("file-id-not-repeated", "Record 999 carries another application or file id than record 000.",
         "L'application ou l'identifiant du 999 n'est pas celui du 000."),
    Code("record-count", "Record 999 announces another number of entities than the file holds.",
         "Le nombre d'entités annoncé au 999 n'est pas celui du fichier."),
    Code("group-count", "Record 999 announces another number of groups than the file holds.",
         "Le nombre de groupes annoncé au 999 n'est pas celui du fichier."),
    Code("file-sum", "Record 999 announces another amount than the file holds.",
         "Le montant annoncé au 999 n'est pas celui du fichier."),
    Code("control-missing", "A group is not ended by its entity 990.",
         "Un groupe n'est pas terminé par son entité 990."),
    Code("control-payee", "Entity 990 names another payee than its group.",
         "L'entité 990 porte un autre destinataire que son groupe."),
    Code("control-count", "Entity 990 announces another number of items than its group holds.",
         "Le nombre annoncé au 990 n'est pas celui du groupe."),
    Code("control-sum", "Entity 990 announces another amount than its group holds.",
         "Le montant annoncé au 990 n'est pas celui du groupe."),
    Code("amc-missing", "An invoice has no entity 199.", "Une facture n'a pas d'entité 199."),
    Code("state-unknown", "A share is neither paid, rejected, deferred nor untouched.",
         "Une part n'est ni payée, ni rejetée, ni différée, ni sans traitement."),
    Code("paid-without-state", "An amount is paid on a share that is not marked paid.",
         "Un montant est payé sur une part qui n'est pas marquée payée."),
    Code("level-unknown", "A rejection is neither of the invoice, of a line nor refined.",
         "Un rejet n'est ni de facture, ni de ligne, ni affiné."),
    Code("sign-unknown", "A sign is neither P nor N.", "Un signe n'est ni P ni N."),
    Code("not-a-number", "A numeric zone holds something else than digits.",
         "Une zone numérique contient autre chose que des chiffres."),
    Code("date-impossible", "A date does not exist.", "Une date n'existe pas."),
    Code("not-ascii", "A zone that is used holds something else than printable ASCII.",
         "Une zone utilisée contient autre chose que de l'ASCII imprimable."),
    Code("constant-expected", "The break level is not the one of its type.",
         "Le niveau de rupture n'est pas celui de son type."),
)  # fmt: skip
CODES: Final[Mapping[str, Code]] = MappingProxyType({code.code: code for code in _ALL})
