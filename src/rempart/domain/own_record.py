"""The key under which a site finds its own records of a person again, and by which nobody else finds anything.

It is a MAC under the keeper's PRF of site and person, which the hub has only while that person is presented at that
site. It changes with each day: rows of one person look related on the day on which the disclosure's tag says so anyway,
and on no other. Who presents the person makes the key of every day, and looks them all up.
"""

from __future__ import annotations

import hashlib

SEARCH_DAYS = 830  # 27 months, as far back as care is judged
LENGTH = 16
_LABEL = b"own-record/1"


def own_key(accreditor: bytes, day: int) -> bytes:
    """16 bytes: the day (days since 1970, 2 bytes, so that a day's rows lie together), then 14 of the MAC."""
    said = day.to_bytes(2, "big")
    return said + hashlib.blake2b(said, digest_size=LENGTH - 2, key=accreditor, person=_LABEL).digest()


def own_keys(accreditor: bytes, today: int) -> list[bytes]:
    """The keys of every day that is looked at, the newest first."""
    return [own_key(accreditor, day) for day in range(today, today - SEARCH_DAYS, -1)]
