"""`/v1/mandates…`: how a vendor's or concentrator's program comes to act for a site, by its manager, for a year.

Bytes are base64url without padding; days are YYYY-MM-DD and both included.
"""

from __future__ import annotations

import msgspec

from rempart.wire.account import PasskeyProof


class MandateCodeRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A manager's wish for a code; `client` the program's id, or `*` for whichever presents it."""

    client: str
    challenge: str
    signed: PasskeyProof


class MandateCode(msgspec.Struct, frozen=True):
    """The code, told once; `expires` in UTC."""

    code: str
    expires: str

    def __repr__(self) -> str:
        return "MandateCode(…)"


class MandateClaim(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A program presents a code; the assertion is as for a token, and good once.

    `key`: of a program that nobody registered, its public JWK; its id is made from it (`sealing.programs`).
    """

    client_assertion: str
    site: str
    code: str
    key: dict[str, str] | None = None

    def __repr__(self) -> str:
        return "MandateClaim(…)"


class MandateRenewal(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One year more, signed by a manager."""

    client: str
    first: str
    last: str
    challenge: str
    signed: PasskeyProof


class MandateEnd(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A program acts for the site no more."""

    client: str


class MandateGiven(msgspec.Struct, frozen=True):
    """For which site and days; a site's own program until 9999-12-31, which is: until somebody ends it."""

    client: str
    site: str
    first: str
    last: str
