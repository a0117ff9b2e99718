"""A guarantee table as a document and as TOML: what `reading` reads back to the same table."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from rempart.domain.guarantee import AMOUNT_KINDS, NO_AGE, PERCENT_KINDS
from rempart.domain.money import format_plain
from rempart.formats.guarantee_table.reading import FORMAT

if TYPE_CHECKING:
    from rempart.domain.allowances import Allowance
    from rempart.domain.guarantee import Case, Formula, GuaranteeTable, Membership, ProductTable


def as_document(table: GuaranteeTable) -> dict[str, Any]:
    """The document that `reading.document` takes: TOML's own types, dates as dates, amounts as text."""
    made = {"format": FORMAT, "insurer": table.insurer, "product": [_product(each) for each in table.products]}
    by_name: dict[str, list[dict[str, Any]]] = {}
    for member in table.members:
        by_name.setdefault(member.network, []).append(_member(member))
    return made | ({"network": [{"name": name, "members": each} for name, each in by_name.items()]} if by_name else {})


def write(table: GuaranteeTable) -> str:
    """The table as TOML."""
    parts = [f'format = "{FORMAT}"\ninsurer = "{table.insurer}"\n']
    parts += [_product_text(_product(each)) for each in table.products]
    for network in as_document(table).get("network", ()):
        rows = "".join(f"  {_value(member)},\n" for member in network["members"])
        parts.append(f"[[network]]\nname = {_value(network['name'])}\nmembers = [\n{rows}]\n")
    return "\n".join(parts)


def _product(product: ProductTable) -> dict[str, Any]:
    made: dict[str, Any] = {"code": product.product, "level": product.level}
    if product.kind:
        made["kind"] = product.kind
    if product.networks:
        made["networks"] = list(product.networks)
    made["from"] = product.start
    if product.end < date.max:
        made["to"] = product.end
    if product.allowances:
        made["allowances"] = {each.name: _allowance(each) for each in product.allowances}
    made["formulas"] = {domain: _formula(formula) for domain, formula in product.formulas}
    if product.cases:
        made["cases"] = {domain: [_case(case) for case in cases] for domain, cases in product.cases}
    return made


def _member(member: Membership) -> dict[str, Any]:
    made: dict[str, Any] = {"site": member.site, "from": member.start}
    return made | ({"to": member.end} if member.end < date.max else {})


def _formula(formula: Formula) -> dict[str, Any]:
    made: dict[str, Any] = {"kind": formula.kind}
    if formula.kind in PERCENT_KINDS:
        made["percent"] = formula.percent
    if formula.kind in AMOUNT_KINDS:
        made["amount"] = format_plain(formula.amount)
    if formula.except_rates:
        made["except-rates"] = list(formula.except_rates)
    if formula.allowance:
        made["allowance"] = formula.allowance
    if formula.ceiling:
        made["ceiling"] = format_plain(formula.ceiling)
        made["ceiling-includes-amo"] = formula.ceiling_includes_amo
    return made


def _case(case: Case) -> dict[str, Any]:
    lists = {
        "families": case.families,
        "codes": case.codes,
        "items": case.items,
        "baskets": case.baskets,
        "pricings": case.pricings,
        "corrections": case.corrections,
    }
    made: dict[str, Any] = {name: list(words) for name, words in lists.items() if words}
    if case.network:
        made["network"] = case.network
    if case.from_age:
        made["from-age"] = case.from_age
    if case.below_age <= NO_AGE:
        made["below-age"] = case.below_age
    pays = [_formula(formula) for formula in case.pays]
    made["pays"] = pays[0] if len(pays) == 1 else pays
    return made


def _allowance(allowance: Allowance) -> dict[str, Any]:
    limit = {"units": allowance.limit} if allowance.unit == "units" else {"limit": format_plain(allowance.limit)}
    made: dict[str, Any] = {**limit, "period": allowance.period}
    if allowance.months:
        made["months"] = allowance.months
    if allowance.anniversary:
        made["anniversary"] = allowance.anniversary
    return made


def _product_text(product: dict[str, Any]) -> str:
    text = "[[product]]\n"
    for key in ("code", "level", "kind", "networks", "from", "to"):
        if key in product:
            text += f"{key} = {_value(product[key])}\n"
    for name, allowance in product.get("allowances", {}).items():
        text += f"\n[product.allowances.{_key(name)}]\n" + _keys(allowance)
    text += "\n[product.formulas]\n" + _keys(product["formulas"])
    for domain, cases in product.get("cases", {}).items():
        for case in cases:
            text += f"\n[[product.cases.{domain}]]\n" + _keys(case)
    return text


def _keys(table: dict[str, Any]) -> str:
    return "".join(f"{key} = {_value(value)}\n" for key, value in table.items())


def _key(name: str) -> str:
    return f'"{name}"' if "." in name else name


def _value(value: Any) -> str:
    """One value in TOML; texts of a table hold nothing that would need escaping."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_value(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_value(each) for each in value) + "]"
    return value.isoformat() if isinstance(value, date) else f'"{value}"' if isinstance(value, str) else str(value)
