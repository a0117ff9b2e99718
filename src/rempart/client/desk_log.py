"""What security and data protection read of the log, as calls. Each look is recorded: none is repeated unasked."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from rempart.client.calls import Call, Repeat
from rempart.wire.desk_log import DeskLogCounts, DeskLogEntry


def counts(by: str, days: tuple[str, str], site: str = "") -> Call[DeskLogCounts]:
    """Disclosures from the first to the last day (ISO 8601), of one site or all."""
    query = urlencode({"by": by, "period": "/".join(days), "site": site}, safe="/")
    return Call("GET", f"/v1/desk/log/counts?{query}", DeskLogCounts, repeat=Repeat.UNLESS_LOST)


def entry(question: str) -> Call[DeskLogEntry]:
    """One question by its id."""
    return Call("GET", f"/v1/desk/log/questions/{quote(question, safe='')}", DeskLogEntry, repeat=Repeat.UNLESS_LOST)
