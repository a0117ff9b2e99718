"""Asking to join an operator through its portal: whom to pay is sealed here, to the operator's own key.

The key is pinned in the portal's configuration: a hub cannot put another in its place.
"""

from __future__ import annotations

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

import msgspec

from rempart.sealing.enrolment import Package, bound_to, kind_of, seal_package

__all__ = ["MOST_DOCUMENT", "Papers", "iban_fault", "key_of", "kind_of", "sealed"]

MOST_DOCUMENT = 2 * 1024 * 1024
"""Bytes of a bank document."""
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


class Papers(msgspec.Struct, frozen=True):
    """What the person gives: the holder's name, an IBAN, the document (PDF, JPEG or PNG)."""

    holder: str
    iban: str
    document: bytes

    def __repr__(self) -> str:
        return "Papers(…)"


def plain_iban(typed: str) -> str:
    """As banks write it: upper case, no spaces."""
    return re.sub(r"\s", "", typed).upper()


def iban_fault(typed: str) -> str:
    """`iban-shape` or `iban-key` (ISO 13616, modulo 97); "" when it can be an account."""
    number = plain_iban(typed)
    if not _IBAN.fullmatch(number):
        return "iban-shape"
    turned = number[4:] + number[:4]
    return "" if int("".join(str(int(each, 36)) for each in turned)) % 97 == 1 else "iban-key"


def key_of(text: str) -> bytes:
    """The operator's public key as it is written in a configuration: base64url of 32 bytes; else ValueError."""
    key = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if len(key) != 32:
        raise ValueError("not a key of 32 bytes")
    return key


def sealed(papers: Papers, key: bytes, operator: str, enrolment: str) -> str:
    """base64url of the package. ValueError for a document that is none of the three kinds, or a key that is none."""
    kind = kind_of(papers.document)
    if not kind or len(papers.document) > MOST_DOCUMENT:
        raise ValueError("not a document of ours")
    package = Package(papers.holder, plain_iban(papers.iban), kind, papers.document)  # type: ignore[arg-type]  # one of the three
    content = seal_package(package, key, bound_to(operator, enrolment))
    return urlsafe_b64encode(content).rstrip(b"=").decode()
