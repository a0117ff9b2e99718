"""A signed card that was scanned, by the page's camera or a reader at the counter: read as far as the portal may.

Whether it is genuine, the keeper says. Looked at here: that it is a card's code, the day of care, the domains.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Final

from rempart.ground.card_code import labels
from rempart.portal import card
from rempart.portal.professions import DOMAINS
from rempart.portal.words import N_
from rempart.wire.eligibility import CardRequest

FAULTS: Final = {"scanned": N_("Ce code n’est pas celui d’une carte signée.")}


def read(form: Mapping[str, str], domains: tuple[str, ...], today: date) -> tuple[CardRequest | None, tuple[str, ...]]:
    """The question, or None and the names of the fields that cannot be right; `today` as for `card.read`."""
    text, wanted = form.get("scanned", ""), tuple(dict.fromkeys(domains))
    care = card.care_day(form.get("care_date", ""), today)
    good = {"scanned": labels(text), "care_date": care, "domains": wanted and set(wanted) <= DOMAINS.keys()}
    faults = tuple(name for name, value in good.items() if not value)
    return (None, faults) if faults or care is None else (CardRequest(text, care, wanted), ())
