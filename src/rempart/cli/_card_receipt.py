"""`rempart card verify --receipt`: what an invoice cites of a check made without network, signed by the site's program.

The key is that of the site's software, which its operator registered; nothing new is enrolled and nothing is sent.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from rempart.cli._output import Exit, fail
from rempart.client.assertion import signing_key
from rempart.domain.card_receipt import Receipt
from rempart.formats.card import receipt as receipts

if TYPE_CHECKING:
    from rempart.formats.card import CardKeys, Filter, Genuine


class Checked(NamedTuple):
    """A card that covers, when it was checked (seconds since 1970), for which day, and by which lists."""

    found: Genuine
    seconds: int
    care: date
    keys: CardKeys
    filters: tuple[Filter, ...]


def receipt_of(checked: Checked, site: str, key: Path) -> str:
    """Its text; what is wrong with site or key ends the command."""
    from rempart.client.hub import load_key
    from rempart.ground.files import SecretRefused

    private = load_key(key)
    if isinstance(private, SecretRefused):
        fail(private.reason, Exit.LACKING, code=private.code)
    card, filters = checked.found.card, checked.filters
    try:
        said = Receipt(
            site, checked.found.insurer, card.serial, card.handle, checked.seconds, checked.care, card.last,
            card.domains, checked.keys.created, filters[0].base if filters else None,
            max(one.day for one in filters) if filters else None, checked.found.proven,
        )  # fmt: skip
        return receipts.sign(said, signing_key(private))
    except ValueError as error:
        fail(f"no receipt: {error}; --site is the billing number of 9 characters", Exit.USAGE, code="no-receipt")
