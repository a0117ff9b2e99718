"""An accreditation shown again: whether it is this site's and for this person, and what it is good for."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from datetime import date
from typing import NamedTuple

from rempart.application.eligibility import EPOCH
from rempart.application.invoice_records import Accredited, Books
from rempart.domain import accreditation
from rempart.domain.adjudication import Honoured
from rempart.domain.rights import DOMAINS

UNKNOWN, OTHER_PERSON = "accreditation-unknown", "accreditation-other-person"


class Shown(NamedTuple):
    """An accreditation as typed, at which site, and the PRF of site and person, None when nobody was found."""

    text: str
    site: str
    accreditor: bytes | None


async def all_honoured(books: Books, shown: Sequence[Shown]) -> list[Honoured | str]:
    """What each is good for, or the reason."""
    numbers = [accreditation.parse(one.text) for one in shown]
    hashes = [accreditation.stored(number) if number is not None else b"" for number in numbers]
    stored = await books.accreditations([each for each in hashes if each]) if any(hashes) else {}
    return [
        honoured(hashed, stored.get(hashed), one.site, one.accreditor) if hashed else UNKNOWN
        for one, hashed in zip(shown, hashes, strict=True)
    ]


def honoured(hashed: bytes, stored: Accredited | None, site: str, accreditor: bytes | None) -> Honoured | str:
    """What it is good for, or the reason; `accreditor` None: nobody was found for the keys presented."""
    if stored is None or stored.site != site:
        return UNKNOWN
    scope = (stored.domains, stored.first, stored.last)
    if accreditor is None or not hmac.compare_digest(accreditation.bind(accreditor, hashed, site, scope), stored.mac):
        return OTHER_PERSON
    domains = frozenset(name for bit, name in enumerate(DOMAINS) if stored.domains >> bit & 1)
    return Honoured(domains, date.fromordinal(stored.first + EPOCH), date.fromordinal(stored.last + EPOCH))
