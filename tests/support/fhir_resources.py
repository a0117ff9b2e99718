"""Whether bytes are a FHIR resource, as the R4B models of fhir.resources say: the claim family is the same in R4."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import msgspec


def valid(body: bytes) -> dict[str, Any]:
    """The resource; raises pydantic's ValidationError when it is not one."""
    found: dict[str, Any] = msgspec.json.decode(body)
    kind = found["resourceType"]
    getattr(import_module(f"fhir.resources.R4B.{kind.lower()}"), kind).model_validate_json(body)
    return found
