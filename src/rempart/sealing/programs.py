"""The id of a program that enrols a key of its own: made from the key, so that nobody chooses it and two are never one.

`program-` and the first 22 characters (132 bits) of the key's RFC 7638 thumbprint. Left out: ids of programs that an
operator registers, which are its own words.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping

_MEMBERS = {"EC": ("crv", "kty", "x", "y"), "OKP": ("crv", "kty", "x")}  # RFC 7638, 3.2, and RFC 8037, 2
PREFIX, LENGTH = "program-", 22


def named(jwk: Mapping[str, str]) -> tuple[str, dict[str, str]] | None:
    """The program's id, and the key with its thumbprint as `kid` and nothing private; None when it is no such key."""
    members = {name: jwk.get(name, "") for name in _MEMBERS.get(jwk.get("kty", ""), ())}
    if not members or not all(members.values()):
        return None
    content = json.dumps(members, sort_keys=True, separators=(",", ":")).encode()
    kid = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return PREFIX + kid[:LENGTH], {**members, "kid": kid}
