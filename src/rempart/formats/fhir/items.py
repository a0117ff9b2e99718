"""Claim.item ↔ the lines of an invoice of the wire."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from rempart.formats.fhir import names
from rempart.formats.fhir.names import Json, concept, money, ours
from rempart.formats.fhir.shapes import Detail, Item, Part
from rempart.formats.fhir.strict import Faults, cents, code, extensions, scaled
from rempart.wire.invoices import CorrectionRequest, LineRequest, ParticularsRequest
from rempart.wire.problem import FieldError

EXTENSIONS = {
    "base": "money", "amo": "money", "amc": "money", "rate": "integer", "exemption": "code", "qualifier": "code",
    "particulars": "parts",
}  # fmt: skip
"""What R4 has no element for. The four first are needed on each line."""
SHARES = ("amo", "amc")
NEEDED = ("base", "rate", *SHARES)
WORDS = ("item", "side", "basket", "pricing", "renewal", "substitution")
PARTICULARS = {
    **dict.fromkeys((*WORDS, "tooth"), "code"),
    **dict.fromkeys(("sphere", "cylinder", "days"), "integer"),
    "multifocal": "boolean", "price-limit": "money", "reference-price": "money", "first-paid": "money",
    "last-delivery": "date", "blind": "boolean",
}  # fmt: skip
WHERE = {
    "care_date": "servicedDate", "code": "productOrService", "family": "category", "spent": "net.value",
    "unit_price": "unitPrice.value", "quantity": "quantity.value", "coefficient": "factor",
    "place": "locationCodeableConcept", "detail": "detail",
    **{name: f"extension('{names.EXTENSION}{name}').value" for name in EXTENSIONS if name != "particulars"},
}  # fmt: skip
"""Where the wire's fields of a line stand in an item."""


def read(item: Item, at: str, faults: Faults, *, shares: bool = True) -> LineRequest:
    """One line; `faults` grows by what is wrong. Without `shares`, as in a quote, the hub works those out."""
    out = () if shares else SHARES
    told = extensions(item.extension, {n: kind for n, kind in EXTENSIONS.items() if n not in out}, at, faults)
    if not any(fault.field.startswith(f"{at}.extension[") for fault in faults):  # what was refused is not missing too
        faults += [FieldError(f"{at}.{WHERE[name]}", "missing-field") for name in NEEDED if name not in (*told, *out)]
    first = {name: values[0] for name, values in told.items()}
    quantity, factor = item.quantity, item.factor
    return LineRequest(
        item.serviced_date, code(item.product_or_service, names.ACT, f"{at}.productOrService", faults),
        code(item.category, names.FAMILY, f"{at}.category", faults), first.get("base", 0), first.get("rate", 0),
        first.get("amo", 0), cents(item.net, f"{at}.net", faults), first.get("amc", 0),
        1 if quantity is None else scaled(quantity.value, f"{at}.quantity.value", faults, places=0),
        100 if factor is None else scaled(factor, f"{at}.factor", faults),
        0 if item.unit_price is None else cents(item.unit_price, f"{at}.unitPrice", faults),
        first.get("exemption", ""), first.get("qualifier", ""),
        code(item.location_codeable_concept, names.PLACE, f"{at}.locationCodeableConcept", faults),
        tuple(_detail(one, f"{at}.detail[{index}]", faults) for index, one in enumerate(item.detail)),
        _particulars(first.get("particulars"), f"{at}.extension('{names.EXTENSION}particulars')", faults),
    )  # fmt: skip


def _detail(one: Detail, at: str, faults: Faults) -> tuple[str, str, int]:
    coding = one.product_or_service.coding
    if len(coding) != 1 or not coding[0].system.startswith(names.PRODUCT):
        faults.append(FieldError(f"{at}.productOrService.coding", "wrong-system"))
        return "", "", 0
    count = scaled(one.quantity.value, f"{at}.quantity.value", faults, places=0)
    return coding[0].system.removeprefix(names.PRODUCT), coding[0].code, count


def _particulars(parts: tuple[Part, ...] | None, at: str, faults: Faults) -> ParticularsRequest | None:
    if parts is None:
        return None
    found = extensions(parts, PARTICULARS, at, faults)
    first: dict[str, Any] = {name.replace("-", "_"): values[0] for name, values in found.items() if name != "tooth"}
    lens = {name: first.pop(name) for name in ("sphere", "cylinder", "multifocal") if name in first}
    if lens and "sphere" not in lens:
        faults.append(FieldError(at, "missing-field"))
        return None
    return ParticularsRequest(
        **first, teeth=tuple(found.get("tooth", ())), correction=CorrectionRequest(**lens) if lens else None
    )


def write(index: int, line: LineRequest, *, shares: bool = True) -> Json:
    """One item, its sequence from 1; without `shares` as in a quote."""
    told = ("base", *SHARES) if shares else ("base",)
    amounts = [ours(name, "Money", money(getattr(line, name))) for name in told]
    words = [ours(name, "Code", value) for name in ("exemption", "qualifier") if (value := getattr(line, name))]
    made: Json = {
        "extension": [*amounts, ours("rate", "Integer", line.rate), *words], "sequence": index,
        "category": concept(names.FAMILY, line.family), "productOrService": concept(names.ACT, line.code),
        "servicedDate": line.care_date, "quantity": {"value": line.quantity},
        "unitPrice": money(line.unit_price), "factor": Decimal(line.coefficient).scaleb(-2), "net": money(line.spent),
    }  # fmt: skip
    if line.place:
        made["locationCodeableConcept"] = concept(names.PLACE, line.place)
    if line.detail:
        made["detail"] = [
            {
                "sequence": number,
                "productOrService": concept(names.PRODUCT + system, product),
                "quantity": {"value": count},
            }
            for number, (system, product, count) in enumerate(line.detail, 1)
        ]
    if line.particulars is not None and (parts := _parts(line.particulars)):
        particulars: Json = {"url": names.EXTENSION + "particulars", "extension": parts}
        made["extension"] = [*amounts, ours("rate", "Integer", line.rate), *words, particulars]
    return made


def _parts(told: ParticularsRequest) -> list[Json]:
    parts: list[Json] = [{"url": name, "valueCode": value} for name in WORDS if (value := getattr(told, name))]
    parts += [{"url": "tooth", "valueCode": tooth} for tooth in told.teeth]
    if told.correction is not None:
        lens = told.correction
        parts += [{"url": "sphere", "valueInteger": lens.sphere}, {"url": "cylinder", "valueInteger": lens.cylinder}]
        parts.append({"url": "multifocal", "valueBoolean": lens.multifocal})
    if told.days:
        parts.append({"url": "days", "valueInteger": told.days})
    for name in ("price-limit", "reference-price", "first-paid"):
        if (price := getattr(told, name.replace("-", "_"))) is not None:
            parts.append({"url": name, "valueMoney": money(price)})
    if told.last_delivery:
        parts.append({"url": "last-delivery", "valueDate": told.last_delivery})
    if told.blind:
        parts.append({"url": "blind", "valueBoolean": True})
    return parts
