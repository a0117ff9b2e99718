"""What is typed from a card, read and checked before anything is asked: such a no costs nothing and tells nothing.

NIR: 13 characters or 15 with its key (INSEE: 97 − N mod 97, Corsica 2A/2B). Birth dates are kept as printed, lunar ones
included, so only their shape is looked at; the day of care must be a day of the calendar.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from stdnum.fr.nir import calc_check_digits

from rempart.portal.professions import DOMAINS
from rempart.portal.words import N_
from rempart.wire.eligibility import EligibilityRequest

PAST_DAYS: Final = 27 * 31  # about 27 months; the hub counts them exactly
AHEAD_DAYS: Final = 60
FIELDS: Final = ("amc_number", "convention", "csr", "member", "nir", "birth_date", "rank", "care_date", "domains")
FAULTS: Final = {
    "amc_number": N_("Le numéro d’AMC compte 8 ou 10 chiffres : recopiez-le de la carte."),
    "convention": N_("Le type de convention compte 1 à 4 lettres ou chiffres, par exemple SP."),
    "csr": N_("Le code CSR compte 1 à 8 lettres ou chiffres."),
    "member": N_("Le numéro d’adhérent compte 1 à 20 lettres ou chiffres : recopiez-le de la carte."),
    "nir": N_("Ce numéro de sécurité sociale ne peut pas exister : vérifiez ses 13 caractères et sa clé."),
    "birth_date": N_("Écrivez la date de naissance comme sur la carte, jour, mois et année : 07/09/1962."),
    "rank": N_("Le rang de naissance est un chiffre de 1 à 9 ; c’est presque toujours 1."),
    "care_date": N_("Écrivez le jour des soins : au plus 27 mois avant aujourd’hui, au plus 60 jours après."),
    "domains": N_("Cochez au moins un domaine de soins."),
}
_SPACES = str.maketrans("", "", " \t\u00a0\u202f")
_DAY = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})|([0-9]{2})([0-9]{2})([0-9]{4})")
_NIR = re.compile(r"[1-478][0-9]{4}(?:[0-9]{2}|2[AB])[0-9]{6}(?:[0-9]{2})?")
_MEMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z ./-]{0,19}")


@dataclass(frozen=True, slots=True)
class Typed:
    """The question, or the names of the fields that cannot be right."""

    question: EligibilityRequest | None
    faults: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Typed({self.faults})"


def read(form: Mapping[str, str], domains: tuple[str, ...], today: date) -> Typed:
    """What was typed, or its faults in the order of the form. `today` is the civil day at the site, about."""
    values = {name: READ[name](form.get(name, "")) for name in READ}
    care = care_day(form.get("care_date", ""), today)
    wanted = tuple(dict.fromkeys(domains))
    good = {**values, "care_date": care, "domains": (wanted and set(wanted) <= DOMAINS.keys()) or None}
    faults = tuple(name for name in FIELDS if good[name] is None)
    if faults or care is None:
        return Typed(None, faults)
    told = {name: value or "" for name, value in values.items()}
    return Typed(EligibilityRequest(**told, care_date=care, domains=wanted, evidence="typed"))


def _amc(text: str) -> str | None:
    digits = text.translate(_SPACES)
    return digits if re.fullmatch(r"(?=.*[1-9])([0-9]{8}|[0-9]{10})", digits, re.ASCII) else None


def _code(most: int) -> Callable[[str], str | None]:
    """A short code of the card that may be absent."""
    shape = re.compile(rf"[0-9A-Z]{{0,{most}}}")
    return lambda text: code if shape.fullmatch(code := text.translate(_SPACES).upper()) else None


def _member(text: str) -> str | None:
    return stripped if _MEMBER.fullmatch(stripped := text.strip()) else None


def _nir(text: str) -> str | None:
    nir = text.translate(_SPACES).upper()
    if not _NIR.fullmatch(nir) or (len(nir) == 15 and calc_check_digits(nir[:13]) != nir[13:]):
        return None
    return nir


def _birth(text: str) -> str | None:
    parts = _parts(text)
    return None if parts is None or parts[0][:2] not in {"18", "19", "20"} else "-".join(parts)


def _rank(text: str) -> str | None:
    return text.strip() if text.strip() in set("123456789") else None


def care_day(text: str, today: date) -> str | None:
    """A day of care as French people type it, AAAA-MM-JJ; None when it is none, or too far from `today`."""
    parts = _parts(text)
    try:
        day = date.fromisoformat("-".join(parts or ()))
    except ValueError:
        return None
    return day.isoformat() if -PAST_DAYS <= (day - today) // timedelta(days=1) <= AHEAD_DAYS else None


def _parts(text: str) -> tuple[str, str, str] | None:
    """Year, month, day of what French people type; whether the calendar has that day is not asked."""
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    day, month, year = (part for part in found.groups() if part)
    return year, month.zfill(2), day.zfill(2)


READ: Final[dict[str, Callable[[str], str | None]]] = {
    "amc_number": _amc,
    "convention": _code(4),
    "csr": _code(8),
    "member": _member,
    "nir": _nir,
    "birth_date": _birth,
    "rank": _rank,
}
