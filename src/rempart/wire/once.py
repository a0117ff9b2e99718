"""A name given twice in one JSON object. Readers differ on which one counts, so the hub takes neither: RFC 8259 § 4."""

from __future__ import annotations

import json
from typing import Any

import msgspec

_decode = msgspec.json.Decoder().decode


def repeats_a_name(body: bytes) -> bool:
    """Whether an object anywhere in `body` has the same name twice; `body` is JSON that its type already decoded.

    Every name is followed by a colon: as many colons as distinct names means none is repeated. A colon inside a text
    makes the count higher, then the slower reading decides.
    """
    if body.count(b":") == _names(_decode(body)):
        return False
    found: list[bool] = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        if len({name for name, _ in pairs}) != len(pairs):
            found.append(True)

    json.loads(body, object_pairs_hook=look)
    return bool(found)


def _names(value: Any) -> int:
    if isinstance(value, dict):
        return len(value) + sum(map(_names, value.values()))
    if isinstance(value, list):
        return sum(map(_names, value))
    return 0
