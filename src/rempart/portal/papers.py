"""Documents that go with a request: sealed in the page to the insurer, so neither the portal nor the hub reads them.

What comes here is sealed already; anything else is refused. At most 5, each of 1 MiB as sealed, as the hub takes them.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from rempart.client.papers import SEALED
from rempart.portal.words import N_
from rempart.wire.authorizations import Attachment

KINDS: Final = {"prescription": N_("Ordonnance"), "quote": N_("Devis"), "letter": N_("Courrier")}
MOST: Final = 5
SEALED_MOST: Final = 1024 * 1024
"""Bytes of one as sealed: the hub's own limit."""
EACH: Final = SEALED_MOST - 2048
"""Bytes of one before it is sealed."""
TOGETHER: Final = 2_900_000
"""Bytes of all before they are sealed: the hub takes a body of 4 MiB, and base64 adds a third."""
BODY_MOST: Final = 4 * 1024 * 1024
FIELDS: Final = 2 * MOST + 1
FAULTS: Final = {"papers": N_("Les documents ne sont pas arrivés entiers : retirez-les, puis joignez-les de nouveau.")}


class Offered(NamedTuple):
    """What the form's template needs: kinds, how many, bytes of one and of all."""

    kinds: Mapping[str, str]
    most: int
    each: int
    together: int


OFFERED: Final = Offered(KINDS, MOST, EACH, TOGETHER)


def read(form: Mapping[str, str]) -> tuple[Attachment, ...] | None:
    """What the page sealed, in its order; None when it is not whole, or not sealed."""
    found = [_one(form, number) for number in range(1, MOST + 1) if f"paper_{number}" in form]
    whole = [each for each in found if each is not None]
    return tuple(whole) if len(whole) == len(found) and form.get("papers_due", "0") == str(len(whole)) else None


def _one(form: Mapping[str, str], number: int) -> Attachment | None:
    kind: Any = form.get(f"paper_kind_{number}", "")
    text = form[f"paper_{number}"]
    try:
        content = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return None
    sealed = content.startswith(SEALED) and len(content) <= SEALED_MOST
    return Attachment(kind, content) if sealed and kind in KINDS else None
