"""Strict reading: every unknown or server-owned field named at once, then shapes, then small values.

What is wrong is told as (FHIRPath expression, stable code), never with a value.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, TypeVar

import msgspec
from msgspec import inspect

from rempart.formats.fhir.names import CURRENCY, EXTENSION
from rempart.formats.fhir.shapes import (
    Claim,
    Concept,
    CoverageEligibilityRequest,
    Extension,
    Identifier,
    Money,
    Part,
)
from rempart.wire.once import repeats_a_name
from rempart.wire.problem import FieldError

T = TypeVar("T")
Faults = list[FieldError]
MOST_FAULTS = 50  # told of one request
SERVER_OWNED = frozenset(
    {"id", "meta", "implicitRules", "outcome", "disposition", "request", "requestor", "error", "adjudication"}
)
"""Names that only an answer of the server may hold, where the shapes do not take them."""
_ELEMENT = re.compile(r"_?[a-z][A-Za-z]{0,39}", re.ASCII)  # a name of FHIR's; another one is not repeated
_DIGITS_MOST = 12


@dataclass(frozen=True, slots=True)
class Refused:
    """Why a body is not taken: a code of the API and where."""

    code: str
    errors: tuple[FieldError, ...] = ()


def read(body: bytes, kind: type[T]) -> T | Refused:
    """The resource that `body` holds; `kind` is one of the two that are taken."""
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):  # not JSON, not UTF-8, nested beyond reason
        return Refused("malformed-body")
    name = kind.__name__
    if not isinstance(raw, dict) or raw.get("resourceType") != name:
        return Refused("invalid-fields", (FieldError(name, "wrong-resource"),))
    faults: Faults = []
    _unknown(raw, _SHAPES[name], name, faults)
    if faults:
        return Refused("invalid-fields", tuple(faults[:MOST_FAULTS]))
    try:
        found = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        return Refused("invalid-fields", (FieldError(_expression(name, str(error)), "wrong-shape"),))
    return Refused("repeated-field") if repeats_a_name(body) else found


_SHAPES = {kind.__name__: inspect.type_info(kind) for kind in (Claim, CoverageEligibilityRequest)}


def _expression(name: str, error: str) -> str:
    at = error.rfind("`$")
    return name + error[at + 2 : -1] if at >= 0 else name


def _unknown(value: Any, shape: inspect.Type, at: str, faults: Faults) -> None:
    """Walks what was sent beside what is taken. As deep as the shapes go, no deeper."""
    if isinstance(shape, inspect.UnionType):
        shape = _chosen(value, shape)
    if isinstance(shape, inspect.VarTupleType) and isinstance(value, list):
        for index, one in enumerate(value):
            _unknown(one, shape.item_type, f"{at}[{index}]", faults)
    elif isinstance(shape, inspect.StructType) and isinstance(value, dict):
        fields = _fields(shape.cls)
        for name, one in value.items():
            if name in fields:
                _unknown(one, fields[name], f"{at}.{name}", faults)
            elif name != shape.tag_field:
                told = f"{at}.{name}" if _ELEMENT.fullmatch(name) else at
                faults.append(FieldError(told, "server-owned" if name in SERVER_OWNED else "unknown-field"))


@cache
def _fields(kind: Any) -> dict[str, inspect.Type]:
    """What a struct takes, by the name on the wire."""
    shape = inspect.type_info(kind)
    return {field.encode_name: field.type for field in shape.fields} if isinstance(shape, inspect.StructType) else {}


def _chosen(value: Any, union: inspect.UnionType) -> inspect.Type:
    """The struct of a union that the value names, or the union's only one."""
    structs = [one for one in union.types if isinstance(one, inspect.StructType)]
    kind = value.get("resourceType") if isinstance(value, dict) else None
    named = [one for one in structs if one.tag == kind]
    return named[0] if named else structs[0] if len(structs) == 1 else union


def code(concept: Concept | None, system: str, at: str, faults: Faults) -> str:
    """The one code of a concept, of `system`; "" when nothing is said."""
    if concept is None:
        return ""
    if len(concept.coding) != 1 or concept.coding[0].system != system:
        faults.append(FieldError(f"{at}.coding", "wrong-system"))
        return ""
    return concept.coding[0].code


def identified(found: tuple[Identifier, ...], taken: tuple[str, ...], at: str, faults: Faults) -> dict[str, str]:
    """Values by system; a system that is not taken, or one told twice, is refused."""
    values: dict[str, str] = {}
    for index, one in enumerate(found):
        if one.system not in taken:
            faults.append(FieldError(f"{at}[{index}].system", "wrong-system"))
        elif one.system in values:
            faults.append(FieldError(f"{at}[{index}].system", "repeated-system"))
        else:
            values[one.system] = one.value
    return values


def scaled(value: Decimal, at: str, faults: Faults, *, places: int = 2) -> int:
    """A decimal as an integer of its `places`-th part; what is finer or huge is refused."""
    if value.is_finite() and abs(value.adjusted()) <= _DIGITS_MOST:
        whole = value.scaleb(places)
        if whole == whole.to_integral_value():
            return int(whole)
    faults.append(FieldError(at, "decimal-out-of-range"))
    return 0


def cents(amount: Money, at: str, faults: Faults) -> int:
    """An amount in integer cents."""
    if amount.currency != CURRENCY:
        faults.append(FieldError(f"{at}.currency", "wrong-currency"))
    return scaled(amount.value, f"{at}.value", faults)


def extensions(
    found: tuple[Extension | Part, ...], taken: dict[str, str], at: str, faults: Faults
) -> dict[str, list[Any]]:
    """Values of our extensions by name. `taken`: name → type of the value, `code`, `money` (cents) … or `parts`.

    Inside an extension the names stand bare.
    """
    values: dict[str, list[Any]] = {}
    for index, one in enumerate(found):
        where = f"{at}.extension[{index}]"
        name = one.url.removeprefix(EXTENSION) if isinstance(one, Extension) else one.url
        kind = taken.get(name)
        if kind is None or (isinstance(one, Extension) and not one.url.startswith(EXTENSION)):
            faults.append(FieldError(f"{where}.url", "unknown-extension"))
            continue
        value = _value(one, kind, where, faults)
        if value is None:
            faults.append(FieldError(where, "wrong-shape"))
        elif name in values and name != "tooth":
            faults.append(FieldError(f"{where}.url", "repeated-extension"))
        else:
            values.setdefault(name, []).append(value)
    return values


def _value(one: Extension | Part, kind: str, at: str, faults: Faults) -> Any:
    """The value when it is the only one and of its type, else None."""
    names = (name for name in one.__struct_fields__ if name != "url")
    told = {name: value for name in names if (value := getattr(one, name)) not in {None, ()}}
    if kind == "parts":
        return told["extension"] if set(told) == {"extension"} else None
    if set(told) != {f"value_{kind}"}:
        return None
    value = told[f"value_{kind}"]
    return cents(value, f"{at}.valueMoney", faults) if kind == "money" else value
