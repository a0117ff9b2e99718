"""POST /v1/insurer/presence-codes: an insurer has a code made for one of its own people, who has no card at hand."""

from __future__ import annotations

import msgspec

LABEL = b"rempart-presence-code/1\n"


class PresenceStatement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the insurer signs, canonical: `birth` AAMMJJ, `nir` 13 characters, `made` seconds since 1970.

    `site` is the billing number of the one site where the code is good, empty for the first that uses it.
    """

    insurer: str
    member: str
    nir: str | None
    birth: str
    rank: str
    site: str
    made: int

    def __repr__(self) -> str:
        return "PresenceStatement(…)"


class PresenceCodeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The statement's bytes, and the Ed25519 signature over LABEL and them by the key of the rights files."""

    statement: bytes
    signature: bytes

    def __repr__(self) -> str:
        return "PresenceCodeRequest(…)"


class PresenceCodeAnswer(msgspec.Struct, frozen=True):
    """`code` as the member is shown it, good once until `expires`."""

    code: str
    expires: str

    def __repr__(self) -> str:
        return "PresenceCodeAnswer(…)"
