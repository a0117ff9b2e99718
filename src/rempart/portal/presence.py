"""A presence code that the patient got from its insurer, read as far as the portal may: whose, the keeper says."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from rempart.portal import card
from rempart.portal.professions import DOMAINS
from rempart.portal.words import N_
from rempart.wire.eligibility import PresenceRequest

FAULTS: Final = {"presence": N_("Un code de présence compte huit lettres et chiffres, sans la lettre U.")}
_SHAPE = re.compile(r"[0-9A-TV-Z]{8}")
_BETWEEN = str.maketrans("", "", " -\u00a0\u202f")


def read(
    form: Mapping[str, str], domains: tuple[str, ...], today: date
) -> tuple[PresenceRequest | None, tuple[str, ...]]:
    """The question, or None and the names of the fields that cannot be right; `today` as for `card.read`."""
    code, wanted = form.get("presence", "").translate(_BETWEEN).upper(), tuple(dict.fromkeys(domains))
    care = card.care_day(form.get("care_date", ""), today)
    good = {"presence": _SHAPE.fullmatch(code), "care_date": care, "domains": wanted and set(wanted) <= DOMAINS.keys()}
    faults = tuple(name for name, value in good.items() if not value)
    return (None, faults) if faults or care is None else (PresenceRequest(code, care, wanted), ())
