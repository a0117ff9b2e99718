r"""Actions that a person signs with a passkey: how an action is written, and what the browser signs of it.

    signed challenge = the keeper's challenge (40 bytes) ‖ SHA-256("rempart/1/action\n" ‖ the kind's line ‖ its lines)

Each line is one field and ends with a line feed; no field holds one. What is shown to the person is exactly these
fields, in this order, each beside its name. Nothing of a patient is ever in an action.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

CHALLENGE_BYTES = 40
_LABEL = "rempart/1/action"
FIELDS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "recover": ("operator", "site", "account"),
    "station": ("operator", "site", "key"),
    "delegate": ("operator", "site", "account", "first", "last"),
    "bank-propose": ("operator", "site", "change", "name", "iban"),
    "bank-approve": ("operator", "site", "change", "proposed_by", "ending"),
    "mandate-code": ("operator", "site", "client"),
    "desk-invite": ("operator", "desk", "role", "place", "first", "last", "account", "accountable"),
    "desk-open": ("operator", "desk", "compartment", "closing"),
    "desk-join": ("operator", "desk", "enrolment", "place", "document", "reached"),
    "desk-recover": ("operator", "desk", "account", "place", "reached", "document"),
    "rights-release": ("operator", "insurer", "file", "digest"),
    "export": ("operator", "place", "what", "document", "invoices", "taker"),
    "export-second": ("operator", "place", "what", "document", "invoices", "taker"),
    "delegate-code": ("operator", "site", "first", "last"),
    "mandate-renew": ("operator", "site", "client", "first", "last"),
})  # fmt: skip
"""Kind of action → the names of its fields, in the order in which they are written, hashed and shown."""


class Action(NamedTuple):
    """An action as it is signed."""

    kind: str
    fields: tuple[str, ...]

    def shown(self) -> tuple[tuple[str, str], ...]:
        """(name, value) of each field, as hashed: what the person reads before signing."""
        return tuple(zip(FIELDS[self.kind], self.fields, strict=True))

    def digest(self) -> bytes:
        """The 32 bytes that are signed behind the challenge."""
        return hashlib.sha256("".join(f"{each}\n" for each in (_LABEL, self.kind, *self.fields)).encode()).digest()


def written(kind: str, *fields: str) -> Action | None:
    """An action of a kind that is known, with all its fields, each one line; None when it is none."""
    known = FIELDS.get(kind, ())
    whole = known and len(fields) == len(known) and all(each.isprintable() for each in fields)
    return Action(kind, fields) if whole else None


def recovery(operator: str, site: str, account: str) -> bytes:
    """The 32 bytes that a manager signs to let a colleague of the site enrol again."""
    return Action("recover", (operator, site, account)).digest()
