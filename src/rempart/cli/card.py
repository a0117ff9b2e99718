"""`rempart card`: verify a signed card without any network, and sign the lists that this needs.

Base install only. Exit codes: 0 covered, 1 not covered or refused, 2 a file or a key cannot be used.
"""

from __future__ import annotations

import secrets
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Literal

import msgspec
import typer

from rempart.cli._card_keys import PUBLIC, make_pair, public_key, read_pair
from rempart.cli._card_phone import minute, phone
from rempart.cli._card_receipt import Checked, receipt_of
from rempart.cli._insurer_files import lines_of, new_private, no, problems
from rempart.cli._insurer_keys import KeyFileError
from rempart.cli._output import Exit, emit, fail
from rempart.domain.card import Revocation, judge
from rempart.formats import card as cards
from rempart.formats.card.sentences import sentence, verdict_sentence
from rempart.ground.instants import MICROSECONDS, civil_date, from_datetime, iso, now

app = typer.Typer(no_args_is_help=True, help="Verify signed cards without network; sign what that needs.")
app.command("phone")(phone)
app.command("minute")(minute)
Folder = Annotated[Path, typer.Option("--key", help="Folder made by `rempart card keygen`.")]
At = Annotated[str, typer.Option("--at", help="AAAA-MM-JJTHH:MM:SSZ instead of now.")]
MAX_CARD_FILE = 4_096
MAX_LINE = 200


class Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """What `--json` prints. It repeats neither member number, nor birth date, nor handle."""

    code: str
    fr: str
    en: str
    genuine: bool = False
    insurer: str = ""
    insurer_name: str = ""
    until: str = ""
    domains: tuple[str, ...] = ()
    product: str = ""
    serial: int = 0
    revocation: str = ""
    live: bool = False
    receipt: str = ""


class RevokedLine(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A line of the list from which a filter is made."""

    insurer: Annotated[str, msgspec.Meta(pattern=r"\A[0-9]{10}\Z")]
    serial: Annotated[int, msgspec.Meta(ge=1, le=cards.MAX_SERIAL)]


@app.command()
def keygen(out: Annotated[Path, typer.Option("--out", help="Folder for the keys; made if absent.")]) -> None:
    """Make a pair of keys: an insurer's for cards, or an operator's for the lists of keys and of revoked cards."""
    with problems():
        public = make_pair(out)
    typer.echo(f"{out / PUBLIC}: {public}")


@app.command()
def keys(
    entries: Annotated[Path, typer.Argument(help="The insurers' keys, a JSON array: docs/formats/card.md.")],
    key: Folder,
    operator: Annotated[str, typer.Option(help="Your id, such as horizon.")],
    out: Annotated[Path, typer.Option("--out", help="The signed list to publish.")],
    at: At = "",
) -> None:
    """Sign whose signatures on cards count. The list is good for seven days: sign it again each day."""
    with problems():
        found = cards.read_entries(entries.read_bytes())
        if isinstance(found, cards.KeysFault):
            no(f"{entries}: {sentence(found.code, 'en')}")
        created = iso(_instant(at) // MICROSECONDS * MICROSECONDS)
        try:
            content = cards.sign_keys(operator, f"{created[:19]}Z", found, read_pair(key))
        except ValueError:
            no(f"{entries}: two keys are the same, or the operator's id has another shape than a-z, 0-9 and -.")
        with new_private(out) as file:
            file.write(content)
        out.chmod(0o644)
    typer.echo(f"{out}: {len(found)} keys, signed.")


@app.command()
def revocations(
    source: Annotated[Path, typer.Argument(help='Revoked cards, NDJSON: {"insurer": "…", "serial": 1}.')],
    key: Folder,
    out: Annotated[Path, typer.Option("--out", help="The filter to publish.")],
    day: Annotated[str, typer.Option(help="Day until which these are known, AAAA-MM-JJ; today if absent.")] = "",
    since: Annotated[str, typer.Option(help="Day of the base this adds to: then it is a delta.")] = "",
) -> None:
    """Make the filter of revoked cards: a base each week; each day a delta of all that came since the base."""
    with problems():
        known = _day(day) if day else civil_date(now())
        base = _day(since) if since else known
        if base > known:
            fail("--since is after --day", Exit.USAGE)
        with source.open("rb") as stream:
            listed = [_revoked(source, number, line) for number, line in enumerate(lines_of(stream, MAX_LINE), 1)]
        content = cards.build_filter(listed, read_pair(key), day=known, base=base, salt=secrets.token_bytes(16))
        with new_private(out) as file:
            file.write(content)
        out.chmod(0o644)
    typer.echo(f"{out}: {len(set(listed)):,} cards, {len(content):,} bytes, known on {known}.")


@app.command()
def verify(
    shown: Annotated[str, typer.Argument(metavar="CARD", help="File with what a scanner gave, - to read it, or it.")],
    keys: Annotated[Path, typer.Option("--keys", help="The operator's signed list of keys.")],
    operator_key: Annotated[str, typer.Option(help="The operator's public key, base64, or a file that holds it.")],
    revocations: Annotated[
        list[Path] | None, typer.Option(help="The filter of revoked cards: the week's base, then the day's delta.")
    ] = None,
    day: Annotated[str, typer.Option(help="Day of care, AAAA-MM-JJ; today if absent.")] = "",
    at: At = "",
    lang: Annotated[Literal["fr", "en"], typer.Option(help="Language of the sentence.")] = "fr",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object, in both languages.")] = False,
    receipt: Annotated[bool, typer.Option("--receipt", help="Sign a receipt that the invoice cites.")] = False,
    site: Annotated[str, typer.Option(envvar="REMPART_SITE", help="The site's billing number, for the receipt.")] = "",
    signing: Annotated[
        Path | None, typer.Option("--key", envvar="REMPART_KEY", help="Your program's private JWK, mode 0600.")
    ] = None,
) -> None:
    """Say whether a card is genuine and until when it covers, with no network at all."""
    if receipt and (not site or signing is None):
        fail("--receipt needs --site and --key", Exit.USAGE)
    with problems():
        seconds = _instant(at) // MICROSECONDS
        today = civil_date(seconds * MICROSECONDS)
        trusted = public_key(operator_key)
        listed = cards.read_keys(keys.read_bytes(), trusted, seconds=seconds)
        if isinstance(listed, cards.KeysFault):
            fail(f"{keys}: {sentence(listed.code, lang)}", Exit.USAGE, code=listed.code)
        filters = tuple(_filter(path, trusted, lang) for path in revocations or ())
        found = cards.read_text(_shown(shown), listed, seconds=seconds)
        care = _day(day) if day else today
        said = _said(found, listed, filters, (care, today))
        if receipt and signing is not None and isinstance(found, cards.Genuine) and said.code == "card-covered":
            signed = receipt_of(Checked(found, seconds, care, listed, filters), site, signing)
            said = msgspec.structs.replace(said, receipt=signed)
    emit(
        said,
        as_json=as_json,
        show=lambda: "\n".join(filter(None, (said.fr if lang == "fr" else said.en, said.receipt))),
    )
    if said.code != "card-covered":
        raise typer.Exit(Exit.NO)


def _said(
    found: cards.Genuine | cards.CardFault,
    listed: cards.CardKeys,
    filters: tuple[cards.Filter, ...],
    days: tuple[date, date],
) -> Said:
    """The answer about a card on the day of care, and today by which lists are old."""
    if isinstance(found, cards.CardFault):
        return Said(found.code, sentence(found.code, "fr"), sentence(found.code, "en"))
    revocation = cards.standing(found.card, found.insurer, filters, days[1])
    if isinstance(revocation, cards.FilterFault):
        fail(sentence(revocation.code, "en"), Exit.USAGE, code=revocation.code)
    checked: Revocation = revocation
    verdict = judge(found.card, days[0], checked)
    return Said(
        verdict.code, verdict_sentence(verdict, "fr"), verdict_sentence(verdict, "en"), genuine=True,
        insurer=found.insurer, insurer_name=listed.name(found.insurer),
        until=verdict.until.isoformat() if verdict.until else "", domains=verdict.domains,
        product=found.card.product, serial=found.card.serial, revocation=checked, live=found.proven,
    )  # fmt: skip


def _shown(given: str) -> str:
    """What a scanner gave. A text on the command line can be read by every user of the machine: a file is better."""
    if given.startswith((cards.PAPER, cards.MINUTE)):
        return given
    if given == "-":
        return sys.stdin.read(MAX_CARD_FILE)
    with Path(given).open("rb") as stream:
        return stream.read(MAX_CARD_FILE).decode("ascii", errors="replace")


def _filter(path: Path, trusted: bytes, lang: str) -> cards.Filter:
    found = cards.read_filter(path.read_bytes(), trusted)
    if isinstance(found, cards.FilterFault):
        fail(f"{path}: {sentence(found.code, lang)}", Exit.USAGE, code=found.code)
    return found


def _revoked(source: Path, number: int, line: bytes) -> cards.Revoked:
    try:
        found = msgspec.json.decode(line, type=RevokedLine)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        no(f"{source}, line {number}: it is not one insurer of 10 digits and one serial. Nothing was written.")
    return cards.Revoked(found.insurer, found.serial)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise KeyFileError("A day is written AAAA-MM-JJ.") from error


def _instant(text: str) -> int:
    if not text:
        return now()
    try:
        return from_datetime(datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC))
    except ValueError as error:
        raise KeyFileError("An instant is written AAAA-MM-JJTHH:MM:SSZ.") from error
