"""An invoice as it is typed, read and checked before it is sent. Amounts are typed in euros and kept in cents.

What is left empty is computed as the hub will check it: the compulsory share is base times rate, at most what is
billed, and the insurer is asked for the rest; it pays what its contract says of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from rempart.portal import card, reference
from rempart.portal.billing import EQUIPMENT, billed, extras
from rempart.portal.words import N_
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.invoices import InvoiceRequest, LineRequest, ParticularsRequest

LINES: Final = 6  # that the form offers
MOST_CENTS: Final = 1_000_000_00
WHOLE: Final = ("number", "accreditation", "site_reference", "receipt")
IDENTITY: Final = card.FIELDS[:-1]
"""The fields of the card and the day of care, as on the patient's page."""
LINE: Final = ("family", "code", "quantity", "care", "spent", "base", "rate", "amo", "amc")
FAULTS: Final = {
    **card.FAULTS,
    **reference.FAULTS,
    "number": N_("Votre numéro de facture compte 1 à 9 chiffres, et n’est pas zéro."),
    "accreditation": N_("Une accréditation ou une prise en charge compte 20 lettres et chiffres : recopiez-la."),
    "receipt": N_("Un reçu commence par RPR1. : recopiez-le en entier."),
    "care_date": N_("Écrivez le jour des soins : au plus 27 mois avant aujourd’hui, jamais après."),
    "family": N_("Choisissez la nature de l’acte."),
    "code": N_("Le code de l’acte compte 1 à 13 lettres et chiffres, par exemple PH7."),
    "quantity": N_("La quantité est un nombre entier, de 1 à 9999."),
    "care": N_("Écrivez le jour : au plus 27 mois avant aujourd’hui, jamais après."),
    "spent": N_("Écrivez le montant facturé en euros, par exemple 12,40."),
    "base": N_("Écrivez la base de remboursement en euros, par exemple 12,40."),
    "rate": N_("Le taux est un pourcentage entier, de 0 à 100."),
    "amo": N_("La part obligatoire est un montant en euros, au plus le montant facturé."),
    "amc": N_("La part demandée est un montant en euros, au plus ce que laisse la part obligatoire."),
    "item": N_("Choisissez l’article."),
    "side": N_("Choisissez le côté."),
    "basket": N_("Choisissez le panier ou la classe."),
    "pricing": N_("Choisissez la convention."),
    "price_limit": N_("Écrivez le prix limite en euros, par exemple 30,00."),
    "teeth": N_("Écrivez les dents par leur numéro, séparées par des espaces : 16 17."),
    "days": N_("Le nombre de jours va de 0 à 400."),
}
_RECEIPT = re.compile(r"RPR1\.[A-Za-z0-9_-]{60,305}")
_EUROS = re.compile(r"([0-9]{1,7})(?:[,.]([0-9]{1,2}))?")
_SPACES = str.maketrans("", "", " \t\u00a0\u202f€")


@dataclass(frozen=True, slots=True)
class Typed:
    """The invoice, or the names of the fields that cannot be right: `base-2` is the second line's."""

    invoice: InvoiceRequest | None
    faults: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"Typed({self.faults})"


def read(form: Mapping[str, str], profession: str, today: date) -> Typed:
    """What was typed, or its faults in the order of the form. `today` is the civil day at the site, about."""
    faults: list[str] = []
    whole = _whole(form, faults)
    who = card.read(form, ("PHAR",), today)  # the domain is the hub's to say: any will do to read the card
    care = who.question.care_date if who.question is not None else today.isoformat()
    faults += [name for name in IDENTITY if name in who.faults or (name == "care_date" and care > today.isoformat())]
    lines = [
        _Line(form, str(place), profession, faults).read(care, today) for place in filled(form) or (1,)
    ]  # fmt: skip
    if faults or who.question is None:
        return Typed(None, tuple(dict.fromkeys(faults)))
    return Typed(_invoice(whole, who.question, tuple(lines), today))


def filled(form: Mapping[str, str]) -> tuple[int, ...]:
    """The places of the lines in which something was typed, from 1."""
    typed = ("code", "spent", "base", "amo", "amc")
    return tuple(place for place in range(1, LINES + 1) if any(form.get(f"{name}-{place}", "") for name in typed))


def euros(text: str) -> int | None:
    """Cents of an amount as people type it: 1 234,5 or 12.40 €. None when it is none."""
    found = _EUROS.fullmatch(text.translate(_SPACES))
    if found is None:
        return None
    cents = int(found[1]) * 100 + int((found[2] or "0").ljust(2, "0"))
    return cents if cents <= MOST_CENTS else None


def compulsory(base: int, rate: int, spent: int) -> int:
    """Cents of the compulsory share: base times rate, rounded half up, at most what is billed."""
    return min((base * rate + 50) // 100, spent)


def _whole(form: Mapping[str, str], faults: list[str]) -> dict[str, str]:
    """The fields of the invoice itself."""
    number = form.get("number", "").translate(_SPACES)
    agreed = form.get("accreditation", "").translate(_SPACES).replace("-", "").upper()
    own = reference.read(form.get("site_reference", ""))
    receipt = "".join(form.get("receipt", "").split())
    if not re.fullmatch(r"(?=.*[1-9])[0-9]{1,9}", number, re.ASCII):
        faults.append("number")
    if agreed and not re.fullmatch(r"[0-9A-Z]{20}", agreed):
        faults.append("accreditation")
    if own is None:
        faults.append("site_reference")
    if receipt and not _RECEIPT.fullmatch(receipt):
        faults.append("receipt")
    return {
        "number": number.zfill(9), "accreditation": agreed, "site_reference": own or "", "receipt": receipt,
    }  # fmt: skip


def _invoice(
    whole: Mapping[str, str], who: EligibilityRequest, lines: tuple[LineRequest, ...], today: date
) -> InvoiceRequest:
    return InvoiceRequest(
        whole["number"], today.isoformat(), who.amc_number, who.member, who.birth_date, lines, nir=who.nir,
        rank=who.rank, convention=who.convention, csr=who.csr, accreditation=whole["accreditation"] or None,
        site_reference=whole["site_reference"], receipt=whole["receipt"],
    )  # fmt: skip


class _Line:
    """One line of the form; what is wrong is added to `faults` under the name of its field."""

    def __init__(self, form: Mapping[str, str], place: str, profession: str, faults: list[str]) -> None:
        self._form, self._place, self._profession, self._faults = form, place, profession, faults

    def read(self, care: str, today: date) -> LineRequest:
        """The line; one whose faults were added is not to be used."""
        kinds = billed(self._profession)
        family = self._told("family") or next(iter(kinds))
        self._right("family", good=family in kinds)
        code = self._told("code").upper()
        self._right("code", good=re.fullmatch(r"[0-9A-Z]{1,13}", code, re.ASCII) is not None)
        quantity = self._number("quantity", 1, 9999, "1")
        own = card.care_day(self._told("care"), today) if self._told("care") else care
        self._right("care", good=own is not None and own <= today.isoformat())
        spent, base = self._euros("spent"), self._euros("base")
        rate = self._number("rate", 0, 100, "")
        amo = self._euros("amo") if self._told("amo") else compulsory(base, rate, spent)
        self._right("amo", good=amo <= spent)
        amc = self._euros("amc") if self._told("amc") else spent - amo
        self._right("amc", good=amc <= max(spent - amo, 0))
        return LineRequest(
            own or care, code, family, base, rate, amo, spent, amc, quantity, unit_price=spent // quantity,
            particulars=self._particulars(),
        )  # fmt: skip

    def _particulars(self) -> ParticularsRequest | None:
        offered = extras(self._profession)
        for name, extra in offered.items():
            if extra.words:
                self._right(name, good=self._told(name) in {"", *(word for word, _ in extra.words)})
        teeth = tuple(self._told("teeth").replace(",", " ").split()) if "teeth" in offered else ()
        self._right("teeth", good=len(teeth) <= 32 and all(re.fullmatch("[1-8][1-8]", tooth) for tooth in teeth))
        words = {name: self._told(name) if name in offered else "" for name in ("item", "side", "basket", "pricing")}
        limit = self._euros("price_limit") if "price_limit" in offered and self._told("price_limit") else None
        days = self._number("days", 0, 400, "0") if "days" in offered else 0
        made = ParticularsRequest(
            item=EQUIPMENT.get(self._profession) or words["item"], side=words["side"], teeth=teeth,
            basket=words["basket"], price_limit=limit, pricing=words["pricing"], days=days,
        )  # fmt: skip
        return None if made == ParticularsRequest() else made

    def _told(self, name: str) -> str:
        return self._form.get(f"{name}-{self._place}", "")

    def _right(self, name: str, *, good: bool) -> None:
        if not good:
            self._faults.append(f"{name}-{self._place}")

    def _euros(self, name: str) -> int:
        cents = euros(self._told(name))
        self._right(name, good=cents is not None)
        return cents or 0

    def _number(self, name: str, least: int, most: int, usual: str) -> int:
        text = (self._told(name) or usual).removesuffix("%").strip()
        good = re.fullmatch(r"[0-9]{1,5}", text, re.ASCII) is not None and least <= int(text) <= most
        self._right(name, good=good)
        return int(text) if good else least
