"""What a site sends: a message's values ↔ the wire's own question, request and invoice; and where a field stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from rempart.formats.optics_messages.document import Message, write
from rempart.wire.authorizations import Attachment, AuthorizationRequest, QuoteLine
from rempart.wire.eligibility import EligibilityRequest
from rempart.wire.invoices import CorrectionRequest, InvoiceRequest, LineRequest, ParticularsRequest

Values = Mapping[str, Any]
DOMAIN, FAMILY, SYSTEM = "OPTI", "optics", "LPP"
"""The card's column, the family of acts and the system of product codes: this profile has no other."""
_CARD = (
    ("amcNumber", "amc_number"), ("convention", "convention"), ("csr", "csr"), ("member", "member"), ("nir", "nir"),
    ("birthDate", "birth_date"), ("rank", "rank"),
)  # fmt: skip
_PLAIN = (
    ("unitPrice", "unit_price"), ("base", "base"), ("rate", "rate"), ("spent", "spent"), ("exemption", "exemption"),
    ("qualifier", "qualifier"), ("quantity", "quantity"), ("code", "code"),
)  # fmt: skip
_TOLD = (
    ("item", "item"), ("side", "side"), ("basket", "basket"), ("priceLimit", "price_limit"), ("renewal", "renewal"),
    ("lastDelivery", "last_delivery"), ("firstPaid", "first_paid"),
)  # fmt: skip
_CARE = (("nature", "nature"), ("exemption", "exemption"), ("siteReference", "site_reference"))
_BILLED = (("reference", "accreditation"), ("number", "number"), ("issued", "issued"), ("mode", "mode"),
           ("distinct", "distinct"))  # fmt: skip


def question(found: Message) -> EligibilityRequest:
    """A `query` as the wire's question."""
    values = found.values
    return EligibilityRequest(
        care_date=values["careDate"], domains=(DOMAIN,), evidence=values["evidence"], **_fields(values["card"], _CARD),
        site_reference=values.get("siteReference", ""),
    )  # fmt: skip


def request(found: Message) -> AuthorizationRequest:
    """A `request` as the wire's; what it replaces is beside it, in the values."""
    values = found.values
    return AuthorizationRequest(
        evidence=values["evidence"], planned_date=values["plannedDate"], lines=tuple(map(_quoted, values["line"])),
        attachments=tuple(Attachment(each["kind"], each["content"]) for each in values.get("attachment", ())),
        **_fields(values["card"], _CARD), **_fields(values, _CARE),
    )  # fmt: skip


def invoice(found: Message) -> InvoiceRequest:
    """An `invoice` as the wire's; each line has the date of its delivery."""
    values = found.values
    lines = tuple(
        LineRequest(values["deliveryDate"], amo=line["amo"], amc=line["amc"], **_line(line)) for line in values["line"]
    )
    return InvoiceRequest(
        lines=lines, **_fields(values["card"], _CARD), **_fields(values, _CARE), **_fields(values, _BILLED)
    )


def write_question(identity: str, asked: EligibilityRequest) -> bytes:
    """The `query` that a site's software sends. ValueError for what the profile does not carry."""
    _only(asked.domains == (DOMAIN,), "domains")
    told = {"id": identity, "evidence": asked.evidence, "careDate": asked.care_date, "card": _values(asked, _CARD)}
    return write("query", told | _values(asked, (("siteReference", "site_reference"),)))


def write_request(identity: str, asked: AuthorizationRequest, replaces: str = "") -> bytes:
    """The `request` that a site's software sends. ValueError for what the profile does not carry."""
    told = {
        "id": identity, "evidence": asked.evidence, "plannedDate": asked.planned_date, "card": _values(asked, _CARD),
        "line": [_line_values(line) for line in asked.lines],
    } | _values(asked, _CARE, nature="10")  # fmt: skip
    if replaces:
        told["replaces"] = replaces
    if asked.attachments:
        told["attachment"] = [{"kind": each.kind, "content": each.content} for each in asked.attachments]
    return write("request", told)


def write_invoice(identity: str, asked: InvoiceRequest) -> bytes:
    """The `invoice` that a site's software sends. ValueError for what the profile does not carry."""
    days = {line.care_date for line in asked.lines}
    _only(len(days) == 1, "one delivery")
    _only(asked.declared is None, "a declaration")
    told = {
        "id": identity, "deliveryDate": days.pop(), "card": _values(asked, _CARD),
        "line": [_line_values(line) | {"amo": line.amo, "amc": line.amc} for line in asked.lines],
    }  # fmt: skip
    return write("invoice", told | _values(asked, _CARE, nature="10") | _values(asked, _BILLED, mode="real"))


def write_about(name: str, identity: str, which: tuple[str, str]) -> bytes:
    """A `state` or `cancel`; `which`: (`authorization`, `reference`, `siteReference` or `invoice`, its value)."""
    return write(name, {"id": identity, "of": dict([which])})


def _fields(values: Values, names: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    return {field: values[name] for name, field in names if name in values}


def _values(asked: Any, names: tuple[tuple[str, str], ...], **usual: Any) -> dict[str, Any]:
    """What is told of a struct's fields: nothing of one that is absent, or as it is when not told."""
    told = {name: getattr(asked, field) for name, field in names}
    return {
        name: value for name, value in told.items()
        if value is not None and value is not False and value != "" and usual.get(name) != value
    }  # fmt: skip


def _quoted(line: Values) -> QuoteLine:
    return QuoteLine(**_line(line))


def _line(line: Values) -> dict[str, Any]:
    detail = tuple((SYSTEM, product["code"], product["quantity"]) for product in line.get("lpp", ()))
    told = _fields(line, _TOLD)
    if "correction" in line:
        lens = line["correction"]
        told["correction"] = CorrectionRequest(
            lens["sphere"], lens.get("cylinder", 0), lens.get("multifocal", False)
        )  # fmt: skip
    particulars = ParticularsRequest(**told) if told else None
    return {"family": FAMILY, "detail": detail, "particulars": particulars, **_fields(line, _PLAIN)}


def _line_values(line: QuoteLine | LineRequest) -> dict[str, Any]:
    systems = {system for system, _, _ in line.detail}
    _only(line.family == FAMILY and not line.place and line.coefficient == 100 and systems <= {SYSTEM}, "line")
    told = _values(line, _PLAIN, quantity=1, unitPrice=0)
    if line.detail:
        told["lpp"] = [{"code": code, "quantity": count} for _, code, count in line.detail]
    beside = line.particulars
    if beside is None:
        return told
    carried = {field: getattr(beside, field) for field in ("correction", *(field for _, field in _TOLD))}
    _only(beside == ParticularsRequest(**carried), "particulars")
    told |= _values(beside, _TOLD)
    if beside.correction is not None:
        lens = beside.correction
        told["correction"] = {"sphere": lens.sphere}
        if lens.cylinder:
            told["correction"]["cylinder"] = lens.cylinder
        if lens.multifocal:
            told["correction"]["multifocal"] = True
    return told


def _only(held: bool, what: str) -> None:  # noqa: FBT001 - an assertion's condition
    if not held:
        raise ValueError(f"the profile does not carry this: {what}")


_AT = {
    **{field: f"card/{name}" for name, field in _CARD}, "birth": "card/birthDate",
    **{field: name for name, field in (*_CARE, *_BILLED)}, "care_date": "careDate", "planned_date": "plannedDate",
    "evidence": "evidence", "lines": "line", "attachments": "attachment",
}  # fmt: skip
_IN_LINE = {field: name for name, field in (*_PLAIN, *_TOLD, ("amo", "amo"), ("amc", "amc"))} | {"detail": "lpp"}
_PART = re.compile(r"([a-z_]+)(?:\[([0-9]+)\])?")


def place(found: Message, field: str) -> tuple[str, int]:
    """(element, line) of a field that the wire's path names, such as `lines[2].particulars.side`; else of the whole."""
    field = field.removeprefix("invoices[0]").removeprefix(".")
    path = found.name
    parts = [(part[1], part[2]) for part in map(_PART.fullmatch, field.split(".")) if part is not None]
    for depth, (name, number) in enumerate(part for part in parts if part[0] != "particulars"):
        if depth and name == "care_date":
            path = f"{found.name}/deliveryDate"
            break
        table = _IN_LINE if depth else _AT
        known = table.get(name) or (name if depth and name in {"correction", "content", "kind"} else "")
        if not known:
            break
        path += f"/{known}" + (f"[{int(number) + 1}]" if number else "")
    return path, _line_of(found, path)


def _line_of(found: Message, path: str) -> int:
    """The line of an element, or of the nearest one around it when it is not there."""
    while path and path not in found.lines:
        if f"{path}[1]" in found.lines:
            return found.lines[f"{path}[1]"]
        path = path.rpartition("/")[0]
    return found.lines.get(path, 0)
