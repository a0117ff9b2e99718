"""A quote's lines as people type them: which fields each kind of care has, read and checked before anything is asked.

Rows are numbered; a row in which nothing was typed is no line. Nothing here says who the patient is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, NamedTuple

from rempart.portal.quote_kinds import Cover, Item, Kind
from rempart.portal.words import N_
from rempart.wire.authorizations import QuoteLine
from rempart.wire.invoices import CorrectionRequest, ParticularsRequest

ROWS: Final = 8
MOST_CENTS: Final = 10_000_000_00
MOST_DAYS: Final = 400
BEDS: Final = frozenset({"room", "companion"})
FREE_BASE: Final = 5  # cents: what the compulsory scheme's base is for class B spectacles
SELECTS: Final = frozenset({"item", "basket", "lens"})
"""Fields that always have a value: a row that says nothing else is empty."""
FAULTS: Final = {
    "item": N_("Choisissez l’élément dans la liste."),
    "act": N_("Un code CCAM compte 4 lettres et 3 chiffres ; un code de facturation 2 à 4 lettres."),
    "lpp": N_("Un code LPP compte 7 chiffres ; laissez vide si vous ne l’avez pas."),
    "sphere": N_("Écrivez la sphère en dioptries, avec son signe : −2,25."),
    "cylinder": N_("Écrivez le cylindre en dioptries : 0,50 ; laissez vide s’il n’y en a pas."),
    "lens": N_("Choisissez le type de verre."),
    "basket": N_("Choisissez le panier ou la classe."),
    "teeth": N_("Écrivez les dents à deux chiffres, séparées par un espace : 26 27."),
    "days": N_("Écrivez un nombre de jours, de 1 à 400."),
    "ghs": N_("Un GHS compte 1 à 4 chiffres ; laissez vide s’il n’est pas encore connu."),
    "leaving": N_("Écrivez le jour de sortie prévu, à partir du jour d’entrée, ou laissez vide."),
    "price": N_("Écrivez le prix en euros, par exemple 120,00."),
    "base": N_("Écrivez la base de remboursement en euros, telle que la liste la donne."),
    "limit": N_("Ce panier a un prix limite : écrivez-le en euros, tel que la liste le donne."),
    "amc": N_("Écrivez le montant demandé à l’assureur, au plus ce qui est accordé et sa tolérance."),
    "cover": N_("Choisissez le taux de la part obligatoire."),
    "lines": N_("Remplissez au moins une ligne."),
}
_EUROS = re.compile(r"([0-9]{1,8})(?:[.,]([0-9]{1,2}))?")
_DIOPTRES = re.compile(r"([+-]?)([0-9]{1,2})(?:[.,]([0-9]{1,2}))?")
_DAY = re.compile(r"([0-9]{1,2})[/. -]([0-9]{1,2})[/. -]([0-9]{4})")
_ACT = re.compile(r"[A-Z]{4}[0-9]{3}|[A-Z]{2,4}[0-9]?")
_TEETH = re.compile(r"[1-8][1-8](?:[ ,;/]+[1-8][1-8]){0,31}")
_SPACES = str.maketrans("", "", " \t\u00a0\u202f€")


@dataclass(frozen=True, slots=True)
class Row:
    """One line typed: its number, its fields as typed, and what it makes."""

    number: int
    typed: Mapping[str, str]
    line: QuoteLine | None = None


@dataclass(frozen=True, slots=True)
class Quote:
    """What was typed, line by line. `wrong` names the fields that cannot be right, in the order of the form."""

    rows: tuple[Row, ...]
    cover: Cover
    wrong: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[QuoteLine, ...]:
        return tuple(row.line for row in self.rows if row.line is not None)

    def carried(self) -> dict[str, str]:
        """The fields of its lines, numbered as the hub numbers the lines: no card, no identity."""
        good = [row.typed for row in self.rows if row.line is not None]
        return {f"{name}_{place}": text for place, typed in enumerate(good, 1) for name, text in typed.items() if text}


def read(form: Mapping[str, str], kind: Kind, most: int = ROWS) -> Quote:
    """The lines of the form, `most` rows at most."""
    cover = kind.cover(form.get("cover", ""))
    stay = stay_of(form) if "days" in kind.fields else None
    rows: list[Row] = []
    wrong: list[str] = []
    for number in range(1, most + 1):
        typed = {field: form.get(f"{field}_{number}", "") for field in kind.fields}
        if not any(value for field, value in typed.items() if field not in SELECTS):
            continue
        if stay is not None and not typed["days"]:
            typed["days"] = stay.days(typed["item"])
        found = line(typed, kind, cover)
        if isinstance(found, tuple):
            wrong += [f"{field}_{number}" for field in found]
            rows.append(Row(number, typed))
        else:
            rows.append(Row(number, typed, found))
    return Quote(tuple(rows), cover, tuple(wrong) if rows else ("lines",))


class Stay(NamedTuple):
    """A stay from its first day to its last one, both included."""

    first: date
    last: date

    def days(self, item: str) -> str:
        """Days of an item as they stand in its field: of a bed, the nights; of a fee each day begun (CSS L.174-4)."""
        nights = (self.last - self.first).days
        return str(max(nights, 1) if item in BEDS else nights + 1)


def stay_of(form: Mapping[str, str]) -> Stay | None:
    """The stay that the form's two days tell; None when they tell none."""
    first, last = day_of(form.get("planned", "")), day_of(form.get("leaving", ""))
    if first is None or last is None or not 0 <= (last - first).days < MOST_DAYS:
        return None
    return Stay(first, last)


def line(typed: Mapping[str, str], kind: Kind, cover: Cover) -> QuoteLine | tuple[str, ...]:
    """One line, or the names of the fields that cannot be right."""
    item = kind.items.get(typed["item"])
    if item is None:
        return ("item",)
    values: dict[str, Any] = {field: _READ[field](typed[field]) for field in kind.fields if field in _READ}
    values = _completed(values, item, typed, kind)
    faults = [field for field in kind.fields if field in values and values[field] is None]
    if typed.get("basket", "") not in kind.baskets and "basket" in kind.fields:
        faults.append("basket")
    if faults:
        return tuple(faults)
    return _made(values, item, typed, cover)


def _completed(values: dict[str, Any], item: Item, typed: Mapping[str, str], kind: Kind) -> dict[str, Any]:
    """Fields that may be left empty, and those that this item does not have."""
    basket = typed.get("basket", "") if item.basket else ""
    if not typed.get("base", "") and (item.free_base or (kind.key == "optics" and basket == "B")):
        values["base"] = values.get("price") if item.free_base else FREE_BASE
    if item.once:
        values.pop("days", None)
    if item.item != "stay" and "ghs" in values:
        values["ghs"] = ""
    if item.item != "lens":
        values |= {name: "" for name in ("sphere", "cylinder") if name in values}
    if "limit" in values and not typed["limit"]:
        values["limit"] = None if basket in kind.limited and item.item != "frame" else 0
    return values


def _made(values: Mapping[str, Any], item: Item, typed: Mapping[str, str], cover: Cover) -> QuoteLine:
    days = values.get("days", 1)
    base = values.get("base", 0)
    lens = _correction(values, typed) if item.item == "lens" and "sphere" in values else None
    told = ParticularsRequest(
        item.item, item.side, values.get("teeth", ()), lens, typed.get("basket", "") if item.basket else "",
        values.get("limit") or None, days=days if "days" in values else 0,
    )  # fmt: skip
    coded = next((each for each in (("LPP", values.get("lpp", "")), ("GHS", values.get("ghs", ""))) if each[1]), None)
    return QuoteLine(
        values.get("act") or item.code, item.family, base, (item.rate or cover.rate) if base else 0,
        values["price"] * days, quantity=days, unit_price=values["price"], exemption="",
        detail=((*coded, 1),) if coded else (), particulars=None if told == ParticularsRequest() else told,
    )  # fmt: skip


def _correction(values: Mapping[str, Any], typed: Mapping[str, str]) -> CorrectionRequest:
    """One lens; a cylinder written negative is the same lens written the other way round."""
    sphere, cylinder = values["sphere"], values["cylinder"] or 0
    if cylinder < 0:
        sphere, cylinder = sphere + cylinder, -cylinder
    return CorrectionRequest(sphere, cylinder, typed.get("lens") == "multifocal")


def cents(text: str) -> int | None:
    """An amount in euros as people write it, spaces and sign of euro or not; None when it is none, or out of range."""
    found = _EUROS.fullmatch(text.translate(_SPACES))
    if found is None:
        return None
    whole, part = found.groups()
    amount = int(whole) * 100 + int((part or "").ljust(2, "0"))
    return amount if amount <= MOST_CENTS else None


def euros(amount: int) -> str:
    """Cents as they stand in a field."""
    return f"{amount // 100},{amount % 100:02d}"


def percent(amount: int, rate: int) -> int:
    """`rate` percent of `amount` cents, half up to the cent, as the hub counts the compulsory share."""
    return (amount * rate * 2 + 100) // 200


def day_of(text: str) -> date | None:
    """A civil day as French people type it; None when the calendar has none such."""
    found = _DAY.fullmatch(text.strip())
    if found is None:
        return None
    try:
        return date(int(found[3]), int(found[2]), int(found[1]))
    except ValueError:
        return None


def _price(text: str) -> int | None:
    return cents(text) or None


def _dioptres(text: str) -> int | None:
    found = _DIOPTRES.fullmatch(text.translate(_SPACES).replace("−", "-"))
    if found is None:
        return None
    sign, whole, part = found.groups()
    value = int(whole) * 100 + int((part or "").ljust(2, "0"))
    return -value if sign == "-" else value


def _cylinder(text: str) -> int | None:
    return _dioptres(text) if text.strip() else 0


def _days(text: str) -> int | None:
    bare = text.strip()
    return int(bare) if re.fullmatch("[1-9][0-9]{0,2}", bare, re.ASCII) and int(bare) <= MOST_DAYS else None


def _act(text: str) -> str | None:
    code = text.translate(_SPACES).upper()
    return code if _ACT.fullmatch(code) else None


def _lpp(text: str) -> str | None:
    code = text.translate(_SPACES)
    return code if re.fullmatch("([0-9]{7})?", code, re.ASCII) else None


def _ghs(text: str) -> str | None:
    code = text.translate(_SPACES)
    return code and code.zfill(4) if re.fullmatch("[0-9]{0,4}", code, re.ASCII) else None


def _teeth(text: str) -> tuple[str, ...] | None:
    bare = text.strip()
    if not bare:
        return ()
    return tuple(re.findall("[1-8][1-8]", bare)) if _TEETH.fullmatch(bare) else None


_READ: Final[dict[str, Callable[[str], Any]]] = {
    "act": _act,
    "lpp": _lpp,
    "ghs": _ghs,
    "sphere": _dioptres,
    "cylinder": _cylinder,
    "teeth": _teeth,
    "days": _days,
    "price": _price,
    "base": cents,
    "limit": cents,
}
"""Each gives a value, or None for what cannot be right."""
