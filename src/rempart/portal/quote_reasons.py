"""Why a quote was not agreed to, or waits: the words of an invoice's reasons, but where a quote is corrected otherwise.

The codes are the hub's (`docs/formats/reasons.md`); a test holds both tables to the hub's list.
"""

from __future__ import annotations

from typing import Final

from rempart.portal.reasons import REASONS, Reason
from rempart.portal.words import N_

UNKNOWN: Final = Reason(
    N_("La demande n’a pas pu être traitée"),
    N_("Appelez votre opérateur avec le code ci-dessous."),
)
_AGAIN = N_("Corrigez la ligne, puis redemandez.")
_WAIT = N_("Rien à faire : un gestionnaire de l’assureur décide. Revenez voir cette page.")
_NEXT: Final = {
    "not-confirmed": N_(
        "Relisez la carte : numéro d’adhérent, numéro de sécurité sociale, date de naissance, rang. Puis redemandez."
    ),
    "product-unknown": _WAIT,
    "table-missing": _WAIT,
    "amount-to-review": _WAIT,
    "amounts-wrong": _AGAIN,
    "unknown-family": _AGAIN,
    "rights-closed": N_("Demandez au patient sa carte à jour, puis redemandez avec elle."),
    "domain-not-covered": N_("Le patient règle la part complémentaire."),
    "amo-inconsistent": _AGAIN,
    "renewal-too-early": N_(
        "Attendez l’échéance ; si la vue a changé, redemandez depuis votre logiciel avec ce motif."
    ),
    "price-over-limit": _AGAIN,
    "price-limit-missing": _AGAIN,
    "overrun-not-allowed": _AGAIN,
    "fee-over-tariff": _AGAIN,
    "newborn-ceiling": N_("Redemandez quand l’assureur a inscrit l’enfant."),
}
"""What to do of a quote, where an invoice would be corrected and sent again."""
OWN: Final = {code: Reason(REASONS[code].what, todo) for code, todo in _NEXT.items()}


def reason_of(code: str) -> Reason:
    """What a code means for a quote; something to call about for one that is not listed."""
    return OWN.get(code) or REASONS.get(code, UNKNOWN)
