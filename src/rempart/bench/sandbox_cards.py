"""The sandbox's signed cards: a code to scan for each invented person, and the list of keys that the keeper reads.

The keys are derived from words that anyone knows, like all of the sandbox: they sign for invented people alone.
"""

from __future__ import annotations

import base64
from datetime import UTC, date, datetime
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.client.sandbox import Card
from rempart.domain import card as signed
from rempart.domain.rights import DOMAINS
from rempart.formats.card import PAPER, InsurerKey, sign_card, sign_keys, write_text
from rempart.ground.files import private_folder, write_whole


def handle_of(card: Card) -> bytes:
    """The handle that the rights file names for this person."""
    return sha256(b"rempart sandbox handle " + card.name.encode()).digest()[: signed.HANDLE_BYTES]


def code_of(card: Card, insurer: str, day: date) -> str:
    """What a scanner reads of this person's card on paper, good from last year to the end of the next."""
    serial = int.from_bytes(sha256(card.name.encode()).digest()[:4], "big") + 1
    shown = signed.Card(
        card.amc_number, "", "", card.member, date(day.year - 1, 1, 1), date(day.year + 1, 12, 31),
        card.birth_date.replace("-", "")[2:], card.rank, "SANDBOX", DOMAINS, serial, handle_of(card),
    )  # fmt: skip
    return write_text(PAPER, sign_card(shown, insurer, key_of(insurer)))


def write_lists(folder: Path, operator: str, insurers: dict[str, str]) -> None:
    """The operator's public key and its signed list, as the keeper reads them; `insurers` are names by number."""
    own = key_of(operator)
    entries = tuple(
        InsurerKey(number, name, (number,), key_of(number).public_key().public_bytes_raw())
        for number, name in insurers.items()
    )
    created = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    public = base64.b64encode(own.public_key().public_bytes_raw())
    write_whole(private_folder(folder) / f"{operator}.json", sign_keys(operator, created, entries, own))
    write_whole(folder / f"{operator}.pub", public + b"\n")


def key_of(name: str) -> Ed25519PrivateKey:
    """The key of an insurer or an operator, by its number or id: anyone can make it."""
    return Ed25519PrivateKey.from_private_bytes(sha256(b"rempart sandbox card key " + name.encode()).digest())
