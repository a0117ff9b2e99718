r"""Actions that a person signs with a passkey: how an action is written, and what the browser signs of it.

    signed challenge = the keeper's challenge (40 bytes) ‖ SHA-256("rempart/1/action\n" ‖ the action's lines)

Each line is one field and ends with a line feed; no field holds one. Nothing of a patient is ever in an action.
"""

from __future__ import annotations

import hashlib

CHALLENGE_BYTES = 40
_LABEL = "rempart/1/action"


def recovery(operator: str, site: str, account: str) -> bytes:
    """The 32 bytes that a manager signs to let a colleague of the site enrol again."""
    return _hash("recover", operator, site, account)


def _hash(*fields: str) -> bytes:
    return hashlib.sha256("".join(f"{each}\n" for each in (_LABEL, *fields)).encode()).digest()
