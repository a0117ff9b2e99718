"""`rempart card phone` and `rempart card minute`: a card for a phone, and what the phone then shows for a minute.

The first is what an insurer's application asks of its own server. The second is a phone, for tests and demonstrations.
"""

from __future__ import annotations

import base64
import binascii
from pathlib import Path
from typing import Annotated

import typer
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from rempart.cli._card_keys import read_pair
from rempart.cli._insurer_files import new_private, no, problems
from rempart.cli._insurer_keys import KeyFileError
from rempart.formats import card as cards
from rempart.formats.card.phone import phone_card
from rempart.ground.files import SecretRefused, read_secret
from rempart.ground.instants import MICROSECONDS, now

HOURS_MOST = 168
MAX_TEXT = 4_096


def phone(
    paper: Annotated[Path, typer.Argument(help="File with the text of the member's card on paper, RPC1:….")],
    point: Annotated[str, typer.Option("--phone-key", help="The phone's public P-256 key: x then y, base64.")],
    keys: Annotated[Path, typer.Option("--keys", help="Folder made by `rempart card keygen`.")],
    insurer: Annotated[str, typer.Option(help="Your AMC number, 10 digits.")],
    out: Annotated[Path, typer.Option("--out", help="The card for the phone, COSE bytes.")],
    amc: Annotated[list[str] | None, typer.Option(help="Another AMC number that your cards bear, 10 digits.")] = None,
    hours: Annotated[int, typer.Option(min=1, max=HOURS_MOST, help="How long it lives.")] = 72,
) -> None:
    """Sign the card that a phone keeps: the same as on paper, for some days, bound to the phone's key."""
    with problems():
        key = read_pair(keys)
        seconds = now() // MICROSECONDS
        own = cards.InsurerKey(insurer, "", _numbers(insurer, amc or []), key.public_key().public_bytes_raw())
        known = cards.CardKeys("", seconds, {cards.key_id(insurer, own.public): own})
        found = cards.read_text(_text(paper), known, seconds=seconds)
        if isinstance(found, cards.CardFault):
            no(f"{paper}: {found.code}. It is to be a card on paper that this key signed.")
        try:
            made = phone_card(found.card, insurer, key, _point(point), span=(seconds, seconds + hours * 3_600))
        except ValueError as error:
            raise KeyFileError(f"--phone-key: {error}.") from error
        with new_private(out) as file:
            file.write(made)
    typer.echo(f"{out}: {len(made)} bytes, good for {hours} hours in that phone alone.")


def minute(
    card: Annotated[Path, typer.Argument(help="The card that `rempart card phone` made.")],
    private: Annotated[Path, typer.Option("--phone-key", help="The phone's private P-256 key, PEM, mode 0600.")],
) -> None:
    """Print what the phone shows now, RPM1:…: its card inside this minute, signed by the phone."""
    with problems():
        content = read_secret(private)
        if isinstance(content, SecretRefused):
            raise KeyFileError(content.reason)
        try:
            key = load_pem_private_key(content, password=None)
        except (ValueError, TypeError) as error:
            raise KeyFileError(f"{private} is not a private key in PEM without a password.") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise KeyFileError(f"{private} is not a P-256 key.")
        shown = cards.sign_minute(card.read_bytes(), key, seconds=now() // MICROSECONDS)
    typer.echo(cards.write_text(cards.MINUTE, shown))


def _numbers(insurer: str, others: list[str]) -> tuple[str, ...]:
    numbers = (insurer, *others)
    if any(len(one) != 10 or not (one.isascii() and one.isdigit()) for one in numbers):
        no("--insurer and --amc take 10 digits")
    return numbers


def _text(path: Path) -> str:
    with path.open("rb") as stream:
        return stream.read(MAX_TEXT).decode("ascii", errors="replace")


def _point(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise KeyFileError("--phone-key is not base64.") from error
