"""`rempart insurer cards`: signed cards in PDF from the insurer's own list, and the handles its rights file needs.

Names go from the list to the PDFs and nowhere else: neither the codes nor the list of handles holds one.
"""

from __future__ import annotations

import base64
import re
import secrets
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from rempart.cli._card_keys import read_pair
from rempart.cli._insurer_files import new_private, no, problems
from rempart.cli._insurer_keys import KeyFileError
from rempart.cli._output import Exit, fail
from rempart.domain.card import HANDLE_BYTES, Card
from rempart.domain.identifiers import Fault, parse_amc
from rempart.formats.card import MAX_SERIAL, PAPER, sign_card, write_text
from rempart.formats.card_list import ListedCard, RowFault, read_list
from rempart.ground.files import private_folder
from rempart.ground.instants import civil_date, now

if TYPE_CHECKING:
    from rempart.documents.cards import Brand, PrintedCard
    from rempart.documents.symbols import Symbol

SHOWN = 20  # faults printed one by one; the rest is counted by code
HANDLES = "handles.ndjson"


class Made(msgspec.Struct, frozen=True, rename={"start": "from", "end": "to"}):
    """A line of the list of handles: `card` is the handle, base64url without padding. It names nobody."""

    ref: str
    card: str
    serial: int
    start: str
    end: str


def cards(
    source: Annotated[Path, typer.Argument(help="Your list: CSV or NDJSON, with names. It stays with you.")],
    out: Annotated[Path, typer.Option("--out", help="New folder for the PDFs and the list of handles.")],
    keys: Annotated[Path, typer.Option("--keys", help="Folder made by `rempart card keygen`.")],
    insurer: Annotated[str, typer.Option(help="Your AMC number, 10 digits.")],
    first_serial: Annotated[int, typer.Option(min=1, help="Number of the first card: one more than your last one.")],
    brand: Annotated[str, typer.Option(help="Your name as the card prints it, up to 60 characters.")],
    contact: Annotated[str, typer.Option(help="One line at the foot: telephone, address.")] = "",
    colour: Annotated[str, typer.Option(help="Of your name, #rrggbb.")] = "#0b5d57",
    symbol: Annotated[str, typer.Option(help="qr or datamatrix.")] = "qr",
    per_file: Annotated[int, typer.Option(min=1, max=1_000, help="Cards a PDF.")] = 100,
) -> None:
    """Sign one card for each line of your list and compose them. One fault in the list, and nothing is written."""
    try:
        from rempart.documents.cards import Brand
        from rempart.documents.symbols import Symbol
    except ModuleNotFoundError as error:
        fail(f"this needs {error.name}: run `pip install 'rempart[cards]'`", Exit.LACKING)
    number = parse_amc(insurer)
    if isinstance(number, Fault) or number != insurer or symbol not in tuple(Symbol):
        fail("--insurer takes 10 digits, --symbol qr or datamatrix", Exit.USAGE)
    if not re.fullmatch(r"#[0-9a-fA-F]{6}", colour) or not 0 < len(brand) <= 60 or len(contact) > 90:
        fail("--colour takes #rrggbb, --brand 1 to 60 characters, --contact at most 90", Exit.USAGE)
    with problems():
        key = read_pair(keys)
        listed = _listed(source, insurer)
        if first_serial + len(listed) - 1 > MAX_SERIAL:
            fail(f"serials go up to {MAX_SERIAL}", Exit.USAGE)
        made = [_card(one, first_serial + place) for place, one in enumerate(listed)]
        texts = _signed(made, insurer, key)
        if out.exists():
            raise KeyFileError(f"{out} exists already; choose another name.")
        private_folder(out)
        _write_handles(out / HANDLES, listed, made)
        printed = [_printed(*one, Symbol(symbol)) for one in zip(listed, made, texts, strict=True)]
        _write_pdfs(out, printed, Brand(brand, contact, colour), per_file)
    typer.echo(f"{len(made)} cards, serials {first_serial} to {first_serial + len(made) - 1}, in {out}.")
    typer.echo(f"{out / HANDLES}: a handle for each reference, for keys[] of your rights file.")


def _listed(source: Path, insurer: str) -> list[ListedCard]:
    found = list(read_list(source.read_bytes(), insurer))
    faults = [one for one in found if isinstance(one, RowFault)]
    for one in faults[:SHOWN]:
        typer.echo(f"line {one.line}{f', {one.field}' if one.field else ''}: {one.code}", err=True)
    if faults or not found:
        counted = ", ".join(f"{count} {code}" for code, count in Counter(one.code for one in faults).most_common())
        no(f"{source}: nothing was written. {counted or 'The list is empty.'}")
    return [one for one in found if isinstance(one, ListedCard)]


def _card(one: ListedCard, serial: int) -> Card:
    return Card(
        one.amc_number, one.convention, one.csr, one.member, one.first, one.last, one.birth, one.rank, one.product,
        tuple(domain for domain, formula in one.columns if formula), serial, secrets.token_bytes(HANDLE_BYTES),
    )  # fmt: skip


def _signed(made: Sequence[Card], insurer: str, key: Ed25519PrivateKey) -> list[str]:
    texts = []
    for place, card in enumerate(made):
        try:
            texts.append(write_text(PAPER, sign_card(card, insurer, key)))
        except ValueError:
            no(f"card {place + 1} of the list: its convention, CSR, member number, product or dates fit no card")
    return texts


def _printed(one: ListedCard, card: Card, text: str, symbol: Symbol) -> PrintedCard:
    from rempart.documents.cards import PrintedCard
    from rempart.documents.symbols import svg

    return PrintedCard(
        one.name, one.birth_shown, one.rank, one.amc_number, one.convention, one.csr, one.member,
        f"{one.first:%d/%m/%Y} – {one.last:%d/%m/%Y}", one.product, one.responsible, one.columns,
        str(card.serial), svg(text, symbol), text,
    )  # fmt: skip


def _write_handles(path: Path, listed: Sequence[ListedCard], made: Sequence[Card]) -> None:
    with new_private(path) as file:
        for one, card in zip(listed, made, strict=True):
            handle = base64.urlsafe_b64encode(card.handle).rstrip(b"=").decode()
            row = Made(one.reference, handle, card.serial, card.first.isoformat(), card.last.isoformat())
            file.write(msgspec.json.encode(row) + b"\n")


def _write_pdfs(out: Path, printed: Sequence[PrintedCard], brand: Brand, per_file: int) -> None:
    from rempart.documents.cards import pdf

    for number, start in enumerate(range(0, len(printed), per_file), 1):
        with new_private(out / f"cards-{number:05d}.pdf") as file:
            file.write(pdf(printed[start : start + per_file], brand, civil_date(now())))
