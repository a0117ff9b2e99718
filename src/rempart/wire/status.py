"""What an operator's public status page says, as data: every part, whether it is open, and what goes on meanwhile.

No number of people, sites or questions is in it, and nothing of anybody. Instants are ISO 8601, UTC.
"""

from __future__ import annotations

import msgspec

FORMAT = "rempart-status/1"
FRESH_SECONDS = 60


class InBothLanguages(msgspec.Struct, frozen=True):
    """One text."""

    french: str
    english: str


class PartStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    """One compartment. `since`, `sentence` and `meanwhile` are left out while it is open, `reopens` while unknown."""

    compartment: str
    state: str
    name: InBothLanguages
    since: str = ""
    reopens: str = ""
    sentence: InBothLanguages | None = None
    meanwhile: tuple[InBothLanguages, ...] = ()


class OperatorStatus(msgspec.Struct, frozen=True):
    """`state` is the worst of the parts; `checkpoint` the log's newest of this month, "" before the first."""

    operator: str
    at: str
    state: str
    parts: tuple[PartStatus, ...]
    checkpoint: str = ""
    format: str = FORMAT
